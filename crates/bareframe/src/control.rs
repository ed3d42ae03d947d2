//! The payload of a control frame: at most 125 bytes, passed by value (RFC 6455 section 5.5).

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
mod compact;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
mod fast;
mod frame;

pub use frame::ControlFrame;

use crate::close::CloseCode;
use crate::error::{ProtocolError, SendError};
use crate::mask::Masker;
use crate::utf8::{InvalidUtf8, Utf8Validator};
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Deref;

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
use compact as leaf;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
use fast as leaf;

/// The payload of a control frame: 0 to 125 bytes (RFC 6455 section 5.5).
///
/// ```
/// use bareframe::ControlPayload;
/// let payload = ControlPayload::new(b"heartbeat 7")?;
/// assert_eq!(&payload[..], b"heartbeat 7");
/// assert!(ControlPayload::try_from(&[0; 126][..]).is_err());
/// # Ok::<(), bareframe::SendError>(())
/// ```
#[derive(Clone, Copy)]
pub struct ControlPayload {
    // The last byte is the length, at most MAX_LEN; the bytes between the payload and it have no meaning.
    bytes: [u8; ControlPayload::MAX_LEN + 1],
}

impl ControlPayload {
    /// The longest control payload in bytes.
    pub const MAX_LEN: usize = 125;

    /// The payload without any bytes.
    pub const EMPTY: ControlPayload = ControlPayload {
        bytes: [0; ControlPayload::MAX_LEN + 1],
    };

    /// Creates a payload that is a copy of these bytes.
    ///
    /// # Errors
    ///
    /// [`SendError::OversizedControl`] if there are more than [`ControlPayload::MAX_LEN`] bytes.
    pub fn new(bytes: &[u8]) -> Result<ControlPayload, SendError> {
        let mut payload = ControlPayload::EMPTY;
        if payload.fill(Masker::NONE, bytes) {
            Ok(payload)
        } else {
            Err(SendError::OversizedControl)
        }
    }

    /// Replaces the payload by these bytes, unmasked. Returns `false` and changes nothing if they do not fit.
    #[inline]
    pub(crate) fn fill(&mut self, masker: Masker, from: &[u8]) -> bool {
        match u8::try_from(from.len()) {
            Ok(len) if from.len() <= ControlPayload::MAX_LEN => {
                leaf::fill(self, masker, from, len);
                true
            }
            _ => false,
        }
    }

    #[inline]
    pub(crate) const fn payload_len(&self) -> u8 {
        let [.., len] = self.bytes;
        len
    }

    #[inline]
    const fn set_len(&mut self, len: u8) {
        let [.., last] = &mut self.bytes;
        *last = len;
    }

    #[inline]
    pub(crate) const fn clear(&mut self) {
        self.set_len(0);
    }

    /// Adds a byte at the end. Returns `false` if it does not fit.
    #[inline]
    pub(crate) fn push(&mut self, byte: u8) -> bool {
        let len = self.payload_len();
        if usize::from(len) < ControlPayload::MAX_LEN
            && let Some(to) = self.bytes.get_mut(usize::from(len))
        {
            *to = byte;
            self.set_len(len.wrapping_add(1));
            return true;
        }
        false
    }

    /// Adds as many of the bytes at the end as fit. Returns `false` if not all of them do.
    pub(crate) fn extend(&mut self, bytes: &[u8]) -> bool {
        bytes.iter().all(|byte| self.push(*byte))
    }

    /// Returns the first two bytes, which are the code of a Close frame, as a number; `None` if the payload is shorter.
    #[inline]
    pub(crate) const fn close_number(&self) -> Option<u16> {
        match &self.bytes {
            [high, low, ..] if self.payload_len() >= 2 => Some(u16::from_be_bytes([*high, *low])),
            _ => None,
        }
    }

    /// Checks the payload of a Close frame and returns its code (RFC 6455 section 5.5.1).
    pub(crate) fn check_close(&self) -> Result<Option<CloseCode>, ProtocolError> {
        // There are always this many bytes.
        let Some(bytes) = self.bytes.get(..usize::from(self.payload_len())) else {
            return Ok(None);
        };
        let (number, reason) = match bytes {
            [] => return Ok(None),
            [_] => return Err(ProtocolError::TruncatedCloseCode),
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        };
        let Some(code) = CloseCode::new(number) else {
            return Err(ProtocolError::InvalidCloseCode);
        };
        let mut validator = Utf8Validator::new();
        if validator.push(reason).is_err() || validator.finish().is_err() {
            return Err(ProtocolError::InvalidCloseReason);
        }
        Ok(Some(code))
    }

    /// Returns the byte of the reason of a Close frame at which it is not UTF-8.
    pub(crate) fn invalid_reason_at(&self) -> usize {
        let reason = self.get(2..).unwrap_or(&[]);
        let mut validator = Utf8Validator::new();
        match validator.push(reason) {
            Ok(()) => reason.len().saturating_sub(1),
            Err(InvalidUtf8 { at }) => at,
        }
    }

    /// Creates the payload of a Close frame (RFC 6455 section 5.5.1).
    pub(crate) fn from_close(code: Option<CloseCode>, reason: &str) -> Result<ControlPayload, SendError> {
        let mut payload = ControlPayload::EMPTY;
        let Some(code) = code else {
            return if reason.is_empty() {
                Ok(payload)
            } else {
                Err(SendError::ReasonWithoutCode)
            };
        };
        if payload.extend(&code.number().to_be_bytes()) && payload.extend(reason.as_bytes()) {
            Ok(payload)
        } else {
            Err(SendError::OversizedControl)
        }
    }
}

impl Default for ControlPayload {
    fn default() -> ControlPayload {
        ControlPayload::EMPTY
    }
}

impl TryFrom<&[u8]> for ControlPayload {
    type Error = SendError;

    fn try_from(bytes: &[u8]) -> Result<ControlPayload, SendError> {
        ControlPayload::new(bytes)
    }
}

impl Deref for ControlPayload {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.payload_len())).unwrap_or(&[])
    }
}

impl AsRef<[u8]> for ControlPayload {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for ControlPayload {
    fn eq(&self, other: &ControlPayload) -> bool {
        **self == **other
    }
}

impl Eq for ControlPayload {}

/// Hashes the bytes, as `[u8]` does.
impl Hash for ControlPayload {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for ControlPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ControlPayload({:02x?})", &**self)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::mask::MaskingKey;
    use core::hash::BuildHasher;
    use std::vec::Vec;

    #[test]
    fn s5_5_every_length_is_copied_whole_and_unmasked() {
        let masker = Masker::new(MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]));
        let mut payload = ControlPayload::EMPTY;
        for len in (0..=ControlPayload::MAX_LEN).rev() {
            let plain: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
            let mut masked = plain.clone();
            masker.clone().apply(&mut masked);
            assert!(payload.fill(masker, &masked));
            assert_eq!(*payload, *plain, "{len}");
        }
        assert!(!payload.fill(masker, &[0; ControlPayload::MAX_LEN + 1]));
        assert!(payload.is_empty());
    }

    #[test]
    fn equal_payloads_have_the_hash_of_their_bytes() {
        let hasher = std::hash::RandomState::new();
        for bytes in [&b""[..], b"a", b"ab"] {
            let payload = ControlPayload::new(bytes).unwrap();
            assert_eq!(hasher.hash_one(payload), hasher.hash_one(bytes));
        }
    }

    #[test]
    fn s5_5_1_a_reason_is_taken_whole_or_not_at_all() {
        let reason = "a".repeat(ControlPayload::MAX_LEN);
        for len in 0..=reason.len() {
            let made = ControlPayload::from_close(Some(CloseCode::NORMAL_CLOSURE), &reason[..len]);
            let bytes = [b"\x03\xe8", &reason.as_bytes()[..len]].concat();
            assert_eq!(made, ControlPayload::new(&bytes));
            assert_eq!(made.is_ok(), len <= ControlPayload::MAX_LEN - 2);
        }
    }
}
