//! Control frames: at most 125 octets of payload, handed over by value (RFC 6455 section 5.5).

use crate::close::{CloseCode, CloseReason};
use crate::error::{ProtocolError, SendError};
use crate::header::FrameHeader;
use crate::mask::{Masker, MaskingKey};
use crate::opcode::{Opcode, Rsv};
use crate::utf8::Utf8Validator;
use core::fmt;
use core::ops::Deref;

/// The payload of a control frame: 0 to 125 octets (RFC 6455 section 5.5).
///
/// ```
/// use bareframe::ControlPayload;
/// let payload = ControlPayload::new(b"heartbeat 7")?;
/// assert_eq!(&payload[..], b"heartbeat 7");
/// assert!(ControlPayload::new(&[0; 126]).is_err());
/// # Ok::<(), bareframe::SendError>(())
/// ```
#[derive(Clone, Copy)]
pub struct ControlPayload {
    // At most MAX_LEN; the octets behind it mean nothing.
    len: u8,
    octets: [u8; ControlPayload::MAX_LEN],
}

/// A whole control frame in octets, ready to be sent: 2 to 131 of them (RFC 6455 section 5.5).
///
/// ```
/// use bareframe::{Config, Connection};
/// let mut server = Connection::server(Config::DEFAULT);
/// let frame = server.ping(b"Hello")?;
/// assert_eq!(&frame[..], b"\x89\x05Hello");
/// # Ok::<(), bareframe::SendError>(())
/// ```
#[derive(Clone, Copy)]
pub struct ControlFrame {
    // At most MAX_LEN.
    len: u8,
    octets: [u8; ControlFrame::MAX_LEN],
}

impl ControlPayload {
    /// The longest control payload, in octets.
    pub const MAX_LEN: usize = 125;

    /// No octets.
    pub const EMPTY: ControlPayload = ControlPayload {
        len: 0,
        octets: [0; ControlPayload::MAX_LEN],
    };

    /// Copies a payload.
    ///
    /// # Errors
    ///
    /// [`SendError::OversizedControl`] if it has more than [`ControlPayload::MAX_LEN`] octets.
    pub fn new(octets: &[u8]) -> Result<ControlPayload, SendError> {
        let mut payload = ControlPayload::EMPTY;
        if payload.extend(octets) {
            Ok(payload)
        } else {
            Err(SendError::OversizedControl)
        }
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds octets at the end, unmasked, as many as fit.
    #[inline]
    pub(crate) fn extend_unmasked(&mut self, masker: &mut Masker, octets: &[u8]) {
        if let Some(free) = self.octets.get_mut(usize::from(self.len)..)
            && let Ok(more) = masker.apply_copy(octets, free)
        {
            // No more than MAX_LEN are free.
            self.len = self.len.wrapping_add(u8::try_from(more).unwrap_or(0));
        }
    }

    /// Adds octets at the end; if they do not fit, adds none and gives false.
    pub(crate) fn extend(&mut self, octets: &[u8]) -> bool {
        let Some(free) = self.octets.get_mut(usize::from(self.len)..) else {
            return false;
        };
        let Ok(more) = u8::try_from(octets.len()) else {
            return false;
        };
        if octets.len() > free.len() {
            return false;
        }
        for (to, from) in free.iter_mut().zip(octets) {
            *to = *from;
        }
        self.len = self.len.wrapping_add(more);
        true
    }

    /// Reads the payload of a Close frame (RFC 6455 section 5.5.1).
    ///
    /// ```
    /// use bareframe::{CloseCode, ControlPayload, ProtocolError};
    /// let bye = ControlPayload::new(b"\x03\xe8bye")?.close_reason()?;
    /// assert_eq!((bye.code(), bye.reason()), (Some(CloseCode::NORMAL_CLOSURE), "bye"));
    /// let half = ControlPayload::new(b"\x03")?.close_reason();
    /// assert_eq!(half, Err(ProtocolError::TruncatedCloseCode));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ProtocolError::TruncatedCloseCode`], [`ProtocolError::InvalidCloseCode`] or
    /// [`ProtocolError::InvalidCloseReason`].
    pub fn close_reason(&self) -> Result<CloseReason, ProtocolError> {
        self.judge_close()?;
        Ok(self.as_close())
    }

    /// The reason of a payload that was judged.
    #[inline]
    pub(crate) const fn as_close(&self) -> CloseReason {
        CloseReason::from_payload(self.len, self.octets)
    }

    /// Judges the payload of a Close frame and gives its code (RFC 6455 section 5.5.1).
    pub(crate) fn judge_close(&self) -> Result<Option<CloseCode>, ProtocolError> {
        if self.is_empty() {
            return Ok(None);
        }
        let Some((&number, reason)) = self.split_first_chunk() else {
            return Err(ProtocolError::TruncatedCloseCode);
        };
        let Some(code) = CloseCode::new(u16::from_be_bytes(number)) else {
            return Err(ProtocolError::InvalidCloseCode);
        };
        let mut validator = Utf8Validator::new();
        if validator.push(reason).is_err() || validator.finish().is_err() {
            return Err(ProtocolError::InvalidCloseReason);
        }
        Ok(Some(code))
    }

    /// Makes the payload of a Close frame (RFC 6455 section 5.5.1).
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

impl ControlFrame {
    /// The longest control frame, in octets: a masked header of 6 and a payload of 125.
    pub const MAX_LEN: usize = 131;

    /// Makes the frame; its payload has at most [`ControlPayload::MAX_LEN`] octets.
    ///
    /// # Errors
    ///
    /// [`SendError::OversizedControl`].
    pub(crate) fn encode(
        opcode: Opcode,
        payload: &[u8],
        next_key: impl FnOnce() -> Option<MaskingKey>,
    ) -> Result<ControlFrame, SendError> {
        let header = FrameHeader::new(true, Rsv::NONE, opcode, None, payload.len() as u64)?;
        let masking_key = next_key();
        let header = header.with_key(masking_key).encode();
        let mut frame = ControlFrame {
            len: 0,
            octets: [0; ControlFrame::MAX_LEN],
        };
        if let Some((head, body)) = frame.octets.split_at_mut_checked(header.len()) {
            for (to, from) in head.iter_mut().zip(header.iter()) {
                *to = *from;
            }
            let mut masker = masking_key.map_or(Masker::NONE, Masker::new);
            masker.apply_copy(payload, body)?;
        }
        frame.len = u8::try_from(header.len().saturating_add(payload.len())).unwrap_or(0);
        Ok(frame)
    }
}

impl Default for ControlPayload {
    fn default() -> ControlPayload {
        ControlPayload::EMPTY
    }
}

impl Deref for ControlPayload {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or(&[])
    }
}

impl Deref for ControlFrame {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or(&[])
    }
}

impl AsRef<[u8]> for ControlPayload {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl AsRef<[u8]> for ControlFrame {
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

impl PartialEq for ControlFrame {
    fn eq(&self, other: &ControlFrame) -> bool {
        **self == **other
    }
}

impl Eq for ControlFrame {}

impl fmt::Debug for ControlPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ControlPayload({:02x?})", &**self)
    }
}

impl fmt::Debug for ControlFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ControlFrame({:02x?})", &**self)
    }
}
