//! Any bytes as a header, under any rules: checked the same at every cut, and what is accepted is written back.

#![no_main]

use arbitrary::Arbitrary;
use bareframe::{FrameDecoder, FrameEvent, FrameHeader, Opcode, ProtocolError, Rsv, Rules};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    from: From,
    rsv: u8,
    max_payload: Option<u64>,
    bytes: &'a [u8],
}

#[derive(Arbitrary, Debug)]
enum From {
    Client,
    Server,
    Either,
}

fuzz_target!(|input: Input<'_>| {
    let rules = match input.from {
        From::Client => Rules::FROM_CLIENT,
        From::Server => Rules::FROM_SERVER,
        From::Either => Rules::ANY,
    };
    let rsv = Rsv::from_first_byte(input.rsv);
    let rules = rules.with_rsv(rsv);
    let rules = match input.max_payload {
        Some(bytes) => rules.with_max_payload(bytes),
        None => rules,
    };
    let bytes = &input.bytes[..input.bytes.len().min(40)];

    // What is found does not change with what comes after it.
    let mut found = Ok(None);
    let mut found_at = bytes.len();
    for len in 0..=bytes.len() {
        let parsed = FrameHeader::parse(&bytes[..len], rules);
        if found == Ok(None) && parsed != Ok(None) {
            (found, found_at) = (parsed, len);
        }
        assert_eq!(parsed, found, "{len} of {bytes:02x?}");
    }
    match found {
        Ok(Some((header, len))) => {
            assert_eq!(len, found_at);
            check_fields(&header, &bytes[..len], rsv, &input);
        }
        Ok(None) => assert!(bytes.len() < FrameHeader::MAX_LEN),
        Err(error) => check_error(error, &bytes[..found_at]),
    }

    // The decoder finds the same, wherever the header is cut.
    for cut in 0..=found_at.min(bytes.len()) {
        let mut memory = bytes.to_vec();
        let (one, two) = memory.split_at_mut(cut);
        let mut decoder = FrameDecoder::new(rules);
        let (mut seen, mut taken) = (Ok(None), 0);
        for mut piece in [one, two] {
            let len = piece.len();
            seen = decoder.decode(&mut piece);
            taken += len - piece.len();
            if seen != Ok(None) {
                break;
            }
        }
        match (found, seen) {
            (Ok(None), Ok(None)) => assert_eq!(taken, bytes.len()),
            (Ok(Some((header, len))), Ok(Some(FrameEvent::Header(decoded)))) => {
                assert_eq!((decoded, taken), (header, len));
            }
            (Err(due), Err(error)) => assert_eq!((error, taken), (due, found_at - 1)),
            (found, seen) => panic!("{seen:?} where {found:?} was due"),
        }
    }
});

/// Reads the fields off the bytes once more, as section 5.2 draws them.
fn check_fields(header: &FrameHeader, bytes: &[u8], rsv: Rsv, input: &Input<'_>) {
    assert_eq!(header.fin(), bytes[0] & 0x80 != 0);
    assert_eq!(header.rsv().bits(), bytes[0] & 0x70);
    assert_eq!(header.opcode().bits(), bytes[0] & 0x0F);
    let is_masked = bytes[1] & 0x80 != 0;
    let (length, key) = bytes[2..].split_at(bytes.len() - 2 - if is_masked { 4 } else { 0 });
    let len = length.iter().fold(0, |len, &byte| len << 8 | u64::from(byte));
    let len = if length.is_empty() {
        u64::from(bytes[1] & 0x7F)
    } else {
        len
    };
    assert_eq!(header.payload_len(), len);
    assert_eq!(
        header.masking_key().map_or(vec![], |key| key.to_bytes().to_vec()),
        key
    );
    assert_eq!(&header.encode()[..], bytes);

    assert!(len < 1 << 63);
    assert!(rsv.contains(header.rsv()));
    match header.opcode() {
        Opcode::Text | Opcode::Binary => {}
        _ => assert!(header.rsv().is_empty()),
    }
    if header.opcode().is_control() {
        assert!(header.fin() && len <= 125);
    } else {
        assert!(input.max_payload.is_none_or(|most| len <= most));
    }
    match input.from {
        From::Client => assert!(is_masked),
        From::Server => assert!(!is_masked),
        From::Either => {}
    }
}

/// An error is found at the byte that proves it.
fn check_error(error: ProtocolError, bytes: &[u8]) {
    let proved_by = match error {
        ProtocolError::ReservedBits | ProtocolError::ReservedOpcode | ProtocolError::FragmentedControl => {
            1..=1
        }
        ProtocolError::UnmaskedFrame | ProtocolError::MaskedFrame | ProtocolError::OversizedControl => 2..=2,
        ProtocolError::LengthTopBit => 3..=3,
        ProtocolError::NonMinimalLength => 4..=10,
        ProtocolError::FrameTooBig => 2..=10,
        other => panic!("{other:?} is no error of a header alone"),
    };
    assert!(proved_by.contains(&bytes.len()), "{error:?} of {bytes:02x?}");
}
