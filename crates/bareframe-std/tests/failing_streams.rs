//! A client and a server over streams that fail on purpose, held to the rules of every adapter.

#[path = "failing_streams/driver.rs"]
mod driver;
#[path = "failing_streams/halves.rs"]
mod halves;
#[path = "failing_streams/handshakes.rs"]
mod handshakes;

use bareframe_std::{CloseCode, Error, Event, Options, WebSocket};
use bareframe_testkit::{
    Breaches, FailingStream, Frame, Schedule, Side, StreamCall, TestClock, hold_to_rules,
};
use driver::{End, Failing};
use std::io::Write;
use std::net::Shutdown;
use std::ops::Range;
use std::time::Duration;

fn run(seeds: Range<u64>) -> Breaches {
    hold_to_rules(seeds, |random, client, server, converse| {
        let mut client = End::open(Side::Client, client, random);
        let mut server = End::open(Side::Server, server, random);
        converse(&mut client, &mut server);
    })
}

fn run_halves(seeds: Range<u64>) -> Breaches {
    hold_to_rules(seeds, |random, client, server, converse| {
        let mut client = halves::open(Side::Client, client, random);
        let mut server = halves::open(Side::Server, server, random);
        converse(&mut *client, &mut *server);
    })
}

#[test]
fn whatever_the_stream_does_nothing_is_lost_and_the_end_is_right() {
    let breaches = run(0..2000);
    println!("{breaches}");
    breaches.assert_none();
}

#[test]
fn whatever_the_stream_does_halves_lose_nothing_and_the_end_is_right() {
    let breaches = run_halves(0..2000);
    println!("{breaches}");
    breaches.assert_none();
}

#[test]
fn s4_whatever_the_stream_does_a_handshake_fails_only_because_of_it() {
    for seed in 0..2000 {
        handshakes::shake_hands(seed).unwrap_or_else(|what| panic!("seed {seed}: {what}"));
    }
}

/// Returns the two ends, of which the server's does not block and can't write yet.
fn stuck_pair() -> (FailingStream, FailingStream) {
    let (client, server) = FailingStream::pair(Schedule::calm(), Schedule::calm());
    server.set_nonblocking(true);
    server.view().set_room(0);
    (client, server)
}

#[test]
fn s7_1_5_an_end_that_close_found_while_it_could_not_write_is_reported_by_the_next_call() {
    let (mut client, stream) = stuck_pair();
    let view = stream.view();
    client.shutdown(Shutdown::Write).unwrap();
    let mut server = WebSocket::server(Failing(stream), &Options::DEFAULT);
    assert!(server.close(None, "").unwrap_err().is_temporary());
    view.set_room(usize::MAX);
    assert!(matches!(server.close(None, ""), Err(Error::AbnormalClosure)));
    assert_eq!(view.written(0), Frame::new(0x8, []).to_bytes());
}

#[test]
fn s5_5_1_the_reading_half_sends_its_close_with_the_end_if_it_could_not_with_the_peers() {
    let (mut client, stream) = stuck_pair();
    let view = stream.view();
    let close = Frame::close(1000, "");
    client
        .write_all(&close.clone().masked([0; 4]).to_bytes())
        .unwrap();
    let (mut reader, _writer) = WebSocket::server(Failing(stream), &Options::DEFAULT).split();
    assert!(matches!(reader.read_event(), Ok(Some(Event::Close(_)))));
    view.set_room(usize::MAX);
    assert!(matches!(reader.read_event(), Ok(None)));
    assert_eq!(view.written(0), close.to_bytes());
}

#[test]
fn s7_1_7_the_close_of_a_failed_half_goes_before_what_the_writing_half_sends_next() {
    for is_fed in [false, true] {
        let (_client, stream) = stuck_pair();
        let view = stream.view();
        let (mut reader, writer) = WebSocket::server(Failing(stream), &Options::DEFAULT).split();
        let long = [7; 600];
        assert!(matches!(writer.send(&long[..]), Err(Error::Unflushed(_))));
        reader.fail(CloseCode::POLICY_VIOLATION);
        view.set_room(usize::MAX);
        let late = if is_fed {
            writer.feed("late")
        } else {
            writer.send("late")
        };
        assert!(matches!(late, Err(Error::Send(_))), "{late:?}");
        let frames = [Frame::binary(long), Frame::close(1008, "")];
        writer.flush().unwrap();
        assert_eq!(view.written(0), frames.map(|frame| frame.to_bytes()).concat());
    }
}

#[test]
fn s7_1_1_the_reading_half_closes_within_its_time_whatever_a_write_may_take() {
    let (client, stream) = stuck_pair();
    stream.set_nonblocking(false);
    let timeout = Duration::from_secs(1);
    let options = Options::DEFAULT
        .with_close_timeout(timeout)
        .with_write_timeout(10 * timeout)
        .with_clock(TestClock::now);
    let (mut reader, _writer) = WebSocket::server(Failing(stream), &options).split();
    let began = TestClock::now();
    assert!(matches!(reader.close(None, ""), Err(Error::CloseTimeout)));
    assert_eq!(TestClock::now() - began, timeout);
    drop(client);
}

#[test]
#[ignore = "takes minutes; ci.sh failing_streams runs it"]
fn whatever_the_stream_does_in_many_schedules() {
    for seed in 0..100_000 {
        handshakes::shake_hands(seed).unwrap_or_else(|what| panic!("seed {seed}: {what}"));
    }
    for breaches in [run(0..100_000), run_halves(0..100_000)] {
        println!("{breaches}");
        breaches.assert_none();
        assert!(
            breaches.counts().least(&StreamCall::ALL) >= 1000,
            "a fault is met too rarely"
        );
    }
}
