//! InboundDeflate: the receiving half.

use super::lease::InflaterLease;
use crate::inflate::Step;
use bareframe::{CloseCode, Extended, ExtensionWindow, InboundExtension, Memory, Rsv};
use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;

/// The receiving half of [`Deflate`](crate::Deflate): inflates in the session's window, and names what it wrote.
pub struct InboundDeflate<I, M> {
    inflater: I,
    /// How many bytes of the window may have been written since the message began.
    used: usize,
    memory: PhantomData<M>,
}

impl<I, M> InboundDeflate<I, M> {
    /// Creates the half that inflates with an [`Inflater`](crate::Inflater), or what leases one.
    #[must_use]
    pub const fn new(inflater: I) -> InboundDeflate<I, M> {
        InboundDeflate {
            inflater,
            used: 0,
            memory: PhantomData,
        }
    }
}

impl<I: InflaterLease<M>, M: Memory> InboundExtension for InboundDeflate<I, M> {
    type Window = ExtensionWindow<M>;

    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn begin(&mut self, window: &mut ExtensionWindow<M>) {
        self.used = 0;
        self.inflater.lease(window.memory_mut());
    }

    fn end(&mut self, window: &mut ExtensionWindow<M>) {
        self.inflater.release(window.memory_mut(), self.used);
    }

    fn receive(&mut self, window: &mut [u8], input: &[u8], is_last: bool) -> Result<Extended, CloseCode> {
        let Some(inflater) = self.inflater.inflater() else {
            return Err(CloseCode::TRY_AGAIN_LATER);
        };
        let mut rest = input;
        let mut made: Option<Range<usize>> = None;
        let is_done = loop {
            // What was written must stay until it was lent: nothing more is written but behind it.
            if made.as_ref().is_some_and(|made| made.end == window.len()) {
                break false;
            }
            match inflater.inflate(window, &mut rest, is_last) {
                Ok(Step::Output(range)) => {
                    self.used = self.used.max(range.end);
                    let start = made.map_or(range.start, |made| made.start);
                    made = Some(start..range.end);
                    // Whether the message ends with it, the next call finds.
                    if !(is_last && rest.is_empty()) {
                        break false;
                    }
                }
                Ok(Step::NeedsInput) => break false,
                Ok(Step::MessageEnd) => break true,
                // It is returned again when what is before it was lent.
                Err(_) if made.is_some() => break false,
                Err(error) => return Err(error.close_code()),
            }
        };
        let taken = input.len().saturating_sub(rest.len());
        Ok(Extended::new(taken, made.unwrap_or(0..0), is_done))
    }
}

impl<I: fmt::Debug, M> fmt::Debug for InboundDeflate<I, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundDeflate")
            .field("inflater", &self.inflater)
            .finish_non_exhaustive()
    }
}
