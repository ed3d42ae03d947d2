//! Messages that are skipped, and errors that the session finds and not the receiver.

use super::{Found, Inbound, TakenBy};
use crate::error::ProtocolError;
use crate::extension::{Extension, SealedWindow};
use crate::memory::Memory;
use crate::message::ChunkFlags;
use crate::receiver::{Receiver, ReceiverState};
use crate::role::Role;
use crate::session::ReceiveError;

impl<R: Role, I: Memory, X: Extension> Inbound<R, I, X> {
    /// Skips the message of which a piece was found.
    #[cold]
    pub(super) fn skip(&mut self, flags: ChunkFlags) -> ReceiveError {
        self.drop_piece(flags);
        ReceiveError::MessageSkipped
    }

    pub(super) fn drop_piece(&mut self, flags: ChunkFlags) {
        self.held.forget();
        self.cursor.found = self.found_next();
        self.cursor.taken_by = if flags.is_last() {
            TakenBy::Nobody
        } else {
            TakenBy::Skipped
        };
    }

    /// Fails the connection because of a message of at least `len` bytes, for which there is memory of `limit` bytes.
    #[cold]
    pub(super) fn refuse_message(&mut self, len: usize, limit: usize) -> ReceiveError {
        (self.gathered, self.cursor.found_len) = (len, limit);
        self.cursor.found = Found::Nothing;
        self.held.forget();
        // Nothing is made of what is left of the message.
        if let Some((_, progress)) = self.window.parts() {
            progress.input = None;
            progress.is_over = true;
        }
        ReceiveError::Protocol(self.refuse(ProtocolError::MessageTooBig))
    }

    /// Fails the connection because of what was found, unless it has failed since. Returns the error that stays.
    #[cold]
    pub(super) fn refuse(&mut self, error: ProtocolError) -> ProtocolError {
        self.refuse_by(|receiver| receiver.refuse(error))
    }

    pub(super) fn refuse_by(
        &mut self,
        fail: impl FnOnce(&mut Receiver<R>) -> ProtocolError,
    ) -> ProtocolError {
        match self.receiver.state() {
            ReceiverState::Failed(before, _) => *before,
            _ => fail(&mut self.receiver),
        }
    }
}
