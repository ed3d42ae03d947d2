//! What the page is told, in JSON.

use crate::frames::{Frame, Message};
use bareframe::{CloseReason, ControlPayload, Opcode};
use core::fmt::{self, Display, Formatter, Write};

/// Which end of the connection octets come from.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Client,
    Server,
}

/// A frame, and who sent it.
pub(crate) struct Report<'f>(pub(crate) End, pub(crate) &'f Frame);

/// A text as JSON writes it.
pub(crate) struct Quoted<T>(pub(crate) T);

struct Hex<'o>(&'o [u8]);

/// Writes what stands between quotes.
struct Escape<'a, 'f>(&'a mut Formatter<'f>);

impl Display for Report<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Report(from, frame) = self;
        write!(f, r#"{{"from":"{from}","header":"{}""#, Hex(&frame.header_octets))?;
        if let Some(header) = frame.header
            && let [first, second, behind @ ..] = &frame.header_octets[..]
        {
            let (fin, rsv, opcode) = (first >> 7, header.rsv(), header.opcode());
            write!(
                f,
                r#","fin":{fin},"rsv":"{rsv}","opcode":{},"name":"{opcode}""#,
                opcode.bits()
            )?;
            write!(f, r#","masked":{},"len7":{}"#, second >> 7, second & 0x7F)?;
            let key = header.masking_key().map_or(0, |key| key.octets().len());
            let (extended, key) = behind.split_at(behind.len() - key);
            write!(f, r#","ext":"{}","key":"{}""#, Hex(extended), Hex(key))?;
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
            if opcode == Opcode::Close
                && let Ok(Ok(reason)) =
                    ControlPayload::new(&frame.payload).map(|payload| payload.close_reason())
            {
                write_close(f, &reason)?;
            }
        }
        if let Some(Message { kind, frames, len }) = frame.message {
            write!(
                f,
                r#","message":{{"kind":"{kind}","frames":{frames},"len":{len}}}"#
            )?;
        }
        f.write_char('}')
    }
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
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
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
