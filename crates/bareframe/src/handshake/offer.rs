//! Offer: the request that a client sends (RFC 6455 section 4.1).

use crate::handshake::classes::Class;
use crate::handshake::encode::{EncodeError, Writer, check_headers, check_room};
use crate::handshake::header_name::HeaderName;
use crate::handshake::key::Key;
use crate::handshake::list::Extensions;
use crate::handshake::target::{is_authority, is_resource};

/// The request of a client: its target, and what it offers (RFC 6455 section 4.1).
///
/// ```
/// use bareframe::handshake::{Key, Offer};
/// let offer = Offer::new("example.com", "/chat").with_subprotocols(&["chat", "superchat"]);
/// let key = Key::from_random(*b"the sample nonce"); // Unpredictable in earnest.
/// let mut out = [0; 512];
/// let len = offer.encode(&key, &mut out)?;
/// assert_eq!(
///     out[..len],
///     *b"GET /chat HTTP/1.1\r\n\
///        Host: example.com\r\n\
///        Upgrade: websocket\r\n\
///        Connection: Upgrade\r\n\
///        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///        Sec-WebSocket-Version: 13\r\n\
///        Sec-WebSocket-Protocol: chat, superchat\r\n\r\n",
/// );
/// # Ok::<(), bareframe::handshake::EncodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Offer<'a> {
    pub(super) host: &'a str,
    pub(super) target: &'a str,
    pub(super) origin: Option<&'a str>,
    pub(super) subprotocols: &'a [&'a str],
    pub(super) extensions: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
}

impl<'a> Offer<'a> {
    /// Creates a request for a resource of a host, which offers nothing.
    ///
    /// The host includes a colon and the port unless that is the scheme's default. The target is a path and a query,
    /// both percent-encoded; a path that is only `/` may be left out.
    #[must_use]
    pub const fn new(host: &'a str, target: &'a str) -> Offer<'a> {
        Offer {
            host,
            target,
            origin: None,
            subprotocols: &[],
            extensions: "",
            headers: &[],
        }
    }

    /// Sets the origin, which a browser must send and others may.
    #[must_use]
    pub const fn with_origin(mut self, origin: Option<&'a str>) -> Offer<'a> {
        self.origin = origin;
        self
    }

    /// Sets the subprotocols offered, by preference: tokens, each once.
    #[must_use]
    pub const fn with_subprotocols(mut self, subprotocols: &'a [&'a str]) -> Offer<'a> {
        self.subprotocols = subprotocols;
        self
    }

    /// Sets the extensions offered, by preference, as a list. An empty list means none.
    #[must_use]
    pub const fn with_extensions(mut self, extensions: &'a str) -> Offer<'a> {
        self.extensions = extensions;
        self
    }

    /// Sets more headers, as names and values.
    #[must_use]
    pub const fn with_headers(mut self, headers: &'a [(&'a str, &'a str)]) -> Offer<'a> {
        self.headers = headers;
        self
    }

    /// Returns the host, with the port if it is not the scheme's default.
    #[must_use]
    pub const fn host(&self) -> &'a str {
        self.host
    }

    /// Returns the path and the query.
    #[must_use]
    pub const fn target(&self) -> &'a str {
        self.target
    }

    /// Returns the origin.
    #[must_use]
    pub const fn origin(&self) -> Option<&'a str> {
        self.origin
    }

    /// Returns the subprotocols offered.
    #[must_use]
    pub const fn subprotocols(&self) -> &'a [&'a str] {
        self.subprotocols
    }

    /// Returns the extensions offered.
    #[must_use]
    pub const fn extensions(&self) -> &'a str {
        self.extensions
    }

    /// Returns the headers that are added.
    #[must_use]
    pub const fn headers(&self) -> &'a [(&'a str, &'a str)] {
        self.headers
    }

    /// Writes the request with this key to `out`, and returns its length in bytes (RFC 6455 section 4.1).
    ///
    /// # Errors
    ///
    /// A value that is not allowed in a request, a header that must not be added, or [`EncodeError::BufferTooSmall`].
    /// Nothing is written then.
    pub fn encode(&self, key: &Key, out: &mut [u8]) -> Result<usize, EncodeError> {
        self.check()?;
        check_room(self.write(key, &mut []), out)?;
        Ok(self.write(key, out))
    }

    /// Returns the request that [`Offer::encode`] writes.
    ///
    /// ```
    /// use bareframe::handshake::{Key, Offer};
    /// let request = Offer::new("example.com", "/chat").to_vec(&Key::from_random([0; 16]))?;
    /// assert!(request.starts_with(b"GET /chat HTTP/1.1\r\n") && request.ends_with(b"\r\n\r\n"));
    /// # Ok::<(), bareframe::handshake::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Offer::encode`], but never [`EncodeError::BufferTooSmall`].
    #[cfg(feature = "alloc")]
    pub fn to_vec(&self, key: &Key) -> Result<alloc::vec::Vec<u8>, EncodeError> {
        crate::handshake::encode::to_vec(|out| self.encode(key, out))
    }

    fn write(&self, key: &Key, room: &mut [u8]) -> usize {
        let mut writer = Writer::new(room);
        writer.put(b"GET ");
        if !self.target.starts_with('/') {
            writer.put(b"/");
        }
        writer.put(self.target.as_bytes());
        writer.put(b" HTTP/1.1\r\nHost: ");
        writer.put(self.host.as_bytes());
        writer.put(b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ");
        writer.put(key.as_bytes());
        writer.put(b"\r\nSec-WebSocket-Version: 13\r\n");
        if let Some(origin) = self.origin {
            writer.header(const { HeaderName::Origin.name() }, origin);
        }
        if let Some((first, others)) = self.subprotocols.split_first() {
            writer.put(b"Sec-WebSocket-Protocol: ");
            writer.put(first.as_bytes());
            for other in others {
                writer.put(b", ");
                writer.put(other.as_bytes());
            }
            writer.put(b"\r\n");
        }
        if !self.extensions.is_empty() {
            writer.header(const { HeaderName::Extensions.name() }, self.extensions);
        }
        writer.headers(self.headers);
        writer.put(b"\r\n");
        writer.len()
    }

    fn check(&self) -> Result<(), EncodeError> {
        if !is_authority(self.host.as_bytes()) {
            return Err(EncodeError::InvalidHost);
        }
        let target = self.target.as_bytes();
        if !matches!(target, [] | [b'/' | b'?', ..]) || !is_resource(target) {
            return Err(EncodeError::InvalidTarget);
        }
        if self
            .origin
            .is_some_and(|origin| origin.is_empty() || !origin.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(EncodeError::InvalidOrigin);
        }
        let mut subprotocols = self.subprotocols;
        while let Some((first, others)) = subprotocols.split_first() {
            if !Class::TOKEN.has_all(first.as_bytes()) {
                return Err(EncodeError::InvalidSubprotocol);
            }
            if others.contains(first) {
                return Err(EncodeError::RepeatedSubprotocol);
            }
            subprotocols = others;
        }
        if !self.extensions.is_empty() && Extensions::parse(self.extensions).is_none() {
            return Err(EncodeError::InvalidExtensions);
        }
        check_headers(self.headers)
    }
}
