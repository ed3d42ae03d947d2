//! The same over [`embedded_io`]: every call waits within the stream.
//!
//! ```
//! use bareframe_embedded_io::blocking::Incoming;
//! use bareframe_embedded_io::{Assembler, Buffers, Choice, Config, Error, SliceBuffer};
//! use embedded_io::{Read, Write};
//!
//! fn echo<S: Read + Write>(stream: S) -> Result<(), Error<S::Error>> {
//!     let mut head = [0; 1024];
//!     let mut incoming = Incoming::new(stream, &mut head);
//!     incoming.request()?;
//!
//!     let (mut receive, mut send, mut memory) = ([0; 64], [0; 256], [0; 1024]);
//!     let buffers = Buffers::new(&mut receive, &mut send);
//!     let mut socket = incoming.accept(&Choice::DEFAULT, Config::DEFAULT, buffers)?;
//!     let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
//!     while let Some((message, mut writer)) = socket.read_with_writer(&mut assembler)? {
//!         writer.send(message.kind(), message.payload())?;
//!     }
//!     Ok(())
//! }
//! ```

mod halves;
mod handshake;
mod ready;
mod websocket;
mod writer;

pub use halves::{ReadHalf, WriteHalf};
pub use handshake::{Connecting, Incoming};
pub use websocket::WebSocket;
pub use writer::Writer;
