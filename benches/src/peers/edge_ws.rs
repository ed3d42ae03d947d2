//! edge-ws: headers and masking only; the caller does the rest.

use crate::measure::Task;
use crate::wire::{KEY, Stream, look};
use edge_ws::{FrameHeader, FrameType};
use std::hint::black_box;

/// Masks or unmasks in place.
#[inline]
pub fn mask(bytes: &mut [u8], key: [u8; 4]) {
    FrameHeader::mask_with(bytes, Some(u32::from_be_bytes(key)), 0);
}

struct Decode {
    stream: Stream,
    buffer: Vec<u8>,
}

/// Reads a stream that is in one buffer.
pub fn decode(stream: &Stream) -> Box<dyn Task> {
    Box::new(Decode {
        stream: stream.clone(),
        buffer: stream.bytes.clone(),
    })
}

impl Task for Decode {
    fn prepare(&mut self) {
        self.stream.fill(&mut self.buffer);
    }

    fn run(&mut self) -> u64 {
        let (mut seen, mut rest) = (0, &mut self.buffer[..]);
        while let Ok((header, header_len)) = FrameHeader::deserialize(rest) {
            let frame_len = header_len + header.payload_len as usize;
            let Some((frame, behind)) = rest.split_at_mut_checked(frame_len) else {
                break;
            };
            let payload = &mut frame[header_len..];
            header.mask(payload, 0);
            seen += look(payload);
            rest = behind;
        }
        seen
    }
}

/// A server's header for a payload of this many bytes.
pub fn header() -> impl FnMut(usize) -> u64 {
    let mut out = [0; FrameHeader::MAX_LEN];
    move |len| {
        let header = FrameHeader {
            frame_type: FrameType::Binary(false),
            payload_len: len as u64,
            mask_key: None,
        };
        let len = header.serialize(&mut out).unwrap_or(0);
        black_box(&out[..len]).len() as u64
    }
}

/// A client's masked frame. The caller brings the key; it is always the same here.
pub fn client_frame(out: usize) -> impl FnMut(&[u8]) -> u64 {
    let mut out = vec![0; out];
    move |payload| {
        let header = FrameHeader {
            frame_type: FrameType::Binary(false),
            payload_len: payload.len() as u64,
            mask_key: Some(u32::from_be_bytes(black_box(KEY))),
        };
        let header_len = header.serialize(&mut out).unwrap_or(0);
        let frame = &mut out[..header_len + payload.len()];
        frame[header_len..].copy_from_slice(payload);
        header.mask(&mut frame[header_len..], 0);
        black_box(&*frame).len() as u64
    }
}
