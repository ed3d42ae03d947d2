//! The client's side of the opening handshake (RFC 6455 section 4.1).

use crate::client_stream::ClientStream;
use crate::connect_error::ConnectError;
use crate::connector::Connector;
use crate::content;
use crate::deadline::Deadline;
use crate::error::{Error, HandshakeError};
use crate::extension::{self, Agreed};
use crate::head::{self, handshake_error, read_head};
use crate::keys::{self, SystemKeys};
use crate::lookup::look_up;
use crate::one_address::OneAddress;
use crate::refusal::Refusal;
use crate::stream::{Share, Stream};
use crate::websocket::{ClientSocket, WebSocket};
use bareframe::handshake::{
    Accept, HeadBuffer, HeadEnd, KeptContent, Key, Offer, ResponseError, ResponseHead, Url,
};
use std::borrow::Cow;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long to wait for the content of a refusal, since a server may never end it.
const REFUSAL_TIME: Duration = Duration::from_secs(1);

/// An opening handshake with a server. [`Connector::begin_over`] creates it, over a stream that blocks or one that does not.
///
/// ```
/// use bareframe_std::{Connector, Error, accept};
/// use std::net::{TcpListener, TcpStream};
/// use std::time::Duration;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let stream = TcpStream::connect(listener.local_addr()?)?;
/// let server = std::thread::spawn(move || accept(listener.accept()?.0).map(drop));
/// stream.set_nonblocking(true)?;
/// let mut connecting = Connector::DEFAULT.begin_over(stream, "ws://localhost/")?;
/// let _socket = loop {
///     match connecting.finish() {
///         // A program with many connections waits for all of them at once.
///         Err(error) if error.is_temporary() => std::thread::sleep(Duration::from_millis(1)),
///         done => break done?,
///     }
/// };
/// # server.join().unwrap()?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Connecting<'a, S> {
    connector: Connector<'a>,
    extensions: Cow<'a, str>,
    /// `None` when there is nothing left to do.
    stream: Option<S>,
    accept: Accept,
    deadline: Deadline,
    request: HeadBuffer,
    /// Why the request could not be written. The server may have refused it before it read it.
    failure: Option<io::Error>,
    received: HeadBuffer,
    end: HeadEnd,
    refused: Option<(Box<[u8]>, ResponseHead, KeptContent)>,
}

impl<'a, S: Stream> Connecting<'a, S> {
    pub(crate) fn new(
        connector: &Connector<'a>,
        stream: S,
        url: &Url<'_>,
        deadline: Deadline,
    ) -> Result<Connecting<'a, S>, Error> {
        // This may fail if the stream has ended, which the first write reports.
        let _ = stream.set_nodelay();
        let mut random = [0; 16];
        keys::fill(&mut random)?;
        let key = Key::from_random(random);
        let headers = connector.all_headers();
        let extensions = extension::offer(&connector.options, connector.extensions);
        let offer = connector.offer(url.offer(), &extensions, &headers);
        let request = offer.to_vec(&key).map_err(HandshakeError::Head)?;
        Ok(Connecting {
            connector: connector.clone(),
            extensions,
            stream: Some(stream),
            accept: Accept::from_key(&key),
            deadline,
            request: request.into(),
            failure: None,
            received: HeadBuffer::default(),
            end: HeadEnd::new(connector.head_limit),
            refused: None,
        })
    }

    /// Sends the request, and reads the response.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; with [`ErrorKind::WouldBlock`] the stream does not block: call again when it is ready.
    /// [`Error::Handshake`] for a response that is wrong, late, or not 101. After any other result than `WouldBlock`
    /// the stream is gone, and each call returns [`ErrorKind::NotConnected`].
    pub fn finish(&mut self) -> Result<ClientSocket<S>, Error> {
        let Some(mut stream) = self.stream.take() else {
            return Err(Error::Io(ErrorKind::NotConnected.into()));
        };
        match self.shake_hands(&mut stream) {
            Ok(Handshake {
                subprotocol,
                response,
                agreed,
            }) => {
                let options = &self.connector.options;
                let mut socket = WebSocket::client_with(stream, options, SystemKeys::new()?, agreed)
                    .with_leftover(self.received.bytes());
                socket.subprotocol = subprotocol;
                socket.response = Some(response);
                Ok(socket)
            }
            Err(error) if error.is_blocked() => {
                self.stream = Some(stream);
                Err(error)
            }
            // The error of writing the request explains more than the end of the stream.
            Err(error @ (Error::Handshake(HandshakeError::Ended) | Error::Io(_))) => {
                Err(self.failure.take().map_or(error, Error::Io))
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the stream, so that a program can wait until it is ready; `None` when the handshake is done.
    pub fn stream(&self) -> Option<&S> {
        self.stream.as_ref()
    }

    fn shake_hands(&mut self, stream: &mut S) -> Result<Handshake, Error> {
        if self.failure.is_none() {
            match head::write(&mut self.request, stream, self.deadline) {
                Ok(()) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(handshake_error(error));
                }
                // The server may have answered before it ended the stream.
                Err(error) => self.failure = Some(error),
            }
        }
        let offer = self.connector.offer(Offer::new("", ""), &self.extensions, &[]);
        while self.refused.is_none() {
            let parsed = read_head(stream, &mut self.received, &mut self.end, self.deadline)?
                .and_then(|()| ResponseHead::parse(self.received.bytes_mut()));
            let head = parsed.map_err(|error| wrong(error.into()))?;
            let bytes = &self.received.bytes()[..head.head_len()];
            let response = head.response(bytes);
            match response.upgrade(&offer, &self.accept).map_err(wrong)? {
                Some(established) => {
                    let subprotocol = established.subprotocol().map(Box::from);
                    let Connector {
                        options, extensions, ..
                    } = &self.connector;
                    let agreed = extension::from_response(options, extensions, established.extensions())?;
                    let response = (Box::from(bytes), Box::new(head));
                    self.received.take(head.head_len());
                    return Ok(Handshake {
                        subprotocol,
                        response,
                        agreed,
                    });
                }
                // Another head follows (RFC 9110 section 15.2).
                None if response.status() < 200 => self.end = HeadEnd::new(self.connector.head_limit),
                None => {
                    let content = KeptContent::of(&response, self.connector.refusal_limit);
                    self.deadline = self.deadline.at_most(REFUSAL_TIME);
                    self.refused = Some((Box::from(bytes), head, content));
                }
            }
            self.received.take(head.head_len());
        }
        if let Some((_, _, content)) = &mut self.refused {
            content::read(content, stream, &mut self.received, self.deadline)?;
        }
        let (bytes, head, content) = self.refused.take().ok_or(HandshakeError::Ended)?;
        let refusal = Refusal::new(bytes, head, content.into_parts());
        Err(HandshakeError::Refused(refusal).into())
    }
}

/// What an opening handshake has come to.
struct Handshake {
    subprotocol: Option<Box<str>>,
    /// The head of the response, and what was found in it.
    response: (Box<[u8]>, Box<ResponseHead>),
    agreed: Agreed,
}

fn wrong(error: ResponseError) -> Error {
    HandshakeError::Response(error).into()
}

/// Connects to a URL with [`Connector::DEFAULT`].
///
/// # Errors
///
/// As [`Connector::connect`].
pub fn connect(url: &str) -> Result<ClientSocket<ClientStream>, Error> {
    Connector::DEFAULT.connect(url)
}

impl<'a> Connector<'a> {
    /// Connects to a `ws://` URL, or with the feature `rustls` to a `wss://` URL.
    ///
    /// It tries the addresses of the host in turn. The whole call, with the name lookup and TLS, lasts at most
    /// [`Connector::with_timeout`]. If this process is already connecting to the same address and port, the call waits
    /// for that to succeed or fail, unless [`Connector::with_concurrent_handshakes`] allows otherwise (RFC 6455 section
    /// 4.1).
    ///
    /// # Errors
    ///
    /// [`Error::Url`], [`Error::NoTls`], [`Error::Connect`], [`Error::Io`] or [`Error::Handshake`].
    pub fn connect(&self, url: &str) -> Result<ClientSocket<ClientStream>, Error> {
        let url = Url::parse(url)?;
        if url.is_secure() && !cfg!(feature = "rustls") {
            return Err(Error::NoTls);
        }
        let deadline = self.options.deadline(self.timeout);
        let (host, port) = (url.host(), url.port());
        let addresses = look_up(self.resolver, host, port, deadline)
            .map_err(|error| ConnectError::new(host, None, error))?;
        let mut failed = None;
        for (address, tries) in addresses.iter().zip((1..=addresses.len() as u32).rev()) {
            match self.reach(*address, tries, deadline) {
                Ok((stream, turn)) => {
                    let stream = self.secure(stream, &url)?;
                    let socket = Connecting::new(self, stream, &url, deadline)?.finish();
                    drop(turn);
                    return socket.map_err(|error| match error {
                        Error::Io(error) => ConnectError::new(host, Some(*address), error).into(),
                        error => error,
                    });
                }
                Err(error) => failed = Some(ConnectError::new(host, Some(*address), error)),
            }
        }
        // There is at least one address.
        Err(failed.map_or(Error::Io(ErrorKind::AddrNotAvailable.into()), Error::Connect))
    }

    /// Connects to one of the `tries` addresses that are left, and returns the permission for a handshake with it.
    fn reach(
        &self,
        address: SocketAddr,
        tries: u32,
        deadline: Deadline,
    ) -> io::Result<(TcpStream, Option<OneAddress>)> {
        let turn = if self.concurrent_handshakes {
            None
        } else {
            Some(OneAddress::begin(address, deadline)?)
        };
        // An address that does not answer must leave time for the others.
        let patience = deadline.left()?.unwrap_or(self.timeout) / tries;
        Ok((TcpStream::connect_timeout(&address, patience)?, turn))
    }

    /// Requests a WebSocket over an existing stream; the authority, path and query of the URL are sent.
    ///
    /// ```
    /// use bareframe_std::{Connector, accept};
    /// # #[cfg(unix)] {
    /// use std::os::unix::net::UnixStream;
    /// let (one, other) = UnixStream::pair()?;
    /// let server = std::thread::spawn(move || accept(one)?.send_text("Hello"));
    /// let mut socket = Connector::DEFAULT.connect_over(other, "ws://localhost/")?;
    /// assert_eq!(socket.read()?.unwrap().as_str(), Some("Hello"));
    /// # server.join().unwrap()?;
    /// # }
    /// # Ok::<(), bareframe_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Connector::begin_over`] and [`Connecting::finish`]. Over a stream that does not block, use these.
    pub fn connect_over<S: Stream>(&self, stream: S, url: &str) -> Result<ClientSocket<S>, Error> {
        self.begin_over(stream, url)?.finish()
    }

    /// Begins to request a WebSocket over an existing stream, which may be non-blocking. The time of
    /// [`Connector::with_timeout`] for the server's answer begins now.
    ///
    /// # Errors
    ///
    /// [`Error::Url`]; [`Error::Handshake`] for a value that is not allowed in a head; [`Error::Io`] from the system's
    /// random source.
    pub fn begin_over<S: Stream>(&self, stream: S, url: &str) -> Result<Connecting<'a, S>, Error> {
        let deadline = self.options.deadline(self.timeout);
        Connecting::new(self, stream, &Url::parse(url)?, deadline)
    }

    #[cfg_attr(
        not(feature = "rustls"),
        expect(
            unused_variables,
            clippy::unused_self,
            clippy::unnecessary_wraps,
            reason = "as with TLS"
        )
    )]
    fn secure(&self, stream: TcpStream, url: &Url<'_>) -> Result<ClientStream, Error> {
        let socket = stream.share();
        Ok(ClientStream {
            #[cfg(feature = "rustls")]
            tls: if url.is_secure() {
                Some(crate::tls::client(self.tls.clone(), socket.clone(), url.host())?)
            } else {
                None
            },
            socket,
        })
    }
}
