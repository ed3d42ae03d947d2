//! What the writing half does only if there is an extension.

use super::Outbound;
use crate::close::CloseCode;
use crate::control::ControlFrame;
use crate::error::SendError;
use crate::extension::{Extended, Extension, OutboundExtension};
use crate::header::FrameHeader;
use crate::opcode::{MessageKind, Rsv};
use crate::role::Role;
use crate::session::frame::{Content, Frame};
use crate::session::next::Next;

impl<R: Role, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> Outbound<R, O, X> {
    /// Returns `true` if there is an extension, so that what is sent is not as long as what was given.
    ///
    /// ```
    /// use bareframe::{Config, Connection, Session};
    /// let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
    /// assert!(!session.both().1.has_extension());
    /// ```
    #[must_use]
    #[inline]
    pub fn has_extension(&self) -> bool {
        !X::Outbound::NONE && !self.extension.rsv().is_empty()
    }

    /// Returns `true` if the frame goes through the extension, and begins to.
    #[inline]
    pub(super) fn begin_extended(&mut self, frame: &Frame<'_>, kind: MessageKind) -> Result<bool, SendError> {
        if X::Outbound::NONE || self.is_plain {
            return Ok(false);
        }
        let is_extended = match self.extended {
            Some(open) if open != kind => return Err(SendError::WrongKind),
            Some(_) if frame.rsv.is_empty() => {
                self.sender.check(kind, Rsv::NONE)?;
                true
            }
            Some(_) => return Err(SendError::ReservedBits),
            None => {
                let rsv = self.extension.rsv();
                let opts_out = matches!(frame.content, Content::Unextended(..));
                if self.sender.is_within_message() || opts_out && !frame.rsv.intersects(rsv) {
                    false
                } else if frame.rsv.intersects(rsv) {
                    // It was changed before.
                    self.sender.check(kind, frame.rsv)?;
                    self.pass_extension(frame.rsv, 0)?;
                    false
                } else {
                    self.sender.check(kind, frame.rsv | rsv)?;
                    self.extension.begin(kind, frame.rest.len(), frame.fin)
                }
            }
        };
        if is_extended {
            self.is_changed &= self.extended.is_some();
            self.extended = if frame.fin { None } else { Some(kind) };
            self.is_extending = true;
        }
        Ok(is_extended)
    }

    /// Asks the extension about a message that has these bits already.
    #[inline]
    pub(super) fn pass_extension(&mut self, rsv: Rsv, parameters: u8) -> Result<(), SendError> {
        if X::Outbound::NONE || !rsv.intersects(self.extension.rsv()) || self.extension.pass(parameters) {
            Ok(())
        } else {
            Err(SendError::NotAgreed)
        }
    }

    /// Returns `true` if the frame that was begun goes through the extension, and is not finished.
    #[inline]
    pub(super) const fn is_extending(&self) -> bool {
        !X::Outbound::NONE && self.is_extending
    }

    /// Queues frames of the payload as long as they fit, each by one call of the extension.
    #[inline(never)]
    pub(super) fn send_extended(&mut self, frame: &mut Frame<'_>) -> Result<Next, SendError> {
        const BROKEN: SendError = SendError::Extension(CloseCode::INTERNAL_ERROR);
        let (Content::Data(kind, _) | Content::Unextended(kind, _)) = frame.content else {
            return Ok(Next::Ready);
        };
        // A Close may have been queued between its frames.
        self.sender.check(kind, Rsv::NONE)?;
        loop {
            if self.outbox.room() < ControlFrame::MAX_LEN {
                return Ok(Next::Write);
            }
            let free = self.outbox.free();
            let header_room = FrameHeader::longest(free.len()).saturating_add(R::KEY_LEN);
            let out = free.get_mut(header_room..).ok_or(BROKEN)?;
            let Extended {
                taken,
                start,
                end,
                is_done,
                is_unchanged,
            } = self
                .extension
                .send(frame.rest, frame.fin, out)
                .map_err(SendError::Extension)?;
            let payload = out.get(start..end).ok_or(BROKEN)?;
            if taken > frame.rest.len() {
                return Err(BROKEN);
            }
            let fin = frame.fin && is_done;
            let payload_len = payload.len();
            if is_unchanged && self.is_changed {
                return Err(BROKEN);
            }
            if is_unchanged && payload_len == 0 {
                return self.send_unchanged(frame, kind);
            }
            if payload_len == 0 && !fin {
                let is_stuck = taken == 0;
                frame.take(taken);
                self.note(frame);
                if frame.rest.is_empty() && !frame.fin {
                    self.is_extending = false;
                    return Ok(Next::Ready);
                }
                if is_stuck {
                    return Err(BROKEN);
                }
                continue;
            }
            let rsv = if self.sender.is_within_message() {
                Rsv::NONE
            } else if is_unchanged {
                frame.rsv
            } else {
                frame.rsv | self.extension.rsv()
            };
            let mut outgoing = self.sender.send(kind, rsv, fin, payload_len as u64)?;
            let from = header_room.saturating_add(start);
            let range = from..from.saturating_add(payload_len);
            self.outbox.add_frame(&mut outgoing, range);
            self.extension.note_data();
            self.is_changed |= !is_unchanged;
            frame.take(taken);
            self.note(frame);
            if fin {
                frame.rest = &[];
                self.note(frame);
                self.is_extending = false;
                return Ok(Next::Ready);
            }
        }
    }

    /// Sends what is left of the frame as it is, and so the rest of the message.
    fn send_unchanged(&mut self, frame: &mut Frame<'_>, kind: MessageKind) -> Result<Next, SendError> {
        self.is_extending = false;
        self.extended = None;
        let is_within = self.sender.is_within_message();
        if is_within && frame.rest.is_empty() && !frame.fin {
            return Ok(Next::Ready);
        }
        let rsv = if is_within { Rsv::NONE } else { frame.rsv };
        let outgoing = self.sender.send(kind, rsv, frame.fin, frame.rest.len() as u64)?;
        self.outbox.begin(&outgoing)?;
        self.extension.note_data();
        self.begun.masker = outgoing.masker();
        Ok(self.send_rest(frame))
    }
}
