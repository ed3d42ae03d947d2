//! Writing heads, and checking what a caller puts into them.

use crate::error::BufferTooSmall;
use crate::handshake::classes::{Class, take_text};
use crate::handshake::header_name::HeaderName;
use core::fmt;

/// Why a head was not written. The fault is the caller's, and nothing was written.
///
/// ```
/// use bareframe::handshake::{Answer, EncodeError, Status};
/// let answer = Answer::new(Status::OK).with_headers(&[("X-Name", "value\r\nInjected: yes")]);
/// assert_eq!(answer.encode(&mut [0; 256]), Err(EncodeError::InvalidHeaderValue));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EncodeError {
    /// The host is not a host, with a port or without (RFC 3986 section 3.2).
    InvalidHost,
    /// The target is not a path and a query, or has a character that must be percent-encoded (RFC 3986 sections 3.3 and
    /// 3.4), or a fragment (RFC 6455 section 3).
    InvalidTarget,
    /// The origin is empty or has a character that is not visible ASCII (RFC 6454 section 6.2).
    InvalidOrigin,
    /// A header's name is not a token (RFC 9110 section 5.1).
    InvalidHeaderName,
    /// A header's value has a CR, LF, NUL or another control character (RFC 9110 section 5.5).
    InvalidHeaderValue,
    /// A header that the handshake itself writes, or that is not allowed: one of `Host`, `Origin`, `Upgrade`, `Expect`,
    /// `Connection`, `Content-Length`, `Transfer-Encoding` and `Sec-WebSocket-*` (RFC 6455 section 4.1).
    ReservedHeader,
    /// A subprotocol to offer is not a token (RFC 6455 section 4.1).
    InvalidSubprotocol,
    /// A subprotocol is offered twice (RFC 6455 section 4.1).
    RepeatedSubprotocol,
    /// The chosen subprotocol is not one that the client offered (RFC 6455 section 4.2.2).
    SubprotocolNotOffered,
    /// The extensions are not a list of extensions (RFC 6455 section 9.1).
    InvalidExtensions,
    /// A chosen extension is not one that the client offered (RFC 6455 section 9.1).
    ExtensionNotOffered,
    /// Content for a status that has none (RFC 9110 section 15).
    ContentNotAllowed,
    /// The output has too little room.
    BufferTooSmall(BufferTooSmall),
}

/// An output that also counts the bytes for which it has no room.
pub(super) struct Writer<'o> {
    room: &'o mut [u8],
    len: usize,
}

impl<'o> Writer<'o> {
    pub(super) const fn new(room: &'o mut [u8]) -> Writer<'o> {
        Writer { room, len: 0 }
    }

    /// Returns how many bytes were written or counted.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn put(&mut self, piece: &[u8]) {
        self.len = self.len.saturating_add(piece.len());
        if let Some(room) = self.room.split_off_mut(..piece.len()) {
            for (to, from) in room.iter_mut().zip(piece) {
                *to = *from;
            }
        }
    }

    pub(super) fn header(&mut self, name: &[u8], value: &str) {
        self.put(name);
        self.put(b": ");
        self.put(value.as_bytes());
        self.put(b"\r\n");
    }

    // Inlined, so that the compiler removes the loop if there are no headers.
    #[inline(always)]
    pub(super) fn headers(&mut self, headers: &[(&str, &str)]) {
        for (name, value) in headers {
            self.header(name.as_bytes(), value);
        }
    }

    /// Writes a number in decimal, without a division of 64 bits, which microcontrollers do not have.
    pub(super) fn number(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut quotient = number.to_be_bytes();
        let mut len = 0usize;
        for digit in digits.iter_mut().rev() {
            let mut remainder = 0;
            for byte in &mut quotient {
                let dividend = remainder << 8 | u32::from(*byte);
                // A tenth, which is exact below 16,389. The dividend is below 2,560.
                let [.., tenth, _, _] = dividend.wrapping_mul(6554).to_be_bytes();
                *byte = tenth;
                remainder = dividend.wrapping_sub(u32::from(tenth).wrapping_mul(10));
            }
            let [.., ones] = remainder.to_be_bytes();
            *digit = b'0' | ones;
            len = len.wrapping_add(1);
            if quotient == [0; 8] {
                break;
            }
        }
        let zeros = digits.len().wrapping_sub(len);
        self.put(digits.get(zeros..).unwrap_or_default());
    }
}

/// Checks that a head fits. Every head is written twice, first to an empty output, to find out its length.
pub(super) fn check_room(needed: usize, out: &[u8]) -> Result<(), EncodeError> {
    let available = out.len();
    if needed > available {
        return Err(BufferTooSmall { needed, available }.into());
    }
    Ok(())
}

/// Writes a head to memory of its length.
#[cfg(feature = "alloc")]
pub(super) fn to_vec(
    write: impl Fn(&mut [u8]) -> Result<usize, EncodeError>,
) -> Result<alloc::vec::Vec<u8>, EncodeError> {
    let mut out = alloc::vec![0; 1024];
    loop {
        match write(&mut out) {
            Ok(len) => {
                out.truncate(len);
                return Ok(out);
            }
            Err(EncodeError::BufferTooSmall(error)) => out.resize(error.needed, 0),
            Err(error) => return Err(error),
        }
    }
}

/// Checks the headers that a caller adds.
pub(super) fn check_headers(headers: &[(&str, &str)]) -> Result<(), EncodeError> {
    for (name, value) in headers {
        if !Class::TOKEN.has_all(name.as_bytes()) {
            return Err(EncodeError::InvalidHeaderName);
        }
        let family = name.as_bytes().first_chunk();
        if HeaderName::of(name.as_bytes()).is_some()
            || family.is_some_and(|family: &[u8; 14]| family.eq_ignore_ascii_case(b"Sec-WebSocket-"))
        {
            return Err(EncodeError::ReservedHeader);
        }
        let mut rest = value.as_bytes();
        take_text(&mut rest);
        if !rest.is_empty() {
            return Err(EncodeError::InvalidHeaderValue);
        }
    }
    Ok(())
}

impl From<BufferTooSmall> for EncodeError {
    fn from(error: BufferTooSmall) -> EncodeError {
        EncodeError::BufferTooSmall(error)
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EncodeError::InvalidHost => "the host is not a host, with or without a port",
            EncodeError::InvalidTarget => {
                "the target must be a path and a query, percent-encoded and without a fragment"
            }
            EncodeError::InvalidOrigin => "the origin must be visible ASCII",
            EncodeError::InvalidHeaderName => "a header's name must be a token",
            EncodeError::InvalidHeaderValue => "a header's value must not have control characters",
            EncodeError::ReservedHeader => "a header that the handshake itself writes can't be added",
            EncodeError::InvalidSubprotocol => "a subprotocol must be a token",
            EncodeError::RepeatedSubprotocol => "a subprotocol must be offered once only",
            EncodeError::SubprotocolNotOffered => "the chosen subprotocol was not offered",
            EncodeError::InvalidExtensions => "the extensions are malformed",
            EncodeError::ExtensionNotOffered => "a chosen extension was not offered",
            EncodeError::ContentNotAllowed => "an answer with this status has no content",
            EncodeError::BufferTooSmall(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for EncodeError {}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn s8_6_numbers_are_written_in_decimal() {
        for number in (0..1100).chain((0..64).map(|bit| 1 << bit)).chain([u64::MAX]) {
            let mut out = [0; 20];
            let mut writer = Writer::new(&mut out);
            writer.number(number);
            let len = writer.len();
            assert_eq!(out[..len], *number.to_string().as_bytes());
        }
    }
}
