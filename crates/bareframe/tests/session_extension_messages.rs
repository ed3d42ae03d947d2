//! The seam for extensions, message by message: which are changed, which are not, and how long memory is leased.

mod stream;

use bareframe::{
    CloseCode, Config, Connection, Extended, Extension, ExtensionWindow, Frame, InboundExtension, MaskingKey,
    MessageKind, Next, OutboundExtension, PreparedFrame, ProtocolError, ReceiveError, Role, Rsv, SendError,
    Session,
};
use bareframe_testkit as testkit;
use std::cell::Cell;
use std::rc::Rc;
use stream::{Outcome, Stream, gathering, masked};

const AGREED: Config = Config::DEFAULT.with_rsv(Rsv::RSV1);

/// Sends messages with their bits inverted, but for those with a `!`, which it sends as they are. Its memory is leased.
struct Inverted;

struct Inverter {
    /// How many windows are leased.
    leased: Rc<Cell<usize>>,
}

#[derive(Default)]
struct Chooser {
    held: Vec<u8>,
    gives_up: bool,
    /// The parameters of the last message that was changed elsewhere.
    passed: Rc<Cell<Option<u8>>>,
}

impl Extension for Inverted {
    type Inbound = Inverter;
    type Outbound = Chooser;
}

impl InboundExtension for Inverter {
    type Window = ExtensionWindow<Option<[u8; 4]>>;

    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn begin(&mut self, window: &mut Self::Window) {
        assert!(window.memory_mut().replace([0; 4]).is_none());
        self.leased.set(self.leased.get() + 1);
    }

    fn end(&mut self, window: &mut Self::Window) {
        if window.memory_mut().take().is_some() {
            self.leased.set(self.leased.get() - 1);
        }
    }

    fn receive(&mut self, window: &mut [u8], input: &[u8], is_last: bool) -> Result<Extended, CloseCode> {
        let len = window.len().min(input.len());
        if input.first() == Some(&0) {
            return Err(CloseCode::MESSAGE_TOO_BIG);
        }
        window.iter_mut().zip(input).for_each(|(to, from)| *to = !from);
        Ok(Extended::new(len, 0..len, is_last && len == input.len()))
    }
}

impl OutboundExtension for Chooser {
    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn begin(&mut self, _: MessageKind, payload_len: usize, is_last: bool) -> bool {
        !is_last || payload_len > 2
    }

    fn pass(&mut self, parameters: u8) -> bool {
        self.passed.set(Some(parameters));
        parameters <= 9
    }

    fn send(&mut self, input: &[u8], is_last: bool, out: &mut [u8]) -> Result<Extended, CloseCode> {
        self.gives_up |= input.contains(&b'!');
        if self.gives_up {
            let len = self.held.len().min(2);
            out.iter_mut()
                .zip(self.held.drain(..len))
                .for_each(|(to, byte)| *to = byte);
            self.gives_up = len > 0;
            return Ok(Extended::unchanged(0..len));
        }
        self.held.extend_from_slice(input);
        if !is_last {
            return Ok(Extended::new(input.len(), 0..0, false));
        }
        let len = self.held.len();
        out.iter_mut()
            .zip(self.held.drain(..))
            .for_each(|(to, byte)| *to = !byte);
        Ok(Extended::new(input.len(), 0..len, true))
    }
}

fn session<R: Role>(
    connection: Connection<R>,
    leased: &Rc<Cell<usize>>,
) -> Session<R, [u8; 64], [u8; 256], Inverted> {
    let inverter = Inverter {
        leased: Rc::clone(leased),
    };
    let window = ExtensionWindow::new(None);
    Session::with_extension(
        connection,
        [0; 64],
        [0; 256],
        inverter,
        window,
        Chooser::default(),
    )
}

/// Returns what is queued once these frames were sent.
fn sent<R: Role>(connection: Connection<R>, frames: &mut [Frame<'_>]) -> Vec<u8> {
    let mut session = session(connection, &Rc::default());
    let mut stream = Stream::new([]);
    for frame in frames {
        assert_eq!(stream.send(&mut session, frame), Ok(true));
    }
    stream.output
}

fn server_sent(frames: &mut [Frame<'_>]) -> Vec<u8> {
    sent(Connection::server(AGREED), frames)
}

#[test]
fn s5_8_an_extension_may_send_a_message_as_it_is_though_it_has_begun_it() {
    assert_eq!(server_sent(&mut [Frame::text("abc")]), b"\xc1\x03\x9e\x9d\x9c");
    assert_eq!(server_sent(&mut [Frame::text("ab!")]), b"\x81\x03ab!");
    assert_eq!(server_sent(&mut [Frame::text("ab")]), b"\x81\x02ab");
    // What it has taken of earlier pieces goes first.
    let mut pieces = [
        Frame::text("a").fragment(false),
        Frame::text("bc").fragment(false),
        Frame::text("d!").fragment(false),
        Frame::text("e"),
    ];
    assert_eq!(
        server_sent(&mut pieces),
        b"\x01\x02ab\x00\x01c\x00\x02d!\x80\x01e"
    );
    let mut pieces = [Frame::binary(b"abc").fragment(false), Frame::binary(b"!")];
    assert_eq!(server_sent(&mut pieces), b"\x02\x02ab\x00\x01c\x80\x01!");
    // The next message is the extension's again.
    let mut two = [Frame::text("ab!"), Frame::text("abc")];
    assert_eq!(server_sent(&mut two), b"\x81\x03ab!\xc1\x03\x9e\x9d\x9c");
}

#[test]
fn s5_3_what_an_extension_leaves_as_it_is_a_client_masks() {
    let long = format!("{}!", "a".repeat(1000));
    for text in ["abc", "ab!", &long] {
        let client = Connection::client(AGREED, || MaskingKey::new([1, 2, 3, 4]));
        let output = sent(client, &mut [Frame::text("x").fragment(false), Frame::text(text)]);
        let mut session = session(Connection::server(AGREED), &Rc::default());
        let mut stream = Stream::new([output]);
        let outcome = stream.message(&mut session, &mut gathering::<1100>());
        assert_eq!(outcome, Outcome::Text(format!("x{text}"), true));
    }
}

/// Changes the first byte of a message, and then wants it sent as it is.
struct Fickle;

impl Extension for Fickle {
    type Inbound = ();
    type Outbound = Fickle;
}

impl OutboundExtension for Fickle {
    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn begin(&mut self, _: MessageKind, _: usize, _: bool) -> bool {
        true
    }

    fn send(&mut self, input: &[u8], _: bool, out: &mut [u8]) -> Result<Extended, CloseCode> {
        match input {
            [b'a', ..] => {
                out[0] = b'A';
                Ok(Extended::new(1, 0..1, false))
            }
            _ => Ok(Extended::unchanged(0..0)),
        }
    }
}

#[test]
fn an_extension_that_leaves_a_message_as_it_is_when_it_has_changed_it_fails_the_connection() {
    let connection = Connection::server(AGREED);
    let mut session =
        Session::<_, _, _, Fickle>::with_extension(connection, [0; 64], [0; 256], (), (), Fickle);
    assert_eq!(session.next_sent(&mut Frame::text("bc")), Ok(Next::Ready));
    let failed = Err(SendError::Extension(CloseCode::INTERNAL_ERROR));
    assert_eq!(session.next_sent(&mut Frame::text("abc")), failed);
    assert_eq!(session.queued(), b"\x81\x02bc\x41\x01A");
}

#[test]
fn s8_1_text_that_an_extension_leaves_as_it_is_was_validated() {
    let mut session = session(Connection::server(AGREED), &Rc::default());
    let mut stream = Stream::new([]);
    let mut first = Frame::text_piece(b"\xC3").fragment(false);
    assert_eq!(stream.send(&mut session, &mut first), Ok(true));
    let refused = stream.send(&mut session, &mut Frame::text_piece(b"!"));
    assert!(matches!(refused, Err(SendError::InvalidUtf8(_))), "{refused:?}");
}

#[test]
fn s5_8_a_message_may_opt_out_of_the_extension() {
    let opts_out = |text| Frame::text(text).without_extension();
    assert_eq!(server_sent(&mut [opts_out("abc")]), b"\x81\x03abc");
    // Its first frame says so for all.
    let mut pieces = [opts_out("abc").fragment(false), Frame::text("def")];
    assert_eq!(server_sent(&mut pieces), b"\x01\x03abc\x80\x03def");
    let mut pieces = [Frame::text("a").fragment(false), opts_out("bc")];
    assert_eq!(server_sent(&mut pieces), b"\xc1\x03\x9e\x9d\x9c");
    // A frame without its payload is the same frame.
    let unsent = opts_out("abc").unsent();
    assert_eq!(server_sent(&mut [unsent.frame(b"abc")]), b"\x81\x03abc");
}

#[test]
fn s9_1_a_message_that_was_prepared_with_other_parameters_is_refused() {
    let passed = Rc::new(Cell::new(None));
    let prepared = PreparedFrame::new(MessageKind::Text, Rsv::RSV1, b"\x9e", [0; 8]).unwrap();
    let mut session = session(Connection::server(AGREED), &Rc::default());
    let mut agreed = prepared.with_parameters(9);
    assert_eq!(session.next_sent(&mut Frame::prepared(&agreed)), Ok(Next::Ready));
    agreed = prepared.with_parameters(10);
    assert_eq!(
        session.next_sent(&mut Frame::prepared(&agreed)),
        Err(SendError::NotAgreed)
    );
    // Nobody has said any parameters of what has the bits by the caller's hand.
    let mut by_hand = Frame::text("\u{1}").with_rsv(Rsv::RSV1);
    assert_eq!(session.next_sent(&mut by_hand), Ok(Next::Ready));
    assert_eq!(session.queued(), b"\xc1\x01\x9e\xc1\x01\x01");

    let chooser = Chooser {
        passed: Rc::clone(&passed),
        ..Chooser::default()
    };
    let inverter = Inverter {
        leased: Rc::default(),
    };
    let mut session = Session::<_, _, _, Inverted>::with_extension(
        Connection::server(AGREED),
        [0; 64],
        [0; 256],
        inverter,
        ExtensionWindow::new(None),
        chooser,
    );
    let plain = PreparedFrame::new(MessageKind::Text, Rsv::NONE, b"abc", [0; 8]).unwrap();
    assert_eq!(session.next_sent(&mut Frame::prepared(&plain)), Ok(Next::Ready));
    assert_eq!(passed.get(), None, "it has nothing of the extension");
    assert_eq!(
        session.next_sent(&mut Frame::text("\u{1}").with_rsv(Rsv::RSV1)),
        Ok(Next::Ready)
    );
    assert_eq!(passed.get(), Some(0));
}

#[test]
fn s9_memory_is_leased_only_while_a_message_is_in_work() {
    let leased = Rc::new(Cell::new(0));
    let mut session = session(Connection::server(AGREED), &leased);
    let inverted = |first: bool, fin: bool, text: &[u8]| {
        let payload: Vec<u8> = text.iter().map(|byte| !byte).collect();
        masked(match first {
            true => testkit::Frame::text(&payload).rsv(Rsv::RSV1).fin(fin),
            false => testkit::Frame::continuation(&payload).fin(fin),
        })
    };
    let mut stream = Stream::new([
        masked(testkit::Frame::text("plain")),
        inverted(true, false, b"ab"),
        masked(testkit::Frame::ping("")),
        inverted(false, true, b"cdefg"),
        masked(testkit::Frame::ping("")),
    ]);
    assert_eq!(stream.event(&mut session), Outcome::Text("plain".into(), true));
    assert_eq!(leased.get(), 0);
    assert_eq!(stream.event(&mut session), Outcome::Text("ab".into(), false));
    assert!(matches!(stream.event(&mut session), Outcome::Ping(..)));
    assert_eq!(leased.get(), 1);
    assert_eq!(stream.event(&mut session), Outcome::Text("cdef".into(), false));
    assert_eq!(stream.event(&mut session), Outcome::Text("g".into(), true));
    assert!(matches!(stream.event(&mut session), Outcome::Ping(..)));
    assert_eq!(leased.get(), 0, "before the next wait");
    // A message that fails holds nothing either.
    let mut stream = Stream::new([inverted(true, true, b"\xFF")]);
    let error = Outcome::Failed(ReceiveError::Protocol(ProtocolError::MessageTooBig));
    assert_eq!(stream.event(&mut session), error);
    assert_eq!(leased.get(), 0);
}
