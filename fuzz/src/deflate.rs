//! Messages that are worth compressing, and codecs run over them in pieces.

use arbitrary::Arbitrary;
use bareframe_deflate::{DeflateStep, Deflater, InflateError, Inflater, Level, Size, Step, WindowBits};

/// A message of parts that are repeated.
#[derive(Arbitrary, Debug)]
pub struct Compressible<'a>(Vec<(&'a [u8], u8, u8)>);

impl Compressible<'_> {
    /// Returns the message, which has at most 20,000 bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut message = Vec::new();
        for (bytes, times, shift) in &self.0 {
            for _ in 0..=*times {
                message.extend(bytes.iter().map(|byte| byte >> (shift % 8)));
            }
        }
        message.truncate(20_000);
        message
    }
}

/// Returns window bits for any number.
pub fn window_bits(number: u8) -> WindowBits {
    WindowBits::new(8 + number % 8).expect("it is 8 to 15")
}

/// Compresses a message that comes in pieces of this size, into outputs of this size.
pub fn deflate<L: Level>(
    deflater: &mut Deflater<L>,
    message: &[u8],
    piece: usize,
    out_len: usize,
) -> Vec<u8> {
    let mut payload = Vec::new();
    let mut out = vec![0; out_len];
    let mut rest = message;
    loop {
        let (mut input, after) = rest.split_at(piece.min(rest.len()));
        rest = after;
        loop {
            let step = deflater.deflate(&mut input, &mut out, rest.is_empty());
            let (DeflateStep::NeedsInput(len) | DeflateStep::OutputFull(len) | DeflateStep::MessageEnd(len)) =
                step;
            payload.extend_from_slice(&out[..len]);
            match step {
                DeflateStep::OutputFull(len) => assert_eq!(len, out_len),
                DeflateStep::NeedsInput(_) => break assert!(input.is_empty()),
                DeflateStep::MessageEnd(_) => {
                    assert!(input.is_empty() && rest.is_empty());
                    return payload;
                }
            }
        }
    }
}

/// Inflates a message that comes in pieces of this size; returns its bytes, and the error and the index of its byte.
pub fn inflate<T: Size>(
    inflater: &mut Inflater<T>,
    window: &mut [u8],
    payload: &[u8],
    piece: usize,
) -> (Vec<u8>, Option<(InflateError, usize)>) {
    let mut bytes = Vec::new();
    let mut rest = payload;
    loop {
        let (mut input, after) = rest.split_at(piece.min(rest.len()));
        rest = after;
        loop {
            match inflater.inflate(window, &mut input, rest.is_empty()) {
                Ok(Step::Output(range)) => {
                    assert!(!range.is_empty());
                    bytes.extend_from_slice(&window[range]);
                }
                Ok(Step::NeedsInput) => break assert!(input.is_empty() && !rest.is_empty()),
                Ok(Step::MessageEnd) => {
                    assert!(input.is_empty() && rest.is_empty());
                    return (bytes, None);
                }
                Err(error) => return (bytes, Some((error, payload.len() - rest.len() - input.len()))),
            }
        }
    }
}
