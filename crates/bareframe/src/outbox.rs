//! Bytes on their way out: what a short write leaves over goes first in the next (RFC 6455 section 5).
//!
//! ```text
//! buffer: [ written | pending: whole frames, the last one's payload may continue outside | free ]
//!         0       start                                                                 end
//! ```

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
mod compact;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
mod fast;

use crate::control::ControlFrame;
use crate::error::{BufferTooSmall, SendError};
use crate::header::HeaderBytes;
use crate::mask::Masker;
use crate::sender::Outgoing;
#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
use compact as leaf;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
use fast as leaf;

/// A queue of frames in a caller's buffer, for any way of writing that may take only part of what it is given.
///
/// Small frames gather in the buffer and leave in one write. Of a large frame only the header goes through it:
/// after [`Outbox::begin`] the caller writes [`Outbox::pending`] and behind it the payload, from where it lies,
/// in one vectored write, or copies it in with [`Outbox::push`]. No frame can begin before the one in front of
/// it is complete. It does no I/O.
///
/// ```
/// use bareframe::{Config, Connection, Outbox};
/// let mut server = Connection::server(Config::DEFAULT);
/// let mut outbox = Outbox::new([0; 64]);
/// outbox.encode(|out| server.encode_text("Hello", out))?;
/// outbox.control(&server.ping(b"")?)?;
/// assert_eq!(outbox.pending(), b"\x81\x05Hello\x89\x00");
/// assert_eq!(outbox.room(), 64 - 9);
/// // A write took three bytes; the next goes on where it stopped.
/// outbox.advance(3);
/// assert_eq!(outbox.pending(), b"ello\x89\x00");
/// # Ok::<(), bareframe::SendError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Outbox<B> {
    buffer: B,
    start: usize,
    end: usize,
    /// Payload bytes of the frame that was begun that neither are in the buffer nor were written.
    payload_left: u64,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Outbox<B> {
    /// Makes an empty queue in `buffer`. Any length will do that holds the longest control frame, 131 bytes.
    #[must_use]
    pub const fn new(buffer: B) -> Outbox<B> {
        Outbox {
            buffer,
            start: 0,
            end: 0,
            payload_left: 0,
        }
    }

    /// Gives the bytes that are to be written next.
    #[must_use]
    #[inline]
    pub fn pending(&self) -> &[u8] {
        self.buffer.as_ref().get(self.start..self.end).unwrap_or(&[])
    }

    /// Says that the first `len` bytes of the buffer are to be written first. Returns `false` and changes nothing if the buffer
    /// is shorter, or something is pending already.
    pub(crate) fn begin_with(&mut self, len: usize) -> bool {
        let is_new = self.end == 0 && self.is_done() && len <= self.buffer.as_ref().len();
        if is_new {
            self.end = len;
        }
        is_new
    }

    /// Gives how many bytes can be added.
    #[must_use]
    #[inline]
    pub fn room(&self) -> usize {
        self.buffer.as_ref().len().saturating_sub(self.pending().len())
    }

    /// Gives how many bytes of payload, of the frame that was begun, must still come from the caller.
    #[must_use]
    #[inline]
    pub const fn payload_left(&self) -> u64 {
        self.payload_left
    }

    /// Tells whether a frame may be added: the last one is complete, in the buffer or written.
    #[must_use]
    #[inline]
    pub const fn is_at_boundary(&self) -> bool {
        self.payload_left == 0
    }

    /// Tells whether everything was written, to the end of a frame.
    #[must_use]
    #[inline]
    pub const fn is_done(&self) -> bool {
        self.start == self.end && self.is_at_boundary()
    }

    /// Adds a control frame.
    ///
    /// # Errors
    ///
    /// [`SendError::InsideFrame`] or [`SendError::BufferTooSmall`]; nothing has changed.
    pub fn control(&mut self, frame: &ControlFrame) -> Result<(), SendError> {
        self.check_boundary()?;
        Ok(self.append(frame)?)
    }

    /// Adds the whole frame that `encode` writes to the front of the slice that it is given. `encode` returns the
    /// frame's length in bytes, as `Connection::encode` does.
    ///
    /// ```
    /// use bareframe::{Config, Connection, MessageKind, Outbox, Rsv, SendError};
    /// #[derive(Debug)]
    /// enum Error {
    ///     Compress,
    ///     Send(SendError),
    /// }
    /// impl From<SendError> for Error {
    ///     fn from(error: SendError) -> Error {
    ///         Error::Send(error)
    ///     }
    /// }
    /// fn compress(payload: &[u8]) -> Option<&[u8]> {
    ///     Some(payload)
    /// }
    ///
    /// let mut server = Connection::server(Config::DEFAULT.with_rsv(Rsv::RSV1));
    /// let mut outbox = Outbox::new([0; 64]);
    /// outbox.encode(|out| {
    ///     let payload = compress(b"Hello").ok_or(Error::Compress)?;
    ///     Ok::<_, Error>(server.encode(MessageKind::Text, Rsv::RSV1, payload, out)?)
    /// })?;
    /// assert_eq!(outbox.pending(), b"\xc1\x05Hello");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`SendError::InsideFrame`], or the error of `encode`; nothing has changed then.
    pub fn encode<E: From<SendError>>(
        &mut self,
        encode: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<(), E> {
        self.check_boundary()?;
        let len = encode(self.free())?;
        self.add_encoded(len);
        Ok(())
    }

    /// Adds the whole frame of this length that was written to the front of what [`Outbox::free`] returned.
    #[inline]
    pub(crate) const fn add_encoded(&mut self, len: usize) {
        self.end = self.end.saturating_add(len);
    }

    /// Adds a frame's header; its payload is to follow, through [`Outbox::push`] or [`Outbox::advance`].
    ///
    /// # Errors
    ///
    /// [`SendError::InsideFrame`] or [`SendError::BufferTooSmall`]; nothing has changed.
    pub fn begin<R: crate::role::Role>(&mut self, frame: &Outgoing<R>) -> Result<(), SendError> {
        self.check_boundary()?;
        self.append(frame.header())?;
        self.payload_left = frame.payload_len();
        Ok(())
    }

    /// Copies as much of the payload's next bytes as fits, made ready to be sent, and gives how many that were.
    pub fn push<R: crate::role::Role>(&mut self, frame: &mut Outgoing<R>, payload: &[u8]) -> usize {
        self.push_masked(frame.is_masked(), frame.masker_mut(), payload)
    }

    /// Copies as much of the payload's next bytes as fits, masked or as they are.
    #[inline]
    pub(crate) fn push_masked(&mut self, is_masked: bool, masker: &mut Masker, payload: &[u8]) -> usize {
        let left = usize::try_from(self.payload_left).unwrap_or(usize::MAX);
        let free = self.free();
        let len = payload.len().min(free.len()).min(left);
        let copied = match (payload.get(..len), free.get_mut(..len)) {
            (Some(piece), Some(free)) if is_masked => masker.apply_copy(piece, free).unwrap_or(0),
            (Some(piece), Some(free)) => {
                for (to, from) in free.iter_mut().zip(piece) {
                    *to = *from;
                }
                len
            }
            _ => 0,
        };
        self.end = self.end.saturating_add(copied);
        self.payload_left = self.payload_left.saturating_sub(copied as u64);
        copied
    }

    /// Begins a frame whose header is the front of what is to follow, so many bytes in all.
    pub(crate) fn begin_encoded(&mut self, len: u64) -> Result<(), SendError> {
        self.check_boundary()?;
        self.payload_left = len;
        Ok(())
    }

    /// Adds a frame whose payload is in this range of what [`Outbox::free`] returned, with room for the header before it.
    pub(crate) fn add_frame<R: crate::role::Role>(
        &mut self,
        frame: &mut Outgoing<R>,
        payload: core::ops::Range<usize>,
    ) {
        let len = payload.len();
        let header = HeaderBytes::clone(frame.header_bytes());
        let Some((to, behind)) = self.free().split_at_mut_checked(header.len()) else {
            return;
        };
        let Some(gap) = payload.start.checked_sub(to.len()) else {
            return;
        };
        let Some(behind) = behind.get_mut(..gap.saturating_add(len)) else {
            return;
        };
        // The compiler sees that nothing here panics: a range to the end, copied to the front.
        if gap > behind.len() {
            return;
        }
        behind.copy_within(gap.., 0);
        for (to, from) in to.iter_mut().zip(header.iter()) {
            *to = *from;
        }
        if let Some(payload) = behind.get_mut(..len) {
            frame.apply(payload);
        }
        self.end = self.end.saturating_add(header.len()).saturating_add(len);
    }

    /// Takes another buffer, if what is pending fits it.
    pub(crate) fn exchange(&mut self, mut buffer: B) -> Result<B, B> {
        let pending = self.pending();
        let len = pending.len();
        let Some(front) = buffer.as_mut().get_mut(..len) else {
            return Err(buffer);
        };
        front.copy_from_slice(pending);
        (self.start, self.end) = (0, len);
        Ok(core::mem::replace(&mut self.buffer, buffer))
    }

    /// Drops everything, the frame that was begun too.
    pub(crate) const fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
        self.payload_left = 0;
    }

    /// Says that this many bytes were written: first those pending, then payload from where it lies. Gives how
    /// many of them were such payload.
    pub fn advance(&mut self, written: usize) -> usize {
        let pending = self.end.saturating_sub(self.start);
        let Some(outside) = written.checked_sub(pending) else {
            self.start = self.start.saturating_add(written);
            return 0;
        };
        (self.start, self.end) = (0, 0);
        self.payload_left = self.payload_left.saturating_sub(outside as u64);
        outside
    }

    /// The bytes behind the pending ones, which are moved to the front if that frees any.
    pub(crate) fn free(&mut self) -> &mut [u8] {
        let buffer = self.buffer.as_mut();
        if self.start != 0 && self.end <= buffer.len() && self.start <= self.end {
            leaf::move_to_front(buffer, self.start..self.end);
            self.end = self.end.saturating_sub(self.start);
            self.start = 0;
        }
        buffer.get_mut(self.end..).unwrap_or(&mut [])
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), BufferTooSmall> {
        let needed = bytes.len();
        let free = self.free().get_mut(..needed).ok_or(BufferTooSmall { needed })?;
        for (to, from) in free.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.end = self.end.saturating_add(needed);
        Ok(())
    }

    const fn check_boundary(&self) -> Result<(), SendError> {
        if self.is_at_boundary() {
            Ok(())
        } else {
            Err(SendError::InsideFrame)
        }
    }
}
