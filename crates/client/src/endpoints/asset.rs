//! The files of the page, as compiled in.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::failure::not_found;
use crate::assets;

/// `GET /assets/OFL.txt` returns the licence of the face, which goes with every copy of it.
///
/// 200
pub(crate) async fn face_licence() -> &'static str {
    include_str!("../../face/OFL.txt")
}

/// `GET /assets/{name}` serves a file of the page.
///
/// 200, cached without limit (`style.css` and `icon.svg` are revalidated) · 404 for names of other versions
pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    // The API's own pages link these by their plain names, because it does not know the versions of the others.
    let plain = match &*name {
        "style.css" => Some(&assets::STYLE),
        "icon.svg" => Some(&assets::ICON),
        _ => None,
    };
    if let Some(asset) = plain {
        let headers = [(CONTENT_TYPE, HeaderValue::from_static(asset.file.media_type()))];
        return (headers, &*asset.content).into_response();
    }
    match assets::all().find(|asset| asset.path.strip_prefix("/assets/") == Some(&name)) {
        Some(asset) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static(asset.file.media_type())),
                (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
            ];
            (headers, &*asset.content).into_response()
        }
        None => not_found().await,
    }
}
