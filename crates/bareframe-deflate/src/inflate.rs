//! Inflater: inflates compressed messages, in pieces of any size.

mod bits;
mod blocks;
mod canonical;
mod compact;
mod error;
mod fast;
mod lengths;
mod ring;
mod table;

pub use compact::Compact;
pub use error::InflateError;
pub use fast::Fast;

use crate::WindowBits;
use crate::symbols::DISTANCES;
use bits::{BitBuffer, Source, Stop};
use blocks::Blocks;
use canonical::{Code, Decoded};
use core::fmt;
use core::ops::Range;
use error::Fault;
use lengths::Codes;
use ring::Ring;

/// Inflates the payloads of compressed messages (RFC 7692 section 7.2.2), in the caller's window.
///
/// The window is history and output at once: [`inflate`](Inflater::inflate) returns the range of it that it wrote, and the
/// bytes stay there until the next call. They must not be changed, since later messages may refer to them.
///
/// ```
/// use bareframe_deflate::{Fast, Inflater, Step, WindowBits};
///
/// let mut inflater = Inflater::<Fast>::new(WindowBits::MAX).with_limit(1 << 20);
/// let mut window = vec![0; WindowBits::MAX.size()];
/// let mut input = &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00][..]; // RFC 7692, section 7.2.3.1
/// let mut message = Vec::new();
/// loop {
///     match inflater.inflate(&mut window, &mut input, true)? {
///         Step::Output(range) => message.extend_from_slice(&window[range]),
///         Step::NeedsInput => unreachable!("the payload is whole"),
///         Step::MessageEnd => break,
///     }
/// }
/// assert_eq!(message, b"Hello");
/// # Ok::<(), bareframe_deflate::InflateError>(())
/// ```
// What is long is at the end, so that an instruction of a microcontroller reaches the rest.
#[derive(Clone)]
#[repr(C)]
pub struct Inflater<T = Fast> {
    window_bits: WindowBits,
    context_takeover: bool,
    limit: u64,
    /// The position in the window of the next byte.
    at: usize,
    /// How many bytes before that a distance may reach.
    history: usize,
    /// How many bytes the message may still have.
    left: u64,
    /// How long the memory of the window is, or 0 before the first call.
    memory_len: usize,
    /// How many bytes of the tail were taken, once the payload has ended.
    tail: Option<usize>,
    fault: Option<Fault>,
    blocks: Blocks<T>,
}

/// What [`Inflater::inflate`] did.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum Step {
    /// Bytes of the message are in this range of the window, which is never empty.
    Output(Range<usize>),
    /// All input was taken, and the message continues.
    NeedsInput,
    /// All input was taken, and the message has ended.
    MessageEnd,
}

/// How much memory an [`Inflater`] takes for speed: [`Compact`] or [`Fast`].
///
/// ```
/// use bareframe_deflate::{Compact, Fast, Inflater, Size, WindowBits};
///
/// fn inflater<T: Size>() -> Inflater<T> {
///     Inflater::new(WindowBits::MAX)
/// }
/// assert!(size_of_val(&inflater::<Compact>()) < size_of_val(&inflater::<Fast>()));
/// ```
#[allow(private_bounds, reason = "nobody else implements it")]
pub trait Size: Decode + Default + fmt::Debug {}

/// The decoding, which differs in speed and memory.
pub(crate) trait Decode {
    /// Prepares for code lengths with this code.
    fn build_code_lengths(&mut self, _: &Code<DISTANCES>) {}

    /// Decodes the symbol of a code length at the front of the bits.
    fn code_length(&self, code: &Code<DISTANCES>, buffer: &BitBuffer) -> Decoded {
        code.decode(buffer)
    }

    /// Prepares for a block with these codes.
    fn build(&mut self, codes: &Codes);

    /// Decodes any number of whole symbols in front of the source.
    fn run(&self, is_fixed: bool, buffer: &mut BitBuffer, source: &mut Source<'_>, ring: &mut Ring<'_>);
}

/// What a sender removed from the end of a message's payload (RFC 7692 section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

impl<T: Size> Inflater<T> {
    /// Creates an inflater for messages that were compressed with this window at most.
    ///
    /// It has context takeover and no limit.
    #[must_use]
    pub fn new(window_bits: WindowBits) -> Inflater<T> {
        Inflater {
            window_bits,
            context_takeover: true,
            limit: u64::MAX,
            at: 0,
            history: 0,
            left: u64::MAX,
            memory_len: 0,
            tail: None,
            fault: None,
            blocks: Blocks::new(T::default()),
        }
    }

    /// Sets whether a message may refer to those before it (RFC 7692 section 7.1.1).
    ///
    /// ```
    /// use bareframe_deflate::{Compact, InflateError, Inflater, Step, WindowBits};
    ///
    /// // "Hello" twice (RFC 7692, section 7.2.3.2): the second message refers to the first.
    /// let (first, second) = ([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], [0xF2, 0x00, 0x11, 0x00, 0x00]);
    /// let mut window = [0; 256];
    /// let mut inflater = Inflater::<Compact>::new(WindowBits::MIN);
    /// while inflater.inflate(&mut window, &mut &first[..], true)? != Step::MessageEnd {}
    /// assert_eq!(inflater.inflate(&mut window, &mut &second[..], true)?, Step::Output(5..10));
    ///
    /// let mut inflater = Inflater::<Compact>::new(WindowBits::MIN).with_context_takeover(false);
    /// while inflater.inflate(&mut window, &mut &first[..], true)? != Step::MessageEnd {}
    /// let mut second = &second[..];
    /// assert_eq!(inflater.inflate(&mut window, &mut second, true)?, Step::Output(0..1));
    /// let error = inflater.inflate(&mut window, &mut second, true).unwrap_err();
    /// assert_eq!(error, InflateError::InvalidDistance);
    /// # Ok::<(), InflateError>(())
    /// ```
    #[must_use]
    pub fn with_context_takeover(mut self, takeover: bool) -> Inflater<T> {
        self.context_takeover = takeover;
        self
    }

    /// Sets how many bytes a message may have when it is inflated.
    ///
    /// A message that is longer fails with [`InflateError::TooBig`] before a byte beyond the limit is inflated.
    #[must_use]
    pub fn with_limit(mut self, limit: u64) -> Inflater<T> {
        self.limit = limit;
        self.left = limit;
        self
    }

    /// Returns the window bits.
    #[must_use]
    pub fn window_bits(&self) -> WindowBits {
        self.window_bits
    }

    /// Forgets the history, the current message and an error, so that another connection may use inflater and window.
    ///
    /// The window need not be overwritten, since no distance reaches its old content.
    ///
    /// ```
    /// use bareframe_deflate::{Compact, InflateError, Inflater, Step, WindowBits};
    /// let mut window = [0; 256];
    /// let mut inflater = Inflater::<Compact>::new(WindowBits::MIN);
    /// let error = inflater.inflate(&mut window, &mut &[0xFF][..], true);
    /// assert_eq!(error, Err(InflateError::InvalidBlockType));
    /// inflater.reset();
    /// assert_eq!(inflater.inflate(&mut window, &mut &[0x00][..], true), Ok(Step::MessageEnd));
    /// ```
    pub fn reset(&mut self) {
        self.blocks.reset();
        self.memory_len = 0;
        self.fault = None;
        self.tail = None;
        self.left = self.limit;
        (self.at, self.history) = (0, 0);
    }

    /// Forgets all that [`Inflater::reset`] does, and continues as an inflater with these settings, in another window.
    ///
    /// ```
    /// use bareframe_deflate::{Compact, Inflater, Step, WindowBits};
    /// let mut inflater = Inflater::<Compact>::new(WindowBits::MAX);
    /// inflater.reset_to(WindowBits::MIN, false, 1000);
    /// assert_eq!(inflater.inflate(&mut [0; 256], &mut &[0x00][..], true), Ok(Step::MessageEnd));
    /// ```
    pub fn reset_to(&mut self, window_bits: WindowBits, context_takeover: bool, limit: u64) {
        (self.window_bits, self.context_takeover) = (window_bits, context_takeover);
        self.limit = limit;
        self.reset();
    }

    /// Inflates what is in front of `input`, the unmasked payload of a message's frames one after the other; `is_last` says that
    /// the message ends with `input`.
    ///
    /// `window` is memory of at least [`WindowBits::size`] bytes, and the same at every call. The bytes that it takes
    /// are removed from `input`. After [`Step::Output`] the rest of the same input is expected.
    ///
    /// # Errors
    ///
    /// Returns an error if the payload can't be inflated. Then `input` begins at the byte that proves it, or is empty
    /// if the end of the message does, whatever the cuts of the input. Every later call takes nothing and returns the
    /// same error. [`InflateError::Window`] changes nothing.
    pub fn inflate(
        &mut self,
        window: &mut [u8],
        input: &mut &[u8],
        is_last: bool,
    ) -> Result<Step, InflateError> {
        if let Some(fault) = self.fault {
            return Err(fault.error(self.limit));
        }
        let len = window.len();
        let needed = match self.memory_len {
            0 => len.max(self.window_bits.size()),
            before => before,
        };
        if len != needed {
            return Err(InflateError::Window { len, needed });
        }
        self.memory_len = len;
        if self.at == len {
            self.at = 0;
        }
        let begin = self.at;
        let mut ring = Ring {
            bytes: window,
            at: begin,
            history: self.history,
            window: self.window_bits.size(),
            left: usize::try_from(self.left).unwrap_or(usize::MAX),
        };
        let result = self.advance(&mut ring, input, is_last);
        (self.at, self.history) = (ring.at, ring.history);
        self.left = self.left.wrapping_sub(self.at.wrapping_sub(begin) as u64);
        self.fault = result.err();
        if self.at > begin {
            return Ok(Step::Output(begin..self.at));
        }
        if result.map_err(|fault| fault.error(self.limit))? {
            self.end_message();
            return Ok(Step::MessageEnd);
        }
        Ok(Step::NeedsInput)
    }

    /// Decodes as far as input and room last, and returns `true` at the end of the message.
    fn advance(&mut self, ring: &mut Ring<'_>, input: &mut &[u8], is_last: bool) -> Result<bool, Fault> {
        loop {
            let mut source = Source::new(match self.tail {
                None => input,
                Some(taken) => TAIL.get(taken..).unwrap_or_default(),
            });
            let stop = self.blocks.run(&mut source, ring);
            match stop {
                Stop::NeedsInput => {}
                Stop::NeedsRoom => self.blocks.buffer.unread(&mut source),
                Stop::Fault(_) => self.blocks.buffer.unread_last(&mut source),
            }
            match &mut self.tail {
                None => *input = source.rest(),
                Some(taken) => *taken = taken.wrapping_add(source.taken()),
            }
            if let Stop::Fault(fault) = stop {
                return Err(fault);
            }
            if stop == Stop::NeedsRoom {
                return Ok(false);
            }
            if self.tail.is_some() {
                return if self.blocks.is_between_blocks() {
                    Ok(true)
                } else {
                    Err(Fault::Unfinished)
                };
            }
            // Bits of a symbol that the tail completes could not be returned to the input, so the symbol is decoded
            // when there is room.
            if !is_last || ring.room() == 0 {
                return Ok(false);
            }
            // The blocks are whole without the tail if the sender did not end with a flush.
            if self.blocks.is_at_tail() {
                self.blocks.end_block(ring);
            }
            let is_whole = self.blocks.is_between_blocks();
            self.tail = Some(if is_whole { TAIL.len() } else { 0 });
            if is_whole {
                return Ok(true);
            }
        }
    }

    fn end_message(&mut self) {
        self.tail = None;
        self.blocks.buffer.clear();
        self.left = self.limit;
        if !self.context_takeover {
            (self.at, self.history) = (0, 0);
        }
    }
}

impl<T> fmt::Debug for Inflater<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater")
            .field("window_bits", &self.window_bits)
            .field("context_takeover", &self.context_takeover)
            .field("limit", &self.limit)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

// Beside the window.
const _: () = assert!(size_of::<Inflater<Compact>>() <= 1024);
const _: () = assert!(size_of::<Inflater<Fast>>() <= 8192);
