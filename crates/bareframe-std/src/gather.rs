//! Memory that grows with a message that came in pieces.

use bareframe::{BufferTooSmall, Gather};

/// What is kept between messages, in octets: a vector that doubled has as many after a message of 64 KiB.
const KEPT: usize = 128 << 10;

/// A `Vec` that gathers a message; it never reserves what a peer only declared.
#[derive(Default, Debug)]
pub(crate) struct Growing(Vec<u8>);

impl Gather for Growing {
    fn clear(&mut self) {
        self.0.clear();
        if self.0.capacity() > KEPT {
            self.0 = Vec::new();
        }
    }

    fn extend(&mut self, piece: &[u8]) -> Result<(), BufferTooSmall> {
        let needed = self.0.len().saturating_add(piece.len());
        self.0
            .try_reserve(piece.len())
            .map_err(|_| BufferTooSmall { needed })?;
        self.0.extend_from_slice(piece);
        Ok(())
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
