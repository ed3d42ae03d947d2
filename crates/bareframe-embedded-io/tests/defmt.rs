//! Every public type can be logged with `defmt`. What is shown needs a linked image; that it is there, the compiler says.
#![cfg(feature = "defmt")]

use bareframe_embedded_io::blocking::Blocking;
use bareframe_embedded_io::*;

type Keys = fn() -> MaskingKey;
type Memory = [u8; 64];

fn logs<T: defmt::Format>() {}

#[test]
fn every_public_type() {
    logs::<Blocking<u8>>();
    logs::<Connecting<'_, u8, Keys, Memory>>();
    logs::<Error<u8>>();
    logs::<HandshakeError>();
    logs::<Incoming<u8, Memory>>();
    logs::<OutboundHalf<'_, Server, Memory>>();
    logs::<RandomKeys<u8>>();
    logs::<ReadHalf<'_, u8, Server, Memory>>();
    logs::<Slot>();
    logs::<Unflushed<u8>>();
    logs::<WebSocket<u8, Client<Keys>, Memory, Memory>>();
    logs::<WriteHalf<'_, u8, Server, Memory>>();
    logs::<Writer<'_, u8, Server, Memory>>();
}
