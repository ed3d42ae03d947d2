//! A client and a server over streams that fail on purpose, held to the rules of every adapter: async with futures that are dropped
//! where they wait, and blocking.

#[path = "failing_streams/driver.rs"]
mod driver;

use bareframe_embedded_io::blocking::{Blocking, now};
use bareframe_embedded_io::{CloseCode, Config, Error, Slot, WebSocket};
use bareframe_testkit::{Breaches, FailingStream, Frame, Schedule, Side, StreamCall, hold_to_rules};
use driver::{End, Failing};
use std::io::Write;
use std::ops::Range;

/// The crate makes these calls; the stream is shut down by its user.
const CALLS: [StreamCall; 3] = [StreamCall::Read, StreamCall::Write, StreamCall::Flush];

fn run_async(seeds: Range<u64>) -> Breaches {
    hold_to_rules(seeds, |random, client, server, converse| {
        let mut client = End::open(Side::Client, Failing::waiting(client), true, random);
        let mut server = End::open(Side::Server, Failing::waiting(server), true, random);
        converse(&mut client, &mut server);
    })
}

fn run_blocking(seeds: Range<u64>) -> Breaches {
    hold_to_rules(seeds, |random, client, server, converse| {
        let mut client = End::open(Side::Client, Blocking(Failing::timing_out(client)), false, random);
        let mut server = End::open(Side::Server, Blocking(Failing::timing_out(server)), false, random);
        converse(&mut client, &mut server);
    })
}

fn run_halves(seeds: Range<u64>) -> Breaches {
    hold_to_rules(seeds, |random, client, server, converse| {
        let (of_client, of_server) = (Slot::new(), Slot::new());
        let mut client = End::open(Side::Client, Failing::waiting(client), true, random).split(&of_client);
        let mut server = End::open(Side::Server, Failing::waiting(server), true, random).split(&of_server);
        converse(&mut client, &mut server);
    })
}

#[test]
fn whatever_the_stream_does_a_dropped_future_loses_nothing_and_the_end_is_right() {
    let breaches = run_async(0..2000);
    println!("{breaches}");
    breaches.assert_none();
}

#[test]
fn whatever_the_stream_does_a_blocking_call_loses_nothing_and_the_end_is_right() {
    let breaches = run_blocking(0..2000);
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
fn s7_1_2_close_reads_though_its_close_can_not_be_written_yet() {
    let (mut client, stream) = FailingStream::pair(Schedule::calm(), Schedule::calm());
    let (view, text) = (stream.view(), Frame::text("Hello").masked([0; 4]).to_bytes());
    view.set_room(0);
    client.write_all(&text).unwrap();
    let stream = Blocking(Failing::timing_out(stream));
    let mut server = WebSocket::server(stream, Config::DEFAULT, [0; 300], [0; 200]);
    assert!(matches!(
        now(server.close(CloseCode::NORMAL_CLOSURE, "")),
        Err(Error::Io(_))
    ));
    assert_eq!(view.received(0), text);
    view.set_room(usize::MAX);
    client
        .write_all(&Frame::close(1000, "").masked([0; 4]).to_bytes())
        .unwrap();
    assert!(now(server.close(CloseCode::NORMAL_CLOSURE, "")).is_ok());
    assert_eq!(view.written(0), Frame::close(1000, "").to_bytes());
}

#[test]
#[ignore = "takes minutes; ci.sh failing_streams runs it"]
fn whatever_the_stream_does_in_many_schedules() {
    for breaches in [
        run_async(0..100_000),
        run_blocking(0..100_000),
        run_halves(0..100_000),
    ] {
        println!("{breaches}");
        breaches.assert_none();
        assert!(
            breaches.counts().least(&CALLS) >= 1000,
            "a fault is met too rarely"
        );
    }
}
