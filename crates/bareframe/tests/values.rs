//! Plain values: their bounds, their defaults, and what they are seen as.

use bareframe::{
    BufferTooSmall, CloseCode, Config, ControlPayload, FrameDecoder, FrameEvent, FrameHeader, Limits,
    MaskingKey, Opcode, Outbox, ProtocolError, Rsv, Rules, SendError, Utf8Validator,
};

const KEY: MaskingKey = MaskingKey::new([1, 2, 3, 4]);

#[test]
fn s5_5_a_control_payload_has_at_most_125_bytes() {
    for len in (0..=600).chain([65_535, 65_536]) {
        let bytes = vec![b'a'; len];
        match ControlPayload::new(&bytes) {
            Ok(payload) => assert!(len <= 125 && payload[..] == bytes),
            Err(error) => assert!(len > 125 && error == SendError::OversizedControl),
        }
    }
}

#[test]
fn s5_5_1_the_payload_of_a_close_is_read_by_hand() {
    use ProtocolError::*;
    let reason = |bytes| ControlPayload::new(bytes).unwrap().close_reason();
    let read = |bytes| reason(bytes).map(|close| (close.code(), close.reason().to_owned()));
    let code = CloseCode::new;
    assert_eq!(read(b""), Ok((None, String::new())));
    assert_eq!(read(b"\x03\xE8"), Ok((code(1000), String::new())));
    assert_eq!(read(b"\x0B\xB8caf\xC3\xA9"), Ok((code(3000), "café".to_owned())));
    assert_eq!(read(b"\x03"), Err(TruncatedCloseCode));
    assert_eq!(read(b"\x03\xED"), Err(InvalidCloseCode));
    assert_eq!(read(b"\x03\xE8caf\xC3"), Err(InvalidCloseReason));
    assert_eq!(read(b"\x03\xE8\xFF"), Err(InvalidCloseReason));
}

#[test]
fn what_is_default_is_what_is_named_so() {
    assert_eq!(Limits::default(), Limits::DEFAULT);
    assert_eq!(Config::default(), Config::DEFAULT);
    assert_eq!(Utf8Validator::default(), Utf8Validator::new());
    assert_eq!(Rsv::default(), Rsv::NONE);
}

#[test]
fn s5_2_reserved_bits_are_a_set() {
    let all = [Rsv::RSV1, Rsv::RSV2, Rsv::RSV3];
    for one in all {
        assert_eq!(one | one, one);
        assert_eq!(one | Rsv::NONE, one);
        for other in all {
            assert!((one | other).contains(other));
            assert_eq!(one.contains(other), one == other);
            assert_eq!(one | other, other | one);
        }
    }
    assert!(Rsv::NONE.is_empty() && !Rsv::RSV3.is_empty());
}

#[test]
fn s5_2_a_header_that_is_written_is_bytes() {
    let header = FrameHeader::new(true, Rsv::NONE, Opcode::Text, Some(KEY), 5).unwrap();
    assert_eq!(header.encode().as_ref(), b"\x81\x85\x01\x02\x03\x04");
    assert_eq!(&header.encode()[..], b"\x81\x85\x01\x02\x03\x04");
}

#[test]
fn room_is_what_may_be_added() {
    let mut server = bareframe::Connection::server(Config::DEFAULT);
    let mut outbox = Outbox::new([0; 8]);
    assert_eq!(outbox.room(), 8);
    outbox.control(&server.ping(b"abc").unwrap()).unwrap();
    assert_eq!(outbox.room(), 3);
    let refused = outbox.control(&server.ping(b"ab").unwrap());
    assert_eq!(
        refused,
        Err(SendError::from(BufferTooSmall {
            needed: 4,
            available: 3
        }))
    );
    outbox.control(&server.ping(b"a").unwrap()).unwrap();
    assert_eq!(outbox.room(), 0);
    outbox.advance(8);
    assert_eq!(outbox.room(), 8);
}

#[test]
fn s5_2_a_decoder_says_whether_it_is_between_frames() {
    let mut bytes = *b"\x82\x01a\x82\x00";
    let mut decoder = FrameDecoder::new(Rules::FROM_SERVER);
    let mut between = vec![decoder.is_between_frames()];
    for byte in &mut bytes {
        let mut piece = core::slice::from_mut(byte);
        while decoder.decode(&mut piece).unwrap().is_some() {}
        between.push(decoder.is_between_frames());
    }
    assert_eq!(between, [true, false, false, true, false, true]);
}

#[test]
fn a_piece_of_data_shows_its_flags() {
    let mut bytes = *b"\x82\x01a";
    let mut client = bareframe::Connection::client(Config::DEFAULT, || KEY);
    let mut input = &mut bytes[..];
    let shown = format!("{:?}", client.receive(&mut input));
    for part in ["Binary", "first: true", "last: true", "[97]"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

#[test]
fn s5_3_a_decoder_unmasks_pieces_and_tells_the_last() {
    for piece_len in 1..=9 {
        let mut bytes = *b"\x82\x85\x01\x02\x03\x04\x60\x60\x60\x60\x64\x82\x80\x01\x02\x03\x04";
        let mut decoder = FrameDecoder::new(Rules::FROM_CLIENT);
        let (mut payload, mut ends, mut headers) = (Vec::new(), Vec::new(), 0);
        for mut input in bytes.chunks_mut(piece_len) {
            while let Some(event) = decoder.decode(&mut input).unwrap() {
                match event {
                    FrameEvent::Header(_) => headers += 1,
                    FrameEvent::Payload { payload: piece, last } => {
                        payload.extend_from_slice(piece);
                        ends.extend(last.then_some(payload.len()));
                    }
                }
            }
        }
        assert_eq!((&payload[..], &ends[..], headers), (&b"abcde"[..], &[5][..], 2));
    }
}

#[test]
fn s5_6_one_byte_is_lent_as_text_if_it_is_a_character() {
    let mut bytes = *b"\x81\x0a\x61\xC3\xA9\x61\xE8\xAA\x9E\x61\xC3\xA9";
    let mut client = bareframe::Connection::client(Config::DEFAULT, || KEY);
    let mut lent = String::new();
    for byte in &mut bytes {
        let (is_ascii, mut piece) = (byte.is_ascii(), core::slice::from_mut(byte));
        while let Some(event) = client.receive(&mut piece).unwrap() {
            let bareframe::Event::Data(data) = event else {
                panic!()
            };
            assert_eq!(data.as_str().is_some(), is_ascii, "{:x?}", data.payload());
            lent.extend(data.as_str());
        }
    }
    assert_eq!(lent, "aaa");
}

#[test]
fn s5_2_the_rules_of_a_decoder_change_only_outside_of_a_header() {
    let mut decoder = FrameDecoder::new(Rules::FROM_CLIENT);
    let mut decode = |mut input: &mut [u8], rules: Option<Rules>| {
        let is_some = decoder.decode(&mut input).map(|event| event.is_some());
        (is_some, rules.map(|rules| decoder.set_rules(rules)))
    };
    assert_eq!(decode(&mut [], Some(Rules::FROM_SERVER)), (Ok(false), Some(true)));
    // Within a header they stay: the next byte has no MASK bit.
    assert_eq!(
        decode(&mut [0x82], Some(Rules::FROM_CLIENT)),
        (Ok(false), Some(false))
    );
    assert_eq!(decode(&mut [0x02], None), (Ok(true), None));
    // Within a payload they change for the header to come.
    assert_eq!(
        decode(&mut [b'a'], Some(Rules::FROM_CLIENT)),
        (Ok(true), Some(true))
    );
    assert_eq!(decode(&mut [b'b'], None), (Ok(true), None));
    assert_eq!(
        decode(&mut [0x82, 0x02], None),
        (Err(ProtocolError::UnmaskedFrame), None)
    );
}

#[test]
fn a_masking_key_gives_its_bytes_back() {
    assert_eq!(<[u8; 4]>::from(KEY), [1, 2, 3, 4]);
}
