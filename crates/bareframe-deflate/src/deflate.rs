//! Deflater: compresses messages, in pieces of any size.

mod best;
mod block;
mod chains;
mod fixed;
mod greedy;
mod history;
mod huffman;
mod memory;
mod output;

pub use best::Best;
pub use greedy::Greedy;
pub use memory::MemoryTooSmall;

use crate::WindowBits;
use core::fmt;
use core::ops::Range;
pub(crate) use history::History;
pub(crate) use output::Output;
use output::Pending;

/// Compresses messages for the payloads of frames (RFC 7692 section 7.2.1), in the caller's memory.
///
/// ```
/// use bareframe_deflate::{DeflateStep, Deflater, WindowBits};
///
/// let bits = WindowBits::new(9).unwrap();
/// let mut deflater = Deflater::greedy(bits, [0; 1024], [0; 128]).unwrap();
/// let mut out = [0; 100];
/// let mut input = &b"Hello"[..];
/// assert_eq!(deflater.deflate(&mut input, &mut out, true), DeflateStep::MessageEnd(7));
/// assert_eq!(out[..7], [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]); // RFC 7692, section 7.2.3.1
/// // The second message refers to the first.
/// let mut input = &b"Hello"[..];
/// assert_eq!(deflater.deflate(&mut input, &mut out, true), DeflateStep::MessageEnd(4));
/// ```
#[derive(Clone)]
pub struct Deflater<L> {
    level: L,
    history: History,
    window_bits: WindowBits,
    context_takeover: bool,
    pending: Pending,
    stage: Stage,
}

/// What [`Deflater::deflate`] did, with how many bytes it wrote.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use]
pub enum DeflateStep {
    /// All input was taken, and the message continues.
    NeedsInput(usize),
    /// The output is full, and there is more to write.
    OutputFull(usize),
    /// All input was taken and all output written. The message has ended.
    MessageEnd(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    BetweenMessages,
    Blocks,
    /// All blocks are written, and the flush after them is being written.
    Flush,
}

/// How a [`Deflater`] finds matches and writes blocks.
#[allow(private_bounds, reason = "nobody else implements it")]
pub trait Level: Encode {}

/// The operations of a level.
pub(crate) trait Encode {
    /// Returns the memory of two windows.
    fn buffer(&mut self) -> &mut [u8];

    /// Begins a message.
    fn begin(&mut self, history: &History);

    /// Returns how many bytes of history are worth keeping.
    fn history_kept(&self, window: usize) -> usize;

    /// Notes that the bytes of the buffer have moved to its front by this many bytes.
    fn slide(&mut self, by: usize);

    /// Returns how many bytes before what is next to compress are not in the output yet, nor in a block that shrinks.
    fn unwritten(&self) -> usize {
        0
    }

    /// Overwrites what it has kept of messages beside the buffer.
    fn wipe(&mut self) {}

    /// Overwrites all memory.
    fn clear(&mut self);

    /// Compresses the input ahead, if it is long enough or the last of the message, as far as there is room.
    fn run(&mut self, history: &mut History, output: &mut Output<'_>, is_last: bool) -> Run;
}

/// Why a level stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Run {
    NeedsInput,
    OutputFull,
    /// The last block is written.
    Finished,
}

impl<B: AsMut<[u8]>, H: AsMut<[u16]>> Deflater<Greedy<B, H>> {
    /// Creates a deflater that uses the first match that it finds and writes fixed codes.
    ///
    /// `buffer` has at least twice as many bytes as the window, and `heads` at least two elements: the more, the more matches
    /// are found. A quarter as many as the window has bytes are enough for a microcontroller, and 4,096 for a server.
    ///
    /// Only the largest power of two of the heads is used, and no more than two windows.
    ///
    /// # Errors
    ///
    /// [`MemoryTooSmall`], which says which memory has how many elements and needs how many.
    ///
    /// ```
    /// use bareframe_deflate::{Deflater, WindowBits};
    /// assert!(Deflater::greedy(WindowBits::MIN, [0; 512], [0; 64]).is_ok());
    /// let error = Deflater::greedy(WindowBits::MIN, [0; 512], [0; 1]).unwrap_err();
    /// assert_eq!(error.to_string(), "the heads of a deflater has 1 elements and needs 2");
    /// ```
    pub fn greedy(
        window_bits: WindowBits,
        buffer: B,
        heads: H,
    ) -> Result<Deflater<Greedy<B, H>>, MemoryTooSmall> {
        let level = Greedy::new(window_bits.size(), buffer, heads)?;
        Ok(Deflater::new(window_bits, level))
    }
}

impl<B, H, C, T> Deflater<Best<B, H, C, T>>
where
    B: AsMut<[u8]>,
    H: AsMut<[u16]>,
    C: AsMut<[u16]>,
    T: AsMut<[u32]>,
{
    /// Creates a deflater that searches for the longest match and computes codes for each block.
    ///
    /// `buffer` has at least twice as many bytes as the window, `heads` at least two elements, `links` at least as many as the
    /// window has bytes, and `tokens` one and a half times as many, of which 6,144 are always enough. As many heads as the window
    /// has bytes and 8,192 tokens are good for a server: together 224 KiB for the largest window.
    ///
    /// # Errors
    ///
    /// [`MemoryTooSmall`], which says which memory has how many elements and needs how many.
    ///
    /// ```
    /// use bareframe_deflate::{DeflateStep, Deflater, WindowBits};
    ///
    /// let bits = WindowBits::new(10).unwrap();
    /// let (buffer, heads, links) = ([0; 2048], [0; 1024], [0; 1024]);
    /// let mut deflater = Deflater::best(bits, buffer, heads, links, [0; 1536]).unwrap();
    /// let message = "to be or not to be, ".repeat(10);
    /// let mut out = [0; 100];
    /// let mut input = message.as_bytes();
    /// let DeflateStep::MessageEnd(len) = deflater.deflate(&mut input, &mut out, true) else { unreachable!() };
    /// assert!(len < 30);
    /// ```
    pub fn best(
        window_bits: WindowBits,
        buffer: B,
        heads: H,
        links: C,
        tokens: T,
    ) -> Result<Deflater<Best<B, H, C, T>>, MemoryTooSmall> {
        let level = Best::new(window_bits.size(), buffer, heads, links, tokens)?;
        Ok(Deflater::new(window_bits, level))
    }
}

impl<L: Level> Deflater<L> {
    pub(crate) fn new(window_bits: WindowBits, level: L) -> Deflater<L> {
        Deflater {
            level,
            history: History::new(window_bits),
            window_bits,
            context_takeover: true,
            pending: Pending::default(),
            stage: Stage::BetweenMessages,
        }
    }

    /// Sets a window that is no larger than the one that the memory was checked for, before the first message.
    #[must_use]
    pub(crate) fn with_smaller_window(mut self, window_bits: WindowBits) -> Deflater<L> {
        self.window_bits = self.window_bits.min(window_bits);
        self.history = History::new(self.window_bits);
        self
    }

    /// Sets whether a message may refer to those before it (RFC 7692 section 7.1.1).
    #[must_use]
    pub fn with_context_takeover(mut self, takeover: bool) -> Deflater<L> {
        self.context_takeover = takeover;
        self
    }

    /// As [`Deflater::with_context_takeover`], from the next message on.
    pub fn set_context_takeover(&mut self, takeover: bool) {
        self.context_takeover = takeover;
    }

    /// Returns the window bits.
    #[must_use]
    pub fn window_bits(&self) -> WindowBits {
        self.window_bits
    }

    /// Returns `true` if no message is begun.
    #[must_use]
    pub fn is_between_messages(&self) -> bool {
        self.stage == Stage::BetweenMessages
    }

    /// Compresses input to `out`; `is_last` is set if the message ends with `input`.
    ///
    /// The bytes that it takes are removed from `input`. The joined outputs of a message are its payload, which may be
    /// sent in one frame or several. Bytes of `out` after the returned length may be overwritten.
    pub fn deflate(&mut self, input: &mut &[u8], out: &mut [u8], is_last: bool) -> DeflateStep {
        if self.stage == Stage::BetweenMessages {
            self.begin_message();
        }
        let mut output = Output::new(self.pending, out);
        let run = self.run(input, &mut output, is_last);
        let (pending, len) = output.finish();
        self.pending = pending;
        match run {
            Run::NeedsInput => DeflateStep::NeedsInput(len),
            Run::OutputFull => DeflateStep::OutputFull(len),
            Run::Finished => {
                self.stage = Stage::BetweenMessages;
                DeflateStep::MessageEnd(len)
            }
        }
    }

    fn begin_message(&mut self) {
        if !self.context_takeover {
            self.history.forget();
        }
        self.history.begin_message();
        self.level.begin(&self.history);
        self.stage = Stage::Blocks;
    }

    fn run(&mut self, input: &mut &[u8], output: &mut Output<'_>, is_last: bool) -> Run {
        while self.stage == Stage::Blocks {
            self.history.fill(self.level.buffer(), input);
            let is_all = is_last && input.is_empty();
            match self.level.run(&mut self.history, output, is_all) {
                Run::NeedsInput if input.is_empty() => return Run::NeedsInput,
                Run::NeedsInput => {
                    let keep = self.level.history_kept(self.history.window);
                    let by = self.history.slide(self.level.buffer(), keep);
                    self.level.slide(by);
                    if by == 0 {
                        // The memory has become shorter, which it must not.
                        return Run::NeedsInput;
                    }
                }
                Run::OutputFull => return Run::OutputFull,
                Run::Finished => {
                    if !output.has_room(Output::MAX_PUT) {
                        return Run::OutputFull;
                    }
                    // The header of an empty stored block; its two lengths are the tail, which is not sent.
                    output.put(0b000, 3);
                    output.align();
                    self.stage = Stage::Flush;
                }
            }
        }
        output.drain();
        if output.pending() > 0 {
            return Run::OutputFull;
        }
        Run::Finished
    }

    /// Drops the current message, or the last one if none is begun, and removes it from the history.
    ///
    /// None of its output may have been sent. If more than a window of the message was compressed, all history is
    /// forgotten.
    ///
    /// ```
    /// use bareframe_deflate::{DeflateStep, Deflater, WindowBits};
    /// let mut deflater = Deflater::greedy(WindowBits::MIN, [0; 512], [0; 64]).unwrap();
    /// let mut out = [0; 100];
    /// let step = deflater.deflate(&mut &b"Hello"[..], &mut out, true);
    /// assert_eq!(step, DeflateStep::MessageEnd(7));
    /// deflater.abandon();
    /// // There is no "Hello" before it to refer to.
    /// let step = deflater.deflate(&mut &b"Hello"[..], &mut out, true);
    /// assert_eq!(step, DeflateStep::MessageEnd(7));
    /// ```
    pub fn abandon(&mut self) {
        // There is no history before the message if its beginning has moved out of the memory.
        self.history.at = self.history.message;
        self.history.end = self.history.message;
        self.pending = Pending::default();
        self.stage = Stage::BetweenMessages;
    }

    /// Returns how many bytes of the current message, or of the last one, were compressed.
    pub(crate) fn compressed_len(&self) -> usize {
        let gathered = self.history.at.wrapping_sub(self.history.message);
        gathered.saturating_sub(self.level.unwritten())
    }

    /// Returns `true` if everything that was taken of the current message, or of the last one, is in the memory.
    pub(crate) fn has_message(&self) -> bool {
        self.history.has_message
    }

    /// Abandons the current message and returns where in the memory what was taken of it is, until the next call.
    pub(crate) fn abandon_gathered(&mut self) -> Range<usize> {
        let taken = self.history.message..self.history.end;
        self.abandon();
        taken
    }

    /// Returns bytes of the memory.
    pub(crate) fn taken(&mut self, range: Range<usize>) -> &[u8] {
        self.level.buffer().get(range).unwrap_or_default()
    }

    /// Gathers input without compressing it. Returns `true` if there is enough for blocks of it to say whether they shrink.
    pub(crate) fn gather(&mut self, input: &mut &[u8]) -> bool {
        /// Less than this is not compressed before the message ends.
        const ENOUGH: usize = 1024;
        if self.stage == Stage::BetweenMessages {
            self.begin_message();
        }
        self.history.fill(self.level.buffer(), input);
        !input.is_empty() || self.history.ahead() >= self.history.window.min(ENOUGH)
    }

    /// Forgets the history: the next message refers to nothing before it.
    ///
    /// Call it after a frame that was compressed elsewhere, which the peer's inflater has in its window and this
    /// deflater does not. Within a message nothing is forgotten.
    ///
    /// ```
    /// use bareframe_deflate::{DeflateStep, Deflater, WindowBits};
    /// let mut deflater = Deflater::greedy(WindowBits::MIN, [0; 512], [0; 64]).unwrap();
    /// let mut out = [0; 100];
    /// for len in [7, 4] {
    ///     let step = deflater.deflate(&mut &b"Hello"[..], &mut out, true);
    ///     assert_eq!(step, DeflateStep::MessageEnd(len));
    /// }
    /// deflater.forget();
    /// let step = deflater.deflate(&mut &b"Hello"[..], &mut out, true);
    /// assert_eq!(step, DeflateStep::MessageEnd(7));
    /// ```
    pub fn forget(&mut self) {
        if self.stage == Stage::BetweenMessages {
            self.history.forget();
        }
    }

    /// Forgets the history, and overwrites what was taken since this was called last, so that another connection without context
    /// takeover may use the deflater. Its settings stay. Within a message it drops that.
    ///
    /// It takes less time than [`Deflater::reset`]: as much as these bytes take.
    ///
    /// ```
    /// use bareframe_deflate::{DeflateStep, Deflater, WindowBits};
    /// let mut deflater = Deflater::greedy(WindowBits::MIN, [0; 512], [0; 64]).unwrap();
    /// let mut out = [0; 100];
    /// for _ in 0..2 {
    ///     let step = deflater.deflate(&mut &b"Hello"[..], &mut out, true);
    ///     assert_eq!(step, DeflateStep::MessageEnd(7));
    ///     deflater.wipe();
    /// }
    /// ```
    pub fn wipe(&mut self) {
        if self.stage != Stage::BetweenMessages {
            self.history.at = self.history.end;
            self.pending = Pending::default();
            self.stage = Stage::BetweenMessages;
        }
        let dirty = self.history.take_dirty();
        if let Some(bytes) = self.level.buffer().get_mut(dirty) {
            bytes.fill(0);
        }
        self.level.wipe();
        self.history.forget();
    }

    /// Forgets everything, so that another connection may use the deflater; overwrites its memory too.
    pub fn reset(&mut self) {
        self.level.clear();
        self.history = History::new(self.window_bits);
        self.pending = Pending::default();
        self.stage = Stage::BetweenMessages;
    }
}

impl<L> fmt::Debug for Deflater<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater")
            .field("window_bits", &self.window_bits)
            .field("context_takeover", &self.context_takeover)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

// The memory of a microcontroller's windows, and of a server's largest.
const _: () = assert!(size_of::<Deflater<Greedy<[u8; 1024], [u16; 128]>>>() <= 1536);
const _: () = assert!(size_of::<Deflater<Greedy<[u8; 8192], [u16; 1024]>>>() <= 12 * 1024);
const _: () = assert!(
    size_of::<Deflater<Best<[u8; 65_536], [u16; 32_768], [u16; 32_768], [u32; 8192]>>>() <= 256 * 1024
);
