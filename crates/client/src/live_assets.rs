//! For development: script, style and icon from a folder, and pages that load themselves again.
//!
//! The files are read at each request, whatever version of them the page names, so that an edit needs no
//! compiler. The script is sent with an addition that asks, twice a second, whether a file or this process
//! has changed.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::assets::fnv1a;
use crate::{ClientState, endpoints};

/// The routes below `/assets/`, over the files of `folder`.
pub(crate) fn routes(folder: PathBuf) -> Router<ClientState> {
    let live = Arc::new(Live { folder, process: RandomState::new().build_hasher().finish() });
    Router::new().route("/assets/version", get(version)).route("/assets/{name}", get(asset)).with_state(live)
}

#[derive(Debug)]
struct Live {
    folder: PathBuf,
    /// Differs in every process: the pages themselves may have changed with it.
    process: u64,
}

/// The file's name without the version, and what it is.
const FILES: [(&str, &str); 3] = [
    ("style.css", "text/css; charset=utf-8"),
    (SCRIPT, "text/javascript; charset=utf-8"),
    ("icon.svg", "image/svg+xml"),
];
const SCRIPT: &str = "live.js";

const RELOAD: &str = r#"
// Added in development only.
{
  let known;
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch("/assets/version").catch(() => null);
    if (!answer?.ok) return;
    const version = await answer.text();
    known ??= version;
    if (version !== known) location.reload();
  }, 500);
}
"#;

/// `GET /assets/{stem}.{version}.{extension}`
///
/// 200, not to be kept · 404 for other names · 500 when the file cannot be read
async fn asset(State(live): State<Arc<Live>>, Path(name): Path<String>) -> Response {
    let Some((file, media_type)) = FILES.into_iter().find(|(file, _)| is_version_of(&name, file)) else {
        return endpoints::nowhere().await;
    };
    let mut content = match live.read(file).await {
        Ok(content) => content,
        Err(error) => return unreadable(&error),
    };
    if file == SCRIPT {
        content.push_str(RELOAD);
    }
    ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-store")], content).into_response()
}

/// `GET /assets/version`: a word that changes with the files and with the process.
///
/// 200 · 500 when a file cannot be read
async fn version(State(live): State<Arc<Live>>) -> Response {
    let mut all = String::new();
    for (file, _) in FILES {
        match live.read(file).await {
            Ok(content) => all.push_str(&content),
            Err(error) => return unreadable(&error),
        }
    }
    let version = fnv1a(all.as_bytes()) ^ live.process;
    ([(CACHE_CONTROL, "no-store")], format!("{version:016x}")).into_response()
}

impl Live {
    async fn read(&self, file: &str) -> std::io::Result<String> {
        tokio::fs::read_to_string(self.folder.join(file)).await
    }
}

/// An editor may be writing it at this moment; the page asks again.
fn unreadable(error: &std::io::Error) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()
}

/// Whether `style.0123456789abcdef.css` is a version of `style.css`.
fn is_version_of(name: &str, file: &str) -> bool {
    let Some((stem, extension)) = file.split_once('.') else { return false };
    let version = name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(extension));
    version.is_some_and(|version| version.len() > 2 && version.starts_with('.') && version.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;
    use crate::{ApiClient, Settings};

    struct Visitor {
        pages: Router,
        folder: tempfile::TempDir,
    }

    impl Visitor {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let pages = pages(folder.path().to_owned());
            let visitor = Self { pages, folder };
            visitor.edit("style.css", "main { color: red }");
            visitor.edit("live.js", "start();");
            visitor.edit("icon.svg", "<svg/>");
            visitor
        }

        fn edit(&self, file: &str, content: &str) {
            std::fs::write(self.folder.path().join(file), content).expect("a file");
        }

        async fn get(&self, path: &str) -> (StatusCode, String) {
            let request = Request::get(path).body(Body::empty()).expect("a request");
            let response = self.pages.clone().oneshot(request).await.expect("an answer");
            let status = response.status();
            let body = response.into_body().collect().await.expect("a body").to_bytes();
            (status, String::from_utf8(body.to_vec()).expect("text"))
        }
    }

    fn pages(folder: PathBuf) -> Router {
        let api = ApiClient::new("http://127.0.0.1:9").expect("an API");
        crate::router(ClientState::new(api, Settings { assets_dir: Some(folder), ..Settings::default() }))
    }

    #[tokio::test]
    async fn an_edit_is_served_at_once_under_every_version() {
        let visitor = Visitor::new();
        assert_eq!(visitor.get("/assets/style.0.css").await, (StatusCode::OK, "main { color: red }".to_owned()));
        visitor.edit("style.css", "main { color: blue }");
        assert_eq!(visitor.get("/assets/style.f00d.css").await, (StatusCode::OK, "main { color: blue }".to_owned()));
    }

    #[tokio::test]
    async fn the_script_asks_whether_to_load_again() {
        let (status, script) = Visitor::new().get("/assets/live.0.js").await;
        assert_eq!(status, StatusCode::OK);
        assert!(script.starts_with("start();"));
        assert!(script.ends_with(RELOAD));
    }

    #[tokio::test]
    async fn the_version_changes_with_a_file_and_with_the_process_and_not_otherwise() {
        let visitor = Visitor::new();
        let before = visitor.get("/assets/version").await;
        assert_eq!(visitor.get("/assets/version").await, before);
        visitor.edit("style.css", "main { color: blue }");
        let after = visitor.get("/assets/version").await;
        assert_eq!(after.0, StatusCode::OK);
        assert_ne!(after, before);
        let restarted = Visitor { pages: pages(visitor.folder.path().to_owned()), folder: visitor.folder };
        assert_ne!(restarted.get("/assets/version").await, after);
    }

    #[tokio::test]
    async fn nothing_else_of_the_folder_is_served() {
        let visitor = Visitor::new();
        visitor.edit("secret.txt", "secret");
        for path in ["/assets/secret.txt", "/assets/secret.0.txt", "/assets/style.css", "/assets/..%2Fsecret.0.txt"] {
            assert_eq!(visitor.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn a_missing_file_is_an_error_and_not_an_empty_style() {
        let visitor = Visitor::new();
        std::fs::remove_file(visitor.folder.path().join("style.css")).expect("removed");
        assert_eq!(visitor.get("/assets/style.0.css").await.0, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(visitor.get("/assets/version").await.0, StatusCode::INTERNAL_SERVER_ERROR);
    }
}
