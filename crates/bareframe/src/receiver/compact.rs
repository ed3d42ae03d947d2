//! How a small machine receives: in one function, and every unusual header byte by byte, in little flash.

use super::event::Event;
use super::{Completed, Receiver};
use crate::error::ProtocolError;
use crate::limits::Limits;
use crate::role::Role;

/// A small machine computes whether the fast path is allowed when it needs to know.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct FastPath {
    /// The payload must be shorter than this, in bytes, where a message may begin.
    limit: u32,
}

impl FastPath {
    pub(super) const fn new(limits: &Limits) -> FastPath {
        FastPath {
            limit: limits.simple(),
        }
    }

    #[inline(always)]
    pub(super) const fn limit<R>(&self, receiver: &Receiver<R>) -> usize {
        if receiver.is_between_messages() {
            self.limit as usize
        } else {
            0
        }
    }
}

/// Does nothing, see [`FastPath::limit`].
#[inline(always)]
pub(super) const fn update_fast_path<R>(_: &mut Receiver<R>) {}

/// Only the comparison that ends most calls is inlined.
#[inline(always)]
pub(super) fn receive<'i, R: Role>(
    receiver: &mut Receiver<R>,
    input: &mut &'i mut [u8],
) -> Result<Option<Event<'i>>, ProtocolError> {
    if input.is_empty() {
        return receiver.end_of_input();
    }
    receive_apart(receiver, input)
}

#[inline(never)]
fn receive_apart<'i, R: Role>(
    receiver: &mut Receiver<R>,
    input: &mut &'i mut [u8],
) -> Result<Option<Event<'i>>, ProtocolError> {
    let header = receiver.take_header(input);
    receiver.receive_next(input, header)
}

#[inline(always)]
pub(super) fn receive_other<R: Role>(receiver: &mut Receiver<R>, bytes: &[u8]) -> (usize, Completed) {
    receiver.receive_byte(bytes)
}
