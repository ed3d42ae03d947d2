//! Describes a frame.

use crate::escape::escape;
use crate::frames::{Fault, Frame, Inflated, Message};
use crate::hex;
use bareframe::{FrameHeader, MessageKind, Opcode};
use std::io::{self, Write};

/// Each sentence begins with who sent the frame, if that is known.
pub(crate) fn write_frame<K: Inflated>(
    out: &mut dyn Write,
    from: &str,
    number: u64,
    frame: &Frame<K>,
) -> io::Result<()> {
    let offset = frame.offset;
    match &frame.header {
        Some(header) => writeln!(out, "{from}Frame {number}, from byte {offset}: {header}")?,
        None => writeln!(out, "{from}Frame {number}, from byte {offset}")?,
    }
    line(out, "header", &hex::show(&frame.header_bytes))?;
    if let Some(header) = &frame.header {
        write_header(out, header, &frame.header_bytes, frame.inflated.is_some())?;
        write_payload(out, header, frame)?;
    }
    if let Some(reason) = &frame.close {
        line(out, "close", &reason.to_string())?;
    }
    let is_compressed = |message: &Message<K>| message.inflated.is_some();
    if let Some(message) = frame
        .message
        .as_ref()
        .filter(|message| message.frames > 1 || is_compressed(message))
    {
        write_message(out, message)?;
    }
    if let Some(fault) = &frame.fault {
        write_fault(out, from, fault, frame)?;
    }
    Ok(())
}

/// A frame after which the bytes end too soon.
pub(crate) fn write_unfinished<K: Inflated>(
    out: &mut dyn Write,
    from: &str,
    number: u64,
    frame: &Frame<K>,
) -> io::Result<()> {
    write_frame(out, from, number, frame)?;
    match &frame.header {
        None => writeln!(out, "{from}The bytes end inside the header of frame {number}."),
        Some(header) => {
            let (taken, all) = (frame.payload_taken, header.payload_len());
            writeln!(
                out,
                "{from}The bytes end inside frame {number}, after {taken} of {all} bytes of payload."
            )
        }
    }
}

fn write_header(
    out: &mut dyn Write,
    header: &FrameHeader,
    bytes: &[u8],
    is_inflated: bool,
) -> io::Result<()> {
    let fin = match (header.opcode().is_control(), header.fin()) {
        (true, _) => "1, as in every control frame",
        (false, true) => "1, the message's last frame",
        (false, false) => "0, more frames of the message follow",
    };
    line(out, "FIN", fin)?;
    let rsv = match (header.rsv().is_empty(), is_inflated) {
        (true, false) => "no extension in use",
        (true, true) => "a compressed message continues (RFC 7692)",
        (false, true) => "compressed (RSV1), by permessage-deflate (RFC 7692)",
        (false, false) => "compressed (RSV1), if permessage-deflate was agreed on (RFC 7692)",
    };
    line(out, "RSV1-3", &format!("{}, {rsv}", header.rsv()))?;
    line(
        out,
        "opcode",
        &format!("0x{:x}, {}", header.opcode().bits(), header.opcode()),
    )?;
    match header.masking_key() {
        Some(key) => line(out, "MASK", &format!("1, masked with {key}: a client sent it"))?,
        None => line(out, "MASK", "0, not masked: a server sent it")?,
    }
    let form = match bytes.len() - header.masking_key().map_or(0, |key| key.to_bytes().len()) {
        2 => "in 7 bits",
        4 => "in 16 bits after 126",
        _ => "in 64 bits after 127",
    };
    line(out, "length", &format!("{}, {form}", count(header.payload_len())))
}

fn write_payload<K: Inflated>(out: &mut dyn Write, header: &FrameHeader, frame: &Frame<K>) -> io::Result<()> {
    if frame.payload_taken == 0 {
        return Ok(());
    }
    let more = match frame.payload_taken - frame.payload.len() as u64 {
        0 => String::new(),
        more => format!(" … and {more} more"),
    };
    line(out, "payload", &(hex::show(&frame.sent) + &more))?;
    if header.masking_key().is_some() {
        line(out, "unmasked", &(hex::show(&frame.payload) + &more))?;
    }
    if header.opcode() == Opcode::Text && header.rsv().is_empty() {
        line(out, "text", &(text(&frame.payload) + &more))?;
    }
    Ok(())
}

fn write_message<K: Inflated>(out: &mut dyn Write, message: &Message<K>) -> io::Result<()> {
    let Message {
        kind,
        compressed,
        frames,
        len,
        payload,
        inflated,
    } = message;
    if let Some((inflated, inflated_len)) = inflated.as_ref().and_then(Inflated::get) {
        let shown = match kind {
            MessageKind::Text => text(inflated),
            MessageKind::Binary => hex::show(inflated),
        };
        let more = if inflated_len > inflated.len() as u64 {
            " …"
        } else {
            ""
        };
        let frames = if *frames > 1 {
            format!(", {frames} frames")
        } else {
            String::new()
        };
        line(
            out,
            "inflated",
            &format!("{kind}{frames}, {}: {shown}{more}", count(inflated_len)),
        )?;
        return line(out, "saved", &saved(*len, inflated_len));
    }
    let shown = match kind {
        MessageKind::Text if !compressed => text(payload),
        _ => hex::show(payload),
    };
    let compressed = if *compressed { ", compressed (RSV1)" } else { "" };
    let more = if *len > payload.len() as u64 { " …" } else { "" };
    line(
        out,
        "message",
        &format!(
            "{kind}{compressed}, {frames} frames, {}: {shown}{more}",
            count(*len)
        ),
    )
}

fn write_fault<K>(out: &mut dyn Write, from: &str, fault: &Fault, frame: &Frame<K>) -> io::Result<()> {
    let Fault { error, offset, why } = fault;
    let at = usize::try_from(offset - frame.offset).unwrap_or(usize::MAX);
    let in_payload = at.checked_sub(frame.header_bytes.len());
    let byte = match in_payload {
        None => frame.header_bytes.get(at),
        Some(at) => frame.sent.get(at),
    };
    let unmasked = in_payload.and_then(|at| frame.payload.get(at));
    let byte = match (byte, unmasked) {
        (Some(byte), Some(meant)) if byte != meant => format!(" (0x{byte:02x}, unmasked 0x{meant:02x})"),
        (Some(byte), _) => format!(" (0x{byte:02x})"),
        (None, _) => String::new(),
    };
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    writeln!(out, "{from}Byte {offset}{byte} is wrong: {error}{why}.")
}

/// What compression has saved of a message's payload.
fn saved(sent: u64, inflated: u64) -> String {
    match inflated.checked_sub(sent) {
        Some(less @ 1..) => format!(
            "{} of {inflated}, {} %",
            count(less),
            less.saturating_mul(100) / inflated
        ),
        _ => format!("nothing: {} for {}", count(sent), count(inflated)),
    }
}

pub(crate) fn line(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "  {name:<10}{value}")
}

pub(crate) fn count(bytes: u64) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        bytes => format!("{bytes} bytes"),
    }
}

/// Text as far as it is UTF-8.
fn text(bytes: &[u8]) -> String {
    format!("`{}`", escape(&String::from_utf8_lossy(bytes)))
}
