//! The client's side of the opening handshake (RFC 6455 section 4.1).

use crate::client_stream::{ClientStream, Transport};
use crate::connect_error::ConnectError;
use crate::connecting::Connecting;
use crate::connector::Connector;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::lookup::look_up;
use crate::one_address::OneAddress;
use crate::stream::{Share, Stream};
use crate::websocket::ClientSocket;
use bareframe::handshake::Url;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};

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
    /// The addresses of the host are tried in turn, and all of it, the name lookup and TLS among it, lasts at most
    /// [`Connector::with_timeout`]. While this process is connecting to the same address and port already, it waits for that to
    /// succeed or fail, unless [`Connector::with_concurrent_handshakes`] says otherwise (RFC 6455 section 4.1).
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
                    return socket;
                }
                Err(error) => failed = Some(ConnectError::new(host, Some(*address), error)),
            }
        }
        // There is at least one address.
        Err(failed.map_or(Error::Io(ErrorKind::AddrNotAvailable.into()), Error::Connect))
    }

    /// Connects to one of so many addresses that are left, and returns the right to shake hands with it.
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
        // One that does not answer leaves time for the others.
        let patience = deadline.left()?.unwrap_or(self.timeout) / tries;
        Ok((TcpStream::connect_timeout(&address, patience)?, turn))
    }

    /// Asks for a WebSocket over a stream that is there already; of the URL the authority, path and query are
    /// sent.
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

    /// Begins to ask for a WebSocket over a stream that is there already, also one that does not block. From now on the server
    /// has [`Connector::with_timeout`] for its answer.
    ///
    /// # Errors
    ///
    /// [`Error::Url`]; [`Error::Handshake`] for what can't stand in a head; [`Error::Io`] from the system's random source.
    pub fn begin_over<S: Stream>(&self, stream: S, url: &str) -> Result<Connecting<'a, S>, Error> {
        let deadline = self.options.deadline(self.timeout);
        Connecting::new(self, stream, &Url::parse(url)?, deadline)
    }

    #[cfg_attr(
        not(feature = "rustls"),
        expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as with TLS")
    )]
    fn secure(&self, stream: TcpStream, url: &Url<'_>) -> Result<ClientStream, Error> {
        let socket = stream.share();
        #[cfg(feature = "rustls")]
        if url.is_secure() {
            let stream = crate::tls::client(self.tls.clone(), socket, url.host())?;
            return Ok(ClientStream(Transport::Tls(stream)));
        }
        let _ = url;
        Ok(ClientStream(Transport::Tcp(socket)))
    }
}
