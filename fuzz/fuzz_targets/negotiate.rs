//! Lists of offers and responses: parsed as by a naive parser, and both sides mean the same.

#![no_main]

use arbitrary::Arbitrary;
use bareframe::handshake::Extensions;
use bareframe_deflate::{Acceptance, EXTENSION, NegotiationError, Offer, agree, encode_offers};
use bareframe_fuzz::deflate::window_bits;
use bareframe_testkit::deflate_params;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: u8,
    client_max_window_bits: u8,
    list: Vec<Part>,
}

#[derive(Arbitrary, Debug)]
enum Part {
    Word(u8),
    Byte(u8),
}

const WORDS: [&str; 24] = [
    "permessage-deflate",
    "permessage-deflate; ",
    ", permessage-deflate; ",
    "server_no_context_takeover",
    "client_no_context_takeover",
    "server_max_window_bits",
    "client_max_window_bits",
    "server_max_window_bits=",
    "client_max_window_bits=",
    "; ",
    ";",
    ", ",
    "=",
    "8",
    "9",
    "10",
    "15",
    "16",
    "7",
    "08",
    "\"12\"",
    "\"1\\2\"",
    "x",
    " ",
];

fuzz_target!(|input: Input| {
    let mut text = String::new();
    for part in &input.list {
        match *part {
            Part::Word(word) => text += WORDS[usize::from(word) % WORDS.len()],
            Part::Byte(byte) => text.push(char::from(b' ' + byte % 95)),
        }
    }
    let Some(list) = Extensions::parse(&text) else {
        return;
    };
    let read = deflate_params(&text);
    let ours: Vec<_> = list
        .clone()
        .filter(|element| element.name() == EXTENSION)
        .map(Offer::parse)
        .collect();
    assert_eq!(ours.len(), read.len(), "{text}");
    for (ours, read) in ours.iter().zip(&read) {
        assert_eq!(ours.is_ok(), read.is_some(), "{text}");
    }

    let acceptance = Acceptance::DEFAULT
        .with_server_no_context_takeover(input.server_no_context_takeover)
        .with_client_no_context_takeover(input.client_no_context_takeover)
        .with_server_max_window_bits(window_bits(input.server_max_window_bits))
        .with_client_max_window_bits(window_bits(input.client_max_window_bits));
    let smallest = window_bits(input.client_max_window_bits).bits() < 15;
    let can_be_kept = |read: &&_| {
        let &&(ref ours, ref read): &&(
            &Result<Offer, NegotiationError>,
            &Option<bareframe_testkit::DeflateParams>,
        ) = read;
        let read = read.as_ref();
        ours.is_ok() && read.is_some_and(|read| !smallest || read.client_max_window_bits.is_some())
    };
    let both: Vec<_> = ours.iter().zip(&read).collect();
    let first = both.iter().find(can_be_kept);
    let parameters = acceptance.accept(list.clone());
    assert_eq!(parameters.is_some(), first.is_some(), "{text}");
    if let (Some(parameters), Some((Ok(offer), Some(read)))) = (parameters, first) {
        let (server, client) = (parameters.server(), parameters.client());
        let most = |offered: Option<u8>| offered.filter(|&bits| bits > 0).unwrap_or(15);
        assert!(server.window_bits().bits() <= most(read.server_max_window_bits));
        assert!(client.window_bits().bits() <= most(read.client_max_window_bits));
        assert!(server.window_bits() <= window_bits(input.server_max_window_bits));
        assert!(client.window_bits() <= window_bits(input.client_max_window_bits));
        let no_takeover = (
            read.server_no_context_takeover || input.server_no_context_takeover,
            read.client_no_context_takeover || input.client_no_context_takeover,
        );
        assert_eq!(
            (!server.context_takeover(), !client.context_takeover()),
            no_takeover
        );
        // The client that made this offer understands the response in the same way.
        let mut out = [0; 128];
        let response = parameters.encode(&mut out).expect("128 bytes are enough");
        let response = Extensions::parse(response).expect("it is an element");
        let of_client = agree(&[*offer], response)
            .expect("it fits the offer")
            .expect("it is there");
        assert_eq!((of_client.server(), of_client.client()), (server, client));
    }

    // Offers are written and read again.
    let offers: Vec<Offer> = ours.into_iter().flatten().collect();
    let mut out = vec![0; 130 * offers.len()];
    let written = encode_offers(&offers, &mut out).expect("130 bytes are enough for each");
    let again: Vec<_> = Extensions::parse(written)
        .into_iter()
        .flatten()
        .map(Offer::parse)
        .collect();
    assert_eq!(again.into_iter().flatten().collect::<Vec<_>>(), offers);

    // As a response, it is one valid element whose window bits have values.
    let is_response = match &read[..] {
        [Some(only)] => only.client_max_window_bits != Some(0),
        _ => false,
    };
    let agreed = agree(&[Offer::DEFAULT], list);
    assert_eq!(matches!(agreed, Ok(Some(_))), is_response, "{text}");
    assert_eq!(agreed == Ok(None), read.is_empty(), "{text}");
});
