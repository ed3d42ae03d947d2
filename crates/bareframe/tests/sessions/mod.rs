//! Two sessions that are joined by a stream that cuts, blocks, refuses and ends, and any calls on them in any order.
//!
//! A model knows each byte that a session must write, and the testkit's oracle what it must deliver. Each call is
//! compared with both: what was written and what is queued is what is due, no more and no less; a call that is refused
//! changes nothing; what was received is delivered once and in order, or is said to be skipped.

mod halves;
mod heard;
mod party;
mod sent;

use crate::runs::{Packer, Runs, Unpacker};
use bareframe::{
    Client, CloseCode, Config, Connection, Extension, ExtensionWindow, InboundExtension, Limits, MaskingKey,
    MaskingKeys, MessageKind, PreparedFrame, Role, Rsv, Server,
};
use bareframe_testkit::{Choices, Frame, Side};
use heard::Way;
use party::{Party, Shared, Wire};
use sent::Held;
use std::cell::Cell;
use std::fmt::Debug;
use std::rc::Rc;

/// The most calls of one run.
const MAX_CALLS: usize = 80;

/// The most turns in which two sessions must come to an end.
const PATIENCE: usize = 300;

/// An extension that both sides have, or none.
pub(crate) trait Variant: Extension {
    const IS_EXTENDED: bool;
    fn inbound() -> Self::Inbound;
    fn window() -> <Self::Inbound as InboundExtension>::Window;
    fn outbound(choices: &mut Choices<'_>) -> Self::Outbound;
}

impl Variant for () {
    const IS_EXTENDED: bool = false;
    fn inbound() {}
    fn window() {}
    fn outbound(_: &mut Choices<'_>) {}
}

impl Variant for Runs {
    const IS_EXTENDED: bool = true;

    fn inbound() -> Unpacker {
        Unpacker::default()
    }

    fn window() -> ExtensionWindow<[u8; 8]> {
        ExtensionWindow::new([0; 8])
    }

    fn outbound(choices: &mut Choices<'_>) -> Packer {
        Packer {
            fails_at: choices.once_in(4).then_some(b'!'),
            ..Packer::new(choices.one_of(&[1, 3, 9, 200]))
        }
    }
}

/// Keys of which each is drawn once: the number of the key.
pub(crate) struct Keys {
    drawn: Rc<Cell<u32>>,
}

impl Keys {
    /// Returns the key of this number, from 1.
    fn key(number: u32) -> MaskingKey {
        MaskingKey::new(number.wrapping_mul(0x9E37_79B1).to_be_bytes())
    }
}

impl MaskingKeys for Keys {
    fn next_key(&mut self) -> MaskingKey {
        self.drawn.set(self.drawn.get() + 1);
        Keys::key(self.drawn.get())
    }
}

/// What a side sends, so that its frames can borrow it.
pub(crate) struct Payloads {
    text: String,
    bytes: Vec<u8>,
    /// What an extension would make of text.
    packed: Vec<u8>,
    /// Payloads of control frames, each different; some are too long.
    marks: Vec<Vec<u8>>,
    prepared: Vec<(MessageKind, PreparedFrame<Vec<u8>>)>,
}

impl Payloads {
    fn new(seed: u8) -> Payloads {
        let text = "aaaa plain é語😀 bbbbbb! ".repeat(40);
        let bytes: Vec<u8> = (0..700_u32).map(|at| (at * 7) as u8 ^ seed).collect();
        let packed = (0..350_u32)
            .flat_map(|at| [1 + (at % 9) as u8, b'a' + (at % 26) as u8])
            .collect();
        let marks = (0..64).map(|at| {
            let len = [2, 3, 10, 125, 2, 126][usize::from(at) % 6];
            [&[seed, at][..], &vec![at; len - 2]].concat()
        });
        let prepare = |kind, payload: &[u8]| {
            let prepared = PreparedFrame::new(kind, Rsv::NONE, payload, vec![0; payload.len() + 10]);
            (kind, prepared.expect("it is lawful"))
        };
        let prepared = vec![
            prepare(MessageKind::Text, &text.as_bytes()[..5]),
            prepare(MessageKind::Binary, &bytes[..300]),
            prepare(MessageKind::Binary, &bytes[..650]),
            prepare(MessageKind::Text, b""),
        ];
        Payloads {
            marks: marks.collect(),
            text,
            bytes,
            packed,
            prepared,
        }
    }
}

/// Calls methods as these choices say, on sessions without an extension or with one.
///
/// # Panics
///
/// If a session departs from the model.
pub(crate) fn run(choices: &[u8]) {
    let mut choices = Choices::new(choices);
    if choices.once_in(3) {
        run_with::<Runs>(&mut choices);
    } else {
        run_with::<()>(&mut choices);
    }
}

fn run_with<X: Variant>(choices: &mut Choices<'_>) {
    let config = |choices: &mut Choices<'_>| {
        let limits = match choices.below(8) {
            7 => Limits::DEFAULT.with_message(choices.byte().into()),
            6 => Limits::DEFAULT.with_fragments(choices.below(5) as u32),
            _ => Limits::DEFAULT,
        };
        let rsv = if X::IS_EXTENDED || choices.once_in(2) {
            Rsv::RSV1
        } else {
            Rsv::NONE
        };
        Config::DEFAULT
            .with_limits(limits)
            .with_rsv(rsv)
            .with_auto_pong(!choices.once_in(8))
    };
    let payloads = [Payloads::new(0), Payloads::new(1)];
    let mut memories: Vec<Vec<u8>> = Vec::new();
    for _ in 0..2 {
        memories.push(vec![0; choices.one_of(&[1, 16, 64, 200, 700])]);
        memories.push(vec![0; choices.one_of(&[0, 8, 64, 200])]);
        memories.push(vec![0; choices.one_of(&[64, 2000])]);
    }
    let mut memories = memories.iter_mut().map(|memory| &mut memory[..]);
    let mut three = || std::array::from_fn(|_| memories.next().expect("six memories"));
    let queue = |choices: &mut Choices<'_>| choices.one_of(&[131, 132, 150, 256, 600]);

    let drawn = Rc::new(Cell::new(0));
    let keys = Keys {
        drawn: Rc::clone(&drawn),
    };
    let client_config = config(choices);
    let server_config = config(choices);
    let mut client = Party::<Client<Keys>, X>::new(
        Connection::client(client_config, keys),
        (Side::Client, client_config),
        drawn,
        queue(choices),
        three(),
        &payloads[0],
        X::outbound(choices),
    );
    let mut server = Party::<Server, X>::new(
        Connection::server(server_config),
        (Side::Server, server_config),
        Rc::default(),
        queue(choices),
        three(),
        &payloads[1],
        X::outbound(choices),
    );
    for _ in 0..MAX_CALLS {
        if choices.are_used_up() {
            break;
        }
        if choices.once_in(2) {
            call(
                &mut client,
                &mut server.shared,
                &mut server.heard.is_mangled,
                choices,
            );
        } else {
            call(
                &mut server,
                &mut client.shared,
                &mut client.heard.is_mangled,
                choices,
            );
        }
    }
    end(&mut client, &mut server);
}

/// Calls one method, or a few that belong together.
fn call<'p, R: Role + Debug, X: Variant>(
    party: &mut Party<'_, 'p, R, X>,
    other: &mut Shared<'p>,
    other_is_mangled: &mut bool,
    choices: &mut Choices<'_>,
) {
    let way = choices.one_of(&[Way::Events, Way::Events, Way::One, Way::Other]);
    match choices.below(20) {
        0..=4 => {
            party.receive(&mut other.wire, way, choices);
        }
        5..=8 => {
            let mut held = party.new_frame(choices);
            party.send(&mut held, choices);
            if party.shared.held.len() < 4 {
                party.shared.held.push(held);
            }
        }
        9 | 10 if !party.shared.held.is_empty() => {
            let mut held = take_one(&mut party.shared, choices);
            // Each control frame is sent once, so that they can be told apart.
            if choices.once_in(6) && (held.begun.is_some() || held.spec.kind().is_some()) {
                party.shared.held.push(held.clone());
            }
            let is_done = party.send(&mut held, choices);
            // What is done or abandoned is not kept, mostly.
            if !(is_done || choices.once_in(8)) || choices.once_in(8) {
                party.shared.held.push(held);
            }
        }
        11 => party.next_flush(choices),
        12 => {
            party.takes = choices.one_of(&[0, 1, 3, 50, 130, 400, usize::MAX]);
            party.gives = choices.one_of(&[0, 1, 20, 200, usize::MAX, usize::MAX]);
            party.step = choices.one_of(&[1, 2, 7, 64, usize::MAX]);
        }
        13 => party.take_memory(),
        14 => match choices.below(4) {
            0 => party.take(way),
            1 => party.echo(choices),
            2 => party.keep(),
            _ => party.carry(choices.once_in(3)),
        },
        15 if !other.held.is_empty() => {
            let mut held = take_one(other, choices);
            if held.frame.is_begun() {
                party.refuse(&mut held);
            }
            other.held.push(held);
        }
        16 => party.swap_memories(),
        18 => {
            let mut held = party.shared.held.pop();
            party.misuse(held.as_mut());
            party.shared.held.extend(held);
        }
        17 => match choices.below(24) {
            0 => party.refuses = true,
            1 => party.refused(),
            2 => party.shared.wire.has_ended = true,
            3..=5 => party.fail(CloseCode::POLICY_VIOLATION),
            6..=9 => party.split(),
            10 | 11 if party.sent.written.len() == party.sent.due.len() => {
                *other_is_mangled = true;
                let frame = garbage(party, choices);
                party.shared.wire.bytes.extend(frame);
            }
            _ => {}
        },
        _ => {
            party.receive(&mut other.wire, way, choices);
        }
    }
    if party.shared.wire.has_ended && !party.refuses {
        party.refuses = true;
    }
}

fn take_one<'p>(shared: &mut Shared<'p>, choices: &mut Choices<'_>) -> Held<'p> {
    let at = choices.below(shared.held.len());
    shared.held.swap_remove(at)
}

/// Returns a frame that no session sends, which mostly is wrong.
fn garbage<R: Role + Debug, X: Variant>(
    party: &mut Party<'_, '_, R, X>,
    choices: &mut Choices<'_>,
) -> Vec<u8> {
    let from = party.side();
    let payload: &[u8] = choices.one_of(&[&b""[..], b"\xff", b"\x00x", b"\x01\xff", b"\x03\xe9", b"text"]);
    let opcode = choices.one_of(&[0x0, 0x1, 0x2, 0x3, 0x8, 0x9, 0xA, 0xF]);
    let payload = match opcode {
        0x9 | 0xA => party.next_mark(),
        _ => payload,
    };
    let mut frame = Frame::new(opcode, payload);
    match choices.below(4) {
        0 => frame = frame.fin(false),
        1 => frame = frame.rsv(choices.one_of(&[Rsv::RSV1, Rsv::RSV2])),
        2 => return frame.masked_for(from, [7; 4]).to_bytes(),
        _ => {}
    }
    if X::IS_EXTENDED && opcode < 3 {
        // The extension must see something that fails, and keeps no half of a pair.
        frame = Frame::new(opcode, b"\x00x").rsv(Rsv::RSV1);
    }
    frame.masked_for(from.other(), [7, 1, 2, 3]).to_bytes()
}

/// Closes both sessions, and checks what has to be true then.
fn end<C: Role + Debug, S: Role + Debug, X: Variant>(
    client: &mut Party<'_, '_, C, X>,
    server: &mut Party<'_, '_, S, X>,
) {
    for turn in 0..PATIENCE {
        let client_is_done = settle(client, &mut server.shared.wire, turn);
        let server_is_done = settle(server, &mut client.shared.wire, turn);
        if client_is_done && server_is_done {
            client.end();
            server.end();
            return;
        }
    }
    panic!("the sessions do not come to an end");
}

/// Finishes what was begun, receives all that arrives, and closes.
fn settle<R: Role + Debug, X: Variant>(
    party: &mut Party<'_, '_, R, X>,
    other: &mut Wire,
    turn: usize,
) -> bool {
    let mut choices = Choices::new(&[]);
    (party.takes, party.gives, party.step) = (usize::MAX, usize::MAX, usize::MAX);
    let held = std::mem::take(&mut party.shared.held);
    for mut held in held {
        if party.sent.is_current(&held) && held.frame.left() == party.sent.left {
            party.send(&mut held, &mut choices);
        }
    }
    if party.sent.is_within_frame() {
        party.fail(CloseCode::INTERNAL_ERROR);
    }
    party.carry(false);
    party.next_flush(&mut choices);
    while party.receive(other, Way::Events, &mut choices) {}
    party.carry(false);
    party.next_flush(&mut choices);
    party.check_answers();
    if turn == 2 && party.sent.closed.is_none() && party.heard.error.is_none() {
        party.close(&mut choices);
        party.next_flush(&mut choices);
    }
    let is_done = party.is_done();
    if is_done || party.sent.stopped.is_some() {
        party.shared.wire.has_ended = true;
    }
    is_done
}
