//! Negotiation, both roles, against the words of RFC 7692 section 7.1 and a naive reader.

use bareframe::handshake::Extensions;
use bareframe_deflate::{Acceptance, NegotiationError, Offer, Parameters, WindowBits, agree, encode_offers};
use bareframe_testkit::{DeflateParams, Random, deflate_params};

fn list(text: &str) -> Extensions<'_> {
    Extensions::parse(text).unwrap_or_else(|| panic!("{text}"))
}

fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

/// Returns the response, if there is one.
fn accept(acceptance: Acceptance, offers: &str) -> Option<String> {
    let parameters = acceptance.accept(list(offers))?;
    let text = parameters.to_string();
    assert_eq!(parameters.encode(&mut [0; 128]), Ok(&text[..]));
    assert!(parameters.encode(&mut vec![0; text.len() - 1]).is_err());
    Some(text)
}

/// Each element that is no valid offer.
const INVALID: [(&str, NegotiationError); 28] = {
    use NegotiationError::{InvalidValue, RepeatedParameter, UnknownParameter};
    [
        ("unknown", UnknownParameter),
        ("unknown=1", UnknownParameter),
        ("Server_no_context_takeover", UnknownParameter),
        ("server_no_context_takeover=1", InvalidValue),
        ("server_no_context_takeover=true", InvalidValue),
        ("client_no_context_takeover=\"1\"", InvalidValue),
        (
            "server_no_context_takeover; server_no_context_takeover",
            RepeatedParameter,
        ),
        (
            "client_no_context_takeover; client_no_context_takeover",
            RepeatedParameter,
        ),
        ("server_max_window_bits", InvalidValue),
        ("server_max_window_bits=7", InvalidValue),
        ("server_max_window_bits=16", InvalidValue),
        ("server_max_window_bits=08", InvalidValue),
        ("server_max_window_bits=0", InvalidValue),
        ("server_max_window_bits=010", InvalidValue),
        ("server_max_window_bits=1", InvalidValue),
        ("server_max_window_bits=100", InvalidValue),
        ("server_max_window_bits=10.0", InvalidValue),
        ("server_max_window_bits=+10", InvalidValue),
        ("server_max_window_bits=0x0A", InvalidValue),
        ("server_max_window_bits=\"16\"", InvalidValue),
        (
            "server_max_window_bits=10; server_max_window_bits=10",
            RepeatedParameter,
        ),
        (
            "server_max_window_bits=10; server_max_window_bits=11",
            RepeatedParameter,
        ),
        ("client_max_window_bits=7", InvalidValue),
        ("client_max_window_bits=16", InvalidValue),
        ("client_max_window_bits=09", InvalidValue),
        ("client_max_window_bits=x", InvalidValue),
        (
            "client_max_window_bits; client_max_window_bits",
            RepeatedParameter,
        ),
        (
            "client_max_window_bits=10; client_max_window_bits",
            RepeatedParameter,
        ),
    ]
};

#[test]
fn s7_1_invalid_offers_are_declined() {
    for (params, error) in INVALID {
        let element = format!("permessage-deflate; {params}");
        assert_eq!(accept(Acceptance::DEFAULT, &element), None, "{params}");
        assert_eq!(
            Offer::parse(list(&element).next().unwrap()),
            Err(error),
            "{params}"
        );
        let with_fallback = format!("{element}, permessage-deflate");
        let response = accept(Acceptance::DEFAULT, &with_fallback);
        assert_eq!(response.as_deref(), Some("permessage-deflate"), "{params}");
    }
}

#[test]
fn s7_1_invalid_responses_fail_the_connection() {
    for (params, error) in INVALID {
        let element = format!("permessage-deflate; {params}");
        assert_eq!(agree(&[Offer::DEFAULT], list(&element)), Err(error), "{params}");
    }
}

#[test]
fn s7_1_1_1_server_no_context_takeover() {
    let offered = "permessage-deflate; server_no_context_takeover";
    assert_eq!(accept(Acceptance::DEFAULT, offered).as_deref(), Some(offered));
    let forced = Acceptance::DEFAULT.with_server_no_context_takeover(true);
    assert_eq!(accept(forced, "permessage-deflate").as_deref(), Some(offered));
    let parameters = forced.accept(list("permessage-deflate")).unwrap();
    assert!(!parameters.server().context_takeover() && parameters.client().context_takeover());

    let asks = Offer::DEFAULT.with_server_no_context_takeover(true);
    let parameters = agree(&[asks], list(offered)).unwrap().unwrap();
    assert!(!parameters.server().context_takeover() && parameters.client().context_takeover());
    let refused = agree(&[asks], list("permessage-deflate"));
    assert_eq!(refused, Err(NegotiationError::NotOffered));
    // A server may say so without being asked.
    let parameters = agree(&[Offer::DEFAULT], list(offered)).unwrap().unwrap();
    assert!(!parameters.server().context_takeover());
}

#[test]
fn s7_1_1_2_client_no_context_takeover() {
    let offered = "permessage-deflate; client_no_context_takeover";
    assert_eq!(accept(Acceptance::DEFAULT, offered).as_deref(), Some(offered));
    let forced = Acceptance::DEFAULT.with_client_no_context_takeover(true);
    assert_eq!(accept(forced, "permessage-deflate").as_deref(), Some(offered));

    for offer in [
        Offer::DEFAULT,
        Offer::DEFAULT.with_client_no_context_takeover(true),
    ] {
        let parameters = agree(&[offer], list(offered)).unwrap().unwrap();
        assert!(!parameters.client().context_takeover() && parameters.server().context_takeover());
    }
    // What was promised is kept, whatever the response says.
    let promises = Offer::DEFAULT.with_client_no_context_takeover(true);
    let parameters = agree(&[promises], list("permessage-deflate")).unwrap().unwrap();
    assert!(!parameters.client().context_takeover());
}

#[test]
fn s7_1_2_1_server_max_window_bits() {
    for (offered, ours, agreed) in [
        (15, 15, 15),
        (10, 15, 10),
        (8, 15, 8),
        (15, 9, 9),
        (10, 12, 10),
        (12, 10, 10),
    ] {
        let acceptance = Acceptance::DEFAULT.with_server_max_window_bits(bits(ours));
        for quote in ["", "\""] {
            let offer = format!("permessage-deflate; server_max_window_bits={quote}{offered}{quote}");
            let response = format!("permessage-deflate; server_max_window_bits={agreed}");
            assert_eq!(accept(acceptance, &offer), Some(response.clone()));
            let parameters = acceptance.accept(list(&offer)).unwrap();
            assert_eq!(parameters.server().window_bits(), bits(agreed));
            let offer = Offer::DEFAULT.with_server_max_window_bits(Some(bits(offered)));
            let parameters = agree(&[offer], list(&response)).unwrap().unwrap();
            assert_eq!(parameters.server().window_bits(), bits(agreed));
        }
    }
    let small = Acceptance::DEFAULT.with_server_max_window_bits(bits(9));
    let response = "permessage-deflate; server_max_window_bits=9";
    assert_eq!(accept(small, "permessage-deflate").as_deref(), Some(response));
    let parameters = agree(&[Offer::DEFAULT], list(response)).unwrap().unwrap();
    assert_eq!(parameters.server().window_bits(), bits(9));

    let ten = Offer::DEFAULT.with_server_max_window_bits(Some(bits(10)));
    for response in [
        "permessage-deflate",
        "permessage-deflate; server_max_window_bits=11",
    ] {
        assert_eq!(agree(&[ten], list(response)), Err(NegotiationError::NotOffered));
    }
}

#[test]
fn s7_1_2_2_client_max_window_bits() {
    let ten = Acceptance::DEFAULT.with_client_max_window_bits(bits(10));
    for (acceptance, offer, response) in [
        (Acceptance::DEFAULT, "", ""),
        (Acceptance::DEFAULT, "; client_max_window_bits", ""),
        (Acceptance::DEFAULT, "; client_max_window_bits=15", ""),
        (
            Acceptance::DEFAULT,
            "; client_max_window_bits=9",
            "; client_max_window_bits=9",
        ),
        (ten, "; client_max_window_bits", "; client_max_window_bits=10"),
        (ten, "; client_max_window_bits=15", "; client_max_window_bits=10"),
        (ten, "; client_max_window_bits=8", "; client_max_window_bits=8"),
    ] {
        let expected = format!("permessage-deflate{response}");
        assert_eq!(
            accept(acceptance, &format!("permessage-deflate{offer}")),
            Some(expected)
        );
    }
    // A client that can't be told may use all.
    assert_eq!(accept(ten, "permessage-deflate"), None);

    let response = "permessage-deflate; client_max_window_bits=10";
    for (offer, agreed) in [
        (Offer::DEFAULT, Some(10)),
        (Offer::DEFAULT.with_client_max_window_bits(bits(12)), Some(10)),
        (Offer::DEFAULT.with_client_max_window_bits(bits(10)), Some(10)),
        (Offer::DEFAULT.with_client_max_window_bits(bits(9)), None),
        (Offer::DEFAULT.without_client_max_window_bits(), None),
    ] {
        let parameters = agree(&[offer], list(response));
        match agreed {
            Some(agreed) => assert_eq!(parameters.unwrap().unwrap().client().window_bits(), bits(agreed)),
            None => assert_eq!(parameters, Err(NegotiationError::NotOffered)),
        }
    }
    // In a response it has a value.
    let refused = agree(
        &[Offer::DEFAULT],
        list("permessage-deflate; client_max_window_bits"),
    );
    assert_eq!(refused, Err(NegotiationError::InvalidValue));
    // What was promised is kept.
    let nine = Offer::DEFAULT.with_client_max_window_bits(bits(9));
    let parameters = agree(&[nine], list("permessage-deflate")).unwrap().unwrap();
    assert_eq!(parameters.client().window_bits(), bits(9));
}

#[test]
fn s5_several_offers_and_the_first_that_can_be_kept() {
    let offers = "x-toy, permessage-deflate; server_max_window_bits=16, permessage-deflate; \
        server_max_window_bits=10; client_max_window_bits, permessage-deflate";
    let response = accept(Acceptance::DEFAULT, offers);
    assert_eq!(
        response.as_deref(),
        Some("permessage-deflate; server_max_window_bits=10")
    );
    assert_eq!(accept(Acceptance::DEFAULT, "x-toy; permessage-deflate"), None);
    assert_eq!(accept(Acceptance::DEFAULT, "Permessage-Deflate"), None);
    let small = Acceptance::DEFAULT.with_client_max_window_bits(bits(9));
    let response = accept(
        small,
        "permessage-deflate, permessage-deflate; client_max_window_bits",
    );
    assert_eq!(
        response.as_deref(),
        Some("permessage-deflate; client_max_window_bits=9")
    );
}

#[test]
fn s5_responses_to_several_offers() {
    let ten = Offer::DEFAULT.with_server_max_window_bits(Some(bits(10)));
    let modest = Offer::DEFAULT
        .with_client_max_window_bits(bits(9))
        .with_client_no_context_takeover(true);
    let parameters = agree(&[ten, Offer::DEFAULT], list("permessage-deflate"))
        .unwrap()
        .unwrap();
    assert_eq!(parameters.server().window_bits(), WindowBits::MAX);
    assert_eq!(parameters.client().window_bits(), WindowBits::MAX);
    // Either may be meant, and so both promises are kept.
    let parameters = agree(&[Offer::DEFAULT, modest], list("permessage-deflate"))
        .unwrap()
        .unwrap();
    assert_eq!(parameters.client().window_bits(), bits(9));
    assert!(!parameters.client().context_takeover());
    // Only the first can be meant.
    let response = list("permessage-deflate; client_max_window_bits=12");
    let parameters = agree(&[Offer::DEFAULT, modest], response).unwrap().unwrap();
    assert_eq!(parameters.client().window_bits(), bits(12));
    assert!(parameters.client().context_takeover());
    assert_eq!(
        agree(&[], list("permessage-deflate")),
        Err(NegotiationError::NotOffered)
    );
}

#[test]
fn s5_a_response_with_the_extension_twice_fails_the_connection() {
    for response in [
        "permessage-deflate, permessage-deflate",
        "permessage-deflate, x-toy, permessage-deflate; server_no_context_takeover",
    ] {
        let refused = agree(&[Offer::DEFAULT], list(response));
        assert_eq!(refused, Err(NegotiationError::RepeatedExtension));
    }
    assert_eq!(agree(&[Offer::DEFAULT], list("x-toy")), Ok(None));
}

#[test]
fn s5_offers_are_written() {
    let offers = [
        Offer::DEFAULT
            .with_server_no_context_takeover(true)
            .with_client_no_context_takeover(true)
            .with_server_max_window_bits(Some(WindowBits::MAX))
            .with_client_max_window_bits(WindowBits::MAX),
        Offer::DEFAULT.without_client_max_window_bits(),
    ];
    let text = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
        server_max_window_bits=15; client_max_window_bits=15, permessage-deflate";
    let mut out = [0; 260];
    assert_eq!(encode_offers(&offers, &mut out), Ok(text));
    assert!(encode_offers(&offers, &mut vec![0; text.len() - 1]).is_err());
    let read: Vec<_> = list(text).map(|element| Offer::parse(element).unwrap()).collect();
    assert_eq!(read, offers);
    assert!(text.find(',').unwrap() <= 128);
}

/// Returns a list of elements that are mostly almost right.
fn any_list(random: &mut Random) -> String {
    let names = [
        "server_no_context_takeover",
        "client_no_context_takeover",
        "server_max_window_bits",
        "client_max_window_bits",
        "unknown",
    ];
    let values = [
        "8", "9", "10", "15", "16", "7", "08", "\"12\"", "\"1\\2\"", "x", "\"8\"",
    ];
    let mut text = String::new();
    for index in 0..=random.below(3) {
        if index > 0 {
            text += [",", ", ", " ,\t"][random.below(3)];
        }
        text += if random.below(8) == 0 {
            "x-toy"
        } else {
            "permessage-deflate"
        };
        for _ in 0..random.below(4) {
            text += [";", "; ", " ;\t"][random.below(3)];
            let known = if random.below(20) == 0 { 5 } else { 4 };
            text += names[random.below(known)];
            if random.below(2) == 0 {
                text += ["=", " = "][random.below(2)];
                let good = if random.below(3) == 0 { 11 } else { 4 };
                text += values[random.below(good)];
            }
        }
    }
    text
}

fn is_allowed(read: &DeflateParams, parameters: &Parameters) -> bool {
    let server = parameters.server();
    let most = read.server_max_window_bits.unwrap_or(15);
    server.window_bits().bits() <= most && !(read.server_no_context_takeover && server.context_takeover())
}

#[test]
fn s7_1_lists_are_read_as_a_naive_reader_reads_them() {
    let mut random = Random::new(1);
    let (mut accepted, mut agreed) = (0, 0);
    for _ in 0..20_000 {
        let text = any_list(&mut random);
        let read = deflate_params(&text);
        let parameters = Acceptance::DEFAULT.accept(list(&text));
        let first = read.iter().flatten().next();
        assert_eq!(parameters.is_some(), first.is_some(), "{text}");
        if let (Some(parameters), Some(first)) = (parameters, first) {
            accepted += 1;
            assert!(is_allowed(first, &parameters), "{text}");
            // A client that made this offer takes the response, and both mean the same.
            let offer = list(&text)
                .filter(|element| element.name() == "permessage-deflate")
                .find_map(|element| Offer::parse(element).ok())
                .unwrap();
            let response = parameters.to_string();
            let of_client = agree(&[offer], list(&response)).unwrap().unwrap();
            assert_eq!(of_client.server(), parameters.server(), "{text}");
            assert_eq!(of_client.client(), parameters.client(), "{text}");
        }
        let is_response = match &read[..] {
            [Some(only)] => only.client_max_window_bits != Some(0),
            _ => false,
        };
        let parameters = agree(&[Offer::DEFAULT], list(&text));
        assert_eq!(matches!(parameters, Ok(Some(_))), is_response, "{text}");
        agreed += u32::from(is_response);
    }
    assert!(accepted > 2000 && agreed > 1000, "{accepted} {agreed}");
}
