//! What a page can ask the server to send, because a browser can't.

use bareframe::CloseReason;
use bareframe_embedded_io::{CloseCode, Error, MessageKind, Rsv, Server, WebSocket};
use embedded_io_async::{Read, Write};

/// What can be asked for, as the page is told it.
pub(crate) const ASKS: &str = concat!(
    r#"[{"do":"ping","label":"Ping","section":"5.5.2"},"#,
    r#"{"do":"pong","label":"Pong","section":"5.5.3"},"#,
    r#"{"do":"fragments","label":"Fragments","section":"5.4"},"#,
    r#"{"do":"close","label":"Close","section":"5.5.1"}]"#,
);

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ask {
    Ping,
    Pong,
    Fragments,
    Close(CloseReason),
}

impl Ask {
    /// Parses what a page says.
    pub(crate) fn parse(text: &str) -> Option<Ask> {
        let (name, argument) = text.split_once(' ').unwrap_or((text, ""));
        match name {
            "ping" => Some(Ask::Ping),
            "pong" => Some(Ask::Pong),
            "fragments" => Some(Ask::Fragments),
            "close" => {
                let (code, reason) = argument.split_once(' ').unwrap_or((argument, ""));
                let code = CloseCode::new(code.parse().ok()?)?;
                Some(Ask::Close(CloseReason::new(code, reason)?))
            }
            _ => None,
        }
    }

    /// Sends what was asked for.
    pub(crate) async fn answer<S: Read + Write>(
        self,
        socket: &mut WebSocket<'_, S, Server>,
    ) -> Result<(), Error<S::Error>> {
        let writer = socket.writer();
        match self {
            Ask::Ping => writer.ping(b"are you there?").await,
            Ask::Pong => writer.pong(b"I am here").await,
            Ask::Fragments => {
                let (text, rsv) = (MessageKind::Text, Rsv::NONE);
                writer.send_fragment(text, rsv, false, b"and a").await?;
                writer.send_fragment(text, rsv, false, b"happy new").await?;
                writer.ping(b"between fragments").await?;
                writer.send_fragment(text, rsv, true, b"year!").await
            }
            Ask::Close(reason) => writer.send_close(reason.code(), reason.reason()).await,
        }
    }
}
