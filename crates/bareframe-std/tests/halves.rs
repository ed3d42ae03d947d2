//! Two halves on two threads, over TCP.

use bareframe_std::handshake::Choice;
use bareframe_std::{
    Aborter, Acceptor, ClientSocket, CloseCode, Connector, Deadline, Error, Event, Options, OwnedMessage,
    ReadHalf, SendError, Server, ServerSocket, Share, SharedSocket, State, Stream, WebSocket, WriteHalf,
};
use bareframe_testkit::Frame;
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

const KEY: [u8; 4] = [1, 2, 3, 4];

type Shared = SharedSocket<TcpStream>;
type Halves = (ReadHalf<Shared, Server>, WriteHalf<Shared, Server>);

/// Returns a server's halves, and the raw other end.
fn server() -> (Halves, TcpStream) {
    server_with(&Options::DEFAULT)
}

fn server_with(options: &Options) -> (Halves, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let stream = listener.accept().unwrap().0;
    let socket = WebSocket::server(stream, options);
    (socket.split(), peer)
}

fn masked(frame: Frame) -> Vec<u8> {
    frame.masked(KEY).to_bytes()
}

/// What arrives within a moment must be exactly this.
fn expect(peer: &mut TcpStream, bytes: &[u8]) {
    let mut arrived = vec![0; bytes.len()];
    peer.read_exact(&mut arrived).unwrap();
    assert!(
        arrived == bytes,
        "{:?} instead of {:?}",
        &arrived[..20.min(arrived.len())],
        &bytes[..20.min(bytes.len())]
    );
}

#[test]
fn halves_and_sockets_go_where_threads_need_them() {
    fn send<T: Send>() {}
    fn share<T: Send + Sync + Clone>() {}
    send::<ServerSocket<TcpStream>>();
    send::<ClientSocket<TcpStream>>();
    send::<ReadHalf<Shared, Server>>();
    share::<WriteHalf<Shared, Server>>();
}

#[test]
fn a_reader_does_not_wait_for_a_long_write_and_its_pong_follows_the_frame() {
    let ((mut reader, writer), mut peer) = server();
    let long = vec![7; 12 << 20];
    let frame = Frame::binary(&long).to_bytes();
    let writing = thread::spawn(move || writer.send(&long[..]));
    // The peer takes a little, so that a part of the frame was written, and then no more.
    let mut begin = [0; 10];
    peer.read_exact(&mut begin).unwrap();
    let (seen, saw) = mpsc::channel();
    let reading = thread::spawn(move || {
        while let Some(message) = reader.read()? {
            seen.send(message.as_str().map(str::to_owned)).unwrap();
        }
        Ok::<_, Error>(())
    });
    for frame in [Frame::ping("one"), Frame::ping("two"), Frame::text("read")] {
        peer.write_all(&masked(frame)).unwrap();
    }
    let message = saw
        .recv_timeout(Duration::from_secs(5))
        .expect("the reader waits for the writer");
    assert_eq!(message.as_deref(), Some("read"));
    assert!(!writing.is_finished());

    expect(&mut peer, &frame[10..]);
    // Only the latest Ping needs a Pong (5.5.3).
    expect(&mut peer, &Frame::pong("two").to_bytes());
    writing.join().unwrap().unwrap();

    peer.write_all(&masked(Frame::ping("three"))).unwrap();
    expect(&mut peer, &Frame::pong("three").to_bytes());
    peer.write_all(&masked(Frame::close(1000, "bye"))).unwrap();
    expect(&mut peer, &Frame::close(1000, "").to_bytes());
    reading.join().unwrap().unwrap();
}

#[test]
fn s5_4_frames_of_several_threads_do_not_mix_and_no_last_pong_is_lost() {
    let ((mut reader, writer), peer) = server();
    let threads: Vec<_> = (0..4_u8)
        .map(|n| {
            let writer = writer.clone();
            thread::spawn(move || {
                for len in 1..200 {
                    writer.send(&vec![n; len * 50][..]).unwrap();
                }
            })
        })
        .collect();
    let reading = thread::spawn(move || {
        let ended = reader.read().map(|message| message.is_none());
        reader.close(None, "").unwrap();
        ended
    });
    // Each Ping waits for its Pong, which another thread may have to send; a Pong that is never sent ends the
    // test.
    peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut client = WebSocket::client(peer, &Options::DEFAULT).unwrap();
    let mut lens: HashMap<u8, Vec<usize>> = HashMap::new();
    let mut message = Vec::new();
    let mut pings = 0;
    client.ping(b"").unwrap();
    while pings < 100 || lens.values().map(Vec::len).sum::<usize>() < 4 * 199 {
        match client.read_event().expect("a Pong was lost").unwrap() {
            Event::Data(piece) => {
                message.extend_from_slice(piece.payload());
                if piece.is_last() {
                    assert!(message.iter().all(|byte| *byte == message[0]));
                    lens.entry(message[0]).or_default().push(message.len());
                    message.clear();
                }
            }
            Event::Pong(_) => {
                pings += 1;
                client.ping(b"").unwrap();
            }
            other => panic!("{other:?}"),
        }
    }
    for thread in threads {
        thread.join().unwrap();
    }
    let expected: Vec<usize> = (1..200).map(|len| len * 50).collect();
    assert!((0..4).all(|n| lens[&n] == expected));
    client.close(None, "").unwrap();
    assert!(reading.join().unwrap().unwrap());
}

#[test]
fn s5_5_2_ten_pings_want_ten_pongs() {
    let options = Options::DEFAULT.with_write_buffer(0);
    let ((mut reader, _writer), mut peer) = server_with(&options);
    let pings: Vec<u8> = (0..200_u8)
        .flat_map(|n| masked(Frame::ping(vec![n; 125])))
        .collect();
    let pongs: Vec<u8> = (0..200_u8)
        .flat_map(|n| Frame::pong(vec![n; 125]).to_bytes())
        .collect();
    peer.write_all(&[&pings[..], &masked(Frame::text("end"))].concat())
        .unwrap();
    let reading = thread::spawn(move || {
        assert_eq!(reader.read().unwrap().unwrap().as_str(), Some("end"));
        reader.read().map(|message| message.is_some())
    });
    expect(&mut peer, &pongs);
    peer.write_all(&masked(Frame::close(1000, ""))).unwrap();
    expect(&mut peer, &Frame::close(1000, "").to_bytes());
    assert!(!reading.join().unwrap().unwrap());
}

#[test]
fn s7_1_2_our_close_ends_both_halves() {
    let ((mut reader, writer), mut peer) = server();
    writer.send_close(None, "").unwrap();
    assert!(matches!(writer.send("late"), Err(Error::Send(SendError::Closed))));
    expect(&mut peer, &Frame::close(1000, "").to_bytes()[..0]);
    expect(&mut peer, &[0x88, 0]);
    peer.write_all(&masked(Frame::text("still"))).unwrap();
    peer.write_all(&masked(Frame::close(1000, "bye"))).unwrap();
    assert_eq!(reader.read().unwrap().unwrap().as_str(), Some("still"));
    assert!(reader.read().unwrap().is_none());
    assert_eq!(reader.close_reason().unwrap().reason(), "bye");
    let finished = thread::spawn(move || reader.close(None, "").unwrap());
    assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
    drop(peer);
    finished.join().unwrap();
}

#[test]
fn s7_1_7_an_error_of_the_reader_is_told_and_ends_both_halves() {
    let ((mut reader, writer), mut peer) = server();
    peer.write_all(&Frame::text("x").to_bytes()).unwrap();
    for _ in 0..2 {
        assert!(matches!(reader.read(), Err(Error::Protocol(_))));
    }
    let reason = bareframe_std::ProtocolError::UnmaskedFrame.reason();
    expect(&mut peer, &Frame::close(1002, reason).to_bytes());
    assert!(matches!(
        writer.send(bareframe_std::Frame::ping(b"")),
        Err(Error::Send(SendError::Closed))
    ));
    drop((reader, writer));

    let ((mut reader, _writer), peer) = server();
    drop(peer);
    assert!(matches!(reader.read(), Err(Error::AbnormalClosure)));
}

#[test]
fn a_socket_may_be_split_in_the_middle_of_everything() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut socket = WebSocket::server(listener.accept().unwrap().0, &Options::DEFAULT);
    // Read: one message, a Ping that needs a Pong, half a message.
    let read = [Frame::text("one"), Frame::ping("p"), Frame::text("tw").fin(false)]
        .map(masked)
        .concat();
    peer.write_all(&read).unwrap();
    assert_eq!(socket.read().unwrap().unwrap().as_str(), Some("one"));
    socket
        .stream()
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    assert!(socket.read().is_err_and(|error| error.is_temporary()));
    // Sent: the first fragment of a message.
    let first = bareframe_std::Frame::text("x").fragment(false);
    socket.send(first).unwrap();
    let (mut reader, writer) = socket.split();
    writer.send("y").unwrap();
    peer.write_all(&masked(Frame::continuation("o"))).unwrap();
    assert_eq!(reader.read().unwrap().unwrap().as_str(), Some("two"));
    let sent = [
        Frame::pong("p"),
        Frame::text("x").fin(false),
        Frame::continuation("y"),
    ]
    .map(|f| f.to_bytes())
    .concat();
    expect(&mut peer, &sent);
}

#[test]
fn what_was_owed_before_the_split_is_paid_after_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let stream = listener.accept().unwrap().0;
    stream.set_write_timeout(Some(Duration::from_millis(10))).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut socket = WebSocket::server(stream, &Options::DEFAULT);
    let long = vec![7; 12 << 20];
    assert!(matches!(socket.send_binary(&long), Err(Error::Unflushed(_))));
    peer.write_all(&masked(Frame::ping("p"))).unwrap();
    assert!(matches!(socket.read_event(), Ok(Some(Event::Ping(_)))));
    let (mut reader, _writer) = socket.split();
    let reading = thread::spawn(move || while reader.read().is_err_and(|error| error.is_temporary()) {});
    expect(&mut peer, &Frame::binary(&long).to_bytes());
    expect(&mut peer, &Frame::pong("p").to_bytes());
    peer.write_all(&masked(Frame::close(1000, ""))).unwrap();
    reading.join().unwrap();
}

#[test]
fn the_stream_is_lent_between_frames() {
    let ((_reader, writer), mut peer) = server();
    writer.send("a").unwrap();
    writer
        .with_stream(|stream| stream.by(Deadline::NONE).write_all(b"broken"))
        .unwrap()
        .unwrap();
    expect(&mut peer, &[&Frame::text("a").to_bytes()[..], b"broken"].concat());
}

#[test]
fn halves_continue_where_a_timeout_stopped_them() {
    let ((_reader, writer), mut peer) = server();
    writer
        .with_stream(|stream| stream.socket().set_write_timeout(Some(Duration::from_millis(10))))
        .unwrap()
        .unwrap();
    let long = vec![7; 12 << 20];
    let sent = writer.send(&long[..]);
    assert!(
        matches!(&sent, Err(Error::Unflushed(error)) if error.kind() == ErrorKind::WouldBlock),
        "{sent:?}"
    );
    assert!(matches!(writer.send("not yet"), Err(Error::Io(_))));
    let flushing = thread::spawn(move || {
        while writer.flush().is_err_and(|error| error.is_temporary()) {}
        writer.send("now").unwrap();
    });
    expect(
        &mut peer,
        &[Frame::binary(&long), Frame::text("now")]
            .map(|frame| frame.to_bytes())
            .concat(),
    );
    flushing.join().unwrap();
}

/// A stream in memory, both of whose handles work on the same. Each write, while the sending half is held,
/// lets the next bytes arrive and waits until the reader has seen to them.
#[derive(Clone)]
struct Lockstep {
    arrive: mpsc::Sender<Vec<u8>>,
    arrives: Arc<Mutex<mpsc::Receiver<Vec<u8>>>>,
    seen: Arc<Mutex<mpsc::Receiver<()>>>,
    next: Arc<Mutex<Vec<Vec<u8>>>>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Read for Lockstep {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.arrives.lock().unwrap().recv().unwrap_or_default();
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl Write for Lockstep {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.lock().unwrap().extend_from_slice(bytes);
        if let Some(next) = self.next.lock().unwrap().pop() {
            self.arrive.send(next).unwrap();
            self.seen.lock().unwrap().recv().unwrap();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Lockstep {
    fn read_by(&mut self, buffer: &mut [u8], _: Deadline) -> io::Result<usize> {
        self.read(buffer)
    }

    fn write_by(&mut self, slices: &[io::IoSlice<'_>], _: Deadline) -> io::Result<usize> {
        self.write_vectored(slices)
    }

    fn flush_by(&mut self, _: Deadline) -> io::Result<()> {
        self.flush()
    }

    fn shutdown(&mut self, _: Shutdown) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    fn set_nodelay(&self) -> io::Result<()> {
        Ok(())
    }

    fn aborter(&self) -> io::Result<Aborter> {
        Err(ErrorKind::Unsupported.into())
    }
}

impl Share for Lockstep {
    type Shared = Lockstep;

    fn share(self) -> Lockstep {
        self
    }
}

#[test]
fn an_answer_that_is_left_in_the_last_moment_is_sent() {
    let (arrive, arrives) = mpsc::channel();
    let (see, seen) = mpsc::channel();
    let stream = Lockstep {
        arrive,
        arrives: Arc::new(Mutex::new(arrives)),
        seen: Arc::new(Mutex::new(seen)),
        // The last comes first.
        next: Arc::new(Mutex::new(vec![
            masked(Frame::ping("two")),
            masked(Frame::ping("one")),
        ])),
        written: Arc::default(),
    };
    let written = Arc::clone(&stream.written);
    let socket = WebSocket::server(stream, &Options::DEFAULT);
    let (mut reader, writer) = socket.split();
    thread::spawn(move || {
        while let Ok(Some(Event::Ping(_))) = reader.read_event() {
            see.send(()).unwrap();
        }
    });
    // "one" arrives while this is written, and "two" while the answer to "one" is, by nobody but this call.
    writer.send("Hello").unwrap();
    let expected =
        [Frame::text("Hello"), Frame::pong("one"), Frame::pong("two")].map(|frame| frame.to_bytes());
    assert_eq!(*written.lock().unwrap(), expected.concat());
}

/// Returns a server's halves whose reader says when it has seen a Ping, and the other end.
fn pinged() -> (WriteHalf<Shared, Server>, TcpStream, mpsc::Receiver<()>) {
    let ((mut reader, writer), peer) = server();
    peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let (see, seen) = mpsc::channel();
    thread::spawn(move || {
        while let Ok(Some(Event::Ping(_))) = reader.read_event() {
            let _ = see.send(());
        }
    });
    (writer, peer, seen)
}

/// Has a Ping arrive, and waits until the reader has left its answer to whoever holds the sending half, and waits for the peer.
fn ping(peer: &mut TcpStream, seen: &mpsc::Receiver<()>) {
    peer.write_all(&masked(Frame::ping("!"))).unwrap();
    seen.recv().unwrap();
    thread::sleep(Duration::from_millis(50));
}

#[test]
fn s5_5_2_an_answer_that_is_left_while_the_stream_is_lent_is_sent() {
    let (writer, mut peer, seen) = pinged();
    writer.with_stream(|_| ping(&mut peer, &seen)).unwrap();
    expect(&mut peer, &Frame::pong("!").to_bytes());
}

/// A Ping arrives while this becomes a frame, and so while the sending half is held.
struct Late<'a>(
    &'a mut TcpStream,
    &'a mpsc::Receiver<()>,
    bareframe_std::Frame<'a>,
);

impl<'a> From<Late<'a>> for bareframe_std::Frame<'a> {
    fn from(Late(peer, seen, frame): Late<'a>) -> bareframe_std::Frame<'a> {
        ping(peer, seen);
        frame
    }
}

#[test]
fn s5_5_2_an_answer_that_is_left_while_a_frame_is_fed_is_sent() {
    let (writer, mut peer, seen) = pinged();
    writer
        .feed(Late(&mut peer, &seen, bareframe_std::Frame::text("a")))
        .unwrap();
    expect(
        &mut peer,
        &[Frame::text("a"), Frame::pong("!")]
            .map(|frame| frame.to_bytes())
            .concat(),
    );
}

#[test]
fn s5_5_2_an_answer_that_is_left_to_a_call_that_can_not_send_its_frame_is_sent() {
    let (writer, mut peer, seen) = pinged();
    let too_long = bareframe_std::Frame::ping(&[0; 126]);
    assert!(matches!(
        writer.send(Late(&mut peer, &seen, too_long)),
        Err(Error::Send(SendError::OversizedControl))
    ));
    expect(&mut peer, &Frame::pong("!").to_bytes());
}

#[test]
fn a_reader_that_has_returned_an_error_closes_in_good_order() {
    for frame in [Frame::text("x").to_bytes(), Vec::new()] {
        let ((mut reader, _writer), mut peer) = server();
        peer.write_all(&frame).unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        reader.read().unwrap_err();
        reader.close(None, "").unwrap();
    }
    let ((mut reader, _writer), peer) = server();
    peer.shutdown(Shutdown::Write).unwrap();
    reader.fail(CloseCode::POLICY_VIOLATION);
    reader.close(None, "").unwrap();
    // What nobody was told before, this tells.
    let ((mut reader, _writer), mut peer) = server();
    peer.write_all(&Frame::text("x").to_bytes()).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    assert!(matches!(reader.close(None, ""), Err(Error::Protocol(_))));
}

#[test]
fn s7_1_7_no_close_follows_a_frame_that_is_not_finished() {
    let ((mut reader, writer), peer) =
        server_with(&Options::DEFAULT.with_write_timeout(Duration::from_millis(10)));
    let long = vec![7; 12 << 20];
    let sent = writer.send_frame(&mut bareframe_std::Frame::binary(&long));
    assert!(sent.is_err_and(|error| error.is_temporary()));
    peer.shutdown(Shutdown::Write).unwrap();
    assert!(matches!(reader.close(None, ""), Err(Error::UnfinishedFrame)));
}

#[test]
fn s5_5_1_the_answer_to_a_close_goes_before_the_stream_ends_though_the_other_half_is_held() {
    let ((mut reader, writer), mut peer) = server();
    let (holds, held) = mpsc::channel();
    let holder = thread::spawn(move || {
        let wait = |_: &mut Shared| {
            holds.send(()).unwrap();
            thread::sleep(Duration::from_millis(300));
        };
        writer.with_stream(wait).unwrap();
    });
    held.recv().unwrap();
    peer.write_all(&masked(Frame::close(1001, ""))).unwrap();
    assert!(reader.read().unwrap().is_none());
    let finisher = thread::spawn(move || reader.close(None, "").unwrap());
    expect(&mut peer, &Frame::close(1001, "").to_bytes());
    drop(peer);
    finisher.join().unwrap();
    holder.join().unwrap();
}

#[test]
fn s7_1_the_writing_half_closes_and_waits_for_the_peer() {
    let ((mut reader, writer), mut peer) = server();
    assert_eq!((reader.state(), reader.subprotocol()), (State::Open, None));
    let reading = thread::spawn(move || {
        let read = reader.read_owned();
        assert!(matches!(reader.read(), Ok(None)));
        (read, reader)
    });
    let closing = thread::spawn(move || writer.close(CloseCode::NORMAL_CLOSURE, "done"));
    expect(&mut peer, &Frame::close(1000, "done").to_bytes());
    assert!(!closing.is_finished());
    peer.write_all(&masked(Frame::text("last"))).unwrap();
    peer.write_all(&masked(Frame::close(1000, ""))).unwrap();
    closing.join().unwrap().unwrap();
    // The reading half may be told of the peer's Close before the other thread has noted that ours was written.
    let (read, reader) = reading.join().unwrap();
    assert_eq!(read.unwrap(), Some(OwnedMessage::Text("last".to_owned())));
    assert_eq!(reader.state(), State::Closed);
}

#[test]
fn s7_1_1_the_writing_half_ends_a_peer_that_does_not_close_or_that_nobody_reads_from() {
    let options = Options::DEFAULT.with_close_timeout(Duration::from_millis(300));
    let ((mut reader, writer), peer) = server_with(&options);
    let reading = thread::spawn(move || reader.read().map(|message| message.is_some()));
    assert!(matches!(writer.close(None, ""), Err(Error::CloseTimeout)));
    // The stream has ended, and with it the call.
    assert!(reading.join().unwrap().is_err());
    drop(peer);

    // Also while another thread is stuck within a frame.
    let ((_reader, writer), peer) = server_with(&options);
    let sending = writer.clone();
    let stuck = thread::spawn(move || sending.send(&vec![7; 64 << 20][..]));
    thread::sleep(Duration::from_millis(100));
    assert!(matches!(writer.close(None, ""), Err(Error::CloseTimeout)));
    assert!(stuck.join().unwrap().is_err());
    drop(peer);

    let ((reader, writer), mut peer) = server();
    drop(reader);
    assert!(matches!(writer.close(None, ""), Err(Error::AbnormalClosure)));
    expect(&mut peer, b"\x88\x00");
}

#[test]
fn a_half_knows_its_subprotocol_and_how_far_the_closing_is() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let client = thread::spawn(move || {
        let chat = Connector::DEFAULT.with_subprotocols(&["chat"]);
        let (reader, writer) = chat.connect(&url).unwrap().split();
        assert_eq!(reader.subprotocol(), Some("chat"));
        writer.send_close(None, "").unwrap();
        reader.state()
    });
    let mut incoming = Acceptor::DEFAULT.read(listener.accept().unwrap().0).unwrap();
    let choice = Choice::DEFAULT.with_subprotocol(Some("chat"));
    let (mut reader, _writer) = incoming.accept(&choice).unwrap().split();
    assert_eq!(reader.subprotocol(), Some("chat"));
    assert!(matches!(reader.read(), Ok(None)));
    assert_eq!(reader.state(), State::Closed);
    assert_eq!(client.join().unwrap(), State::CloseSent);
}
