//! Script, style and icon, under names that change with their content, so that they are kept for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::endpoints;

/// One file and the path it is served under.
pub(crate) struct Asset {
    /// `/assets/style.0123456789abcdef.css`
    pub(crate) path: String,
    media_type: &'static str,
    content: &'static str,
}

pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style", "css", "text/css; charset=utf-8", include_str!("../assets/style.css")));
pub(crate) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("live", "js", "text/javascript; charset=utf-8", include_str!("../assets/live.js")));
pub(crate) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../assets/icon.svg")));

/// `GET /assets/{name}`: a file of the page.
///
/// 200, to be kept for ever · 404 for names of other versions
pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    let known = [&STYLE, &SCRIPT, &ICON];
    match known.into_iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(&name)) {
        Some(asset) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static(asset.media_type)),
                (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
            ];
            (headers, asset.content).into_response()
        }
        None => endpoints::nowhere().await,
    }
}

impl Asset {
    fn new(stem: &str, extension: &str, media_type: &'static str, content: &'static str) -> Self {
        let path = format!("/assets/{stem}.{:016x}.{extension}", fnv1a(content.as_bytes()));
        Self { path, media_type, content }
    }
}

/// FNV-1a: tells versions of our own files apart, which is all that is asked of it.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
