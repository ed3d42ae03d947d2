//! How the server does what a page asks for.

use crate::ask::ASKS;
use bareframe::CloseReason;
use bareframe_embedded_io::{CloseCode, Error, MessageKind, Rsv, Server, WebSocket};
use embedded_io_async::{Read, Write};

/// What a page has asked for.
pub(crate) enum Wish {
    Ping,
    Pong,
    Fragments,
    Close(CloseReason),
    /// The octets of a broken frame.
    Broken(&'static [u8]),
}

impl Wish {
    /// Parses what a page says.
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
    pub(crate) async fn answer<S: Read + Write>(
        self,
        socket: &mut WebSocket<'_, S, Server>,
    ) -> Result<(), Error<S::Error>> {
        let writer = socket.writer();
        match self {
            Wish::Ping => writer.ping(b"are you there?").await,
            Wish::Pong => writer.pong(b"I am here").await,
            Wish::Fragments => {
                let (text, rsv) = (MessageKind::Text, Rsv::NONE);
                writer.send_fragment(text, rsv, false, b"and a").await?;
                writer.send_fragment(text, rsv, false, b"happy new").await?;
                writer.ping(b"between fragments").await?;
                writer.send_fragment(text, rsv, true, b"year!").await
            }
            Wish::Close(reason) => writer.send_close(reason.code(), reason.reason()).await,
            Wish::Broken(octets) => {
                writer.flush().await?;
                let mut rest = octets;
                while !rest.is_empty() {
                    let written = writer.stream_mut().write(rest).await.map_err(Error::Io)?;
                    rest = &rest[written..];
                }
                Ok(())
            }
        }
    }
}
