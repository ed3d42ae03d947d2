//! A stream of which the compiler can't predict whether reads and writes wait or fail.

use embedded_io_async::{Error, ErrorKind, ErrorType, Read, Write};

/// The stream of the images that echo.
pub struct Line;

/// The line is down.
#[derive(Debug)]
pub struct Down;

impl core::fmt::Display for Down {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the line is down")
    }
}

impl core::error::Error for Down {}

impl Error for Down {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Line {
    type Error = Down;
}

async fn wait() -> Result<(), Down> {
    while board::opaque(false) {
        embassy_futures::yield_now().await;
    }
    if board::opaque(false) { Err(Down) } else { Ok(()) }
}

impl Read for Line {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Down> {
        wait().await?;
        Ok(board::read(buffer))
    }
}

impl Write for Line {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Down> {
        wait().await?;
        board::write(bytes);
        Ok(board::opaque(bytes.len()).min(bytes.len()))
    }

    async fn flush(&mut self) -> Result<(), Down> {
        wait().await
    }
}
