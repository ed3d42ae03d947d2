//! What users of WebSocket software have met: writes that fail, answers that were never written, calls without an end.

mod wire;

use bareframe_std::{
    Aborter, Client, CloseCode, Error, Event, MaskingKey, Options, Role, State, Stream, StreamEnd, Untimed,
    WebSocket,
};
use bareframe_testkit::{Frame, Side};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};
use wire::{KEY, SECOND, Takes, Wire, arriving, halves, tcp};

fn client<S: Stream>(
    stream: S,
    options: &Options,
) -> WebSocket<S, Client<impl bareframe_std::MaskingKeys + use<S>>> {
    WebSocket::client_with_keys(stream, options, || MaskingKey::new(KEY))
}

#[test]
fn s7_1_5_a_write_that_fails_hides_nothing_that_arrived() {
    fn run<R: Role>(mut socket: WebSocket<Wire, R>) {
        for _ in 0..2 {
            assert!(
                matches!(socket.send_text("x"), Err(Error::Io(error)) if error.kind() == ErrorKind::BrokenPipe)
            );
        }
        assert_eq!(socket.read().unwrap().unwrap().as_str(), Some("the answer"));
        assert!(socket.read().unwrap().is_none());
        let reason = socket.close_reason().unwrap();
        assert_eq!(
            (reason.code().unwrap().number(), reason.reason()),
            (1008, "policy")
        );
        socket.close(None, "").unwrap();
    }
    let frames = [Frame::text("the answer"), Frame::close(1008, "policy")];
    for refusal in [
        Takes::Error(ErrorKind::BrokenPipe),
        Takes::Error(ErrorKind::ConnectionReset),
    ] {
        if matches!(refusal, Takes::Error(ErrorKind::BrokenPipe)) {
            run(WebSocket::server(
                Wire::new([arriving(Side::Server, &frames)]).taking([refusal]),
                &Options::DEFAULT,
            ));
            run(client(
                Wire::new([arriving(Side::Client, &frames)]).taking([refusal]),
                &Options::DEFAULT,
            ));
        }
    }
}

#[test]
fn s7_1_5_without_a_close_the_error_of_the_write_counts_after_what_arrived() {
    let frames = [Frame::ping("p"), Frame::text("late")];
    let wire = Wire::new([arriving(Side::Server, &frames)]).taking([Takes::Error(ErrorKind::BrokenPipe)]);
    let mut server = WebSocket::server(wire, &Options::DEFAULT);
    assert!(server.send_text("x").is_err());
    assert!(matches!(server.read_event(), Ok(Some(Event::Ping(_)))));
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some("late"));
    for _ in 0..2 {
        assert!(matches!(server.read(), Err(Error::Io(error)) if error.kind() == ErrorKind::BrokenPipe));
    }
}

#[test]
fn s7_1_5_halves_deliver_what_arrived_although_a_write_fails() {
    let ((mut reader, writer), mut peer) = halves(&Options::DEFAULT);
    let frames = [Frame::text("the answer"), Frame::close(1008, "policy")];
    peer.write_all(&arriving(Side::Server, &frames)).unwrap();
    // Ended for writing from another place, so that every write fails.
    writer
        .with_stream(|stream| Stream::shutdown(stream, Shutdown::Write))
        .unwrap()
        .unwrap();
    assert!(writer.send("x").is_err());
    assert_eq!(reader.read().unwrap().unwrap().as_str(), Some("the answer"));
    assert!(reader.read().unwrap().is_none());
    assert_eq!(reader.close_reason().unwrap().reason(), "policy");
}

#[test]
fn s7_1_4_a_reset_after_the_peers_close_is_a_clean_end() {
    let mut wire = Wire::new([arriving(Side::Server, &[Frame::close(1000, "")])]);
    wire.arrives
        .push_back(wire::Arrives::Error(ErrorKind::ConnectionReset));
    let wire = wire.taking([Takes::Error(ErrorKind::BrokenPipe)]);
    let mut server = WebSocket::server(wire, &Options::DEFAULT);
    assert!(server.read().unwrap().is_none());
    server.close(None, "").unwrap();
}

#[test]
fn s5_5_an_answer_is_on_the_wire_before_its_event() {
    let close = [0x88, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x34, 0x12];
    let mut server = WebSocket::server(Wire::new([close]), &Options::DEFAULT);
    assert!(matches!(server.read_event(), Ok(Some(Event::Close(_)))));
    assert_eq!(server.stream().written(), Frame::close(1000, "").to_bytes());

    let ping = arriving(Side::Server, &[Frame::ping("hb")]);
    let mut server = WebSocket::server(Wire::new([ping.clone()]), &Options::DEFAULT);
    assert!(matches!(server.read_event(), Ok(Some(Event::Ping(_)))));
    assert_eq!(server.stream().written(), Frame::pong("hb").to_bytes());

    let mut client = client(
        Wire::new([arriving(Side::Client, &[Frame::ping("hb")])]),
        &Options::DEFAULT,
    );
    assert!(matches!(client.read_event(), Ok(Some(Event::Ping(_)))));
    assert_eq!(
        client.stream().written(),
        Frame::pong("hb").masked(KEY).to_bytes()
    );

    let ((mut reader, writer), mut peer) = halves(&Options::DEFAULT);
    peer.write_all(&ping).unwrap();
    assert!(matches!(reader.read_event(), Ok(Some(Event::Ping(_)))));
    peer.write_all(&close).unwrap();
    assert!(matches!(reader.read_event(), Ok(Some(Event::Close(_)))));
    drop((reader, writer));
    let mut written = Vec::new();
    peer.read_to_end(&mut written).unwrap();
    assert_eq!(
        written,
        [Frame::pong("hb").to_bytes(), Frame::close(1000, "").to_bytes()].concat()
    );
}

#[test]
fn s5_5_1_the_peers_close_within_a_frame_of_ours_is_no_clean_end_and_is_answered_after_it() {
    for fails in [false, true] {
        let wire = Wire::new([arriving(Side::Server, &[Frame::close(1001, "")])])
            .taking([Takes::Most(10), Takes::Error(ErrorKind::WouldBlock)]);
        let mut server = WebSocket::server(wire, &Options::DEFAULT);
        let payload = [7; 5000];
        let mut frame = bareframe_std::Frame::binary(&payload);
        assert!(
            server
                .send_frame(&mut frame)
                .is_err_and(|error| error.is_temporary())
        );
        assert!(matches!(server.read_event(), Ok(Some(Event::Close(_)))));
        for _ in 0..2 {
            assert!(matches!(server.read(), Err(Error::UnfinishedFrame)));
        }
        server.stream_mut().plan = [Takes::Most(usize::MAX)].into();
        if fails {
            server.fail(CloseCode::GOING_AWAY).unwrap();
            assert!(matches!(server.read(), Err(Error::AbnormalClosure)));
        } else {
            server.send_frame(&mut frame).unwrap();
            assert!(server.read().unwrap().is_none());
            let written = [Frame::binary(payload), Frame::close(1001, "")].map(|frame| frame.to_bytes());
            assert_eq!(server.stream().written(), written.concat());
        }
    }
}

#[test]
fn s6_1_what_was_sent_is_on_the_wire_though_the_socket_is_dropped() {
    let (stream, mut peer) = tcp();
    let frames = [Frame::text("one"), Frame::text("two")];
    peer.write_all(&arriving(Side::Server, &frames)).unwrap();
    let mut server = WebSocket::server(stream, &Options::DEFAULT);
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some("one"));
    server.send("answer").unwrap();
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some("two"));
    drop(server);
    let mut written = Vec::new();
    peer.read_to_end(&mut written).unwrap();
    assert_eq!(written, Frame::text("answer").to_bytes());
}

/// Runs a call that must end in about a second, on a machine that has other things to do too.
fn in_a_second<T>(call: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let done = call();
    let took = begin.elapsed();
    assert!((SECOND * 9 / 10..6 * SECOND).contains(&took), "{took:?}");
    done
}

/// Accepts a little every 50 ms, for 20 seconds at most.
fn read_slowly(mut peer: TcpStream) {
    thread::spawn(move || {
        let mut some = vec![0; 64 << 10];
        for _ in 0..400 {
            if !matches!(peer.read(&mut some), Ok(1..)) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
    });
}

#[test]
fn a_call_that_sends_to_a_slow_reader_ends_in_time() {
    let options = Options::DEFAULT.with_write_timeout(SECOND);
    let long = vec![7; 64 << 20];
    let (stream, peer) = tcp();
    read_slowly(peer);
    let mut server = WebSocket::server(stream, &options);
    assert!(in_a_second(|| server.send(&long[..])).is_err_and(|error| error.is_temporary()));
    assert!(in_a_second(|| server.send("next")).is_err_and(|error| error.is_temporary()));

    let ((_reader, writer), peer) = halves(&options);
    read_slowly(peer);
    assert!(in_a_second(|| writer.send(&long[..])).is_err_and(|error| error.is_temporary()));
    assert!(in_a_second(|| writer.send("next")).is_err_and(|error| error.is_temporary()));
}

#[test]
fn s7_1_1_close_ends_in_time_though_a_long_message_is_half_sent() {
    let options = Options::DEFAULT
        .with_write_timeout(Duration::from_millis(50))
        .with_close_timeout(SECOND);
    let long = vec![7; 64 << 20];
    let (stream, peer) = tcp();
    read_slowly(peer);
    let mut server = WebSocket::server(stream, &options);
    assert!(matches!(server.send(&long[..]), Err(Error::Unflushed(_))));
    assert!(matches!(
        in_a_second(|| server.close(None, "")),
        Err(Error::CloseTimeout)
    ));
}

#[test]
fn s7_1_1_halves_close_in_time() {
    let options = Options::DEFAULT.with_close_timeout(SECOND);
    let ((mut reader, writer), peer) = halves(&options);
    assert!(matches!(
        in_a_second(|| reader.close(None, "")),
        Err(Error::CloseTimeout)
    ));
    drop((writer, peer));

    // Also while another thread is stuck within a frame.
    let ((mut reader, writer), peer) = halves(&options);
    let stuck = thread::spawn(move || writer.send(&vec![7; 64 << 20][..]));
    thread::sleep(Duration::from_millis(300));
    assert!(matches!(
        in_a_second(|| reader.close(None, "")),
        Err(Error::CloseTimeout)
    ));
    // The stream has ended, and with it the call.
    assert!(stuck.join().unwrap().is_err());
    drop(peer);
}

#[test]
fn another_thread_cuts_a_stuck_peer_off() {
    let ((mut reader, writer), peer) = halves(&Options::DEFAULT);
    let aborter = writer.aborter().unwrap();
    let stuck = thread::spawn(move || writer.send(&vec![7; 64 << 20][..]));
    let reading = thread::spawn(move || reader.read().map(|message| message.is_some()));
    thread::sleep(Duration::from_millis(100));
    aborter.abort();
    assert!(stuck.join().unwrap().is_err());
    assert!(reading.join().unwrap().is_err());
    drop(peer);

    let (stream, peer) = tcp();
    let mut server = WebSocket::server(stream, &Options::DEFAULT);
    let aborter = server.aborter().unwrap();
    let reading = thread::spawn(move || matches!(server.read(), Err(Error::AbnormalClosure)));
    aborter.abort();
    assert!(reading.join().unwrap());
    drop(peer);
}

#[test]
fn s7_1_1_close_says_whether_the_end_of_the_stream_was_seen() {
    let options = Options::DEFAULT.with_close_timeout(SECOND);
    let close = arriving(Side::Server, &[Frame::close(1000, "")]);
    let (stream, mut peer) = tcp();
    peer.write_all(&close).unwrap();
    let ends = thread::spawn(move || peer.read_to_end(&mut Vec::new()).map(|_| drop(peer)));
    let mut server = WebSocket::server(stream, &options);
    assert_eq!(server.close(None, "").unwrap(), StreamEnd::Seen);
    ends.join().unwrap().unwrap();

    let (stream, mut peer) = tcp();
    peer.write_all(&close).unwrap();
    let mut server = WebSocket::server(stream, &options);
    assert_eq!(
        in_a_second(|| server.close(None, "")).unwrap(),
        StreamEnd::NotSeen
    );
    drop(peer);
}

#[test]
fn s7_1_1_close_over_a_stream_that_does_not_block_continues_and_never_spins() {
    let (stream, mut peer) = tcp();
    stream.set_nonblocking(true).unwrap();
    let mut server = WebSocket::server(stream, &Options::DEFAULT);
    for _ in 0..3 {
        assert!(
            matches!(server.close(None, ""), Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock)
        );
    }
    assert_eq!(server.state(), State::CloseSent);
    peer.write_all(&arriving(Side::Server, &[Frame::close(1000, "")]))
        .unwrap();
    let mut written = Vec::new();
    let closed = loop {
        match server.close(None, "") {
            Err(error) if error.is_temporary() => {
                // The server ends the stream first, and then sees the peer's end.
                let mut some = [0; 16];
                match peer.read(&mut some).unwrap() {
                    0 => peer.shutdown(Shutdown::Both).unwrap(),
                    len => written.extend_from_slice(&some[..len]),
                }
            }
            closed => break closed,
        }
    };
    assert_eq!(closed.unwrap(), StreamEnd::Seen);
    assert_eq!(written, [0x88, 0]);
}

#[test]
fn s5_5_2_a_flood_of_pings_from_a_peer_that_never_reads_does_not_hold_the_reader() {
    const PINGS: usize = 100;
    let options = Options::DEFAULT.with_close_timeout(Duration::from_millis(200));
    let flood = || {
        let (stream, mut peer) = tcp();
        let mut server = WebSocket::server(stream, &options);
        // What the peer does not read fills the stream.
        server.stream().set_nonblocking(true).unwrap();
        assert!(server.send(&vec![7; 12 << 20][..]).is_err());
        server.stream().set_nonblocking(false).unwrap();
        let mut sent = arriving(Side::Server, &[Frame::ping("are you there?")]).repeat(PINGS);
        sent.extend(arriving(Side::Server, &[Frame::text("at last")]));
        thread::spawn(move || {
            let _ = peer.write_all(&sent);
            thread::sleep(10 * SECOND);
        });
        server
    };
    let (mut server, half) = (flood(), flood());
    let (mut reader, _writer) = half.split();
    let aborters = [server.aborter().unwrap(), reader.aborter().unwrap()];
    thread::spawn(move || {
        thread::sleep(9 * SECOND);
        aborters.iter().for_each(Aborter::abort);
    });
    let begin = Instant::now();
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some("at last"));
    assert_eq!(reader.read().unwrap().unwrap().as_str(), Some("at last"));
    assert!(begin.elapsed() < 8 * SECOND, "{:?}", begin.elapsed());
}

#[test]
fn the_source_of_a_write_error_is_kept() {
    /// A stream that refuses each write for a reason of its own.
    #[derive(Debug)]
    struct Reason;
    impl std::fmt::Display for Reason {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the certificate was revoked")
        }
    }
    impl std::error::Error for Reason {}
    let stored = |result: Result<(), Error>| {
        let Err(Error::Io(error)) = result else {
            panic!("{result:?}")
        };
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(error.to_string(), "the certificate was revoked");
        let source = std::error::Error::source(&error).expect("it has a source");
        assert!(source.is::<Reason>(), "{source:?}");
    };
    let mut server = WebSocket::server(Untimed(Refusing), &Options::DEFAULT);
    let first = server.send("one");
    assert!(matches!(&first, Err(Error::Io(error)) if error.to_string() == "the certificate was revoked"));
    for _ in 0..2 {
        stored(server.read().map(drop));
    }
    stored(server.send("two"));

    struct Refusing;
    impl Read for Refusing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Ok(0)
        }
    }
    impl Write for Refusing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::new(ErrorKind::InvalidData, Reason))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
