//! A TCP proxy that simulates a failing network.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The state of the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum LinkState {
    /// Normal.
    Normal,
    /// Every byte is delayed by this time.
    Delayed(Duration),
    /// At most this many bytes per second each way.
    Throttled(u32),
    /// Nothing arrives and nothing is refused; it arrives once the state changes.
    Stalled,
    /// Connections are reset, and so is every new one.
    Cut,
}

/// A TCP proxy in front of one server.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// Port of the server that new connections reach.
    to: Arc<AtomicU16>,
    state: watch::Sender<LinkState>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy to a loopback port, on a free port.
    pub(crate) async fn start(to: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (state, seen) = watch::channel(LinkState::Normal);
        let to = Arc::new(AtomicU16::new(to));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&to), seen));
        Self { port, to, state, accepting }
    }

    /// Leads new connections to another loopback port. Open ones stay.
    pub(crate) fn redirect(&self, to: u16) {
        self.to.store(to, Ordering::Relaxed);
    }

    /// Changes the state, for open connections too.
    pub(crate) fn set(&self, state: LinkState) {
        self.state.send_replace(state);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        // Its connections end when the state changes.
        self.set(LinkState::Cut);
    }
}

async fn accept(listener: TcpListener, to: Arc<AtomicU16>, state: watch::Receiver<LinkState>) {
    loop {
        // Out of file descriptors: retry.
        let Ok((near, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let to = SocketAddr::from((Ipv4Addr::LOCALHOST, to.load(Ordering::Relaxed)));
        tokio::spawn(connect(near, to, state.clone()));
    }
}

/// Forwards one connection.
async fn connect(near: TcpStream, to: SocketAddr, mut state: watch::Receiver<LinkState>) {
    // A broken network resets connections instead of closing them.
    let is_cut = *state.borrow() == LinkState::Cut;
    let far = if is_cut { None } else { TcpStream::connect(to).await.ok() };
    let Some(far) = far else {
        // It may be closed already.
        let _ = near.set_zero_linger();
        return;
    };
    // A failure here shows again below.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (mut near, mut far) = (near, far);
    let cut = {
        let (near_read, near_write) = near.split();
        let (far_read, far_write) = far.split();
        let (there, back) = (state.clone(), state.clone());
        // Both ways, so that a half-closed connection still carries the response. A reset on one side is passed on.
        let both = async { tokio::try_join!(copy(near_read, far_write, there), copy(far_read, near_write, back)) };
        tokio::select! {
            ended = both => ended.is_err(),
            _ = state.wait_for(|state| *state == LinkState::Cut) => true,
        }
    };
    if cut {
        let _ = (near.set_zero_linger(), far.set_zero_linger());
    }
}

/// Copies bytes one way until they end.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<LinkState>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        let now = *state.borrow_and_update();
        match now {
            LinkState::Delayed(delay) => tokio::time::sleep(delay).await,
            LinkState::Throttled(bytes_per_s) => {
                tokio::time::sleep(Duration::from_secs_f64(read as f64 / f64::from(bytes_per_s))).await;
            }
            LinkState::Stalled => {
                // An error means that the proxy was dropped.
                let _ = state.wait_for(|state| *state != LinkState::Stalled).await;
            }
            LinkState::Normal | LinkState::Cut => {}
        }
        to.write_all(&buffer[..read]).await?;
    }
}
