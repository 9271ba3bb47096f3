//! A minimal HTTP/1.1 client, so that the load generator uses little of the shared cores.

use std::io;
use std::net::Ipv4Addr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

/// A kept-alive connection.
pub struct Connection {
    address: String,
    from: Option<Ipv4Addr>,
    stream: BufReader<TcpStream>,
    /// Whether the server announced that it closes the connection, as nginx does after many requests.
    is_closing: bool,
    line: Vec<u8>,
    body: Vec<u8>,
}

impl Connection {
    /// Connects to `host:port`.
    pub async fn open(address: &str) -> io::Result<Self> {
        Self::open_from(address, None).await
    }

    /// Connects to `host:port` from an address of this machine.
    pub async fn open_from(address: &str, from: Option<Ipv4Addr>) -> io::Result<Self> {
        let stream = Self::stream(address, from).await?;
        Ok(Self { address: address.to_owned(), from, stream, is_closing: false, line: Vec::new(), body: Vec::new() })
    }

    async fn stream(address: &str, from: Option<Ipv4Addr>) -> io::Result<BufReader<TcpStream>> {
        let stream = match from {
            None => TcpStream::connect(address).await?,
            Some(from) => {
                let socket = TcpSocket::new_v4()?;
                socket.bind((from, 0).into())?;
                socket.connect(address.parse().map_err(|_| bad())?).await?
            }
        };
        stream.set_nodelay(true)?;
        Ok(BufReader::with_capacity(64 * 1024, stream))
    }

    /// Sends a request and returns the status and the body of the response.
    pub async fn call(&mut self, request: &[u8]) -> io::Result<(u16, &[u8])> {
        let (status, length) = self.head(request).await?;
        self.body.clear();
        match length {
            Some(length) => {
                self.body.resize(length, 0);
                self.stream.read_exact(&mut self.body).await?;
            }
            None => self.read_chunks().await?,
        }
        Ok((status, &self.body))
    }

    /// Reads a chunked body.
    async fn read_chunks(&mut self) -> io::Result<()> {
        loop {
            self.line.clear();
            self.stream.read_until(b'\n', &mut self.line).await?;
            let length =
                std::str::from_utf8(&self.line).ok().and_then(|line| usize::from_str_radix(line.trim(), 16).ok());
            let length = length.ok_or_else(bad)?;
            let read = self.body.len();
            self.body.resize(read + length, 0);
            self.stream.read_exact(&mut self.body[read..]).await?;
            self.line.clear();
            // The end of the chunk.
            self.stream.read_until(b'\n', &mut self.line).await?;
            if length == 0 {
                return Ok(());
            }
        }
    }

    /// Sends a request, discards the body of the response and returns its status and length. Pauses after every
    /// MiB, like a slow reader.
    pub async fn drain(&mut self, request: &[u8], pause: std::time::Duration) -> io::Result<(u16, usize)> {
        let (status, length) = self.head(request).await?;
        let length = length.ok_or_else(bad)?;
        let mut left = length;
        self.body.resize(1 << 20, 0);
        while left > 0 {
            let take = left.min(self.body.len());
            self.stream.read_exact(&mut self.body[..take]).await?;
            left -= take;
            tokio::time::sleep(pause).await;
        }
        Ok((status, length))
    }

    async fn head(&mut self, request: &[u8]) -> io::Result<(u16, Option<usize>)> {
        if self.is_closing {
            self.stream = Self::stream(&self.address, self.from).await?;
            self.is_closing = false;
        }
        self.stream.get_mut().write_all(request).await?;
        let mut status = None;
        let mut length = None;
        loop {
            self.line.clear();
            self.stream.read_until(b'\n', &mut self.line).await?;
            let line = std::str::from_utf8(&self.line).map_err(|_| bad())?.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest.get(..3).and_then(|code| code.parse().ok());
            } else if let Some((name, value)) = line.split_once(':') {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().ok();
                } else if name.eq_ignore_ascii_case("connection") {
                    self.is_closing = value.trim().eq_ignore_ascii_case("close");
                }
            }
        }
        Ok((status.ok_or_else(bad)?, length))
    }
}

fn bad() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "unexpected response")
}

/// The header line that makes a submission wait for the value.
pub const WAIT: &str = "prefer: wait=30\r\n";

/// Returns a `GET` request.
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes()
}

/// Returns a submission of an index, with additional header lines (each ended by `\r\n`).
pub fn post(index: i64, headers: &str) -> Vec<u8> {
    let body = format!("{{\"index\":\"{index}\"}}");
    let length = body.len();
    format!(
        "POST /api/calculations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{headers}\r\n{body}"
    )
    .into_bytes()
}

/// Returns a submission of all indexes from `first` to `last`.
pub fn post_batch(first: i64, last: i64) -> Vec<u8> {
    let body = format!("{{\"from\":\"{first}\",\"to\":\"{last}\"}}");
    let length = body.len();
    format!(
        "POST /api/calculations/batch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
