//! Control frames: at most 125 octets of payload, handed over by value (RFC 6455 section 5.5).

use crate::close::CloseCode;
use crate::error::{ProtocolError, SendError};
use crate::mask::{Masker, MaskingKey};
use crate::opcode::Opcode;
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
    // The last octet is the length, at most MAX_LEN; those in between mean nothing.
    octets: [u8; ControlPayload::ROOM],
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
    // A header and a padded payload; the octets behind `len` mean nothing.
    octets: [u8; ControlFrame::ROOM],
    // At most MAX_LEN.
    len: u8,
}

/// A Ping or a Pong that lies whole at the front of the input.
#[cfg(target_pointer_width = "64")]
pub(crate) struct WholeControl<'i> {
    pub(crate) opcode: Opcode,
    /// Zeros if it is not masked.
    pub(crate) key: [u8; 4],
    pub(crate) payload: &'i [u8],
    /// Header and payload, in octets.
    pub(crate) frame_len: usize,
}

/// What a payload is written in, in octets, and read again: what is read in other pieces than it was just written in
/// is waited for.
#[cfg(target_pointer_width = "64")]
const BLOCK: usize = 16;
/// What a payload takes in a frame, in octets: whole blocks, since copies of others overlap and wait for each other.
#[cfg(target_pointer_width = "64")]
const PADDED: usize = 128;
#[cfg(not(target_pointer_width = "64"))]
const PADDED: usize = ControlPayload::ROOM;
/// The longest payload, in octets.
const MAX_LEN: u8 = 125;
const FIN: u8 = 0x80;
const MASK: u8 = 0x80;

impl ControlPayload {
    /// The longest control payload, in octets.
    pub const MAX_LEN: usize = MAX_LEN as usize;

    /// No octets.
    pub const EMPTY: ControlPayload = ControlPayload {
        octets: [0; ControlPayload::ROOM],
    };

    const ROOM: usize = ControlPayload::MAX_LEN + 1;

    /// Copies a payload.
    ///
    /// # Errors
    ///
    /// [`SendError::OversizedControl`] if it has more than [`ControlPayload::MAX_LEN`] octets.
    pub fn new(octets: &[u8]) -> Result<ControlPayload, SendError> {
        let mut payload = ControlPayload::EMPTY;
        if payload.gather([0; 4], octets) {
            Ok(payload)
        } else {
            Err(SendError::OversizedControl)
        }
    }

    /// Takes the place of what was here, unmasked; if it does not fit, gives false.
    #[cfg(target_pointer_width = "64")]
    #[inline(never)]
    pub(crate) fn gather(&mut self, key: [u8; 4], from: &[u8]) -> bool {
        let Ok(len @ 0..=MAX_LEN) = u8::try_from(from.len()) else {
            return false;
        };
        let key = u64::from(u32::from_le_bytes(key));
        let key = key << 32 | key;
        let last = u128::from(len) << 120;
        if let Some(to) = self.octets.last_chunk_mut() {
            *to = last.to_le_bytes();
        }
        let (blocks, rest) = from.as_chunks();
        let mut out = self.octets.as_chunks_mut().0.iter_mut();
        for (block, to) in blocks.iter().zip(out.by_ref()) {
            *to = xored(*block, key);
        }
        if rest.is_empty() {
            return true;
        }
        let block = behind_blocks(from, len);
        if let Some(to) = out.next() {
            *to = (block ^ twice(key)).to_le_bytes();
        } else if let (Some(behind), Some(to)) = (from.last_chunk(), self.octets.last_chunk_mut()) {
            // The last block overlaps the one before by two octets.
            let unwanted = u32::from(126_u8.wrapping_sub(len)).wrapping_mul(8);
            let block = u128::from_le_bytes(*behind).wrapping_shr(unwanted);
            let block = block ^ twice(key.rotate_right(16));
            *to = (block << 8 >> 8 | last).to_le_bytes();
        }
        true
    }

    /// As above, in as little flash as it takes.
    #[cfg(not(target_pointer_width = "64"))]
    pub(crate) fn gather(&mut self, key: [u8; 4], from: &[u8]) -> bool {
        let mut masker = Masker::new(MaskingKey::new(key));
        self.clear();
        from.iter().all(|octet| self.push(masker.apply_byte(*octet)))
    }

    /// The payload as it goes into a frame; what follows it means nothing. Of a short one no more is read than its blocks: the
    /// length was only just written, and its block would be waited for.
    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    fn padded(&self) -> [u8; PADDED] {
        let mut padded = [0; PADDED];
        match self.payload_len() {
            0..=16 => copy_front::<16>(&self.octets, &mut padded),
            17..=64 => copy_front::<64>(&self.octets, &mut padded),
            _ => copy_front::<{ ControlPayload::ROOM }>(&self.octets, &mut padded),
        }
        padded
    }

    /// As above, in as little flash as it takes.
    #[cfg(not(target_pointer_width = "64"))]
    #[inline]
    fn padded(&self) -> [u8; PADDED] {
        self.octets
    }

    #[inline]
    pub(crate) const fn payload_len(&self) -> u8 {
        let [.., len] = self.octets;
        len
    }

    #[inline]
    const fn set_len(&mut self, len: u8) {
        let [.., last] = &mut self.octets;
        *last = len;
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.set_len(0);
    }

    /// Adds an octet at the end; if it does not fit, gives false.
    #[inline]
    pub(crate) fn push(&mut self, octet: u8) -> bool {
        let len = self.payload_len();
        if len < MAX_LEN
            && let Some(to) = self.octets.get_mut(usize::from(len))
        {
            *to = octet;
            self.set_len(len.wrapping_add(1));
            return true;
        }
        false
    }

    /// Adds octets at the end, as many as fit; if that is not all, gives false.
    pub(crate) fn extend(&mut self, octets: &[u8]) -> bool {
        octets.iter().all(|octet| self.push(*octet))
    }

    /// Adds octets at the end, unmasked, if they all fit.
    #[cfg(target_pointer_width = "64")]
    pub(crate) fn extend_unmasked(&mut self, masker: &mut Masker, octets: &[u8]) {
        let len = self.payload_len();
        if let Some(free) = self.octets.get_mut(usize::from(len)..MAX_LEN.into())
            && let Ok(more) = masker.apply_copy(octets, free)
        {
            // No more than MAX_LEN are free.
            self.set_len(len.wrapping_add(u8::try_from(more).unwrap_or(0)));
        }
    }

    /// What stands where a Close frame has its code; `None` if the payload is shorter.
    #[inline]
    pub(crate) const fn close_number(&self) -> Option<u16> {
        match &self.octets {
            [high, low, ..] if self.payload_len() >= 2 => Some(u16::from_be_bytes([*high, *low])),
            _ => None,
        }
    }

    /// Judges the payload of a Close frame and gives its code (RFC 6455 section 5.5.1).
    pub(crate) fn judge_close(&self) -> Result<Option<CloseCode>, ProtocolError> {
        // There are so many.
        let Some(octets) = self.octets.get(..usize::from(self.payload_len())) else {
            return Ok(None);
        };
        let (number, reason) = match octets {
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

#[cfg(target_pointer_width = "64")]
impl<'i> WholeControl<'i> {
    #[inline(always)]
    pub(crate) fn find(input: &'i [u8], masked: bool) -> Option<WholeControl<'i>> {
        let (&[first, second], rest) = input.split_first_chunk()?;
        let opcode = match first ^ FIN {
            0x9 => Opcode::Ping,
            0xA => Opcode::Pong,
            _ => return None,
        };
        let payload_len = second ^ if masked { MASK } else { 0 };
        if payload_len > MAX_LEN {
            return None;
        }
        let payload_len = usize::from(payload_len);
        let (key, rest, header_len) = if masked {
            let (&key, rest) = rest.split_first_chunk()?;
            (key, rest, 6_usize)
        } else {
            ([0; 4], rest, 2)
        };
        Some(WholeControl {
            opcode,
            key,
            payload: rest.get(..payload_len)?,
            frame_len: header_len.wrapping_add(payload_len),
        })
    }
}

impl ControlFrame {
    /// The longest control frame, in octets: a masked header of 6 and a payload of 125.
    pub const MAX_LEN: usize = 131;

    const ROOM: usize = 6 + PADDED;

    /// Makes the frame.
    #[inline(always)]
    pub(crate) fn new(
        opcode: Opcode,
        masking_key: Option<MaskingKey>,
        payload: &ControlPayload,
    ) -> ControlFrame {
        let len = payload.payload_len();
        let mut frame = ControlFrame {
            octets: [0; ControlFrame::ROOM],
            len: len.wrapping_add(if masking_key.is_some() { 6 } else { 2 }),
        };
        let Some((front, behind)) = frame.octets.split_first_chunk_mut() else {
            return frame;
        };
        let Some(key) = masking_key else {
            *front = [FIN | opcode.bits(), len];
            if let Some(to) = behind.first_chunk_mut() {
                *to = payload.padded();
            }
            return frame;
        };
        *front = [FIN | opcode.bits(), MASK | len];
        if let Some((front, behind)) = behind.split_first_chunk_mut() {
            *front = key.octets();
            if let Some(to) = behind.first_chunk_mut() {
                *to = payload.padded();
                Masker::new(key).apply(to);
            }
        }
        frame
    }
}

/// In words of the machine, of which compilers make a vector.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
fn xored(mut block: [u8; BLOCK], key: u64) -> [u8; BLOCK] {
    let (words, _) = block.as_chunks_mut();
    for word in words {
        *word = (u64::from_le_bytes(*word) ^ key).to_le_bytes();
    }
    block
}

/// Both are at least as long.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
fn copy_front<const N: usize>(from: &[u8], to: &mut [u8]) {
    if let (Some(from), Some(to)) = (from.first_chunk::<N>(), to.first_chunk_mut()) {
        *to = *from;
    }
}

#[cfg(target_pointer_width = "64")]
#[inline(always)]
const fn twice(key: u64) -> u128 {
    (key as u128) << 64 | key as u128
}

/// What of a payload is behind its last whole block, as the front of a block; what follows it there means nothing.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
fn behind_blocks(octets: &[u8], len: u8) -> u128 {
    let rest = u32::from(len & 15);
    let unwanted = |all: u32| all.wrapping_sub(rest).wrapping_mul(8);
    // The last octets are read again, all at once, and moved to where they belong.
    if let Some(last) = octets.last_chunk() {
        u128::from_le_bytes(*last).wrapping_shr(unwanted(16))
    } else if let (Some(first), Some(last)) = (octets.first_chunk(), octets.last_chunk()) {
        let last = u64::from_le_bytes(*last).wrapping_shr(unwanted(16));
        u128::from(u64::from_le_bytes(*first)) | u128::from(last) << 64
    } else if let (Some(first), Some(last)) = (octets.first_chunk(), octets.last_chunk()) {
        let last = (u64::from(u32::from_le_bytes(*last)) << 32).wrapping_shr(unwanted(8));
        u128::from(u64::from(u32::from_le_bytes(*first)) | last)
    } else {
        octets
            .iter()
            .rfold(0, |block, octet| block << 8 | u128::from(*octet))
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
        self.octets.get(..usize::from(self.payload_len())).unwrap_or(&[])
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

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    #[test]
    fn s5_5_every_length_is_gathered_whole_and_unmasked() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let mut payload = ControlPayload::EMPTY;
        for len in (0..=ControlPayload::MAX_LEN).rev() {
            let plain: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
            let mut masked = plain.clone();
            Masker::new(MaskingKey::new(key)).apply(&mut masked);
            assert!(payload.gather(key, &masked));
            assert_eq!(*payload, *plain, "{len}");
        }
        assert!(!payload.gather(key, &[0; ControlPayload::MAX_LEN + 1]));
    }

    #[test]
    fn s5_5_1_a_reason_is_taken_whole_or_not_at_all() {
        let reason = "a".repeat(ControlPayload::MAX_LEN);
        for len in 0..=reason.len() {
            let made = ControlPayload::from_close(Some(CloseCode::NORMAL_CLOSURE), &reason[..len]);
            let octets = [b"\x03\xe8", &reason.as_bytes()[..len]].concat();
            assert_eq!(made, ControlPayload::new(&octets));
            assert_eq!(made.is_ok(), len <= ControlPayload::MAX_LEN - 2);
        }
    }

    /// What is not found here is read right, and slowly.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn pings_and_pongs_that_are_whole_are_found() {
        let found = |octets: &[u8], masked| {
            let found = WholeControl::find(octets, masked)?;
            Some((found.opcode, found.key, found.payload.to_vec(), found.frame_len))
        };
        let key = [1, 2, 3, 4];
        for (first, opcode) in [(0x89, Opcode::Ping), (0x8A, Opcode::Pong)] {
            for len in 0..=127_u8 {
                let may = usize::from(len) <= ControlPayload::MAX_LEN;
                let payload = std::vec![b'a'; usize::from(len)];
                let plain = [&[first, len][..], &payload].concat();
                let masked = [&[first, MASK | len][..], &key, &payload].concat();
                let expected = may.then(|| (opcode, [0; 4], payload.clone(), plain.len()));
                assert_eq!(found(&plain, false), expected);
                assert_eq!(found(&plain, true), None);
                assert_eq!(found(&plain[..plain.len() - 1], false), None);
                let expected = may.then_some((opcode, key, payload, masked.len()));
                assert_eq!(found(&masked, true), expected);
                assert_eq!(found(&masked, false), None);
                assert_eq!(found(&masked[..masked.len() - 1], true), None);
            }
        }
        for first in (0..=u8::MAX).filter(|first| !matches!(first, 0x89 | 0x8A)) {
            assert_eq!(found(&[first, 0], false), None);
        }
    }

    #[test]
    fn a_frame_is_no_larger_than_it_must_be() {
        assert_eq!(size_of::<ControlFrame>(), 6 + PADDED + 1);
    }
}
