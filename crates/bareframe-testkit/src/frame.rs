//! A builder of frames, legal or not.

use crate::Side;
use bareframe::Rsv;

/// A frame to be encoded, without any checks. Every field of the header can have any value.
///
/// ```
/// use bareframe_testkit::{Frame, LengthForm};
/// let key = [0x37, 0xfa, 0x21, 0x3d];
/// let bytes = Frame::text("Hello").masked(key).to_bytes();
/// assert_eq!(bytes, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
///
/// let unlawful = Frame::ping("x").fin(false).length_form(LengthForm::U16);
/// assert_eq!(unlawful.to_bytes(), *b"\x09\x7E\x00\x01x");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The FIN bit.
    pub fin: bool,
    /// The three reserved bits.
    pub rsv: Rsv,
    /// The opcode: the lower four bits count.
    pub opcode_bits: u8,
    /// The masking key, if MASK is set.
    pub masking_key: Option<[u8; 4]>,
    /// How the length is written.
    pub length_form: LengthForm,
    /// The length that the header declares, in bytes, where it is not that of the payload.
    pub declared_len: Option<u64>,
    /// The payload before it is masked.
    pub payload: Vec<u8>,
}

/// How a length is written. One that is too long for its form loses its upper bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LengthForm {
    /// In as few bytes as it needs (RFC 6455 section 5.2).
    Minimal,
    /// In the 7 bits of the second byte; 126 and 127 announce another form, which does not follow.
    U7,
    /// In 16 bits.
    U16,
    /// In 64 bits.
    U64,
}

impl Frame {
    /// Creates an unmasked frame with FIN, with these four bits for an opcode.
    #[must_use]
    pub fn new(opcode_bits: u8, payload: impl AsRef<[u8]>) -> Frame {
        Frame {
            fin: true,
            rsv: Rsv::NONE,
            opcode_bits,
            masking_key: None,
            length_form: LengthForm::Minimal,
            declared_len: None,
            payload: payload.as_ref().to_vec(),
        }
    }

    /// Creates a text frame; the payload need not be UTF-8.
    #[must_use]
    pub fn text(payload: impl AsRef<[u8]>) -> Frame {
        Frame::new(0x1, payload)
    }

    /// Creates a binary frame.
    #[must_use]
    pub fn binary(payload: impl AsRef<[u8]>) -> Frame {
        Frame::new(0x2, payload)
    }

    /// Creates a continuation frame.
    #[must_use]
    pub fn continuation(payload: impl AsRef<[u8]>) -> Frame {
        Frame::new(0x0, payload)
    }

    /// Creates a Ping.
    #[must_use]
    pub fn ping(payload: impl AsRef<[u8]>) -> Frame {
        Frame::new(0x9, payload)
    }

    /// Creates a Pong.
    #[must_use]
    pub fn pong(payload: impl AsRef<[u8]>) -> Frame {
        Frame::new(0xA, payload)
    }

    /// Creates a Close with any number for a code and any bytes for a reason.
    ///
    /// One without a payload, or with half a code, is `Frame::new(0x8, …)`.
    #[must_use]
    pub fn close(code: u16, reason: impl AsRef<[u8]>) -> Frame {
        Frame::new(0x8, [&code.to_be_bytes(), reason.as_ref()].concat())
    }

    /// Sets or clears FIN.
    #[must_use]
    pub fn fin(mut self, fin: bool) -> Frame {
        self.fin = fin;
        self
    }

    /// Sets the reserved bits.
    #[must_use]
    pub fn rsv(mut self, rsv: Rsv) -> Frame {
        self.rsv = rsv;
        self
    }

    /// Sets the opcode, reserved ones too.
    #[must_use]
    pub fn opcode_bits(mut self, opcode_bits: u8) -> Frame {
        self.opcode_bits = opcode_bits;
        self
    }

    /// Masks the frame.
    #[must_use]
    pub fn masked(mut self, masking_key: [u8; 4]) -> Frame {
        self.masking_key = Some(masking_key);
        self
    }

    /// Masks the frame if the side that receives it expects so.
    #[must_use]
    pub fn masked_for(mut self, receiver: Side, masking_key: [u8; 4]) -> Frame {
        self.masking_key = receiver.expects_masks().then_some(masking_key);
        self
    }

    /// Sets how the length is written.
    #[must_use]
    pub fn length_form(mut self, length_form: LengthForm) -> Frame {
        self.length_form = length_form;
        self
    }

    /// Declares a length in bytes that need not be that of the payload.
    #[must_use]
    pub fn declared_len(mut self, declared_len: u64) -> Frame {
        self.declared_len = Some(declared_len);
        self
    }

    /// Returns the bytes of the header, with the masking key.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        let fin = if self.fin { 0x80 } else { 0x00 };
        let mask = if self.masking_key.is_some() { 0x80 } else { 0x00 };
        let len = self.declared_len.unwrap_or(self.payload.len() as u64);
        let form = match (self.length_form, len) {
            (LengthForm::Minimal, 0..=125) => LengthForm::U7,
            (LengthForm::Minimal, 126..=65_535) => LengthForm::U16,
            (LengthForm::Minimal, _) => LengthForm::U64,
            (form, _) => form,
        };

        let mut bytes = vec![fin | self.rsv.bits() | self.opcode_bits & 0x0F];
        match form {
            LengthForm::U16 => {
                bytes.push(mask | 126);
                bytes.extend((len as u16).to_be_bytes());
            }
            LengthForm::U64 => {
                bytes.push(mask | 127);
                bytes.extend(len.to_be_bytes());
            }
            _ => bytes.push(mask | len as u8 & 0x7F),
        }
        bytes.extend(self.masking_key.iter().flatten());
        bytes
    }

    /// Returns the bytes of the whole frame.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.header();
        let masking_key = self.masking_key.unwrap_or([0; 4]);
        for (index, byte) in self.payload.iter().enumerate() {
            bytes.push(byte ^ masking_key[index % 4]);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_7_examples() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let masked_pong = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(Frame::text("Hello").to_bytes(), *b"\x81\x05Hello");
        assert_eq!(Frame::text("Hel").fin(false).to_bytes(), *b"\x01\x03Hel");
        assert_eq!(Frame::continuation("lo").to_bytes(), *b"\x80\x02lo");
        assert_eq!(Frame::ping("Hello").to_bytes(), *b"\x89\x05Hello");
        assert_eq!(Frame::pong("Hello").masked(key).to_bytes(), masked_pong);
        assert_eq!(Frame::binary([0; 256]).header(), [0x82, 0x7E, 0x01, 0x00]);
        assert_eq!(
            Frame::binary([0; 65_536]).header(),
            [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]
        );
    }

    #[test]
    fn s5_2_minimal_lengths() {
        let second_byte = |len| Frame::new(0x2, []).declared_len(len).header()[1];
        assert_eq!([0, 125].map(second_byte), [0, 125]);
        assert_eq!([126, 65_535].map(second_byte), [126; 2]);
        assert_eq!([65_536, u64::MAX].map(second_byte), [127; 2]);
    }

    #[test]
    fn s5_5_1_close_has_its_code_first() {
        assert_eq!(Frame::close(1000, "bye").to_bytes(), *b"\x88\x05\x03\xE8bye");
    }

    #[test]
    fn unlawful_frames_are_made_as_told() {
        let frame = Frame::ping("x").fin(false).rsv(Rsv::RSV2);
        assert_eq!(frame.to_bytes(), *b"\x29\x01x");
        assert_eq!(frame.clone().opcode_bits(0x1F).to_bytes(), *b"\x2F\x01x");
        assert_eq!(
            frame.clone().length_form(LengthForm::U16).to_bytes(),
            *b"\x29\x7E\x00\x01x"
        );
        assert_eq!(
            frame.clone().length_form(LengthForm::U64).to_bytes(),
            *b"\x29\x7F\0\0\0\0\0\0\0\x01x"
        );
        assert_eq!(frame.clone().declared_len(9).to_bytes(), *b"\x29\x09x");
        assert_eq!(
            frame.declared_len(127).length_form(LengthForm::U7).to_bytes(),
            *b"\x29\x7Fx"
        );
    }

    #[test]
    fn s5_1_only_a_server_is_sent_masked_frames() {
        let frame = Frame::text("x").masked([0; 4]);
        assert_eq!(
            frame.clone().masked_for(Side::Server, [1; 4]).masking_key,
            Some([1; 4])
        );
        assert_eq!(frame.masked_for(Side::Client, [1; 4]).masking_key, None);
    }
}
