//! The traits of an extension, which turns payload into other payload, in two halves (RFC 6455 sections 5.8 and 9).

use crate::close::CloseCode;
use crate::control::ControlPayload;
use crate::memory::{Memory, sealed};
use crate::opcode::{MessageKind, Opcode, Rsv};
use crate::utf8::Utf8Validator;
use core::ops::Range;

/// An extension of both directions. `()` is no extension, and needs neither code nor state; `Option<X>` is an extension
/// that the opening handshake may or may not have agreed on.
///
/// ```
/// use bareframe::{
///     CloseCode, Config, Connection, Event, Extension, ExtensionWindow, Extended, Frame, InboundExtension, MessageKind, Next,
///     OutboundExtension, Rsv, Session,
/// };
/// /// Sends each byte with its bits inverted, marked by RSV1.
/// struct Inverted;
/// impl Extension for Inverted {
///     type Inbound = Inverted;
///     type Outbound = Inverted;
/// }
/// impl InboundExtension for Inverted {
///     type Window = ExtensionWindow<[u8; 16]>;
///     fn rsv(&self) -> Rsv {
///         Rsv::RSV1
///     }
///     fn receive(&mut self, window: &mut [u8], input: &[u8], is_last: bool) -> Result<Extended, CloseCode> {
///         let len = window.len().min(input.len());
///         window.iter_mut().zip(input).for_each(|(to, from)| *to = !from);
///         Ok(Extended::new(len, 0..len, is_last && len == input.len()))
///     }
/// }
/// impl OutboundExtension for Inverted {
///     fn rsv(&self) -> Rsv {
///         Rsv::RSV1
///     }
///     fn begin(&mut self, _: MessageKind, _: usize, _: bool) -> bool {
///         true
///     }
///     fn send(&mut self, input: &[u8], is_last: bool, out: &mut [u8]) -> Result<Extended, CloseCode> {
///         let len = out.len().min(input.len());
///         out.iter_mut().zip(input).for_each(|(to, from)| *to = !from);
///         Ok(Extended::new(len, 0..len, is_last && len == input.len()))
///     }
/// }
/// let connection = Connection::server(Config::DEFAULT.with_rsv(Rsv::RSV1));
/// let mut session = Session::<_, _, _, Inverted>::with_extension(
///     connection, [0; 64], [0; 256], Inverted, ExtensionWindow::new([0; 16]), Inverted,
/// );
/// session.next_sent(&mut Frame::text("Hi"))?;
/// assert_eq!(session.queued(), b"\xc1\x02\xb7\x96");
/// # Ok::<(), bareframe::SendError>(())
/// ```
pub trait Extension {
    /// What turns received payload into the payload that the caller sees.
    type Inbound: InboundExtension;
    /// What turns the caller's payload into the payload that is sent.
    type Outbound: OutboundExtension;
}

/// The receiving half of an extension. It lends nothing itself: it writes to its window, which the session holds, and names a
/// range there; the session validates text in that range and lends it.
pub trait InboundExtension {
    /// The memory that the extension writes to: an [`ExtensionWindow`], or `()` if there is no extension.
    type Window: Window;

    /// Returns the reserved bits that it uses; the messages whose first frame has one of them pass through it.
    fn rsv(&self) -> Rsv;

    /// Begins a message, before [`InboundExtension::receive`] is called for it. Memory that is leased is put into `window` here.
    fn begin(&mut self, _window: &mut Self::Window) {}

    /// Ends a message: all of its payload was taken, or it failed. Memory that is leased is removed from `window` here.
    fn end(&mut self, _window: &mut Self::Window) {}

    /// Decodes the front of `input` into payload in `window`. `is_last` is set if the message ends with this input.
    ///
    /// The session calls it again with the input that it did not take, and then with an empty input, until it names an
    /// empty range. A range that was named before is no longer in use by then and may be overwritten.
    ///
    /// # Errors
    ///
    /// The close code with which the connection fails.
    fn receive(&mut self, window: &mut [u8], input: &[u8], is_last: bool) -> Result<Extended, CloseCode>;

    /// Notes that a control frame was received, each once, also where the session does not report it. This one does nothing; an adapter
    /// that counts control frames does so here.
    #[inline(always)]
    fn note_control(&mut self, _opcode: Opcode) {}
}

/// The sending half of an extension.
pub trait OutboundExtension {
    /// There is no extension, so that no code is needed for one.
    #[doc(hidden)]
    const NONE: bool = false;

    /// Returns the reserved bits that are set on the first frame of a message that it changes. An extension that has none when the
    /// session is created is not used.
    fn rsv(&self) -> Rsv;

    /// Begins a message of which the caller's first frame has `payload_len` bytes of payload, and which ends with that
    /// frame if `is_last`. Returns `false` if the message is sent unchanged.
    fn begin(&mut self, kind: MessageKind, payload_len: usize, is_last: bool) -> bool;

    /// Passes a message that has the extension's bits already because it was changed elsewhere. `parameters` are those of
    /// [`PreparedFrame::with_parameters`](crate::PreparedFrame::with_parameters), and 0 if there are none. Returns
    /// `false` if the peer could not receive the message: the session then refuses it.
    fn pass(&mut self, _parameters: u8) -> bool {
        true
    }

    /// Encodes the front of `input` into the payload of a frame, at the front of `out`. `is_last` is set if the message
    /// ends with this input. The payload that one call writes is sent as one frame.
    ///
    /// An extension that finds that a message should be sent as it is, though it has begun it, returns [`Extended::unchanged`], if no
    /// frame was made of the message before.
    ///
    /// # Errors
    ///
    /// The close code with which the connection fails.
    fn send(&mut self, input: &[u8], is_last: bool, out: &mut [u8]) -> Result<Extended, CloseCode>;

    /// Notes that a control frame was queued, by the caller or, with `is_answer`, by the session: the answer to a Ping or a Close, or the
    /// Close for an error. This one does nothing.
    #[inline(always)]
    fn note_control(&mut self, _opcode: Opcode, _payload: &ControlPayload, _is_answer: bool) {}
}

/// What one call of an extension did.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Extended {
    pub(crate) taken: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) is_done: bool,
    pub(crate) is_unchanged: bool,
}

impl Extended {
    /// Creates the result of a call that took `taken` bytes of the input and wrote payload to this range of the window
    /// or of the output. With `is_done`, the message ends with that payload.
    #[must_use]
    pub const fn new(taken: usize, range: Range<usize>, is_done: bool) -> Extended {
        Extended {
            taken,
            start: range.start,
            end: range.end,
            is_done,
            is_unchanged: false,
        }
    }

    /// The message is sent as it is. In this range of the output are bytes of it that were taken before, which are sent first; the
    /// extension is called again until the range is empty, and not any more for this message.
    #[must_use]
    pub const fn unchanged(range: Range<usize>) -> Extended {
        Extended {
            is_unchanged: true,
            ..Extended::new(0, range, false)
        }
    }
}

/// The memory of an extension's receiving half, and what the session keeps beside it.
///
/// See [`Extension`] for an example.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ExtensionWindow<M> {
    memory: M,
    progress: Progress,
}

/// The memory between the input of an extension and its payload. Sealed: [`ExtensionWindow`] or `()`.
pub trait Window: SealedWindow {}

/// How much of a message the extension has processed.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Progress {
    /// How many bytes at the end of the current chunk were not taken; `None` if there is no current chunk.
    pub(crate) input: Option<usize>,
    /// The chunk is the message's last.
    pub(crate) is_last: bool,
    pub(crate) kind: Option<MessageKind>,
    /// Some payload of the message was named before.
    pub(crate) is_continued: bool,
    /// The extension was not told yet that the message has ended.
    pub(crate) is_over: bool,
    /// The range that was named last.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The text of the message up to there, and how many bytes it has.
    pub(crate) text: Utf8Validator,
    pub(crate) text_len: u64,
}

pub(crate) use window::Window as SealedWindow;

mod window {
    use super::Progress;

    pub trait Window {
        /// There is no extension, so that no code is needed for one.
        const NONE: bool;

        #[doc(hidden)]
        #[expect(private_interfaces, reason = "nobody but the session calls it")]
        fn parts(&mut self) -> Option<(&mut [u8], &mut Progress)>;

        /// Returns `true` if the extension may produce more payload from the input that it has.
        #[doc(hidden)]
        fn is_at_work(&self) -> bool;
    }
}

impl Window for () {}
impl<M: Memory> Window for ExtensionWindow<M> {}

impl SealedWindow for () {
    const NONE: bool = true;

    #[inline(always)]
    #[expect(private_interfaces, reason = "nobody but the session calls it")]
    fn parts(&mut self) -> Option<(&mut [u8], &mut Progress)> {
        None
    }

    #[inline(always)]
    fn is_at_work(&self) -> bool {
        false
    }
}

impl<M: Memory> SealedWindow for ExtensionWindow<M> {
    const NONE: bool = false;

    #[expect(private_interfaces, reason = "nobody but the session calls it")]
    fn parts(&mut self) -> Option<(&mut [u8], &mut Progress)> {
        Some((sealed::Memory::bytes_mut(&mut self.memory), &mut self.progress))
    }

    fn is_at_work(&self) -> bool {
        self.progress.input.is_some()
    }
}

impl<M: Memory> ExtensionWindow<M> {
    /// Creates a window in this memory.
    #[must_use]
    pub fn new(memory: M) -> ExtensionWindow<M> {
        ExtensionWindow {
            memory,
            progress: Progress::default(),
        }
    }

    /// Returns the memory, which an extension exchanges where a message begins or ends.
    ///
    /// ```
    /// use bareframe::ExtensionWindow;
    /// let mut window = ExtensionWindow::new(None::<[u8; 256]>);
    /// *window.memory_mut() = Some([0; 256]);
    /// assert!(window.memory_mut().take().is_some());
    /// ```
    pub const fn memory_mut(&mut self) -> &mut M {
        &mut self.memory
    }
}

impl Extension for () {
    type Inbound = ();
    type Outbound = ();
}

impl InboundExtension for () {
    type Window = ();

    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    fn receive(&mut self, _: &mut [u8], _: &[u8], _: bool) -> Result<Extended, CloseCode> {
        Err(CloseCode::INTERNAL_ERROR)
    }
}

impl OutboundExtension for () {
    const NONE: bool = true;

    #[inline(always)]
    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    #[inline(always)]
    fn begin(&mut self, _: MessageKind, _: usize, _: bool) -> bool {
        false
    }

    fn send(&mut self, _: &[u8], _: bool, _: &mut [u8]) -> Result<Extended, CloseCode> {
        Err(CloseCode::INTERNAL_ERROR)
    }
}

impl<X: Extension> Extension for Option<X> {
    type Inbound = Option<X::Inbound>;
    type Outbound = Option<X::Outbound>;
}

impl<X: InboundExtension> InboundExtension for Option<X> {
    type Window = X::Window;

    #[inline]
    fn rsv(&self) -> Rsv {
        self.as_ref().map_or(Rsv::NONE, |extension| extension.rsv())
    }

    fn begin(&mut self, window: &mut X::Window) {
        if let Some(extension) = self {
            extension.begin(window);
        }
    }

    fn end(&mut self, window: &mut X::Window) {
        if let Some(extension) = self {
            extension.end(window);
        }
    }

    fn receive(&mut self, window: &mut [u8], input: &[u8], is_last: bool) -> Result<Extended, CloseCode> {
        match self {
            Some(extension) => extension.receive(window, input, is_last),
            None => Err(CloseCode::INTERNAL_ERROR),
        }
    }

    #[inline(always)]
    fn note_control(&mut self, opcode: Opcode) {
        if let Some(extension) = self {
            extension.note_control(opcode);
        }
    }
}

impl<X: OutboundExtension> OutboundExtension for Option<X> {
    const NONE: bool = X::NONE;

    #[inline]
    fn rsv(&self) -> Rsv {
        self.as_ref().map_or(Rsv::NONE, |extension| extension.rsv())
    }

    #[inline]
    fn begin(&mut self, kind: MessageKind, payload_len: usize, is_last: bool) -> bool {
        self.as_mut()
            .is_some_and(|extension| extension.begin(kind, payload_len, is_last))
    }

    fn pass(&mut self, parameters: u8) -> bool {
        self.as_mut().is_some_and(|extension| extension.pass(parameters))
    }

    fn send(&mut self, input: &[u8], is_last: bool, out: &mut [u8]) -> Result<Extended, CloseCode> {
        match self {
            Some(extension) => extension.send(input, is_last, out),
            None => Err(CloseCode::INTERNAL_ERROR),
        }
    }

    #[inline(always)]
    fn note_control(&mut self, opcode: Opcode, payload: &ControlPayload, is_answer: bool) {
        if let Some(extension) = self {
            extension.note_control(opcode, payload, is_answer);
        }
    }
}
