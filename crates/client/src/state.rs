//! The state and settings of the pages.

use std::path::PathBuf;

use http::Uri;
use model::Timestamp;

use crate::ApiClient;
use crate::measured_times::MeasuredTimes;

/// The state shared by every page: the API's client and the settings.
#[derive(Clone)]
pub struct ClientState {
    pub(crate) api: ApiClient,
    pub(crate) settings: PageSettings,
    pub(crate) measured: MeasuredTimes,
}

/// The settings of the pages.
#[derive(Clone, Debug, Default)]
pub struct PageSettings {
    /// The URL that people use, if it differs from the `Host` header: forms from there are accepted too, and
    /// with `https` cookies are `Secure`. Default: none.
    pub public_url: Option<Uri>,
    /// For development: a folder from which the assets are read at each request. Open pages reload when one of
    /// them, or the process, has changed. Default: none; the assets compiled in are served.
    pub assets_dir: Option<PathBuf>,
    /// Where to report vulnerabilities. Default: none; then there is no `security.txt`.
    pub security_contact: Option<SecurityContact>,
}

/// Where to report vulnerabilities of a site.
#[derive(Clone, Debug)]
pub struct SecurityContact {
    /// A `mailto:`, `https:` or `tel:` address.
    pub uri: String,
    /// The clock, which says until when a copy of the contact may be believed.
    pub now: fn() -> Timestamp,
}

impl ClientState {
    /// Creates the state of pages over an API.
    pub fn new(api: ApiClient, settings: PageSettings) -> Self {
        Self { api, settings, measured: MeasuredTimes::default() }
    }
}

impl PageSettings {
    pub(crate) fn secure_cookies(&self) -> bool {
        self.public_url.as_ref().and_then(Uri::scheme_str) == Some("https")
    }
}
