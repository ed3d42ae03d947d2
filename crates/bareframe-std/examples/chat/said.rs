//! What is said in a room, encoded once for all who hear it.

#[cfg(feature = "deflate")]
use bareframe_std::deflate::{CompressionLevel, WindowBits, prepare};
use bareframe_std::{Frame, MessageKind, PreparedFrame, Rsv, ServerSocket, Stream};

/// A message for members with compression and for those without.
pub(crate) struct Message {
    plain: PreparedFrame<Vec<u8>>,
    #[cfg(feature = "deflate")]
    compressed: Option<PreparedFrame<Vec<u8>>>,
}

/// In which form a member gets it.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    Plain,
    #[cfg(feature = "deflate")]
    Compressed,
}

impl Form {
    #[cfg(feature = "deflate")]
    pub(crate) fn of<S: Stream>(socket: &ServerSocket<S>) -> Form {
        if socket.deflate().is_some() {
            Form::Compressed
        } else {
            Form::Plain
        }
    }

    #[cfg(not(feature = "deflate"))]
    pub(crate) fn of<S: Stream>(_: &ServerSocket<S>) -> Form {
        Form::Plain
    }
}

impl Message {
    pub(crate) fn new(text: &str) -> Message {
        let plain = PreparedFrame::allocate(MessageKind::Text, Rsv::NONE, text.as_bytes());
        let plain = plain.expect("it is text");
        #[cfg(feature = "deflate")]
        {
            // With the smallest window it is for all who have compression, whatever they have agreed on.
            let level = CompressionLevel::Fast;
            let compressed = prepare(MessageKind::Text, text.as_bytes(), WindowBits::MIN, level).ok();
            let compressed = compressed.filter(|compressed| compressed.bytes().len() < plain.bytes().len());
            Message { plain, compressed }
        }
        #[cfg(not(feature = "deflate"))]
        Message { plain }
    }

    pub(crate) fn frame(&self, form: Form) -> Frame<'_> {
        match form {
            #[cfg(feature = "deflate")]
            Form::Compressed => Frame::prepared(self.compressed.as_ref().unwrap_or(&self.plain)),
            Form::Plain => Frame::prepared(&self.plain),
        }
    }
}
