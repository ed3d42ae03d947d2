//! Upgrade: a request for a WebSocket that may be accepted, and how it is accepted (RFC 6455 section 4.2.2).

use crate::handshake::choice::Choice;
use crate::handshake::encode::{EncodeError, Writer, check_headers, check_room};
use crate::handshake::head::Headers;
use crate::handshake::header_name::HeaderName;
use crate::handshake::key::{Accept, Key};
use crate::handshake::lines::{HeaderSource, Parts};
use crate::handshake::list::{Extensions, List, Subprotocols};
use core::fmt;

/// A request for a WebSocket that a server may accept, since it obeys all of RFC 6455 section 4.2.1.
///
/// The caller decides whether to accept the origin, the path and the credentials (section 4.2.2); an
/// [`Answer`](crate::handshake::Answer) with [`Status::FORBIDDEN`](crate::handshake::Status::FORBIDDEN) refuses the
/// client.
///
/// ```
/// use bareframe::handshake::{Accept, Choice, Request};
/// let (request, _) = Request::parse(
///     b"GET /chat HTTP/1.1\r\n\
///       Host: example.com\r\n\
///       Upgrade: websocket\r\n\
///       Connection: keep-alive, Upgrade\r\n\
///       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///       Sec-WebSocket-Version: 13\r\n\
///       Sec-WebSocket-Protocol: superchat, chat\r\n\r\n",
/// )?;
/// let upgrade = request.upgrade()?.unwrap();
/// assert!(upgrade.subprotocols().eq(["superchat", "chat"]));
/// assert!(upgrade.extensions().all(|extension| extension.name() != "permessage-deflate"));
///
/// let choice = Choice::DEFAULT.with_subprotocol(Some("chat"));
/// let mut out = [0; 256];
/// let len = upgrade.encode(&Accept::from_key(upgrade.key()), &choice, &mut out)?;
/// assert_eq!(
///     out[..len],
///     *b"HTTP/1.1 101 Switching Protocols\r\n\
///        Upgrade: websocket\r\n\
///        Connection: Upgrade\r\n\
///        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
///        Sec-WebSocket-Protocol: chat\r\n\r\n",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Upgrade<'h, H = Headers<'h>> {
    // `None` for an extended CONNECT.
    pub(super) key: Option<Key>,
    pub(super) subprotocols: List<'h, H>,
    pub(super) extensions: List<'h, H>,
    // The client waits for a 100 before anything else.
    pub(super) expects_continue: bool,
}

/// The status and the headers of the response that accepts an HTTP library's request for a WebSocket.
///
/// ```
/// use bareframe::handshake::{Choice, Request, Version};
/// let headers = [
///     ("host", "example.com"),
///     ("upgrade", "websocket"),
///     ("connection", "Upgrade"),
///     ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
///     ("sec-websocket-version", "13"),
/// ];
/// let request = Request::from_parts("GET", Version::HTTP_11, "/chat", headers);
/// let upgrade = request.upgrade()?.unwrap();
/// let acceptance = upgrade.accept(&Choice::DEFAULT)?;
/// assert_eq!(acceptance.status(), 101);
/// assert!(acceptance.headers().eq([
///     ("upgrade", "websocket"),
///     ("connection", "upgrade"),
///     ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
/// ]));
/// # Ok::<(), bareframe::handshake::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Acceptance<'a> {
    // `None` for an extended CONNECT.
    accept: Option<Accept>,
    choice: Choice<'a>,
}

impl<'h> Upgrade<'h> {
    /// Returns the client's key, to create the [`Accept`] from.
    #[must_use]
    pub fn key(&self) -> &Key {
        // A head of HTTP/1 without a key is refused.
        self.key.as_ref().unwrap_or(const { &Key::ZERO })
    }

    /// Writes the 101 that accepts the request to `out`, and returns its length in bytes; frames follow
    /// (RFC 6455 section 4.2.2).
    ///
    /// If the client sent `Expect: 100-continue`, a 100 comes before the 101 (RFC 9110 section 7.8).
    ///
    /// # Errors
    ///
    /// Returns an error if the client did not offer the choice, if a header must not be added, or
    /// [`EncodeError::BufferTooSmall`]. Nothing is written then.
    pub fn encode(&self, accept: &Accept, choice: &Choice<'_>, out: &mut [u8]) -> Result<usize, EncodeError> {
        self.check(choice)?;
        let continues = self.expects_continue;
        check_room(write_upgrade(continues, accept, choice, &mut []), out)?;
        Ok(write_upgrade(continues, accept, choice, out))
    }

    /// Returns the 101 that [`Upgrade::encode`] writes, with the [`Accept`] of the client's key.
    ///
    /// ```
    /// use bareframe::handshake::{Choice, Request};
    /// let head = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    /// let (request, _) = Request::parse(head)?;
    /// let upgrade = request.upgrade()?.expect("a request for a WebSocket");
    /// let answer = upgrade.to_vec(&Choice::DEFAULT)?;
    /// assert!(answer.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Upgrade::encode`], but never [`EncodeError::BufferTooSmall`].
    #[cfg(feature = "alloc")]
    pub fn to_vec(&self, choice: &Choice<'_>) -> Result<alloc::vec::Vec<u8>, EncodeError> {
        let accept = Accept::from_key(self.key());
        crate::handshake::encode::to_vec(|out| self.encode(&accept, choice, out))
    }
}

impl<'h, I> Upgrade<'h, Parts<'h, I>>
where
    Parts<'h, I>: HeaderSource<'h>,
{
    /// Returns the client's key, or `None` for an extended CONNECT (RFC 8441 section 5).
    #[must_use]
    pub const fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    /// Accepts the request with a choice of what the client offers; frames follow the response.
    ///
    /// # Errors
    ///
    /// Returns an error if the client did not offer the choice, or if a header must not be added.
    pub fn accept<'a>(&self, choice: &Choice<'a>) -> Result<Acceptance<'a>, EncodeError> {
        self.check(choice)?;
        Ok(Acceptance {
            accept: self.key().map(Accept::from_key),
            choice: *choice,
        })
    }
}

impl<'h, H: HeaderSource<'h>> Upgrade<'h, H> {
    /// Returns the subprotocols that the client offers, in its order of preference.
    #[must_use]
    pub fn subprotocols(&self) -> Subprotocols<'h, H::Lines> {
        self.subprotocols.subprotocols()
    }

    /// Returns the extensions that the client offers, in its order of preference.
    #[must_use]
    pub fn extensions(&self) -> Extensions<'h, H::Lines> {
        self.extensions.extensions()
    }

    /// Checks that the client offers what the server chooses (RFC 6455 section 4.2.2).
    fn check(&self, choice: &Choice<'_>) -> Result<(), EncodeError> {
        check_headers(choice.headers)?;
        if let Some(subprotocol) = choice.subprotocol
            && !self.subprotocols().any(|offered| offered == subprotocol)
        {
            return Err(EncodeError::SubprotocolNotOffered);
        }
        if !choice.extensions.is_empty() {
            let mut chosen = Extensions::parse(choice.extensions).ok_or(EncodeError::InvalidExtensions)?;
            if !chosen.all(|extension| extension.is_one_of(self.extensions())) {
                return Err(EncodeError::ExtensionNotOffered);
            }
        }
        Ok(())
    }
}

impl Acceptance<'_> {
    /// Returns the status of the response: 101, or 200 for an extended CONNECT (RFC 8441 section 5).
    #[must_use]
    pub const fn status(&self) -> u16 {
        if self.accept.is_some() { 101 } else { 200 }
    }

    /// Returns the names and values of the response's headers. The names are in lower case, as HTTP/2 requires.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let accept = self.accept.as_ref();
        let fixed = accept.map(|accept| {
            [
                ("upgrade", "websocket"),
                ("connection", "upgrade"),
                ("sec-websocket-accept", accept.as_str()),
            ]
        });
        let subprotocol = self
            .choice
            .subprotocol
            .map(|name| ("sec-websocket-protocol", name));
        let extensions = Some(("sec-websocket-extensions", self.choice.extensions));
        fixed
            .into_iter()
            .flatten()
            .chain(subprotocol)
            .chain(extensions.filter(|(_, list)| !list.is_empty()))
            .chain(self.choice.headers.iter().copied())
    }
}

fn write_upgrade(continues: bool, accept: &Accept, choice: &Choice<'_>, room: &mut [u8]) -> usize {
    let mut writer = Writer::new(room);
    if continues {
        writer.put(b"HTTP/1.1 100 Continue\r\n\r\n");
    }
    writer.put(
        b"HTTP/1.1 101 Switching Protocols\r\n\
          Upgrade: websocket\r\n\
          Connection: Upgrade\r\n\
          Sec-WebSocket-Accept: ",
    );
    writer.put(accept.as_bytes());
    writer.put(b"\r\n");
    if let Some(subprotocol) = choice.subprotocol {
        writer.header(const { HeaderName::Protocol.name() }, subprotocol);
    }
    if !choice.extensions.is_empty() {
        writer.header(const { HeaderName::Extensions.name() }, choice.extensions);
    }
    writer.headers(choice.headers);
    writer.put(b"\r\n");
    writer.len()
}

impl<'h, H: HeaderSource<'h>> fmt::Debug for Upgrade<'h, H>
where
    H::Lines: Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade")
            .field("key", &self.key)
            .field("subprotocols", &self.subprotocols())
            .field("extensions", &self.extensions())
            .finish()
    }
}
