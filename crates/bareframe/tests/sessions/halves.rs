//! A session, whole or in its halves, under the same calls.

use super::Variant;
use bareframe::{
    Assembler, CloseCode, Frame, Gather, Inbound, Next, Outbound, Pending, ReceiveError, Role, SendError,
    Session, State,
};
use std::fmt::Debug;

pub(super) type Memory<'m> = Option<&'m mut [u8]>;
pub(super) type Queue = Vec<u8>;

type Both<'m, R, X> = (Inbound<R, Memory<'m>, X>, Outbound<R, Queue, X>);

pub(super) enum Halves<'m, R, X: Variant> {
    Whole(Box<Session<R, Memory<'m>, Queue, X>>),
    Split(Box<Both<'m, R, X>>, Pending),
}

impl<'m, R: Role + Debug, X: Variant> Halves<'m, R, X> {
    pub(super) fn is_whole(&self) -> bool {
        matches!(self, Halves::Whole(_))
    }

    pub(super) fn split(self) -> Halves<'m, R, X> {
        match self {
            Halves::Whole(session) => Halves::Split(Box::new(session.split()), Pending::NONE),
            split @ Halves::Split(..) => split,
        }
    }

    pub(super) fn both(&mut self) -> (&mut Inbound<R, Memory<'m>, X>, &mut Outbound<R, Queue, X>) {
        match self {
            Halves::Whole(session) => session.both(),
            Halves::Split(halves, _) => (&mut halves.0, &mut halves.1),
        }
    }

    pub(super) fn inbound(&mut self) -> &mut Inbound<R, Memory<'m>, X> {
        self.both().0
    }

    pub(super) fn outbound(&mut self) -> &mut Outbound<R, Queue, X> {
        self.both().1
    }

    pub(super) fn next_event(&mut self) -> Result<Next, ReceiveError> {
        match self {
            Halves::Whole(session) => as_if_idle(session.next_if_idle(), session.next_event()),
            Halves::Split(halves, _) => halves.0.next_event(),
        }
    }

    pub(super) fn next_message<B: Gather>(
        &mut self,
        assembler: &mut Assembler<B>,
    ) -> Result<Next, ReceiveError> {
        match self {
            Halves::Whole(session) => as_if_idle(session.next_if_idle(), session.next_message(assembler)),
            Halves::Split(halves, _) => halves.0.next_message(assembler),
        }
    }

    pub(super) fn next_sent(&mut self, frame: &mut Frame<'_>) -> Result<Next, SendError> {
        match self {
            Halves::Whole(session) => session.next_sent(frame),
            Halves::Split(halves, _) => {
                let next = halves.1.next_sent(frame);
                // The caller tells the other half what a session knows by itself.
                if let Err(SendError::Extension(code)) = next {
                    halves.0.fail(code);
                }
                next
            }
        }
    }

    pub(super) fn next_flush(&mut self) -> Next {
        match self {
            Halves::Whole(session) => session.next_flush(),
            Halves::Split(halves, _) => halves.1.next_flush(),
        }
    }

    /// Carries what the reading half left to the writing one.
    pub(super) fn carry(&mut self, also: Pending) {
        if let Halves::Split(halves, slot) = self {
            slot.merge(halves.0.take_pending());
            slot.merge(also);
            halves.1.send_pending(slot);
        }
    }

    /// Fetches what the reading half left, without sending it yet.
    pub(super) fn keep(&mut self) {
        if let Halves::Split(halves, slot) = self {
            slot.merge(halves.0.take_pending());
        }
    }

    pub(super) fn fail(&mut self, code: CloseCode) {
        match self {
            Halves::Whole(session) => session.fail(code),
            Halves::Split(halves, _) => {
                halves.0.fail(code);
                halves.1.abandon();
            }
        }
    }

    pub(super) fn refused(&mut self) {
        match self {
            Halves::Whole(session) => session.refused(),
            Halves::Split(halves, _) => halves.1.refused(),
        }
    }

    /// Returns whether to call again; the halves have no passes.
    pub(super) fn blocked(&mut self, next: Next) -> bool {
        match self {
            Halves::Whole(session) => session.blocked(next),
            Halves::Split(..) => false,
        }
    }

    pub(super) fn state(&self) -> Option<State> {
        match self {
            Halves::Whole(session) => Some(session.state()),
            Halves::Split(..) => None,
        }
    }
}

/// Holds what a session says where it is idle to what it says after a look.
fn as_if_idle(idle: Option<Next>, next: Result<Next, ReceiveError>) -> Result<Next, ReceiveError> {
    if let Some(idle) = idle {
        assert_eq!(next, Ok(idle));
    }
    next
}
