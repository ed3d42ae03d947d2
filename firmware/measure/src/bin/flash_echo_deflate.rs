//! The async echo server of `flash_echo_adapter`, on a connection that is compressed at window bits 9 in both directions.

#![no_std]
#![no_main]

use bareframe::{Connection, ExtensionWindow, Rsv, Session};
use bareframe_embedded_io::deflate::{
    Deflater, InboundDeflate, Inflater, OutboundDeflate, OwnDeflate, WindowBits,
};
use bareframe_embedded_io::{Assembler, Config, Error, Frame, SliceBuffer, WebSocket};
use embassy_futures::block_on;
use measure::{Down, Line};

type Compressed<'m> = OwnDeflate<&'m mut [u8], &'m mut [u8], &'m mut [u16]>;

struct Memory<'m> {
    receive: &'m mut [u8],
    send: &'m mut [u8],
    gather: &'m mut [u8],
    window: &'m mut [u8],
    buffer: &'m mut [u8],
    heads: &'m mut [u16],
}

async fn echo(stream: Line, memory: Memory<'_>) -> Result<(), Error<Down>> {
    let Some(bits) = WindowBits::new(9) else {
        return Ok(());
    };
    let Ok(deflater) = Deflater::greedy(bits, memory.buffer, memory.heads) else {
        return Ok(());
    };
    let connection = Connection::server(Config::DEFAULT.with_rsv(Rsv::RSV1));
    let session = Session::<_, _, _, Compressed<'_>>::with_extension(
        connection,
        memory.receive,
        memory.send,
        InboundDeflate::new(Inflater::new(bits).with_limit(256)),
        ExtensionWindow::new(memory.window),
        OutboundDeflate::new(deflater),
    );
    let mut socket = WebSocket::from_session(stream, session);
    let mut assembler = Assembler::new(SliceBuffer::new(memory.gather));
    while let Some((message, mut writer)) = socket.read_with_writer(&mut assembler).await? {
        writer.send_frame(&mut Frame::from(&message)).await?;
    }
    Ok(())
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut RECEIVE: [u8; 64] = [0; 64];
    static mut SEND: [u8; 131] = [0; 131];
    static mut GATHER: [u8; 256] = [0; 256];
    static mut WINDOW: [u8; 512] = [0; 512];
    static mut BUFFER: [u8; 1024] = [0; 1024];
    static mut HEADS: [u16; 128] = [0; 128];
    loop {
        let memory = Memory {
            receive: RECEIVE,
            send: SEND,
            gather: GATHER,
            window: WINDOW,
            buffer: BUFFER,
            heads: HEADS,
        };
        board::opaque(block_on(echo(Line, memory)).is_ok());
    }
}
