//! Closing all connections of a server (RFC 6455 section 7.4.1, code 1001).

use crate::error::Error;
use crate::timer::Timer;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// What ends all connections that it was given to: each sends a Close with code 1001, reads until the peer's, and ends. A clone is the
/// same shutdown.
///
/// A connection knows it by [`WebSocket::with_shutdown`](crate::WebSocket::with_shutdown), and ends while it reads: the call that reads
/// returns `None` once the peer has closed too, or [`Error::CloseTimeout`] if it does not in
/// [`Options::close_timeout`](crate::Options::close_timeout). A task that does something else meanwhile waits for [`Shutdown::begun`].
///
/// ```
/// use bareframe_tokio::{CloseCode, Error, Shutdown, accept, connect};
/// use std::time::Duration;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let url = format!("ws://{}/", listener.local_addr()?);
/// let shutdown = Shutdown::new();
/// let of_connection = shutdown.clone();
/// tokio::spawn(async move {
///     let mut socket = accept(listener.accept().await?.0).await?.with_shutdown(&of_connection);
///     socket.send("Hello").await?;
///     while let Some(_message) = socket.read().await? {}
///     socket.close(None, "").await
/// });
/// let mut client = connect(&url).await?;
/// assert!(client.read().await?.is_some());
/// let finished = tokio::spawn(async move { shutdown.finish(Duration::from_secs(5)).await });
/// assert!(client.read().await?.is_none());
/// assert_eq!(client.close_reason().unwrap().code(), Some(CloseCode::GOING_AWAY));
/// client.close(None, "").await?;
/// assert_eq!(finished.await.unwrap(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Shutdown(Arc<Shared>);

struct Shared {
    begun: watch::Sender<bool>,
    /// A receiver is there for each connection.
    connections: watch::Sender<()>,
}

/// What a connection has of a [`Shutdown`].
pub(crate) struct ShutdownGuard {
    shutdown: Shutdown,
    step: Step,
    _counted: watch::Receiver<()>,
}

/// How far it is.
enum Step {
    Waiting(Pin<Box<dyn Future<Output = ()> + Send + Sync>>),
    /// Our Close is to be queued.
    Due,
    /// It was; the peer's is waited for until then.
    Closing(Timer),
}

impl Shutdown {
    /// Creates one that has not begun.
    #[must_use]
    pub fn new() -> Shutdown {
        Shutdown(Arc::new(Shared {
            begun: watch::Sender::new(false),
            connections: watch::Sender::new(()),
        }))
    }

    /// Has all connections close, and those that are given to it from now on.
    pub fn begin(&self) {
        self.0.begun.send_replace(true);
    }

    /// Returns `true` once it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.0.begun.borrow()
    }

    /// Waits until it has begun, for instance in `axum::serve(..).with_graceful_shutdown(shutdown.begun())`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is lost.
    pub fn begun(&self) -> impl Future<Output = ()> + Send + Sync + 'static {
        let mut begun = self.0.begun.subscribe();
        async move {
            // All clones are gone: then it never begins.
            if begun.wait_for(|begun| *begun).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Returns how many connections there are that it was given to.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.0.connections.receiver_count()
    }

    /// Begins, unless it has, and waits until all connections were dropped, but no longer than `limit`. Returns how many are left.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after it was polled, the connections close nevertheless.
    pub async fn finish(&self, limit: Duration) -> usize {
        self.begin();
        match timeout(limit, self.0.connections.closed()).await {
            Ok(()) => 0,
            Err(_) => self.connections(),
        }
    }

    /// Counts a connection.
    pub(crate) fn guard(&self) -> ShutdownGuard {
        ShutdownGuard {
            shutdown: self.clone(),
            step: Step::Waiting(Box::pin(self.begun())),
            _counted: self.0.connections.subscribe(),
        }
    }
}

impl Default for Shutdown {
    fn default() -> Shutdown {
        Shutdown::new()
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("has_begun", &self.has_begun())
            .field("connections", &self.connections())
            .finish()
    }
}

impl ShutdownGuard {
    /// Returns `Ready` when our Close is to be queued, or with an error when the peer's does not come in time. A peer that sends without
    /// pause changes nothing about that.
    pub(crate) fn poll_between_reads(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match &mut self.step {
            Step::Waiting(_) if !self.shutdown.has_begun() => Poll::Pending,
            _ => self.poll(cx),
        }
    }

    /// Does the same, and has the task woken.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match &mut self.step {
            Step::Waiting(begun) => match begun.as_mut().poll(cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(()) => {
                    self.step = Step::Due;
                    Poll::Ready(Ok(()))
                }
            },
            Step::Due => Poll::Ready(Ok(())),
            Step::Closing(timer) => timer.poll(cx).map(|()| Err(Error::CloseTimeout)),
        }
    }

    /// Notes that our Close was queued, or that none can be, and that the peer has this long for its own.
    pub(crate) fn queued(&mut self, limit: Duration) {
        let mut timer = Timer::STOPPED;
        timer.start(limit);
        self.step = Step::Closing(timer);
    }
}

impl fmt::Debug for ShutdownGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.step {
            Step::Waiting(_) => "waiting",
            Step::Due => "due",
            Step::Closing(_) => "closing",
        };
        f.debug_tuple("ShutdownGuard").field(&step).finish()
    }
}
