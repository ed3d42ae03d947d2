//! MessageDeflater: decides which messages are compressed, and creates the payloads of their frames.

use crate::WindowBits;
use crate::deflate::{DeflateStep, Deflater, Level};
use bareframe::{Opcode, ProtocolError, Rsv};
use core::fmt;
use core::ops::Range;

/// Compresses the messages of a connection that are worth it, frame by frame (RFC 7692 sections 6.1 and 7.2.1).
///
/// A message is sent uncompressed if it is shorter than the threshold, if the caller opted out, or if its first output
/// did not shrink. Such a message is not in the peer's window, so it is not kept in the history either.
///
/// # Secrets
///
/// The length of compressed data depends on its content. An attacker whose text is compressed together with a secret,
/// in one message or with context takeover in another, and who can see the lengths, can guess the secret byte by byte,
/// as CRIME and BREACH do with cookies in TLS. [`opt_out`](MessageDeflater::opt_out) of compression for messages with
/// secrets, or keep text of others out of them.
///
/// ```
/// use bareframe_deflate::{Deflater, MessageDeflater, Payload, WindowBits};
///
/// let deflater = Deflater::greedy(WindowBits::MIN, [0; 512], [0; 64]).unwrap();
/// let mut messages = MessageDeflater::new(deflater).with_threshold(16);
/// let mut out = [0; 20];
///
/// let mut input = &b"short"[..];
/// assert_eq!(messages.next(&mut input, true, &mut out), Payload::Uncompressed(b""));
/// assert_eq!(input, b"short");
///
/// // The first frame has RSV1, and what does not fit into `out` goes into another.
/// let message = "0123456789".repeat(20);
/// let mut input = message.as_bytes();
/// let frame = messages.next(&mut input, true, &mut out);
/// assert_eq!(frame, Payload::Frame { len: 20, is_first: true, is_last: false });
/// let frame = messages.next(&mut input, true, &mut out);
/// assert!(matches!(frame, Payload::Frame { is_first: false, is_last: true, .. }));
/// ```
#[derive(Clone)]
pub struct MessageDeflater<L> {
    deflater: Deflater<L>,
    choice: Choice,
}

/// Which messages are compressed.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    threshold: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// No message is begun; the next one is compressed or not.
    Between {
        opted_out: bool,
    },
    /// Nothing of the message was sent.
    First,
    Later,
    Uncompressed,
}

/// What is to be sent next of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Payload<'d> {
    /// All input was taken, and there is nothing to send yet.
    NeedsInput,
    /// The front of the output is a frame's payload. The first frame of the message has RSV1, and only it (RFC 7692
    /// section 6.1); the last has FIN.
    Frame {
        /// How many bytes the payload has.
        len: usize,
        /// It is the message's first frame: RSV1 is set.
        is_first: bool,
        /// It is the message's last frame: FIN is set.
        is_last: bool,
    },
    /// The message is sent uncompressed, in frames without RSV1: these bytes, which were taken before, and then all
    /// input to its end.
    Uncompressed(&'d [u8]),
}

/// A message that was compressed once to be sent many times.
///
/// It was compressed by itself: with a deflater without context takeover, or with one that never compressed anything before.
///
/// ```
/// use bareframe_deflate::{DeflateStep, Deflater, MessageDeflater, Prepared, PreparedError, WindowBits};
///
/// let nine = WindowBits::new(9).unwrap();
/// let mut once = Deflater::greedy(nine, [0; 1024], [0; 128]).unwrap();
/// let mut out = [0; 20];
/// let DeflateStep::MessageEnd(len) = once.deflate(&mut &b"to everybody"[..], &mut out, true) else { unreachable!() };
/// let prepared = Prepared::new(&out[..len], nine);
///
/// let deflater = Deflater::greedy(WindowBits::MIN, [0; 512], [0; 64]).unwrap();
/// let refused = MessageDeflater::new(deflater).prepared(prepared);
/// assert_eq!(refused.unwrap_err().to_string(), "the message was compressed with window bits 9, and 8 were negotiated");
/// let deflater = Deflater::greedy(nine, [0; 1024], [0; 128]).unwrap();
/// assert_eq!(MessageDeflater::new(deflater).prepared(prepared)?, &out[..len]);
/// # Ok::<(), PreparedError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Prepared<'p> {
    payload: &'p [u8],
    window_bits: WindowBits,
}

/// Why a prepared message can't be sent on a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum PreparedError {
    /// It was compressed with a larger window than was negotiated.
    WindowTooLarge {
        /// The window bits that it was compressed with.
        prepared: WindowBits,
        /// Those that were negotiated for this direction.
        negotiated: WindowBits,
    },
    /// Another message is begun.
    WithinMessage,
}

impl<L: Level> MessageDeflater<L> {
    /// The threshold of a new one, in bytes: shorter messages rarely shrink by more than they cost.
    pub const THRESHOLD: usize = Choice::THRESHOLD;

    /// Creates a message deflater that compresses with this deflater.
    #[must_use]
    pub fn new(deflater: Deflater<L>) -> MessageDeflater<L> {
        MessageDeflater {
            deflater,
            choice: Choice::new(Self::THRESHOLD),
        }
    }

    /// Sets how many bytes a message must have to be compressed, if the first call gets all of it.
    #[must_use]
    pub fn with_threshold(mut self, len: usize) -> MessageDeflater<L> {
        self.choice.threshold = len;
        self
    }

    /// Returns the window bits with which messages are compressed.
    #[must_use]
    pub fn window_bits(&self) -> WindowBits {
        self.deflater.window_bits()
    }

    /// Returns `true` if no message is begun.
    #[must_use]
    pub fn is_between_messages(&self) -> bool {
        matches!(self.choice.state, State::Between { .. })
    }

    /// Opts the next message out of compression; within a message, returns `false` and changes nothing.
    ///
    /// ```
    /// use bareframe_deflate::{Deflater, MessageDeflater, Payload, WindowBits};
    /// let deflater = Deflater::greedy(WindowBits::MIN, [0; 512], [0; 64]).unwrap();
    /// let mut messages = MessageDeflater::new(deflater);
    /// assert!(messages.opt_out());
    /// let payload = messages.next(&mut &[b's'; 100][..], true, &mut [0; 50]);
    /// assert_eq!(payload, Payload::Uncompressed(b""));
    /// ```
    pub fn opt_out(&mut self) -> bool {
        let is_between = self.is_between_messages();
        if is_between {
            self.choice.state = State::Between { opted_out: true };
        }
        is_between
    }

    /// Returns what has to be sent next of the message at the front of `input`, which ends the message if `is_last` is
    /// set.
    ///
    /// What is taken is removed from `input`. A full `out` ends a frame, so that it may have any length but 0, which would make empty
    /// frames without end. A kilobyte of input is gathered before anything of it is compressed, unless the message ends before.
    ///
    /// After [`Payload::Uncompressed`] the caller sends all of the input. It calls this for the rest of the message
    /// too, which returns the same, until `is_last` was set.
    pub fn next(&mut self, input: &mut &[u8], is_last: bool, out: &mut [u8]) -> Payload<'_> {
        match self.choice.next(&mut self.deflater, input, is_last, out) {
            Chosen::NeedsInput => Payload::NeedsInput,
            Chosen::Frame {
                len,
                is_first,
                is_last,
            } => Payload::Frame {
                len,
                is_first,
                is_last,
            },
            Chosen::Uncompressed(taken) => Payload::Uncompressed(self.deflater.taken(taken)),
        }
    }

    /// Returns the payload of a prepared message, which is to be sent in one frame with RSV1 and FIN, and forgets the history: the
    /// peer's window has this message in it, and the deflater has not.
    ///
    /// # Errors
    ///
    /// If it was compressed with a larger window than this connection has, or if a message is begun; nothing changes then.
    pub fn prepared<'p>(&mut self, prepared: Prepared<'p>) -> Result<&'p [u8], PreparedError> {
        if prepared.window_bits > self.deflater.window_bits() {
            return Err(PreparedError::WindowTooLarge {
                prepared: prepared.window_bits,
                negotiated: self.deflater.window_bits(),
            });
        }
        if !self.is_between_messages() {
            return Err(PreparedError::WithinMessage);
        }
        self.deflater.forget();
        Ok(prepared.payload)
    }

    /// Forgets everything and overwrites the deflater's memory, so that another connection may use it.
    pub fn reset(&mut self) {
        self.deflater.reset();
        self.choice.state = State::Between { opted_out: false };
    }
}

/// As [`Payload`], with the place in the deflater's memory in place of bytes.
pub(crate) enum Chosen {
    NeedsInput,
    Frame {
        len: usize,
        is_first: bool,
        is_last: bool,
    },
    Uncompressed(Range<usize>),
}

impl Choice {
    pub(crate) const THRESHOLD: usize = 32;

    pub(crate) const fn new(threshold: usize) -> Choice {
        Choice {
            threshold,
            state: State::Between { opted_out: false },
        }
    }

    /// Returns `true` if a message, all of which has this length, is worth compressing.
    pub(crate) const fn is_worth_it(&self, len: usize) -> bool {
        len >= self.threshold
    }

    /// Begins a message that may be compressed.
    pub(crate) fn begin(&mut self) {
        self.state = State::First;
    }

    /// As [`MessageDeflater::next`].
    pub(crate) fn next<L: Level>(
        &mut self,
        deflater: &mut Deflater<L>,
        input: &mut &[u8],
        is_last: bool,
        out: &mut [u8],
    ) -> Chosen {
        let given = *input;
        if let State::Between { opted_out } = self.state {
            let is_short = is_last && !self.is_worth_it(given.len());
            self.state = if opted_out || is_short {
                State::Uncompressed
            } else {
                State::First
            };
        }
        if self.state == State::Uncompressed {
            self.end_if(is_last);
            return Chosen::Uncompressed(0..0);
        }
        let is_enough = is_last || deflater.gather(input);
        if !is_enough {
            return Chosen::NeedsInput;
        }
        let (len, is_end) = match deflater.deflate(input, out, is_last) {
            DeflateStep::NeedsInput(0) => return Chosen::NeedsInput,
            DeflateStep::NeedsInput(len) | DeflateStep::OutputFull(len) => (len, false),
            DeflateStep::MessageEnd(len) => (len, true),
        };
        let is_first = self.state == State::First;
        if is_first && len >= deflater.compressed_len() && deflater.has_message() {
            self.state = State::Uncompressed;
            self.end_if(is_last);
            let taken_now = given.len().saturating_sub(input.len());
            *input = given;
            let taken = deflater.abandon_gathered();
            return Chosen::Uncompressed(taken.start..taken.end.saturating_sub(taken_now));
        }
        self.state = State::Later;
        self.end_if(is_end);
        Chosen::Frame {
            len,
            is_first,
            is_last: is_end,
        }
    }

    fn end_if(&mut self, is_end: bool) {
        if is_end {
            self.state = State::Between { opted_out: false };
        }
    }
}

impl<'p> Prepared<'p> {
    /// Creates a prepared message from a payload that was compressed by itself, with at most this window.
    #[must_use]
    pub const fn new(payload: &'p [u8], window_bits: WindowBits) -> Prepared<'p> {
        Prepared { payload, window_bits }
    }
}

/// Returns `true` if a frame begins a compressed message.
///
/// # Errors
///
/// If the bit is set where it may not be: on a continuation frame or a control frame (RFC 7692 section 6). The other
/// reserved bits are ignored.
///
/// ```
/// use bareframe::{Opcode, ProtocolError, Rsv};
/// use bareframe_deflate::begins_compressed;
/// assert_eq!(begins_compressed(Opcode::Text, Rsv::RSV1), Ok(true));
/// assert_eq!(begins_compressed(Opcode::Text, Rsv::NONE), Ok(false));
/// assert_eq!(begins_compressed(Opcode::Continuation, Rsv::RSV1), Err(ProtocolError::ReservedBits));
/// assert_eq!(begins_compressed(Opcode::Ping, Rsv::RSV1), Err(ProtocolError::ReservedBits));
/// ```
pub fn begins_compressed(opcode: Opcode, rsv: Rsv) -> Result<bool, ProtocolError> {
    let is_set = rsv.contains(Rsv::RSV1);
    match opcode {
        Opcode::Text | Opcode::Binary => Ok(is_set),
        _ if is_set => Err(ProtocolError::ReservedBits),
        _ => Ok(false),
    }
}

impl<L> fmt::Debug for MessageDeflater<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageDeflater")
            .field("deflater", &self.deflater)
            .field("choice", &self.choice)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for PreparedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PreparedError::WindowTooLarge { prepared, negotiated } => write!(
                f,
                "the message was compressed with window bits {prepared}, and {negotiated} were negotiated"
            ),
            PreparedError::WithinMessage => f.write_str("another message is begun"),
        }
    }
}

impl core::error::Error for PreparedError {}
