//! What the page is told, in JSON: a few flat objects do not need a crate.

use crate::frames::{Frame, Message};
use crate::tap::End;
use bareframe::{CloseReason, Opcode, ProtocolError, Rsv};
use std::fmt::{Display, Write};

/// A JSON object, written field by field.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Object {
        Object(String::from("{"))
    }

    /// Adds a field whose value is JSON already: a number, an object, an array.
    pub(crate) fn json(mut self, name: &str, value: impl Display) -> Object {
        let comma = if self.0.len() > 1 { "," } else { "" };
        // Writing to a String does not fail; the names are ours and need no escape.
        let _ = write!(self.0, "{comma}\"{name}\":{value}");
        self
    }

    pub(crate) fn text(self, name: &str, value: &str) -> Object {
        let mut quoted = String::from('"');
        for c in value.chars() {
            let _ = match c {
                '"' | '\\' => write!(quoted, "\\{c}"),
                c if c < ' ' => write!(quoted, "\\u{:04x}", u32::from(c)),
                c => write!(quoted, "{c}"),
            };
        }
        quoted.push('"');
        self.json(name, quoted)
    }

    pub(crate) fn hex(self, name: &str, octets: &[u8]) -> Object {
        let mut hex = String::with_capacity(octets.len() * 2);
        for octet in octets {
            let _ = write!(hex, "{octet:02x}");
        }
        self.text(name, &hex)
    }

    pub(crate) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A frame's fields. Those that did not come, because an octet before them is wrong, are left out.
pub(crate) fn frame(from: End, frame: &Frame) -> String {
    let mut object = Object::new()
        .text("from", from.name())
        .hex("header", &frame.header_octets);
    if let Some(&first) = frame.header_octets.first() {
        let opcode = first & 0x0F;
        let name = Opcode::from_bits(opcode).map_or("reserved".to_owned(), |opcode| opcode.to_string());
        object = object
            .json("fin", first >> 7)
            .text("rsv", &Rsv::from_first_octet(first).to_string())
            .json("opcode", opcode)
            .text("name", &name);
    }
    if let Some(&second) = frame.header_octets.get(1) {
        object = object.json("masked", second >> 7).json("len7", second & 0x7F);
    }
    let key = frame
        .header
        .and_then(|header| header.masking_key())
        .map(|key| key.octets());
    let key = key.as_ref().map_or(&[][..], |key| key);
    let length_end = frame.header_octets.len() - key.len();
    object = object
        .hex("ext", frame.header_octets.get(2..length_end).unwrap_or(&[]))
        .hex("key", key);
    if let Some(header) = &frame.header {
        object = object
            .json("len", header.payload_len())
            .json("taken", frame.payload_taken)
            .hex("sent", &frame.sent)
            .hex("payload", &frame.payload);
    }
    if let Some(reason) = &frame.close {
        object = object.json("close", close(reason));
    }
    if let Some(message) = &frame.message {
        object = object.json("message", message_of(message));
    }
    if let Some(fault) = &frame.fault {
        object = object.json("fault", fault_of(frame, fault.error, fault.offset));
    }
    object.finish()
}

fn close(reason: &CloseReason) -> String {
    match reason.code() {
        None => Object::new().finish(),
        Some(code) => Object::new()
            .json("code", code.number())
            .text("name", code.name())
            .text("reason", reason.reason())
            .finish(),
    }
}

fn message_of(message: &Message) -> String {
    Object::new()
        .text("kind", &message.kind.to_string())
        .json("frames", message.frames)
        .json("len", message.len)
        .finish()
}

/// `at` counts from the payload's first octet if the fault is in the payload, else from the frame's.
fn fault_of(frame: &Frame, error: ProtocolError, offset: u64) -> String {
    let field = match error {
        ProtocolError::ReservedBits => "rsv",
        ProtocolError::FragmentedControl => "fin",
        ProtocolError::ReservedOpcode
        | ProtocolError::UnexpectedContinuation
        | ProtocolError::InterleavedMessage => "opcode",
        ProtocolError::MaskedFrame | ProtocolError::UnmaskedFrame => "mask",
        ProtocolError::OversizedControl => "len",
        ProtocolError::NonMinimalLength | ProtocolError::LengthTopBit => "ext",
        _ => "data",
    };
    let in_frame = offset - frame.offset;
    let at = if field == "data" {
        in_frame.saturating_sub(frame.header_octets.len() as u64)
    } else {
        in_frame
    };
    Object::new()
        .text("field", field)
        .json("at", at)
        .text("what", &error.to_string())
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::Frames;
    use bareframe::Rules;

    #[track_caller]
    fn reported(octets: &[u8], says: &str) {
        let frames = Frames::new(Rules::FROM_CLIENT).push(octets);
        assert_eq!(frame(End::Client, frames.last().unwrap()), says);
    }

    #[test]
    fn text_is_escaped() {
        let object = Object::new().text("a", "\"\\\n\u{1f}é").json("b", 1);
        assert_eq!(object.finish(), r#"{"a":"\"\\\u000a\u001fé","b":1}"#);
    }

    #[test]
    fn a_frame_has_all_its_fields() {
        reported(
            b"\x81\x81\x6c\x93\xc7\xe4\x0d",
            r#"{"from":"client","header":"81816c93c7e4","fin":1,"rsv":"000","opcode":1,"name":"text","masked":1,"len7":1,"ext":"","key":"6c93c7e4","len":1,"taken":1,"sent":"0d","payload":"61","message":{"kind":"text","frames":1,"len":1}}"#,
        );
    }

    #[test]
    fn a_wrong_header_has_the_fields_up_to_the_fault() {
        reported(
            b"\x82\xfe\x00\x05",
            r#"{"from":"client","header":"82fe0005","fin":1,"rsv":"000","opcode":2,"name":"binary","masked":1,"len7":126,"ext":"0005","key":"","fault":{"field":"ext","at":3,"what":"the peer sent a length in more octets than it needs (RFC 6455 section 5.2; close code 1002 Protocol Error)"}}"#,
        );
    }
}
