//! A future that is dropped, at whatever point it waits, loses nothing, sends nothing twice and tears nothing: every method, over
//! random schedules.

mod slow;

use bareframe_testkit::{self as testkit, Random, Seen, Side};
use bareframe_tokio::{
    CloseCode, Error, Event, Frame, MaskingKey, Message, MessageKind, Options, Role, Rsv, WebSocket,
};
use bytes::Bytes;
use futures_util::SinkExt;
use slow::{Drops, Sabotage, Slow, poll_times};
use std::ops::Range;
use std::panic::catch_unwind;
use std::task::{Context, Poll, Waker};
use tokio::runtime::{Builder, Runtime};

/// Timers want a runtime; its clock is stopped.
fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

fn options(random: &mut Random) -> Options {
    Options::DEFAULT
        .with_read_buffer([1, 16, 300][random.below(3)])
        .with_read_buffer_max(500)
        .with_write_buffer([256, 1000][random.below(2)])
}

fn key() -> MaskingKey {
    MaskingKey::new([1, 2, 3, 4])
}

fn data(kind: MessageKind, payload: &[u8]) -> Seen {
    Seen::Data {
        kind,
        rsv: Rsv::NONE,
        payload: payload.to_vec(),
        first: true,
        last: true,
    }
}

/// A payload that differs from all others of its conversation.
fn payload(random: &mut Random, number: usize, most: usize) -> Vec<u8> {
    let mut payload = format!("{number}:").into_bytes();
    payload.resize(payload.len() + random.below(most), b'x');
    payload
}

/// What is said in one of a conversation's steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    Send,
    Feed,
    Text,
    Binary,
    Ping,
    Pong,
    Sink,
}

const WAYS: [Way; 7] = [
    Way::Send,
    Way::Feed,
    Way::Text,
    Way::Binary,
    Way::Ping,
    Way::Pong,
    Way::Sink,
];

/// Does the same with a whole connection and with a half that writes.
macro_rules! say {
    ($socket:expr, $way:expr, $polls:expr, $payload:expr) => {{
        let (socket, polls, payload) = ($socket, $polls, $payload);
        match $way {
            Way::Send => poll_times(polls, socket.send(Bytes::from(payload))),
            Way::Feed => poll_times(polls, socket.feed(Bytes::from(payload))),
            Way::Text => poll_times(polls, socket.send_text(String::from_utf8(payload).unwrap())),
            Way::Binary => poll_times(polls, socket.send_binary(payload)),
            Way::Ping => poll_times(polls, socket.ping(payload)),
            Way::Pong => poll_times(polls, socket.pong(payload)),
            Way::Sink => poll_times(polls, SinkExt::send(socket, Message::from(payload))),
        }
    }};
}

/// Says many things, drops the futures, and holds what is written to what was taken.
macro_rules! talk {
    ($socket:expr, $wire:expr, $other:expr, $random:expr, $drops:expr) => {{
        let mut taken = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        for number in 0..12 {
            let way = WAYS[$random.below(WAYS.len())];
            let most = match way {
                Way::Ping | Way::Pong => 100,
                _ => [20, 300, 1500][$random.below(3)],
            };
            let (payload, polls) = (payload($random, number, most), 1 + $random.below(4));
            let had_room = $socket.poll_ready(&mut cx).map(Result::unwrap).is_ready();
            let said = say!(
                &mut $socket,
                way,
                if had_room { polls } else { 1 },
                payload.clone()
            );
            let seen = match way {
                Way::Ping => Seen::Ping(payload),
                Way::Pong => Seen::Pong(payload),
                Way::Text => data(MessageKind::Text, &payload),
                _ => data(MessageKind::Binary, &payload),
            };
            // A future that found no room may have found some later, and have taken it.
            taken.push((seen, said.is_some() || had_room));
            match said {
                Some(said) => said.unwrap(),
                None => $drops.count(format!(
                    "{way:?}: {}",
                    if had_room { "flushing" } else { "no room" }
                )),
            }
        }
        let is_flushed = (0..100_000).any(|_| match poll_times(1, $socket.flush()) {
            Some(flushed) => flushed.is_ok(),
            None => {
                $drops.count("flush");
                false
            }
        });
        assert!(is_flushed);
        assert_said(&$wire.seen_by($other), &taken);
    }};
}

/// What was taken is there, in order and once; and nothing else but what may have been taken.
#[track_caller]
fn assert_said(seen: &[Seen], said: &[(Seen, bool)]) {
    let mut said = said.iter();
    for seen in seen {
        loop {
            let Some((next, is_certain)) = said.next() else {
                panic!("{seen} was written twice, or out of turn");
            };
            if next == seen {
                break;
            }
            assert!(!is_certain, "{next} is lost");
        }
    }
    assert!(said.all(|(_, is_certain)| !is_certain), "the last is lost");
}

fn sends(seeds: Range<u64>, sabotage: Option<Sabotage>) -> Drops {
    let mut drops = Drops::default();
    for seed in seeds {
        let mut random = Random::new(seed);
        let (wire, options) = (Slow::new(seed, b""), options(&mut random));
        wire.wire().sabotage = sabotage;
        match random.below(4) {
            0 => {
                let mut socket = WebSocket::server(wire.clone(), &options);
                talk!(socket, wire, Side::Client, &mut random, drops);
            }
            1 => {
                let mut socket = WebSocket::client_with_keys(wire.clone(), &options, key);
                talk!(socket, wire, Side::Server, &mut random, drops);
            }
            2 => {
                let (_reader, mut writer) = WebSocket::server(wire.clone(), &options).split();
                talk!(writer, wire, Side::Client, &mut random, drops);
            }
            _ => {
                let socket = WebSocket::client_with_keys(wire.clone(), &options, key);
                let (_reader, mut writer) = socket.split();
                talk!(writer, wire, Side::Server, &mut random, drops);
            }
        }
    }
    drops
}

/// Creates the future again and again, and drops it each time that it is not ready at once.
macro_rules! dropping {
    ($drops:expr, $name:expr, $future:expr) => {
        loop {
            if let Some(output) = poll_times(1, $future) {
                break output;
            }
            $drops.count($name);
        }
    };
}

/// Echoes while what arrived is lent, in several ways.
fn echoes(seeds: Range<u64>) -> Drops {
    let mut drops = Drops::default();
    for seed in seeds {
        let mut random = Random::new(seed);
        let payloads: Vec<_> = (0..6)
            .map(|number| {
                let most = [20, 300, 1500][random.below(3)];
                payload(&mut random, number, most)
            })
            .collect();
        let frames = payloads
            .iter()
            .map(|payload| testkit::Frame::text(payload).masked([1, 2, 3, 4]));
        let end = testkit::Frame::close(1000, "").masked([1, 2, 3, 4]);
        let input = frames.chain([end]).flat_map(|frame| frame.to_bytes());
        let wire = Slow::new(seed, &input.collect::<Vec<_>>());
        let mut server = WebSocket::server(wire.clone(), &options(&mut random));
        let taken = match random.below(2) {
            0 => echo_messages(&mut server, &mut random, &mut drops),
            _ => echo_pieces(&mut server, &mut drops),
        };
        let seen = wire.seen_by(Side::Client);
        let Some((Seen::Close { .. }, seen)) = seen.split_last() else {
            panic!("the Close is answered");
        };
        assert_said(&whole(seen), &taken);
    }
    drops
}

/// Joins the pieces of each message.
fn whole(seen: &[Seen]) -> Vec<Seen> {
    let mut joined: Vec<Seen> = Vec::new();
    for seen in seen {
        match (joined.last_mut(), seen) {
            (
                Some(Seen::Data { payload, last, .. }),
                Seen::Data {
                    payload: more,
                    last: is_last,
                    first: false,
                    ..
                },
            ) => {
                payload.extend(more);
                *last = *is_last;
            }
            _ => joined.push(seen.clone()),
        }
    }
    joined
}

fn echo_messages<R: Role>(
    server: &mut WebSocket<Slow, R>,
    random: &mut Random,
    drops: &mut Drops,
) -> Vec<(Seen, bool)> {
    let mut taken = Vec::new();
    loop {
        let read = dropping!(drops, "read_with_sender", server.read_with_sender());
        let Some((message, mut sender)) = read.unwrap() else {
            return taken;
        };
        let is_certain = match random.below(4) {
            0 => poll_times(1 + random.below(3), sender.send(&message))
                .map(Result::unwrap)
                .or_else(|| {
                    drops.count("sender: send");
                    None
                })
                .is_some(),
            1 => {
                let is_fed = poll_times(1 + random.below(3), sender.feed(&message)).is_some();
                if !is_fed {
                    drops.count("sender: feed");
                }
                dropping!(drops, "sender: flush", sender.flush()).unwrap();
                is_fed
            }
            2 => {
                let mut frame = Frame::from(&message);
                dropping!(drops, "sender: send_frame", sender.send_frame(&mut frame)).unwrap();
                true
            }
            _ => {
                dropping!(drops, "sender: flush", sender.flush()).unwrap();
                continue;
            }
        };
        taken.push((data(MessageKind::Text, message.payload()), is_certain));
    }
}

fn echo_pieces<R: Role>(server: &mut WebSocket<Slow, R>, drops: &mut Drops) -> Vec<(Seen, bool)> {
    let mut taken = Vec::new();
    loop {
        let read = dropping!(drops, "read_event_with_sender", server.read_event_with_sender());
        let Some((event, mut sender)) = read.unwrap() else {
            return whole(&taken).into_iter().map(|seen| (seen, true)).collect();
        };
        let Event::Data(piece) = event else { continue };
        taken.push(Seen::Data {
            kind: piece.kind(),
            rsv: piece.rsv(),
            payload: piece.payload().to_vec(),
            first: piece.is_first(),
            last: piece.is_last(),
        });
        let mut frame = Frame::from(&piece);
        dropping!(drops, "sender: send_frame", sender.send_frame(&mut frame)).unwrap();
    }
}

/// Ends connections, by `fail` and by closing the sink.
fn ends(seeds: Range<u64>) -> Drops {
    let mut drops = Drops::default();
    for seed in seeds {
        let mut random = Random::new(seed);
        let wire = Slow::new(seed, b"");
        let socket = WebSocket::server(wire.clone(), &options(&mut random));
        let most = [20, 300, 1500][random.below(3)];
        let payload = payload(&mut random, 0, most);
        let sent = data(MessageKind::Binary, &payload);
        let code = match random.below(4) {
            0 => {
                let mut socket = socket;
                socket.start_send(payload).unwrap();
                dropping!(drops, "fail", socket.fail(CloseCode::POLICY_VIOLATION)).unwrap();
                assert!(matches!(
                    dropping!(drops, "send", socket.send("more")),
                    Err(Error::Send(_))
                ));
                Some(CloseCode::POLICY_VIOLATION)
            }
            1 => {
                let (mut reader, mut writer) = socket.split();
                writer.start_send(payload).unwrap();
                dropping!(drops, "half: fail", reader.fail(CloseCode::POLICY_VIOLATION)).unwrap();
                Some(CloseCode::POLICY_VIOLATION)
            }
            2 => {
                let mut socket = socket;
                socket.start_send(payload).unwrap();
                dropping!(drops, "sink: close", SinkExt::close(&mut socket)).unwrap();
                None
            }
            _ => {
                let (_reader, mut writer) = socket.split();
                writer.start_send(payload).unwrap();
                dropping!(drops, "half: sink: close", SinkExt::close(&mut writer)).unwrap();
                None
            }
        };
        let close = Seen::Close {
            code,
            reason: String::new(),
        };
        assert_eq!(wire.seen_by(Side::Client), [sent, close]);
    }
    drops
}

#[test]
fn what_was_taken_is_sent_whole_and_once_and_what_was_not_is_not_sent() {
    let runtime = runtime();
    let _entered = runtime.enter();
    sends(0..2000, None).assert_least(14, 100);
}

#[test]
fn a_seeded_loss_repeat_and_tear_are_each_found_in_every_schedule() {
    for sabotage in [Sabotage::Lose, Sabotage::Repeat, Sabotage::Tear] {
        for seed in 0..50 {
            let found = catch_unwind(|| {
                let runtime = runtime();
                let _entered = runtime.enter();
                sends(seed..seed + 1, Some(sabotage))
            });
            assert!(found.is_err(), "{sabotage:?} with the seed {seed}");
        }
    }
}

#[test]
fn what_is_sent_while_a_message_is_lent_is_whole_and_sent_once() {
    let runtime = runtime();
    let _entered = runtime.enter();
    echoes(0..2000).assert_least(6, 100);
}

#[test]
fn an_end_that_is_dropped_is_the_same_end() {
    let runtime = runtime();
    let _entered = runtime.enter();
    ends(0..2000).assert_least(4, 100);
}

#[test]
#[ignore = "takes minutes; ci.sh async runs it"]
fn in_many_schedules_no_dropped_future_loses_repeats_or_tears_anything() {
    let runtime = runtime();
    let _entered = runtime.enter();
    sends(0..100_000, None).assert_least(14, 1000);
    echoes(0..100_000).assert_least(6, 1000);
    ends(0..100_000).assert_least(4, 1000);
}

#[test]
fn a_send_that_is_dropped_while_it_waits_for_room_has_sent_nothing() {
    let wire = Slow::new(1, b"");
    wire.wire().waits = 8;
    let mut socket = WebSocket::server(wire.clone(), &Options::DEFAULT.with_write_buffer(256));
    let mut cx = Context::from_waker(Waker::noop());
    let mut number = 0_u8;
    while let Poll::Ready(ready) = socket.poll_ready(&mut cx) {
        ready.unwrap();
        socket.start_send(vec![number; 10]).unwrap();
        number += 1;
    }
    for _ in 0..100 {
        assert!(poll_times(3, socket.send("never")).is_none());
    }
    wire.wire().waits = 0;
    assert!(poll_times(1, socket.flush()).unwrap().is_ok());
    let expected: Vec<_> = (0..number)
        .map(|number| data(MessageKind::Binary, &[number; 10]))
        .collect();
    assert_eq!(wire.seen_by(Side::Client), expected);
}

#[test]
fn a_reader_sends_the_rest_of_a_message_whose_send_was_dropped() {
    for halves in [false, true] {
        let wire = Slow::new(1, b"");
        (wire.wire().waits, wire.wire().step) = (0, 10);
        let socket = WebSocket::server(wire.clone(), &Options::DEFAULT);
        let payload = vec![7; 100_000];
        // It is taken at once, and what the stream takes in one poll is all of it unless it waits.
        wire.wire().waits = 8;
        if halves {
            let (mut reader, mut writer) = socket.split();
            assert!(poll_times(3, writer.send(payload.clone())).is_none());
            drop(writer);
            wire.wire().waits = 0;
            assert!(poll_times(1, reader.read()).is_none());
        } else {
            let mut socket = socket;
            assert!(poll_times(3, socket.send(payload.clone())).is_none());
            wire.wire().waits = 0;
            assert!(poll_times(1, socket.read()).is_none());
        }
        assert_eq!(wire.seen_by(Side::Client), [data(MessageKind::Binary, &payload)]);
    }
}
