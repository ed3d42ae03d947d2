//! Every public type can be logged with `defmt`. What is shown needs a linked image; that it is there, the compiler says.
#![cfg(feature = "defmt")]

use bareframe::*;

type Keys = fn() -> MaskingKey;

fn logs<T: defmt::Format>() {}

#[test]
fn every_public_type_of_the_engine() {
    logs::<AssembleError>();
    logs::<Assembled<'_>>();
    #[cfg(feature = "heapless")]
    logs::<Assembler<heapless::Vec<u8, 8>>>();
    logs::<Assembler<SliceBuffer<'_>>>();
    logs::<BufferTooSmall>();
    logs::<Client<Keys>>();
    logs::<CloseCode>();
    logs::<CloseReason>();
    logs::<Config>();
    logs::<Connection<Client<Keys>>>();
    logs::<Connection<Server>>();
    logs::<ControlFrame>();
    logs::<ControlPayload>();
    logs::<Data<'_>>();
    logs::<EndOfStream>();
    logs::<Extended>();
    logs::<ExtensionWindow<[u8; 8]>>();
    logs::<Event<'_>>();
    logs::<Frame<'_>>();
    logs::<FrameDecoder>();
    logs::<FrameEvent<'_>>();
    logs::<FrameHeader>();
    logs::<HeaderBytes>();
    logs::<Inbound<Client<Keys>, [u8; 8]>>();
    logs::<InvalidCloseCode>();
    logs::<InvalidUtf8>();
    logs::<Keepalive>();
    logs::<KeepaliveStep>();
    logs::<Limits>();
    logs::<Masker>();
    logs::<MaskingKey>();
    logs::<Message<'_>>();
    logs::<MessageKind>();
    logs::<Next>();
    logs::<Opcode>();
    logs::<Outbound<Client<Keys>, [u8; 8]>>();
    logs::<Outbox<[u8; 8]>>();
    logs::<Outgoing<Client<Keys>>>();
    logs::<Pending>();
    logs::<PreparedFrame<[u8; 8]>>();
    logs::<ProtocolError>();
    logs::<ReceiveError>();
    logs::<ReservedOpcode>();
    logs::<Receiver<Server>>();
    logs::<Reply>();
    logs::<Rsv>();
    logs::<Rules>();
    logs::<SendError>();
    logs::<Sender<Client<Keys>>>();
    logs::<Server>();
    logs::<Session<Client<Keys>, [u8; 8], [u8; 8]>>();
    logs::<State>();
    logs::<UnsentFrame>();
    logs::<Utf8Validator>();
}

/// The source of keys need not be `Format`, as it need not be `Debug`.
#[test]
fn a_client_with_any_source_of_keys() {
    fn connection<K: MaskingKeys>(_: fn(&mut Connection<Client<K>>)) {
        logs::<Connection<Client<K>>>();
    }
    connection::<Keys>(|_| {});
}

#[cfg(feature = "handshake")]
#[test]
fn every_public_type_of_the_handshake() {
    use bareframe::handshake::*;
    logs::<Accept>();
    logs::<Answer<'_>>();
    logs::<Choice<'_>>();
    logs::<EncodeError>();
    logs::<Established<'_>>();
    logs::<Extension<'_>>();
    logs::<Extensions<'_>>();
    logs::<HeadEnd>();
    logs::<HeadError>();
    logs::<Header<'_>>();
    logs::<Headers<'_>>();
    logs::<Key>();
    logs::<Offer<'_>>();
    logs::<Param<'_>>();
    logs::<ParamValue<'_>>();
    logs::<Params<'_>>();
    logs::<Request<'_>>();
    logs::<RequestError>();
    logs::<Response<'_>>();
    logs::<ResponseError>();
    logs::<Status>();
    logs::<Subprotocols<'_>>();
    logs::<Upgrade<'_>>();
}
