//! Any bytes as compressed messages: inflated as the naive inflater and zlib-rs do, with the error at the same byte.

#![no_main]

use arbitrary::Arbitrary;
use bareframe_deflate::{Compact, Fast, InflateError, Inflater, Size};
use bareframe_fuzz::deflate::{inflate, window_bits};
use bareframe_testkit::{DeflateFault, Inflated, NaiveInflater};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    bits: u8,
    takeover: bool,
    limit: Option<u16>,
    more: u8,
    piece: u8,
    payloads: Vec<&'a [u8]>,
}

fuzz_target!(|input: Input<'_>| {
    let bits = window_bits(input.bits);
    let mut naive = NaiveInflater::new(bits.size()).with_limit(input.limit.map_or(1 << 20, usize::from));
    if !input.takeover {
        naive = naive.without_takeover();
    }
    let mut expected = Vec::new();
    for payload in &input.payloads {
        expected.push(naive.message(payload));
        if expected.last().is_some_and(|inflated| inflated.fault.is_some()) {
            break;
        }
    }
    check::<Compact>(&input, &expected);
    check::<Fast>(&input, &expected);
    if let (Some(payload), Some(expected)) = (input.payloads.first(), expected.first()) {
        check_zlib(payload, expected);
    }
});

fn check<T: Size>(input: &Input<'_>, expected: &[Inflated]) {
    let bits = window_bits(input.bits);
    let mut inflater = Inflater::<T>::new(bits)
        .with_context_takeover(input.takeover)
        .with_limit(input.limit.map_or(1 << 20, u64::from));
    let mut window = vec![0xEE; bits.size() + usize::from(input.more)];
    for (payload, expected) in input.payloads.iter().zip(expected) {
        let (bytes, error) = inflate(
            &mut inflater,
            &mut window,
            payload,
            usize::from(input.piece).max(1),
        );
        assert!(bytes == expected.bytes);
        assert_eq!(error.map(|(error, at)| (fault_of(error), at)), expected.fault);
    }
}

fn fault_of(error: InflateError) -> DeflateFault {
    match error {
        InflateError::InvalidBlockType => DeflateFault::BlockType,
        InflateError::InvalidStoredLength => DeflateFault::StoredLength,
        InflateError::InvalidCodeLengths => DeflateFault::CodeLengths,
        InflateError::InvalidSymbol => DeflateFault::Symbol,
        InflateError::InvalidDistance => DeflateFault::Distance,
        InflateError::Unfinished => DeflateFault::Unfinished,
        InflateError::TooBig { .. } => DeflateFault::TooBig,
        other => panic!("{other}"),
    }
}

/// zlib stops after a final block, and finds some faults of code lengths a little later.
fn check_zlib(payload: &[u8], expected: &Inflated) {
    let mut zlib = zlib_rs::Inflate::new(false, 15);
    let with_tail = [payload, &[0, 0, 0xFF, 0xFF]].concat();
    let mut out = vec![0; 1 << 20];
    let status = zlib.decompress(&with_tail, &mut out, zlib_rs::InflateFlush::SyncFlush);
    let bytes = &out[..zlib.total_out() as usize];
    match (status, expected.fault) {
        (Ok(zlib_rs::Status::StreamEnd), _) => {}
        // What ours does not allow for its window or its limit.
        (_, Some((DeflateFault::TooBig | DeflateFault::Distance, _))) => {}
        (Ok(_), None | Some((DeflateFault::CodeLengths | DeflateFault::Unfinished, _))) => {
            let common = bytes.len().min(expected.bytes.len());
            assert_eq!(bytes[..common], expected.bytes[..common]);
            assert!(bytes.len() == common || expected.fault.is_some());
        }
        (Ok(_), Some(fault)) => panic!("zlib inflates what has {fault:?}"),
        (Err(_), fault) => assert!(fault.is_some(), "zlib refuses it"),
    }
}
