//! Frames to messages: fragmentation, limits and the validity of text (RFC 6455 sections 5.4, 8.1 and 10.4).

use crate::header::{FrameHeader, Mask, Rules};
use crate::limits::Bounds;
use crate::mask::Masker;
use crate::opcode::{MessageKind, Opcode, Rsv};
use crate::utf8::{self, InvalidUtf8, Utf8Validator};
use core::fmt;

/// The most octets that are unmasked before they are validated: they are still in the nearest cache then.
const BLOCK: usize = if SMALL { usize::MAX } else { 8192 };

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
    open: Option<Piece>,
}

/// What a piece of a message is, in one octet: it is handed from function to function for every piece.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    // The reserved bits as in a frame's first octet, and the bits below.
    bits: u8,
}

impl Piece {
    const TEXT: u8 = 1;
    const FIRST: u8 = 2;
    const LAST: u8 = 4;
    /// It is text, and begins and ends with a whole character.
    const WHOLE_CHARACTERS: u8 = 8;

    /// A message in one frame with no reserved bit; its text is valid.
    #[inline(always)]
    pub(crate) const fn whole(kind: MessageKind) -> Piece {
        let text = match kind {
            MessageKind::Text => Piece::TEXT | Piece::WHOLE_CHARACTERS,
            MessageKind::Binary => 0,
        };
        Piece {
            bits: text | Piece::FIRST | Piece::LAST,
        }
    }

    #[inline]
    const fn first_of(kind: MessageKind, rsv: Rsv) -> Piece {
        let text = match kind {
            MessageKind::Text => Piece::TEXT,
            MessageKind::Binary => 0,
        };
        Piece {
            bits: text | Piece::FIRST | rsv.bits(),
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
            open: None,
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
        let kind = match header.opcode() {
            Opcode::Text => Some(MessageKind::Text),
            Opcode::Binary => Some(MessageKind::Binary),
            _ => None,
        };
        if let Some(kind) = kind {
            self.open = Some(Piece::first_of(kind, header.rsv()));
        }
        self.count(header.payload_len());
    }

    /// A message begins with nothing unusual about it.
    #[inline]
    pub(crate) fn begin(&mut self, kind: MessageKind, payload_len: usize) {
        self.open = Some(Piece::first_of(kind, Rsv::NONE));
        self.count(payload_len as u64);
    }

    /// It is text that no extension changed.
    #[inline(always)]
    fn is_plain_text(&self) -> bool {
        const CHANGED: u8 = Rsv::ALL.bits();
        self.open
            .is_some_and(|piece| piece.bits & (Piece::TEXT | CHANGED) == Piece::TEXT)
    }

    #[inline]
    fn count(&mut self, payload_len: u64) {
        // The rules have seen that both are left.
        self.left = self.left.wrapping_sub(payload_len);
        if self.fragments_left != u32::MAX {
            self.fragments_left = self.fragments_left.wrapping_sub(1);
        }
    }

    /// Unmasks and validates the next octets of the message and gives what they are. `last` if it ends with them.
    ///
    /// Nothing of this has changed if they are not UTF-8.
    #[inline(always)]
    pub(crate) fn receive(
        &mut self,
        masker: &mut Masker,
        octets: &mut [u8],
        last: bool,
        bounds: &Bounds,
    ) -> Result<Piece, InvalidUtf8> {
        let plain_text = self.is_plain_text();
        let mut whole_characters = false;
        if SMALL && plain_text {
            whole_characters = self.text.is_between_characters();
            receive_text(masker, &mut self.text, octets, last)?;
            whole_characters &= self.text.is_between_characters();
        } else {
            let long_text = plain_text && octets.len() > BLOCK;
            let ascii = !long_text && unmask(masker, octets);
            if plain_text {
                whole_characters = self.text.is_between_characters();
                if !(ascii && whole_characters) {
                    let mut unmasked = Masker::NONE;
                    let masker = if long_text { masker } else { &mut unmasked };
                    receive_text(masker, &mut self.text, octets, last)?;
                    whole_characters &= self.text.is_between_characters();
                }
            }
        }
        Ok(self.give(last, whole_characters, bounds))
    }

    /// The message ends with a frame that has no payload.
    #[inline]
    pub(crate) fn end(&mut self, bounds: &Bounds) -> Piece {
        self.give(true, self.is_plain_text(), bounds)
    }

    /// Unmasks and validates one octet that neither ends the message nor begins or ends a frame; changes nothing if it is
    /// not UTF-8.
    #[inline(always)]
    pub(crate) fn receive_octet(&mut self, masker: &mut Masker, octet: &mut u8) -> Option<Piece> {
        let mut next = *masker;
        let mut unmasked = [*octet];
        next.apply(&mut unmasked);
        let [unmasked] = unmasked;
        let mut whole_characters = false;
        if self.is_plain_text() {
            whole_characters = self.text.is_between_characters();
            self.text = self.text.then(unmasked)?;
            whole_characters &= self.text.is_between_characters();
        }
        let piece = self.open?;
        *masker = next;
        *octet = unmasked;
        self.open = Some(Piece {
            bits: piece.bits & !Piece::FIRST,
        });
        Some(if whole_characters {
            Piece {
                bits: piece.bits | Piece::WHOLE_CHARACTERS,
            }
        } else {
            piece
        })
    }

    #[inline(always)]
    fn give(&mut self, last: bool, whole_characters: bool, bounds: &Bounds) -> Piece {
        // There is no data outside a message.
        let mut piece = self.open.unwrap_or(Piece { bits: 0 });
        if last {
            *self = Message::none(bounds);
        } else {
            self.open = Some(Piece {
                bits: piece.bits & !Piece::FIRST,
            });
        }
        if last {
            piece.bits |= Piece::LAST;
        }
        if whole_characters {
            piece.bits |= Piece::WHOLE_CHARACTERS;
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

/// Unmasks the payload of a message in one frame and validates it.
#[inline(always)]
pub(crate) fn receive_payload(
    kind: MessageKind,
    masker: Option<Masker>,
    octets: &mut [u8],
) -> Result<(), InvalidUtf8> {
    let is_text = matches!(kind, MessageKind::Text);
    if is_text && (SMALL || octets.len() > BLOCK) {
        return receive_whole_text(masker.unwrap_or(Masker::NONE), octets);
    }
    let ascii = match masker {
        Some(mut masker) => masker.apply_finding_ascii(octets),
        None => is_text && utf8::is_ascii(octets),
    };
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
