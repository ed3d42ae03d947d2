//! An async echo server on `bareframe-embedded-io`, after the opening handshake.

#![no_std]
#![no_main]

use bareframe_embedded_io::{Assembler, Config, Error, Frame, SliceBuffer, WebSocket};
use embassy_futures::block_on;
use measure::{Down, Line};

async fn echo(
    stream: Line,
    receive: &mut [u8],
    send: &mut [u8],
    memory: &mut [u8],
) -> Result<(), Error<Down>> {
    let mut socket = WebSocket::server(stream, Config::DEFAULT, receive, send);
    let mut assembler = Assembler::new(SliceBuffer::new(memory));
    while let Some((message, mut writer)) = socket.read_with_writer(&mut assembler).await? {
        writer.send_frame(&mut Frame::from(&message)).await?;
    }
    Ok(())
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut RECEIVE: [u8; 64] = [0; 64];
    static mut SEND: [u8; 131] = [0; 131];
    static mut MEMORY: [u8; 256] = [0; 256];
    loop {
        board::opaque(block_on(echo(Line, RECEIVE, SEND, MEMORY)).is_ok());
    }
}
