//! A segment of TCP, found in a packet.

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_parser::Linktype;
use std::net::SocketAddr;

/// What counts of a segment here.
pub(crate) struct Segment<'p> {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) sequence: u32,
    pub(crate) syn: bool,
    pub(crate) ack: bool,
    pub(crate) payload: &'p [u8],
}

/// The link types that systems of the BSD family have for raw IP.
const RAW_BSD: Linktype = Linktype(12);
const RAW_OPENBSD: Linktype = Linktype(14);

/// Returns `true` if packets of this link type can be looked into.
pub(crate) fn is_known(link: Linktype) -> bool {
    link == Linktype::ETHERNET || ip_offset(link).is_some()
}

/// Returns where IP begins in a packet of this link type, if that is at a fixed place.
fn ip_offset(link: Linktype) -> Option<usize> {
    match link {
        Linktype::RAW | Linktype::IPV4 | Linktype::IPV6 | RAW_BSD | RAW_OPENBSD => Some(0),
        Linktype::NULL | Linktype::LOOP => Some(4),
        Linktype::LINUX_SLL => Some(16),
        Linktype::LINUX_SLL2 => Some(20),
        _ => None,
    }
}

impl<'p> Segment<'p> {
    /// Returns the segment in this packet, if it is one of TCP over IP.
    pub(crate) fn parse(link: Linktype, packet: &'p [u8]) -> Option<Segment<'p>> {
        let packet = match ip_offset(link) {
            Some(offset) => LaxSlicedPacket::from_ip(packet.get(offset..)?).ok()?,
            None if link == Linktype::ETHERNET => LaxSlicedPacket::from_ethernet(packet).ok()?,
            None => return None,
        };
        let (from, to) = match &packet.net {
            Some(LaxNetSlice::Ipv4(ip)) => (
                ip.header().source_addr().into(),
                ip.header().destination_addr().into(),
            ),
            Some(LaxNetSlice::Ipv6(ip)) => (
                ip.header().source_addr().into(),
                ip.header().destination_addr().into(),
            ),
            _ => return None,
        };
        let Some(TransportSlice::Tcp(tcp)) = packet.transport else {
            return None;
        };
        Some(Segment {
            from: SocketAddr::new(from, tcp.source_port()),
            to: SocketAddr::new(to, tcp.destination_port()),
            sequence: tcp.sequence_number(),
            syn: tcp.syn(),
            ack: tcp.ack(),
            payload: tcp.payload(),
        })
    }

    /// Returns the segment in a packet that was dumped without its link type: tcpdump's `-x` begins with IP, `-xx` with
    /// Ethernet in most cases. No frame begins as IP does.
    pub(crate) fn parse_dumped(packet: &'p [u8]) -> Option<Segment<'p>> {
        Segment::parse(Linktype::RAW, packet).or_else(|| Segment::parse(Linktype::ETHERNET, packet))
    }
}
