//! edge-ws: headers and masking only; the caller does the rest.

use crate::decoding::{Decoder, Site, at_site};
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
    site: usize,
}

/// Reads a stream that is in one buffer.
pub fn decode(stream: &Stream) -> Box<dyn Decoder> {
    Box::new(Decode {
        stream: stream.clone(),
        buffer: stream.bytes.clone(),
        site: 0,
    })
}

impl Task for Decode {
    fn prepare(&mut self) {
        self.stream.fill(&mut self.buffer);
    }

    fn run(&mut self) -> u64 {
        at_site!(self.site, site => see(site, &mut self.buffer))
    }
}

impl Decoder for Decode {
    fn set_site(&mut self, site: usize) {
        self.site = site;
    }

    fn set_stream(&mut self, stream: &Stream) {
        self.stream = stream.clone();
        self.buffer.resize(stream.bytes.len(), 0);
    }
}

/// It is called from one place for each site, as in a program, so that the decoder is inlined.
#[inline(never)]
fn see<const N: usize>(site: Site<N>, buffer: &mut [u8]) -> u64 {
    site.mark();
    let (mut seen, mut rest) = (0, buffer);
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
