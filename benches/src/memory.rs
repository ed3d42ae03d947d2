//! A connection in memory, for contenders that read from a stream and write to one.

#[cfg(feature = "peers")]
mod embedded;
#[cfg(feature = "peers")]
mod waiting;

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::rc::Rc;
#[cfg(feature = "peers")]
pub use waiting::at_once;

/// One end of it: the bytes to read are there from the start, and written bytes are only counted.
#[derive(Clone, Debug)]
pub struct Memory {
    bytes: Rc<RefCell<Vec<u8>>>,
    at: Rc<Cell<usize>>,
    written: Rc<Cell<u64>>,
    piece: usize,
}

impl Memory {
    /// Creates a connection of which one read returns at most `piece` bytes.
    pub fn new(bytes: &[u8], piece: usize) -> Memory {
        Memory {
            bytes: Rc::new(RefCell::new(bytes.to_vec())),
            at: Rc::default(),
            written: Rc::default(),
            piece,
        }
    }

    /// Rewinds to the first byte, also for clones.
    pub fn rewind(&self) {
        self.at.set(0);
        self.written.set(0);
    }

    /// Replaces the bytes to read, also for clones.
    pub fn replace(&self, bytes: &[u8]) {
        self.bytes.replace(bytes.to_vec());
    }

    /// Returns how many bytes were written since.
    pub fn written(&self) -> u64 {
        self.written.get()
    }

    /// Calls a function with the next bytes, at most as many as these.
    #[inline]
    fn next_piece<T>(&self, most: usize, read: impl FnOnce(&[u8]) -> T) -> T {
        let bytes = self.bytes.borrow();
        let left = &bytes[self.at.get()..];
        let piece = &left[..left.len().min(self.piece).min(most)];
        self.at.set(self.at.get() + piece.len());
        read(piece)
    }

    /// Copies the next bytes, and returns how many they are.
    #[inline]
    fn copy_piece(&self, to: &mut [u8]) -> usize {
        self.next_piece(to.len(), |piece| {
            to[..piece.len()].copy_from_slice(piece);
            piece.len()
        })
    }

    #[inline]
    fn count(&self, bytes: usize) -> usize {
        self.written.set(self.written.get() + bytes as u64);
        bytes
    }
}

impl Read for Memory {
    #[inline]
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self.copy_piece(to) {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }
}

impl Write for Memory {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.count(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
