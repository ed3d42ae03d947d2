//! Doing what a page asks for.

use crate::ask::ASKS;
use bareframe::CloseReason;
use bareframe::Extension;
use bareframe_embedded_io::{CloseCode, Error, Frame, Memory, Server, WebSocket};
use embedded_io_async::{Read, Write};

/// What a page has asked for.
pub(crate) enum Wish {
    Ping,
    Pong,
    Fragments,
    Close(CloseReason),
    /// The bytes of a broken frame.
    Broken(&'static [u8]),
}

impl Wish {
    /// Parses the text of a page.
    pub(crate) fn parse(text: &str) -> Option<Wish> {
        let (name, argument) = text.split_once(' ').unwrap_or((text, ""));
        match name {
            "ping" => Some(Wish::Ping),
            "pong" => Some(Wish::Pong),
            "fragments" => Some(Wish::Fragments),
            "close" => {
                let (code, reason) = argument.split_once(' ').unwrap_or((argument, ""));
                let code = CloseCode::new(code.parse().ok()?)?;
                CloseReason::new(code, reason).map(Wish::Close)
            }
            _ => {
                let known = ASKS.iter().find(|known| known.name == text)?;
                (!known.broken.is_empty()).then_some(Wish::Broken(known.broken))
            }
        }
    }

    /// Sends what was asked for.
    pub(crate) async fn answer<S: Read + Write, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
        self,
        socket: &mut WebSocket<S, Server, I, O, X>,
    ) -> Result<(), Error<S::Error>> {
        match self {
            Wish::Ping => socket.ping(b"are you there?").await,
            Wish::Pong => socket.send_frame(&mut Frame::pong(b"I am here")).await,
            Wish::Fragments => {
                for frame in [
                    Frame::text("and a").fragment(false),
                    Frame::text("happy new").fragment(false),
                    Frame::ping(b"between fragments"),
                    Frame::text("year!"),
                ] {
                    socket.send_frame(&mut { frame }).await?;
                }
                Ok(())
            }
            Wish::Close(reason) => match reason.code() {
                Some(code) => socket.send_close(code, reason.reason()).await,
                None => socket.send_frame(&mut Frame::close_without_code()).await,
            },
            Wish::Broken(bytes) => {
                socket.flush().await?;
                let mut rest = bytes;
                while !rest.is_empty() {
                    let written = socket.stream_mut().write(rest).await.map_err(Error::Io)?;
                    rest = &rest[written..];
                }
                Ok(())
            }
        }
    }
}
