//! Commands that call this server, and what it answered: `examples.txt`, which `tests/openapi/examples.py` runs.

/// The host in the commands until a page is served.
pub(super) const ANY_HOST: &str = "localhost:3050";

/// Sections that begin with `## ` and the operation or kind of problem. Lines of a command begin with `$ `; the others are
/// the answer.
const EXAMPLES: &str = include_str!("examples.txt");

pub(super) struct Example {
    /// Empty where no command brings this about.
    pub(super) command: String,
    pub(super) answer: String,
}

/// Returns the example of an operation, such as `get /api/docs`, or of a kind of problem, such as `problem not-found`.
pub(super) fn find(name: &str) -> Option<Example> {
    let section = EXAMPLES.split("## ").find_map(|section| section.strip_prefix(name)?.strip_prefix('\n'))?;
    let command: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    let answer: Vec<&str> = section.lines().filter(|line| !line.starts_with("$ ")).collect();
    Some(Example { command: command.join("\n"), answer: answer.join("\n").trim_end().to_owned() })
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use http_body_util::BodyExt;
    use model::Index;
    use serde_json::Value;
    use std::time::Duration;
    use wire::ProblemKind;

    use super::*;
    use crate::error::ApiError;
    use crate::router::described_routes;

    #[test]
    fn every_operation_and_kind_of_problem_has_an_example_with_an_answer() {
        let description = serde_json::to_value(described_routes().to_openapi()).expect("texts");
        let paths = description["paths"].as_object().expect("paths").iter();
        let operations = paths.flat_map(|(path, methods)| {
            methods.as_object().expect("methods").keys().map(move |method| format!("{method} {path}"))
        });
        let names: Vec<_> = operations.chain(ProblemKind::ALL.map(|kind| format!("problem {}", kind.name()))).collect();
        for name in &names {
            let example = find(name).unwrap_or_else(|| panic!("there is no example of {name}"));
            assert!(!example.answer.is_empty(), "{name}");
            assert!(name.starts_with("problem ") || !example.command.is_empty(), "{name}");
        }
        assert_eq!(EXAMPLES.matches("## ").count(), names.len(), "an example of nothing");
    }

    /// Those that no command brings about on a server that is well.
    #[tokio::test]
    async fn an_example_without_a_command_is_what_the_api_sends() {
        let retry_after = Duration::from_secs(1);
        let given = Index::new(1_000_000_000).into();
        for error in [
            ApiError::TooManyRequests { retry_after },
            ApiError::BacklogFull { retry_after },
            ApiError::TooLargeToFit {
                given,
                needed_bytes: 548_000_000,
                allowed_bytes: 100_000_000,
                max_index: 1_000_000_000,
            },
            ApiError::Unavailable("down".into()),
            ApiError::Internal("a bug".into()),
        ] {
            let body = error.into_response().into_body().collect().await.expect("a body").to_bytes();
            let sent: Value = serde_json::from_slice(&body).expect("JSON");
            let kind = sent["type"].as_str().expect("a type").replace("urn:abaci:", "").replace(':', " ");
            let example = find(&kind).expect("an example");
            let mut shown: Value = serde_json::from_str(&example.answer).expect("JSON");
            shown.as_object_mut().expect("an object").remove("request_id");
            assert_eq!((example.command.as_str(), &shown), ("", &sent));
        }
    }
}
