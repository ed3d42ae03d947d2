//! Frames to messages: fragmentation, limits and the validity of text (RFC 6455 sections 5.4, 8.1 and 10.4).

use crate::header::{FrameHeader, Mask, Rules};
use crate::limits::Bounds;
use crate::mask::Masker;
use crate::opcode::{MessageKind, Opcode, Rsv};
use crate::utf8::{self, InvalidUtf8, Utf8Validator};

/// The most octets that are unmasked before they are validated: they are still in the nearest cache then.
const BLOCK: usize = if SMALL { usize::MAX } else { 8192 };

/// A small machine has no cache to speak of, and its flash counts.
const SMALL: bool = cfg!(not(target_pointer_width = "64"));

/// The message that is open, if one is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    /// How many octets its frames may still declare.
    left: u64,
    /// How many frames it may still have; `u32::MAX` is no limit.
    fragments_left: u32,
    /// The text so far; untouched by binary messages and by those that an extension changed.
    text: Utf8Validator,
    open: Option<MessageKind>,
    rsv: Rsv,
    /// No event of it was given yet.
    first: bool,
}

/// A piece of the open message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    pub(crate) kind: MessageKind,
    pub(crate) rsv: Rsv,
    pub(crate) first: bool,
    pub(crate) last: bool,
    /// It is text, and begins and ends with a whole character.
    pub(crate) whole_characters: bool,
}

impl Message {
    #[inline]
    pub(crate) const fn none(bounds: &Bounds) -> Message {
        Message {
            left: bounds.message,
            fragments_left: bounds.fragments,
            text: Utf8Validator::new(),
            open: None,
            rsv: Rsv::NONE,
            first: true,
        }
    }

    #[inline]
    pub(crate) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// What the next frame may be (RFC 6455 section 5.4).
    #[inline]
    pub(crate) const fn rules(&self, bounds: &Bounds, rsv: Rsv, mask: Mask) -> Rules {
        Rules {
            frame: bounds.frame,
            message_left: self.left,
            rsv: if self.is_open() { Rsv::NONE } else { rsv },
            mask,
            fragments_used_up: self.fragments_left == 0,
            unfinished_text: !self.text.is_between_characters(),
            ..Rules::ANY
        }
        .with_message_open(self.is_open())
    }

    /// A data frame begins that the rules allowed.
    #[inline]
    pub(crate) fn begin_frame(&mut self, header: &FrameHeader) {
        match header.opcode() {
            Opcode::Text => self.open = Some(MessageKind::Text),
            Opcode::Binary => self.open = Some(MessageKind::Binary),
            _ => {}
        }
        if !header.rsv().is_empty() {
            self.rsv = header.rsv();
        }
        self.count(header.payload_len());
    }

    /// A message begins with nothing unusual about it.
    #[inline]
    pub(crate) fn begin(&mut self, kind: MessageKind, payload_len: usize) {
        self.open = Some(kind);
        self.count(payload_len as u64);
    }

    #[inline]
    pub(crate) fn is_text(&self) -> bool {
        self.open == Some(MessageKind::Text) && self.rsv.is_empty()
    }

    #[inline]
    fn count(&mut self, payload_len: u64) {
        // The rules have seen that both are left.
        self.left = self.left.wrapping_sub(payload_len);
        if self.fragments_left != u32::MAX {
            self.fragments_left = self.fragments_left.wrapping_sub(1);
        }
    }

    /// Unmasks and validates the next octets of the message, and tells whether they are whole characters. `last` if
    /// it ends with them.
    ///
    /// Nothing of this has changed if they are not UTF-8.
    #[inline(always)]
    pub(crate) fn receive(
        &mut self,
        masker: &mut Masker,
        octets: &mut [u8],
        last: bool,
    ) -> Result<bool, InvalidUtf8> {
        if self.is_text() {
            let began_whole = self.text.is_between_characters();
            receive_text(masker, &mut self.text, octets, last)?;
            Ok(began_whole && self.text.is_between_characters())
        } else {
            unmask(masker, octets);
            Ok(false)
        }
    }

    /// What the octets are that were received.
    #[inline(always)]
    pub(crate) fn give(&mut self, last: bool, whole_characters: bool, bounds: &Bounds) -> Piece {
        let piece = Piece {
            // There is no data outside a message.
            kind: self.open.unwrap_or(MessageKind::Binary),
            rsv: self.rsv,
            first: self.first,
            last,
            whole_characters,
        };
        self.first = false;
        if last {
            *self = Message::none(bounds);
        }
        piece
    }
}

/// Unmasks the payload of a message in one frame and validates it.
#[inline(always)]
pub(crate) fn receive_payload(
    kind: MessageKind,
    mut masker: Masker,
    octets: &mut [u8],
) -> Result<(), InvalidUtf8> {
    let is_text = matches!(kind, MessageKind::Text);
    if is_text && (SMALL || octets.len() > BLOCK) {
        return receive_whole_text(masker, octets);
    }
    let masked = masker != Masker::NONE;
    let ascii = unmask(&mut masker, octets) || !masked && is_text && utf8::is_ascii(octets);
    if is_text && !ascii && !utf8::are_characters(octets) {
        receive_whole_text(Masker::NONE, octets)
    } else {
        Ok(())
    }
}

/// Unmasks the text of a message in one frame and validates it.
#[inline(never)]
fn receive_whole_text(mut masker: Masker, octets: &mut [u8]) -> Result<(), InvalidUtf8> {
    receive_text(&mut masker, &mut Utf8Validator::new(), octets, true)
}

/// Unmasks octets and validates them as UTF-8, block by block. `last` if the text ends with them.
#[inline(never)]
fn receive_text(
    masker: &mut Masker,
    text: &mut Utf8Validator,
    octets: &mut [u8],
    last: bool,
) -> Result<(), InvalidUtf8> {
    let mut now = *text;
    let mut before: usize = 0;
    // Blocks are for finding in the near cache what was just unmasked.
    let block_len = if *masker == Masker::NONE {
        octets.len()
    } else {
        BLOCK
    };
    for block in octets.chunks_mut(block_len.max(1)) {
        let ascii = unmask(masker, block);
        if !(ascii && now.is_between_characters()) {
            now.push(block).map_err(|error| InvalidUtf8 {
                at: before.saturating_add(error.at),
            })?;
        }
        before = before.saturating_add(block.len());
    }
    if last && !now.is_between_characters() {
        let at = before.saturating_sub(1);
        return Err(InvalidUtf8 { at });
    }
    *text = now;
    Ok(())
}

/// Unmasks octets, and tells whether all of them are known to be ASCII.
#[inline(always)]
fn unmask(masker: &mut Masker, octets: &mut [u8]) -> bool {
    *masker != Masker::NONE && masker.apply_finding_ascii(octets)
}
