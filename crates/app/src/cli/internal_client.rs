//! Requests to the internal address of a running role.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use clap::ValueEnum;

/// A role with an internal address.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum InternalRole {
    Serve,
    Api,
    Client,
    Worker,
}

impl InternalRole {
    /// Returns the default internal address, for programs on the same machine.
    pub(super) fn default_address(self) -> SocketAddr {
        let port = match self {
            Self::Serve => 9051,
            Self::Api => 9050,
            Self::Client => 9030,
            Self::Worker => 9060,
        };
        (Ipv4Addr::LOCALHOST, port).into()
    }
}

/// A response as text.
pub(super) struct InternalResponse {
    pub(super) status_line: String,
    pub(super) body: String,
}

impl InternalResponse {
    /// Returns the status code, or `None` if the response is not HTTP.
    pub(super) fn status(&self) -> Option<u16> {
        self.status_line.split(' ').nth(1)?.parse().ok()
    }
}

/// Maximum length of a response; a page of the queue needs a tenth of it.
const MAX_RESPONSE_BYTES: u64 = 1 << 20;

/// Sends a request, with a JSON body if there is one. `timeout` is that of connecting, writing and each read.
pub(super) fn send(
    authority: &str,
    method: &str,
    target: &str,
    body: Option<&str>,
    timeout: Duration,
) -> io::Result<InternalResponse> {
    let mut stream = connect(authority, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    let content = body.map_or_else(String::new, |body| {
        format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
    });
    // HTTP/1.0: the body comes in one piece and ends with the connection.
    let head = format!("{method} {target} HTTP/1.0\r\nHost: {authority}\r\n{content}\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.unwrap_or_default().as_bytes())?;
    let mut response = Vec::new();
    stream.take(MAX_RESPONSE_BYTES).read_to_end(&mut response)?;
    let response = String::from_utf8(response).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or((&response, ""));
    let status_line = head.lines().next().unwrap_or_default().trim_end().to_owned();
    Ok(InternalResponse { status_line, body: body.to_owned() })
}

fn connect(authority: &str, timeout: Duration) -> io::Result<TcpStream> {
    let mut last = io::ErrorKind::AddrNotAvailable.into();
    for address in authority.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
