//! The same for peers with traits of their own or of embedded-io.

use super::Memory;
use embedded_io_async::{ErrorType, Read, Write};
use std::convert::Infallible;
use wtx::stream::{StreamReader, StreamWriter};

impl ErrorType for Memory {
    type Error = Infallible;
}

impl Read for Memory {
    #[inline]
    async fn read(&mut self, to: &mut [u8]) -> Result<usize, Infallible> {
        Ok(self.copy_piece(to))
    }
}

impl Write for Memory {
    #[inline]
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(self.count(bytes.len()))
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl StreamReader for Memory {
    #[inline]
    async fn read(&mut self, to: &mut [u8]) -> wtx::Result<usize> {
        Ok(self.copy_piece(to))
    }
}

impl StreamWriter for Memory {
    #[inline]
    async fn write_all(&mut self, bytes: &[u8]) -> wtx::Result<()> {
        self.count(bytes.len());
        Ok(())
    }

    #[inline]
    async fn write_all_vectored(&mut self, slices: &[&[u8]]) -> wtx::Result<()> {
        self.count(slices.iter().map(|slice| slice.len()).sum());
        Ok(())
    }
}
