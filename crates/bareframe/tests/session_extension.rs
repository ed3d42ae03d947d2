//! The seam for extensions: payload that changes its length in both directions, ranges of a window, errors in the middle.

mod runs;
mod stream;

use bareframe::{
    Assembler, Client, CloseCode, Config, Connection, ControlPayload, Event, Extended, Extension,
    ExtensionWindow, Frame, InboundExtension, MaskingKey, MessageKind, Next, Opcode, OutboundExtension,
    Pending, PreparedFrame, ProtocolError, ReceiveError, Rsv, SendError, Server, Session, SliceBuffer,
};
use bareframe_testkit as testkit;
use runs::{Packer, Runs, Unpacker};
use stream::{Outcome, Stream, gathering, masked};

const AGREED: Config = Config::DEFAULT.with_rsv(Rsv::RSV1);

type RunsSession<R> = Session<R, [u8; 64], [u8; 256], Runs>;

fn packer(longest: u8) -> Packer {
    Packer::new(longest)
}

fn server(packer: Packer) -> RunsSession<Server> {
    let window = ExtensionWindow::new([0; 8]);
    Session::with_extension(
        Connection::server(AGREED),
        [0; 64],
        [0; 256],
        Unpacker::default(),
        window,
        packer,
    )
}

fn client(packer: Packer) -> RunsSession<Client<impl FnMut() -> MaskingKey>> {
    let mut key = 0_u32;
    let keys = move || {
        key += 0x0102_0304;
        MaskingKey::new(key.to_be_bytes())
    };
    let window = ExtensionWindow::new([0; 8]);
    Session::with_extension(
        Connection::client(AGREED, keys),
        [0; 64],
        [0; 256],
        Unpacker::default(),
        window,
        packer,
    )
}

fn packed(first: bool, fin: bool, payload: &[u8]) -> Vec<u8> {
    let frame = if first {
        testkit::Frame::text(payload).rsv(Rsv::RSV1)
    } else {
        testkit::Frame::continuation(payload)
    };
    masked(frame.fin(fin))
}

/// Returns what joins the pieces of a message.
fn joined(stream: &mut Stream, session: &mut RunsSession<Server>) -> Result<Vec<u8>, ReceiveError> {
    let mut all = Vec::new();
    loop {
        match stream.event(session) {
            Outcome::Text(text, is_last) => {
                all.extend_from_slice(text.as_bytes());
                if is_last {
                    return Ok(all);
                }
            }
            Outcome::Binary(payload, is_last) => {
                all.extend_from_slice(&payload);
                if is_last {
                    return Ok(all);
                }
            }
            Outcome::Failed(error) => return Err(error),
            outcome => panic!("{outcome:?}"),
        }
    }
}

#[test]
fn s5_8_payload_gets_longer_and_shorter_and_a_message_several_frames() {
    let text = "aaaaaaaaabbbbbbbbbbbbbccdeeeeeeeeeeeeeeeeeeeeef";
    for step in [1, 2, 3, 7, 64] {
        let mut sender = client(packer(9));
        let mut out = Stream::new([]);
        assert_eq!(out.send(&mut sender, &mut Frame::text(text)), Ok(true));
        assert_eq!(out.output[0], 0x41, "RSV1, and not the last frame");
        let mut stream = Stream::new(out.output.chunks(step).map(<[u8]>::to_vec));
        let mut receiver = server(packer(3));
        assert_eq!(joined(&mut stream, &mut receiver), Ok(text.into()));
        // The other direction has settings of its own.
        assert_eq!(receiver.next_sent(&mut Frame::text("aaaa")), Ok(Next::Ready));
        assert_eq!(receiver.queued(), b"\xc1\x04\x03a\x01a");
    }
}

#[test]
fn s5_8_every_cut_of_the_input_gives_the_same_message() {
    let input = [
        packed(true, false, b"\x05a\x0c"),
        packed(false, false, b""),
        packed(false, true, b"b\x01c"),
    ]
    .concat();
    for cut in 1..=input.len() {
        let mut stream = Stream::new(input.chunks(cut).map(<[u8]>::to_vec));
        let mut session = server(packer(9));
        assert_eq!(
            joined(&mut stream, &mut session),
            Ok(b"aaaaabbbbbbbbbbbbc".to_vec())
        );
        let mut stream = Stream::new(input.chunks(cut).map(<[u8]>::to_vec));
        let mut session = server(packer(9));
        let mut assembler = gathering::<32>();
        let outcome = stream.message(&mut session, &mut assembler);
        assert_eq!(outcome, Outcome::Text("aaaaabbbbbbbbbbbbc".into(), true));
    }
}

#[test]
fn s5_8_what_is_lent_of_a_window_is_not_to_be_changed() {
    let mut stream = Stream::new([packed(true, true, b"\x03a")]);
    let mut session = server(packer(9));
    while session.next_event() != Ok(Next::Ready) {
        stream.perform(&mut session, Next::Read, &mut Frame::NONE.clone());
    }
    let Some(Event::Data(data)) = session.event() else {
        panic!("a text")
    };
    assert_eq!((data.as_str(), data.rsv()), (Some("aaa"), Rsv::NONE));
    let data = data.into_payload_mut().unwrap_err();
    assert_eq!(data.into_payload(), b"aaa");
}

#[test]
fn s8_1_text_is_validated_after_the_extension() {
    let a_umlaut = "\u{e4}".as_bytes();
    let valid = [1, a_umlaut[0], 1, a_umlaut[1]];
    let mut session = server(packer(9));
    assert_eq!(
        joined(&mut Stream::new([packed(true, true, &valid)]), &mut session),
        Ok(a_umlaut.to_vec())
    );
    let invalid = Err(ReceiveError::Protocol(ProtocolError::InvalidUtf8));
    for payload in [&[2, 0xC3][..], &[1, 0xFF], &[9, b'a', 1, 0xC3]] {
        let mut session = server(packer(9));
        let mut stream = Stream::new([packed(true, true, payload)]);
        assert_eq!(joined(&mut stream, &mut session), invalid);
        assert_eq!(stream.output, b"\x88\x02\x03\xef");
    }
}

#[test]
fn s7_1_7_an_extension_that_fails_in_the_middle_fails_the_connection_with_its_code() {
    let mut session = server(packer(9));
    let mut stream = Stream::new([packed(true, false, b"\x02a\x00")]);
    let error = ReceiveError::Protocol(ProtocolError::Extension(CloseCode::POLICY_VIOLATION));
    assert_eq!(joined(&mut stream, &mut session), Err(error));
    assert_eq!(stream.output, b"\x88\x02\x03\xf0");

    let mut session = server(Packer {
        fails_at: Some(b'!'),
        ..packer(9)
    });
    let mut stream = Stream::new([]);
    let failed = Err(SendError::Extension(CloseCode::INTERNAL_ERROR));
    assert_eq!(stream.send(&mut session, &mut Frame::text("abcdefghi!")), failed);
    assert_eq!(
        stream.send(&mut session, &mut Frame::text("x")),
        Err(SendError::Closed)
    );
    assert!(stream.flush(&mut session));
    assert!(stream.output.ends_with(b"\x88\x02\x03\xf3"));
}

#[test]
fn s5_5_control_frames_go_between_the_frames_that_an_extension_makes() {
    let mut session = server(packer(1));
    let text: String = ('a'..='z').cycle().take(300).collect();
    let mut stream = Stream::new([]);
    let mut frame = Frame::text(&text);
    assert_eq!(session.next_sent(&mut frame), Ok(Next::Write));
    assert_eq!(
        session.next_sent(&mut Frame::text("x")),
        Err(SendError::InsideFrame)
    );
    assert!(stream.flush(&mut session));
    assert_eq!(stream.send(&mut session, &mut Frame::ping(b"?")), Ok(true));
    assert_eq!(stream.send(&mut session, &mut frame), Ok(true));
    let mut receiver = Connection::client(AGREED, || MaskingKey::new([0; 4]));
    let mut output = &mut stream.output[..];
    let (mut packed, mut pings) = (Vec::new(), 0);
    while let Some(event) = receiver.receive(&mut output).unwrap() {
        match event {
            Event::Data(data) => packed.extend_from_slice(data.payload()),
            Event::Ping(_) => pings += 1,
            event => panic!("{event:?}"),
        }
    }
    assert_eq!((packed.len(), pings), (600, 1));
}

#[test]
fn s5_4_an_extended_message_may_be_sent_in_fragments() {
    let mut session = server(packer(9));
    assert_eq!(
        session.next_sent(&mut Frame::text("aa").fragment(false)),
        Ok(Next::Ready)
    );
    assert_eq!(session.queued(), b"", "the run may continue");
    assert_eq!(
        session.next_sent(&mut Frame::binary(b"b").fragment(false)),
        Err(SendError::WrongKind)
    );
    assert_eq!(session.next_sent(&mut Frame::ping(b"")), Ok(Next::Ready));
    assert_eq!(session.next_sent(&mut Frame::text("ab")), Ok(Next::Ready));
    assert_eq!(session.queued(), b"\x89\x00\xc1\x04\x03a\x01b");
}

#[test]
fn s5_8_messages_without_the_bits_pass_by_the_extension() {
    let mut session = server(packer(9));
    let mut stream = Stream::new([
        masked(testkit::Frame::text("plain")),
        packed(true, true, b"\x02x"),
    ]);
    assert_eq!(stream.event(&mut session), Outcome::Text("plain".into(), true));
    assert_eq!(stream.event(&mut session), Outcome::Text("xx".into(), true));
    assert_eq!(session.next_sent(&mut Frame::binary(b"bbb")), Ok(Next::Ready));
    let prepared = PreparedFrame::new(MessageKind::Text, Rsv::RSV1, b"\x03a", [0; 8]).unwrap();
    assert_eq!(
        session.next_sent(&mut Frame::prepared(&prepared)),
        Ok(Next::Ready)
    );
    assert_eq!(session.queued(), b"\x82\x03bbb\xc1\x02\x03a");
}

#[test]
fn s9_1_an_extension_that_was_not_agreed_on_changes_nothing() {
    let mut session = Session::<_, _, _, Option<Runs>>::with_extension(
        Connection::server(Config::DEFAULT),
        [0; 64],
        [0; 256],
        None,
        ExtensionWindow::new([0; 8]),
        None,
    );
    let mut stream = Stream::new([
        masked(testkit::Frame::text("plain")),
        packed(true, true, b"\x02x"),
    ]);
    assert_eq!(stream.event(&mut session), Outcome::Text("plain".into(), true));
    assert_eq!(stream.send(&mut session, &mut Frame::text("aaa")), Ok(true));
    assert_eq!(stream.output, b"\x81\x03aaa");
    let error = Outcome::Failed(ReceiveError::Protocol(ProtocolError::ReservedBits));
    assert_eq!(stream.event(&mut session), error);
}

/// An extension that is wrong in one way.
struct Broken(Extended);

impl Extension for Broken {
    type Inbound = Broken;
    type Outbound = Broken;
}

impl InboundExtension for Broken {
    type Window = ExtensionWindow<[u8; 4]>;
    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }
    fn receive(&mut self, _: &mut [u8], _: &[u8], _: bool) -> Result<Extended, CloseCode> {
        Ok(self.0.clone())
    }
}

impl OutboundExtension for Broken {
    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }
    fn begin(&mut self, _: MessageKind, _: usize, _: bool) -> bool {
        true
    }
    fn send(&mut self, _: &[u8], _: bool, _: &mut [u8]) -> Result<Extended, CloseCode> {
        Ok(self.0.clone())
    }
}

#[test]
fn an_extension_that_lies_or_makes_no_progress_fails_the_connection_as_our_own_fault() {
    #[expect(clippy::reversed_empty_ranges, reason = "it is wrong")]
    let wrong = [
        Extended::new(9, 0..1, false),
        Extended::new(0, 0..0, false),
        Extended::new(0, 3..1, false),
        Extended::new(0, usize::MAX - 1..usize::MAX, false),
    ];
    for made in wrong {
        let mut session = Session::<_, _, _, Broken>::with_extension(
            Connection::server(AGREED),
            [0; 64],
            [0; 256],
            Broken(made.clone()),
            ExtensionWindow::new([0; 4]),
            Broken(made),
        );
        let failed = Err(SendError::Extension(CloseCode::INTERNAL_ERROR));
        assert_eq!(session.next_sent(&mut Frame::text("text")), failed);
    }
    for made in [
        Extended::new(9, 0..1, false),
        Extended::new(0, 0..0, false),
        Extended::new(0, 0..5, false),
    ] {
        let mut session = Session::<_, _, _, Broken>::with_extension(
            Connection::server(AGREED),
            [0; 64],
            [0; 256],
            Broken(made.clone()),
            ExtensionWindow::new([0; 4]),
            Broken(made),
        );
        let mut stream = Stream::new([packed(true, true, b"text")]);
        let error = ReceiveError::Protocol(ProtocolError::Extension(CloseCode::INTERNAL_ERROR));
        assert_eq!(stream.event(&mut session), Outcome::Failed(error));
    }
}

#[test]
fn no_extension_has_no_state() {
    // As large as if there were no field for it: the halves of a connection, the memory, and what the session knows itself.
    type Plain = Session<Server, [u8; 0], [u8; 0]>;
    type Optional = Session<Server, [u8; 0], [u8; 0], Option<Runs>>;
    assert_eq!(size_of::<<() as InboundExtension>::Window>(), 0);
    assert!(size_of::<Plain>() < size_of::<Optional>());
    assert!(size_of::<Plain>() <= 320 + 160, "{}", size_of::<Plain>());
}

#[test]
fn s5_8_there_is_more_while_the_extension_is_at_work() {
    let mut session = server(packer(9));
    let mut stream = Stream::new([packed(true, true, b"\x0ca")]);
    let mut pieces = 0;
    loop {
        match session.next_event() {
            Ok(Next::Ready) => {}
            next => {
                assert_eq!((next, pieces), (Ok(Next::Read), 0));
                assert!(!session.has_more());
                stream.perform(&mut session, Next::Read, &mut Frame::NONE.clone());
                continue;
            }
        }
        let Some(Event::Data(data)) = session.event() else {
            panic!("a piece")
        };
        pieces += 1;
        if data.is_last() {
            break;
        }
        assert!(session.has_more(), "a read would wait for ever");
    }
    assert!(pieces > 1 && !session.has_more());
}

#[test]
fn s5_5_1_an_extended_message_does_not_continue_after_our_close() {
    let mut session = server(packer(9));
    let begins = session.next_sent(&mut Frame::text("aa").fragment(false));
    assert_eq!(begins, Ok(Next::Ready));
    let closes = session.next_sent(&mut Frame::close_without_code());
    assert_eq!(closes, Ok(Next::Ready));
    for text in ["", "a"] {
        let mut frame = Frame::text(text).fragment(false);
        assert_eq!(session.next_sent(&mut frame), Err(SendError::Closed));
        assert!(!frame.is_begun());
    }
    assert_eq!(session.queued(), b"\x88\x00");
}

/// Notes the control frames that pass beside it.
#[derive(Default)]
struct Notes {
    received: Vec<Opcode>,
    queued: Vec<(Opcode, Vec<u8>, bool)>,
}

impl Extension for Notes {
    type Inbound = Notes;
    type Outbound = Notes;
}

impl InboundExtension for Notes {
    type Window = ();

    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    fn receive(&mut self, _: &mut [u8], _: &[u8], _: bool) -> Result<Extended, CloseCode> {
        Err(CloseCode::INTERNAL_ERROR)
    }

    fn note_control(&mut self, opcode: Opcode) {
        self.received.push(opcode);
    }
}

impl OutboundExtension for Notes {
    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    fn begin(&mut self, _: MessageKind, _: usize, _: bool) -> bool {
        false
    }

    fn send(&mut self, _: &[u8], _: bool, _: &mut [u8]) -> Result<Extended, CloseCode> {
        Err(CloseCode::INTERNAL_ERROR)
    }

    fn note_control(&mut self, opcode: Opcode, payload: &ControlPayload, is_answer: bool) {
        self.queued.push((opcode, payload.to_vec(), is_answer));
    }
}

/// A Ping, a Pong, text, a Ping within the text, and a Close.
fn with_controls() -> Vec<u8> {
    let frames = [
        testkit::Frame::ping("a"),
        testkit::Frame::pong("?"),
        testkit::Frame::text("Hel").fin(false),
        testkit::Frame::ping("b"),
        testkit::Frame::continuation("lo"),
        testkit::Frame::close(1001, ""),
    ];
    frames.into_iter().flat_map(masked).collect()
}

const RECEIVED: [Opcode; 4] = [Opcode::Ping, Opcode::Pong, Opcode::Ping, Opcode::Close];

fn answers() -> [(Opcode, Vec<u8>, bool); 3] {
    [
        (Opcode::Pong, b"a".to_vec(), true),
        (Opcode::Pong, b"b".to_vec(), true),
        (Opcode::Close, b"\x03\xe9".to_vec(), true),
    ]
}

#[test]
fn s5_5_each_control_frame_is_noted_once_also_where_it_is_not_reported() {
    let arrived = with_controls();
    for step in 1..=arrived.len() {
        for reports in [false, true] {
            let connection = Connection::server(Config::DEFAULT);
            let (inbound, outbound) = (Some(Notes::default()), Some(Notes::default()));
            let mut session = Session::<_, _, _, Option<Notes>>::with_extension(
                connection,
                [0; 64],
                [0; 256],
                inbound,
                (),
                outbound,
            );
            assert_eq!(session.next_sent(&mut Frame::ping(b"!")), Ok(Next::Ready));
            let mut memory = [0; 64];
            let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
            let mut rest = &arrived[..];
            loop {
                let next = match reports {
                    true => session.next_message_or_control(&mut assembler),
                    false => session.next_message(&mut assembler),
                };
                match next.unwrap() {
                    Next::Read => {
                        let (now, later) = rest.split_at(step.min(rest.len()));
                        session.space()[..now.len()].copy_from_slice(now);
                        session.read(now.len());
                        rest = later;
                    }
                    Next::Write => session.wrote(session.queued().len(), &mut Frame::NONE.clone()),
                    Next::Flush => session.flushed(),
                    Next::Ready if session.message(&mut assembler).is_some() => {}
                    Next::Ready => assert!(session.event().is_some()),
                    Next::Closed => break,
                    Next::Memory => panic!(),
                }
            }
            let (inbound, outbound) = session.halves();
            assert_eq!(inbound.extension().as_ref().unwrap().received, RECEIVED);
            let queued = &outbound.extension().as_ref().unwrap().queued;
            assert_eq!(queued[0], (Opcode::Ping, b"!".to_vec(), false));
            assert_eq!(queued[1..], answers());
        }
    }
}

#[test]
fn s5_5_halves_note_the_control_frames_that_are_left_from_one_to_the_other() {
    let connection = Connection::server(Config::DEFAULT);
    let session = Session::<_, _, _, Notes>::with_extension(
        connection,
        [0; 64],
        [0; 256],
        Notes::default(),
        (),
        Notes::default(),
    );
    let (mut inbound, mut outbound) = session.split();
    outbound.send_pending(&mut Pending::PING.clone());
    let arrived = with_controls();
    inbound.space()[..arrived.len()].copy_from_slice(&arrived);
    inbound.read(arrived.len());
    while inbound.next_event() == Ok(Next::Ready) {
        let mut pending = inbound.take_pending();
        outbound.send_pending(&mut pending);
        let _ = inbound.event();
    }
    outbound.send_pending(&mut inbound.take_pending());
    // After the answer no Ping is sent, and none is noted.
    outbound.send_pending(&mut Pending::PING.clone());
    assert_eq!(inbound.extension().received, RECEIVED);
    assert_eq!(outbound.extension().queued[0], (Opcode::Ping, vec![], false));
    assert_eq!(outbound.extension().queued[1..], answers());
}
