//! What users of WebSocket software have met: writes that fail, answers that were never written, calls without an end.

mod wire;

use bareframe_std::{
    Aborter, Client, CloseCode, Config, Deadline, Error, Event, MaskingKey, Options, ReadHalf, Role, Server,
    SharedSocket, State, Stream, StreamEnd, Untimed, WebSocket, WriteHalf,
};
use bareframe_testkit::{Frame, Side};
use std::cell::Cell;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};
use wire::{Takes, Wire};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const SECOND: Duration = Duration::from_secs(1);

fn client<S: Stream>(
    stream: S,
    options: &Options,
) -> WebSocket<S, Client<impl bareframe_std::MaskingKeys + use<S>>> {
    WebSocket::client_with_keys(stream, options, || MaskingKey::new(KEY))
}

/// Returns what arrives at an end with this role.
fn arriving(at: Side, frames: &[Frame]) -> Vec<u8> {
    frames
        .iter()
        .flat_map(|frame| frame.clone().masked_for(at, KEY).to_bytes())
        .collect()
}

/// Two ends of a TCP connection.
fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_read_timeout(Some(10 * SECOND)).unwrap();
    (listener.accept().unwrap().0, peer)
}

type Halves = (
    ReadHalf<SharedSocket<TcpStream>, Server>,
    WriteHalf<SharedSocket<TcpStream>, Server>,
);

fn halves(options: &Options) -> (Halves, TcpStream) {
    let (stream, peer) = tcp();
    (WebSocket::server(stream, options).split(), peer)
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
fn s7_1_5_without_a_close_the_error_of_the_write_counts_behind_what_arrived() {
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
fn s7_1_4_a_reset_behind_the_peers_close_is_a_clean_end() {
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
fn s5_5_1_the_peers_close_within_a_frame_of_ours_is_no_clean_end_and_is_answered_behind_it() {
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
fn s7_1_1_close_over_a_stream_that_does_not_block_goes_on_and_never_spins() {
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

thread_local! {
    static PASSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Returns a clock that moves when [`Silent`] is waited for.
fn clock() -> Instant {
    thread_local! {
        static START: Instant = Instant::now();
    }
    START.with(|start| *start) + PASSED.get()
}

/// A stream whose peer says something once in a while, and on which waiting takes no time.
struct Silent {
    /// How long the peer is silent before each byte string.
    arrives: Vec<(Duration, Vec<u8>)>,
    /// What comes after them and before the end.
    error: Option<io::Error>,
    written: Vec<u8>,
}

impl Silent {
    /// Returns a server's end of it, whose peer has to say something after 30 and 10 seconds.
    fn server(arrives: Vec<(Duration, Vec<u8>)>, error: Option<io::Error>) -> WebSocket<Silent, Server> {
        let options = Options::DEFAULT
            .with_keepalive(30 * SECOND, 10 * SECOND)
            .with_clock(clock);
        let written = Vec::new();
        WebSocket::server(
            Silent {
                arrives,
                error,
                written,
            },
            &options,
        )
    }
}

impl Read for Silent {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }
}

impl Write for Silent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Silent {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        let left = deadline.left()?;
        match self.arrives.first_mut() {
            Some((after, _)) if left.is_some_and(|left| left < *after) => {
                *after -= left.unwrap();
                PASSED.set(PASSED.get() + left.unwrap());
                Err(ErrorKind::TimedOut.into())
            }
            Some(_) => {
                let (after, bytes) = self.arrives.remove(0);
                PASSED.set(PASSED.get() + after);
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
            None => self.error.take().map_or(Ok(0), Err),
        }
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], _: Deadline) -> io::Result<usize> {
        self.write(&slices[0])
    }

    fn flush_by(&mut self, _: Deadline) -> io::Result<()> {
        Ok(())
    }

    fn shutdown(&mut self, _: Shutdown) -> io::Result<()> {
        Ok(())
    }

    fn set_nodelay(&self) -> io::Result<()> {
        Ok(())
    }

    fn aborter(&self) -> io::Result<Aborter> {
        Err(ErrorKind::Unsupported.into())
    }
}

#[test]
fn s5_5_2_keepalive_sends_a_ping_to_a_silent_peer_and_gives_up_one_that_is_dead() {
    let pong = arriving(Side::Server, &[Frame::pong("")]);
    let text = arriving(Side::Server, &[Frame::text("alive")]);
    let arrives = vec![
        (35 * SECOND, pong),
        (29 * SECOND, text),
        (100 * SECOND, vec![0x81]),
    ];
    let mut server = Silent::server(arrives, None);
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some("alive"));
    assert_eq!(PASSED.get(), 64 * SECOND);
    assert_eq!(server.stream().written, Frame::ping("").to_bytes());
    for _ in 0..2 {
        assert!(matches!(server.read(), Err(Error::KeepaliveTimeout)));
        assert_eq!(PASSED.get().as_secs(), 104);
    }
    assert_eq!(server.stream().written, Frame::ping("").to_bytes().repeat(2));
}

#[test]
fn s7_1_2_keepalive_gives_up_a_peer_that_is_dead_after_our_close() {
    let mut server = Silent::server(vec![(100 * SECOND, vec![0x81])], None);
    server.send_close(None, "").unwrap();
    assert!(matches!(server.read(), Err(Error::KeepaliveTimeout)));
    assert_eq!(PASSED.get().as_secs(), 40);
    assert_eq!(server.stream().written, b"\x88\x00");
}

#[test]
fn close_waits_as_long_as_it_says_whatever_the_keepalive_says() {
    let (stream, peer) = tcp();
    let options = Options::DEFAULT
        .with_keepalive(Duration::ZERO, Duration::ZERO)
        .with_close_timeout(Duration::from_millis(50));
    let (mut reader, _writer) = WebSocket::server(stream, &options).split();
    assert!(matches!(reader.close(None, ""), Err(Error::CloseTimeout)));
    drop(peer);
}

#[test]
fn s5_5_2_keepalive_gives_up_a_peer_that_takes_no_answer() {
    const MOMENT: Duration = Duration::from_millis(20);
    let options = Options::DEFAULT.with_keepalive(MOMENT, MOMENT);
    let stuck = || {
        let (stream, peer) = tcp();
        let mut server = WebSocket::server(stream, &options);
        server.stream().set_write_timeout(Some(MOMENT)).unwrap();
        let sent = server.send(&vec![7; 12 << 20][..]);
        assert!(matches!(sent, Err(Error::Unflushed(_))), "{sent:?}");
        server.stream().set_write_timeout(None).unwrap();
        (server, peer)
    };
    let (mut server, peer) = stuck();
    let (half, other_peer) = stuck();
    let (mut reader, _writer) = half.split();
    let aborters = [server.aborter().unwrap(), reader.aborter().unwrap()];
    // Who waits forever fails, and does not hang.
    thread::spawn(move || {
        thread::sleep(5 * SECOND);
        aborters.iter().for_each(Aborter::abort);
    });
    assert!(matches!(server.read(), Err(Error::KeepaliveTimeout)));
    assert!(matches!(reader.read(), Err(Error::KeepaliveTimeout)));
    drop((peer, other_peer));
}

#[test]
fn s5_5_2_a_peer_that_steadily_takes_one_long_frame_is_alive() {
    const MOMENT: Duration = Duration::from_millis(100);
    let options = Options::DEFAULT.with_keepalive(3 * MOMENT, 4 * MOMENT);
    let ((mut reader, writer), mut peer) = halves(&options);
    let sending = thread::spawn(move || {
        let sent = writer.send(&vec![7; 24 << 20][..]);
        (sent, Instant::now())
    });
    // It takes about two seconds to read the frame, and says nothing meanwhile.
    let reading = thread::spawn(move || {
        let (mut some, mut taken) = (vec![0; 1 << 20], 0);
        while taken < 24 << 20 {
            taken += peer.read(&mut some).unwrap();
            thread::sleep(MOMENT / 2);
        }
        peer
    });
    let dead = reader.read().map(|message| message.is_some());
    let given_up = Instant::now();
    let (sent, sent_at) = sending.join().unwrap();
    assert!(sent.is_ok() && sent_at < given_up, "{dead:?}");
    // Then the Ping goes unanswered.
    assert!(matches!(dead, Err(Error::KeepaliveTimeout)), "{dead:?}");
    drop(reading.join());
}

#[test]
fn s5_5_2_a_frame_that_is_taken_bit_by_bit_between_reads_is_a_sign_of_life() {
    const MOMENT: Duration = Duration::from_millis(20);
    let options = Options::DEFAULT.with_keepalive(MOMENT, 2 * MOMENT);
    let (stream, mut peer) = tcp();
    stream.set_nonblocking(true).unwrap();
    let mut server = WebSocket::server(stream, &options);
    let long = vec![7; 16 << 20];
    let mut frame = bareframe_std::Frame::binary(&long);
    let mut some = vec![0; 1 << 20];
    for _ in 0..20 {
        assert!(
            server
                .send_frame(&mut frame)
                .is_err_and(|error| error.is_temporary())
        );
        assert!(server.read().is_err_and(|error| error.is_temporary()));
        peer.read_exact(&mut some[..256 << 10]).unwrap();
        thread::sleep(MOMENT);
    }
    let silent = Instant::now();
    let error = loop {
        match server.read() {
            Err(error) if error.is_temporary() => thread::sleep(MOMENT / 4),
            other => break other.map(|message| message.is_some()),
        }
        assert!(
            silent.elapsed() < 5 * SECOND,
            "a peer that takes nothing is alive"
        );
    };
    assert!(matches!(error, Err(Error::KeepaliveTimeout)), "{error:?}");
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

#[test]
fn s5_5_2_a_pong_that_is_there_counts_though_the_caller_comes_late() {
    const MOMENT: Duration = Duration::from_millis(20);
    let options = Options::DEFAULT.with_keepalive(MOMENT, 5 * MOMENT);
    let (stream, mut peer) = tcp();
    stream.set_nonblocking(true).unwrap();
    let mut server = WebSocket::server(stream, &options);
    assert!(server.read().is_err_and(|error| error.is_temporary()));
    thread::sleep(MOMENT);
    assert!(server.read().is_err_and(|error| error.is_temporary()));
    let mut ping = [0; 2];
    peer.read_exact(&mut ping).unwrap();
    peer.write_all(&arriving(Side::Server, &[Frame::pong("")]))
        .unwrap();
    thread::sleep(6 * MOMENT);
    assert!(server.read().is_err_and(|error| error.is_temporary()));
    thread::sleep(MOMENT);
    assert!(server.read().is_err_and(|error| error.is_temporary()));
    thread::sleep(6 * MOMENT);
    assert!(matches!(server.read(), Err(Error::KeepaliveTimeout)));
}

#[cfg(target_os = "linux")]
#[test]
fn that_tcp_gave_up_is_an_error_also_with_a_keepalive() {
    const ETIMEDOUT: i32 = 110;
    let gave_up = io::Error::from_raw_os_error(ETIMEDOUT);
    let mut server = Silent::server(Vec::new(), Some(gave_up));
    assert!(matches!(server.read(), Err(Error::Io(error)) if error.kind() == ErrorKind::TimedOut));
}

#[test]
fn s5_5_2_a_ping_is_left_to_a_caller_that_answers_itself() {
    let options = Options::DEFAULT.with_config(Config::DEFAULT.with_auto_pong(false));
    let ping = arriving(Side::Server, &[Frame::ping("hb")]);
    let mut server = WebSocket::server(Wire::new([ping]), &options);
    assert!(matches!(server.read_event(), Ok(Some(Event::Ping(_)))));
    assert!(server.stream().written().is_empty());
    server.pong(b"hb").unwrap();
    assert_eq!(server.stream().written(), Frame::pong("hb").to_bytes());
}
