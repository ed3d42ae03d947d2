//! Sending every frame in the same way, in little flash.

use super::Outbound;
use crate::extension::Extension;
use crate::session::frame::Frame;
use crate::session::next::Next;

impl<R, O, X: Extension> Outbound<R, O, X> {
    /// Returns `None`, which leaves the frame to [`Outbound::next_sent_rest`].
    #[inline(always)]
    pub(in crate::session) const fn next_whole_sent(&mut self, _: &mut Frame<'_>) -> Option<Next> {
        None
    }
}
