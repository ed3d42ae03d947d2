//! Every call that a connection has, in any order, each compared with a model of what it must do.
//!
//! The model knows the rules of sections 5.4, 5.5 and 7 for the sending side, and leaves what is received to the
//! testkit's oracle. After every call the state, the bytes that came out and the keys drawn must be the model's,
//! and a call that failed must have changed nothing.

use bareframe::{
    BufferTooSmall, CloseCode, Config, Connection, ControlFrame, EndOfStream, Event, FrameHeader, Limits,
    MaskingKey, MaskingKeys, MessageKind, Opcode, ProtocolError, Role, Rsv, Rules, SendError, State,
};
use bareframe_testkit::{Choices, Frame, LengthForm, Oracle, Recorder, Side};
use std::cell::Cell;
use std::fmt::Debug;
use std::rc::Rc;

/// The most calls of one run.
const MAX_CALLS: usize = 60;

/// What an output is filled with, so that a write shows.
const UNWRITTEN: u8 = 0xEE;

/// Keys of which each is drawn once: a frame shows the number of the key that it got, and `drawn` how many there were.
struct Keys {
    drawn: Rc<Cell<u32>>,
}

/// A connection, and what has to be true of it.
struct Driver<R> {
    connection: Connection<R>,
    side: Side,
    config: Config,
    /// The message of which a frame without FIN was sent.
    open: Option<MessageKind>,
    close_sent: bool,
    stopped: Option<Stopped>,
    pong_owed: Option<Vec<u8>>,
    /// The code of the Close that is pending, which may have none.
    close_owed: Option<Option<CloseCode>>,
    keys_drawn: u32,
    /// How many keys the connection has drawn.
    drawn: Rc<Cell<u32>>,
    /// What the peer sent, and has not arrived.
    coming: Vec<u8>,
    taken: usize,
    oracle: Oracle,
    seen: Recorder,
    /// The state after the previous call.
    state: State,
}

/// Why nothing more is received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stopped {
    Closed,
    Failed(ProtocolError),
    Ended,
}

impl MaskingKeys for Keys {
    fn next_key(&mut self) -> MaskingKey {
        self.drawn.set(self.drawn.get() + 1);
        Keys::key(self.drawn.get())
    }
}

impl Keys {
    /// Returns the key of this number, from 1.
    fn key(number: u32) -> MaskingKey {
        MaskingKey::new(number.wrapping_mul(0x9E37_79B1).to_be_bytes())
    }
}

/// Returns `true` if a connection in the one state may be found in the other after one call.
pub(crate) fn may_follow(from: State, to: State) -> bool {
    from == to
        || matches!(
            (from, to),
            (State::Open, State::CloseSent | State::CloseReceived)
                | (State::CloseSent | State::CloseReceived, State::Closed)
                | (State::Open | State::CloseSent, State::Failed)
        )
}

/// Calls methods as these choices say.
///
/// # Panics
///
/// If the connection departs from the model.
pub(crate) fn run(choices: &[u8]) {
    let mut choices = Choices::new(choices);
    let config = Config::DEFAULT
        .with_limits(match choices.below(3) {
            0 => Limits::UNLIMITED,
            1 => Limits::DEFAULT,
            _ => Limits::UNLIMITED
                .with_frame(choices.byte().into())
                .with_message(choices.byte().into())
                .with_fragments(choices.below(5) as u32),
        })
        .with_rsv(choices.one_of(&[Rsv::NONE, Rsv::NONE, Rsv::RSV1, Rsv::ALL]))
        .with_auto_pong(!choices.once_in(4));
    let drawn = Rc::new(Cell::new(0));
    if choices.once_in(2) {
        let keys = Keys {
            drawn: Rc::clone(&drawn),
        };
        let client = Connection::client(config, keys);
        Driver::new(client, Side::Client, config, drawn).run(&mut choices);
    } else {
        Driver::new(Connection::server(config), Side::Server, config, drawn).run(&mut choices);
    }
}

impl<R: Role + Debug> Driver<R> {
    fn new(connection: Connection<R>, side: Side, config: Config, drawn: Rc<Cell<u32>>) -> Driver<R> {
        Driver {
            connection,
            side,
            config,
            open: None,
            close_sent: false,
            stopped: None,
            pong_owed: None,
            close_owed: None,
            keys_drawn: 0,
            drawn,
            coming: Vec::new(),
            taken: 0,
            oracle: Oracle::new(side, config),
            seen: Recorder::new(),
            state: State::Open,
        }
    }

    fn run(&mut self, choices: &mut Choices<'_>) {
        for _ in 0..MAX_CALLS {
            if choices.are_used_up() {
                break;
            }
            match choices.below(12) {
                0 | 1 => self.send(choices),
                2 => self.encode(choices),
                3 => self.ping_or_pong(choices),
                4 if choices.once_in(3) => self.close(choices),
                5 if choices.once_in(4) => self.fail(choices),
                5 if choices.once_in(4) => self.receive_eof(),
                6 => self.poll_transmit(),
                _ => self.receive(choices),
            }
            self.check_state();
        }
        while self.close_owed.is_some() || self.pong_owed.is_some() {
            self.poll_transmit();
        }
        self.receive_eof();
        self.check_state();
    }

    /// Compares the state with the model, and the transition from the previous one with the table.
    fn check_state(&mut self) {
        let (before, after) = (self.state, self.connection.state());
        assert_eq!(after, self.due_state());
        assert_eq!(
            self.drawn.get(),
            self.keys_drawn,
            "a frame draws a key, and nothing else"
        );
        assert!(may_follow(before, after), "{before:?} to {after:?}");
        self.state = after;
    }

    /// Returns all of the connection's state but its keys.
    fn shown(&self) -> String {
        format!("{:?}", self.connection)
    }

    fn due_state(&self) -> State {
        match (self.stopped, self.close_sent) {
            (Some(Stopped::Failed(_) | Stopped::Ended), _) => State::Failed,
            (Some(Stopped::Closed), true) => State::Closed,
            (Some(Stopped::Closed), false) => State::CloseReceived,
            (None, true) => State::CloseSent,
            (None, false) => State::Open,
        }
    }

    fn may_send(&self) -> Result<(), SendError> {
        match self.due_state() {
            State::Open | State::CloseReceived => Ok(()),
            _ => Err(SendError::Closed),
        }
    }

    /// The peer's Pings are answered until its Close (section 5.5.2).
    fn may_pong(&self) -> Result<(), SendError> {
        match self.due_state() {
            State::Open | State::CloseSent | State::CloseReceived => Ok(()),
            _ => Err(SendError::Closed),
        }
    }

    fn send(&mut self, choices: &mut Choices<'_>) {
        let kind = choices.one_of(&[MessageKind::Text, MessageKind::Binary]);
        let rsv = choices.one_of(&[Rsv::NONE, Rsv::NONE, Rsv::NONE, Rsv::RSV1, Rsv::RSV2]);
        let fin = choices.once_in(2);
        let len = match choices.below(8) {
            0 => choices.one_of(&[1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, u64::MAX]),
            1 => choices.one_of(&[125, 126, 65_535, 65_536]),
            _ => choices.byte().into(),
        };
        let due = self.may_send().and_then(|()| match self.open {
            Some(open) if open != kind => Err(SendError::WrongKind),
            Some(_) if !rsv.is_empty() => Err(SendError::ReservedBits),
            None if !self.config.rsv().contains(rsv) => Err(SendError::ReservedBits),
            _ if len >= 1 << 63 => Err(SendError::TooLong),
            Some(_) => Ok(Opcode::Continuation),
            None => Ok(kind.opcode()),
        });
        let before = self.shown();
        match (self.connection.send(kind, rsv, fin, len), due) {
            (Ok(mut frame), Ok(opcode)) => {
                assert_eq!(frame.payload_len(), len);
                let key = self.check_header(frame.header(), fin, rsv, opcode, len);
                assert_eq!(frame.is_masked(), key.is_some());
                let payload: Vec<u8> = (0..len.min(300)).map(|at| at as u8).collect();
                let mut sent = payload.clone();
                let (one, two) = sent.split_at_mut(choices.below(payload.len() + 1));
                frame.apply(one);
                let mut out = vec![UNWRITTEN; two.len()];
                if let Some(short) = two.len().checked_sub(1) {
                    let needed = two.len();
                    let refused = frame.apply_copy(two, &mut out[..short]);
                    let available = short;
                    assert_eq!(refused, Err(BufferTooSmall { needed, available }));
                    assert!(out.iter().all(|&byte| byte == UNWRITTEN));
                }
                assert_eq!(frame.apply_copy(two, &mut out), Ok(two.len()));
                two.copy_from_slice(&out);
                assert_eq!(sent, masked(&payload, key));
                self.open = if fin { None } else { Some(kind) };
            }
            (Err(error), Err(due)) => {
                assert_eq!(error, due);
                assert_eq!(self.shown(), before, "a failed call changes nothing");
            }
            (came, due) => panic!("{came:?} where {due:?} was due"),
        }
    }

    fn encode(&mut self, choices: &mut Choices<'_>) {
        let kind = choices.one_of(&[MessageKind::Text, MessageKind::Binary]);
        let rsv = choices.one_of(&[Rsv::NONE, Rsv::NONE, Rsv::NONE, Rsv::RSV1, Rsv::RSV2]);
        let payload: Vec<u8> = (0..choices.byte()).collect();
        let header_len = if payload.len() < 126 { 2 } else { 4 };
        let key_len = if self.side == Side::Client { 4 } else { 0 };
        let needed = header_len + key_len + payload.len();
        let room = (needed + choices.below(4)).saturating_sub(choices.below(4));
        let mut out = vec![UNWRITTEN; room];
        let due = self.may_send().and_then(|()| {
            if self.open.is_some() {
                Err(SendError::MessageOpen)
            } else if !self.config.rsv().contains(rsv) {
                Err(SendError::ReservedBits)
            } else if room < needed {
                Err(SendError::BufferTooSmall(BufferTooSmall {
                    needed,
                    available: room,
                }))
            } else {
                Ok(needed)
            }
        });
        let before = self.shown();
        assert_eq!(self.connection.encode(kind, rsv, &payload, &mut out), due);
        let written = due.unwrap_or(0);
        if due.is_ok() {
            self.check_frame(&out[..written], rsv, kind.opcode(), &payload);
        } else {
            assert_eq!(self.shown(), before, "a failed call changes nothing");
        }
        assert!(out[written..].iter().all(|&byte| byte == UNWRITTEN));
    }

    fn ping_or_pong(&mut self, choices: &mut Choices<'_>) {
        let ping = choices.once_in(2);
        let payload: Vec<u8> = (0..choices.one_of(&[0, 1, 2, 5, 124, 125, 126, 255])).collect();
        let before = self.shown();
        let (came, opcode, may_send) = match ping {
            true => (self.connection.ping(&payload), Opcode::Ping, self.may_send()),
            false => (self.connection.pong(&payload), Opcode::Pong, self.may_pong()),
        };
        let due = may_send.and_then(|()| fits_control(payload.len()));
        self.check_control(came, due, before, opcode, &payload);
    }

    fn close(&mut self, choices: &mut Choices<'_>) {
        let code = CloseCode::new(choices.one_of(&[1000, 1001, 1014, 3000, 4999, 0]));
        let reason = "é".repeat(choices.one_of(&[0, 0, 1, 5, 61, 62, 100]));
        let before = self.shown();
        let came = self.connection.close(code, &reason);
        let mut payload = Vec::new();
        payload.extend(code.iter().flat_map(|code| code.number().to_be_bytes()));
        payload.extend(reason.as_bytes());
        let due = self.may_send().and_then(|()| match code {
            None if !reason.is_empty() => Err(SendError::ReasonWithoutCode),
            _ => fits_control(payload.len()),
        });
        self.check_control(came, due, before, Opcode::Close, &payload);
        self.close_sent |= due.is_ok();
    }

    fn fail(&mut self, choices: &mut Choices<'_>) {
        let code = CloseCode::new(choices.one_of(&[1003, 1009, 1011, 4000])).unwrap();
        self.connection.fail(code);
        if self.stopped.is_none() {
            self.stopped = Some(Stopped::Failed(ProtocolError::Failed(code)));
            self.close_owed = Some(Some(code));
        }
    }

    fn receive_eof(&mut self) {
        let closure = self.connection.receive_eof();
        if self.stopped.is_none() {
            self.stopped = Some(Stopped::Ended);
            self.pong_owed = None;
        }
        let clean = self.due_state() == State::Closed;
        assert_eq!(closure == EndOfStream::Clean, clean);
    }

    fn poll_transmit(&mut self) {
        let pong = self
            .pong_owed
            .take()
            .filter(|_| !self.close_sent || self.stopped.is_none());
        let close = match &pong {
            Some(_) => None,
            None => self.close_owed.take().filter(|_| !self.close_sent),
        };
        let came = self.connection.poll_transmit();
        match (&came, pong, close) {
            (Some(frame), Some(payload), _) => self.check_frame(frame, Rsv::NONE, Opcode::Pong, &payload),
            (Some(frame), None, Some(code)) => {
                let code = code.map(|code| code.number().to_be_bytes());
                self.check_frame(
                    frame,
                    Rsv::NONE,
                    Opcode::Close,
                    code.as_ref().map_or(&[], |code| &code[..]),
                );
                self.close_sent = true;
            }
            (None, None, None) => {}
            (came, pong, close) => panic!("{came:?} where {pong:?} or {close:?} was due"),
        }
    }

    fn receive(&mut self, choices: &mut Choices<'_>) {
        if self.coming.is_empty() {
            self.coming = frame(self.side, choices).to_bytes();
        }
        let len = match choices.below(3) {
            0 => self.coming.len(),
            1 => choices.below(self.coming.len() + 1),
            _ => 1,
        };
        let original: Vec<u8> = self.coming.drain(..len).collect();
        let mut piece = original.clone();
        let mut input = &mut piece[..];
        if self.stopped.is_none() {
            let _ = original.iter().try_for_each(|&byte| self.oracle.push(byte));
        }
        let heard_before = self.stopped.is_none();
        loop {
            let left = input.len();
            match self.connection.receive(&mut input) {
                Ok(Some(event)) => {
                    assert_eq!(self.stopped, None, "an event after the end");
                    assert!(input.len() < left, "an event of no byte");
                    self.note(event);
                }
                Ok(None) => {
                    assert!(input.is_empty(), "{} bytes were not taken", input.len());
                    break;
                }
                Err(error) => {
                    self.note_error(error, self.taken + len - input.len());
                    let (before, left) = (self.shown(), input.len());
                    assert_eq!(
                        self.connection.receive(&mut input),
                        Err(error),
                        "the error latches"
                    );
                    assert_eq!((self.shown(), input.len()), (before, left));
                    break;
                }
            }
            self.check_state();
            if choices.once_in(2) {
                self.poll_transmit();
                self.check_state();
            }
        }
        self.taken += len;
        if heard_before && let Err(difference) = self.oracle.verdict().compare(self.seen.transcript()) {
            panic!("{difference}");
        }
    }

    fn note(&mut self, event: Event<'_>) {
        match event {
            Event::Data(data) => {
                let (kind, rsv, first, last) = (data.kind(), data.rsv(), data.is_first(), data.is_last());
                self.seen.data(kind, rsv, data.payload(), first, last);
                let text = core::str::from_utf8(data.payload()).ok();
                let is_text = kind == MessageKind::Text && rsv.is_empty();
                if let Some(seen) = data.as_str() {
                    assert!(is_text);
                    assert_eq!(Some(seen), text);
                }
            }
            Event::Ping(payload) => {
                self.seen.ping(&payload);
                if self.config.auto_pong() {
                    self.pong_owed = Some(payload.to_vec());
                }
            }
            Event::Pong(payload) => self.seen.pong(&payload),
            Event::Close(close) => {
                self.seen.close(close.code(), close.reason());
                self.stopped = Some(Stopped::Closed);
                self.close_owed = Some(close.code());
            }
        }
    }

    fn note_error(&mut self, error: ProtocolError, at: usize) {
        match self.stopped {
            None => {
                self.seen.error(error, at);
                self.stopped = Some(Stopped::Failed(error));
                self.close_owed = Some(Some(error.close_code()));
            }
            Some(stopped) => assert_eq!(stopped, Stopped::Failed(error)),
        }
    }

    fn check_control(
        &mut self,
        came: Result<ControlFrame, SendError>,
        due: Result<(), SendError>,
        before: String,
        opcode: Opcode,
        payload: &[u8],
    ) {
        match (came, due) {
            (Ok(frame), Ok(())) => self.check_frame(&frame, Rsv::NONE, opcode, payload),
            (Err(error), Err(due)) => {
                assert_eq!(error, due);
                assert_eq!(self.shown(), before, "a failed call changes nothing");
            }
            (came, due) => panic!("{came:?} where {due:?} was due"),
        }
    }

    /// Compares a whole frame that came out with what it must be.
    fn check_frame(&mut self, bytes: &[u8], rsv: Rsv, opcode: Opcode, payload: &[u8]) {
        let header_len = bytes.len() - payload.len();
        let (header, body) = bytes.split_at(header_len);
        let key = self.check_header(header, true, rsv, opcode, payload.len() as u64);
        assert_eq!(body, masked(payload, key));
    }

    /// Compares a header that came out with what it must be; a client's has the next key.
    fn check_header(
        &mut self,
        bytes: &[u8],
        fin: bool,
        rsv: Rsv,
        opcode: Opcode,
        len: u64,
    ) -> Option<MaskingKey> {
        let (rules, key) = match self.side {
            Side::Client => {
                self.keys_drawn += 1;
                (Rules::FROM_CLIENT, Some(Keys::key(self.keys_drawn)))
            }
            Side::Server => (Rules::FROM_SERVER, None),
        };
        let due = FrameHeader::new(fin, rsv, opcode, key, len).unwrap();
        let parsed = FrameHeader::parse(bytes, rules.with_rsv(Rsv::ALL));
        assert_eq!(parsed, Ok(Some((due, bytes.len()))));
        key
    }
}

fn fits_control(len: usize) -> Result<(), SendError> {
    if len > 125 {
        Err(SendError::OversizedControl)
    } else {
        Ok(())
    }
}

/// The rule of section 5.3 itself.
fn masked(payload: &[u8], key: Option<MaskingKey>) -> Vec<u8> {
    let key = key.map_or([0; 4], MaskingKey::to_bytes);
    payload
        .iter()
        .enumerate()
        .map(|(at, byte)| byte ^ key[at % 4])
        .collect()
}

/// Returns a frame of the peer, most often a lawful one.
fn frame(receiver: Side, choices: &mut Choices<'_>) -> Frame {
    let opcode_bits = choices.one_of(&[0, 0, 1, 1, 2, 2, 8, 9, 9, 10]);
    let payload: Vec<u8> = match opcode_bits {
        8 => match choices.below(4) {
            0 => Vec::new(),
            1 => vec![choices.byte(); choices.below(4)],
            _ => [&[0x03, 0xE8][..], "naïve".as_bytes()].concat(),
        },
        _ => match choices.below(6) {
            0 => vec![choices.byte(); choices.below(8)],
            1 => "é語😀".bytes().take(choices.below(10)).collect(),
            2 => vec![b'x'; choices.one_of(&[124, 125, 126, 127, 200])],
            _ => b"plain text"[..choices.below(11)].to_vec(),
        },
    };
    let mut frame = Frame::new(opcode_bits, payload)
        .fin(opcode_bits > 7 || choices.once_in(2))
        .masked_for(receiver, [choices.byte(), 0xFA, 0x21, 0x3D]);
    if choices.once_in(12) {
        match choices.below(7) {
            0 => frame.fin = !frame.fin,
            1 => frame.opcode_bits = choices.byte() & 0xF,
            2 => frame.rsv = Rsv::from_first_byte(choices.byte()),
            3 => frame.masking_key = frame.masking_key.xor(Some([1, 2, 3, 4])),
            4 => frame.length_form = LengthForm::U16,
            5 => frame.length_form = LengthForm::U64,
            _ => frame.declared_len = Some(choices.one_of(&[0, 1, 126, 65_536, 1 << 40, u64::MAX])),
        }
    } else if choices.once_in(6) {
        frame.rsv = choices.one_of(&[Rsv::RSV1, Rsv::RSV2]);
    }
    frame
}
