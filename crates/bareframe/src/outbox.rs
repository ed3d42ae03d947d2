//! A queue of bytes to write. The bytes that a short write did not take are written first by the next (RFC 6455 section
//! 5).
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

/// A queue of frames in a caller's buffer, for writes that may take only a part of what they are passed.
///
/// Small frames are gathered in the buffer and written by one call. Of a large frame only the header is in the buffer:
/// after [`Outbox::begin`] the caller writes [`Outbox::pending`] and the payload, from where it is, in one vectored
/// write, or copies the payload into the buffer with [`Outbox::push`]. No frame can begin before the previous one is
/// complete. The queue does no I/O.
///
/// ```
/// use bareframe::{Config, Connection, Outbox};
/// let mut server = Connection::server(Config::DEFAULT);
/// let mut outbox = Outbox::new([0; 64]);
/// outbox.encode(|out| server.encode_text("Hello", out))?;
/// outbox.control(&server.ping(b"")?)?;
/// assert_eq!(outbox.pending(), b"\x81\x05Hello\x89\x00");
/// assert_eq!(outbox.room(), 64 - 9);
/// // A write took three bytes; the next continues where it stopped.
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
    /// How many payload bytes of the frame that was begun are neither in the buffer nor written.
    payload_left: u64,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Outbox<B> {
    /// Creates an empty queue in `buffer`, which must be long enough for the longest control frame, 131 bytes.
    #[must_use]
    pub const fn new(buffer: B) -> Outbox<B> {
        Outbox {
            buffer,
            start: 0,
            end: 0,
            payload_left: 0,
        }
    }

    /// Returns the bytes that are to be written next.
    #[must_use]
    #[inline]
    pub fn pending(&self) -> &[u8] {
        self.buffer.as_ref().get(self.start..self.end).unwrap_or(&[])
    }

    /// Declares the first `len` bytes of the buffer as pending. Returns `false` and changes nothing if the buffer is
    /// shorter, or something is pending already.
    pub(crate) fn begin_with(&mut self, len: usize) -> bool {
        let is_new = self.end == 0 && self.is_done() && len <= self.buffer.as_ref().len();
        if is_new {
            self.end = len;
        }
        is_new
    }

    /// Returns how many bytes can be added.
    #[must_use]
    #[inline]
    pub fn room(&self) -> usize {
        self.buffer.as_ref().len().saturating_sub(self.pending().len())
    }

    /// Returns how long the buffer is.
    #[inline]
    pub(crate) fn memory_len(&self) -> usize {
        self.buffer.as_ref().len()
    }

    /// Returns how many bytes of payload the caller still has to add or write of the frame that was begun.
    #[must_use]
    #[inline]
    pub const fn payload_left(&self) -> u64 {
        self.payload_left
    }

    /// Returns `true` if a frame may be added: the last one is complete, in the buffer or written.
    #[must_use]
    #[inline]
    pub const fn is_at_boundary(&self) -> bool {
        self.payload_left == 0
    }

    /// Returns `true` if everything was written, to the end of a frame.
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

    /// Copies as many of the payload's next bytes as fit, masked by a client, and returns how many those are.
    pub fn push<R: crate::role::Role>(&mut self, frame: &mut Outgoing<R>, payload: &[u8]) -> usize {
        self.push_masked(frame.is_masked(), frame.masker_mut(), payload)
    }

    /// Copies as many of the payload's next bytes as fit, masked if `is_masked` is set.
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

    /// Begins a frame of `len` bytes, whose header is the front of the bytes that the caller adds or writes.
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
        let Some((to, after)) = self.free().split_at_mut_checked(header.len()) else {
            return;
        };
        let Some(gap) = payload.start.checked_sub(to.len()) else {
            return;
        };
        let Some(after) = after.get_mut(..gap.saturating_add(len)) else {
            return;
        };
        // The compiler can prove that this does not panic, because the range ends with the buffer.
        if gap > after.len() {
            return;
        }
        after.copy_within(gap.., 0);
        for (to, from) in to.iter_mut().zip(header.iter()) {
            *to = *from;
        }
        if let Some(payload) = after.get_mut(..len) {
            frame.apply(payload);
        }
        self.end = self.end.saturating_add(header.len()).saturating_add(len);
    }

    /// Replaces the buffer, if what is pending fits into the new one.
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

    /// Reports that `written` bytes were written: first the pending ones, then payload that is not in the buffer.
    /// Returns how many of them were such payload.
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

    /// Returns the free bytes after the pending ones, which are moved to the front if that frees any.
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
        let free = self.free();
        let available = free.len();
        let free = free
            .get_mut(..needed)
            .ok_or(BufferTooSmall { needed, available })?;
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
