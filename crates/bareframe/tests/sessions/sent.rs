//! What a session must write, byte by byte: its frames, and its answers between them.

mod answers;

use super::heard::{Heard, Item, items};
use super::{Keys, Variant};
use crate::runs::unpacked;
use bareframe::{
    CloseCode, Config, Frame, Limits, MessageKind, Next, Outbound, Role, Rsv, SendError, Utf8Validator,
};
use bareframe_testkit::{self as testkit, Oracle, Side, Utf8};
use std::cell::Cell;
use std::fmt::Debug;
use std::mem::discriminant;
use std::rc::Rc;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PONG: u8 = 0xA;

/// A frame as the caller asked for it.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    /// `None` if nothing is sent.
    pub(super) opcode: Option<u8>,
    pub(super) rsv: Rsv,
    pub(super) fin: bool,
    pub(super) payload: Vec<u8>,
    /// It is text that must be valid.
    pub(super) is_checked: bool,
    pub(super) is_prepared: bool,
}

/// A frame in the caller's hands, and the session and the number of the send that it was begun by.
#[derive(Clone, Debug)]
pub(super) struct Held<'f> {
    pub(super) frame: Frame<'f>,
    pub(super) spec: Spec,
    pub(super) begun: Option<(Side, u64)>,
}

/// Why nothing is written any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    Refused,
    WithinFrame,
}

/// The message of which a frame without FIN was sent.
#[derive(Clone, Debug)]
struct Open {
    kind: MessageKind,
    has_rsv: bool,
    is_extended: bool,
    text: Utf8,
}

/// Our Close, once it is queued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Closed {
    ByCaller,
    AsAnswer(Option<CloseCode>),
}

pub(super) struct Sent {
    side: Side,
    config: Config,
    is_extended: bool,
    /// How many keys were drawn, and how many the frames have taken.
    drawn: Rc<Cell<u32>>,
    keys: u32,
    /// The frames that were begun, to their ends.
    pub(super) due: Vec<u8>,
    pub(super) written: Vec<u8>,
    pub(super) is_unflushed: bool,
    pub(super) stopped: Option<Stop>,
    /// The data frame that was begun last, and how many bytes of it are neither queued nor written.
    frame: Option<(Side, u64)>,
    pub(super) left: usize,
    /// It goes through the extension and is not finished.
    pub(super) is_extending: bool,
    control: Option<(Side, u64)>,
    begun: u64,
    open: Option<Open>,
    pub(super) closed: Option<Closed>,
    /// The Pings before this one are answered, or not to be answered any more.
    pub(super) answered: usize,
    /// The Pings before this one can't be answered any more.
    answerable: usize,
    /// A Ping that nobody gave a payload may be sent.
    pub(super) keepalives: usize,
    said: Vec<(MessageKind, Rsv, Vec<u8>)>,
    oracle: Oracle,
}

/// What was before a call.
pub(super) struct Before {
    frame: String,
    outbound: String,
    was_begun: bool,
    left: usize,
}

impl Spec {
    pub(super) fn kind(&self) -> Option<MessageKind> {
        match self.opcode? {
            TEXT => Some(MessageKind::Text),
            opcode if opcode < CLOSE => Some(MessageKind::Binary),
            _ => None,
        }
    }
}

impl Sent {
    pub(super) fn new<X: Variant>(side: Side, config: Config, drawn: Rc<Cell<u32>>) -> Sent {
        Sent {
            side,
            config,
            is_extended: X::IS_EXTENDED,
            drawn,
            keys: 0,
            due: Vec::new(),
            written: Vec::new(),
            is_unflushed: false,
            stopped: None,
            frame: None,
            left: 0,
            is_extending: false,
            control: None,
            begun: 0,
            open: None,
            closed: None,
            answered: 0,
            answerable: 0,
            keepalives: 0,
            said: Vec::new(),
            oracle: Oracle::new(side.other(), config.with_limits(Limits::UNLIMITED)),
        }
    }

    /// Returns the message of which a frame without FIN was sent, and how much of it.
    pub(super) fn open_message(&self) -> Option<(MessageKind, usize)> {
        let open = self.open.as_ref()?;
        Some((open.kind, self.said.last().map_or(0, |said| said.2.len())))
    }

    pub(super) fn is_within_frame(&self) -> bool {
        self.left > 0
    }

    pub(super) fn is_current(&self, held: &Held<'_>) -> bool {
        held.begun.is_some() && held.begun == self.frame
    }

    fn bytes(&self, frame: testkit::Frame) -> Vec<u8> {
        let key = Keys::key(self.keys + 1).to_bytes();
        frame.masked_for(self.side.other(), key).to_bytes()
    }

    /// Returns why this frame, which was not begun, may be refused.
    fn refusals(&self, spec: &Spec) -> Vec<SendError> {
        let mut refusals = Vec::new();
        let Some(opcode) = spec.opcode else {
            return refusals;
        };
        let is_closed = match self.closed {
            None => false,
            Some(Closed::ByCaller) => opcode != PONG,
            Some(Closed::AsAnswer(_)) => true,
        };
        if self.stopped.is_some() || is_closed {
            refusals.push(SendError::Closed);
        }
        if self.left > 0 || self.is_extending && spec.kind().is_some() {
            refusals.push(SendError::InsideFrame);
        }
        let Some(kind) = spec.kind() else {
            if spec.payload.len() > 125 {
                refusals.push(SendError::OversizedControl);
            }
            return refusals;
        };
        let mut text = Utf8::new();
        match &self.open {
            Some(_) if spec.is_prepared => refusals.push(SendError::MessageOpen),
            Some(open) => {
                if open.kind != kind {
                    refusals.push(SendError::WrongKind);
                }
                if !spec.rsv.is_empty() {
                    refusals.push(SendError::ReservedBits);
                }
                text = open.text.clone();
            }
            None => {}
        }
        if !self.config.rsv().contains(spec.rsv) {
            refusals.push(SendError::ReservedBits);
        }
        let has_rsv = self.open.as_ref().is_some_and(|open| open.has_rsv);
        if kind == MessageKind::Text && spec.is_checked && !has_rsv {
            let is_valid = spec.payload.iter().all(|&byte| text.push(byte));
            if !is_valid || spec.fin && !text.is_whole() {
                refusals.push(SendError::InvalidUtf8(
                    Utf8Validator::new().push(b"\xff").unwrap_err(),
                ));
            }
        }
        refusals
    }

    pub(super) fn before<R: Role + Debug, X: Variant>(
        &self,
        held: &Held<'_>,
        outbound: &Outbound<R, Vec<u8>, X>,
    ) -> Before {
        Before {
            frame: format!("{:?}", held.frame),
            outbound: format!("{outbound:?}"),
            was_begun: held.frame.is_begun(),
            left: held.frame.left(),
        }
    }

    /// Compares what `next_sent` did with the model. Returns `true` if the frame is done.
    pub(super) fn after<R: Role + Debug, X: Variant>(
        &mut self,
        before: &Before,
        result: Result<Next, SendError>,
        held: &mut Held<'_>,
        outbound: &Outbound<R, Vec<u8>, X>,
        heard: &Heard,
        may_answer: bool,
    ) -> bool {
        let due = self.due.len();
        if before.was_begun {
            return self.went_on(before, result, held, outbound);
        }
        let refusals = self.refusals(&held.spec);
        if held.frame.is_begun() {
            let fails = self.is_extended && matches!(result, Err(SendError::Extension(_)));
            assert!(
                (result.is_ok() || fails) && refusals.is_empty(),
                "{result:?} where {refusals:?} was due"
            );
            self.begin(held, outbound.queued(), heard, may_answer);
            self.check_queue(outbound.queued());
            self.note_extended(result, held);
            if self.is_current(held) && !self.is_extending {
                assert_eq!(
                    held.frame.left(),
                    self.left,
                    "bytes of the frame are lost or repeated"
                );
            }
            return self.is_done(result, held, outbound);
        }
        self.take_answers(outbound.queued(), None, heard, may_answer);
        self.check_queue(outbound.queued());
        // Our Close may be among the answers.
        let refusals = self.refusals(&held.spec);
        assert_eq!(
            before.frame,
            format!("{:?}", held.frame),
            "a refused call changes nothing"
        );
        match result {
            Ok(Next::Ready) => assert_eq!(held.spec.opcode, None),
            Ok(next) => {
                assert_eq!(next, Next::Write);
                assert!(!outbound.queued().is_empty(), "nothing to write");
            }
            Err(error) => {
                let is_due = |due: &SendError| discriminant(due) == discriminant(&error);
                let has_stopped = heard.may_have_stopped() || self.closed.is_some() && heard.is_closed();
                let may_be_closed = error == SendError::Closed && has_stopped;
                let fails = matches!(error, SendError::Extension(_));
                assert!(
                    refusals.iter().any(is_due) || may_be_closed || fails && self.is_extended,
                    "{error:?} where {refusals:?} was due of {:?} in {:?}",
                    held.spec,
                    self.open
                );
                if self.due.len() == due {
                    // The peer's Close needs no answer after ours, which every call may notice.
                    let noticed = |shown: &str| match heard.has_stopped() {
                        true => shown.replace("closing: CloseSent", "closing: Done"),
                        false => shown.to_owned(),
                    };
                    let after = format!("{outbound:?}");
                    assert_eq!(
                        noticed(&before.outbound),
                        noticed(&after),
                        "a refused call changes nothing"
                    );
                }
            }
        }
        result == Ok(Next::Ready)
    }

    /// A frame that was begun before continues, or is refused.
    fn went_on<R: Role + Debug, X: Variant>(
        &mut self,
        before: &Before,
        result: Result<Next, SendError>,
        held: &mut Held<'_>,
        outbound: &Outbound<R, Vec<u8>, X>,
    ) -> bool {
        let is_control = held.spec.kind().is_none();
        let is_foreign = held.begun.is_some_and(|(side, _)| side != self.side);
        let is_last = match is_control {
            true => held.begun == self.control,
            false => self.is_current(held) && self.stopped.is_none(),
        };
        let is_same = is_last && (is_control || self.is_extending || before.left == self.left);
        if is_same && !is_control && self.is_extended && !matches!(result, Err(SendError::OtherFrame)) {
            let done = matches!(result, Err(SendError::Extension(_) | SendError::Closed));
            assert!(result.is_ok() || done, "{result:?}");
            self.take_extended(outbound.queued());
            self.check_queue(outbound.queued());
            self.note_extended(result, held);
            return self.is_done(result, held, outbound);
        }
        self.check_queue(outbound.queued());
        if is_same {
            // Of a frame that goes through an extension a clone is left behind though nothing is left of either.
            let may_differ = self.is_extended && !is_control;
            assert!(
                result.is_ok() || may_differ,
                "{result:?} of the frame that was begun"
            );
            if result.is_ok() && !is_control {
                assert_eq!(
                    held.frame.left(),
                    self.left,
                    "bytes of the frame are lost or repeated"
                );
            }
            return result.is_ok() && self.is_done(result, held, outbound);
        }
        // A frame of which nothing is left can't be told from another's.
        let is_finished = before.left == 0 && (is_foreign || !is_control);
        assert!(
            result == Err(SendError::OtherFrame) || is_finished && result == Ok(Next::Ready),
            "{result:?} of a frame that differs"
        );
        assert_eq!(
            before.frame,
            format!("{:?}", held.frame),
            "a refused call changes nothing"
        );
        assert_eq!(
            before.outbound,
            format!("{outbound:?}"),
            "a refused call changes nothing"
        );
        false
    }

    fn is_done<R: Role, X: Variant>(
        &self,
        result: Result<Next, SendError>,
        held: &Held<'_>,
        outbound: &Outbound<R, Vec<u8>, X>,
    ) -> bool {
        match result {
            Ok(Next::Ready) => {
                assert!(
                    self.left == 0 || !self.is_current(held),
                    "{} bytes are left",
                    self.left
                );
                true
            }
            Ok(next) => {
                assert_eq!(next, Next::Write);
                let [queued, payload] = outbound.to_write(&held.frame);
                assert!(!queued.is_empty() || !payload.is_empty(), "nothing to write");
                false
            }
            Err(_) => false,
        }
    }

    /// Accounts for a frame that the session has begun.
    fn begin(&mut self, held: &mut Held<'_>, queued: &[u8], heard: &Heard, may_answer: bool) {
        let spec = held.spec.clone();
        self.begun += 1;
        held.begun = Some((self.side, self.begun));
        self.take_answers(queued, Some(&spec), heard, may_answer);
        let Some(kind) = spec.kind() else {
            self.control = held.begun;
            let bytes = self.bytes(frame_of(&spec, spec.opcode.unwrap_or(0)));
            self.push_frame(&bytes);
            if spec.opcode == Some(CLOSE) {
                self.closed = Some(Closed::ByCaller);
            }
            return;
        };
        self.frame = held.begun;
        let is_extended = match &self.open {
            Some(open) => open.is_extended,
            None => self.is_extended && spec.rsv.is_empty() && kind == MessageKind::Text && !spec.is_prepared,
        };
        if self.open.is_none() {
            self.said.push((kind, spec.rsv, Vec::new()));
        }
        let said = self.said.last_mut().expect("a message");
        said.2.extend_from_slice(&spec.payload);
        let opcode = match self.open {
            Some(_) => CONTINUATION,
            None => spec.opcode.unwrap_or(0),
        };
        let mut open = self.open.take().unwrap_or(Open {
            kind,
            has_rsv: !spec.rsv.is_empty(),
            is_extended,
            text: Utf8::new(),
        });
        let _ = spec.payload.iter().all(|&byte| open.text.push(byte));
        self.open = (!spec.fin).then_some(open);
        if is_extended {
            self.is_extending = true;
            self.take_extended(queued);
        } else {
            let bytes = self.bytes(frame_of(&spec, opcode));
            self.push_frame(&bytes);
        }
    }

    fn push_frame(&mut self, bytes: &[u8]) {
        self.due.extend_from_slice(bytes);
        self.keys += u32::from(self.side == Side::Client);
    }

    /// Whether the extension still works on the frame.
    fn note_extended(&mut self, result: Result<Next, SendError>, held: &Held<'_>) {
        if self.is_current(held) && result == Ok(Next::Ready) {
            self.is_extending = false;
        }
    }

    /// Compares what is queued with what is due.
    pub(super) fn check_queue(&mut self, queued: &[u8]) {
        assert_eq!(
            self.drawn.get(),
            self.keys,
            "a frame draws a key, and nothing else"
        );
        if self.stopped.is_some() {
            assert!(queued.is_empty(), "what is queued is dropped");
            return;
        }
        let rest = &self.due[self.written.len()..];
        assert!(rest.starts_with(queued), "bytes are lost, repeated or torn");
        self.left = rest.len() - queued.len();
    }

    /// Returns what the session must have to be written with this frame.
    pub(super) fn to_write(&self, held: Option<&Held<'_>>, queued_len: usize) -> [&[u8]; 2] {
        if self.stopped.is_some() {
            return [&[], &[]];
        }
        let (queued, rest) = self.due[self.written.len()..].split_at(queued_len);
        let is_direct = self.side == Side::Server
            && held.is_some_and(|held| self.is_current(held) && held.frame.left() == self.left);
        [queued, if is_direct { rest } else { &[] }]
    }

    pub(super) fn wrote(&mut self, len: usize) {
        let written = self.due[self.written.len()..][..len].to_vec();
        for &byte in &written {
            assert_eq!(self.oracle.push(byte), Ok(()), "the peer refuses what we write");
        }
        self.written.extend(written);
        self.is_unflushed |= len > 0;
    }

    pub(super) fn stop(&mut self, stop: Stop) {
        self.stopped.get_or_insert(stop);
        self.is_unflushed = false;
        self.is_extending = false;
        self.left = 0;
    }

    /// Returns `true` if all that is due was written and flushed.
    pub(super) fn is_all_written(&self) -> bool {
        self.written.len() == self.due.len() && !self.is_unflushed
    }

    /// Compares the messages that were written, as a correct parser reads them, with those that the caller sent.
    pub(super) fn check_messages(&self) {
        let mut written: Vec<(MessageKind, Rsv, Vec<u8>, bool)> = Vec::new();
        for item in items(&self.oracle.verdict().transcript, self.is_extended) {
            if let Item::Data {
                kind,
                rsv,
                payload,
                is_first,
                is_last,
                ..
            } = item
            {
                if is_first {
                    written.push((kind, rsv, Vec::new(), false));
                }
                let message = written.last_mut().expect("a first piece");
                message.2.extend(payload);
                message.3 = is_last;
            }
        }
        // A message of which no byte was written is not seen.
        let mut said = self.said.iter();
        for (kind, rsv, payload, is_whole) in written {
            let (said_kind, said_rsv, said) = said.next().expect("a message that nobody sent");
            let passes = self.is_extended && said_rsv.intersects(Rsv::RSV1);
            let said = if passes { unpacked(said) } else { said.clone() };
            let said_rsv = if passes { Rsv::NONE } else { *said_rsv };
            assert_eq!((kind, rsv), (*said_kind, said_rsv));
            assert!(said.starts_with(&payload), "not what the caller sent");
            assert!(!is_whole || payload.len() == said.len(), "a message lost its end");
        }
    }
}

fn frame_of(spec: &Spec, opcode: u8) -> testkit::Frame {
    testkit::Frame::new(opcode, &spec.payload)
        .fin(spec.fin)
        .rsv(spec.rsv)
}
