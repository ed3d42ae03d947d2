//! An opening handshake of which the request is being read.

use crate::accept::Acceptor;
use crate::accept::answering::Answering;
use crate::accept::incoming::Incoming;
use crate::accept::server_stream::ServerStream;
use crate::error::Error;
use crate::handshake_error::HandshakeError;
use crate::head;
use crate::options::Options;
use crate::timer::Timer;
use crate::trace::{End, Peer, Trace};
use bareframe::handshake::{HeadBuffer, HeadEnd, HeadError, RequestError, RequestHead};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::pin;
#[cfg(feature = "rustls")]
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{fmt, mem};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

/// An opening handshake of which the request is being read, and TLS before it. [`Acceptor::begin`](crate::Acceptor::begin) creates it.
///
/// ```
/// use bareframe_tokio::{Acceptor, Error, connect};
/// use bareframe_tokio::handshake::Choice;
/// use std::time::Duration;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let url = format!("ws://{}/", listener.local_addr()?);
/// let client = tokio::spawn(async move { connect(&url).await.map(drop) });
/// let mut accepting = Acceptor::DEFAULT.begin(listener.accept().await?.0);
/// let incoming = loop {
///     tokio::select! {
///         incoming = accepting.read() => break incoming?,
///         // The future is dropped, and nothing is lost.
///         () = tokio::time::sleep(Duration::from_millis(1)) => println!("still waiting"),
///     }
/// };
/// let _socket = incoming.accept(&Choice::DEFAULT).await?;
/// # client.await.unwrap()
/// # }
/// ```
pub struct Accepting<S> {
    options: Options,
    timeout: Duration,
    /// `None` is later than a clock can tell.
    deadline: Option<Instant>,
    timer: Timer,
    received: HeadBuffer,
    end: HeadEnd,
    state: State<S>,
    peer: Peer,
}

/// How far it is.
enum State<S> {
    #[cfg(feature = "rustls")]
    Tls(Box<tokio_rustls::Accept<S>>),
    Reading(ServerStream<S>),
    /// The head was wrong.
    Answering(Box<Answering<S>>, RequestError),
    Done,
}

impl<S: AsyncRead + AsyncWrite + Unpin> State<S> {
    fn new(acceptor: &Acceptor, stream: S) -> State<S> {
        #[cfg(feature = "rustls")]
        if let Some(config) = &acceptor.tls {
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(config));
            return State::Tls(Box::new(acceptor.accept(stream)));
        }
        let _ = acceptor;
        State::Reading(ServerStream::plain(stream))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Accepting<S> {
    pub(crate) fn new(acceptor: &Acceptor, stream: S, peer: Peer) -> Accepting<S> {
        Accepting {
            options: acceptor.options,
            timeout: acceptor.timeout,
            deadline: Instant::now().checked_add(acceptor.timeout),
            timer: Timer::STOPPED,
            received: HeadBuffer::default(),
            end: HeadEnd::new(acceptor.head_limit),
            state: State::new(acceptor, stream),
            peer,
        }
    }

    /// Reads the request, for the caller to decide about.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is lost: the next call continues, within the same time.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; [`Error::Handshake`] for a head that is malformed, after the client was answered, or late, and for TLS that
    /// failed. The stream is gone then, and each later call returns [`ErrorKind::NotConnected`].
    pub async fn read(&mut self) -> Result<Incoming<S>, Error> {
        poll_fn(|cx| self.poll_read(cx)).await
    }

    /// Polls for what [`Accepting::read`] returns.
    ///
    /// # Errors
    ///
    /// As [`Accepting::read`].
    pub fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Incoming<S>, Error>> {
        let read = match self.poll_request(cx) {
            Poll::Pending => {
                if let Some(deadline) = self.deadline {
                    self.timer.set(deadline);
                }
                ready!(self.timer.poll(cx));
                Err(match mem::replace(&mut self.state, State::Done) {
                    // The answer may have reached the client.
                    State::Answering(_, error) => error.into(),
                    _ => HandshakeError::Timeout,
                }
                .into())
            }
            Poll::Ready(read) => read,
        };
        self.state = State::Done;
        self.timer.stop();
        if let Err(error) = &read {
            Trace::handshake_failed(End::Server, self.peer, error);
        }
        Poll::Ready(read)
    }

    fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<Result<Incoming<S>, Error>> {
        loop {
            match &mut self.state {
                #[cfg(feature = "rustls")]
                State::Tls(accept) => {
                    self.state = match ready!(pin!(accept.as_mut()).poll(cx)) {
                        Ok(stream) => State::Reading(ServerStream::tls(stream)),
                        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                            return Poll::Ready(Err(HandshakeError::Ended.into()));
                        }
                        Err(error) => return Poll::Ready(Err(HandshakeError::Tls(error).into())),
                    };
                }
                State::Reading(stream) => {
                    let arrived = ready!(poll_head(cx, stream, &mut self.received, &mut self.end))?;
                    let State::Reading(stream) = mem::replace(&mut self.state, State::Done) else {
                        continue;
                    };
                    match arrived.and_then(|()| RequestHead::parse(self.received.bytes())) {
                        Ok(head) => {
                            let received = mem::take(&mut self.received);
                            let left = self
                                .deadline
                                .map(|at| at.saturating_duration_since(Instant::now()));
                            return Poll::Ready(Ok(Incoming {
                                stream,
                                received,
                                head,
                                options: self.options,
                                timeout: self.timeout,
                                left: left.unwrap_or(self.timeout),
                                peer: self.peer,
                            }));
                        }
                        Err(error) => {
                            let error = RequestError::from(error);
                            let answering = Answering::new(stream, &error.answer(), b"", &self.options)?;
                            self.state = State::Answering(Box::new(answering), error);
                        }
                    }
                }
                State::Answering(answering, error) => {
                    // Why the head is wrong says more than that the answer was not taken.
                    let _ = ready!(answering.poll(cx));
                    return Poll::Ready(Err(HandshakeError::Request(*error).into()));
                }
                State::Done => return Poll::Ready(Err(Error::Io(ErrorKind::NotConnected.into()))),
            }
        }
    }
}

/// Reads until a head can be parsed, or is too long.
fn poll_head(
    cx: &mut Context<'_>,
    stream: &mut (impl AsyncRead + Unpin),
    received: &mut HeadBuffer,
    end: &mut HeadEnd,
) -> Poll<Result<Result<(), HeadError>, Error>> {
    loop {
        match end.arrived(received.bytes()) {
            Ok(true) => return Poll::Ready(Ok(Ok(()))),
            Ok(false) => {}
            Err(error) => return Poll::Ready(Ok(Err(error))),
        }
        // Dropped while it waits, it has read nothing.
        match ready!(pin!(head::read(stream, received)).poll(cx)) {
            Ok(0) => return Poll::Ready(Err(HandshakeError::Ended.into())),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Poll::Ready(Err(Error::Io(error))),
        }
    }
}

impl<S> fmt::Debug for Accepting<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            #[cfg(feature = "rustls")]
            State::Tls(_) => "TLS",
            State::Reading(_) => "reading",
            State::Answering(..) => "answering",
            State::Done => "done",
        };
        f.debug_struct("Accepting")
            .field("received", &self.received)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
