//! Work that must grow with the bytes and no faster, however they are cut.
//!
//! These say nothing by passing: `ci.sh cost` counts the instructions inside `measured` under valgrind for `COST`
//! units, twice and four times as many, and compares what each unit more costs.

mod support;

use bareframe_deflate::{Compact, DeflateStep, Deflater, Fast, Inflater, Level, Size, Step, WindowBits};
use std::hint::black_box;
use std::slice::from_ref;
use support::{json, zlib};

/// How many units of work there are.
fn units() -> usize {
    let units = std::env::var("COST");
    units.map_or(100, |units| units.parse().expect("COST is a number"))
}

/// What is counted: not the making of the input.
#[inline(never)]
fn measured<T>(run: impl FnOnce() -> T) -> T {
    run()
}

/// A unit is a byte of the message, of which the payload comes byte by byte.
fn inflate<T: Size>() {
    let payload = zlib(6, 15, true, &[json(1, units())]).remove(0);
    let mut inflater = Inflater::<T>::new(WindowBits::MAX);
    let mut window = vec![0; 1 << 15];
    let len = measured(|| {
        let mut len = 0;
        for (index, byte) in payload.iter().enumerate() {
            let mut input = from_ref(byte);
            while let Step::Output(range) = inflater
                .inflate(&mut window, &mut input, index + 1 == payload.len())
                .unwrap()
            {
                len += black_box(&window[range]).len();
            }
        }
        len
    });
    assert_eq!(len, units());
}

/// A unit is a byte of the message, which comes byte by byte.
fn deflate<L: Level>(mut deflater: Deflater<L>) {
    let message = json(1, units());
    let mut out = vec![0; message.len() + 100];
    measured(|| {
        for byte in &message {
            let _ = black_box(deflater.deflate(&mut from_ref(byte), &mut out, false));
        }
        let end = deflater.deflate(&mut &[][..], &mut out, true);
        assert!(matches!(end, DeflateStep::MessageEnd(_)));
    });
}

#[test]
#[ignore = "ci.sh cost counts its instructions"]
fn inflate_fast_byte_by_byte() {
    inflate::<Fast>();
}

#[test]
#[ignore = "ci.sh cost counts its instructions"]
fn inflate_compact_byte_by_byte() {
    inflate::<Compact>();
}

#[test]
#[ignore = "ci.sh cost counts its instructions"]
fn deflate_greedy_byte_by_byte() {
    deflate(Deflater::greedy(WindowBits::MAX, vec![0; 1 << 16], vec![0; 1024]).unwrap());
}

#[test]
#[ignore = "ci.sh cost counts its instructions"]
fn deflate_best_byte_by_byte() {
    let (buffer, heads, links) = (vec![0; 1 << 16], vec![0; 8192], vec![0; 1 << 15]);
    deflate(Deflater::best(WindowBits::MAX, buffer, heads, links, vec![0; 8192]).unwrap());
}
