//! OutboundDeflate: the sending half.

use super::lease::DeflaterLease;
use crate::WindowBits;
use crate::message::{Choice, Chosen};
use bareframe::{CloseCode, Extended, MessageKind, OutboundExtension, Rsv};
use core::fmt;
use core::ops::Range;

/// The sending half of [`Deflate`](crate::Deflate): compresses the messages that are worth it.
///
/// A message is sent as it is if it is shorter than the threshold, if it opted out by
/// [`Frame::without_extension`](bareframe::Frame::without_extension), if it did not shrink before anything of it left, or if no
/// deflater could be leased. It is in no window then. Of a message that is sent in fragments, a kilobyte is gathered before any
/// of it is compressed and leaves.
///
/// A message that was compressed once for many connections is sent by [`Frame::prepared`](bareframe::Frame::prepared). It is refused
/// with [`SendError::NotAgreed`](bareframe::SendError::NotAgreed) if it was compressed with a larger window than was negotiated with
/// this peer; the window is said by [`PreparedFrame::with_parameters`](bareframe::PreparedFrame::with_parameters) as window
/// bits, 0 being taken for 15. Such a message must have been compressed by itself. What was sent before it is not referred to any more.
///
/// # Secrets
///
/// The length of compressed data depends on what is in it. Whoever may have text of their own compressed together with a secret, in
/// one message or with context takeover in another, and see the lengths, can guess the secret byte by byte: this is how CRIME
/// and BREACH read cookies through TLS. Send messages with secrets without the extension, or keep what comes from others out of
/// them.
pub struct OutboundDeflate<D> {
    deflater: D,
    choice: Choice,
    /// Where in the deflater's memory bytes of a message are that is sent as it is.
    given_up: Option<Range<usize>>,
}

impl<D> OutboundDeflate<D> {
    /// Creates the half that compresses with a [`Deflater`](crate::Deflater), or with what leases one.
    ///
    /// Messages of fewer than 32 bytes are sent as they are.
    #[must_use]
    pub const fn new(deflater: D) -> OutboundDeflate<D> {
        OutboundDeflate {
            deflater,
            choice: Choice::new(Choice::THRESHOLD),
            given_up: None,
        }
    }

    /// Sets how many bytes a message must have to be compressed, if it is sent in one frame.
    #[must_use]
    pub const fn with_threshold(mut self, len: usize) -> OutboundDeflate<D> {
        self.choice = Choice::new(len);
        self
    }
}

impl<D: DeflaterLease> OutboundDeflate<D> {
    /// Names the next bytes of a message that is sent as it is.
    fn send_unchanged(&mut self, unsent: Range<usize>, out: &mut [u8]) -> Extended {
        let Some(deflater) = self.deflater.deflater().filter(|_| !unsent.is_empty()) else {
            self.given_up = None;
            self.deflater.release();
            return Extended::unchanged(0..0);
        };
        let bytes = deflater.taken(unsent.clone());
        let len = bytes.len().min(out.len());
        for (to, from) in out.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.given_up = Some(unsent.start.saturating_add(len)..unsent.end);
        Extended::unchanged(0..len)
    }
}

impl<D: DeflaterLease> OutboundExtension for OutboundDeflate<D> {
    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn begin(&mut self, _: MessageKind, payload_len: usize, is_last: bool) -> bool {
        if is_last && !self.choice.is_worth_it(payload_len) || !self.deflater.lease() {
            return false;
        }
        self.choice.begin();
        true
    }

    fn pass(&mut self, parameters: u8) -> bool {
        let bits = WindowBits::new(parameters).unwrap_or(WindowBits::MAX);
        let may_pass = bits <= self.deflater.window_bits();
        if may_pass && let Some(deflater) = self.deflater.deflater() {
            // It is in the peer's window, and not in the history.
            deflater.forget();
        }
        may_pass
    }

    fn send(&mut self, input: &[u8], is_last: bool, out: &mut [u8]) -> Result<Extended, CloseCode> {
        if let Some(unsent) = self.given_up.take() {
            return Ok(self.send_unchanged(unsent, out));
        }
        let Some(deflater) = self.deflater.deflater() else {
            return Err(CloseCode::INTERNAL_ERROR);
        };
        let mut rest = input;
        let chosen = self.choice.next(deflater, &mut rest, is_last, out);
        let taken = input.len().saturating_sub(rest.len());
        Ok(match chosen {
            Chosen::NeedsInput => Extended::new(taken, 0..0, false),
            Chosen::Frame { len, is_last, .. } => {
                if is_last {
                    self.deflater.release();
                }
                Extended::new(taken, 0..len, is_last)
            }
            Chosen::Uncompressed(unsent) => self.send_unchanged(unsent, out),
        })
    }
}

impl<D: fmt::Debug> fmt::Debug for OutboundDeflate<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundDeflate")
            .field("deflater", &self.deflater)
            .field("choice", &self.choice)
            .finish_non_exhaustive()
    }
}
