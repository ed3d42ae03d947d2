//! Offer: an offer of a client, and reading the response to it.

use super::EXTENSION;
use super::error::NegotiationError;
use super::parameters::{Direction, Element, Parameters};
use super::text::write_text;
use crate::WindowBits;
use bareframe::BufferTooSmall;
use bareframe::handshake::Extension;
use core::fmt;

/// One offer of a client (RFC 7692 section 7.1).
///
/// ```
/// use bareframe_deflate::{Offer, WindowBits};
/// assert_eq!(Offer::DEFAULT.to_string(), "permessage-deflate; client_max_window_bits");
/// let small = Offer::DEFAULT
///     .with_server_max_window_bits(WindowBits::new(9))
///     .with_server_no_context_takeover(true);
/// assert_eq!(
///     small.to_string(),
///     "permessage-deflate; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits"
/// );
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Offer(pub(super) Element);

impl Offer {
    /// An offer without restrictions on the server, which may limit the client's window.
    pub const DEFAULT: Offer = Offer(Element {
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server_max_window_bits: None,
        client_max_window_bits: Some(None),
    });

    /// Sets whether the server has to compress each message by itself (section 7.1.1.1), so that no window has to be kept between
    /// messages.
    #[must_use]
    pub const fn with_server_no_context_takeover(mut self, is_asked_for: bool) -> Offer {
        self.0.server_no_context_takeover = is_asked_for;
        self
    }

    /// Sets whether the client promises to compress each message by itself (section 7.1.1.2).
    #[must_use]
    pub const fn with_client_no_context_takeover(mut self, is_promised: bool) -> Offer {
        self.0.client_no_context_takeover = is_promised;
        self
    }

    /// Sets the largest window that the server may use, if there is a limit (section 7.1.2.1): the memory of the client's
    /// [`Inflater`](crate::Inflater) depends on it.
    #[must_use]
    pub const fn with_server_max_window_bits(mut self, bits: Option<WindowBits>) -> Offer {
        self.0.server_max_window_bits = bits;
        self
    }

    /// Sets the largest window that the client will use (section 7.1.2.2), and that the server may limit it further.
    #[must_use]
    pub const fn with_client_max_window_bits(mut self, bits: WindowBits) -> Offer {
        self.0.client_max_window_bits = Some(Some(bits));
        self
    }

    /// Removes the permission to limit the client's window, so that a response with `client_max_window_bits` fails the
    /// connection.
    #[must_use]
    pub const fn without_client_max_window_bits(mut self) -> Offer {
        self.0.client_max_window_bits = None;
        self
    }

    /// Reads an element of a request.
    ///
    /// # Errors
    ///
    /// If a parameter is unknown, repeated, or has a value that it may not have: the offer is declined. The name of the extension
    /// is not looked at.
    ///
    /// ```
    /// use bareframe::handshake::Extensions;
    /// use bareframe_deflate::{NegotiationError, Offer};
    /// let parse = |list| Offer::parse(Extensions::parse(list).unwrap().next().unwrap());
    /// assert_eq!(parse("permessage-deflate; client_max_window_bits"), Ok(Offer::DEFAULT));
    /// assert_eq!(parse("permessage-deflate; x"), Err(NegotiationError::UnknownParameter));
    /// ```
    pub fn parse(element: Extension<'_>) -> Result<Offer, NegotiationError> {
        Element::parse(element).map(Offer)
    }

    /// Returns `true` if a response may be the answer to this offer.
    fn is_accepted_by(&self, response: &Element) -> bool {
        let takeover = response.server_no_context_takeover || !self.0.server_no_context_takeover;
        let server_bits = match (self.0.server_max_window_bits, response.server_max_window_bits) {
            (Some(most), Some(bits)) => bits <= most,
            (Some(_), None) => false,
            (None, _) => true,
        };
        let client_bits = match (self.0.client_max_window_bits, response.client_max_window_bits) {
            (_, None) | (Some(None), Some(Some(_))) => true,
            (Some(Some(most)), Some(Some(bits))) => bits <= most,
            _ => false,
        };
        takeover && server_bits && client_bits
    }
}

/// Writes offers, the preferred one first, to the front of `out`, and returns what is to be the value of
/// `Sec-WebSocket-Extensions`.
///
/// # Errors
///
/// If they do not fit; 130 bytes are enough for each.
///
/// ```
/// use bareframe::handshake::{Key, Offer as Request};
/// use bareframe_deflate::{Offer, WindowBits, encode_offers};
/// let offers = [Offer::DEFAULT.with_server_max_window_bits(WindowBits::new(10)), Offer::DEFAULT];
/// let mut out = [0; 260];
/// let extensions = encode_offers(&offers, &mut out)?;
/// assert_eq!(
///     extensions,
///     "permessage-deflate; server_max_window_bits=10; client_max_window_bits, \
///      permessage-deflate; client_max_window_bits"
/// );
/// let request = Request::new("example.com", "/").with_extensions(extensions);
/// assert!(request.encode(&Key::from_random([0; 16]), &mut [0; 500]).is_ok());
/// # Ok::<(), bareframe::BufferTooSmall>(())
/// ```
pub fn encode_offers<'o>(offers: &[Offer], out: &'o mut [u8]) -> Result<&'o str, BufferTooSmall> {
    let pieces = offers.iter().enumerate().flat_map(|(index, offer)| {
        let comma = if index > 0 { ", " } else { "" };
        core::iter::once(comma).chain(offer.0.text())
    });
    write_text(pieces, out)
}

/// Returns what a server's response to these offers agrees on, or `None` if it does not have the extension.
///
/// If the response may answer several offers, the client keeps its promises of all of them.
///
/// # Errors
///
/// If the response is malformed, or fits none of the offers: the client fails the connection (RFC 7692 section 7).
///
/// ```
/// use bareframe::handshake::Extensions;
/// use bareframe_deflate::{NegotiationError, Offer, agree};
/// let response = Extensions::parse("permessage-deflate; client_max_window_bits=12").unwrap();
/// let parameters = agree(&[Offer::DEFAULT], response.clone())?.unwrap();
/// assert_eq!(parameters.client().window_bits().bits(), 12);
/// let refused = agree(&[Offer::DEFAULT.without_client_max_window_bits()], response);
/// assert_eq!(refused, Err(NegotiationError::NotOffered));
/// # Ok::<(), NegotiationError>(())
/// ```
pub fn agree<'r>(
    offers: &[Offer],
    response: impl IntoIterator<Item = Extension<'r>>,
) -> Result<Option<Parameters>, NegotiationError> {
    let mut elements = response.into_iter().filter(|element| element.name() == EXTENSION);
    let Some(element) = elements.next() else {
        return Ok(None);
    };
    if elements.next().is_some() {
        return Err(NegotiationError::RepeatedExtension);
    }
    let response = Element::parse(element)?;
    if response.client_max_window_bits == Some(None) {
        return Err(NegotiationError::InvalidValue);
    }
    let mut client = None::<Direction>;
    for offer in offers.iter().filter(|offer| offer.is_accepted_by(&response)) {
        let promised = offer
            .0
            .client_max_window_bits
            .flatten()
            .unwrap_or(WindowBits::MAX);
        let limit = response
            .client_max_window_bits
            .flatten()
            .unwrap_or(WindowBits::MAX);
        let bits = promised.min(limit);
        let takeover = !(response.client_no_context_takeover || offer.0.client_no_context_takeover);
        client = Some(match client {
            Some(before) => Direction {
                window_bits: before.window_bits.min(bits),
                context_takeover: before.context_takeover && takeover,
            },
            None => Direction {
                window_bits: bits,
                context_takeover: takeover,
            },
        });
    }
    Ok(Some(Parameters {
        server: Direction {
            window_bits: response.server_max_window_bits.unwrap_or(WindowBits::MAX),
            context_takeover: !response.server_no_context_takeover,
        },
        client: client.ok_or(NegotiationError::NotOffered)?,
        response,
    }))
}

impl Default for Offer {
    fn default() -> Offer {
        Offer::DEFAULT
    }
}

/// The element of the request.
impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.text().iter().try_for_each(|piece| f.write_str(piece))
    }
}
