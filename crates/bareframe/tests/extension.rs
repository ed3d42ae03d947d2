//! An extension is possible without touching the engine: this one sends its messages upside down.

use bareframe::{
    CloseCode, Config, Connection, Event, MaskingKey, MessageKind, ProtocolError, Role, Rsv, SendError,
};
use bareframe_testkit::{Frame, Side};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The bits that the extension uses are allowed, as if both sides had agreed on it in the handshake.
const AGREED: Config = Config::DEFAULT.with_rsv(Rsv::RSV1);

/// The extension: each byte with its bits turned over, marked by RSV1. A 0 byte can't be sent by it.
fn send_inverted<R: Role>(connection: &mut Connection<R>, text: &str) -> Vec<u8> {
    let mut payload: Vec<u8> = text.bytes().map(|byte| !byte).collect();
    let mut frame = connection
        .send(MessageKind::Text, Rsv::RSV1, true, payload.len() as u64)
        .unwrap();
    frame.apply(&mut payload);
    [frame.header(), &payload].concat()
}

/// Returns what the layer above sees, or the error after the extension failed the connection.
fn receive_inverted<R: Role>(
    connection: &mut Connection<R>,
    bytes: &mut [u8],
) -> Result<Vec<u8>, ProtocolError> {
    let mut input = bytes;
    let mut text = Vec::new();
    while let Some(event) = connection.receive(&mut input)? {
        let Event::Data(data) = event else { continue };
        let inverted = data.rsv().contains(Rsv::RSV1);
        assert_eq!(data.as_str().is_none(), inverted);
        if inverted && data.payload().contains(&0xFF) {
            connection.fail(CloseCode::PROTOCOL_ERROR);
            continue;
        }
        text.extend(
            data.payload()
                .iter()
                .map(|byte| if inverted { !byte } else { *byte }),
        );
    }
    Ok(text)
}

#[test]
fn s5_8_a_message_passes_through_an_extension() {
    let mut client = Connection::client(AGREED, || MaskingKey::new(KEY));
    let mut server = Connection::server(AGREED);
    let mut bytes = send_inverted(&mut client, "naïve");
    assert_eq!(bytes[0], 0xC1);
    assert_eq!(receive_inverted(&mut server, &mut bytes), Ok("naïve".into()));
    let mut back = send_inverted(&mut server, "thé");
    assert_eq!(receive_inverted(&mut client, &mut back), Ok("thé".into()));
}

#[test]
fn s5_8_the_extension_fails_the_connection() {
    let mut server = Connection::server(AGREED);
    let mut bytes = Frame::text([0xFF]).rsv(Rsv::RSV1).masked(KEY).to_bytes();
    let failed = ProtocolError::Failed(CloseCode::PROTOCOL_ERROR);
    assert_eq!(receive_inverted(&mut server, &mut bytes), Err(failed));
    assert_eq!(&server.poll_transmit().unwrap()[..], b"\x88\x02\x03\xea");
}

#[test]
fn s5_2_only_messages_that_carry_a_bit_skip_utf8() {
    let not_utf8 = || Frame::text([0xFF]);
    let mut server = Connection::server(AGREED);
    let mut bytes = not_utf8().rsv(Rsv::RSV1).masked_for(Side::Server, KEY).to_bytes();
    bytes.extend(not_utf8().masked(KEY).to_bytes());
    let mut input = &mut bytes[..];
    assert!(matches!(server.receive(&mut input), Ok(Some(Event::Data(_)))));
    assert_eq!(server.receive(&mut input), Err(ProtocolError::InvalidUtf8));
}

#[test]
fn s5_2_the_bit_is_set_on_the_first_frame_only() {
    let mut server = Connection::server(AGREED);
    let first = Frame::text([0xFE])
        .fin(false)
        .rsv(Rsv::RSV1)
        .masked(KEY)
        .to_bytes();
    let second = Frame::continuation([0xFE]).masked(KEY).to_bytes();
    let mut bytes = [first, second].concat();
    let mut input = &mut bytes[..];
    for _ in 0..2 {
        let Ok(Some(Event::Data(data))) = server.receive(&mut input) else {
            panic!()
        };
        assert_eq!((data.rsv(), data.payload()), (Rsv::RSV1, &[0xFE][..]));
    }
    let marked = Frame::continuation("").rsv(Rsv::RSV1).masked(KEY).to_bytes();
    let mut bytes = [Frame::text("").fin(false).masked(KEY).to_bytes(), marked].concat();
    assert_eq!(
        server.receive(&mut &mut bytes[..]),
        Err(ProtocolError::ReservedBits)
    );
}

#[test]
fn s5_2_send_takes_the_bit_for_the_first_frame_only() {
    let mut server = Connection::server(AGREED);
    assert_eq!(
        server.send(MessageKind::Text, Rsv::RSV2, true, 0).err(),
        Some(SendError::ReservedBits)
    );
    let first = server.send(MessageKind::Text, Rsv::RSV1, false, 0).unwrap();
    assert_eq!(first.header(), b"\x41\x00");
    assert_eq!(
        server.send(MessageKind::Text, Rsv::RSV1, true, 0).err(),
        Some(SendError::ReservedBits)
    );
    let last = server.send(MessageKind::Text, Rsv::NONE, true, 0).unwrap();
    assert_eq!(last.header(), b"\x80\x00");
}
