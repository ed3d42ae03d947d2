//! No engine: an async echo of bytes, which is what every image has that echoes messages.

#![no_std]
#![no_main]

use embassy_futures::block_on;
use embedded_io_async::{Read, Write};
use measure::{Down, Line};

async fn echo(mut stream: Line, buffer: &mut [u8]) -> Result<(), Down> {
    loop {
        let len = stream.read(buffer).await?;
        stream.write(buffer.get(..len).unwrap_or(&[])).await?;
        stream.flush().await?;
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut BUFFER: [u8; 64] = [0; 64];
    loop {
        board::opaque(block_on(echo(Line, BUFFER)).is_ok());
    }
}
