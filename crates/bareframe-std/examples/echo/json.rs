//! The reports to the page, in JSON. A few flat objects do not need a crate.
//!
//! The echo server for a microcontroller uses them too, so nothing is allocated.

use crate::frames::{Fault, Frame, Inflated, Message};
use bareframe::{CloseReason, Opcode, ProtocolError, Rsv};
use core::fmt::{self, Display, Formatter, Write};

/// Which end of the connection bytes come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Client,
    Server,
}

/// The head of the opening handshake, and who sent it.
pub(crate) struct Head<'h>(pub(crate) End, pub(crate) &'h str);

/// A frame, and who sent it. Its fields that did not come, because a byte before them is wrong, are left out.
pub(crate) struct Report<'f, K>(pub(crate) End, pub(crate) &'f Frame<K>);

/// A note of the server that is not about a frame.
pub(crate) struct Note<T>(pub(crate) T);

/// How a connection has ended for the server, if the browser's Close was received. The browser may see it otherwise: one that has
/// failed the connection does not wait for the answer to its Close.
pub(crate) struct Closed(pub(crate) Option<CloseReason>);

/// A text in quotes.
pub(crate) struct Quoted<T>(pub(crate) T);

struct Hex<'o>(&'o [u8]);

/// Writes the text between quotes.
struct Escape<'a, 'f>(&'a mut Formatter<'f>);

impl Display for Head<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, r#"{{"from":"{}","head":{}}}"#, self.0, Quoted(self.1))
    }
}

impl<K: Inflated> Display for Report<'_, K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Report(from, frame) = self;
        write!(f, r#"{{"from":"{from}","header":"{}""#, Hex(&frame.header_bytes))?;
        write_header(f, frame)?;
        if let Some(header) = &frame.header {
            write!(
                f,
                r#","len":{},"taken":{}"#,
                header.payload_len(),
                frame.payload_taken
            )?;
            write!(
                f,
                r#","sent":"{}","payload":"{}""#,
                Hex(&frame.sent),
                Hex(&frame.payload)
            )?;
        }
        if let Some((bytes, len)) = frame.inflated.as_ref().and_then(Inflated::get) {
            write!(f, r#","inflated":{{"len":{len},"payload":"{}"}}"#, Hex(bytes))?;
        }
        if let Some(reason) = &frame.close {
            write_close(f, reason)?;
        }
        if let Some(message) = &frame.message {
            write_message(f, message)?;
        }
        if let Some(fault) = &frame.fault {
            write_fault(f, frame, fault)?;
        }
        f.write_char('}')
    }
}

impl<T: Display> Display for Note<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, r#"{{"note":{}}}"#, Quoted(&self.0))
    }
}

impl Display for Closed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("it received the browser's Close")?;
        if let Some(reason) = &self.0 {
            write!(f, " ({reason})")?;
        }
        f.write_str(" and has sent its own, so that the closing handshake is done for it")
    }
}

fn write_message<K: Inflated>(f: &mut Formatter<'_>, message: &Message<K>) -> fmt::Result {
    let Message {
        kind, frames, len, ..
    } = message;
    write!(f, r#","message":{{"kind":"{kind}","frames":{frames},"len":{len}"#)?;
    if let Some((bytes, len)) = message.inflated.as_ref().and_then(Inflated::get) {
        write!(f, r#","inflated":{{"len":{len},"payload":"{}"}}"#, Hex(bytes))?;
    }
    f.write_char('}')
}

fn write_header<K>(f: &mut Formatter<'_>, frame: &Frame<K>) -> fmt::Result {
    let bytes = &frame.header_bytes[..];
    if let Some(&first) = bytes.first() {
        let (rsv, opcode) = (Rsv::from_first_byte(first), first & 0x0F);
        write!(f, r#","fin":{},"rsv":"{rsv}","opcode":{opcode}"#, first >> 7)?;
        match Opcode::from_bits(opcode) {
            Some(opcode) => write!(f, r#","name":"{opcode}""#)?,
            None => f.write_str(r#","name":"reserved""#)?,
        }
    }
    if let Some(&second) = bytes.get(1) {
        write!(f, r#","masked":{},"len7":{}"#, second >> 7, second & 0x7F)?;
    }
    let key = frame.header.and_then(|header| header.masking_key());
    let key_len = key.map_or(0, |key| key.to_bytes().len());
    let (length, key) = bytes.split_at(bytes.len() - key_len);
    write!(
        f,
        r#","ext":"{}","key":"{}""#,
        Hex(length.get(2..).unwrap_or(&[])),
        Hex(key)
    )
}

fn write_close(f: &mut Formatter<'_>, reason: &CloseReason) -> fmt::Result {
    let Some(code) = reason.code() else {
        return f.write_str(r#","close":{}"#);
    };
    let (name, reason) = (Quoted(code.name()), Quoted(reason.reason()));
    write!(
        f,
        r#","close":{{"code":{},"name":{name},"reason":{reason}}}"#,
        code.number()
    )
}

/// `at` counts from the payload's first byte if the fault is in the payload, else from the frame's.
fn write_fault<K>(f: &mut Formatter<'_>, frame: &Frame<K>, fault: &Fault) -> fmt::Result {
    let field = match fault.error {
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
    let in_frame = fault.offset - frame.offset;
    let at = if field == "data" {
        in_frame.saturating_sub(frame.header_bytes.len() as u64)
    } else {
        in_frame
    };
    let what = Quoted(fault.error);
    write!(f, r#","fault":{{"field":"{field}","at":{at},"what":{what}"#)?;
    if let Some(why) = fault.why {
        write!(f, r#","why":{}"#, Quoted(why))?;
    }
    f.write_char('}')
}

impl Display for End {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            End::Client => "client",
            End::Server => "server",
        })
    }
}

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<T: Display> Display for Quoted<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        write!(Escape(f), "{}", self.0)?;
        f.write_char('"')
    }
}

impl Write for Escape<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| match c {
            '"' | '\\' => write!(self.0, "\\{c}"),
            c if c < ' ' => write!(self.0, "\\u{:04x}", u32::from(c)),
            c => self.0.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::Frames;
    use bareframe::Rules;

    #[track_caller]
    fn reported(bytes: &[u8], says: &str) {
        let frame = Frames::<()>::new(Rules::FROM_CLIENT)
            .next(&mut &bytes[..])
            .unwrap();
        assert_eq!(Report(End::Client, &frame).to_string(), says);
    }

    #[test]
    fn text_is_escaped() {
        let note = Note("\"\\\n\u{1f}é").to_string();
        assert_eq!(note, r#"{"note":"\"\\\u000a\u001fé"}"#);
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
            r#"{"from":"client","header":"82fe0005","fin":1,"rsv":"000","opcode":2,"name":"binary","masked":1,"len7":126,"ext":"0005","key":"","fault":{"field":"ext","at":3,"what":"the peer sent a length in more bytes than it needs (RFC 6455 section 5.2; close code 1002 Protocol Error)"}}"#,
        );
    }
}
