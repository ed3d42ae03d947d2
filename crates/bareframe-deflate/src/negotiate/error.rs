//! NegotiationError: why an offer is declined, or a response fails the connection.

use core::fmt;

/// What is wrong with an element of `Sec-WebSocket-Extensions`: a server declines such an offer, a client fails the connection.
///
/// ```
/// use bareframe::handshake::Extensions;
/// use bareframe_deflate::{NegotiationError, Offer};
/// let element = Extensions::parse("permessage-deflate; server_max_window_bits=08").unwrap().next().unwrap();
/// assert_eq!(Offer::parse(element).unwrap_err(), NegotiationError::InvalidValue);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum NegotiationError {
    /// A parameter is not one of the four (RFC 7692 section 7.1).
    UnknownParameter,
    /// A parameter occurs more than once (section 7).
    RepeatedParameter,
    /// A value is not 8 to 15 in decimal without leading zeros, is missing, or is not allowed (sections 7 and 7.1).
    InvalidValue,
    /// The response grants what was not offered, or leaves out what was asked for (sections 7 and 7.1).
    NotOffered,
    /// The response has the extension more than once (section 5).
    RepeatedExtension,
}

impl fmt::Display for NegotiationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NegotiationError::UnknownParameter => "permessage-deflate has an unknown parameter",
            NegotiationError::RepeatedParameter => "permessage-deflate has a parameter more than once",
            NegotiationError::InvalidValue => "permessage-deflate has a parameter with an invalid value",
            NegotiationError::NotOffered => "the response to permessage-deflate does not fit its offers",
            NegotiationError::RepeatedExtension => "the response has permessage-deflate more than once",
        })
    }
}

impl core::error::Error for NegotiationError {}
