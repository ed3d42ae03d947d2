//! What inflates the messages of one direction, with the history of those before.

use crate::frames::{Inflate, Inflated, SHOWN, keep};
use bareframe::handshake::{Extension, Extensions};
use bareframe_deflate::{
    Fast, InflateError, Inflater, NegotiationError, Offer, Parameters, Step, WindowBits, agree,
};
use heapless::Vec;

/// Inflates what was compressed by parameters, once they are known.
#[derive(Default)]
pub(crate) struct MessageInflater {
    parameters: Option<Parameters>,
    /// From the first compressed message on.
    begun: Option<Begun>,
}

/// What inflates, and its window.
struct Begun {
    inflater: Box<Inflater<Fast>>,
    window: Box<[u8]>,
}

/// The first bytes, and how many there are.
#[derive(Default)]
pub(crate) struct Kept {
    bytes: Vec<u8, SHOWN>,
    len: u64,
}

impl MessageInflater {
    /// Creates one for a direction of a connection on which these were agreed on.
    pub(crate) fn new(parameters: Parameters) -> MessageInflater {
        MessageInflater {
            parameters: Some(parameters),
            begun: None,
        }
    }
}

/// Returns what a server has agreed to by these extensions of its response, if it has agreed to compression.
pub(crate) fn agreed<'e>(
    response: impl IntoIterator<Item = Extension<'e>>,
) -> Result<Option<Parameters>, NegotiationError> {
    // Whatever a server may respond fits an offer that leaves all to it.
    agree(&[Offer::DEFAULT], response)
}

/// Returns what the head of a server's response has agreed to.
pub(crate) fn agreed_in(head: &str) -> Option<Parameters> {
    let mut lines = head.lines();
    if !lines.next().is_some_and(|line| line.starts_with("HTTP/1.1 101")) {
        return None;
    }
    lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if !name.eq_ignore_ascii_case("sec-websocket-extensions") {
            return None;
        }
        agreed(Extensions::parse(value.trim())?).ok()?
    })
}

impl Inflate for MessageInflater {
    type Inflated = Kept;

    fn begin(&mut self, is_masked: bool) -> bool {
        let Some(parameters) = &self.parameters else {
            return false;
        };
        self.begun.get_or_insert_with(|| {
            let direction = if is_masked {
                parameters.client()
            } else {
                parameters.server()
            };
            let inflater = Inflater::new(direction.window_bits());
            let inflater = inflater.with_context_takeover(direction.context_takeover());
            Begun {
                inflater: Box::new(inflater),
                window: vec![0; WindowBits::MAX.size()].into(),
            }
        });
        true
    }

    fn inflate(
        &mut self,
        bytes: &[u8],
        is_last: bool,
        made: &mut dyn FnMut(&[u8]),
    ) -> Result<(), &'static str> {
        let Some(Begun { inflater, window }) = &mut self.begun else {
            return Ok(());
        };
        let mut rest = bytes;
        loop {
            match inflater.inflate(window, &mut rest, is_last) {
                Ok(Step::Output(range)) => made(&window[range]),
                Ok(Step::NeedsInput | Step::MessageEnd) => return Ok(()),
                Err(error) => return Err(why(error)),
            }
        }
    }
}

const fn why(error: InflateError) -> &'static str {
    match error {
        InflateError::InvalidBlockType => "a compressed block has a reserved type",
        InflateError::InvalidStoredLength => "the length of a stored block contradicts its complement",
        InflateError::InvalidCodeLengths => "the code lengths of a compressed block make no code",
        InflateError::InvalidSymbol => "a code has no meaning",
        InflateError::InvalidDistance => "a distance goes back beyond the window or the first message",
        InflateError::Unfinished => "the message ends inside of a compressed block",
        _ => "it can't be inflated",
    }
}

impl Inflated for Kept {
    fn add(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        keep(&mut self.bytes, bytes);
    }

    fn get(&self) -> Option<(&[u8], u64)> {
        Some((&self.bytes, self.len))
    }
}
