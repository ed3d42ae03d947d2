//! The same bytes through this engine and two others; every difference is listed by the clause that decides it.

#![no_main]

use bareframe::{Config, Limits, ProtocolError, Rsv};
use bareframe_fuzz::{Conversation, UnderTest};
use bareframe_testkit::{Script, Seen, Side, Transcript};
use futures_util::{FutureExt, StreamExt};
use libfuzzer_sys::fuzz_target;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The result of one implementation.
#[derive(PartialEq, Eq, Debug)]
struct Outcome {
    heard: Vec<Heard>,
    /// Its own word for the violation, if it found one.
    refused: Option<String>,
}

/// A whole message or a control frame.
#[derive(PartialEq, Eq, Debug)]
enum Heard {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
}

/// Where two outcomes part: the first thing that only one of them has, and what each says of a violation.
#[derive(Debug)]
struct Parting<'o> {
    ours: Option<&'o Heard>,
    our_error: Option<ProtocolError>,
    theirs: Option<&'o Heard>,
    their_error: Option<&'o str>,
    /// What arrived of the last frame, if it is not whole.
    unfinished: &'o [u8],
}

/// A difference, and the clause that decides it.
struct Listed {
    other: Other,
    /// What the other does there.
    other_does: &'static str,
    clause: &'static str,
    is: fn(&Parting<'_>) -> bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Other {
    Tungstenite,
    TokioWebsockets,
}

const LISTED: [Listed; 6] = [
    Listed {
        other: Other::Tungstenite,
        other_does: "takes a length in more bytes than it needs",
        clause: "5.2: the minimal number of bytes must be used",
        is: |parting| parting.our_error == Some(ProtocolError::NonMinimalLength),
    },
    Listed {
        other: Other::Tungstenite,
        other_does: "takes a control frame whose length, at most 125, is written in 16 or 64 bits",
        clause: "5.2 and 5.5: such a length has 7 bits",
        is: |parting| {
            parting.our_error == Some(ProtocolError::OversizedControl) && parting.their_error.is_none()
        },
    },
    Listed {
        other: Other::Tungstenite,
        other_does: "reports a Close with a code that must not be sent as a Close with 1002",
        clause: "7.4: either way the connection ends and the answer is 1002",
        is: |parting| {
            parting.our_error == Some(ProtocolError::InvalidCloseCode) && is_close(parting.theirs, 1002)
        },
    },
    Listed {
        other: Other::Tungstenite,
        other_does: "reports a Close with 1014 as one with 1002",
        clause: "7.4.2: codes to 2999 are what the registry says, and it has 1014",
        is: |parting| is_close(parting.ours, 1014) && is_close(parting.theirs, 1002),
    },
    Listed {
        other: Other::TokioWebsockets,
        other_does: "takes text that ends inside a character, if its last frame is empty",
        clause: "5.6 and 8.1: the whole message must be UTF-8",
        is: |parting| {
            let unfinished =
                |heard: &Heard| matches!(heard, Heard::Text(text) if ends_inside_character(text));
            parting.our_error == Some(ProtocolError::InvalidUtf8) && parting.theirs.is_some_and(unfinished)
        },
    },
    Listed {
        other: Other::TokioWebsockets,
        other_does: "refuses a Close with a payload of one byte at its length, and ours at that byte",
        clause: "5.5.1: both refuse it; no clause names the moment",
        is: |parting| {
            parting.our_error.is_none()
                && parting.their_error == Some("Protocol(InvalidPayloadLength)")
                && matches!(parting.unfinished, [0x88, 0x01 | 0x81, ..])
        },
    },
];

/// Messages are short here: what an implementation reserves for a length that was declared is not the question.
const LIMIT: usize = 1 << 16;

fuzz_target!(|conversation: Conversation<'_>| {
    let mut script = conversation.script();
    script.config = Config::DEFAULT.with_rsv(Rsv::NONE).with_limits(
        Limits::UNLIMITED
            .with_frame(LIMIT as u64)
            .with_message(LIMIT as u64)
            .with_fragments(u32::MAX),
    );
    let transcript = conversation.received_by::<UnderTest>(&script);
    let ours = outcome(&transcript);
    let pieces: VecDeque<Vec<u8>> = conversation.pieces(&script.input).into();
    compare(
        &script,
        &transcript,
        &ours,
        Other::Tungstenite,
        tungstenite(script.side, pieces.clone()),
    );
    compare(
        &script,
        &transcript,
        &ours,
        Other::TokioWebsockets,
        tokio_websockets(script.side, pieces),
    );
});

fn compare(script: &Script, transcript: &Transcript, ours: &Outcome, other: Other, theirs: Outcome) {
    if ours.heard == theirs.heard && ours.refused.is_some() == theirs.refused.is_some() {
        return;
    }
    // No clause names the moment at which a fault is found: the other may wait for the end of the frame.
    let whole = whole_frames(&script.input);
    if let Some((_, at)) = transcript.error
        && ours.heard == theirs.heard
        && at >= whole
    {
        return;
    }
    let longer = ours.heard.len().max(theirs.heard.len());
    let at = (0..longer)
        .find(|&at| ours.heard.get(at) != theirs.heard.get(at))
        .unwrap_or(longer);
    let parting = Parting {
        ours: ours.heard.get(at),
        our_error: transcript
            .error
            .map(|(error, _)| error)
            .filter(|_| at >= ours.heard.len()),
        theirs: theirs.heard.get(at),
        their_error: theirs.refused.as_deref().filter(|_| at >= theirs.heard.len()),
        unfinished: &script.input[whole..],
    };
    let mut of_other = LISTED.iter().filter(|listed| listed.other == other);
    if !of_other.clone().any(|listed| (listed.is)(&parting)) {
        let known = of_other
            .by_ref()
            .map(|listed| format!("\n- it {} ({})", listed.other_does, listed.clause));
        let known: String = known.collect();
        panic!("{other:?} differs: {parting:?}\nfor {script}\nWhat is listed of it:{known}");
    }
}

fn ends_inside_character(text: &[u8]) -> bool {
    core::str::from_utf8(text).is_err_and(|error| error.error_len().is_none())
}

fn is_close(heard: Option<&Heard>, code: u16) -> bool {
    matches!(heard, Some(Heard::Close(Some(other), _)) if *other == code)
}

/// Returns how many bytes the frames have that are whole, by their lengths alone.
fn whole_frames(bytes: &[u8]) -> usize {
    let mut end = 0;
    loop {
        let rest = &bytes[end..];
        let Some(&second) = rest.get(1) else { return end };
        let extended = match second & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some(length) = rest.get(2..2 + extended) else {
            return end;
        };
        let len = length.iter().fold(0, |len, &byte| len << 8 | u64::from(byte));
        let len = if extended == 0 {
            u64::from(second & 0x7F)
        } else {
            len
        };
        let key_len = if second & 0x80 == 0 { 0 } else { 4 };
        let Some(frame_len) = usize::try_from(len)
            .ok()
            .and_then(|len| len.checked_add(2 + extended + key_len))
        else {
            return end;
        };
        if frame_len > rest.len() {
            return end;
        }
        end += frame_len;
    }
}

fn outcome(transcript: &Transcript) -> Outcome {
    let mut heard = Vec::new();
    let mut open = Vec::new();
    for seen in &transcript.events {
        match seen {
            Seen::Data {
                kind, payload, last, ..
            } => {
                open.extend_from_slice(payload);
                if *last {
                    let message = std::mem::take(&mut open);
                    heard.push(match kind {
                        bareframe::MessageKind::Text => Heard::Text(message),
                        bareframe::MessageKind::Binary => Heard::Binary(message),
                    });
                }
            }
            Seen::Ping(payload) => heard.push(Heard::Ping(payload.clone())),
            Seen::Pong(payload) => heard.push(Heard::Pong(payload.clone())),
            Seen::Close { code, reason } => {
                heard.push(Heard::Close(code.map(|code| code.number()), reason.clone()));
            }
        }
    }
    Outcome {
        heard,
        refused: transcript.error.map(|(error, _)| format!("{error:?}")),
    }
}

/// A stream from which these pieces come, and then nothing forever; what is written to it is gone.
struct Wire(VecDeque<Vec<u8>>);

impl Wire {
    /// Returns the next bytes, at most this many; `None` if there are no more.
    fn next(&mut self, most: usize) -> Option<Vec<u8>> {
        let mut piece = loop {
            let piece = self.0.pop_front()?;
            if !piece.is_empty() {
                break piece;
            }
        };
        if piece.len() > most {
            self.0.push_front(piece.split_off(most));
        }
        Some(piece)
    }
}

impl Read for Wire {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let piece = self.next(out.len()).ok_or(io::ErrorKind::WouldBlock)?;
        out[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.next(out.remaining()) {
            Some(piece) => {
                out.put_slice(&piece);
                Poll::Ready(Ok(()))
            }
            None => Poll::Pending,
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn tungstenite(side: Side, pieces: VecDeque<Vec<u8>>) -> Outcome {
    use tungstenite::protocol::{Role, WebSocketConfig};
    use tungstenite::{Error, Message};

    let role = match side {
        Side::Server => Role::Server,
        Side::Client => Role::Client,
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(4096)
        .max_frame_size(Some(LIMIT))
        .max_message_size(Some(LIMIT));
    let mut socket = tungstenite::WebSocket::from_raw_socket(Wire(pieces), role, Some(config));
    let mut heard = Vec::new();
    let refused = loop {
        heard.push(match socket.read() {
            Ok(Message::Text(text)) => Heard::Text(text.as_bytes().to_vec()),
            Ok(Message::Binary(payload)) => Heard::Binary(payload.to_vec()),
            Ok(Message::Ping(payload)) => Heard::Ping(payload.to_vec()),
            Ok(Message::Pong(payload)) => Heard::Pong(payload.to_vec()),
            Ok(Message::Close(close)) => {
                let close = close.map(|close| (close.code.into(), close.reason.to_string()));
                let (code, reason) = close.unzip();
                heard.push(Heard::Close(code, reason.unwrap_or_default()));
                break None;
            }
            Ok(Message::Frame(frame)) => unreachable!("{frame} is never read"),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break None,
            Err(error) => break Some(format!("{error:?}")),
        });
    };
    Outcome { heard, refused }
}

fn tokio_websockets(side: Side, pieces: VecDeque<Vec<u8>>) -> Outcome {
    use tokio_websockets::{ClientBuilder, Limits, ServerBuilder};

    let limits = Limits::default().max_payload_len(Some(LIMIT));
    let wire = Wire(pieces);
    let mut socket = match side {
        Side::Server => ServerBuilder::new().limits(limits).serve(wire),
        Side::Client => ClientBuilder::new().limits(limits).take_over(wire),
    };
    let mut heard = Vec::new();
    let refused = loop {
        let message = match socket.next().now_or_never() {
            Some(Some(Ok(message))) => message,
            Some(Some(Err(error))) => break Some(format!("{error:?}")),
            Some(None) | None => break None,
        };
        if let Some((code, reason)) = message.as_close() {
            let code = u16::from(code);
            heard.push(Heard::Close((code != 1005).then_some(code), reason.to_owned()));
            break None;
        }
        let payload = message.as_payload().to_vec();
        heard.push(if message.is_text() {
            Heard::Text(payload)
        } else if message.is_binary() {
            Heard::Binary(payload)
        } else if message.is_ping() {
            Heard::Ping(payload)
        } else {
            Heard::Pong(payload)
        });
    };
    Outcome { heard, refused }
}
