//! The page of all operations, from the OpenAPI description.

use maud::{Markup, html};
use serde_json::Value;
use wire::ProblemKind;

use super::examples;
use super::page::{example, page, text};
use super::words::text::{frame, operations as words, problems};

/// What submits stands before what reads, so that the commands of the page work in its order.
const METHODS: [&str; 3] = ["post", "get", "delete"];

pub(super) fn render(description: &Value) -> Markup {
    let operations: Vec<DescribedOperation<'_>> = members(&description["paths"])
        .flat_map(|(path, methods)| {
            METHODS
                .iter()
                .filter_map(move |method| Some(DescribedOperation { path, method, details: methods.get(method)? }))
        })
        .collect();
    let content = html! {
        h1 { (frame::API) }
        p { (plain(&description["info"]["description"])) }
        p { (words::FOR_PROGRAMS) a href="/api/openapi.json" { "/api/openapi.json" } "." }
        p { (words::COMMANDS) }
        nav.contents aria-label=(words::CONTENTS) {
            @for operation in &operations {
                a href={ "#" (operation.anchor()) } {
                    b { (operation.method.to_uppercase()) }
                    span { (operation.path.trim_start_matches("/api")) }
                }
            }
        }
        @for operation in &operations { (operation.section()) }
        h2 #problems { (problems::TITLE) }
        p { (text(words::PROBLEMS)) }
        p.list { @for kind in ProblemKind::ALL { a href={ "/api/problems/" (kind.name()) } { (kind.name()) } " " } }
        h2 { (words::SCHEMAS) }
        @for (name, schema) in members(&description["components"]["schemas"]) {
            section {
                h3 { (name) }
                (paragraph(&schema["description"]))
                (table(words::MEMBERS, members(&schema["properties"]).map(|(name, member)| (name.to_owned(), member))))
            }
        }
    };
    page(frame::API, true, &content)
}

struct DescribedOperation<'a> {
    path: &'a str,
    method: &'a str,
    details: &'a Value,
}

impl DescribedOperation<'_> {
    fn section(&self) -> Markup {
        let details = self.details;
        let parameters = details["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| (format!("{} ({})", plain(&parameter["name"]), plain(&parameter["in"])), parameter));
        let responses = members(&details["responses"]).map(|(status, response)| (status.to_owned(), response));
        html! {
            section #(self.anchor()) {
                h2 { (self.method.to_uppercase()) " " (self.path) }
                (paragraph(&details["summary"]))
                (paragraph(&details["description"]))
                @if let Some(found) = examples::find(&format!("{} {}", self.method, self.path)) { (example(&found)) }
                (table(words::PARAMETERS, parameters))
                @if !details["requestBody"].is_null() {
                    h3 { (words::BODY) }
                    (paragraph(&details["requestBody"]["description"]))
                }
                (table(words::RESPONSES, responses))
            }
        }
    }

    /// Returns the id of an operation on the page: `get-calculations-index`.
    fn anchor(&self) -> String {
        let words = self.path.trim_start_matches("/api/").split(|c: char| !c.is_ascii_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        std::iter::once(self.method).chain(words).collect::<Vec<_>>().join("-")
    }
}

fn paragraph(value: &Value) -> Markup {
    html! { @if let Some(words) = value.as_str() { p { (text(words)) } } }
}

fn table<'a>(caption: &str, rows: impl Iterator<Item = (String, &'a Value)>) -> Markup {
    let mut rows = rows.peekable();
    html! {
        @if rows.peek().is_some() {
            table {
                caption { (caption) }
                @for (name, row) in rows {
                    tr { th scope="row" { (text(&name)) } td { (text(plain(&row["description"]))) } }
                }
            }
        }
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, member)| (name.as_str(), member))
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
