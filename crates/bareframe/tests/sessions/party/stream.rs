//! The stream of a session, which takes and gives as much as it was told to.

use super::super::Variant;
use super::super::sent::{Held, Sent};
use super::Party;
use bareframe::{Frame, Role};
use bareframe_testkit::Choices;
use std::collections::VecDeque;
use std::fmt::Debug;

/// The bytes in flight to the peer.
#[derive(Default)]
pub(in super::super) struct Wire {
    pub(in super::super) bytes: VecDeque<u8>,
    pub(in super::super) has_ended: bool,
}

/// The result of something that was to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Done {
    Yes,
    Blocked,
}

impl<R: Role + Debug, X: Variant> Party<'_, '_, R, X> {
    pub(super) fn read(&mut self, other: &mut Wire, choices: &mut Choices<'_>) -> Done {
        let inbound = self.halves.as_mut().expect("it is put back").inbound();
        let space = inbound.space();
        let len = space.len().min(other.bytes.len()).min(self.step).min(self.gives);
        if len == 0 {
            let has_ended = other.bytes.is_empty() && other.has_ended;
            if has_ended {
                inbound.read(0);
                self.heard.has_ended = true;
                return Done::Yes;
            }
            return Done::Blocked;
        }
        let bytes: Vec<u8> = other.bytes.drain(..len).collect();
        space[..len].copy_from_slice(&bytes);
        let is_full = len == space.len();
        self.gives = self.gives.saturating_sub(len);
        self.heard.read(&bytes);
        let is_told = choices.once_in(8) && inbound.begin_with(0..len);
        if !is_told {
            inbound.read(if is_full && choices.once_in(4) {
                len + 7
            } else {
                len
            });
        }
        Done::Yes
    }

    /// Writes what there is, and the payload of this frame.
    pub(super) fn write(&mut self, held: Option<&mut Held<'_>>, choices: &mut Choices<'_>) -> Done {
        if self.refuses {
            self.refused();
            return Done::Yes;
        }
        let outbound = self.halves.as_mut().expect("it is put back").outbound();
        write(
            outbound,
            &mut self.sent,
            &mut self.shared.wire,
            held,
            (self.step, &mut self.takes),
            choices,
        )
    }

    pub(super) fn flush(&mut self) -> Done {
        self.halves().outbound().flushed();
        self.sent.is_unflushed = false;
        Done::Yes
    }
}

/// Writes what the session has, as much as the stream takes.
pub(super) fn write<R: Role, X: Variant>(
    outbound: &mut bareframe::Outbound<R, Vec<u8>, X>,
    sent: &mut Sent,
    wire: &mut Wire,
    mut held: Option<&mut Held<'_>>,
    (step, takes): (usize, &mut usize),
    choices: &mut Choices<'_>,
) -> Done {
    let mut none = Frame::NONE.clone();
    let [queued, direct] = match &held {
        Some(held) => outbound.to_write(&held.frame),
        None => outbound.to_write(&none),
    };
    let due = sent.to_write(held.as_deref(), queued.len());
    assert!([queued, direct] == due, "not what is due is to be written");
    let all = [queued, direct].concat();
    let len = all.len().min(step).min(*takes);

    // A caller that leaves out the frame may have nothing to write.
    if len == 0 {
        return Done::Blocked;
    }
    *takes = takes.saturating_sub(len);
    wire.bytes.extend(&all[..len]);
    sent.wrote(len);
    // Who wrote all may say more.
    let said = if len == all.len() && choices.once_in(16) {
        len + 9
    } else {
        len
    };
    match &mut held {
        Some(held) => outbound.wrote(said, &mut held.frame),
        None => outbound.wrote(said, &mut none),
    }
    sent.check_queue(outbound.queued());
    if let Some(held) = held
        && sent.is_current(held)
        && !sent.is_extending
        && sent.stopped.is_none()
        && !direct_is_stale(held, sent)
    {
        assert_eq!(held.frame.left(), sent.left);
    }
    Done::Yes
}

/// A clone that was left behind has more to send than the session.
fn direct_is_stale(held: &Held<'_>, sent: &Sent) -> bool {
    held.frame.left() > sent.left
}
