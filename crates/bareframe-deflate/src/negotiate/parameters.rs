//! Parameters: what both sides agreed on, and parsing and writing the four parameters.

use super::EXTENSION;
use super::error::NegotiationError;
use super::text::{Text, write_text};
use crate::WindowBits;
use bareframe::BufferTooSmall;
use bareframe::handshake::{Extension, ParamValue};
use core::fmt;

/// What both sides agreed on, and the element of the response for it.
///
/// ```
/// use bareframe::handshake::Extensions;
/// use bareframe_deflate::{Acceptance, WindowBits};
/// let offers = Extensions::parse("permessage-deflate; client_max_window_bits").unwrap();
/// let acceptance = Acceptance::DEFAULT.with_client_max_window_bits(WindowBits::new(10).unwrap());
/// let parameters = acceptance.accept(offers).unwrap();
/// assert_eq!(parameters.client().window_bits().bits(), 10);
/// assert!(parameters.client().context_takeover());
/// assert_eq!(parameters.server().window_bits(), WindowBits::MAX);
/// assert_eq!(parameters.to_string(), "permessage-deflate; client_max_window_bits=10");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Parameters {
    pub(super) server: Direction,
    pub(super) client: Direction,
    /// The element of the response.
    pub(super) response: Element,
}

/// How one side compresses what it sends (RFC 7692 section 7.1).
///
/// [`Parameters`] shows it in use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Direction {
    pub(super) window_bits: WindowBits,
    pub(super) context_takeover: bool,
}

/// The four parameters of an element. `client_max_window_bits` has no value only in an offer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Element {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_max_window_bits: Option<WindowBits>,
    pub(super) client_max_window_bits: Option<Option<WindowBits>>,
}

impl Parameters {
    /// Returns how the server compresses.
    #[must_use]
    pub const fn server(&self) -> Direction {
        self.server
    }

    /// Returns how the client compresses.
    #[must_use]
    pub const fn client(&self) -> Direction {
        self.client
    }

    /// Returns how the peer compresses and how we do, for a client or for a server.
    ///
    /// ```
    /// use bareframe::handshake::Extensions;
    /// use bareframe_deflate::Policy;
    /// let offers = Extensions::parse("permessage-deflate; server_no_context_takeover").unwrap();
    /// let parameters = Policy::DEFAULT.with_sending_takeover(true).acceptance().accept(offers).unwrap();
    /// assert_eq!(parameters.directions(true), (parameters.server(), parameters.client()));
    /// assert_eq!(parameters.directions(false), (parameters.client(), parameters.server()));
    /// ```
    #[must_use]
    pub const fn directions(&self, is_client: bool) -> (Direction, Direction) {
        if is_client {
            (self.server, self.client)
        } else {
            (self.client, self.server)
        }
    }

    /// Writes the element of the response's `Sec-WebSocket-Extensions` to the front of `out`, of which 128 bytes are enough,
    /// and returns it.
    ///
    /// # Errors
    ///
    /// If it does not fit.
    ///
    /// ```
    /// use bareframe::handshake::Extensions;
    /// use bareframe_deflate::Acceptance;
    /// let offers = Extensions::parse("permessage-deflate; server_max_window_bits=9").unwrap();
    /// let parameters = Acceptance::DEFAULT.accept(offers).unwrap();
    /// let mut out = [0; 128];
    /// assert_eq!(parameters.encode(&mut out)?, "permessage-deflate; server_max_window_bits=9");
    /// # Ok::<(), bareframe::BufferTooSmall>(())
    /// ```
    pub fn encode<'o>(&self, out: &'o mut [u8]) -> Result<&'o str, BufferTooSmall> {
        write_text(self.response.text(), out)
    }
}

impl Direction {
    /// Returns the window bits of what this side compresses, which the other needs to inflate it.
    #[must_use]
    pub const fn window_bits(self) -> WindowBits {
        self.window_bits
    }

    /// Returns `true` if a message may refer to those before it.
    #[must_use]
    pub const fn context_takeover(self) -> bool {
        self.context_takeover
    }
}

impl Element {
    /// Reads the parameters of an element.
    pub(super) fn parse(element: Extension<'_>) -> Result<Element, NegotiationError> {
        let mut parsed = Element::default();
        for param in element.params() {
            let is_repeated = match param.name() {
                "server_no_context_takeover" => {
                    no_value(param.value())?;
                    core::mem::replace(&mut parsed.server_no_context_takeover, true)
                }
                "client_no_context_takeover" => {
                    no_value(param.value())?;
                    core::mem::replace(&mut parsed.client_no_context_takeover, true)
                }
                "server_max_window_bits" => {
                    let bits = param.value().ok_or(NegotiationError::InvalidValue)?;
                    parsed
                        .server_max_window_bits
                        .replace(window_bits(bits)?)
                        .is_some()
                }
                "client_max_window_bits" => {
                    let bits = param.value().map(window_bits).transpose()?;
                    parsed.client_max_window_bits.replace(bits).is_some()
                }
                _ => return Err(NegotiationError::UnknownParameter),
            };
            if is_repeated {
                return Err(NegotiationError::RepeatedParameter);
            }
        }
        Ok(parsed)
    }

    /// Returns the element in pieces.
    pub(super) fn text(&self) -> Text {
        let flag = |is_there: bool, name: &'static str| if is_there { name } else { "" };
        let server_bits = self.server_max_window_bits;
        let client_bits = self.client_max_window_bits;
        let client_value = client_bits.flatten();
        [
            EXTENSION,
            flag(self.server_no_context_takeover, "; server_no_context_takeover"),
            flag(self.client_no_context_takeover, "; client_no_context_takeover"),
            flag(server_bits.is_some(), "; server_max_window_bits="),
            server_bits.map_or("", decimal),
            flag(client_bits.is_some(), "; client_max_window_bits"),
            flag(client_value.is_some(), "="),
            client_value.map_or("", decimal),
        ]
    }
}

/// The values that a parameter may have.
const DECIMALS: [(&str, u8); 8] = [
    ("8", 8),
    ("9", 9),
    ("10", 10),
    ("11", 11),
    ("12", 12),
    ("13", 13),
    ("14", 14),
    ("15", 15),
];

fn window_bits(value: ParamValue<'_>) -> Result<WindowBits, NegotiationError> {
    let decimal = DECIMALS.iter().find(|&&(decimal, _)| value == decimal);
    let bits = decimal.and_then(|&(_, bits)| WindowBits::new(bits));
    bits.ok_or(NegotiationError::InvalidValue)
}

fn decimal(bits: WindowBits) -> &'static str {
    let decimal = DECIMALS.iter().find(|&&(_, decimal)| decimal == bits.bits());
    decimal.map_or("", |&(decimal, _)| decimal)
}

fn no_value(value: Option<ParamValue<'_>>) -> Result<(), NegotiationError> {
    match value {
        Some(_) => Err(NegotiationError::InvalidValue),
        None => Ok(()),
    }
}

/// The element of the response.
impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.response
            .text()
            .iter()
            .try_for_each(|piece| f.write_str(piece))
    }
}
