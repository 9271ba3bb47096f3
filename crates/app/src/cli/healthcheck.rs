//! `abaci healthcheck`: reports by its exit code whether a running `abaci` is ready.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

use axum::http::Uri;
use clap::{Args, ValueEnum};

use crate::config::{connectable, socket_address};

/// Check whether a running `abaci` is ready: exit code 0 if it is, 1 if it is not or does not respond.
#[derive(Args, Debug)]
pub(crate) struct HealthcheckCommand {
    /// Role to check, at its default internal address.
    #[arg(value_enum, value_name = "ROLE", default_value = "serve")]
    role: CheckedRole,

    /// URL to request [default: /readyz at the internal address].
    #[arg(long, value_name = "URL")]
    url: Option<CheckUrl>,

    /// Internal address of the process to check [default: that of the role].
    #[arg(long, env = "ABACI_INTERNAL_LISTEN", value_name = "ADDRESS:PORT", value_parser = socket_address)]
    internal_listen: Option<SocketAddr>,
}

/// A role with an internal address.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CheckedRole {
    Serve,
    Api,
    Client,
    Worker,
}

impl CheckedRole {
    const fn internal_port(self) -> u16 {
        match self {
            Self::Serve => 9051,
            Self::Api => 9050,
            Self::Client => 9030,
            Self::Worker => 9060,
        }
    }
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
        let default = SocketAddr::from((Ipv4Addr::LOCALHOST, self.role.internal_port()));
        let target = self.url.unwrap_or_else(|| CheckUrl::readyz(self.internal_listen.unwrap_or(default)));
        let url = format!("http://{}{}", target.authority, target.path);
        match target.request() {
            Err(source) => Err(HealthcheckError::NoResponse { url, source }),
            Ok(line) if line.split(' ').nth(1) == Some("200") => Ok(()),
            Ok(line) => Err(HealthcheckError::NotReady { url, status_line: line.escape_debug().to_string() }),
        }
    }
}

impl CheckUrl {
    fn readyz(address: SocketAddr) -> Self {
        Self { authority: connectable(address).to_string(), path: "/readyz".to_owned() }
    }

    /// Returns the first line of the response.
    fn request(&self) -> io::Result<String> {
        let mut stream = self.connect()?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        write!(stream, "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.path, self.authority)?;
        let mut line = String::new();
        const LINE_BYTES: u64 = 1_024;
        BufReader::new(io::Read::take(stream, LINE_BYTES)).read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for address in self.authority.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, TIMEOUT) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
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
