//! What every page is handed.

use std::path::PathBuf;

use http::Uri;

use crate::ApiClient;

/// What every page is handed: the API and a few settings.
#[derive(Clone, Debug)]
pub struct ClientState {
    pub(crate) api: ApiClient,
    pub(crate) settings: Settings,
}

/// What can be set about the pages.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where people reach the pages, if that is not what the `Host` heading says: forms sent from there are
    /// accepted too, and with `https` cookies are only sent back over it.
    pub public_url: Option<Uri>,
    /// For development: a folder to take `style.css`, `live.js` and `icon.svg` from, read at each request;
    /// open pages load themselves again when one of them, or this process, has changed.
    pub assets_dir: Option<PathBuf>,
}

impl ClientState {
    /// Pages over the given API.
    pub fn new(api: ApiClient, settings: Settings) -> Self {
        Self { api, settings }
    }
}

impl Settings {
    pub(crate) fn secure_cookies(&self) -> bool {
        self.public_url.as_ref().and_then(Uri::scheme_str) == Some("https")
    }
}
