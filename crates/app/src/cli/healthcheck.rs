//! `abaci healthcheck`: reports by its exit code whether a running `abaci` is ready.

use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use axum::http::Uri;
use clap::Args;
use serde_json::json;

use super::internal_client::{self, InternalResponse, InternalRole};
use super::stdout::{StdoutError, print};
use crate::config::{connectable, socket_address};

/// Check whether a running `abaci` is ready: exit code 0 if it is, 1 if it is not or does not respond.
#[derive(Args, Debug)]
pub(crate) struct HealthcheckCommand {
    /// Role to check, at its default internal address.
    #[arg(value_enum, value_name = "ROLE", default_value = "serve")]
    role: InternalRole,

    /// URL to request [default: /readyz at the internal address].
    #[arg(long, value_name = "URL")]
    url: Option<CheckUrl>,

    /// Internal address of the process to check [default: that of the role].
    #[arg(long, env = "ABACI_INTERNAL_LISTEN", value_name = "ADDRESS:PORT", value_parser = socket_address)]
    internal_listen: Option<SocketAddr>,

    /// Print a JSON object, whether or not the process is ready.
    #[arg(long)]
    json: bool,
}

/// Error for a process that is not known to be ready.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HealthcheckError {
    /// No response in time.
    #[error("{url} does not respond")]
    NoResponse {
        /// The requested URL.
        url: String,
        /// The cause.
        source: io::Error,
    },
    /// The response says that it is not ready.
    #[error("{url} is not ready: {status_line}")]
    NotReady {
        /// The requested URL.
        url: String,
        /// The first line of the response.
        status_line: String,
    },
    /// Standard output cannot be written to.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
}

/// An `http://` URL to request.
#[derive(Clone, Debug)]
struct CheckUrl {
    authority: String,
    path: String,
}

/// Error for a text that is not such a URL.
#[derive(Debug, thiserror::Error)]
#[error("expected a URL such as http://127.0.0.1:9051/readyz")]
struct CheckUrlError;

/// Timeout of connecting, writing and reading each.
const TIMEOUT: Duration = Duration::from_secs(2);

impl HealthcheckCommand {
    pub(crate) fn run(self) -> Result<(), HealthcheckError> {
        let address = self.internal_listen.unwrap_or_else(|| self.role.default_address());
        let target = self.url.unwrap_or_else(|| CheckUrl::readyz(address));
        let url = format!("http://{}{}", target.authority, target.path);
        let response = internal_client::send(&target.authority, "GET", &target.path, None, TIMEOUT);
        let status = response.as_ref().ok().and_then(InternalResponse::status);
        if self.json {
            print(|to| writeln!(to, "{}", json!({"ready": status == Some(200), "status": status, "url": url})))?;
        }
        match response {
            Err(source) => Err(HealthcheckError::NoResponse { url, source }),
            Ok(_) if status == Some(200) => Ok(()),
            Ok(response) => {
                Err(HealthcheckError::NotReady { url, status_line: response.status_line.escape_debug().to_string() })
            }
        }
    }
}

impl CheckUrl {
    fn readyz(address: SocketAddr) -> Self {
        Self { authority: connectable(address).to_string(), path: "/readyz".to_owned() }
    }
}

impl FromStr for CheckUrl {
    type Err = CheckUrlError;

    fn from_str(text: &str) -> Result<Self, CheckUrlError> {
        let uri: Uri = text.parse().map_err(|_| CheckUrlError)?;
        let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(CheckUrlError) };
        let port = authority.port_u16().unwrap_or(80);
        let path = uri.path_and_query().map_or("/", |rest| rest.as_str());
        let path = if path == "/" { "/readyz" } else { path };
        Ok(Self { authority: format!("{}:{port}", authority.host()), path: path.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_a_path_requests_readyz() {
        let parse = |text: &str| text.parse::<CheckUrl>().map(|target| (target.authority, target.path)).ok();
        assert_eq!(parse("http://api:9050"), Some(("api:9050".into(), "/readyz".into())));
        assert_eq!(parse("http://[::1]:1/healthz"), Some(("[::1]:1".into(), "/healthz".into())));
        for text in ["", "api:9050", "https://api:9050", "/readyz"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
