//! For development: serves the assets from a folder, and reloads open pages when they change.
//!
//! The files are read at each request, whatever version the page names, so that an edit needs no compiler. The
//! script is sent with an addition that polls twice a second whether a file or the process has changed.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::failure::not_found;
use crate::ClientState;
use crate::assets::{self, File, SCRIPT, fnv1a};

/// Returns the routes below `/assets/` over the files of `folder`.
pub(crate) fn routes(folder: PathBuf) -> Router<ClientState> {
    let state = Arc::new(AssetFolder { folder, process_id: RandomState::new().build_hasher().finish() });
    Router::new().route("/assets/version", get(version)).route("/assets/{name}", get(asset)).with_state(state)
}

#[derive(Debug)]
struct AssetFolder {
    folder: PathBuf,
    /// A random number that differs in every process: its pages may differ too.
    process_id: u64,
}

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
/// 200, not cached · 404 for other names · 500 when the file cannot be read
async fn asset(State(folder): State<Arc<AssetFolder>>, Path(name): Path<String>) -> Response {
    let Some(asset) = assets::all().find(|asset| is_version_of(&name, asset.file)) else {
        return not_found().await;
    };
    let mut content = match folder.read(asset.file).await {
        Ok(content) => content,
        Err(error) => return unreadable(&error),
    };
    if asset.path == SCRIPT.path {
        content.extend_from_slice(RELOAD.as_bytes());
    }
    ([(CONTENT_TYPE, asset.file.media_type()), (CACHE_CONTROL, "no-store")], content).into_response()
}

/// `GET /assets/version` returns a word that changes with the files and with the process.
///
/// 200 · 500 when a file cannot be read
async fn version(State(folder): State<Arc<AssetFolder>>) -> Response {
    let mut all = Vec::new();
    for asset in assets::all() {
        match folder.read(asset.file).await {
            Ok(content) => all.extend(content),
            Err(error) => return unreadable(&error),
        }
    }
    let version = fnv1a(&all) ^ folder.process_id;
    ([(CACHE_CONTROL, "no-store")], format!("{version:016x}")).into_response()
}

impl AssetFolder {
    async fn read(&self, file: File) -> std::io::Result<Vec<u8>> {
        let mut sources = Vec::new();
        for source in file.sources {
            sources.push(tokio::fs::read(self.folder.join(format!("{source}.{}", file.extension))).await?);
        }
        Ok(file.content_of(&sources))
    }
}

/// Responds 500: an editor may be writing the file right now, and the page polls again.
fn unreadable(error: &std::io::Error) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()
}

/// Returns whether a name such as `style.0123456789abcdef.css` is a version of `style.css`, or its plain name, which the
/// API's own page links.
fn is_version_of(name: &str, file: File) -> bool {
    let version = name.strip_prefix(file.stem).and_then(|rest| rest.strip_suffix(file.extension));
    version.is_some_and(|version| version.starts_with('.') && version.ends_with('.') && version != "..")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;
    use crate::{ApiClient, PageSettings};

    struct DevelopmentServer {
        pages: Router,
        folder: tempfile::TempDir,
    }

    impl DevelopmentServer {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let pages = pages(folder.path().to_owned());
            let server = Self { pages, folder };
            for File { sources, extension, .. } in assets::all().map(|asset| asset.file) {
                for source in sources {
                    let content = if extension == "css" { "" } else { "start();" };
                    server.edit(&format!("{source}.{extension}"), content);
                }
            }
            server.edit("style.css", "main { color: red }");
            server
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
        crate::router(ClientState::new(api, PageSettings { assets_dir: Some(folder), ..PageSettings::default() }))
    }

    #[tokio::test]
    async fn an_edit_is_served_at_once_under_every_version() {
        let server = DevelopmentServer::new();
        for path in ["/assets/style.0.css", "/assets/style.css"] {
            assert_eq!(server.get(path).await, (StatusCode::OK, "main { color: red }\n".to_owned()), "{path}");
        }
        server.edit("style.css", "/* As compiled in, without comments. */\nmain { color: blue }\n");
        assert_eq!(server.get("/assets/style.f00d.css").await, (StatusCode::OK, "main { color: blue }\n".to_owned()));
    }

    #[tokio::test]
    async fn the_script_asks_whether_to_load_again() {
        let (status, script) = DevelopmentServer::new().get("/assets/page.0.js").await;
        assert_eq!(status, StatusCode::OK);
        assert!(script.starts_with("{\nstart();\n}\n"));
        assert!(script.ends_with(RELOAD));
    }

    #[tokio::test]
    async fn the_version_changes_with_a_file_and_with_the_process_and_not_otherwise() {
        let server = DevelopmentServer::new();
        let before = server.get("/assets/version").await;
        assert_eq!(server.get("/assets/version").await, before);
        server.edit("style.css", "main { color: blue }");
        let after = server.get("/assets/version").await;
        assert_eq!(after.0, StatusCode::OK);
        assert_ne!(after, before);
        let restarted = DevelopmentServer { pages: pages(server.folder.path().to_owned()), folder: server.folder };
        assert_ne!(restarted.get("/assets/version").await, after);
    }

    #[tokio::test]
    async fn nothing_else_of_the_folder_is_served() {
        let server = DevelopmentServer::new();
        server.edit("secret.txt", "secret");
        for path in ["/assets/secret.txt", "/assets/secret.0.txt", "/assets/style..css", "/assets/..%2Fsecret.0.txt"] {
            assert_eq!(server.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn a_missing_file_is_an_error_and_not_an_empty_style() {
        let server = DevelopmentServer::new();
        std::fs::remove_file(server.folder.path().join("style.css")).expect("removed");
        assert_eq!(server.get("/assets/style.0.css").await.0, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(server.get("/assets/version").await.0, StatusCode::INTERNAL_SERVER_ERROR);
    }
}
