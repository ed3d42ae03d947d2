//! Memory that grows with a message that came in pieces.

use bareframe::{BufferTooSmall, Gather};

/// A long copy is cut into pieces of this many octets. C libraries leave longer ones to one instruction (`rep movsb`), which
/// processors of the Zen family carry out at a tenth of the speed where source and destination lie nearly alike within their
/// pages; and they do, since allocators put long buffers at the beginning of a page.
const PIECE: usize = 2048;

/// A `Vec` in which [`bareframe::Assembler`] gathers a message; it never reserves what a peer only declared.
///
/// [`WebSocket::read`](crate::WebSocket::read) uses one; it is for those who run the engine in a loop of their own.
///
/// ```
/// use bareframe::{Assembled, Assembler, Config, Connection, Event};
/// use bareframe_std::VecBuffer;
/// let mut server = Connection::server(Config::DEFAULT);
/// let mut assembler = Assembler::new(VecBuffer::default());
/// // "Hel" and "lo", in two frames with the key 0.
/// let mut octets = *b"\x01\x83\0\0\0\0Hel\x80\x82\0\0\0\0lo";
/// let mut input = &mut octets[..];
/// while let Some(event) = server.receive(&mut input)? {
///     if let Event::Data(data) = event && let Assembled::Gathered = assembler.push(data)? {
///         assert_eq!(assembler.message().unwrap().as_str(), Some("Hello"));
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct VecBuffer(Vec<u8>);

impl Gather for VecBuffer {
    fn clear(&mut self) {
        self.0.clear();
    }

    fn extend(&mut self, piece: &[u8]) -> Result<(), BufferTooSmall> {
        let needed = self.0.len().saturating_add(piece.len());
        self.0
            .try_reserve(piece.len())
            .map_err(|_| BufferTooSmall { needed })?;
        for piece in piece.chunks(PIECE) {
            self.0.extend_from_slice(piece);
        }
        Ok(())
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
