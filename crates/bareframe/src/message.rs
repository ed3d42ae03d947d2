//! Frames to messages: fragmentation, limits and the validity of text (RFC 6455 sections 5.4, 8.1 and 10.4).

#[cfg(target_pointer_width = "64")]
pub(crate) mod large;
#[cfg(not(target_pointer_width = "64"))]
mod small;

use crate::header::{Mask, Rules};
use crate::limits::Bounds;
use crate::opcode::{FirstOctet, MessageKind, Opcode, Rsv};
use crate::utf8::Utf8Validator;
use core::fmt;

/// A small machine has no cache to speak of, and its flash counts.
pub(crate) const SMALL: bool = cfg!(not(target_pointer_width = "64"));

/// The message that is open, if one is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Message {
    /// How many octets its frames may still declare.
    left: u64,
    /// How many frames it may still have; `u32::MAX` is no limit.
    fragments_left: u32,
    /// The text so far; untouched by binary messages and by those that an extension changed.
    text: Utf8Validator,
    /// What its next piece is, if that is neither its last nor whole characters.
    open: Piece,
}

/// What a piece of a message is, in one octet: it is handed from function to function for every piece.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    // The reserved bits as in a frame's first octet, and the bits below.
    bits: u8,
}

impl Piece {
    // As in a frame's first octet.
    const TEXT: u8 = Opcode::Text.bits();
    const FIRST: u8 = 2;
    const LAST: u8 = 4;
    /// It is text, and begins and ends with a whole character.
    const WHOLE_CHARACTERS: u8 = 8;
    /// It is one.
    const OPEN: u8 = 0x80;

    /// No message is open.
    const NONE: Piece = Piece { bits: 0 };

    /// The first of a message that a frame begins.
    #[inline]
    pub(crate) const fn begun_by(first: FirstOctet) -> Piece {
        const KEPT: u8 = Rsv::ALL.bits() | Piece::TEXT;
        Piece {
            bits: first.bits() & KEPT | Piece::OPEN | Piece::FIRST,
        }
    }

    /// The whole of a message that is this frame, before its text is validated.
    #[inline(always)]
    pub(crate) const fn whole_frame(first: FirstOctet) -> Piece {
        Piece {
            bits: Piece::begun_by(first).bits | Piece::LAST,
        }
    }

    /// It is text that no extension changed.
    #[inline(always)]
    pub(crate) const fn is_plain_text(self) -> bool {
        const CHANGED: u8 = Rsv::ALL.bits();
        self.bits & (Piece::TEXT | CHANGED) == Piece::TEXT
    }

    #[inline(always)]
    pub(crate) const fn and(self, whole_characters: bool) -> Piece {
        let whole = if whole_characters {
            Piece::WHOLE_CHARACTERS
        } else {
            0
        };
        Piece {
            bits: self.bits | whole,
        }
    }

    #[inline]
    pub(crate) const fn kind(self) -> MessageKind {
        if self.bits & Piece::TEXT != 0 {
            MessageKind::Text
        } else {
            MessageKind::Binary
        }
    }

    #[inline]
    pub(crate) const fn rsv(self) -> Rsv {
        Rsv::from_first_octet(self.bits)
    }

    #[inline]
    pub(crate) const fn first(self) -> bool {
        self.bits & Piece::FIRST != 0
    }

    #[inline]
    pub(crate) const fn last(self) -> bool {
        self.bits & Piece::LAST != 0
    }

    #[inline]
    pub(crate) const fn whole_characters(self) -> bool {
        self.bits & Piece::WHOLE_CHARACTERS != 0
    }
}

impl Message {
    #[inline]
    pub(crate) const fn none(bounds: &Bounds) -> Message {
        Message {
            left: bounds.message,
            fragments_left: bounds.fragments,
            text: Utf8Validator::new(),
            open: Piece::NONE,
        }
    }

    #[inline]
    pub(crate) const fn is_open(&self) -> bool {
        self.open.bits != 0
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

    /// A message begins that is this frame: what it has left is not asked for.
    #[inline]
    pub(crate) const fn begin(&mut self, first: FirstOctet) {
        self.open = Piece::begun_by(first);
    }

    /// A data frame begins that the rules allowed.
    #[inline]
    pub(crate) fn begin_frame(&mut self, first: FirstOctet, payload_len: u64) {
        if !first.is_continuation() {
            self.open = Piece::begun_by(first);
        }
        self.count(payload_len);
    }

    /// It is text that no extension changed.
    #[inline(always)]
    fn is_plain_text(&self) -> bool {
        self.open.is_plain_text()
    }

    #[inline]
    fn count(&mut self, payload_len: u64) {
        // The rules have seen that both are left.
        self.left = self.left.wrapping_sub(payload_len);
        if self.fragments_left != u32::MAX {
            self.fragments_left = self.fragments_left.wrapping_sub(1);
        }
    }

    /// The message ends with a frame that has no payload.
    #[inline]
    pub(crate) fn end(&mut self, bounds: &Bounds) -> Piece {
        let plain = self.is_plain_text();
        self.give(true, bounds).and(plain)
    }

    #[inline(always)]
    pub(crate) fn give(&mut self, last: bool, bounds: &Bounds) -> Piece {
        let mut piece = self.open;
        if last {
            piece.bits |= Piece::LAST;
            self.left = bounds.message;
            self.fragments_left = bounds.fragments;
            self.open = Piece::NONE;
        } else {
            self.open = Piece {
                bits: piece.bits & !Piece::FIRST,
            };
        }
        piece
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece")
            .field("kind", &self.kind())
            .field("rsv", &self.rsv())
            .field("first", &self.first())
            .field("last", &self.last())
            .field("whole_characters", &self.whole_characters())
            .finish()
    }
}
