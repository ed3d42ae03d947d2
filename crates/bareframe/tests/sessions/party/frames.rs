//! The frames that a party sends.

use super::super::Variant;
use super::super::sent::{Held, Spec};
use super::Party;
use bareframe::{CloseCode, Frame, MessageKind, Role, Rsv};
use bareframe_testkit::Choices;
use std::fmt::Debug;

impl<'p, R: Role + Debug, X: Variant> Party<'_, 'p, R, X> {
    /// Returns a payload that no control frame had before.
    pub(in super::super) fn next_mark(&mut self) -> &'p [u8] {
        self.next_mark += 1;
        &self.payloads.marks[self.next_mark % self.payloads.marks.len()]
    }

    /// Creates a frame of a kind that is mostly lawful here.
    pub(in super::super) fn new_frame(&mut self, choices: &mut Choices<'_>) -> Held<'p> {
        let payloads = self.payloads;
        let open = self.sent.open_message();
        let len = choices.one_of(&[0, 1, 5, 20, 60, 124, 125, 126, 127, 200, 300, 600]);
        let fin = choices.once_in(2);
        let kind = match (open, choices.below(8)) {
            (Some((kind, _)), 0..=6) => kind,
            (_, chosen) if chosen % 2 == 0 => MessageKind::Text,
            _ => MessageKind::Binary,
        };
        let mut spec = Spec {
            opcode: Some(kind.opcode().bits()),
            rsv: Rsv::NONE,
            fin,
            payload: Vec::new(),
            is_checked: true,
            is_prepared: false,
        };
        let frame = match choices.below(16) {
            0..=7 if kind == MessageKind::Text => {
                let text = &payloads.text[..];
                // Where the piece before ended, so that a character that it cut continues.
                let at = open.map_or(choices.byte().into(), |(_, at)| at % text.len());
                let end = (at + len).min(text.len());
                let whole = text.get(at..end).filter(|_| choices.once_in(2));
                spec.payload = text.as_bytes()[at..end].to_vec();
                match whole {
                    Some(whole) => Frame::text(whole).fragment(fin),
                    None => Frame::text_piece(&text.as_bytes()[at..end]).fragment(fin),
                }
            }
            0..=7 => {
                spec.payload = payloads.bytes[..len].to_vec();
                Frame::binary(&payloads.bytes[..len]).fragment(fin)
            }
            8 | 9 => {
                let prepared = &payloads.prepared[choices.below(payloads.prepared.len())];
                let kind = prepared.0;
                spec.opcode = Some(kind.opcode().bits());
                spec.payload = prepared.1.payload().to_vec();
                (spec.fin, spec.is_prepared, spec.is_checked) = (true, true, false);
                Frame::prepared(&prepared.1)
            }
            10 => {
                // Pairs of an extension's; with it only whole messages, since it keeps half a pair.
                let fin = fin || X::IS_EXTENDED;
                let packed = &payloads.packed[..len / 2 * 2];
                spec.payload = packed.to_vec();
                (spec.rsv, spec.fin, spec.is_checked) = (Rsv::RSV1, fin, false);
                match kind {
                    MessageKind::Text => Frame::text_piece(packed).with_rsv(Rsv::RSV1).fragment(fin),
                    MessageKind::Binary => Frame::binary(packed).with_rsv(Rsv::RSV1).fragment(fin),
                }
            }
            11 | 12 => {
                let mark = self.next_mark();
                spec.payload = mark.to_vec();
                spec.fin = true;
                let is_ping = choices.below(3) < 2;
                spec.opcode = Some(if is_ping { 0x9 } else { 0xA });
                if is_ping {
                    Frame::ping(mark)
                } else {
                    Frame::pong(mark)
                }
            }
            13 if choices.once_in(4) => {
                let reason = payloads.text.get(..len).unwrap_or("");
                let code = CloseCode::new(choices.one_of(&[1000, 1001, 3000])).expect("a code");
                spec.payload = [&code.number().to_be_bytes()[..], reason.as_bytes()].concat();
                (spec.opcode, spec.fin) = (Some(0x8), true);
                Frame::close(code, reason)
            }
            14 if choices.once_in(4) => {
                (spec.opcode, spec.fin) = (None, true);
                Frame::NONE
            }
            _ => {
                // Hardly ever text.
                let piece = &payloads.bytes[..len];
                spec.payload = piece.to_vec();
                match kind {
                    MessageKind::Text => Frame::text_piece(piece).fragment(fin),
                    MessageKind::Binary => Frame::binary(piece).fragment(fin),
                }
            }
        };
        Held {
            frame,
            spec,
            begun: None,
        }
    }

    /// Sends our Close, if that can be.
    pub(in super::super) fn close(&mut self, choices: &mut Choices<'_>) {
        let mut held = Held {
            frame: Frame::close_without_code(),
            spec: Spec {
                opcode: Some(0x8),
                rsv: Rsv::NONE,
                fin: true,
                payload: Vec::new(),
                is_checked: false,
                is_prepared: false,
            },
            begun: None,
        };
        while !self.send(&mut held, choices) {}
    }
}
