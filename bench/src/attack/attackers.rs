//! The attackers, in a process of their own.

use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use clap::ValueEnum;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crate::distributed::cpu::own_seconds;
use crate::http::{Connection, WAIT, get, post};

/// A value of 20.9 MB.
const LARGE: i64 = 100_000_000;

/// A kind of attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Attack {
    SlowHeads,
    SlowBodies,
    #[value(name = "bare-connections")]
    Bare,
    #[value(name = "idle-connections")]
    Idle,
    #[value(name = "event-streams")]
    Streams,
    SlowReaders,
    SmallRanges,
    Downloads,
    Lists,
    NewNumbers,
    LongFromOne,
    LongFromMany,
}

/// The process of the attackers.
///
/// They are other people's machines, but share the cores of the server here. At the lowest priority they get what it
/// leaves, and its time is measured, not theirs.
pub struct AttackersProcess(Child);

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    refused: AtomicU64,
}

impl AttackersProcess {
    /// Starts the attackers.
    pub fn start(attack: Attack, address: &str) -> Self {
        let mut command = Command::new("chrt");
        command.args(["--idle", "0"]).arg(std::env::current_exe().expect("Linux"));
        command.args(["attackers", &attack.name(), address]).stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(command.spawn().expect("chrt starts"))
    }

    /// Returns the seconds of processor time used so far.
    pub fn processor_seconds(&self) -> f64 {
        own_seconds(self.0.id())
    }

    /// Stops all; returns their requests, and how many were answered 4xx or 5xx or not at all.
    pub fn stop(mut self) -> (u64, u64) {
        drop(self.0.stdin.take());
        let mut output = String::new();
        self.0.stdout.take().expect("piped").read_to_string(&mut output).expect("text");
        self.0.wait().expect("it has ended");
        let numbers: Vec<u64> = output.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let [requests, refused] = numbers[..] else { panic!("expected two counts of the attackers, got {output:?}") };
        (requests, refused)
    }
}

impl Attack {
    pub fn name(self) -> String {
        self.to_possible_value().expect("none is hidden").get_name().to_owned()
    }

    /// Stores what the attack reads, and F(25) for the honest client.
    pub async fn prepare(self, address: &str) {
        let mut connection = Connection::open(address).await.expect("it listens");
        let mut indexes = vec![25];
        if matches!(self, Self::SlowReaders | Self::SmallRanges | Self::Downloads) {
            indexes.push(LARGE);
        }
        for index in indexes {
            while connection.call(&post(index, WAIT)).await.expect("a response").0 != 200 {}
        }
    }

    /// Attacks until the end of standard input, then prints the requests and the refusals.
    pub async fn run(self, address: &str) {
        let (clients, addresses) = match self {
            Self::SlowHeads | Self::Bare | Self::Idle => (2_000, 4),
            Self::SlowBodies => (500, 4),
            Self::Streams => (4_001, 64),
            Self::SlowReaders => (500, 32),
            Self::SmallRanges | Self::NewNumbers => (50, 1),
            Self::Downloads => (16, 1),
            Self::Lists => (1_000, 1),
            Self::LongFromOne => (8, 1),
            Self::LongFromMany => (64, 64),
        };
        let counts = Arc::new(Counts::default());
        let next = Arc::new(AtomicI64::new(10_000_000));
        for client in 0..clients {
            let attacker = Attacker {
                attack: self,
                to: address.parse().expect("an address"),
                from: Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 1, 0, 0)) + 1 + client % addresses),
                is_first: client == 0,
                counts: Arc::clone(&counts),
                next: Arc::clone(&next),
            };
            tokio::spawn(async move {
                // Not all in the same moment.
                sleep(Duration::from_millis(u64::from(client) / 4)).await;
                loop {
                    if attacker.once().await.is_err() {
                        attacker.counts.refused.fetch_add(1, Ordering::Relaxed);
                        sleep(Duration::from_millis(500)).await;
                    }
                }
            });
        }
        tokio::io::stdin().read_to_end(&mut Vec::new()).await.expect("a pipe");
        println!("{} {}", counts.requests.load(Ordering::Relaxed), counts.refused.load(Ordering::Relaxed));
    }
}

struct Attacker {
    attack: Attack,
    to: SocketAddr,
    from: Ipv4Addr,
    is_first: bool,
    counts: Arc<Counts>,
    next: Arc<AtomicI64>,
}

impl Attacker {
    /// Attacks over one connection, until the server closes it.
    async fn once(&self) -> io::Result<()> {
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        match self.attack {
            Attack::SlowHeads => self.drip(b"GET / HTTP/1.1\r\nx: ").await,
            Attack::SlowBodies => {
                let head = b"POST /api/calculations HTTP/1.1\r\nhost: localhost\r\n\
                             content-type: application/json\r\ncontent-length: 16000\r\n\r\n";
                self.drip(head).await
            }
            Attack::Bare => self.hold(b"").await,
            Attack::Idle => self.hold(&get("/api/calculations/25")).await,
            // One of them makes the events: 15 a second.
            Attack::Streams if self.is_first => {
                self.repeat(|| post(self.next.fetch_add(1, Ordering::Relaxed) % 1_000_000, ""), 67).await
            }
            Attack::Streams => self.hold(&get("/api/events")).await,
            Attack::SlowReaders => self.read_slowly().await,
            Attack::SmallRanges => self.repeat(|| self.range(), 0).await,
            Attack::Downloads => self.repeat(|| get(&format!("/api/calculations/{LARGE}/value")), 0).await,
            Attack::Lists => self.repeat(|| get("/api/calculations?limit=100"), 0).await,
            Attack::NewNumbers => {
                self.repeat(|| post(self.next.fetch_add(1, Ordering::Relaxed) % 5_000_000, ""), 0).await
            }
            Attack::LongFromOne | Attack::LongFromMany => {
                self.repeat(|| post(1_010_000_000 - self.next.fetch_add(1, Ordering::Relaxed), ""), 10).await
            }
        }
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.from, 0).into())?;
        timeout(Duration::from_secs(5), socket.connect(self.to)).await.map_err(io::Error::from)?
    }

    /// Sends the start of a request, then a byte a second.
    async fn drip(&self, start: &[u8]) -> io::Result<()> {
        let mut stream = self.connect().await?;
        stream.write_all(start).await?;
        loop {
            sleep(Duration::from_secs(1)).await;
            stream.write_all(b"a").await?;
        }
    }

    /// Sends a request, if any, and keeps the connection open. Reads what arrives.
    async fn hold(&self, request: &[u8]) -> io::Result<()> {
        let mut stream = self.connect().await?;
        stream.write_all(request).await?;
        let mut buffer = [0; 4_096];
        let mut is_first = true;
        loop {
            let length = stream.read(&mut buffer).await?;
            if length == 0 || is_first && !buffer.starts_with(b"HTTP/1.1 200") {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            is_first = false;
        }
    }

    /// Reads a large value a byte a second, over a connection with a small buffer.
    async fn read_slowly(&self) -> io::Result<()> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4_096)?;
        socket.bind((self.from, 0).into())?;
        let mut stream = socket.connect(self.to).await?;
        stream.write_all(&get(&format!("/api/calculations/{LARGE}/value"))).await?;
        loop {
            if stream.read(&mut [0; 1]).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// Repeats requests over a kept-alive connection, with a pause in milliseconds between two.
    async fn repeat(&self, request: impl Fn() -> Vec<u8>, pause_ms: u64) -> io::Result<()> {
        let mut connection = Connection::open_from(&self.to.to_string(), Some(self.from)).await?;
        loop {
            let (status, _) = connection.call(&request()).await?;
            self.counts.requests.fetch_add(1, Ordering::Relaxed);
            if status >= 400 {
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_millis(10)).await;
            }
            sleep(Duration::from_millis(pause_ms)).await;
        }
    }

    /// Returns a request for one byte at a place that the last ones did not read.
    fn range(&self) -> Vec<u8> {
        let place = self.next.fetch_add(7_919_317, Ordering::Relaxed) % 20_000_000;
        format!(
            "GET /api/calculations/{LARGE}/value HTTP/1.1\r\nhost: localhost\r\nrange: bytes={place}-{place}\r\n\r\n"
        )
        .into_bytes()
    }
}
