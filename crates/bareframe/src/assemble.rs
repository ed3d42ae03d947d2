//! Whole messages: lent from the input when they came whole, else gathered in the caller's memory
//! (RFC 6455 section 5.4).

use crate::close::CloseCode;
use crate::error::BufferTooSmall;
use crate::message::ChunkFlags;
use crate::opcode::{MessageKind, Rsv};
use crate::receiver::Data;
use crate::utf8;
use core::fmt;

/// Memory in which a message is gathered: a [`SliceBuffer`], a `heapless::Vec<u8, N>` (feature `heapless`), a `Vec<u8>`
/// (feature `alloc`), or a type of your own.
///
/// ```
/// use bareframe::{BufferTooSmall, Gather};
/// struct Growing(Vec<u8>);
/// impl Gather for Growing {
///     fn clear(&mut self) {
///         self.0.clear();
///     }
///     fn gather(&mut self, piece: &[u8]) -> Result<(), BufferTooSmall> {
///         self.0.extend_from_slice(piece);
///         Ok(())
///     }
///     fn as_mut_slice(&mut self) -> &mut [u8] {
///         &mut self.0
///     }
///     fn capacity(&self) -> usize {
///         usize::MAX
///     }
/// }
/// ```
pub trait Gather {
    /// Forgets what was gathered.
    fn clear(&mut self);

    /// Adds bytes at the end.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] if they do not fit; nothing was added.
    fn gather(&mut self, piece: &[u8]) -> Result<(), BufferTooSmall>;

    /// Returns what was gathered.
    fn as_mut_slice(&mut self) -> &mut [u8];

    /// Returns the length of the longest message that fits, in bytes; `usize::MAX` for memory that grows. It is the same
    /// whatever was gathered.
    fn capacity(&self) -> usize;
}

/// A caller's slice as memory for [`Assembler`].
///
/// ```
/// use bareframe::{BufferTooSmall, Gather, SliceBuffer};
/// let mut memory = [0; 4];
/// let mut buffer = SliceBuffer::new(&mut memory);
/// assert_eq!(buffer.gather(b"abc"), Ok(()));
/// assert_eq!(buffer.gather(b"de"), Err(BufferTooSmall { needed: 5, available: 4 }));
/// assert_eq!(buffer.as_mut_slice(), b"abc");
/// assert_eq!(buffer.capacity(), 4);
/// ```
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SliceBuffer<'b> {
    memory: &'b mut [u8],
    len: usize,
}

/// Assembles whole messages from the pieces that a connection returns (RFC 6455 section 5.4).
///
/// ```
/// use bareframe::{Assembled, Assembler, Config, Connection, Event, SliceBuffer};
/// let mut server = Connection::server(Config::DEFAULT);
/// let mut memory = [0; 64];
/// let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
/// // "Hel" and "lo", in two frames with the key 0.
/// let mut bytes = *b"\x01\x83\0\0\0\0Hel\x80\x82\0\0\0\0lo";
/// let mut input = &mut bytes[..];
/// while let Some(event) = server.receive(&mut input)? {
///     let Event::Data(data) = event else { continue };
///     match assembler.push(data)? {
///         Assembled::Whole(message) => unreachable!("{message:?} came in two frames"),
///         Assembled::Gathered => assert_eq!(assembler.message().unwrap().as_str(), Some("Hello")),
///         Assembled::More => {}
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Assembler<B> {
    buffer: B,
    gathering: Gathering,
    /// The number that a session assigned to the message; 0 for a message that was pushed without a session.
    number: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Gathering {
    /// The buffer holds no message, and nothing in it is lent.
    Nothing,
    /// The buffer holds the first pieces of this message.
    Open(MessageKind, Rsv),
    /// The buffer holds this message.
    Whole(MessageKind, Rsv),
}

/// What [`Assembler::push`] did with a piece.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Assembled<'i> {
    /// The piece was a whole message, which is lent from the input.
    Whole(Message<'i>),
    /// The piece was the last of a message, which [`Assembler::message`] lends.
    Gathered,
    /// The piece was gathered, and more pieces of the message follow.
    More,
}

/// A whole message.
///
/// ```
/// use bareframe::{Assembled, Assembler, Config, Connection, Event, MessageKind, SliceBuffer};
/// let mut server = Connection::server(Config::DEFAULT);
/// let mut bytes = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let Ok(Some(Event::Data(data))) = server.receive(&mut &mut bytes[..]) else { panic!() };
/// let mut no_memory_needed = Assembler::new(SliceBuffer::new(&mut []));
/// let Ok(Assembled::Whole(message)) = no_memory_needed.push(data) else { panic!() };
/// assert_eq!((message.kind(), message.as_str()), (MessageKind::Text, Some("Hello")));
/// assert_eq!(message.payload(), b"Hello");
/// ```
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Message<'m> {
    payload: &'m mut [u8],
    flags: ChunkFlags,
}

/// Why a message can't be assembled.
///
/// ```
/// use bareframe::{AssembleError, CloseCode};
/// # use bareframe::BufferTooSmall;
/// let error = AssembleError::TooBig(BufferTooSmall { needed: 5, available: 4 });
/// assert_eq!(error.close_code(), CloseCode::MESSAGE_TOO_BIG);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum AssembleError {
    /// The message does not fit the memory, of which the numbers say how much it has and how much is needed at least: call `fail` with [`AssembleError::close_code`], or ignore the rest of its
    /// pieces.
    TooBig(BufferTooSmall),
    /// The piece does not follow the piece before it, because the caller did not push one in between.
    OutOfOrder,
}

impl AsRef<[u8]> for Message<'_> {
    fn as_ref(&self) -> &[u8] {
        self.payload
    }
}

impl<B: Gather> Assembler<B> {
    /// Creates an assembler that gathers in `buffer`.
    #[must_use]
    pub const fn new(buffer: B) -> Assembler<B> {
        Assembler {
            buffer,
            gathering: Gathering::Nothing,
            number: 0,
        }
    }

    /// Adds the next piece. A message that [`Assembler::message`] lent before is dropped.
    ///
    /// # Errors
    ///
    /// [`AssembleError`]; what was gathered of the message is dropped.
    pub fn push<'i>(&mut self, data: Data<'i>) -> Result<Assembled<'i>, AssembleError> {
        self.push_part(0, data)
    }

    /// Adds the next piece of the message with this number.
    pub(crate) fn push_part<'i>(
        &mut self,
        number: u32,
        data: Data<'i>,
    ) -> Result<Assembled<'i>, AssembleError> {
        let (kind, rsv, last) = (data.kind(), data.rsv(), data.is_last());
        if data.is_first() {
            self.clear();
            self.number = number;
            if last {
                return Ok(Assembled::Whole(Message::from_data(data)));
            }
        } else if !matches!(self.gathering, Gathering::Open(open, bits) if open == kind && bits == rsv)
            || self.number != number
        {
            self.clear();
            return Err(AssembleError::OutOfOrder);
        }
        if let Err(error) = self.buffer.gather(data.payload()) {
            self.clear();
            return Err(AssembleError::TooBig(error));
        }
        if last {
            self.gathering = Gathering::Whole(kind, rsv);
            Ok(Assembled::Gathered)
        } else {
            self.gathering = Gathering::Open(kind, rsv);
            Ok(Assembled::More)
        }
    }

    /// Lends the message that was gathered, until the next piece is pushed; `None` if it is not whole.
    #[must_use]
    pub fn message(&mut self) -> Option<Message<'_>> {
        let Gathering::Whole(kind, rsv) = self.gathering else {
            return None;
        };
        Some(Message::new(kind, rsv, self.buffer.as_mut_slice()))
    }

    /// Returns the message that was gathered, with its memory; `None` if it is not whole.
    ///
    /// ```
    /// use bareframe::{Assembler, Config, Connection, MessageKind, Next, Session};
    /// # #[cfg(feature = "alloc")] {
    /// let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
    /// let mut assembler = Assembler::new(Vec::new());
    /// let frames = b"\x01\x83\0\0\0\0Hel\x80\x82\0\0\0\0lo";
    /// session.space()[..frames.len()].copy_from_slice(frames);
    /// session.read(frames.len());
    /// assert_eq!(session.next_message(&mut assembler), Ok(Next::Ready));
    /// assert!(session.message(&mut assembler).is_some());
    /// let (kind, _, payload) = assembler.take_message().unwrap();
    /// assert_eq!((kind, &payload[..]), (MessageKind::Text, &b"Hello"[..]));
    /// # }
    /// ```
    pub fn take_message(&mut self) -> Option<(MessageKind, Rsv, B)>
    where
        B: Default,
    {
        let Gathering::Whole(kind, rsv) = self.gathering else {
            return None;
        };
        self.gathering = Gathering::Nothing;
        Some((kind, rsv, core::mem::take(&mut self.buffer)))
    }

    /// Returns how many bytes the longest message may have.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Returns `true` if the buffer holds exactly `len` bytes of the message with this number.
    pub(crate) fn is_gathering(&mut self, number: u32, len: usize) -> bool {
        !matches!(self.gathering, Gathering::Nothing)
            && self.number == number
            && self.buffer.as_mut_slice().len() == len
    }

    /// Begins the message with this number, of which no byte has arrived.
    #[allow(
        dead_code,
        reason = "only a session on a large machine keeps a message elsewhere"
    )]
    pub(crate) fn begin(&mut self, number: u32, kind: MessageKind) {
        self.clear();
        self.number = number;
        self.gathering = Gathering::Open(kind, Rsv::NONE);
    }

    /// Forgets what was gathered.
    pub(crate) fn clear(&mut self) {
        self.gathering = Gathering::Nothing;
        self.buffer.clear();
    }
}

impl<'m> Message<'m> {
    /// Creates a message from memory that a layer above has gathered itself. Its text is validated when it is asked
    /// for.
    #[must_use]
    pub const fn new(kind: MessageKind, rsv: Rsv, payload: &'m mut [u8]) -> Message<'m> {
        Message {
            payload,
            flags: ChunkFlags::gathered(kind, rsv),
        }
    }

    #[inline]
    pub(crate) fn from_data(data: Data<'m>) -> Message<'m> {
        Message {
            flags: data.flags(),
            payload: data.into_bytes(),
        }
    }

    #[inline]
    pub(crate) const fn from_parts(payload: &'m mut [u8], flags: ChunkFlags) -> Message<'m> {
        Message { payload, flags }
    }

    #[inline]
    pub(crate) const fn into_parts(self) -> (&'m mut [u8], ChunkFlags) {
        (self.payload, self.flags)
    }

    /// Returns `true` if the payload is text that the validator passed, in memory that still holds the same bytes.
    pub(crate) const fn is_whole_characters(&self) -> bool {
        self.flags.is_whole_characters()
    }

    /// Returns the kind of the message.
    #[must_use]
    #[inline]
    pub const fn kind(&self) -> MessageKind {
        self.flags.kind()
    }

    /// Returns the reserved bits of its first frame (RFC 6455 section 5.2).
    #[must_use]
    #[inline]
    pub const fn rsv(&self) -> Rsv {
        self.flags.rsv()
    }

    /// Returns the bytes, unmasked.
    #[must_use]
    #[inline]
    pub const fn payload(&self) -> &[u8] {
        self.payload
    }

    /// Returns the bytes for as long as their memory is lent.
    #[must_use]
    #[inline]
    pub fn into_payload(self) -> &'m [u8] {
        self.payload
    }

    /// Returns the bytes so that they can be changed, for as long as their memory is lent.
    ///
    /// # Errors
    ///
    /// Returns the message itself if an extension needs its bytes as they are, since what comes later refers to them.
    #[inline]
    pub const fn into_payload_mut(self) -> Result<&'m mut [u8], Message<'m>> {
        if self.flags.may_be_changed() {
            Ok(self.payload)
        } else {
            Err(self)
        }
    }

    /// Returns the text; `None` if the message is binary or an extension changed it.
    ///
    /// Text that was gathered is validated once more, since its memory is not the engine's.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        // The flag is set only for a piece that the validator passed, in memory that still holds the same bytes.
        if self.flags.is_whole_characters() {
            utf8::passed(self.payload)
        } else if self.flags.is_plain_text() {
            utf8::from_utf8(self.payload)
        } else {
            None
        }
    }

    /// As [`Message::as_str`], for as long as its memory is lent.
    #[must_use]
    #[inline]
    pub fn into_str(self) -> Option<&'m str> {
        // The flag is set only for a piece that the validator passed, in memory that still holds the same bytes.
        if self.flags.is_whole_characters() {
            utf8::passed(self.payload)
        } else if self.flags.is_plain_text() {
            utf8::from_utf8(self.payload)
        } else {
            None
        }
    }
}

/// ```
/// use bareframe::{BufferTooSmall, Gather};
/// let mut memory = heapless::Vec::<u8, 4>::new();
/// assert_eq!(Gather::gather(&mut memory, b"abc"), Ok(()));
/// assert_eq!(Gather::gather(&mut memory, b"de"), Err(BufferTooSmall { needed: 5, available: 4 }));
/// assert_eq!((Gather::capacity(&memory), &memory[..]), (4, &b"abc"[..]));
/// ```
#[cfg(feature = "heapless")]
impl<const N: usize> Gather for heapless::Vec<u8, N> {
    fn clear(&mut self) {
        heapless::Vec::clear(self);
    }

    fn gather(&mut self, piece: &[u8]) -> Result<(), BufferTooSmall> {
        let needed = self.len().saturating_add(piece.len());
        self.extend_from_slice(piece)
            .map_err(|_| BufferTooSmall { needed, available: N })
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        self
    }

    #[inline]
    fn capacity(&self) -> usize {
        N
    }
}

/// A long copy to a `Vec` is cut into pieces of this many bytes. C libraries copy longer ones by one instruction (`rep
/// movsb`), which takes ten times as long on processors of the Zen family if source and destination have nearly the
/// same offset in their pages. That is common, because allocators put long buffers at the beginning of a page.
#[cfg(feature = "alloc")]
const COPIED_AT_ONCE: usize = 2048;

/// Grows with the payload that has arrived, and never reserves memory for a length that a peer has only declared. A
/// message for which there is no memory does not fit.
///
/// ```
/// use bareframe::Gather;
/// let mut memory = Vec::new();
/// assert_eq!(Gather::gather(&mut memory, b"abc"), Ok(()));
/// assert_eq!((Gather::capacity(&memory), &memory[..]), (usize::MAX, &b"abc"[..]));
/// ```
#[cfg(feature = "alloc")]
impl Gather for alloc::vec::Vec<u8> {
    fn clear(&mut self) {
        alloc::vec::Vec::clear(self);
    }

    fn gather(&mut self, piece: &[u8]) -> Result<(), BufferTooSmall> {
        let needed = self.len().saturating_add(piece.len());
        self.try_reserve(piece.len()).map_err(|_| BufferTooSmall {
            needed,
            available: self.capacity(),
        })?;
        for part in piece.chunks(COPIED_AT_ONCE) {
            self.extend_from_slice(part);
        }
        Ok(())
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        self
    }

    #[inline]
    fn capacity(&self) -> usize {
        usize::MAX
    }
}

impl<'b> SliceBuffer<'b> {
    /// Creates a buffer in `memory`, whose length is that of the longest message in bytes.
    #[must_use]
    pub const fn new(memory: &'b mut [u8]) -> SliceBuffer<'b> {
        SliceBuffer { memory, len: 0 }
    }
}

impl Gather for SliceBuffer<'_> {
    fn clear(&mut self) {
        self.len = 0;
    }

    fn gather(&mut self, piece: &[u8]) -> Result<(), BufferTooSmall> {
        let needed = self.len.saturating_add(piece.len());
        let available = self.memory.len();
        let free = self
            .memory
            .get_mut(self.len..needed)
            .ok_or(BufferTooSmall { needed, available })?;
        for (to, from) in free.iter_mut().zip(piece) {
            *to = *from;
        }
        self.len = needed;
        Ok(())
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        self.memory.get_mut(..self.len).unwrap_or(&mut [])
    }

    #[inline]
    fn capacity(&self) -> usize {
        self.memory.len()
    }
}

impl AssembleError {
    /// Returns the code with which to fail the connection (RFC 6455 section 7.4.1).
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            AssembleError::TooBig(_) => CloseCode::MESSAGE_TOO_BIG,
            AssembleError::OutOfOrder => CloseCode::INTERNAL_ERROR,
        }
    }
}

impl fmt::Display for AssembleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AssembleError::TooBig(BufferTooSmall { needed, available }) => write!(
                f,
                "the peer's message has at least {needed} bytes, and our memory for it {available}"
            ),
            AssembleError::OutOfOrder => f.write_str("a piece of the message is missing"),
        }?;
        write!(f, " (close code {})", self.close_code())
    }
}

impl core::error::Error for AssembleError {}
