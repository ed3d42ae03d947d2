//! Workloads whose cost must grow with their bytes and no faster.
//!
//! They say nothing by passing: `ci.sh cost` counts the instructions inside `measured` under valgrind for `COST`
//! units, twice and four times as many, and compares what each unit more costs.

use bareframe::{Config, Connection, Event, FrameDecoder, Limits, MaskingKey, Rules};
use bareframe_testkit::Frame;
use std::hint::black_box;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const UNLIMITED: Config = Config::DEFAULT.with_limits(Limits::UNLIMITED);

/// Returns how many units of work there are.
fn units() -> usize {
    let units = std::env::var("COST");
    units.map_or(100, |units| units.parse().expect("COST is a number"))
}

/// What is counted: not the making of the input.
#[inline(never)]
fn measured<T>(run: impl FnOnce() -> T) -> T {
    run()
}

/// Receives pieces of this length; returns how many events there were.
fn receive(mut bytes: Vec<u8>, len: usize) -> usize {
    let mut server = Connection::server(UNLIMITED);
    measured(|| {
        let mut events = 0;
        for mut piece in bytes.chunks_mut(len) {
            while let Some(event) = server.receive(&mut piece).unwrap() {
                events += 1;
                if let Event::Data(data) = event {
                    black_box(data.payload());
                }
                black_box(server.poll_transmit());
            }
        }
        events
    })
}

/// A unit is a byte of one long text, received one by one.
#[test]
#[ignore = "ci.sh cost counts its instructions"]
fn one_byte_reads() {
    receive(Frame::text("é".repeat(units() / 2)).masked(KEY).to_bytes(), 1);
}

/// A unit is a byte of frames of 20 bytes, received one by one.
#[test]
#[ignore = "ci.sh cost counts its instructions"]
fn short_frames_in_one_byte_reads() {
    let frame = Frame::text("fourteen byte").masked(KEY).to_bytes();
    receive(frame.repeat(units() / frame.len()), 1);
}

/// A unit is a message without bytes.
#[test]
#[ignore = "ci.sh cost counts its instructions"]
fn empty_messages() {
    let bytes = Frame::text("").masked(KEY).to_bytes().repeat(units());
    assert_eq!(receive(bytes, usize::MAX), units());
}

/// A unit is a fragment without bytes, all of one message.
#[test]
#[ignore = "ci.sh cost counts its instructions"]
fn empty_fragments() {
    let mut bytes = Frame::text("").fin(false).masked(KEY).to_bytes();
    bytes.extend(
        Frame::continuation("")
            .fin(false)
            .masked(KEY)
            .to_bytes()
            .repeat(units()),
    );
    assert_eq!(receive(bytes, usize::MAX), 0);
}

/// A unit is a fragment of one byte, all of one message, in reads of 64 bytes.
#[test]
#[ignore = "ci.sh cost counts its instructions"]
fn fragments_of_one_byte() {
    let mut bytes = Frame::text("a").fin(false).masked(KEY).to_bytes();
    bytes.extend(
        Frame::continuation("b")
            .fin(false)
            .masked(KEY)
            .to_bytes()
            .repeat(units()),
    );
    assert_eq!(receive(bytes, 64), units() + 1);
}

/// A unit is a Ping of 5 bytes, which is answered.
#[test]
#[ignore = "ci.sh cost counts its instructions"]
fn pings() {
    receive(Frame::ping("Hello").masked(KEY).to_bytes().repeat(units()), 50);
}

/// A unit is a byte of a header and its payload for the decoder alone.
#[test]
#[ignore = "ci.sh cost counts its instructions"]
fn frames_of_the_decoder_alone() {
    let mut bytes = Frame::binary("12 bytes of")
        .masked(KEY)
        .to_bytes()
        .repeat(units() / 18);
    let mut decoder = FrameDecoder::new(Rules::FROM_CLIENT);
    measured(|| {
        for mut piece in bytes.chunks_mut(1) {
            while let Some(event) = decoder.decode(&mut piece).unwrap() {
                black_box(&event);
            }
        }
    });
}

/// A unit is a byte of payload that is masked and sent in pieces of 3.
#[test]
#[ignore = "ci.sh cost counts its instructions"]
fn a_payload_masked_in_short_pieces() {
    let mut client = Connection::client(UNLIMITED, || MaskingKey::new(KEY));
    let mut payload = vec![7; units()];
    let (kind, rsv) = (bareframe::MessageKind::Binary, bareframe::Rsv::NONE);
    let mut frame = client.send(kind, rsv, true, payload.len() as u64).unwrap();
    measured(|| payload.chunks_mut(3).for_each(|piece| frame.apply(piece)));
    black_box(payload);
}

#[cfg(feature = "handshake")]
mod heads {
    use super::{measured, units};
    use bareframe::handshake::{HeadEnd, Request};
    use std::hint::black_box;

    const LAWFUL: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

    /// A request with these lines after the others, found, parsed and checked.
    fn check(lines: &str) {
        let head = format!("{LAWFUL}{lines}\r\n");
        let head = head.as_bytes();
        measured(|| {
            let mut end = HeadEnd::new(head.len());
            for len in (0..=head.len()).step_by(16) {
                black_box(end.arrived(&head[..len]).unwrap());
            }
            assert_eq!(end.arrived(head), Ok(true));
            let (request, _) = Request::parse(head).unwrap();
            let upgrade = request.upgrade().unwrap().unwrap();
            black_box((upgrade.subprotocols().count(), upgrade.extensions().count()));
        });
    }

    /// A unit is a byte of one header's value.
    #[test]
    #[ignore = "ci.sh cost counts its instructions"]
    fn a_long_value() {
        check(&format!("Cookie: {}\r\n", "x".repeat(units())));
    }

    /// A unit is a header.
    #[test]
    #[ignore = "ci.sh cost counts its instructions"]
    fn many_headers() {
        check(&"X-Header: value\r\n".repeat(units()));
    }

    /// A unit is a subprotocol, each on a line of its own between other lines.
    #[test]
    #[ignore = "ci.sh cost counts its instructions"]
    fn many_lines_of_subprotocols() {
        check(&"Sec-WebSocket-Protocol: chat\r\nX-Header: value\r\n".repeat(units()));
    }

    /// A unit is an extension with a parameter in quotes.
    #[test]
    #[ignore = "ci.sh cost counts its instructions"]
    fn many_extensions() {
        check(&format!(
            "Sec-WebSocket-Extensions: {}\r\n",
            "a; b=\"c\", ".repeat(units())
        ));
    }

    /// A unit is a comma in a list that has nothing else.
    #[test]
    #[ignore = "ci.sh cost counts its instructions"]
    fn many_commas() {
        check(&format!("Sec-WebSocket-Protocol: a{}\r\n", ", ".repeat(units())));
    }
}
