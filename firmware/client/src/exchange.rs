//! Sends messages to an echo server, and checks the echoes.

use bareframe_embedded_io::{
    Assembler, Client, CloseCode, Config, Connecting, Error, Event, Frame, MessageKind, Offer, RandomKeys,
    SliceBuffer, WebSocket,
};
use core::fmt;
use cortex_m::singleton;
use embedded_io_async::{Read, Write};
use net::Reset;
use rand_core::CryptoRng;

/// The lengths of messages, in bytes.
const LENGTHS: [usize; 7] = [0, 1, 125, 126, 4_096, 65_535, 65_536];
const LONGEST: usize = 65_536;

/// A text in fragments, one of which ends within a character.
const FRAGMENTS: [&[u8]; 3] = [b"\xce\xba\xcf", b"", b"\x8c\xcf\x83\xce\xbc\xce\xb5"];
const TEXT: &str = "κόσμε";

/// Why the exchange failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    Error(Error<Reset>),
    /// What was not as expected.
    Wrong(&'static str),
}

type Socket<S, G> = WebSocket<S, Client<RandomKeys<G>>, [u8; 2048], [u8; 2048]>;

/// Sends everything, and returns how many messages came back.
pub(crate) async fn exchange<S: Read<Error = Reset> + Write>(
    stream: S,
    host: &str,
    generator: impl CryptoRng,
) -> Result<usize, Failure> {
    let offer = Offer::new(host, "/");
    let connecting = Connecting::new(stream, &offer, RandomKeys(generator), [0; 1024])?;
    let mut socket = connecting
        .establish(Config::DEFAULT, [0; 2048], [0; 2048])
        .await?;
    let memory = singleton!(: [u8; LONGEST] = [0; LONGEST]).expect("one exchange is enough");
    let mut assembler = Assembler::new(SliceBuffer::new(memory));

    let payload = singleton!(: [u8; LONGEST] = [0; LONGEST]).expect("one exchange is enough");
    for (letter, byte) in (b'a'..=b'z').cycle().zip(payload.iter_mut()) {
        *byte = letter;
    }
    for len in LENGTHS {
        for kind in [MessageKind::Text, MessageKind::Binary] {
            let mut frame = match kind {
                MessageKind::Text => Frame::text_piece(&payload[..len]),
                MessageKind::Binary => Frame::binary(&payload[..len]),
            };
            socket.send_frame(&mut frame).await?;
            expect(&mut socket, &mut assembler, kind, &payload[..len]).await?;
        }
    }
    for (number, fragment) in (1..).zip(FRAGMENTS) {
        let fin = number == FRAGMENTS.len();
        socket
            .send_frame(&mut Frame::text_piece(fragment).fragment(fin))
            .await?;
    }
    expect(&mut socket, &mut assembler, MessageKind::Text, TEXT.as_bytes()).await?;
    socket.ping(b"there?").await?;
    match socket.read_event().await? {
        Some(Event::Pong(payload)) if *payload == *b"there?" => {}
        _ => return Err(Failure::Wrong("the Ping is not answered")),
    }
    socket.close(CloseCode::NORMAL_CLOSURE, "that is all").await?;
    Ok(LENGTHS.len() * 2 + 1)
}

async fn expect<S: Read<Error = Reset> + Write, G: CryptoRng>(
    socket: &mut Socket<S, G>,
    assembler: &mut Assembler<SliceBuffer<'_>>,
    kind: MessageKind,
    payload: &[u8],
) -> Result<(), Failure> {
    match socket.read(assembler).await? {
        None => Err(Failure::Wrong("the server closes the connection")),
        Some(message) if (message.kind(), message.payload()) == (kind, payload) => Ok(()),
        Some(_) => Err(Failure::Wrong("the echo is another message")),
    }
}

impl<E: Into<Error<Reset>>> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::Error(error.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Error(error) => error.fmt(f),
            Failure::Wrong(what) => f.write_str(what),
        }
    }
}
