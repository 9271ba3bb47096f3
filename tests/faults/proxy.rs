//! A network between two processes that can be made to misbehave.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How the network behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Condition {
    /// As it should.
    Clear,
    /// Every byte arrives so much later.
    Delayed(Duration),
    /// So many bytes per second each way.
    Throttled(u32),
    /// Nothing arrives and nothing is refused; what was sent arrives when it is over.
    Silent,
    /// Connections are reset, and so is every new one.
    Cut,
}

/// A TCP proxy in front of one server.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    condition: watch::Sender<Condition>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// A proxy to a port of loopback, on a port of its own.
    pub(crate) async fn start(to: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (condition, seen) = watch::channel(Condition::Clear);
        let accepting = tokio::spawn(submit(listener, SocketAddr::from((Ipv4Addr::LOCALHOST, to)), seen));
        Self { port, condition, accepting }
    }

    /// Changes how it behaves, for open connections too.
    pub(crate) fn set(&self, condition: Condition) {
        self.condition.send_replace(condition);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        // Its connections look at the condition and end.
        self.set(Condition::Cut);
    }
}

async fn submit(listener: TcpListener, to: SocketAddr, condition: watch::Receiver<Condition>) {
    loop {
        // Out of file descriptors, for a moment: there is nothing to do but to try again.
        let Ok((near, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(connect(near, to, condition.clone()));
    }
}

/// One connection, from beginning to end.
async fn connect(near: TcpStream, to: SocketAddr, mut condition: watch::Receiver<Condition>) {
    // A reset, not an end in good order, is what a broken network looks like.
    let is_cut = *condition.borrow() == Condition::Cut;
    let far = if is_cut { None } else { TcpStream::connect(to).await.ok() };
    let Some(far) = far else {
        // It may have gone by itself.
        let _ = near.set_zero_linger();
        return;
    };
    // Small answers must not wait for each other; a connection that is gone already says so below.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (mut near, mut far) = (near, far);
    let cut = {
        let (near_read, near_write) = near.split();
        let (far_read, far_write) = far.split();
        let (there, back) = (condition.clone(), condition.clone());
        // Both ways, so that a half-closed connection still carries the answer. Who was killed with an answer
        // unread resets its end, and the other end must learn of that as it would without us.
        let both = async { tokio::try_join!(carry(near_read, far_write, there), carry(far_read, near_write, back)) };
        tokio::select! {
            ended = both => ended.is_err(),
            _ = condition.wait_for(|condition| *condition == Condition::Cut) => true,
        }
    };
    if cut {
        let _ = (near.set_zero_linger(), far.set_zero_linger());
    }
}

/// Carries bytes one way until they end.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut condition: watch::Receiver<Condition>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        let now = *condition.borrow_and_update();
        match now {
            Condition::Delayed(delay) => tokio::time::sleep(delay).await,
            Condition::Throttled(bytes_per_s) => {
                tokio::time::sleep(Duration::from_secs_f64(read as f64 / f64::from(bytes_per_s))).await;
            }
            Condition::Silent => {
                // The other end of this channel outlives its connections, or they are of no use.
                let _ = condition.wait_for(|condition| *condition != Condition::Silent).await;
            }
            Condition::Clear | Condition::Cut => {}
        }
        to.write_all(&buffer[..read]).await?;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// A server that sends back what it gets.
    async fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = connection.split();
                    // It ends when its caller does.
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        port
    }

    async fn call(connection: &mut TcpStream, size_bytes: usize) -> std::io::Result<Duration> {
        let start = Instant::now();
        connection.write_all(&vec![7; size_bytes]).await?;
        connection.read_exact(&mut vec![0; size_bytes]).await?;
        Ok(start.elapsed())
    }

    #[tokio::test]
    async fn a_delay_and_a_throttle_take_their_time() {
        let proxy = Proxy::start(echo().await).await;
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).await.expect("a connection");
        call(&mut connection, 10).await.expect("an echo");
        proxy.set(Condition::Delayed(Duration::from_millis(100)));
        assert!(call(&mut connection, 10).await.expect("an echo") >= Duration::from_millis(200));
        proxy.set(Condition::Throttled(10_000));
        assert!(call(&mut connection, 2_000).await.expect("an echo") >= Duration::from_millis(400));
    }

    #[tokio::test]
    async fn what_is_sent_into_silence_arrives_after_it() {
        let proxy = Proxy::start(echo().await).await;
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).await.expect("a connection");
        call(&mut connection, 10).await.expect("an echo");
        proxy.set(Condition::Silent);
        let mut other = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).await.expect("a connection");
        for connection in [&mut connection, &mut other] {
            let answer = tokio::time::timeout(Duration::from_millis(200), call(connection, 10)).await;
            assert!(answer.is_err(), "nothing arrives");
        }
        proxy.set(Condition::Clear);
        for connection in [&mut connection, &mut other] {
            connection.read_exact(&mut [0; 10]).await.expect("it arrives");
        }
    }

    #[tokio::test]
    async fn a_cut_resets_what_is_open_and_what_comes() {
        let proxy = Proxy::start(echo().await).await;
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).await.expect("a connection");
        call(&mut connection, 10).await.expect("an echo");
        proxy.set(Condition::Cut);
        connection.read_exact(&mut [0; 1]).await.expect_err("it is gone");
        if let Ok(mut other) = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).await {
            call(&mut other, 10).await.expect_err("and so is the next");
        }
        proxy.set(Condition::Clear);
        let mut again = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).await.expect("a connection");
        call(&mut again, 10).await.expect("an echo");
    }
}
