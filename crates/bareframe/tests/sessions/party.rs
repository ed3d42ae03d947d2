//! One session, its stream, and what has to be true of both.

mod frames;
mod stream;

use super::halves::{Halves, Memory};
use super::heard::{Heard, Way};
use super::sent::{Closed, Held, Sent, Spec, Stop};
use super::{Payloads, Variant};
use bareframe::{
    Assembler, CloseCode, Config, Connection, Event, Frame, Next, Pending, ReceiveError, Role, Rsv,
    SendError, Session, SliceBuffer, State,
};
use bareframe_testkit::{Choices, Side};
use std::cell::Cell;
use std::fmt::Debug;
use std::rc::Rc;
pub(super) use stream::Wire;
use stream::{Done, write};

/// This many calls in a row may say that something is to be done and move no byte: memory, a flush, a write that blocks.
const MOST_IDLE: usize = 6;

/// What the other party may reach of one.
pub(super) struct Shared<'p> {
    pub(super) wire: Wire,
    /// The frames in the caller's hands.
    pub(super) held: Vec<Held<'p>>,
}

/// How the queue was when something was ready.
#[derive(Clone, Copy, Default, Debug)]
struct Ready {
    /// Nothing kept the session from writing.
    could_write: bool,
    is_all_written: bool,
    answered: usize,
    is_closed: bool,
}

pub(super) struct Party<'m, 'p, R, X: Variant> {
    halves: Option<Halves<'m, R, X>>,
    side: Side,
    config: Config,
    pub(super) sent: Sent,
    pub(super) heard: Heard,
    pub(super) shared: Shared<'p>,
    payloads: &'p Payloads,
    next_mark: usize,
    /// A keepalive's Ping was asked for.
    has_pinged: bool,
    spare: Memory<'m>,
    one: Assembler<SliceBuffer<'m>>,
    other: Assembler<SliceBuffer<'m>>,
    capacities: [usize; 2],
    /// How many bytes the stream takes, and gives, before it blocks.
    pub(super) takes: usize,
    pub(super) gives: usize,
    /// The most bytes of one read or write.
    pub(super) step: usize,
    pub(super) refuses: bool,
    is_blocked: bool,
    ready: Ready,
    /// In which way the last call asked.
    asked: Option<Way>,
    state: State,
}

impl<'m, 'p, R: Role + Debug, X: Variant> Party<'m, 'p, R, X> {
    pub(super) fn new(
        connection: Connection<R>,
        (side, config): (Side, Config),
        drawn: Rc<Cell<u32>>,
        queue_len: usize,
        memories: [&'m mut [u8]; 3],
        payloads: &'p Payloads,
        packer: <X as bareframe::Extension>::Outbound,
    ) -> Party<'m, 'p, R, X> {
        let [memory, one, other] = memories;
        let capacities = [one.len(), other.len()];
        let mut session = Session::with_extension(
            connection,
            None,
            vec![0; queue_len],
            X::inbound(),
            X::window(),
            packer,
        );
        // Messages stay in the memory while they arrive, or are gathered.
        session
            .both()
            .0
            .hold_up_to(if queue_len.is_multiple_of(2) { 1 << 16 } else { 0 });
        Party {
            halves: Some(Halves::Whole(Box::new(session))),
            side,
            config,
            sent: Sent::new::<X>(side, config, drawn),
            heard: Heard::new::<X>(side, config),
            shared: Shared {
                wire: Wire::default(),
                held: Vec::new(),
            },
            payloads,
            next_mark: 0,
            has_pinged: false,
            spare: Some(memory),
            one: Assembler::new(SliceBuffer::new(one)),
            other: Assembler::new(SliceBuffer::new(other)),
            capacities,
            takes: usize::MAX,
            gives: usize::MAX,
            step: usize::MAX,
            refuses: false,
            is_blocked: false,
            ready: Ready::default(),
            asked: None,
            state: State::Open,
        }
    }

    fn halves(&mut self) -> &mut Halves<'m, R, X> {
        self.halves.as_mut().expect("it is put back")
    }

    pub(super) fn side(&self) -> Side {
        self.side
    }

    pub(super) fn is_whole(&mut self) -> bool {
        self.halves().is_whole()
    }

    pub(super) fn split(&mut self) {
        let halves = self.halves.take().expect("it is put back");

        let was_whole = halves.is_whole();
        self.halves = Some(halves.split());
        self.account(was_whole);
        self.is_blocked = false;
        // By itself the reading half does not know that a frame of ours was abandoned.
        if self.heard.error == Some(ReceiveError::AbnormalClosure) && self.heard.is_closed() {
            self.heard.error = None;
        }
    }

    /// Accounts for what a call has queued by itself.
    fn account(&mut self, may_answer: bool) {
        let halves = self.halves.as_mut().expect("it is put back");
        let queued = halves.outbound().queued();
        self.sent.take_answers(queued, None, &self.heard, may_answer);
        self.sent.check_queue(queued);
        let is_within_frame = halves.outbound().is_within_frame();
        assert_eq!(is_within_frame, self.sent.is_within_frame());
        assert_eq!(halves.outbound().is_closed(), self.sent.closed.is_some());
        if let Some(state) = halves.state() {
            assert!(may_follow(self.state, state), "{:?} to {state:?}", self.state);
            self.state = state;
        }
    }

    /// Calls once, and holds what it says to the model.
    fn ask(&mut self, way: Way) -> Result<Next, ReceiveError> {
        self.heard.asked(way);
        (self.asked, self.ready) = (Some(way), Ready::default());
        let halves = self.halves.as_mut().expect("it is put back");
        let had_more = halves.inbound().has_more();
        let result = match way {
            Way::Events => halves.next_event(),
            Way::One => halves.next_message(&mut self.one),
            Way::Other => halves.next_message(&mut self.other),
        };

        let is_whole = self.is_whole();
        self.account(is_whole);
        let has_more = self.halves().inbound().has_more();
        match result {
            Ok(Next::Ready) => assert!(had_more && has_more, "it was there without a read"),
            Ok(Next::Read | Next::Memory) => assert!(!has_more, "there was nothing without a read"),
            _ => {}
        }
        match result {
            // What has to be answered is taken and carried to the other half.
            Ok(Next::Write) if !is_whole => assert_ne!(way, Way::Events),
            Ok(Next::Write) => assert!(is_whole && !self.halves().outbound().queued().is_empty()),
            Ok(Next::Flush) => {
                assert!(is_whole && self.sent.is_unflushed && self.halves().outbound().queued().is_empty());
            }
            _ => self.stopped_writing(result),
        }
        result
    }

    /// Nothing is to be written before this.
    fn stopped_writing(&mut self, result: Result<Next, ReceiveError>) {
        let is_whole = self.is_whole();
        let could_write =
            is_whole && !self.is_blocked && !self.sent.is_within_frame() && self.sent.stopped.is_none();
        self.is_blocked = false;
        self.ready = Ready {
            could_write,
            is_all_written: self.sent.is_all_written(),
            answered: self.sent.answered,
            is_closed: self.sent.closed.is_some(),
        };
        match result {
            Ok(Next::Ready) | Err(ReceiveError::MessageSkipped) => {}
            Ok(_) => assert!(
                !could_write || self.sent.is_all_written(),
                "{result:?} before a write"
            ),
            Err(_) => assert!(
                !is_whole
                    || self.sent.is_within_frame()
                    || self.sent.stopped.is_some()
                    || self.sent.is_all_written(),
                "{result:?} before its Close has left"
            ),
        }
        match result {
            Ok(Next::Read | Next::Memory) => {
                assert_eq!(self.heard.error, None, "the error is forgotten");
                assert!(!self.heard.is_closed() && self.heard.fault().is_none());
                if could_write && self.config.auto_pong() {
                    let pings = self.heard.pings().len();
                    assert_eq!(self.sent.answered, pings, "a Ping is not answered");
                }
                let space = self.halves().inbound().space().len();
                assert_eq!(space == 0, result == Ok(Next::Memory), "nothing to read into");
            }
            Ok(Next::Closed) => {
                assert!(self.heard.is_closed() && self.heard.error.is_none());
                self.heard.all_delivered();
                assert!(self.halves().inbound().close_reason().is_some());
                if is_whole && self.sent.stopped.is_none() {
                    assert!(self.sent.closed.is_some() && self.sent.is_all_written());
                    let was_ours = self.sent.closed == Some(Closed::ByCaller);
                    let pings = self.heard.pings().len();
                    assert!(!self.config.auto_pong() || was_ours || self.sent.answered == pings);
                }
            }
            Err(ReceiveError::MessageSkipped) => self.heard.skip(),
            Err(ReceiveError::UnfinishedFrame) => {
                assert!(is_whole && self.heard.is_closed() && self.sent.is_within_frame());
            }
            Err(error) => {
                let is_abandoned = self.sent.stopped == Some(Stop::WithinFrame);
                self.heard.failed_with(error, is_abandoned, self.capacities);
                if let (ReceiveError::Protocol(error), Some(Closed::AsAnswer(code))) =
                    (error, self.sent.closed)
                {
                    assert_eq!(code, Some(error.close_code()));
                }
                if is_whole && matches!(error, ReceiveError::Protocol(_)) {
                    let can_close = !self.sent.is_within_frame() && self.sent.stopped.is_none();
                    assert!(!can_close || self.sent.closed.is_some(), "no Close was sent");
                }
            }
            Ok(_) => {}
        }
    }

    /// Fetches what a call found, in the way in which it was asked for or in another.
    pub(super) fn take(&mut self, way: Way) {
        let halves = self.halves.as_mut().expect("it is put back");
        let (asked, ready) = (self.asked.take(), std::mem::take(&mut self.ready));
        let capacity = |way: usize| {
            (asked == Some(if way == 0 { Way::One } else { Way::Other })).then_some(self.capacities[way])
        };
        match way {
            Way::Events => {
                let Some(event) = halves.inbound().event() else {
                    return;
                };
                self.heard.event(&event);
                let is_answered = |at: usize| ready.answered > at && ready.is_all_written;
                match event {
                    Event::Ping(payload) if ready.could_write && self.config.auto_pong() => {
                        let pings = self.heard.pings();
                        let at = pings.iter().position(|ping| *ping == *payload).unwrap_or(0);
                        assert!(is_answered(at), "a Ping whose answer was not written");
                    }
                    Event::Close(_) if ready.could_write => {
                        assert!(
                            ready.is_closed && ready.is_all_written,
                            "a Close that was not answered"
                        );
                    }
                    _ => {}
                }
            }
            Way::One => {
                if let Some(message) = halves.inbound().message(&mut self.one) {
                    self.heard.message(message, capacity(0));
                }
            }
            Way::Other => {
                if let Some(message) = halves.inbound().message(&mut self.other) {
                    self.heard.message(message, capacity(1));
                }
            }
        }
        self.account(false);
    }

    /// Receives until something is ready, or the stream blocks, or there is nothing more. Returns `true` if it may continue.
    pub(super) fn receive(&mut self, other: &mut Wire, way: Way, choices: &mut Choices<'_>) -> bool {
        let mut idle = 0;
        while idle < MOST_IDLE {
            let result = self.ask(way);
            let done = match result {
                Ok(Next::Ready) => {
                    match choices.below(12) {
                        11 => {}
                        10 => self.take(choices.one_of(&[Way::Events, Way::One, Way::Other])),
                        _ => self.take(way),
                    }
                    return true;
                }
                Ok(Next::Memory) => {
                    let memory = self.spare.take().expect("it was taken back before");
                    assert!(self.halves().inbound().put_memory(memory).is_ok());
                    Done::Yes
                }
                Ok(Next::Write) => self.write(None, choices),
                Ok(Next::Flush) => self.flush(),
                Ok(Next::Read) => self.read(other, choices),
                Err(ReceiveError::MessageSkipped) => return true,
                Ok(Next::Closed) | Err(_) => return false,
            };
            let moves = matches!(result, Ok(Next::Read | Next::Write)) && done == Done::Yes;
            idle = if moves { 0 } else { idle + 1 };
            if done == Done::Blocked {
                let next = result.unwrap_or(Next::Read);
                self.is_blocked = self.halves().blocked(next);
                if !self.is_blocked {
                    return false;
                }
            }
            if choices.once_in(32) {
                return true;
            }
        }
        panic!("no progress in {MOST_IDLE} calls");
    }

    /// The stream takes nothing any more.
    pub(super) fn refused(&mut self) {
        self.halves().refused();

        self.sent.stop(Stop::Refused);
        self.account(false);
    }

    pub(super) fn fail(&mut self, code: CloseCode) {
        self.heard.failed.push(code);
        self.halves().fail(code);

        if self.sent.is_within_frame() {
            self.sent.stop(Stop::WithinFrame);
        }
        self.account(false);
    }

    /// Writes what is queued, as far as the stream takes it.
    pub(super) fn next_flush(&mut self, choices: &mut Choices<'_>) {
        let mut idle = 0;
        while idle < MOST_IDLE {
            let next = self.halves().next_flush();

            let is_whole = self.is_whole();
            self.account(is_whole);
            let done = match next {
                Next::Ready => {
                    assert!(self.halves().outbound().queued().is_empty() && !self.sent.is_unflushed);
                    return;
                }
                Next::Write => self.write(None, choices),
                Next::Flush => self.flush(),
                next => panic!("{next:?} of a flush"),
            };
            idle = if next == Next::Write { 0 } else { idle + 1 };
            if done == Done::Blocked || choices.once_in(32) {
                return;
            }
        }
        panic!("no progress in {MOST_IDLE} calls");
    }

    /// Sends a frame as far as the stream takes it. Returns `true` if it is done or refused.
    pub(super) fn send(&mut self, held: &mut Held<'_>, choices: &mut Choices<'_>) -> bool {
        loop {
            let halves = self.halves.as_mut().expect("it is put back");
            let is_whole = halves.is_whole();
            let before = self.sent.before(held, halves.outbound());
            let result = halves.next_sent(&mut held.frame);

            if let Err(SendError::Extension(code)) = result {
                self.heard.failed.push(code);
            }
            let outbound = halves.outbound();
            let is_done = self
                .sent
                .after(&before, result, held, outbound, &self.heard, is_whole);
            self.account(false);
            if is_done || result.is_err() || result == Ok(Next::Ready) {
                return true;
            }
            let done = match choices.below(10) {
                9 => self.write(None, choices),
                8 => return false,
                _ => self.write(Some(held), choices),
            };
            if done == Done::Blocked {
                return false;
            }
        }
    }

    /// Sends back the piece that is ready, while it is lent.
    pub(super) fn echo(&mut self, choices: &mut Choices<'_>) {
        let halves = self.halves.as_mut().expect("it is put back");
        let (inbound, outbound) = halves.both();
        let event = inbound.event();
        if let Some(event) = &event {
            self.heard.event(event);
        }
        let Some(Event::Data(data)) = event else { return };
        let (rsv, first) = (data.rsv(), data.is_first());
        let spec = Spec {
            opcode: Some(data.kind().opcode().bits()),
            rsv: if first { rsv } else { Rsv::NONE },
            fin: data.is_last(),
            payload: data.payload().to_vec(),
            is_checked: rsv.is_empty(),
            is_prepared: false,
        };
        let mut held = Held {
            frame: Frame::forward(&data),
            spec,
            begun: None,
        };
        for _ in 0..4 {
            let before = self.sent.before(&held, outbound);
            let result = outbound.next_sent(&mut held.frame);
            if let Err(SendError::Extension(code)) = result {
                self.heard.failed.push(code);
            }
            let is_done = self
                .sent
                .after(&before, result, &mut held, outbound, &self.heard, false);
            if is_done || result.is_err() || self.refuses {
                break;
            }
            let budget = (self.step, &mut self.takes);
            let wire = &mut self.shared.wire;
            if write(outbound, &mut self.sent, wire, Some(&mut held), budget, choices) == Done::Blocked {
                break;
            }
        }
        if let Some(code) = self.heard.failed.last().copied()
            && self.sent.is_extending
        {
            inbound.fail(code);
        }
        self.account(false);
    }

    /// A frame that another session has begun is refused in each call, and changes nothing.
    pub(super) fn refuse(&mut self, held: &mut Held<'_>) {
        let halves = self.halves.as_mut().expect("it is put back");
        let is_whole = halves.is_whole();
        let before = self.sent.before(held, halves.outbound());
        let result = halves.next_sent(&mut held.frame);
        let outbound = halves.outbound();
        assert_eq!(outbound.to_write(&held.frame)[1], b"", "another's payload");
        outbound.wrote(0, &mut held.frame);
        self.sent
            .after(&before, result, held, outbound, &self.heard, is_whole);
        self.account(false);
    }

    /// Calls that say what is not so, or have nothing to do, change nothing.
    pub(super) fn misuse(&mut self, held: Option<&mut Held<'_>>) {
        let has_memory = self.spare.is_none();
        let (inbound, outbound) = self.halves.as_mut().expect("it is put back").both();
        let before = format!("{inbound:?} {outbound:?}");
        for (start, end) in [(0, usize::MAX), (1, 0), (usize::MAX, usize::MAX)] {
            assert!(!inbound.begin_with(start..end));
        }
        // What is ready and was not taken stays where it is.
        let _ = inbound.space();
        if has_memory {
            assert!(inbound.put_memory(&mut []).is_err(), "there is a memory");
        }
        let mut none = Frame::NONE.clone();
        outbound.wrote(0, &mut none);
        if let Some(held) = held
            && !self.sent.is_current(held)
        {
            let left = held.frame.left();
            assert_eq!(
                outbound.to_write(&held.frame)[1],
                b"",
                "of a frame that was not begun"
            );
            outbound.wrote(0, &mut held.frame);
            assert_eq!(held.frame.left(), left);
        }
        outbound.send_pending(&mut Pending::NONE.clone());
        assert_eq!(before, format!("{inbound:?} {outbound:?}"));
        self.account(false);
    }

    pub(super) fn carry(&mut self, with_ping: bool) {
        if self.is_whole() {
            return;
        }
        // Only one, since they are all alike.
        let with_ping = with_ping && !self.has_pinged;
        if with_ping {
            self.has_pinged = true;
            self.sent.keepalives = 1;
        }
        let also = if with_ping { Pending::PING } else { Pending::NONE };
        self.halves().carry(also);
        self.account(true);
    }

    pub(super) fn keep(&mut self) {
        self.halves().keep();
        self.account(false);
    }

    /// Fetches the memory, and overwrites it.
    pub(super) fn take_memory(&mut self) {
        if let Some(memory) = self.halves().inbound().take_memory() {
            memory.fill(0xEE);
            assert!(self.spare.is_none(), "there is one memory");
            self.spare = Some(memory);
        }
        self.account(false);
    }

    pub(super) fn swap_memories(&mut self) {
        std::mem::swap(&mut self.one, &mut self.other);
        self.capacities.swap(0, 1);
        self.heard.forgets(Way::One);
        self.heard.forgets(Way::Other);
    }

    /// In halves too the latest Ping is answered, once what is pending was carried over.
    pub(super) fn check_answers(&mut self) {
        let is_open = self.heard.error.is_none() && !self.heard.has_stopped();
        if is_open && self.sent.stopped.is_none() && self.config.auto_pong() {
            let pings = self.heard.pings().len();
            assert_eq!(self.sent.answered, pings, "a Ping is not answered");
        }
    }

    /// Returns `true` if nothing more is received.
    pub(super) fn is_done(&mut self) -> bool {
        match self.heard.error {
            Some(_) => true,
            None => self.ask(Way::Events) == Ok(Next::Closed),
        }
    }

    pub(super) fn end(&mut self) {
        self.sent.check_messages();
        assert!(self.sent.stopped.is_some() || self.sent.is_all_written());
    }
}

/// Returns `true` if a session in the one state may be found in the other later.
fn may_follow(from: State, to: State) -> bool {
    from == to
        || match from {
            State::Open => true,
            State::CloseSent | State::CloseReceived => matches!(to, State::Closed | State::Failed),
            _ => false,
        }
}
