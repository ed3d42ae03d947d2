//! Keepalive (RFC 6455 section 5.5.2): when a Ping is sent, and which peers count as dead.

mod wire;

use bareframe_std::{Aborter, Config, Deadline, Error, Event, Options, Server, Stream, WebSocket};
use bareframe_testkit::{Frame, Side};
use std::cell::Cell;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};
use wire::{SECOND, Wire, arriving, halves, tcp};

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
