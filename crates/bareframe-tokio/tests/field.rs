//! What users of WebSocket software have met: writes that fail, answers that were never written, calls without an end.

mod wire;

use bareframe_testkit::{Frame, Side};
use bareframe_tokio::{
    Client, CloseCode, Config, Error, Event, Limits, MaskingKey, MaskingKeys, Options, Role, SendError,
    Server, State, StreamEnd, WebSocket,
};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep};
use wire::{Arrives, KEY, Takes, Wire, arriving, poll_once, ready};

const SECOND: Duration = Duration::from_secs(1);

fn server(wire: Wire) -> WebSocket<Wire, Server> {
    WebSocket::server(wire, &Options::DEFAULT)
}

fn client(wire: Wire) -> WebSocket<Wire, Client<impl MaskingKeys>> {
    WebSocket::client_with_keys(wire, &Options::DEFAULT, || MaskingKey::new(KEY))
}

/// Returns a server that these frames arrive at in one read.
fn receiving(frames: &[Frame]) -> WebSocket<Wire, Server> {
    server(Wire::open([arriving(Side::Server, frames)]))
}

fn is(error: &Error, kind: ErrorKind) -> bool {
    matches!(error, Error::Io(error) if error.kind() == kind)
}

/// Holds a server that these frames arrive at to failing with this code, without a look at what comes after them.
fn fails_with(code: u16, frames: &[Frame]) {
    let mut server = receiving(frames);
    let error = loop {
        match ready(server.read()) {
            Ok(message) => assert!(message.is_some(), "it ends cleanly"),
            Err(error) => break error,
        }
    };
    let told = error.close_code().map(CloseCode::number);
    assert_eq!(told, Some(code), "{error}");
    let written = server.stream().written();
    assert_eq!(&written[..1], [0x88], "a Close and nothing else");
    assert_eq!(&written[2..4], code.to_be_bytes());
    assert_eq!(server.stream().arrives.len(), 0);
    assert_eq!(server.state(), State::Failed);
    // The same at each call (7.1.7).
    assert_eq!(ready(server.read()).unwrap_err().to_string(), error.to_string());
    assert!(matches!(
        ready(server.send("x")),
        Err(Error::Send(SendError::Closed))
    ));
}

#[tokio::test]
async fn s7_1_5_a_write_that_fails_hides_nothing_that_arrived() {
    fn run<R: Role>(mut socket: WebSocket<Wire, R>) {
        for _ in 0..2 {
            let error = ready(socket.send("x")).unwrap_err();
            assert!(is(&error, ErrorKind::BrokenPipe), "{error}");
        }
        assert_eq!(
            ready(socket.read()).unwrap().unwrap().as_str(),
            Some("the answer")
        );
        assert!(ready(socket.read()).unwrap().is_none());
        let reason = socket.close_reason().unwrap();
        assert_eq!(
            (reason.code().unwrap().number(), reason.reason()),
            (1008, "policy")
        );
        assert_eq!(ready(socket.close(None, "")).unwrap(), StreamEnd::Seen);
    }
    let frames = [Frame::text("the answer"), Frame::close(1008, "policy")];
    let refuses = [Takes::Error(ErrorKind::BrokenPipe)];
    run(server(
        Wire::ended([arriving(Side::Server, &frames)]).taking(refuses),
    ));
    run(client(
        Wire::ended([arriving(Side::Client, &frames)]).taking(refuses),
    ));
}

#[test]
fn s7_1_5_without_a_close_the_error_of_the_write_counts_after_what_arrived() {
    let frames = [Frame::ping("p"), Frame::text("late")];
    let wire = Wire::ended([arriving(Side::Server, &frames)]).taking([Takes::Error(ErrorKind::BrokenPipe)]);
    let mut server = server(wire);
    assert!(ready(server.send("x")).is_err());
    assert!(matches!(ready(server.read_event()), Ok(Some(Event::Ping(_)))));
    assert_eq!(ready(server.read()).unwrap().unwrap().as_str(), Some("late"));
    for _ in 0..2 {
        assert!(is(&ready(server.read()).unwrap_err(), ErrorKind::BrokenPipe));
    }
}

#[test]
fn s7_1_5_a_message_that_the_stream_refuses_midway_hides_nothing_that_arrived() {
    let frames = [Frame::text("the answer"), Frame::close(1008, "policy")];
    let wire = Wire::ended([arriving(Side::Server, &frames)])
        .taking([Takes::Most(1000), Takes::Error(ErrorKind::ConnectionReset)]);
    let mut server = server(wire);
    let error = ready(server.send(vec![7; 100_000])).unwrap_err();
    assert!(is(&error, ErrorKind::ConnectionReset), "{error}");
    assert_eq!(
        ready(server.read()).unwrap().unwrap().as_str(),
        Some("the answer")
    );
    assert!(ready(server.read()).unwrap().is_none());
    assert_eq!(server.close_reason().unwrap().reason(), "policy");
}

#[tokio::test]
async fn s7_1_4_a_reset_after_the_peers_close_is_a_clean_end() {
    let wire = Wire::open([arriving(Side::Server, &[Frame::close(1000, "")])])
        .then(Arrives::Error(ErrorKind::ConnectionReset))
        .taking([Takes::Error(ErrorKind::BrokenPipe)]);
    let mut server = server(wire);
    assert!(ready(server.read()).unwrap().is_none());
    assert_eq!(ready(server.close(None, "")).unwrap(), StreamEnd::NotSeen);
}

#[test]
fn s5_5_1_the_answer_to_a_close_is_on_the_wire_before_its_event() {
    let mut server = receiving(&[Frame::close(1000, "")]);
    assert!(matches!(ready(server.read_event()), Ok(Some(Event::Close(_)))));
    assert_eq!(server.stream().written(), Frame::close(1000, "").to_bytes());
}

#[test]
fn s5_5_2_a_pong_is_on_the_wire_before_its_pings_event() {
    let mut server = receiving(&[Frame::ping("hb")]);
    assert!(matches!(ready(server.read_event()), Ok(Some(Event::Ping(_)))));
    assert_eq!(server.stream().written(), Frame::pong("hb").to_bytes());

    let mut client = client(Wire::open([arriving(Side::Client, &[Frame::ping("hb")])]));
    assert!(matches!(ready(client.read_event()), Ok(Some(Event::Ping(_)))));
    assert_eq!(
        client.stream().written(),
        Frame::pong("hb").masked(KEY).to_bytes()
    );
}

#[test]
fn s5_5_2_a_pong_leaves_before_a_read_waits() {
    let mut server = receiving(&[Frame::ping("one"), Frame::ping("two")]);
    assert!(poll_once(server.read()).is_none());
    let written = server.stream().written();
    assert!(written.ends_with(&Frame::pong("two").to_bytes()), "{written:?}");
}

#[test]
fn s5_5_2_a_ping_between_the_fragments_of_a_message_is_answered_at_once() {
    let begun = [Frame::text("Hel").fin(false), Frame::ping("p")];
    let rest = arriving(Side::Server, &[Frame::continuation("lo")]);
    let mut server = receiving(&begun);
    assert!(poll_once(server.read()).is_none());
    assert_eq!(server.stream().written(), Frame::pong("p").to_bytes());
    server.stream_mut().arrives.push_back(Arrives::Bytes(rest));
    assert_eq!(ready(server.read()).unwrap().unwrap().as_str(), Some("Hello"));
}

#[test]
fn s5_5_2_a_ping_within_a_message_of_ours_is_answered_after_it() {
    let mut server = receiving(&[Frame::ping("p")]);
    server.stream_mut().plan = [Takes::Most(10), Takes::Nothing].into();
    assert!(poll_once(server.send(vec![7; 50_000])).is_none());
    assert!(poll_once(server.read()).is_none());
    server.stream_mut().plan = [Takes::Most(usize::MAX)].into();
    assert!(poll_once(server.read()).is_none());
    let expected = [Frame::binary(vec![7; 50_000]), Frame::pong("p")].map(|frame| frame.to_bytes());
    assert!(server.stream().written() == expected.concat());
}

#[test]
fn s5_5_2_after_our_close_a_ping_is_still_answered() {
    let mut server = receiving(&[Frame::ping("p")]);
    ready(server.send_close(CloseCode::NORMAL_CLOSURE, "")).unwrap();
    assert!(poll_once(server.read()).is_none());
    let expected = [Frame::close(1000, ""), Frame::pong("p")].map(|frame| frame.to_bytes());
    assert_eq!(server.stream().written(), expected.concat());
}

#[test]
fn s5_5_1_the_peers_close_within_a_frame_of_ours_is_no_clean_end_and_is_answered_after_it() {
    for fails in [false, true] {
        let wire = Wire::ended([arriving(Side::Server, &[Frame::close(1001, "")])])
            .taking([Takes::Most(10), Takes::Nothing]);
        let mut server = server(wire);
        let payload = vec![7; 50_000];
        let mut frame = bareframe_tokio::Frame::binary(&payload);
        assert!(poll_once(server.send_frame(&mut frame)).is_none());
        assert!(matches!(ready(server.read_event()), Ok(Some(Event::Close(_)))));
        for _ in 0..2 {
            assert!(matches!(ready(server.read()), Err(Error::UnfinishedFrame)));
        }
        server.stream_mut().plan = [Takes::Most(usize::MAX)].into();
        if fails {
            ready(server.fail(CloseCode::GOING_AWAY)).unwrap();
            assert!(matches!(ready(server.read()), Err(Error::AbnormalClosure)));
        } else {
            ready(server.send_frame(&mut frame)).unwrap();
            assert!(ready(server.read()).unwrap().is_none());
            let written = [Frame::binary(&payload), Frame::close(1001, "")].map(|frame| frame.to_bytes());
            assert!(server.stream().written() == written.concat());
        }
    }
}

#[test]
fn s5_5_1_the_peers_close_within_a_message_of_ours_is_answered_after_it() {
    let mut server = receiving(&[Frame::close(1001, "")]);
    server.stream_mut().plan = [Takes::Most(10), Takes::Nothing].into();
    assert!(poll_once(server.send(vec![7; 50_000])).is_none());
    assert!(poll_once(server.read()).is_none());
    server.stream_mut().plan = [Takes::Most(usize::MAX)].into();
    assert!(ready(server.read()).unwrap().is_none());
    let expected = [Frame::binary(vec![7; 50_000]), Frame::close(1001, "")].map(|frame| frame.to_bytes());
    assert!(server.stream().written() == expected.concat());
}

#[test]
fn s5_5_1_after_our_close_no_message_is_taken_though_there_is_no_room_to_queue_it() {
    // Each length leaves another room in a queue of 256 bytes.
    for len in 100..125 {
        let wire = Wire::open([arriving(Side::Server, &[Frame::close(1000, "")])]).taking([Takes::Nothing]);
        let mut server = WebSocket::server(wire, &Options::DEFAULT.with_write_buffer(256));
        ready(server.feed(vec![7; len])).unwrap();
        // The answer to the Close is queued, and can't be written.
        assert!(poll_once(server.read()).is_none());
        let fed = poll_once(server.feed("late"));
        assert!(
            matches!(fed, None | Some(Err(Error::Send(SendError::Closed)))),
            "{len}: {fed:?}"
        );
    }
}

#[test]
fn s5_5_1_of_what_comes_after_the_peers_close_nothing_is_delivered() {
    let mut server = receiving(&[
        Frame::close(1000, "bye"),
        Frame::text("late"),
        Frame::ping("late"),
    ]);
    assert!(ready(server.read()).unwrap().is_none());
    assert!(ready(server.read()).unwrap().is_none());
    assert_eq!(server.stream().written(), Frame::close(1000, "").to_bytes());
}

#[test]
fn s7_1_5_a_close_without_a_code_is_answered_by_one_without_a_code() {
    let mut server = receiving(&[Frame::new(0x8, "")]);
    assert!(ready(server.read()).unwrap().is_none());
    assert_eq!(server.close_reason().unwrap().code(), None);
    assert_eq!(server.stream().written(), [0x88, 0]);
}

#[test]
fn s7_4_1_a_code_that_may_be_sent_is_answered_by_the_same() {
    for code in [
        1000, 1001, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4999,
    ] {
        let mut server = receiving(&[Frame::close(code, "")]);
        assert!(ready(server.read()).unwrap().is_none());
        assert_eq!(server.close_reason().unwrap().code().unwrap().number(), code);
        assert_eq!(server.stream().written(), Frame::close(code, "").to_bytes());
    }
}

#[test]
fn s7_4_1_a_code_that_may_not_be_sent_is_a_violation() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        fails_with(1002, &[Frame::close(code, "")]);
    }
    fails_with(1002, &[Frame::new(0x8, [3])]);
    fails_with(1007, &[Frame::close(1000, [0xff])]);
}

#[test]
fn s8_1_text_that_is_not_utf_8_fails_at_the_byte_that_proves_it() {
    fails_with(1007, &[Frame::text([b'a', 0xff])]);
    // A character that the message's end cuts.
    fails_with(1007, &[Frame::text(&"日".as_bytes()[..2])]);
    // The rest of the frame does not come.
    let mut begun = arriving(Side::Server, &[Frame::text([b'a', 0xc0, b'b', b'c'])]);
    begun.truncate(begun.len() - 2);
    let mut server = server(Wire::open([begun]));
    assert_eq!(
        ready(server.read()).unwrap_err().close_code().unwrap().number(),
        1007
    );
}

#[test]
fn s8_1_a_character_may_be_cut_by_frames_and_by_reads() {
    let text = "日本語 😀";
    let bytes = text.as_bytes();
    for cut in 0..=bytes.len() {
        let frames = [
            Frame::text(&bytes[..cut]).fin(false),
            Frame::ping("p"),
            Frame::continuation(&bytes[cut..]),
        ];
        let arrives = arriving(Side::Server, &frames);
        let mut server = server(Wire::open(arrives.iter().map(|byte| vec![*byte])));
        assert_eq!(
            ready(server.read()).unwrap().unwrap().as_str(),
            Some(text),
            "{cut}"
        );
    }
}

#[test]
fn s10_4_a_message_over_the_limit_is_answered_1009_at_its_header() {
    let limits = Limits::DEFAULT.with_message(100);
    let options = Options::DEFAULT.with_config(Config::DEFAULT.with_limits(limits));
    let fitting = Frame::binary([7; 100]);
    let mut longer = arriving(Side::Server, &[Frame::binary([7; 101])]);
    longer.truncate(6);
    let wire = Wire::open([arriving(Side::Server, &[fitting]), longer]);
    let mut server = WebSocket::server(wire, &options);
    assert_eq!(ready(server.read()).unwrap().unwrap().payload(), [7; 100]);
    let error = ready(server.read()).unwrap_err();
    assert_eq!(error.close_code().unwrap().number(), 1009);
    assert_eq!(&server.stream().written()[2..4], 1009_u16.to_be_bytes());
}

#[test]
fn s10_4_fragments_that_are_over_the_limit_together_are_answered_1009() {
    let limits = Limits::DEFAULT.with_message(100);
    let options = Options::DEFAULT.with_config(Config::DEFAULT.with_limits(limits));
    let frames = [Frame::binary([7; 60]).fin(false), Frame::continuation([7; 41])];
    let wire = Wire::open([arriving(Side::Server, &frames)]);
    let mut server = WebSocket::server(wire, &options);
    let error = ready(server.read()).unwrap_err();
    assert_eq!(error.close_code().unwrap().number(), 1009);
}

#[test]
fn s5_1_a_mask_where_none_may_be_and_none_where_one_must_be_are_violations() {
    let mut server = server(Wire::open([Frame::text("x").to_bytes()]));
    assert_eq!(
        ready(server.read()).unwrap_err().close_code().unwrap().number(),
        1002
    );
    let mut client = client(Wire::open([Frame::text("x").masked(KEY).to_bytes()]));
    assert_eq!(
        ready(client.read()).unwrap_err().close_code().unwrap().number(),
        1002
    );
}

#[test]
fn s5_2_reserved_opcodes_and_bits_and_wrong_fragments_are_violations() {
    fails_with(1002, &[Frame::new(0x3, "")]);
    fails_with(1002, &[Frame::text("x").rsv(bareframe_tokio::Rsv::RSV1)]);
    fails_with(1002, &[Frame::continuation("x")]);
    fails_with(1002, &[Frame::text("x").fin(false), Frame::text("x")]);
    fails_with(1002, &[Frame::ping("x").fin(false)]);
    fails_with(1002, &[Frame::text("a"), Frame::ping([0; 126])]);
}

#[test]
fn s7_1_5_an_end_without_a_close_is_abnormal_wherever_it_comes() {
    let frames = arriving(Side::Server, &[Frame::text("one"), Frame::text("two").fin(false)]);
    let first = arriving(Side::Server, &[Frame::text("one")]).len();
    for cut in 0..=frames.len() {
        let mut server = server(Wire::ended(
            [&frames[..cut]].into_iter().filter(|bytes| !bytes.is_empty()),
        ));
        if cut >= first {
            assert_eq!(ready(server.read()).unwrap().unwrap().as_str(), Some("one"));
        }
        for _ in 0..2 {
            assert!(
                matches!(ready(server.read()), Err(Error::AbnormalClosure)),
                "{cut}"
            );
        }
        assert!(server.close_reason().is_none());
    }
}

#[test]
fn s7_1_5_an_end_that_tls_calls_cut_off_is_as_any_other() {
    let wire = Wire::open([arriving(Side::Server, &[Frame::text("one")])])
        .then(Arrives::Error(ErrorKind::UnexpectedEof));
    let mut server = server(wire);
    assert_eq!(ready(server.read()).unwrap().unwrap().as_str(), Some("one"));
    assert!(matches!(ready(server.read()), Err(Error::AbnormalClosure)));
}

#[test]
fn a_call_that_a_signal_interrupts_is_made_again() {
    let wire = Wire::open([arriving(Side::Server, &[Frame::ping("p")])])
        .then(Arrives::Error(ErrorKind::Interrupted))
        .then(Arrives::Bytes(arriving(Side::Server, &[Frame::text("x")])))
        .taking([Takes::Error(ErrorKind::Interrupted), Takes::Most(1)]);
    let mut server = server(wire);
    assert_eq!(ready(server.read()).unwrap().unwrap().as_str(), Some("x"));
    assert_eq!(server.stream().written(), Frame::pong("p").to_bytes());
}

#[test]
fn a_stream_that_takes_no_byte_of_a_write_has_failed() {
    let mut server = server(Wire::open([[]; 0]).taking([Takes::Most(0)]));
    assert!(is(&ready(server.send("x")).unwrap_err(), ErrorKind::WriteZero));
}

#[test]
fn s6_1_what_was_sent_is_on_the_wire_though_another_message_was_read_with_it() {
    let mut server = receiving(&[Frame::text("one"), Frame::text("two")]);
    assert_eq!(ready(server.read()).unwrap().unwrap().as_str(), Some("one"));
    ready(server.send("answer")).unwrap();
    let (wire, unread) = server.into_inner();
    assert_eq!(wire.written(), Frame::text("answer").to_bytes());
    assert_eq!(unread, arriving(Side::Server, &[Frame::text("two")]));
}

#[test]
fn s5_5_1_a_long_reason_is_cut_at_a_character() {
    for reason in ["x".repeat(124), "é".repeat(62), "日".repeat(42)] {
        let mut server = receiving(&[]);
        ready(server.send_close(CloseCode::POLICY_VIOLATION, &reason)).unwrap();
        let written = server.stream().written();
        let sent = std::str::from_utf8(&written[4..]).unwrap();
        assert!(reason.starts_with(sent) && sent.len() > 119, "{sent}");
        assert_eq!(usize::from(written[1]), 2 + sent.len());
    }
}

/// A peer that takes this many bytes in each step of time.
fn drip(mut peer: DuplexStream, len: usize, step: Duration) {
    tokio::spawn(async move {
        let mut taken = vec![0; len];
        loop {
            sleep(step).await;
            if peer.read(&mut taken).await.is_err() {
                return;
            }
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_write_timeout_is_of_the_whole_call_however_the_peer_drips() {
    let (stream, peer) = duplex(1 << 10);
    drip(peer, 256, SECOND / 5);
    let mut server = WebSocket::server(stream, &Options::DEFAULT.with_write_timeout(SECOND));
    let begin = Instant::now();
    assert!(matches!(
        server.send(vec![7; 1 << 20]).await,
        Err(Error::Unflushed)
    ));
    assert_eq!(begin.elapsed().as_millis(), 1000);
    // The rest of it goes first.
    assert!(matches!(server.send("next").await, Err(Error::WriteTimeout)));
    assert_eq!(begin.elapsed().as_millis(), 2000);
}

#[tokio::test(start_paused = true)]
async fn a_close_timeout_is_of_the_whole_call_however_the_peer_drips() {
    let (stream, peer) = duplex(1 << 10);
    drip(peer, 256, SECOND / 5);
    let options = Options::DEFAULT
        .with_write_timeout(SECOND)
        .with_close_timeout(SECOND);
    let mut server = WebSocket::server(stream, &options);
    assert!(server.send(vec![7; 1 << 20]).await.is_err());
    let begin = Instant::now();
    assert!(matches!(server.close(None, "").await, Err(Error::CloseTimeout)));
    assert_eq!(begin.elapsed().as_millis(), 1000);
}

#[tokio::test(start_paused = true)]
async fn a_close_timeout_is_not_put_off_by_a_peer_that_continues_sending() {
    let (stream, mut peer) = duplex(1 << 10);
    tokio::spawn(async move {
        loop {
            sleep(SECOND / 5).await;
            let message = arriving(Side::Server, &[Frame::text("more")]);
            if peer.write_all(&message).await.is_err() {
                return;
            }
        }
    });
    let mut server = WebSocket::server(stream, &Options::DEFAULT.with_close_timeout(SECOND));
    let begin = Instant::now();
    assert!(matches!(server.close(None, "").await, Err(Error::CloseTimeout)));
    assert_eq!(begin.elapsed().as_millis(), 1000);
}

#[tokio::test(start_paused = true)]
async fn s7_1_1_a_server_ends_the_stream_first_and_says_whether_the_client_did_so_too() {
    for ends in [true, false] {
        let (stream, mut peer) = duplex(1 << 10);
        let client = tokio::spawn(async move {
            let close = arriving(Side::Server, &[Frame::close(1000, "")]);
            peer.write_all(&close).await.unwrap();
            let mut written = Vec::new();
            peer.read_to_end(&mut written).await.unwrap();
            match ends {
                true => peer.shutdown().await.unwrap(),
                false => sleep(100 * SECOND).await,
            }
            written
        });
        let mut server = WebSocket::server(stream, &Options::DEFAULT.with_close_timeout(SECOND));
        let begin = Instant::now();
        let end = server.close(None, "").await.unwrap();
        let (expected, took) = if ends {
            (StreamEnd::Seen, 0)
        } else {
            (StreamEnd::NotSeen, 1000)
        };
        assert_eq!((end, begin.elapsed().as_millis()), (expected, took));
        assert_eq!(client.await.unwrap(), [0x88, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn s7_1_1_a_client_waits_for_the_server_to_end_the_stream() {
    let (stream, mut peer) = duplex(1 << 10);
    let server = tokio::spawn(async move {
        peer.write_all(&Frame::close(1000, "").to_bytes()).await.unwrap();
        let mut close = [0; 8];
        peer.read_exact(&mut close).await.unwrap();
        // The client's end does not come before the server's.
        let ended = tokio::time::timeout(SECOND, peer.read(&mut close)).await;
        assert!(ended.is_err());
        peer.shutdown().await.unwrap();
        assert_eq!(peer.read(&mut close).await.unwrap(), 0);
    });
    let mut client = WebSocket::client(stream, &Options::DEFAULT).unwrap();
    let begin = Instant::now();
    let end = client.close(CloseCode::NORMAL_CLOSURE, "").await.unwrap();
    assert_eq!((end, begin.elapsed().as_millis()), (StreamEnd::Seen, 1000));
    server.await.unwrap();
}

#[tokio::test]
async fn a_peer_that_closed_can_be_closed_again_and_the_end_is_the_same() {
    let mut server = server(Wire::ended([arriving(Side::Server, &[Frame::close(1000, "")])]));
    for _ in 0..3 {
        assert_eq!(
            ready(server.close(CloseCode::GOING_AWAY, "x")).unwrap(),
            StreamEnd::Seen
        );
    }
    assert_eq!(server.stream().written(), Frame::close(1001, "x").to_bytes());
    assert!(server.stream().is_shut_down);
}
