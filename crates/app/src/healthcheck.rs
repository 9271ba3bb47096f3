//! `abaci healthcheck`: whether a running `abaci` is ready, as an exit code.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

use axum::http::Uri;
use clap::{Args, ValueEnum};

use crate::config::{reachable, socket_address};

/// Asks a running `abaci` whether it is ready; 0 if it is, 1 if it is not or does not answer.
#[derive(Args, Debug)]
pub(crate) struct Healthcheck {
    /// Which role is asked, at the internal address that it has if none is set.
    #[arg(value_enum, value_name = "ROLE", default_value = "serve")]
    role: Role,

    /// What is asked [default: /readyz at the internal address].
    #[arg(long, value_name = "URL")]
    url: Option<Target>,

    /// The internal address of the one that is asked [default: that of its role].
    #[arg(long, env = "ABACI_INTERNAL_LISTEN", value_name = "ADDRESS:PORT", value_parser = socket_address)]
    internal_listen: Option<SocketAddr>,
}

/// What can be asked.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    Serve,
    Api,
    Client,
    Worker,
}

impl Role {
    const fn internal_port(self) -> u16 {
        match self {
            Self::Serve => 9051,
            Self::Api => 9050,
            Self::Client => 9030,
            Self::Worker => 9060,
        }
    }
}

/// Why it is not known to be ready.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HealthcheckError {
    /// Nobody answers there, or not in time.
    #[error("{asked} does not answer")]
    Silent {
        /// What was asked.
        asked: String,
        /// What the system said.
        source: io::Error,
    },
    /// It answers that it is not ready.
    #[error("{asked} is not ready: {answer}")]
    NotReady {
        /// What was asked.
        asked: String,
        /// The first line of the answer.
        answer: String,
    },
}

/// An `http://` address to ask.
#[derive(Clone, Debug)]
struct Target {
    authority: String,
    path: String,
}

/// A text that is no such address.
#[derive(Debug, thiserror::Error)]
#[error("an address such as http://127.0.0.1:9051/readyz is wanted")]
struct TargetError;

const PATIENCE: Duration = Duration::from_secs(2);

impl Healthcheck {
    pub(crate) fn run(self) -> Result<(), HealthcheckError> {
        let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, self.role.internal_port()));
        let target = self.url.unwrap_or_else(|| Target::at(self.internal_listen.unwrap_or(usual)));
        let asked = format!("http://{}{}", target.authority, target.path);
        match target.ask() {
            Err(source) => Err(HealthcheckError::Silent { asked, source }),
            Ok(answer) if answer.split(' ').nth(1) == Some("200") => Ok(()),
            Ok(answer) => Err(HealthcheckError::NotReady { asked, answer: answer.escape_debug().to_string() }),
        }
    }
}

impl Target {
    fn at(address: SocketAddr) -> Self {
        Self { authority: reachable(address).to_string(), path: "/readyz".to_owned() }
    }

    /// Gives the first line of the answer.
    fn ask(&self) -> io::Result<String> {
        let mut stream = self.connect()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        write!(stream, "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.path, self.authority)?;
        let mut line = String::new();
        const LINE_BYTES: u64 = 1_024;
        BufReader::new(io::Read::take(stream, LINE_BYTES)).read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for address in self.authority.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let uri: Uri = text.parse().map_err(|_| TargetError)?;
        let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(TargetError) };
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
    fn an_address_without_a_path_is_asked_for_readiness() {
        let read = |text: &str| text.parse::<Target>().map(|target| (target.authority, target.path)).ok();
        assert_eq!(read("http://api:9050"), Some(("api:9050".into(), "/readyz".into())));
        assert_eq!(read("http://[::1]:1/healthz"), Some(("[::1]:1".into(), "/healthz".into())));
        for text in ["", "api:9050", "https://api:9050", "/readyz"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
