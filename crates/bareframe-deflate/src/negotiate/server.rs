//! Acceptance: which offers a server accepts.

use super::EXTENSION;
use super::offer::Offer;
use super::parameters::{Direction, Element, Parameters};
use crate::WindowBits;
use bareframe::handshake::Extension;

/// What a server accepts (RFC 7692 section 7.1).
///
/// ```
/// use bareframe::handshake::{Accept, Choice, Request};
/// use bareframe_deflate::Acceptance;
///
/// let head = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
///     Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
/// let (request, _) = Request::parse(head.as_bytes()).unwrap();
/// let upgrade = request.upgrade().unwrap().unwrap();
/// let acceptance = Acceptance::DEFAULT.with_server_no_context_takeover(true);
/// let parameters = acceptance.accept(upgrade.extensions()).unwrap();
/// let mut text = [0; 128];
/// let choice = Choice::DEFAULT.with_extensions(parameters.encode(&mut text).unwrap());
/// assert_eq!(choice.extensions(), "permessage-deflate; server_no_context_takeover");
/// let accept = Accept::from_key(upgrade.key());
/// assert!(upgrade.encode(&accept, &choice, &mut [0; 500]).is_ok());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Acceptance {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: WindowBits,
    client_max_window_bits: WindowBits,
}

impl Acceptance {
    /// Context takeover and the largest windows, unless a client wants less.
    pub const DEFAULT: Acceptance = Acceptance {
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server_max_window_bits: WindowBits::MAX,
        client_max_window_bits: WindowBits::MAX,
    };

    /// Sets whether the server compresses each message by itself (section 7.1.1.1), so that one deflater may serve many
    /// connections.
    #[must_use]
    pub const fn with_server_no_context_takeover(mut self, is_so: bool) -> Acceptance {
        self.server_no_context_takeover = is_so;
        self
    }

    /// Sets whether clients have to compress each message by itself (section 7.1.1.2), so that one window to inflate may serve many
    /// connections.
    #[must_use]
    pub const fn with_client_no_context_takeover(mut self, is_so: bool) -> Acceptance {
        self.client_no_context_takeover = is_so;
        self
    }

    /// Sets the largest window that the server compresses with (section 7.1.2.1).
    #[must_use]
    pub const fn with_server_max_window_bits(mut self, bits: WindowBits) -> Acceptance {
        self.server_max_window_bits = bits;
        self
    }

    /// Sets the largest window that the server has for inflating (section 7.1.2.2).
    ///
    /// Offers of clients that may not be told so are declined, unless it is [`WindowBits::MAX`].
    #[must_use]
    pub const fn with_client_max_window_bits(mut self, bits: WindowBits) -> Acceptance {
        self.client_max_window_bits = bits;
        self
    }

    /// Returns the parameters by which the first offer that is valid and can be kept is accepted, or `None` if there is none.
    ///
    /// ```
    /// use bareframe::handshake::Extensions;
    /// use bareframe_deflate::Acceptance;
    /// let accept = |offers| {
    ///     let offers = Extensions::parse(offers).unwrap();
    ///     Acceptance::DEFAULT.accept(offers).map(|parameters| parameters.to_string())
    /// };
    /// let response = accept("permessage-deflate; unknown, x-toy, permessage-deflate; server_max_window_bits=\"12\"");
    /// assert_eq!(response.unwrap(), "permessage-deflate; server_max_window_bits=12");
    /// assert_eq!(accept("x-toy"), None);
    /// ```
    #[must_use]
    pub fn accept<'o>(&self, offers: impl IntoIterator<Item = Extension<'o>>) -> Option<Parameters> {
        offers
            .into_iter()
            .filter(|element| element.name() == EXTENSION)
            .filter_map(|element| Offer::parse(element).ok())
            .find_map(|offer| self.accept_offer(&offer))
    }

    fn accept_offer(&self, Offer(offer): &Offer) -> Option<Parameters> {
        let server_bits = match offer.server_max_window_bits {
            Some(most) => most.min(self.server_max_window_bits),
            None => self.server_max_window_bits,
        };
        let client_bits = match offer.client_max_window_bits {
            Some(most) => most.unwrap_or(WindowBits::MAX).min(self.client_max_window_bits),
            None if self.client_max_window_bits == WindowBits::MAX => WindowBits::MAX,
            None => return None,
        };
        let response = Element {
            server_no_context_takeover: offer.server_no_context_takeover || self.server_no_context_takeover,
            client_no_context_takeover: offer.client_no_context_takeover || self.client_no_context_takeover,
            server_max_window_bits: (offer.server_max_window_bits.is_some() || server_bits < WindowBits::MAX)
                .then_some(server_bits),
            client_max_window_bits: (client_bits < WindowBits::MAX).then_some(Some(client_bits)),
        };
        Some(Parameters {
            server: Direction {
                window_bits: server_bits,
                context_takeover: !response.server_no_context_takeover,
            },
            client: Direction {
                window_bits: client_bits,
                context_takeover: !response.client_no_context_takeover,
            },
            response,
        })
    }
}

impl Default for Acceptance {
    fn default() -> Acceptance {
        Acceptance::DEFAULT
    }
}
