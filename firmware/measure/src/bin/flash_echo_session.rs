//! An async echo server on the session, a loop over embedded-io-async, after the opening handshake.

#![no_std]
#![no_main]

use bareframe::{
    Assembler, Config, Connection, Frame, Next, Outbound, ReceiveError, SendError, Server, Session,
    SliceBuffer,
};
use embassy_futures::block_on;
use embedded_io_async::{Read, Write};
use measure::{Down, Line};

type Memory<'b> = &'b mut [u8];

/// Why the echo ended.
#[expect(dead_code, reason = "nobody shows it here")]
enum Error {
    Line(Down),
    Receive(ReceiveError),
    Send(SendError),
}

impl From<Down> for Error {
    fn from(error: Down) -> Error {
        Error::Line(error)
    }
}

impl From<ReceiveError> for Error {
    fn from(error: ReceiveError) -> Error {
        Error::Receive(error)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Error {
        Error::Send(error)
    }
}

/// Writes what is queued and what is left of the frame, or flushes the stream.
async fn write(
    stream: &mut Line,
    outbound: &mut Outbound<Server, Memory<'_>>,
    next: Next,
    frame: &mut Frame<'_>,
) {
    if next == Next::Flush {
        match stream.flush().await {
            Ok(()) => outbound.flushed(),
            Err(_) => outbound.refused(),
        }
    } else {
        let [queued, payload] = outbound.to_write(frame);
        let bytes = if queued.is_empty() { payload } else { queued };
        match stream.write(bytes).await {
            Ok(len) if len > 0 => outbound.wrote(len, frame),
            // What was received before comes first.
            _ => outbound.refused(),
        }
    }
}

async fn echo(mut stream: Line, receive: &mut [u8], send: &mut [u8], memory: &mut [u8]) -> Result<(), Error> {
    let mut session = Session::new(Connection::server(Config::DEFAULT), receive, send);
    let mut assembler = Assembler::new(SliceBuffer::new(memory));
    loop {
        match session.next_message(&mut assembler)? {
            Next::Ready => {}
            Next::Read => {
                let len = stream.read(session.space()).await?;
                session.read(len);
                continue;
            }
            Next::Closed => return Ok(()),
            next => {
                write(&mut stream, session.both().1, next, &mut Frame::NONE.clone()).await;
                continue;
            }
        }
        let (inbound, outbound) = session.both();
        let Some(message) = inbound.message(&mut assembler) else {
            continue;
        };
        let mut frame = Frame::from(&message);
        loop {
            match outbound.next_sent(&mut frame) {
                Ok(Next::Ready) => break,
                Ok(next) => write(&mut stream, outbound, next, &mut frame).await,
                // The stream was refused, or the peer has closed: reading says how it ends.
                Err(SendError::Closed) => break,
                Err(error) => return Err(error.into()),
            }
        }
    }
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
