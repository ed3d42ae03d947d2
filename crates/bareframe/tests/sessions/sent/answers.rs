//! What a session queues by itself between the frames of its caller, and the frames that an extension makes.

use super::super::Keys;
use super::super::heard::Heard;
use super::{CLOSE, CONTINUATION, Closed, Sent, Spec, frame_of};
use bareframe::{CloseCode, MessageKind};
use bareframe_testkit::Side;

impl Sent {
    /// Returns the bytes that are written or queued and belong to no frame that is known.
    fn unknown<'a>(&self, queued: &'a [u8]) -> &'a [u8] {
        let known = self.due.len().saturating_sub(self.written.len());
        queued.get(known..).unwrap_or(&[])
    }

    /// Accounts for what the session has queued by itself, up to this frame.
    pub(in super::super) fn take_answers(
        &mut self,
        queued: &[u8],
        up_to: Option<&Spec>,
        heard: &Heard,
        may: bool,
    ) {
        if self.stopped.is_some() {
            return;
        }
        loop {
            let rest = self.unknown(queued);
            if rest.is_empty() {
                return;
            }
            if let Some(spec) = up_to {
                let is_extended = self.is_extended && spec.kind() == Some(MessageKind::Text);
                let opcode = match spec.kind() {
                    Some(_) if self.open.is_some() => CONTINUATION,
                    _ => spec.opcode.unwrap_or(0),
                };
                let bytes = self.bytes(frame_of(spec, opcode));
                let len = bytes.len().min(rest.len());
                if bytes[..len] == rest[..len] || is_extended && rest[0] & 0xF < CLOSE {
                    return;
                }
            }
            let (first, payload, len) = self.parse(rest);
            assert!(may, "nothing is answered here");
            self.take_answer(first, &payload, heard);
            self.push_frame(&rest[..len]);
        }
    }

    fn take_answer(&mut self, first: u8, payload: &[u8], heard: &Heard) {
        assert!(
            !matches!(self.closed, Some(Closed::AsAnswer(_))),
            "an answer after the last Close"
        );
        match first {
            0x8A => {
                assert!(self.config.auto_pong(), "a Pong that nobody asked for");
                let pings = heard.pings();
                let is_of = |ping: &Vec<u8>| ping == payload;
                let at = pings.iter().skip(self.answerable).position(is_of);
                let at = at.unwrap_or_else(|| panic!("a Pong of no Ping, or of one before: {payload:?}"));
                self.answerable += at + 1;
                // Of equal ones any may be meant.
                self.answered = pings.iter().rposition(is_of).map_or(0, |at| at + 1);
            }
            0x88 => {
                assert_eq!(self.closed, None, "a second Close");
                let code = match payload {
                    [] => None,
                    payload => CloseCode::new(u16::from_be_bytes([payload[0], payload[1]])),
                };
                assert!(
                    payload.len() <= 2 && heard.may_close(code),
                    "a Close with {code:?}"
                );
                self.closed = Some(Closed::AsAnswer(code));
            }
            0x89 => {
                assert!(
                    self.keepalives > 0 && payload.is_empty(),
                    "a Ping that nobody asked for"
                );
                self.keepalives -= 1;
            }
            first => panic!("{first:#04x} is no answer"),
        }
    }

    /// Accounts for the frames that the extension has made.
    pub(super) fn take_extended(&mut self, queued: &[u8]) {
        while self.stopped.is_none() && !self.unknown(queued).is_empty() {
            let rest = self.unknown(queued);
            let (first, _, len) = self.parse(rest);
            assert!(first & 0xF < CLOSE, "{first:#04x} is no frame of a message");
            self.push_frame(&rest[..len]);
        }
    }

    /// Reads a whole frame, of which our next key masks the payload: its first byte, its payload, its length.
    fn parse(&self, rest: &[u8]) -> (u8, Vec<u8>, usize) {
        let is_masked = self.side == Side::Client;
        assert_eq!(rest[1] & 0x80 != 0, is_masked);
        let (len, mut at) = match rest[1] & 0x7F {
            126 => (usize::from(rest[2]) << 8 | usize::from(rest[3]), 4),
            len => (usize::from(len), 2),
        };
        let mut key = [0; 4];
        if is_masked {
            key = Keys::key(self.keys + 1).to_bytes();
            assert_eq!(rest[at..at + 4], key, "a key that is not the next");
            at += 4;
        }
        let payload = rest[at..at + len].iter().enumerate();
        let payload = payload.map(|(at, byte)| byte ^ key[at % 4]).collect();
        (rest[0], payload, at + len)
    }
}
