//! Whole messages and pieces of them, in any order of the calls that take them.

mod stream;

use bareframe::{
    Assembler, BufferTooSmall, CloseCode, Config, Connection, Frame, Gather, Next, ProtocolError,
    ReceiveError, Session,
};
use bareframe_testkit as testkit;
use stream::{Outcome, Stream, gathering, masked, server};

fn text(payload: &str) -> Vec<u8> {
    masked(testkit::Frame::text(payload))
}

fn ping(payload: &str) -> Vec<u8> {
    masked(testkit::Frame::ping(payload))
}

fn whole(text: &str) -> Outcome {
    Outcome::Text(text.into(), true)
}

fn protocol(error: ProtocolError) -> Outcome {
    Outcome::Failed(ReceiveError::Protocol(error))
}

// "A caller mixes `next_event` and `next_message` in any order …"

#[test]
fn s5_4_a_message_of_which_pieces_were_taken_as_events_is_skipped_and_said_once() {
    let mut stream = Stream::new([
        masked(testkit::Frame::text("a").fin(false)),
        masked(testkit::Frame::continuation("b").fin(false)),
        masked(testkit::Frame::continuation("c")),
        text("next"),
    ]);
    let mut session = server();
    let mut assembler = gathering::<16>();
    assert_eq!(stream.event(&mut session), Outcome::Text("a".into(), false));
    assert_eq!(
        stream.message(&mut session, &mut assembler),
        Outcome::Failed(ReceiveError::MessageSkipped)
    );
    assert_eq!(stream.message(&mut session, &mut assembler), whole("next"));
}

#[test]
fn s5_5_3_every_ping_of_one_read_is_answered_however_short_the_queue() {
    let (input, pongs) = [b'a', b'b', b'c', b'd', b'e', b'f', b'g', b'h', b'i']
        .iter()
        .fold((Vec::new(), Vec::new()), |(mut input, mut pongs), &byte| {
            let payload = [byte; 100];
            input.extend(masked(testkit::Frame::ping(payload)));
            pongs.extend(testkit::Frame::pong(payload).to_bytes());
            (input, pongs)
        });
    let mut stream = Stream::new([input]);
    let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 2000], [0; 256]);
    let read = stream.message(&mut session, &mut gathering::<16>());
    assert_eq!(read, Outcome::Blocked(Next::Read));
    assert_eq!(stream.output, pongs);
}

#[test]
fn s5_4_a_message_that_is_gathered_is_not_taken_as_events() {
    let mut session = server();
    let mut assembler = gathering::<16>();
    let mut stream = Stream::new([masked(testkit::Frame::text("a").fin(false))]);
    assert_eq!(
        stream.message(&mut session, &mut assembler),
        Outcome::Blocked(Next::Read)
    );
    stream.input.extend([
        masked(testkit::Frame::continuation("b").fin(false)),
        masked(testkit::Frame::continuation("c")),
        ping("p"),
        text("next"),
    ]);
    assert_eq!(
        stream.event(&mut session),
        Outcome::Failed(ReceiveError::MessageSkipped)
    );
    assert_eq!(stream.event(&mut session), Outcome::Ping(b"p".into()));
    assert_eq!(stream.event(&mut session), whole("next"));
}

#[test]
fn s5_4_a_message_is_gathered_in_one_memory() {
    let mut session = server();
    let mut one = gathering::<16>();
    let mut other = gathering::<16>();
    let mut stream = Stream::new([masked(testkit::Frame::text("a").fin(false))]);
    assert_eq!(
        stream.message(&mut session, &mut one),
        Outcome::Blocked(Next::Read)
    );
    stream
        .input
        .extend([masked(testkit::Frame::continuation("b")), text("next")]);
    assert_eq!(
        stream.message(&mut session, &mut other),
        Outcome::Failed(ReceiveError::MessageSkipped)
    );
    assert_eq!(stream.message(&mut session, &mut one), whole("next"));
}

#[test]
fn s5_4_pieces_of_two_messages_or_of_two_sessions_are_never_joined() {
    let part = |text: &str| masked(testkit::Frame::text(text).fin(false));
    let end = || masked(testkit::Frame::continuation("!"));
    let skipped = Outcome::Failed(ReceiveError::MessageSkipped);
    let mut assembler = gathering::<16>();

    // What is left in the memory of a message that was skipped, and a message that was begun by an event.
    let mut session = server();
    let mut stream = Stream::new([part("a")]);
    assert_eq!(
        stream.message(&mut session, &mut assembler),
        Outcome::Blocked(Next::Read)
    );
    stream.input.extend([end(), part("b"), end()]);
    assert_eq!(stream.event(&mut session), skipped);
    assert_eq!(stream.event(&mut session), Outcome::Text("b".into(), false));
    assert_eq!(stream.message(&mut session, &mut assembler), skipped);

    // The memory of another session, whose message has the same number.
    let (mut one, mut other) = (server(), server());
    let mut others = gathering::<16>();
    let mut stream = Stream::new([part("one")]);
    assert_eq!(
        stream.message(&mut one, &mut assembler),
        Outcome::Blocked(Next::Read)
    );
    let mut other_stream = Stream::new([part("other")]);
    assert_eq!(
        other_stream.message(&mut other, &mut others),
        Outcome::Blocked(Next::Read)
    );
    stream.input.push_back(end());
    assert_eq!(stream.message(&mut one, &mut others), skipped);
}

#[test]
fn s5_4_what_next_event_found_and_nobody_took_is_part_of_the_message() {
    let mut session = server();
    let mut assembler = gathering::<16>();
    let mut stream = Stream::new([[
        masked(testkit::Frame::text("a").fin(false)),
        masked(testkit::Frame::continuation("b")),
        text("next"),
    ]
    .concat()]);
    assert_eq!(session.next_event(), Ok(Next::Read));
    stream.perform(&mut session, Next::Read, &mut Frame::NONE.clone());
    assert_eq!(session.next_event(), Ok(Next::Ready));
    assert_eq!(session.next_event(), Ok(Next::Ready));
    assert_eq!(stream.message(&mut session, &mut assembler), whole("ab"));
    assert_eq!(session.next_message(&mut assembler), Ok(Next::Ready));
    assert_eq!(stream.event(&mut session), whole("next"));
}

// "The limit of a message is `Gather::capacity()`, also for one that is lent whole."

#[test]
fn s7_4_1_a_message_over_the_capacity_is_refused_with_1009_however_it_is_cut() {
    let input = text("12345");
    for cut in 1..=input.len() {
        for fragmented in [false, true] {
            let mut input = input.clone();
            if fragmented {
                input = [
                    masked(testkit::Frame::text("123").fin(false)),
                    masked(testkit::Frame::continuation("45")),
                ]
                .concat();
            }
            let mut stream = Stream::new(input.chunks(cut).map(<[u8]>::to_vec));
            let mut session = server();
            let mut assembler = gathering::<4>();
            for _ in 0..2 {
                assert_eq!(
                    stream.message(&mut session, &mut assembler),
                    protocol(ProtocolError::MessageTooBig)
                );
            }
            assert_eq!(stream.output, b"\x88\x02\x03\xf1");
        }
    }
}

struct Growing(Vec<u8>);

impl Gather for Growing {
    fn clear(&mut self) {
        self.0.clear();
    }

    fn gather(&mut self, piece: &[u8]) -> Result<(), BufferTooSmall> {
        self.0.extend_from_slice(piece);
        Ok(())
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.0
    }

    fn capacity(&self) -> usize {
        usize::MAX
    }
}

#[test]
fn s10_4_memory_that_grows_has_no_limit_of_its_own() {
    let long = "x".repeat(100_000);
    let mut stream = Stream::new([text(&long), text("whole")]);
    let mut session = server();
    let mut assembler = Assembler::new(Growing(Vec::new()));
    assert_eq!(stream.message(&mut session, &mut assembler), whole(&long));
    assert_eq!(stream.message(&mut session, &mut assembler), whole("whole"));
}

#[test]
fn s7_1_7_a_message_that_does_not_fit_changes_no_error_that_came_before() {
    let mut session = server();
    let mut stream = Stream::new([text("12345")]);
    while session.next_event() != Ok(Next::Ready) {
        stream.perform(&mut session, Next::Read, &mut Frame::NONE.clone());
    }
    session.fail(CloseCode::POLICY_VIOLATION);
    let mut assembler = gathering::<4>();
    for _ in 0..2 {
        assert_eq!(
            stream.message(&mut session, &mut assembler),
            protocol(ProtocolError::Failed(CloseCode::POLICY_VIOLATION))
        );
    }
    assert_eq!(stream.output, b"\x88\x02\x03\xf0");
}
