//! What the receiving half asks the sending half to send.

use crate::close::CloseCode;
use crate::control::ControlPayload;

/// What the receiving half asks [`Sender::reply`](crate::Sender::reply) to send.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Reply(pub(crate) ReplyFrame);

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum ReplyFrame {
    Pong {
        payload: ControlPayload,
        /// Neither an error nor the peer's Close has stopped the receiving half since the Ping.
        is_open: bool,
    },
    Close(Option<CloseCode>),
}

/// Which replies are pending, one bit each, so that one comparison finds out whether any is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct ReplyFlags(u8);

impl Reply {
    /// Returns `true` for the answer to a Close or to an error, after which nothing is sent.
    #[must_use]
    pub const fn is_close(&self) -> bool {
        matches!(self.0, ReplyFrame::Close(_))
    }
}

impl ReplyFlags {
    pub(super) const NONE: ReplyFlags = ReplyFlags(0);
    pub(super) const PONG: ReplyFlags = ReplyFlags(1);
    pub(super) const CLOSE: ReplyFlags = ReplyFlags(2);

    #[inline(always)]
    pub(super) const fn is_none(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub(super) const fn contains(self, reply: ReplyFlags) -> bool {
        self.0 & reply.0 != 0
    }

    #[inline]
    pub(super) const fn insert(&mut self, reply: ReplyFlags) {
        self.0 |= reply.0;
    }

    #[inline]
    pub(super) const fn remove(&mut self, reply: ReplyFlags) {
        self.0 &= !reply.0;
    }
}
