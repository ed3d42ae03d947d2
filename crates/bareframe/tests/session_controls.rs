//! Whole messages with the control frames between them.

mod stream;

use bareframe::{Event, Frame, Next, ReceiveError};
use bareframe_testkit as testkit;
use stream::{Outcome, ServerSession, Stream, gathering, masked, server};

/// A message in three frames with control frames between and after, one in one frame, and a Close.
fn input() -> Vec<u8> {
    [
        masked(testkit::Frame::text("na").fin(false)),
        masked(testkit::Frame::ping("p")),
        masked(testkit::Frame::continuation("ï").fin(false)),
        masked(testkit::Frame::pong("q")),
        masked(testkit::Frame::continuation("ve")),
        masked(testkit::Frame::ping("r")),
        masked(testkit::Frame::binary("x")),
        masked(testkit::Frame::close(1000, "")),
    ]
    .concat()
}

fn expected() -> Vec<Outcome> {
    vec![
        Outcome::Ping(b"p".into()),
        Outcome::Pong(b"q".into()),
        Outcome::Text("naïve".into(), true),
        Outcome::Ping(b"r".into()),
        Outcome::Binary(b"x".into(), true),
        Outcome::Close(Some(1000)),
        Outcome::Closed,
    ]
}

fn control(event: Option<Event<'_>>) -> Outcome {
    match event.expect("it is no message") {
        Event::Ping(payload) => Outcome::Ping(payload.to_vec()),
        Event::Pong(payload) => Outcome::Pong(payload.to_vec()),
        Event::Close(reason) => Outcome::Close(reason.code().map(|code| code.number())),
        Event::Data(data) => panic!("{data:?}"),
    }
}

#[test]
fn s5_4_control_frames_between_messages_are_lent_beside_them() {
    let input = input();
    for cut in 1..=input.len() {
        let mut stream = Stream::new(input.chunks(cut).map(<[u8]>::to_vec));
        let (mut session, mut assembler) = (server(), gathering::<16>());
        let mut seen = Vec::new();
        while seen.last() != Some(&Outcome::Closed) {
            match session.next_message_or_control(&mut assembler) {
                Ok(Next::Ready) => {
                    // What is ready stays until it is taken.
                    assert_eq!(session.next_message_or_control(&mut assembler), Ok(Next::Ready));
                    let message = session.message(&mut assembler);
                    let message = message.map(|message| match message.as_str() {
                        Some(text) => Outcome::Text(text.to_owned(), true),
                        None => Outcome::Binary(message.payload().to_vec(), true),
                    });
                    let outcome = message.unwrap_or_else(|| control(session.event()));
                    let answers = stream.output.len();
                    match &outcome {
                        Outcome::Ping(payload) => assert!(stream.output.ends_with(payload)),
                        Outcome::Close(_) => assert_eq!(answers, 3 + 3 + 4),
                        _ => {}
                    }
                    seen.push(outcome);
                }
                Ok(Next::Closed) => seen.push(Outcome::Closed),
                Ok(next) => assert!(stream.perform(&mut session, next, &mut Frame::NONE.clone())),
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(seen, expected(), "cut every {cut}");
        assert_eq!(stream.output, b"\x8a\x01p\x8a\x01r\x88\x02\x03\xe8");
    }
}

#[test]
fn s5_4_a_message_may_begin_with_one_call_and_end_with_the_other() {
    let (mut session, mut assembler) = (server(), gathering::<16>());
    let pieces = [
        masked(testkit::Frame::text("na").fin(false)),
        masked(testkit::Frame::continuation("ï").fin(false)),
        masked(testkit::Frame::continuation("ve")),
    ];
    let read = |session: &mut ServerSession, piece: &[u8]| {
        session.space()[..piece.len()].copy_from_slice(piece);
        session.read(piece.len());
    };
    read(&mut session, &pieces[0]);
    assert_eq!(session.next_message(&mut assembler), Ok(Next::Read));
    read(&mut session, &pieces[1]);
    assert_eq!(session.next_message_or_control(&mut assembler), Ok(Next::Read));
    read(&mut session, &pieces[2]);
    assert_eq!(session.next_message(&mut assembler), Ok(Next::Ready));
    assert_eq!(session.message(&mut assembler).unwrap().as_str(), Some("naïve"));
    // A control frame that was found for the one is not reported by the other.
    read(&mut session, &masked(testkit::Frame::pong("")));
    assert_eq!(session.next_message_or_control(&mut assembler), Ok(Next::Ready));
    assert_eq!(session.next_message(&mut assembler), Ok(Next::Read));
    assert!(session.event().is_none());
}

#[test]
fn s5_4_halves_lend_the_control_frames_between_messages() {
    let input = input();
    for cut in 1..=input.len() {
        let mut pieces = input.chunks(cut);
        let (mut inbound, mut outbound) = server().split();
        let mut assembler = gathering::<16>();
        let mut seen = Vec::new();
        while seen.last() != Some(&Outcome::Closed) {
            let next = inbound.next_message_or_control(&mut assembler);
            outbound.send_pending(&mut inbound.take_pending());
            match next {
                Ok(Next::Ready) => {
                    let message = inbound.message(&mut assembler);
                    let message = message.map(|message| match message.as_str() {
                        Some(text) => Outcome::Text(text.to_owned(), true),
                        None => Outcome::Binary(message.payload().to_vec(), true),
                    });
                    seen.push(message.unwrap_or_else(|| control(inbound.event())));
                }
                Ok(Next::Closed) => seen.push(Outcome::Closed),
                Ok(Next::Read) => {
                    let piece = pieces.next().expect("the Close has come");
                    inbound.space()[..piece.len()].copy_from_slice(piece);
                    inbound.read(piece.len());
                }
                next => panic!("{next:?}"),
            }
        }
        assert_eq!(seen, expected(), "cut every {cut}");
        assert_eq!(outbound.queued(), b"\x8a\x01p\x8a\x01r\x88\x02\x03\xe8");
    }
}

#[test]
fn s5_4_a_message_of_which_pieces_were_taken_as_events_is_skipped_here_too() {
    let mut stream = Stream::new([
        masked(testkit::Frame::text("a").fin(false)),
        masked(testkit::Frame::continuation("b")),
    ]);
    let (mut session, mut assembler) = (server(), gathering::<16>());
    assert_eq!(stream.event(&mut session), Outcome::Text("a".into(), false));
    assert_eq!(session.next_message_or_control(&mut assembler), Ok(Next::Read));
    assert!(stream.perform(&mut session, Next::Read, &mut Frame::NONE.clone()));
    assert_eq!(
        session.next_message_or_control(&mut assembler),
        Err(ReceiveError::MessageSkipped)
    );
}

#[test]
fn s5_5_3_a_session_that_owes_a_pong_is_not_idle() {
    let mut session = server();
    let mut stream = Stream::new([masked(testkit::Frame::ping("p"))]);
    let mut frame = Frame::binary(&[7; 1000]);
    assert_eq!(session.next_sent(&mut frame), Ok(Next::Write));
    assert!(matches!(stream.event(&mut session), Outcome::Ping(_)));
    while frame.left() > 0 {
        let len: usize = session.to_write(&frame).iter().map(|bytes| bytes.len()).sum();
        session.wrote(len, &mut frame);
    }
    session.flushed();
    assert_eq!(session.next_if_idle(), None);
    assert_eq!(session.next_event(), Ok(Next::Write));
}
