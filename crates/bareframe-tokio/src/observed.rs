//! The sessions' extension, with the control frames counted that pass beside it: a session answers Pings itself, and tells nobody else.

use crate::counters::Controls;
use bareframe::{
    CloseCode, ControlPayload, Extended, Extension, InboundExtension, MessageKind, Opcode, OutboundExtension,
    Rsv,
};
use std::marker::PhantomData;

/// An extension whose halves count control frames.
pub(crate) struct Observed<X>(PhantomData<X>);

/// The receiving half.
#[derive(Debug)]
pub(crate) struct ObservedInbound<X> {
    extension: X,
    pings: u64,
    pongs: u64,
}

/// The sending half.
#[derive(Debug)]
pub(crate) struct ObservedOutbound<X> {
    extension: X,
    controls: Controls,
    /// Our Close was the answer to the peer's, or to an error of the peer's.
    is_answer: bool,
}

impl<X: Extension> Extension for Observed<X> {
    type Inbound = ObservedInbound<X::Inbound>;
    type Outbound = ObservedOutbound<X::Outbound>;
}

impl<X> ObservedInbound<X> {
    pub(crate) const fn new(extension: X) -> ObservedInbound<X> {
        ObservedInbound {
            extension,
            pings: 0,
            pongs: 0,
        }
    }

    /// Returns what was received beside a Close, whose code the session knows.
    pub(crate) const fn controls(&self) -> Controls {
        Controls {
            pings: self.pings,
            pongs: self.pongs,
            closes: 0,
            close_code: None,
        }
    }
}

impl<X> ObservedOutbound<X> {
    pub(crate) const fn new(extension: X) -> ObservedOutbound<X> {
        ObservedOutbound {
            extension,
            controls: Controls {
                pings: 0,
                pongs: 0,
                closes: 0,
                close_code: None,
            },
            is_answer: false,
        }
    }

    pub(crate) const fn controls(&self) -> Controls {
        self.controls
    }

    /// Returns `true` if our Close was the answer to the peer's, or to an error of the peer's.
    pub(crate) const fn is_answer(&self) -> bool {
        self.is_answer
    }
}

impl<X: InboundExtension> InboundExtension for ObservedInbound<X> {
    type Window = X::Window;

    #[inline]
    fn rsv(&self) -> Rsv {
        self.extension.rsv()
    }

    fn begin(&mut self, window: &mut X::Window) {
        self.extension.begin(window);
    }

    fn end(&mut self, window: &mut X::Window) {
        self.extension.end(window);
    }

    fn receive(&mut self, window: &mut [u8], input: &[u8], is_last: bool) -> Result<Extended, CloseCode> {
        self.extension.receive(window, input, is_last)
    }

    fn note_control(&mut self, opcode: Opcode) {
        match opcode {
            Opcode::Ping => self.pings = self.pings.saturating_add(1),
            Opcode::Pong => self.pongs = self.pongs.saturating_add(1),
            _ => {}
        }
    }
}

impl<X: OutboundExtension> OutboundExtension for ObservedOutbound<X> {
    #[inline]
    fn rsv(&self) -> Rsv {
        self.extension.rsv()
    }

    #[inline]
    fn begin(&mut self, kind: MessageKind, payload_len: usize, is_last: bool) -> bool {
        self.extension.begin(kind, payload_len, is_last)
    }

    fn pass(&mut self, parameters: u8) -> bool {
        self.extension.pass(parameters)
    }

    fn send(&mut self, input: &[u8], is_last: bool, out: &mut [u8]) -> Result<Extended, CloseCode> {
        self.extension.send(input, is_last, out)
    }

    fn note_control(&mut self, opcode: Opcode, payload: &ControlPayload, is_answer: bool) {
        let controls = &mut self.controls;
        match opcode {
            Opcode::Ping => controls.pings = controls.pings.saturating_add(1),
            Opcode::Pong => controls.pongs = controls.pongs.saturating_add(1),
            Opcode::Close => {
                controls.closes = controls.closes.saturating_add(1);
                let code = payload.first_chunk().copied().map(u16::from_be_bytes);
                controls.close_code = code.and_then(CloseCode::new);
                self.is_answer = is_answer;
            }
            _ => {}
        }
    }
}
