//! Sending a message in one frame with one call of the sender, if all of it fits into the queue.

use super::Outbound;
use crate::extension::{Extension, OutboundExtension};
use crate::opcode::MessageKind;
use crate::role::Role;
use crate::session::frame::{Check, Content, Frame};
use crate::session::next::Next;

impl<R: Role, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> Outbound<R, O, X> {
    /// Queues the frame if it is a whole message that needs no validation, or a server's header of it if the payload
    /// does not fit. Returns `None` and changes nothing if it is another frame or can't be sent, which leaves it to
    /// [`Outbound::next_sent_rest`].
    #[inline(always)]
    pub(in crate::session) fn next_whole_sent(&mut self, frame: &mut Frame<'_>) -> Option<Next> {
        match frame.content {
            Content::Data(kind, Check::Nothing | Check::WholeCharacters)
                if frame.number == 0 && frame.fin && self.is_plain =>
            {
                self.send_whole(frame, kind)
            }
            _ => None,
        }
    }

    // A function of its own, so that everything in it is inlined. In the caller's function there is too much other code
    // for that.
    #[inline(never)]
    fn send_whole(&mut self, frame: &mut Frame<'_>, kind: MessageKind) -> Option<Next> {
        // Within a fragmented message the validator has to be asked.
        if self.sender.is_within_message() || !self.has_room() {
            return None;
        }
        let payload = frame.rest;
        let free = self.outbox.free();
        // Copies by `copy_from_slice`, because the compiler can't prove that the payload is not in the queue.
        let copy = |from: &[u8], to: &mut [u8]| {
            if let Some(to) = to.get_mut(..from.len()) {
                to.copy_from_slice(from);
            }
        };
        let next = match self.sender.encode_with(kind, frame.rsv, payload, free, copy) {
            Ok(len) => {
                self.outbox.add_encoded(len);
                frame.rest = payload.get(payload.len()..).unwrap_or(&[]);
                Next::Ready
            }
            Err(_) if R::KEY_LEN > 0 => return None,
            Err(_) => {
                // A message in one frame does not change the sender's state.
                let outgoing = self.sender.send(kind, frame.rsv, true, payload.len() as u64);
                self.outbox.begin(&outgoing.ok()?).ok()?;
                Next::Write
            }
        };
        self.extension.note_data();
        self.begin_number(frame);
        Some(next)
    }
}
