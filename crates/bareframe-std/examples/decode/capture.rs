//! Captures: files of pcap and pcapng, and packets that were dumped.

use crate::connections::Connections;
use crate::segment::{self, Segment};
use bareframe_deflate::Parameters;
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader};
use std::error::Error;
use std::io::{self, Write};

/// The longest block of a capture, in bytes.
const BLOCK_MAX: usize = 1 << 20;

/// Returns `true` if a file that begins like this is a capture. No frame begins so.
pub(crate) fn is_capture(start: &[u8]) -> bool {
    const PCAP: [u32; 2] = [0xa1b2_c3d4, 0xa1b2_3c4d];
    let Some(magic) = start.first_chunk() else {
        return false;
    };
    let magic = u32::from_be_bytes(*magic);
    magic == 0x0a0d_0d0a || PCAP.contains(&magic) || PCAP.contains(&magic.swap_bytes())
}

/// Decodes the TCP connections of a capture, and returns `true` if all of it is right.
pub(crate) fn decode(
    file: &[u8],
    port: Option<u16>,
    deflate: Option<Parameters>,
    out: &mut dyn Write,
) -> Result<bool, Box<dyn Error>> {
    let mut connections = Connections::new(port, deflate);
    let mut links = Vec::new();
    let mut unknown = None;
    let mut reader = create_reader(BLOCK_MAX, file).map_err(said)?;
    let end = loop {
        let (len, block) = match reader.next() {
            Ok(next) => next,
            Err(PcapError::Incomplete(_)) => {
                reader.refill().map_err(said)?;
                continue;
            }
            Err(PcapError::Eof) => break None,
            Err(error) => break Some(said(error)),
        };
        let packet = match &block {
            PcapBlockOwned::LegacyHeader(header) => {
                links.push(header.network);
                None
            }
            PcapBlockOwned::Legacy(packet) => Some((0, packet.data)),
            // Each section numbers its interfaces anew.
            PcapBlockOwned::NG(Block::SectionHeader(_)) => {
                links.clear();
                None
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                links.push(interface.linktype);
                None
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                Some((packet.if_id as usize, packet.packet_data()))
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => Some((0, packet.packet_data())),
            PcapBlockOwned::NG(_) => None,
        };
        if let Some((interface, packet)) = packet {
            match links.get(interface) {
                Some(link) if segment::is_known(*link) => push(&mut connections, *link, packet)?,
                link => unknown = link.copied(),
            }
        }
        reader.consume(len);
    };
    let mut right = connections.finish(out)?;
    if let Some(link) = unknown {
        writeln!(out, "Packets of the link type {} are not decoded.", link.0)?;
        right = false;
    }
    if let Some(error) = end {
        writeln!(out, "The capture can't be read further: {error}.")?;
        right = false;
    }
    Ok(right)
}

/// Decodes packets that were dumped, or returns `None` if one of them is no packet of TCP.
pub(crate) fn decode_dumped(
    packets: &[Vec<u8>],
    port: Option<u16>,
    deflate: Option<Parameters>,
    out: &mut dyn Write,
) -> Option<io::Result<bool>> {
    let segments: Option<Vec<_>> = packets
        .iter()
        .map(|packet| Segment::parse_dumped(packet))
        .collect();
    let mut connections = Connections::new(port, deflate);
    let pushed = segments?.iter().try_for_each(|segment| connections.push(segment));
    Some(pushed.and_then(|()| connections.finish(out)))
}

fn push(connections: &mut Connections, link: Linktype, packet: &[u8]) -> io::Result<()> {
    match Segment::parse(link, packet) {
        Some(segment) => connections.push(&segment),
        None => Ok(()),
    }
}

fn said(error: PcapError<&[u8]>) -> String {
    match error {
        PcapError::UnexpectedEof | PcapError::Incomplete(_) | PcapError::Eof => {
            "it ends inside a block".to_owned()
        }
        PcapError::BufferTooSmall => format!("a block is longer than {BLOCK_MAX} bytes"),
        _ => "a block is none of pcap or pcapng".to_owned(),
    }
}

#[cfg(test)]
mod tests;
