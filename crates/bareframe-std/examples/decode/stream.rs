//! One direction of a connection, frame by frame.

use crate::frames::Frames;
use crate::words;
use bareframe::Rules;
use std::io::{self, Read, Write};

/// Writes what the bytes are in words, and returns `true` if all of them are right.
pub(crate) fn decode(rules: Rules, mut input: impl Read, out: &mut dyn Write) -> io::Result<bool> {
    let mut frames = Frames::new(rules);
    let mut buffer = [0; 16 * 1024];
    let mut count = 0_u64;
    loop {
        let len = input.read(&mut buffer)?;
        if len == 0 {
            break;
        }
        let mut bytes = &buffer[..len];
        while let Some(frame) = frames.next(&mut bytes) {
            count += 1;
            words::write_frame(out, count, &frame)?;
            if frame.fault.is_some() {
                return Ok(false);
            }
        }
    }
    match frames.unfinished() {
        None if count == 0 => writeln!(out, "There are no bytes.")?,
        None => return Ok(true),
        Some(frame) => words::write_unfinished(out, count + 1, &frame)?,
    }
    Ok(false)
}
