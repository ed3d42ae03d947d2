//! An extension that the handshake may or may not agree on: one type of session for both.

mod runs;
mod stream;

use bareframe::{
    Config, Connection, Extension, ExtensionWindow, Frame, InboundExtension, MessageKind, OutboundExtension,
    PreparedFrame, ProtocolError, ReceiveError, Rsv, SendError, Server, Session,
};
use bareframe_testkit as testkit;
use runs::{Packer, Runs, Unpacker};
use stream::{Outcome, Stream, gathering, masked};

type Optional = Session<Server, [u8; 256], [u8; 256], Option<Runs>>;

fn server(is_agreed: bool) -> Optional {
    let config = match is_agreed {
        true => Config::DEFAULT.with_rsv(Rsv::RSV1),
        false => Config::DEFAULT,
    };
    Session::with_extension(
        Connection::server(config),
        [0; 256],
        [0; 256],
        is_agreed.then(Unpacker::default),
        ExtensionWindow::new([0; 8]),
        is_agreed.then(|| Packer::new(9)),
    )
}

fn sent(session: &mut Optional, frame: &mut Frame<'_>) -> Result<Vec<u8>, SendError> {
    let mut stream = Stream::new([]);
    stream.send(session, frame)?;
    Ok(stream.output)
}

#[test]
fn s9_1_what_was_agreed_on_is_used() {
    let mut session = server(true);
    assert_eq!(
        sent(&mut session, &mut Frame::text("aaaa")).unwrap(),
        b"\xc1\x02\x04a"
    );
    let packed = testkit::Frame::text("\u{4}a").rsv(Rsv::RSV1);
    let mut stream = Stream::new([masked(packed.clone()), masked(packed)]);
    assert_eq!(stream.event(&mut session), Outcome::Text("aaaa".into(), true));
    let outcome = stream.message(&mut session, &mut gathering::<16>());
    assert_eq!(outcome, Outcome::Text("aaaa".into(), true));
}

#[test]
fn s9_1_what_was_not_agreed_on_is_not_used() {
    let mut session = server(false);
    assert_eq!(
        sent(&mut session, &mut Frame::text("aaaa")).unwrap(),
        b"\x81\x04aaaa"
    );
    let changed = PreparedFrame::new(MessageKind::Text, Rsv::RSV1, b"\x04a", [0; 16]).unwrap();
    assert!(sent(&mut session, &mut Frame::prepared(&changed)).is_err());
    let mut stream = Stream::new([
        masked(testkit::Frame::text("aaaa")),
        masked(testkit::Frame::text("\u{4}a").rsv(Rsv::RSV1)),
    ]);
    assert_eq!(stream.event(&mut session), Outcome::Text("aaaa".into(), true));
    assert_eq!(
        stream.event(&mut session),
        Outcome::Failed(ReceiveError::Protocol(ProtocolError::ReservedBits))
    );
}

/// A session calls none of these without an extension; what one returns must still harm nothing.
#[test]
fn an_extension_that_is_not_there_changes_nothing() {
    fn harmless<X: Extension>(mut inbound: X::Inbound, mut outbound: X::Outbound) {
        assert!(inbound.rsv().is_empty() && outbound.rsv().is_empty());
        assert!(!outbound.begin(MessageKind::Text, 1, true));
        assert!(inbound.receive(&mut [0; 8], b"a", true).is_err());
        assert!(outbound.send(b"a", true, &mut [0; 8]).is_err());
    }
    harmless::<()>((), ());
    harmless::<Option<Runs>>(None, None);
    assert!(
        !None::<Packer>.pass(0),
        "what was encoded for an extension needs one"
    );
}
