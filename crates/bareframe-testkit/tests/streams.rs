//! The stream that fails on purpose, held to what it says of itself.

use bareframe_testkit::{FailingStream, Fault, FaultCounts, Random, Schedule, StreamCall, TestClock};
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

/// Returns the bytes of a schedule in which the first call meets this fault, and no later one any.
fn first_meets(call: StreamCall, fault: Fault, amount: u8) -> Schedule {
    let schedules = (0..=255).map(|drawn| [255, drawn, amount]);
    let mut found = schedules.filter(|bytes| {
        let drawn = Schedule::from_bytes(bytes).next(call);
        drawn.is_some_and(|drawn| drawn.fault == fault)
    });
    Schedule::from_bytes(&found.next().expect("the call can meet it"))
}

fn calm_pair() -> (FailingStream, FailingStream) {
    FailingStream::pair(Schedule::calm(), Schedule::calm())
}

/// Returns the kind of the error of a read, or what was read.
fn read(stream: &mut FailingStream) -> Result<Vec<u8>, ErrorKind> {
    let mut buffer = [0; 100];
    let len = stream.read(&mut buffer).map_err(|error| error.kind())?;
    Ok(buffer[..len].to_vec())
}

fn write(stream: &mut FailingStream, bytes: &[u8]) -> Result<usize, ErrorKind> {
    stream.write(bytes).map_err(|error| error.kind())
}

#[test]
fn without_faults_bytes_go_both_ways_and_nothing_waits() {
    let (mut client, mut server) = calm_pair();
    assert_eq!(read(&mut server), Err(ErrorKind::WouldBlock));
    assert_eq!(write(&mut client, b"there"), Ok(5));
    assert_eq!(write(&mut server, b"back"), Ok(4));
    assert_eq!(read(&mut server), Ok(b"there".to_vec()));
    assert_eq!(read(&mut client), Ok(b"back".to_vec()));
    assert_eq!(server.view().received(2), b"ere");
    assert_eq!(server.view().written(1), b"ack");
    assert_eq!(server.view().calls(), 3);
}

#[test]
fn what_passes_once_leaves_the_stream_as_it_was() {
    for (fault, kind) in [
        (Fault::Interrupted, ErrorKind::Interrupted),
        (Fault::WouldBlock, ErrorKind::WouldBlock),
        (Fault::TimedOut, ErrorKind::TimedOut),
    ] {
        let (mut client, mut server) = FailingStream::pair(
            first_meets(StreamCall::Write, fault, 0),
            first_meets(StreamCall::Read, fault, 0),
        );
        assert_eq!(write(&mut client, b"once"), Err(kind));
        assert_eq!(write(&mut client, b"twice"), Ok(5));
        assert_eq!(read(&mut server), Err(kind));
        assert_eq!(read(&mut server), Ok(b"twice".to_vec()));
        let refused = u64::from(kind != ErrorKind::Interrupted);
        assert_eq!(client.view().refused_writes(), refused, "{kind:?}");
        assert_eq!(server.view().refused_reads(), refused, "{kind:?}");
        assert!(!client.view().has_refused_for_good());
        assert_eq!(client.view().counts().count(StreamCall::Write, fault), 1);
        assert_eq!(server.view().counts().count(StreamCall::Read, fault), 1);
    }
}

#[test]
fn a_reset_is_for_good_on_both_ends_and_what_is_on_its_way_arrives() {
    let (mut client, mut server) =
        FailingStream::pair(first_meets(StreamCall::Write, Fault::Reset, 0), Schedule::calm());
    server.write_all(b"before").unwrap();
    assert_eq!(write(&mut client, b"lost"), Err(ErrorKind::ConnectionReset));
    assert_eq!(write(&mut client, b"lost"), Err(ErrorKind::BrokenPipe));
    assert_eq!(read(&mut client), Ok(b"before".to_vec()));
    for _ in 0..2 {
        assert_eq!(read(&mut client), Err(ErrorKind::ConnectionReset));
        assert_eq!(read(&mut server), Err(ErrorKind::ConnectionReset));
        assert_eq!(write(&mut server, b"lost"), Err(ErrorKind::BrokenPipe));
    }
    let (client, server) = (client.view(), server.view());
    assert_eq!(client.read_fate(), Some(Some(ErrorKind::ConnectionReset)));
    assert_eq!(client.write_fate(), Some(Some(ErrorKind::BrokenPipe)));
    assert_eq!((client.written(0).len(), server.written(0).len()), (0, 6));
}

#[test]
fn a_broken_pipe_ends_one_direction() {
    let (mut client, mut server) = FailingStream::pair(
        first_meets(StreamCall::Write, Fault::BrokenPipe, 0),
        Schedule::calm(),
    );
    assert_eq!(write(&mut client, b"lost"), Err(ErrorKind::BrokenPipe));
    assert_eq!(write(&mut client, b"lost"), Err(ErrorKind::BrokenPipe));
    assert_eq!(read(&mut server), Ok(Vec::new()));
    assert_eq!(write(&mut server, b"back"), Ok(4));
    assert_eq!(read(&mut client), Ok(b"back".to_vec()));
}

#[test]
fn an_end_is_no_bytes_for_good() {
    let (mut client, mut server) = FailingStream::pair(
        first_meets(StreamCall::Write, Fault::End, 0),
        first_meets(StreamCall::Read, Fault::End, 0),
    );
    for _ in 0..2 {
        assert_eq!(write(&mut client, b"lost"), Ok(0));
        assert_eq!(read(&mut server), Ok(Vec::new()));
    }
    assert_eq!(client.view().write_fate(), Some(None));
    assert_eq!(server.view().read_fate(), Some(None));
    assert_eq!(client.view().refused_writes(), 2);
    assert_eq!(server.view().refused_reads(), 2);
    assert!(client.view().has_refused_for_good());
}

#[test]
fn time_passes_up_to_the_timeout() {
    let passes = |timeout: Option<Duration>| {
        let schedule = first_meets(StreamCall::Read, Fault::TimePasses, 10);
        let (mut client, mut server) = FailingStream::pair(Schedule::calm(), schedule);
        client.write_all(b"late").unwrap();
        server.set_timeouts(timeout, None);
        assert_eq!(server.timeouts(), (timeout, None));
        let began = TestClock::now();
        let read = read(&mut server);
        (read, TestClock::now() - began)
    };
    let late = Duration::from_millis(1024);
    let timeout = Duration::from_millis(500);
    assert_eq!(passes(None), (Ok(b"late".to_vec()), late));
    assert_eq!(passes(Some(timeout)), (Err(ErrorKind::WouldBlock), timeout));
    assert_eq!(passes(Some(late * 2)), (Ok(b"late".to_vec()), late));
}

#[test]
fn a_wait_for_the_other_end_lasts_as_long_as_the_timeout() {
    let (mut client, _server) = calm_pair();
    let (read_timeout, write_timeout) = (Duration::from_secs(2), Duration::from_secs(3));
    client.set_timeouts(Some(read_timeout), Some(write_timeout));
    client.view().set_room(4);
    let began = TestClock::now();
    assert_eq!(read(&mut client), Err(ErrorKind::WouldBlock));
    assert_eq!(TestClock::now() - began, read_timeout);
    assert_eq!(write(&mut client, b"too long"), Ok(4));
    assert_eq!(write(&mut client, b"long"), Err(ErrorKind::WouldBlock));
    assert_eq!(TestClock::now() - began, read_timeout + write_timeout);
    client.set_nonblocking(true);
    assert!(client.is_nonblocking());
    assert_eq!(read(&mut client), Err(ErrorKind::WouldBlock));
    assert_eq!(TestClock::now() - began, read_timeout + write_timeout);
}

#[test]
fn a_buffered_stream_sends_when_it_is_flushed() {
    let (mut client, mut server) = calm_pair();
    client.view().set_buffered(true);
    client.write_all(b"later").unwrap();
    assert_eq!(client.view().sent(), 0);
    assert_eq!(read(&mut server), Err(ErrorKind::WouldBlock));
    client.flush().unwrap();
    assert_eq!(client.view().sent(), 5);
    assert_eq!(read(&mut server), Ok(b"later".to_vec()));
}

#[test]
fn the_last_handle_closes_the_end_and_unread_bytes_reset_the_connection() {
    for is_read in [true, false] {
        let (mut client, mut server) = calm_pair();
        client.write_all(b"last words").unwrap();
        server.write_all(b"read or not").unwrap();
        if is_read {
            read(&mut client).unwrap();
        }
        let other_handle = client.clone();
        drop(client);
        assert_eq!(server.view().write_fate(), None);
        drop(other_handle);
        assert_eq!(write(&mut server, b"lost"), Err(ErrorKind::BrokenPipe));
        assert_eq!(read(&mut server), Ok(b"last words".to_vec()));
        let end = if is_read {
            Ok(Vec::new())
        } else {
            Err(ErrorKind::ConnectionReset)
        };
        assert_eq!(read(&mut server), end);
    }
}

#[test]
fn a_shutdown_ends_what_it_says() {
    let (mut client, mut server) = calm_pair();
    server.write_all(b"back").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read(&mut server), Ok(Vec::new()));
    assert_eq!(write(&mut client, b"lost"), Err(ErrorKind::BrokenPipe));
    assert_eq!(read(&mut client), Ok(b"back".to_vec()));
    assert_eq!(write(&mut server, b"more"), Ok(4));
    client.shutdown(Shutdown::Both).unwrap();
    assert_eq!(read(&mut client), Ok(Vec::new()));
    assert_eq!(write(&mut server, b"lost"), Err(ErrorKind::BrokenPipe));

    let schedule = first_meets(StreamCall::Shutdown, Fault::WouldBlock, 0);
    let (mut client, _server) = FailingStream::pair(schedule, Schedule::calm());
    assert_eq!(
        client.shutdown(Shutdown::Write).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    assert_eq!(client.view().write_fate(), None, "a call that failed did nothing");
    assert_eq!(client.view().refused_shutdowns(), 1);
}

#[test]
#[should_panic(expected = "its user spins")]
fn a_user_that_spins_is_found() {
    let (mut client, _server) = calm_pair();
    client.view().allow(10);
    while read(&mut client).is_err() {}
}

#[test]
fn a_user_that_moves_bytes_does_not_spin() {
    let (mut client, mut server) = calm_pair();
    client.view().allow(1);
    server.view().allow(1);
    for _ in 0..100 {
        assert_eq!(write(&mut client, b"x"), Ok(1));
        assert_eq!(read(&mut server), Ok(b"x".to_vec()));
    }
}

#[test]
fn whatever_is_written_arrives_in_order_and_is_counted() {
    let mut counts = FaultCounts::new();
    for seed in 0..3000 {
        let random = &mut Random::new(seed);
        let schedules = [random.number(), random.number()].map(Schedule::from_seed);
        let [of_client, of_server] = schedules;
        let (client, server) = FailingStream::pair(of_client, of_server);
        let views = [client.view(), server.view()];
        for view in &views {
            view.set_buffered(random.below(2) == 0);
            view.set_room(1 + random.below(50));
        }
        let mut streams = [client, server];
        for _ in 0..60 {
            let stream = &mut streams[random.below(2)];
            let len = random.below(30);
            let _ = match random.below(3) {
                0 => read(stream).map(|_| ()),
                1 => write(stream, &random.bytes(len)).map(|_| ()),
                _ => stream.flush().map_err(|error| error.kind()),
            };
        }
        for stream in &mut streams {
            let _ = stream.shutdown(Shutdown::Both);
        }
        for (view, other) in [(&views[0], &views[1]), (&views[1], &views[0])] {
            let (written, received): (Vec<u8>, Vec<u8>) = (other.written(0), view.received(0));
            assert!(written[..other.sent()].starts_with(&received), "seed {seed}");
            counts.add(&view.counts());
        }
    }
    println!("{counts}");
    assert!(
        counts.least(&StreamCall::ALL) > 100,
        "a fault is met too rarely:\n{counts}"
    );
}
