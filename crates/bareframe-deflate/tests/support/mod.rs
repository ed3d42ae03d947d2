//! Inflaters run in every way of cutting input and output, and held to the naive one.

#![allow(dead_code, reason = "each test uses some of it")]

use bareframe_deflate::{InflateError, Inflater, Size, Step, WindowBits};
use bareframe_testkit::{DeflateFault, Inflated, NaiveInflater};

pub(crate) fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

/// Inflates one message that comes in pieces, and says what became of it.
pub(crate) fn inflate<T: Size>(
    inflater: &mut Inflater<T>,
    window: &mut [u8],
    pieces: &[Vec<u8>],
) -> Inflated {
    let mut bytes = Vec::new();
    let mut before = 0;
    // A message without pieces has an empty one.
    let none = [Vec::new()];
    let pieces = if pieces.is_empty() { &none } else { pieces };
    for (index, piece) in pieces.iter().enumerate() {
        let mut input = &piece[..];
        let is_last = index + 1 == pieces.len();
        loop {
            let left = input.len();
            match inflater.inflate(window, &mut input, is_last) {
                Ok(Step::Output(range)) => {
                    assert!(!range.is_empty(), "progress");
                    bytes.extend_from_slice(&window[range]);
                }
                Ok(Step::NeedsInput) => {
                    assert!(input.is_empty() && !is_last, "all input is taken");
                    break;
                }
                Ok(Step::MessageEnd) => {
                    assert!(input.is_empty() && is_last);
                    return Inflated { bytes, fault: None };
                }
                Err(error) => {
                    assert!(input.len() <= left);
                    let at = before + piece.len() - input.len();
                    let again = inflater.inflate(window, &mut input, is_last);
                    assert_eq!(again, Err(error), "it stays");
                    let fault = Some((fault_of(error), at));
                    return Inflated { bytes, fault };
                }
            }
        }
        before += piece.len();
    }
    unreachable!("the last piece ends the message")
}

fn fault_of(error: InflateError) -> DeflateFault {
    match error {
        InflateError::InvalidBlockType => DeflateFault::BlockType,
        InflateError::InvalidStoredLength => DeflateFault::StoredLength,
        InflateError::InvalidCodeLengths => DeflateFault::CodeLengths,
        InflateError::InvalidSymbol => DeflateFault::Symbol,
        InflateError::InvalidDistance => DeflateFault::Distance,
        InflateError::Unfinished => DeflateFault::Unfinished,
        InflateError::TooBig { .. } => DeflateFault::TooBig,
        other => panic!("{other}"),
    }
}

/// How inflaters are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) bits: u8,
    pub(crate) takeover: bool,
    pub(crate) limit: u64,
}

impl Setting {
    pub(crate) const MAX: Setting = Setting {
        bits: 15,
        takeover: true,
        limit: u64::MAX,
    };

    pub(crate) fn inflater<T: Size>(self) -> Inflater<T> {
        Inflater::new(bits(self.bits))
            .with_context_takeover(self.takeover)
            .with_limit(self.limit)
    }

    pub(crate) fn naive(self) -> NaiveInflater {
        let naive =
            NaiveInflater::new(1 << self.bits).with_limit(self.limit.try_into().unwrap_or(usize::MAX));
        if self.takeover {
            naive
        } else {
            naive.without_takeover()
        }
    }

    /// Returns what the naive inflater makes of messages, up to the first fault.
    pub(crate) fn expected(self, messages: &[Vec<u8>]) -> Vec<Inflated> {
        let mut naive = self.naive();
        let mut all = Vec::new();
        for message in messages {
            let inflated = naive.message(message);
            let failed = inflated.fault.is_some();
            all.push(inflated);
            if failed {
                break;
            }
        }
        all
    }

    /// Runs messages, each in pieces as `cut` has it, through an inflater with a memory of this many bytes more than
    /// its window.
    #[track_caller]
    pub(crate) fn check<T: Size>(
        self,
        messages: &[Vec<u8>],
        expected: &[Inflated],
        more: usize,
        mut cut: impl FnMut(&[u8]) -> Vec<Vec<u8>>,
    ) {
        let mut inflater = self.inflater::<T>();
        // What was in the memory before never shows.
        let mut window = vec![0xEE; (1 << self.bits) + more];
        for (message, expected) in messages.iter().zip(expected) {
            let inflated = inflate(&mut inflater, &mut window, &cut(message));
            if inflated != *expected {
                let common = inflated
                    .bytes
                    .iter()
                    .zip(&expected.bytes)
                    .take_while(|(a, b)| a == b)
                    .count();
                panic!(
                    "{self:?}: {} bytes, {:?}; expected {}, {:?}; {common} are equal",
                    inflated.bytes.len(),
                    inflated.fault,
                    expected.bytes.len(),
                    expected.fault
                );
            }
        }
    }
}

/// Like what a stock exchange sends.
pub(crate) fn json(seed: u64, len: usize) -> Vec<u8> {
    let mut random = bareframe_testkit::Random::new(seed);
    let mut text = String::new();
    while text.len() < len {
        let number = random.number();
        text += &format!(
            "{{\"e\":\"trade\",\"E\":{},\"s\":\"BTCUSDT\",\"p\":\"{}.{:02}\",\"q\":\"0.{:05}\",\"m\":{}}},",
            1_700_000_000_000 + (number >> 40),
            60_000 + number % 999,
            number >> 8 & 63,
            number >> 16 & 0xFFFF,
            number & 1 << 33 != 0
        );
    }
    text.truncate(len);
    text.into_bytes()
}

/// Runs and repeats of all lengths and distances, and bytes between them.
pub(crate) fn repetitive(seed: u64, len: usize) -> Vec<u8> {
    let mut random = bareframe_testkit::Random::new(seed);
    let mut bytes: Vec<u8> = random.bytes(4);
    while bytes.len() < len {
        let distance = match random.below(4) {
            0 => 1 + random.below(8),
            1 => 1 + random.below(300),
            _ => 1 + random.below(bytes.len()),
        };
        for _ in 0..random.below(300) {
            bytes.push(bytes[bytes.len() - distance.min(bytes.len())]);
        }
        let literals = random.below(20);
        bytes.extend(random.bytes(literals));
    }
    bytes.truncate(len);
    bytes
}

/// Compresses messages with zlib-rs, as `level` and window have it; from 9 bits on.
pub(crate) fn zlib(level: i32, window_bits: u8, takeover: bool, messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut deflate = zlib_rs::Deflate::new(level, false, window_bits);
    let mut all = Vec::new();
    for message in messages {
        if !takeover {
            deflate.reset();
        }
        let mut out = vec![0; message.len() * 2 + 1000];
        let before = deflate.total_out();
        deflate
            .compress(message, &mut out, zlib_rs::DeflateFlush::SyncFlush)
            .unwrap();
        out.truncate((deflate.total_out() - before) as usize);
        assert!(out.ends_with(&[0, 0, 0xFF, 0xFF]));
        out.truncate(out.len() - 4);
        all.push(out);
    }
    all
}
