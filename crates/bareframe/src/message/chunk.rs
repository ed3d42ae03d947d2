//! The properties of a chunk of a message, in one byte.

use crate::opcode::{FirstByte, MessageKind, Opcode, Rsv};
use core::fmt;

/// The properties of a chunk of a message, in one byte, because they are passed from function to function for every
/// chunk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkFlags {
    // The reserved bits as in a frame's first byte, and the bits below.
    pub(super) bits: u8,
}

impl ChunkFlags {
    // As in a frame's first byte.
    pub(super) const TEXT: u8 = Opcode::Text.bits();
    const FIRST: u8 = 2;
    const LAST: u8 = 4;
    /// The chunk is text, and begins and ends with a whole character.
    const WHOLE_CHARACTERS: u8 = 8;
    /// The chunk is of a message that was received, and is in the input.
    pub(super) const OPEN: u8 = 0x80;

    /// A whole binary message without reserved bits, in the input.
    pub(crate) const WHOLE_BINARY: ChunkFlags = ChunkFlags {
        bits: ChunkFlags::OPEN | ChunkFlags::FIRST | ChunkFlags::LAST,
    };
    /// A whole text message without reserved bits, in the input and validated.
    pub(crate) const WHOLE_TEXT: ChunkFlags = ChunkFlags {
        bits: ChunkFlags::WHOLE_BINARY.bits | ChunkFlags::TEXT | ChunkFlags::WHOLE_CHARACTERS,
    };

    /// No message is open.
    pub(super) const NONE: ChunkFlags = ChunkFlags { bits: 0 };

    /// Returns the first chunk of a message that a frame with this first byte begins.
    #[inline]
    pub(super) const fn begun_by(first: FirstByte) -> ChunkFlags {
        const KEPT: u8 = Rsv::ALL.bits() | ChunkFlags::TEXT;
        ChunkFlags {
            bits: first.bits() & KEPT | ChunkFlags::OPEN | ChunkFlags::FIRST,
        }
    }

    /// Returns the only chunk of a message that is this frame, before its text is validated.
    #[inline(always)]
    pub(crate) const fn whole_message(first: FirstByte) -> ChunkFlags {
        ChunkFlags::begun_by(first).with_last()
    }

    /// Returns the first chunk of a message, which an extension decoded into memory that it reads again, so that it
    /// must not be changed.
    #[inline]
    pub(crate) const fn of_extended(kind: MessageKind) -> ChunkFlags {
        let text = match kind {
            MessageKind::Text => ChunkFlags::TEXT,
            MessageKind::Binary => 0,
        };
        ChunkFlags {
            bits: text | ChunkFlags::FIRST,
        }
    }

    /// Returns a whole message in the caller's memory, whose text must be validated.
    pub(crate) const fn gathered(kind: MessageKind, rsv: Rsv) -> ChunkFlags {
        let begun = ChunkFlags::begun_by(FirstByte::of(true, rsv, kind.opcode()));
        begun.with_last()
    }

    /// Returns `true` if the chunk is in the input, so that its bytes may be changed by the code that they are lent to.
    #[inline(always)]
    pub(crate) const fn may_be_changed(self) -> bool {
        self.bits & ChunkFlags::OPEN != 0
    }

    #[inline(always)]
    pub(crate) const fn with_last(self) -> ChunkFlags {
        ChunkFlags {
            bits: self.bits | ChunkFlags::LAST,
        }
    }

    #[inline(always)]
    pub(crate) const fn without_first(self) -> ChunkFlags {
        ChunkFlags {
            bits: self.bits & !ChunkFlags::FIRST,
        }
    }

    #[inline(always)]
    pub(crate) const fn with_whole_characters(self, whole_characters: bool) -> ChunkFlags {
        let whole = if whole_characters {
            ChunkFlags::WHOLE_CHARACTERS
        } else {
            0
        };
        ChunkFlags {
            bits: self.bits | whole,
        }
    }

    /// Returns `true` if these are flags of a chunk.
    #[inline(always)]
    pub(super) const fn is_some(self) -> bool {
        self.bits != 0
    }

    /// Returns `true` for text that no extension changed.
    #[inline(always)]
    pub(crate) const fn is_plain_text(self) -> bool {
        const CHANGED: u8 = Rsv::ALL.bits();
        self.bits & (ChunkFlags::TEXT | CHANGED) == ChunkFlags::TEXT
    }

    #[inline]
    pub(crate) const fn kind(self) -> MessageKind {
        if self.bits & ChunkFlags::TEXT != 0 {
            MessageKind::Text
        } else {
            MessageKind::Binary
        }
    }

    #[inline]
    pub(crate) const fn rsv(self) -> Rsv {
        Rsv::from_first_byte(self.bits)
    }

    #[inline]
    pub(crate) const fn is_first(self) -> bool {
        self.bits & ChunkFlags::FIRST != 0
    }

    #[inline]
    pub(crate) const fn is_last(self) -> bool {
        self.bits & ChunkFlags::LAST != 0
    }

    #[inline]
    pub(crate) const fn is_whole_characters(self) -> bool {
        self.bits & ChunkFlags::WHOLE_CHARACTERS != 0
    }
}

impl fmt::Debug for ChunkFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkFlags")
            .field("kind", &self.kind())
            .field("rsv", &self.rsv())
            .field("first", &self.is_first())
            .field("last", &self.is_last())
            .field("whole_characters", &self.is_whole_characters())
            .finish()
    }
}
