//! Two sides that have agreed on any parameters send each other messages, compressed, opted out and prepared: each receives what
//! the other sent.

#![no_main]

use arbitrary::Arbitrary;
use bareframe::handshake::Extensions;
use bareframe_deflate::{
    Acceptance, Compact, Deflater, Direction, Fast, Inflater, Level, MessageDeflater, Offer, Payload,
    Prepared, PreparedError, Size, agree, encode_offers,
};
use bareframe_fuzz::deflate::{Compressible, deflate, inflate, window_bits};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    offer: (bool, bool, Option<u8>, Option<Option<u8>>),
    acceptance: (bool, bool, u8, u8),
    heads: u16,
    threshold: u8,
    sent: Vec<Sent<'a>>,
}

#[derive(Arbitrary, Debug)]
struct Sent<'a> {
    by_client: bool,
    how: How,
    message: Compressible<'a>,
    piece: u16,
    out: u8,
}

#[derive(Arbitrary, Debug)]
enum How {
    Compressed,
    OptedOut,
    Prepared(u8),
}

/// One side's deflater, and the other's inflater.
struct Way<L, T> {
    deflater: MessageDeflater<L>,
    inflater: Inflater<T>,
    window: Vec<u8>,
}

fuzz_target!(|input: Input<'_>| {
    let (server_alone, client_alone, server_bits, client_bits) = input.offer;
    let offer = Offer::DEFAULT
        .with_server_no_context_takeover(server_alone)
        .with_client_no_context_takeover(client_alone)
        .with_server_max_window_bits(server_bits.map(window_bits));
    let offer = match client_bits {
        Some(Some(bits)) => offer.with_client_max_window_bits(window_bits(bits)),
        Some(None) => offer,
        None => offer.without_client_max_window_bits(),
    };
    let (server_alone, client_alone, server_bits, client_bits) = input.acceptance;
    let acceptance = Acceptance::DEFAULT
        .with_server_no_context_takeover(server_alone)
        .with_client_no_context_takeover(client_alone)
        .with_server_max_window_bits(window_bits(server_bits))
        .with_client_max_window_bits(window_bits(client_bits));
    let (mut offers, mut response) = ([0; 130], [0; 128]);
    let offers = encode_offers(&[offer], &mut offers).expect("it fits");
    let offers = Extensions::parse(offers).expect("it is a list");
    let Some(of_server) = acceptance.accept(offers) else {
        return;
    };
    let response = of_server.encode(&mut response).expect("it fits");
    let response = Extensions::parse(response).expect("it is a list");
    let of_client = agree(&[offer], response)
        .expect("it fits the offer")
        .expect("it is there");

    let server_bits = of_server.server().window_bits();
    let buffer = vec![0; 2 * server_bits.size()];
    let heads = vec![0; usize::from(input.heads).max(2)];
    let greedy = Deflater::greedy(server_bits, buffer, heads).expect("it is enough");
    let mut to_client = way::<_, Fast>(&input, greedy, of_server.server(), of_client.server());

    let client_bits = of_client.client().window_bits();
    let (buffer, links) = (vec![0; 2 * client_bits.size()], vec![0; client_bits.size()]);
    let best =
        Deflater::best(client_bits, buffer, vec![0; 1024], links, vec![0; 6144]).expect("it is enough");
    let mut to_server = way::<_, Compact>(&input, best, of_client.client(), of_server.client());

    for sent in &input.sent {
        if sent.by_client {
            send(sent, &mut to_server);
        } else {
            send(sent, &mut to_client);
        }
    }
});

fn way<L: Level, T: Size>(
    input: &Input<'_>,
    deflater: Deflater<L>,
    sends: Direction,
    receives: Direction,
) -> Way<L, T> {
    assert_eq!(deflater.window_bits(), sends.window_bits());
    let deflater = deflater.with_context_takeover(sends.context_takeover());
    Way {
        deflater: MessageDeflater::new(deflater).with_threshold(input.threshold.into()),
        inflater: Inflater::new(receives.window_bits()).with_context_takeover(receives.context_takeover()),
        window: vec![0; receives.window_bits().size()],
    }
}

fn send<L: Level, T: Size>(sent: &Sent<'_>, way: &mut Way<L, T>) {
    let message = sent.message.bytes();
    let (piece, out_len) = (usize::from(sent.piece).max(1), usize::from(sent.out).max(1));
    match sent.how {
        How::Compressed => {}
        How::OptedOut => assert!(way.deflater.opt_out()),
        How::Prepared(bits) => {
            let bits = window_bits(bits);
            let mut once =
                Deflater::greedy(bits, vec![0; 2 * bits.size()], vec![0; 512]).expect("it is enough");
            let payload = deflate(&mut once, &message, piece, out_len);
            match way.deflater.prepared(Prepared::new(&payload, bits)) {
                Ok(payload) => receive(way, payload, piece, &message),
                Err(error) => {
                    assert!(matches!(error, PreparedError::WindowTooLarge { .. }));
                    assert!(bits > way.deflater.window_bits());
                }
            }
            return;
        }
    }
    let mut out = vec![0; out_len];
    let (mut payload, mut is_compressed) = (Vec::new(), None);
    let mut rest = &message[..];
    'message: loop {
        let (mut front, behind) = rest.split_at(piece.min(rest.len()));
        rest = behind;
        loop {
            match way.deflater.next(&mut front, rest.is_empty(), &mut out) {
                Payload::NeedsInput => break assert!(front.is_empty() && !rest.is_empty()),
                Payload::Frame {
                    len,
                    is_first,
                    is_last,
                } => {
                    assert_eq!(is_first, is_compressed.is_none());
                    is_compressed = Some(true);
                    payload.extend_from_slice(&out[..len]);
                    if is_last {
                        assert!(front.is_empty() && rest.is_empty());
                        break 'message;
                    }
                }
                Payload::Uncompressed(taken) => {
                    assert_ne!(is_compressed, Some(true));
                    is_compressed = Some(false);
                    payload.extend_from_slice(taken);
                    payload.extend_from_slice(front);
                    if rest.is_empty() {
                        break 'message;
                    }
                    break;
                }
            }
        }
    }
    assert!(way.deflater.is_between_messages());
    if is_compressed == Some(true) {
        receive(way, &payload, piece, &message);
    } else {
        assert!(payload == message);
    }
}

fn receive<L, T: Size>(way: &mut Way<L, T>, payload: &[u8], piece: usize, message: &[u8]) {
    let (bytes, error) = inflate(&mut way.inflater, &mut way.window, payload, piece);
    assert!(bytes == message && error.is_none(), "{error:?}");
}
