//! How a small machine looks for a message: not here, but in one loop for all that it receives.

use super::{Found, Inbound};
use crate::assemble::{Assembler, Gather};
use crate::error::ProtocolError;
use crate::extension::Extension;
use crate::mask::Masker;
use crate::memory::Memory;
use crate::message::ChunkFlags;
use crate::role::Role;
use crate::session::error::ReceiveError;

/// What a look at the front of what was read came to, as on a large machine, where there are others.
#[expect(dead_code, reason = "only a large machine finds anything by a look")]
pub(in crate::session) enum Look {
    Found,
    LongText(usize, usize, Masker),
    LongBinary(usize, usize, Masker),
    Text,
    Rest,
}

/// No message stays in the memory while it arrives: each is gathered.
pub(super) struct Held;

impl Held {
    pub(super) const NONE: Held = Held;

    #[inline(always)]
    pub(super) const fn len(&self) -> usize {
        0
    }

    #[inline(always)]
    pub(super) const fn forget(&mut self) {}

    #[inline(always)]
    pub(super) const fn set_most(&mut self, _: usize) {}

    #[inline(always)]
    pub(super) const fn is_awaited(&self) -> bool {
        false
    }

    #[inline(always)]
    pub(super) const fn set_awaited(&mut self, _: bool) {}
}

/// Returns nothing: no whole message is found by a look.
#[inline(always)]
pub(super) const fn whole(_: Found) -> Option<ChunkFlags> {
    None
}

impl<R: Role, I: Memory, X: Extension> Inbound<R, I, X> {
    #[inline(always)]
    pub(in crate::session) const fn look(&mut self, _: usize) -> Look {
        Look::Rest
    }

    #[inline(always)]
    pub(in crate::session) const fn receive_long_text(&mut self, _: usize, _: usize, _: Masker) -> bool {
        false
    }

    #[inline(always)]
    pub(in crate::session) const fn receive_long_binary(&mut self, _: usize, _: usize, _: Masker) {}

    #[inline(always)]
    pub(in crate::session) const fn validate_text(&mut self) -> Result<(), ProtocolError> {
        Ok(())
    }

    #[inline(always)]
    pub(super) const fn awaits_rest(&mut self, _: usize) -> bool {
        false
    }

    #[inline(always)]
    pub(super) const fn hold<B: Gather>(
        &mut self,
        _: ChunkFlags,
        _: &mut Assembler<B>,
    ) -> Result<Option<bool>, ReceiveError> {
        Ok(None)
    }
}
