//! Frames to messages: fragmentation, limits and the validity of text (RFC 6455 sections 5.4, 8.1 and 10.4).

use crate::header::{FrameHeader, Mask, Rules};
use crate::limits::Limits;
use crate::mask::Masker;
use crate::opcode::{MessageKind, Opcode, Rsv};
use crate::utf8::{InvalidUtf8, Utf8Validator};

/// The most octets that are unmasked before they are validated: they are still in the nearest cache then.
const BLOCK: usize = 8192;

/// The message that is open, if one is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    /// What its frames' headers declared so far, in octets.
    len: u64,
    /// How many frames it has so far.
    fragments: u32,
    /// The text so far; untouched by binary messages and by those that an extension changed.
    text: Utf8Validator,
    open: Option<MessageKind>,
    rsv: Rsv,
    /// No event of it was given yet.
    first: bool,
}

/// A piece of the open message.
#[derive(Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) kind: MessageKind,
    pub(crate) rsv: Rsv,
    pub(crate) first: bool,
    pub(crate) last: bool,
    /// It is text, and begins and ends with a whole character.
    pub(crate) whole_characters: bool,
}

impl Message {
    pub(crate) const NONE: Message = Message {
        len: 0,
        fragments: 0,
        text: Utf8Validator::new(),
        open: None,
        rsv: Rsv::NONE,
        first: true,
    };

    #[inline]
    pub(crate) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// What the next frame may be (RFC 6455 section 5.4).
    #[inline]
    pub(crate) const fn rules(&self, limits: &Limits, rsv: Rsv, mask: Mask) -> Rules {
        const INSIDE: u16 = Rules::opcodes(&[Opcode::Continuation]);
        const BETWEEN: u16 = Rules::opcodes(&[Opcode::Text, Opcode::Binary]);
        Rules {
            frame: limits.frame,
            message_left: limits.message.saturating_sub(self.len),
            opcodes: if self.is_open() { INSIDE } else { BETWEEN },
            rsv: if self.is_open() { Rsv::NONE } else { rsv },
            mask,
            fragments_used_up: self.fragments >= limits.fragments && limits.fragments != u32::MAX,
            unfinished_text: !self.text.is_between_characters(),
        }
    }

    /// A data frame begins that the rules allowed; gives the message's last event if it is its last and empty.
    #[inline]
    pub(crate) fn begin_frame(&mut self, header: &FrameHeader) -> Option<Piece> {
        match header.opcode() {
            Opcode::Text => self.open = Some(MessageKind::Text),
            Opcode::Binary => self.open = Some(MessageKind::Binary),
            _ => {}
        }
        if !header.rsv().is_empty() {
            self.rsv = header.rsv();
        }
        self.len = self.len.saturating_add(header.payload_len());
        self.fragments = self.fragments.saturating_add(1);
        if header.fin() && header.payload_len() == 0 {
            self.give(true, true)
        } else {
            None
        }
    }

    /// Unmasks and validates the next octets of the message and gives what they are. `last` if the message ends
    /// with them.
    ///
    /// Nothing of this has changed if they are not UTF-8.
    pub(crate) fn receive(
        &mut self,
        masker: &mut Option<Masker>,
        octets: &mut [u8],
        last: bool,
    ) -> Result<Option<Piece>, InvalidUtf8> {
        let begins_whole = self.text.is_between_characters();
        if self.open == Some(MessageKind::Text) && self.rsv.is_empty() {
            let mut text = self.text;
            receive_text(masker, &mut text, octets)?;
            if last && text.finish().is_err() {
                let at = octets.len().saturating_sub(1);
                return Err(InvalidUtf8 { at });
            }
            self.text = text;
        } else if let Some(masker) = masker {
            masker.apply(octets);
        }
        let whole = begins_whole && self.text.is_between_characters();
        Ok(self.give(last, whole))
    }

    #[inline]
    fn give(&mut self, last: bool, whole: bool) -> Option<Piece> {
        let kind = self.open?;
        let piece = Piece {
            kind,
            rsv: self.rsv,
            first: self.first,
            last,
            whole_characters: whole && matches!(kind, MessageKind::Text) && self.rsv.is_empty(),
        };
        if last {
            *self = Message::NONE;
        } else {
            self.first = false;
        }
        Some(piece)
    }
}

/// Unmasks the payload of a message in one frame and validates it.
#[inline(always)]
pub(crate) fn receive_payload(
    kind: MessageKind,
    masker: Option<Masker>,
    octets: &mut [u8],
) -> Result<(), InvalidUtf8> {
    let is_text = matches!(kind, MessageKind::Text);
    if is_text && octets.len() > BLOCK {
        return receive_whole_text(masker, octets);
    }
    let ascii = match masker {
        Some(mut masker) => masker.apply_finding_ascii(octets),
        None => is_text && octets.is_ascii(),
    };
    if is_text && !ascii {
        receive_whole_text(None, octets)
    } else {
        Ok(())
    }
}

/// Unmasks the text of a message in one frame and validates it.
#[inline(never)]
fn receive_whole_text(masker: Option<Masker>, octets: &mut [u8]) -> Result<(), InvalidUtf8> {
    let mut text = Utf8Validator::new();
    receive_text(&mut { masker }, &mut text, octets)?;
    let at = octets.len().saturating_sub(1);
    text.finish().map_err(|_| InvalidUtf8 { at })
}

/// Unmasks octets and validates them as UTF-8, block by block.
#[inline]
fn receive_text(
    masker: &mut Option<Masker>,
    text: &mut Utf8Validator,
    octets: &mut [u8],
) -> Result<(), InvalidUtf8> {
    let mut before: usize = 0;
    for block in octets.chunks_mut(BLOCK) {
        let ascii = match masker {
            Some(masker) => masker.apply_finding_ascii(block),
            None => false,
        };
        if !(ascii && text.is_between_characters()) {
            text.push(block).map_err(|error| InvalidUtf8 {
                at: before.saturating_add(error.at),
            })?;
        }
        before = before.saturating_add(block.len());
    }
    Ok(())
}
