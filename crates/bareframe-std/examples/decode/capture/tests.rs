//! Captures that are made here, packet by packet.

use super::{decode, is_capture};
use etherparse::PacketBuilder;
use std::fmt::Write;

const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [10, 0, 0, 2];
const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
const MASKED_HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
const HELLO: &[u8] = b"\x81\x05Hello";

/// What the SYNs of the client and of the server count from. The server's numbers wrap around.
const CLIENT_SYN: u32 = 1000;
const SERVER_SYN: u32 = u32::MAX - 3;

#[derive(Clone, Copy, PartialEq)]
enum End {
    Client,
    Server,
}
use End::{Client, Server};

/// Returns a packet of Ethernet and IPv4 from this end, with this many bytes of its stream before it.
fn packet(from: End, at: u32, payload: &[u8]) -> Vec<u8> {
    packet_of(40_000, 80, from, at, payload)
}

fn packet_of(client: u16, server: u16, from: End, at: u32, payload: &[u8]) -> Vec<u8> {
    let (ip, ports, syn) = match from {
        Client => ((CLIENT, SERVER), (client, server), CLIENT_SYN),
        Server => ((SERVER, CLIENT), (server, client), SERVER_SYN),
    };
    let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(ip.0, ip.1, 64);
    let tcp = builder
        .tcp(ports.0, ports.1, syn.wrapping_add(1).wrapping_add(at), 500)
        .ack(1);
    let mut packet = Vec::new();
    tcp.write(&mut packet, payload).unwrap();
    // Short ones are padded, which is no payload.
    packet.resize(packet.len().max(60), 0);
    packet
}

fn syn(from: End) -> Vec<u8> {
    let mut packet = packet(from, u32::MAX, b"");
    // The flags of TCP: SYN, and ACK if it is the answer.
    packet[47] = if from == Client { 0x02 } else { 0x12 };
    packet
}

fn conversation() -> Vec<Vec<u8>> {
    vec![
        syn(Client),
        syn(Server),
        packet(Client, 0, REQUEST),
        packet(Server, 0, RESPONSE),
        packet(Client, REQUEST.len() as u32, MASKED_HELLO),
        packet(Server, RESPONSE.len() as u32, &[HELLO, b"\x88\x00"].concat()),
        packet(Client, 62, b"\x88\x80\0\0\0\0"),
    ]
}

fn pcap(link: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = vec![
        0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0,
    ];
    file.extend(link.to_le_bytes());
    for packet in packets {
        let len = (packet.len() as u32).to_le_bytes();
        file.extend([[0; 4], [0; 4], len, len].concat());
        file.extend(packet);
    }
    file
}

fn pcapng(link: u8, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = block(
        0x0a0d_0d0a,
        b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
    );
    file.extend(block(1, &[link, 0, 0, 0, 0, 0, 4, 0]));
    for packet in packets {
        let len = (packet.len() as u32).to_le_bytes();
        let mut body = [[0; 4], [0; 4], [0; 4], len, len].concat();
        body.extend(packet);
        file.extend(block(6, &body));
    }
    file
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let len = body.len().next_multiple_of(4);
    let total = (len as u32 + 12).to_le_bytes();
    let mut block = [kind.to_le_bytes(), total].concat();
    block.extend(body);
    block.resize(8 + len, 0);
    block.extend(total);
    block
}

fn decoded(file: &[u8], port: Option<u16>) -> (String, bool) {
    assert!(is_capture(file));
    let mut out = Vec::new();
    let right = decode(file, port, None, &mut out).unwrap();
    (String::from_utf8(out).unwrap(), right)
}

/// Returns what is said in each line that begins a thing.
fn headlines(out: &str) -> Vec<&str> {
    let lines = out.lines().filter(|line| !line.starts_with(' '));
    lines
        .map(|line| line.split(", from byte").next().unwrap())
        .collect()
}

const CONVERSATION: [&str; 7] = [
    "Connection 1: client 10.0.0.1:40000, server 10.0.0.2:80",
    "Client: This is HTTP",
    "Server: This is HTTP",
    "Client: Frame 1",
    "Server: Frame 1",
    "Server: Frame 2",
    "Client: Frame 2",
];

#[test]
fn pcap_and_pcapng_show_the_handshake_and_both_directions() {
    for file in [pcap(1, &conversation()), pcapng(1, &conversation())] {
        for port in [None, Some(80)] {
            let (out, right) = decoded(&file, port);
            assert!(right, "{out}");
            assert_eq!(headlines(&out), CONVERSATION, "{out}");
            for line in [
                "  GET /chat HTTP/1.1",
                "  HTTP/1.1 101 Switching Protocols",
                "  text      `Hello`",
            ] {
                assert!(out.contains(line), "{out}");
            }
        }
    }
}

#[test]
fn other_links_and_ipv6() {
    let ethernet = conversation();
    let with_link = |link: u32, header: &[u8]| {
        let packets: Vec<_> = ethernet
            .iter()
            .map(|packet| [header, &packet[14..]].concat())
            .collect();
        pcap(link, &packets)
    };
    for (link, header) in [
        (101, 0),
        (228, 0),
        (12, 0),
        (0, 4),
        (108, 4),
        (113, 16),
        (276, 20),
    ] {
        let (out, right) = decoded(&with_link(link, &vec![0; header]), None);
        assert!(right && headlines(&out) == CONVERSATION, "{link}: {out}");
    }
    let mut packet = Vec::new();
    let builder = PacketBuilder::ipv6([1; 16], [2; 16], 64).tcp(40_000, 80, 7, 500);
    builder.write(&mut packet, HELLO).unwrap();
    let (out, right) = decoded(&pcap(101, &[packet]), None);
    assert!(
        right && out.contains("server [202:202:") && out.contains("`Hello`"),
        "{out}"
    );
}

#[test]
fn rfc9293_s3_10_segments_in_any_order_and_again_make_the_same_frames() {
    let [c, s] = [REQUEST.len() as u32, RESPONSE.len() as u32];
    let from_client = [
        &REQUEST[..10],
        &REQUEST[10..],
        &MASKED_HELLO[..3],
        &MASKED_HELLO[3..],
    ];
    let at = [0, 10, c, c + 3];
    for order in [
        [0, 1, 2, 3],
        [3, 2, 1, 0],
        [1, 0, 3, 2],
        [2, 3, 0, 1],
        [1, 3, 2, 0],
    ] {
        let mut packets = vec![syn(Client), syn(Client), syn(Server)];
        packets.extend(order.map(|index| packet(Client, at[index], from_client[index])));
        packets.extend(order.map(|index| packet(Client, at[index], from_client[index])));
        // After the wrap of the server's numbers, the second part first.
        packets.push(packet(Server, s, HELLO));
        packets.push(packet(Server, 0, RESPONSE));
        packets.push(packet(
            Server,
            s - 5,
            &[&RESPONSE[RESPONSE.len() - 5..], HELLO].concat(),
        ));
        let (out, right) = decoded(&pcap(1, &packets), None);
        assert!(right, "{order:?} {out}");
        let mut lines = headlines(&out);
        let retransmitted = lines.split_off(5);
        assert_eq!(
            lines,
            [
                CONVERSATION[0],
                CONVERSATION[1],
                CONVERSATION[3],
                CONVERSATION[2],
                CONVERSATION[4]
            ],
            "{order:?} {out}"
        );
        assert_eq!(retransmitted.len(), 2, "{out}");
        assert!(
            retransmitted[0].starts_with("Client: Segments retransmitted: 4;"),
            "{out}"
        );
        assert!(
            retransmitted[1].ends_with("retransmitted: 1; segments that came too early: 1."),
            "{out}"
        );
    }
}

#[test]
fn segments_that_the_capture_lacks_are_said() {
    let mut packets = conversation();
    packets.remove(4);
    let (out, right) = decoded(&pcap(1, &packets), None);
    assert!(!right);
    let says = "Client: The capture lacks 11 bytes after byte 51; 6 bytes after them are not decoded.";
    assert!(out.contains(says) && out.contains("Server: Frame 2"), "{out}");
}

#[test]
fn a_capture_that_begins_within_a_connection() {
    let (out, right) = decoded(&pcap(1, &conversation()[4..]), None);
    assert!(right, "{out}");
    assert_eq!(headlines(&out)[0], CONVERSATION[0]);
    assert_eq!(headlines(&out)[1..], CONVERSATION[3..]);
}

#[test]
fn s5_1_ends_that_are_known_are_held_to_masking() {
    let packets = [
        syn(Client),
        syn(Server),
        packet(Client, 0, HELLO),
        packet(Server, 0, HELLO),
    ];
    let (out, right) = decoded(&pcap(1, &packets), None);
    assert!(!right);
    assert!(
        out.contains("Client: Byte 1 (0x05) is wrong") && out.contains("`Hello`"),
        "{out}"
    );
}

#[test]
fn other_connections_are_named_and_shown_by_their_port() {
    let mut packets = conversation();
    packets.push(packet_of(40_001, 5432, Client, 0, b"\x80\x01"));
    packets.push(packet_of(40_002, 443, Client, 0, b"\x16\x03\x01\x00\x01\x01"));
    let file = pcap(1, &packets);
    let (out, right) = decoded(&file, None);
    assert!(
        right && out.ends_with("2 connections, of ports [443, 5432]; --port shows one.\n"),
        "{out}"
    );
    let (out, right) = decoded(&file, Some(443));
    assert!(
        right && out.contains("server 10.0.0.2:443\nClient: This is TLS"),
        "{out}"
    );
    let (out, right) = decoded(&file, Some(5432));
    assert!(!right && out.contains("Client: Byte 0 (0x80) is wrong"), "{out}");
    let (out, right) = decoded(&file, Some(81));
    assert!(
        !right && out == "The capture has no TCP segment of port 81.\n",
        "{out}"
    );
}

#[test]
fn a_port_that_is_used_again_is_another_connection() {
    let mut again = syn(Client);
    // The sequence number of TCP.
    again[38] ^= 1;
    let packets = [conversation(), vec![again]].concat();
    let (out, _) = decoded(&pcap(1, &packets), Some(80));
    assert!(out.contains("Connection 2: client 10.0.0.1:40000"), "{out}");
}

#[test]
fn what_can_not_be_read_is_said() {
    let file = pcap(1, &conversation());
    let (out, right) = decoded(&file[..file.len() - 1], None);
    assert!(
        !right && out.contains("Server: Frame 2") && out.contains("ends inside a block"),
        "{out}"
    );
    let (out, right) = decoded(&pcap(105, &conversation()), None);
    assert!(!right && out.contains("link type 105"), "{out}");
    for len in [4, 8, 23] {
        assert!(
            decode(&file[..len], None, None, &mut Vec::new()).is_err(),
            "{len}"
        );
    }
}

#[test]
fn packets_dumped_by_tcpdump() {
    for begin in [14, 0] {
        let mut text = String::new();
        for packet in conversation() {
            text += "12:00:00.000000 IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [P.], length 7\n";
            for (index, line) in packet[begin..].chunks(16).enumerate() {
                let _ = write!(text, "\t0x{:04x}: ", index * 16);
                for pair in line.chunks(2) {
                    text.push(' ');
                    pair.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
                }
                text += "  0123: ab |cd> ..\n";
            }
        }
        let mut out = Vec::new();
        let dumps = crate::dump::parse(&text).unwrap();
        assert!(
            super::decode_dumped(&dumps, None, None, &mut out)
                .unwrap()
                .unwrap()
        );
        assert_eq!(headlines(&String::from_utf8(out).unwrap()), CONVERSATION);
    }
}

#[test]
fn bytes_that_are_no_packets_are_not_taken_for_some() {
    for bytes in [
        HELLO,
        MASKED_HELLO,
        REQUEST,
        RESPONSE,
        b"\x41\x03\xf2\x48\xcd",
        b"",
    ] {
        assert!(super::decode_dumped(&[bytes.to_vec()], None, None, &mut Vec::new()).is_none());
        assert!(!is_capture(bytes));
    }
}

#[test]
fn rfc7692_s5_1_compressed_messages_of_both_directions_are_inflated_with_their_history() {
    const AGREES: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nsec-websocket-extensions: \
        permessage-deflate; client_no_context_takeover\r\n\r\n";
    // "Hello" by itself, and with what was sent before it (RFC 7692 section 7.2.3).
    let (hello, again) = (
        b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00",
        b"\xc1\x05\xf2\x00\x11\x00\x00",
    );
    let masked = b"\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\x00";
    let (request, response) = (REQUEST.len() as u32, AGREES.len() as u32);
    let mut packets = vec![
        syn(Client),
        syn(Server),
        packet(Client, 0, REQUEST),
        packet(Server, 0, AGREES),
        packet(Client, request, masked),
        packet(Server, response, hello),
        packet(Server, response + 9, again),
    ];
    let (out, right) = decoded(&pcap(1, &packets), None);
    assert!(right, "{out}");
    assert_eq!(
        out.matches("inflated  text, 5 bytes: `Hello`").count(),
        3,
        "{out}"
    );
    // What the client sends refers to nothing before it.
    packets.push(packet(
        Client,
        request + 13,
        b"\xc1\x85\0\0\0\0\xf2\x00\x11\x00\x00",
    ));
    let (out, right) = decoded(&pcap(1, &packets), None);
    assert!(!right && out.contains("a distance goes back"), "{out}");
}
