//! The loop without I/O: what it says to do, and when.

mod stream;

use bareframe::{
    CloseCode, Config, Connection, Frame, Next, ProtocolError, ReceiveError, SendError, Session, State,
};
use bareframe_testkit as testkit;
use stream::{Outcome, ServerSession, Stream, gathering, masked, server};

const HELLO: &[u8] = b"\x81\x85\0\0\0\0Hello";

fn text(payload: &str) -> Vec<u8> {
    masked(testkit::Frame::text(payload))
}

fn ping(payload: &str) -> Vec<u8> {
    masked(testkit::Frame::ping(payload))
}

fn close(code: u16) -> Vec<u8> {
    masked(testkit::Frame::close(code, ""))
}

fn whole(text: &str) -> Outcome {
    Outcome::Text(text.into(), true)
}

fn protocol(error: ProtocolError) -> Outcome {
    Outcome::Failed(ReceiveError::Protocol(error))
}

// "It owns the receive buffer, the queue of what is to be sent, and the state of both halves."

#[test]
fn a_conversation_is_the_same_for_every_read_and_write() {
    let input = [text("one"), ping("p"), text("two"), close(1000)].concat();
    for cut in 1..input.len() {
        for step in 1..7 {
            let mut stream = Stream::new(input.chunks(cut).map(<[u8]>::to_vec));
            stream.step = step;
            let mut session = server();
            let mut assembler = gathering::<16>();
            assert_eq!(stream.message(&mut session, &mut assembler), whole("one"));
            assert_eq!(stream.send(&mut session, &mut Frame::binary(b"1")), Ok(true));
            assert_eq!(stream.message(&mut session, &mut assembler), whole("two"));
            assert_eq!(stream.send(&mut session, &mut Frame::binary(b"2")), Ok(true));
            assert_eq!(stream.message(&mut session, &mut assembler), Outcome::Closed);
            assert_eq!(stream.output, b"\x82\x011\x8a\x01p\x82\x012\x88\x02\x03\xe8");
            assert_eq!(session.state(), State::Closed);
        }
    }
}

// Promise 12, and "What the engine has to answer and what was passed to `feed` leaves in one write before the stream is read."

#[test]
fn s5_5_an_answer_is_written_before_its_event_is_ready() {
    let mut stream = Stream::new([[ping("p"), close(1000)].concat()]);
    let mut session = server();
    assert_eq!(stream.event(&mut session), Outcome::Ping(b"p".into()));
    assert_eq!((stream.output.as_slice(), stream.flushes), (&b"\x8a\x01p"[..], 1));
    assert_eq!(stream.event(&mut session), Outcome::Close(Some(1000)));
    assert_eq!(stream.output, b"\x8a\x01p\x88\x02\x03\xe8");
    assert_eq!(stream.event(&mut session), Outcome::Closed);
}

#[test]
fn s5_5_2_answers_and_what_is_gathered_leave_in_one_write_before_a_read() {
    let mut stream = Stream::new([[ping("p"), text("x")].concat()]);
    let mut session = server();
    let mut assembler = gathering::<16>();
    assert_eq!(stream.message(&mut session, &mut assembler), whole("x"));
    assert_eq!(session.next_sent(&mut Frame::binary(b"1")), Ok(Next::Ready));
    assert_eq!(session.next_sent(&mut Frame::binary(b"2")), Ok(Next::Ready));
    assert_eq!(stream.writes, 0);
    assert_eq!(
        stream.message(&mut session, &mut assembler),
        Outcome::Blocked(Next::Read)
    );
    assert_eq!((stream.writes, stream.flushes), (1, 1));
    assert_eq!(stream.output, b"\x8a\x01p\x82\x011\x82\x012");
}

// "`space()` is never empty after `Next::Read`", and leases.

#[test]
fn memory_is_asked_for_and_given_back_when_nothing_in_it_is_unread() {
    let mut session = Session::new(Connection::server(Config::DEFAULT), None::<[u8; 16]>, [0; 131]);
    assert_eq!(session.next_event(), Ok(Next::Memory));
    assert_eq!(session.take_memory(), None);
    assert_eq!(session.put_memory([0; 16]), Ok(()));
    assert_eq!(session.put_memory([1; 16]), Err([1; 16]));
    assert_eq!(session.next_event(), Ok(Next::Read));
    session.space()[..11].copy_from_slice(HELLO);
    session.read(11);
    assert_eq!(session.take_memory(), None, "it is not looked at");
    assert_eq!(session.next_event(), Ok(Next::Ready));
    assert_eq!(session.take_memory(), None, "the message is in it");
    assert!(session.event().is_some());
    assert!(session.take_memory().is_some());
    assert_eq!(session.next_event(), Ok(Next::Memory));
}

#[test]
fn memory_is_given_back_while_a_read_is_pending() {
    let mut session = Session::new(Connection::server(Config::DEFAULT), Some([0; 16]), [0; 131]);
    session.space()[..7].copy_from_slice(&HELLO[..7]);
    session.read(7);
    assert_eq!(session.next_event(), Ok(Next::Ready));
    assert!(session.event().is_some());
    assert_eq!(session.next_event(), Ok(Next::Read));
    assert!(session.take_memory().is_some());
    assert_eq!(session.put_memory([0; 16]), Ok(()));
    assert_eq!(session.next_event(), Ok(Next::Read));
    session.space()[..4].copy_from_slice(&HELLO[7..]);
    session.read(4);
    assert_eq!(session.next_event(), Ok(Next::Ready));
    let Some(bareframe::Event::Data(data)) = session.event() else {
        panic!("a piece of text")
    };
    assert_eq!((data.as_str(), data.is_last()), (Some("ello"), true));
}

#[test]
fn space_stays_while_a_message_is_lent_from_it() {
    let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 11], [0; 131]);
    assert_eq!(session.next_event(), Ok(Next::Read));
    session.space().copy_from_slice(HELLO);
    session.read(11);
    assert_eq!(session.next_event(), Ok(Next::Ready));
    assert!(session.space().is_empty());
    let Some(bareframe::Event::Data(data)) = session.event() else {
        panic!("a text")
    };
    assert_eq!(data.as_str(), Some("Hello"));
    assert_eq!(session.next_event(), Ok(Next::Read));
    assert_eq!(session.space().len(), 11);
}

#[test]
fn what_came_after_the_head_is_received_first() {
    let mut memory = [0; 32];
    memory[5..16].copy_from_slice(HELLO);
    let mut session = Session::new(Connection::server(Config::DEFAULT), memory, [0; 131]);
    assert!(!session.begin_with(5..33));
    assert!(session.begin_with(5..16));
    assert!(!session.begin_with(5..16));
    let mut stream = Stream::new([]);
    assert_eq!(stream.event(&mut session), whole("Hello"));

    let mut session = Session::new(Connection::server(Config::DEFAULT), memory, [0; 131]);
    session.read(16);
    assert!(!session.begin_after(17));
    assert!(session.begin_after(5));
    assert!(!session.begin_after(5));
    assert_eq!(session.unread(), HELLO);
    assert_eq!(stream.event(&mut session), whole("Hello"));
}

// "`blocked(next)` … holds for one pass", and the Pong and the Close end on the wire.

#[test]
fn s5_5_every_order_of_blocked_writes_ends_with_the_pong_and_the_close_on_the_wire() {
    // In each pass the stream takes this many bytes; the peer talks on, or is silent.
    for talks in [false, true] {
        for passes in 0_u32..4096 {
            let mut input = vec![[ping("p"), ping("q")].concat()];
            if talks {
                input.extend((0..4).map(|_| text("x")));
            }
            input.push(close(1000));
            let mut stream = Stream::new(input);
            let mut session = server();
            let mut outcomes = Vec::new();
            for pass in 0..12 {
                stream.takes = Some(if passes >> pass & 1 == 0 { 0 } else { 3 });
                loop {
                    let outcome = stream.event(&mut session);
                    let is_blocked = matches!(outcome, Outcome::Blocked(_) | Outcome::Closed);
                    outcomes.push(outcome);
                    if is_blocked {
                        break;
                    }
                }
            }
            stream.takes = None;
            loop {
                let outcome = stream.event(&mut session);
                let is_end = outcome == Outcome::Closed;
                outcomes.push(outcome);
                if is_end {
                    break;
                }
            }
            let closes = outcomes
                .iter()
                .filter(|outcome| **outcome == Outcome::Close(Some(1000)));
            assert_eq!(closes.count(), 1, "{outcomes:?}");
            let pongs = stream
                .output
                .strip_suffix(b"\x88\x02\x03\xe8")
                .expect("our Close is last");
            assert!(pongs.ends_with(b"\x8a\x01q"), "{pongs:?} {outcomes:?}");
            assert!(pongs.len() <= 6);
        }
    }
}

#[test]
fn reading_continues_though_nothing_can_be_written() {
    let mut stream = Stream::new([ping("p"), text("a"), text("b")]);
    stream.takes = Some(0);
    let mut session = server();
    assert_eq!(stream.event(&mut session), Outcome::Ping(b"p".into()));
    assert_eq!(stream.event(&mut session), whole("a"));
    assert_eq!(stream.event(&mut session), whole("b"));
    assert_eq!(stream.event(&mut session), Outcome::Blocked(Next::Read));
    assert_eq!(stream.output, b"");
    stream.takes = None;
    assert_eq!(stream.event(&mut session), Outcome::Blocked(Next::Read));
    assert_eq!(stream.output, b"\x8a\x01p");
}

#[test]
fn blocked_holds_until_the_session_says_to_read() {
    let mut session = server();
    assert_eq!(session.next_sent(&mut Frame::text("x")), Ok(Next::Ready));
    for _ in 0..3 {
        assert_eq!(session.next_event(), Ok(Next::Write));
        assert!(session.blocked(Next::Write));
        assert_eq!(session.next_event(), Ok(Next::Read));
    }
}

#[test]
fn s7_1_a_full_queue_that_is_blocked_hides_neither_a_close_nor_an_error_and_both_wait_for_ours() {
    for (input, end) in [
        (close(1000), Outcome::Closed),
        (b"\x81\x01x".to_vec(), protocol(ProtocolError::UnmaskedFrame)),
    ] {
        let mut session = server();
        let mut assembler = gathering::<16>();
        let mut stream = Stream::new([[ping("p"), text("a"), input].concat()]);
        stream.takes = Some(0);
        // The stream is read before the queue is full.
        assert_eq!(session.next_message(&mut assembler), Ok(Next::Read));
        assert!(stream.perform(&mut session, Next::Read, &mut Frame::NONE.clone()));
        assert_eq!(session.next_sent(&mut Frame::binary(&[0; 130])), Ok(Next::Ready));
        assert_eq!(session.next_message(&mut assembler), Ok(Next::Write));
        assert!(session.blocked(Next::Write));
        assert_eq!(session.next_message(&mut assembler), Ok(Next::Ready));
        assert!(session.message(&mut assembler).is_some());
        assert_eq!(
            stream.message(&mut session, &mut assembler),
            Outcome::Blocked(Next::Write)
        );
        stream.takes = None;
        assert_eq!(stream.message(&mut session, &mut assembler), end);
        let ours: &[u8] = if end == Outcome::Closed {
            b"\x88\x02\x03\xe8"
        } else {
            b"\x88\x02\x03\xea"
        };
        assert_eq!(stream.output[134..], [b"\x8a\x01p", ours].concat());
    }
}

#[test]
fn s7_1_closed_is_not_said_while_our_close_can_not_be_written() {
    let mut stream = Stream::new([close(1000)]);
    stream.takes = Some(2);
    let mut session = server();
    assert_eq!(stream.event(&mut session), Outcome::Close(Some(1000)));
    for _ in 0..3 {
        assert_eq!(stream.event(&mut session), Outcome::Blocked(Next::Write));
    }
    stream.takes = Some(2);
    assert_eq!(stream.event(&mut session), Outcome::Closed);
    assert_eq!(stream.output, b"\x88\x02\x03\xe8");
}

// Promise 9: what has arrived is delivered.

#[test]
fn s7_1_5_only_a_stream_that_fails_to_read_is_an_error_at_once() {
    let none = &mut Frame::NONE.clone();
    for (next, done) in [(Next::Write, Err(7)), (Next::Write, Ok(0)), (Next::Flush, Err(7))] {
        let mut session = server();
        assert_eq!(session.next_sent(&mut Frame::text("x")), Ok(Next::Ready));
        assert_eq!(session.performed(next, done, none), Ok(()));
        assert_eq!(session.queued(), b"");
        assert_eq!(session.next_sent(&mut Frame::text("y")), Err(SendError::Closed));
    }
    let mut session = server();
    assert_eq!(session.performed(Next::Read, Err(7), none), Err(7));
    assert_eq!(session.next_sent(&mut Frame::text("y")), Ok(Next::Ready));
}

#[test]
fn s7_1_5_a_write_that_fails_hides_nothing_that_was_received() {
    let mut stream = Stream::new([[ping("p"), text("the answer"), close(1008)].concat()]);
    stream.refuses = true;
    let mut session = server();
    assert_eq!(session.next_sent(&mut Frame::text("x")), Ok(Next::Ready));
    assert!(stream.flush(&mut session));
    assert_eq!(session.next_sent(&mut Frame::text("y")), Err(SendError::Closed));
    assert_eq!(stream.event(&mut session), Outcome::Ping(b"p".into()));
    assert_eq!(stream.event(&mut session), whole("the answer"));
    assert_eq!(stream.event(&mut session), Outcome::Close(Some(1008)));
    assert_eq!(stream.event(&mut session), Outcome::Closed);
}

#[test]
fn s7_1_5_an_end_without_a_close_is_abnormal_and_stays_so() {
    let mut stream = Stream::new([HELLO[..9].to_vec()]);
    stream.has_ended = true;
    let mut session = server();
    assert_eq!(stream.event(&mut session), Outcome::Text("Hel".into(), false));
    for _ in 0..3 {
        assert_eq!(
            stream.event(&mut session),
            Outcome::Failed(ReceiveError::AbnormalClosure)
        );
    }
    assert_eq!(session.next_sent(&mut Frame::text("x")), Err(SendError::Closed));
}

// "An error is returned only after `Write`/`Flush` let its Close leave or the write failed."

#[test]
fn s7_1_7_an_error_is_returned_after_its_close_has_left() {
    let unmasked = b"\x81\x01x".to_vec();
    for refuses in [false, true] {
        let mut stream = Stream::new([text("a"), unmasked.clone()]);
        stream.refuses = refuses;
        let mut session = server();
        assert_eq!(stream.event(&mut session), whole("a"));
        for _ in 0..3 {
            assert_eq!(stream.event(&mut session), protocol(ProtocolError::UnmaskedFrame));
        }
        let expected: &[u8] = if refuses { b"" } else { b"\x88\x02\x03\xea" };
        assert_eq!(
            (stream.output.as_slice(), stream.flushes),
            (expected, usize::from(!refuses))
        );
    }
}

#[test]
fn s7_1_7_an_error_whose_close_can_not_be_written_waits_and_is_not_asked_for_again() {
    // More input follows, which is not read.
    let mut stream = Stream::new([b"\x81\x01x and more".to_vec()]);
    stream.takes = Some(1);
    let mut session = server();
    for _ in 0..3 {
        assert_eq!(stream.event(&mut session), Outcome::Blocked(Next::Write));
    }
    stream.takes = None;
    assert_eq!(stream.event(&mut session), protocol(ProtocolError::UnmaskedFrame));
    assert_eq!(stream.output, b"\x88\x02\x03\xea");
}

#[test]
fn memory_is_given_back_after_an_error() {
    let mut session = Session::new(Connection::server(Config::DEFAULT), Some([0; 16]), [0; 131]);
    session.space()[..8].copy_from_slice(b"\x81\x01xxxxxx");
    session.read(8);
    assert_eq!(session.next_event(), Ok(Next::Write));
    assert!(session.take_memory().is_some());
    session.refused();
    let error = ReceiveError::Protocol(ProtocolError::UnmaskedFrame);
    assert_eq!(session.next_event(), Err(error));
}

#[test]
fn s7_1_7_fail_sends_its_close_and_every_later_call_says_so() {
    let mut stream = Stream::new([text("a")]);
    let mut session = server();
    session.fail(CloseCode::POLICY_VIOLATION);
    let error = protocol(ProtocolError::Failed(CloseCode::POLICY_VIOLATION));
    assert_eq!(stream.event(&mut session), error);
    assert_eq!(stream.event(&mut session), error);
    assert_eq!(stream.output, b"\x88\x02\x03\xf0");
    assert_eq!(session.next_sent(&mut Frame::text("x")), Err(SendError::Closed));
}

#[test]
fn s7_1_7_what_was_found_before_fail_is_delivered() {
    for input in [ping("one"), masked(testkit::Frame::pong("one")), text("one")] {
        let mut session = server();
        let mut stream = Stream::new([input]);
        while session.next_event() != Ok(Next::Ready) {
            let next = session.next_event().unwrap();
            stream.perform(&mut session, next, &mut Frame::NONE.clone());
        }
        session.fail(CloseCode::POLICY_VIOLATION);
        let outcome = stream.event(&mut session);
        let expected = [
            Outcome::Ping(b"one".into()),
            Outcome::Pong(b"one".into()),
            whole("one"),
        ];
        assert!(expected.contains(&outcome), "{outcome:?}");
        assert_eq!(
            stream.event(&mut session),
            protocol(ProtocolError::Failed(CloseCode::POLICY_VIOLATION))
        );
        assert!(stream.output.ends_with(b"\x88\x02\x03\xf0"));
    }
}

// "A peer's Close within a frame of ours …"

/// Returns a session of which 300 bytes of a longer frame are written, and this input.
fn within_a_frame(input: Vec<u8>) -> (Stream, ServerSession, Frame<'static>) {
    let mut stream = Stream::new([input]);
    stream.takes = Some(300);
    let mut session = server();
    let mut frame = Frame::binary(&[b'x'; 600]);
    assert_eq!(stream.send(&mut session, &mut frame), Ok(false));
    (stream, session, frame)
}

#[test]
fn s5_5_1_a_close_within_a_frame_of_ours_is_answered_when_the_frame_ends() {
    let (mut stream, mut session, mut frame) = within_a_frame(close(1001));
    assert_eq!(stream.event(&mut session), Outcome::Close(Some(1001)));
    for _ in 0..3 {
        assert_eq!(
            stream.event(&mut session),
            Outcome::Failed(ReceiveError::UnfinishedFrame)
        );
    }
    stream.takes = None;
    assert_eq!(stream.send(&mut session, &mut frame), Ok(true));
    assert_eq!(stream.event(&mut session), Outcome::Closed);
    assert_eq!(stream.output.len(), 4 + 600 + 4);
    assert!(stream.output.ends_with(b"x\x88\x02\x03\xe9"));
}

#[test]
fn s5_5_1_after_fail_within_a_frame_no_close_goes_out_and_the_end_is_abnormal() {
    let (mut stream, mut session, mut frame) = within_a_frame(close(1001));
    assert_eq!(stream.event(&mut session), Outcome::Close(Some(1001)));
    session.fail(CloseCode::INTERNAL_ERROR);
    stream.takes = None;
    for _ in 0..3 {
        assert_eq!(
            stream.event(&mut session),
            Outcome::Failed(ReceiveError::AbnormalClosure)
        );
    }
    assert_eq!(session.next_sent(&mut frame), Err(SendError::OtherFrame));
    assert!(stream.flush(&mut session));
    assert_eq!(stream.output.len(), 300);
}

#[test]
fn s7_1_7_an_error_within_a_frame_of_ours_is_returned_at_once_and_its_close_follows_the_frame() {
    let (mut stream, mut session, mut frame) = within_a_frame(b"\x81\x01x".to_vec());
    assert_eq!(stream.event(&mut session), protocol(ProtocolError::UnmaskedFrame));
    stream.takes = None;
    assert_eq!(stream.send(&mut session, &mut frame), Ok(true));
    assert!(stream.output.ends_with(b"x\x88\x02\x03\xea"));
}

// "After our Close a Ping is still answered until the peer's Close came."

#[test]
fn s5_5_2_a_ping_after_our_close_is_answered_until_the_peers_close_came() {
    let mut stream = Stream::new([[ping("a"), text("late"), ping("b"), close(1000)].concat()]);
    let mut session = server();
    assert_eq!(
        stream.send(&mut session, &mut Frame::close(CloseCode::NORMAL_CLOSURE, "")),
        Ok(true)
    );
    let mut assembler = gathering::<16>();
    assert_eq!(stream.message(&mut session, &mut assembler), whole("late"));
    assert_eq!(stream.message(&mut session, &mut assembler), Outcome::Closed);
    assert_eq!(stream.output, b"\x88\x02\x03\xe8\x8a\x01a\x8a\x01b");
}

#[test]
fn both_halves_send_while_an_event_is_lent() {
    let mut stream = Stream::new([text("echo")]);
    let mut session = server();
    while session.next_event() != Ok(Next::Ready) {
        stream.perform(&mut session, Next::Read, &mut Frame::NONE.clone());
    }
    let (inbound, outbound) = session.both();
    let Some(bareframe::Event::Data(data)) = inbound.event() else {
        panic!("a text")
    };
    assert_eq!(outbound.next_sent(&mut Frame::forward(&data)), Ok(Next::Ready));
    assert_eq!(session.queued(), b"\x81\x04echo");
}

fn _halves_are_send(session: ServerSession) {
    fn send<T: Send>(_: T) {}
    send(session.split());
}

// What the model of any calls found.

#[test]
fn s7_1_7_a_stream_that_blocks_is_waited_for_though_bytes_after_an_error_are_unread() {
    let mut session = server();
    let input = b"\x81\x01x and more";
    assert_eq!(session.next_event(), Ok(Next::Read));
    session.space()[..input.len()].copy_from_slice(input);
    session.read(input.len());
    assert_eq!(session.next_event(), Ok(Next::Write));
    assert!(!session.has_more(), "nothing more is received");
    assert!(!session.blocked(Next::Write), "there is nothing else to do");
}

#[test]
fn a_message_that_is_ready_ends_the_pass_in_which_the_stream_blocks() {
    let mut assembler = gathering::<16>();
    for as_message in [false, true] {
        let mut stream = Stream::new([text("a")]);
        let mut session = server();
        assert_eq!(session.next_sent(&mut Frame::binary(b"1")), Ok(Next::Ready));
        assert_eq!(session.next_event(), Ok(Next::Write));
        assert!(session.blocked(Next::Write));
        assert_eq!(session.next_event(), Ok(Next::Read));
        stream.perform(&mut session, Next::Read, &mut Frame::NONE.clone());
        assert_eq!(session.next_flush(), Next::Write);
        assert!(session.blocked(Next::Write));
        if as_message {
            assert_eq!(session.next_message(&mut assembler), Ok(Next::Ready));
            assert!(session.message(&mut assembler).is_some());
        } else {
            assert_eq!(session.next_event(), Ok(Next::Ready));
            assert!(session.event().is_some());
        }
        assert_eq!(session.next_event(), Ok(Next::Write), "writing is tried again");
    }
}

#[test]
fn s7_1_5_an_abnormal_end_stays_one_when_the_stream_refuses_more() {
    let payload = [b'x'; 600];
    let mut stream = Stream::new([close(1001)]);
    stream.takes = Some(300);
    let mut session = server();
    assert_eq!(stream.send(&mut session, &mut Frame::binary(&payload)), Ok(false));
    assert_eq!(stream.event(&mut session), Outcome::Close(Some(1001)));
    session.fail(CloseCode::INTERNAL_ERROR);
    let abnormal = Outcome::Failed(ReceiveError::AbnormalClosure);
    assert_eq!(stream.event(&mut session), abnormal);
    session.refused();
    assert_eq!(stream.event(&mut session), abnormal);
}
