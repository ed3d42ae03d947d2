//! Instructions of a dozen fixed cases, counted by valgrind; `cargo run -p bareframe-benches --bin instructions` holds
//! them to the counts in the repository.

#![allow(missing_docs, reason = "the macros make public items")]

use bareframe_benches::measure::{Task, repeated};
use bareframe_benches::ours;
use bareframe_benches::wire::{From, Payload, REQUEST, Stream};
use gungraun::{library_benchmark, library_benchmark_group, main};
use std::hint::black_box;

/// So many frames, or calls, are in each count.
const TIMES: usize = 100;

fn ready(mut task: Box<dyn Task>) -> Box<dyn Task> {
    task.prepare();
    task
}

fn stream(kind: Payload, from: From, len: usize) -> Stream {
    Stream::repeated(kind.first_octet(), from, &kind.octets(len), TIMES)
}

fn decode(kind: Payload, from: From, len: usize) -> Box<dyn Task> {
    ready(ours::decode(&stream(kind, from, len)))
}

fn pieces(kind: Payload, len: usize, piece: usize) -> Box<dyn Task> {
    ready(ours::pieces(&stream(kind, From::Client, len), piece))
}

fn pings(len: usize) -> Box<dyn Task> {
    ready(ours::answer(&Stream::pings(&Payload::Ascii.octets(len), TIMES)))
}

fn header(len: usize) -> Box<dyn Task> {
    let mut header = ours::header();
    repeated(TIMES, move || header(black_box(len)))
}

fn client_frame(len: usize) -> Box<dyn Task> {
    let (mut frame, payload) = (ours::client_frame(len + 14), Payload::Binary.octets(len));
    repeated(TIMES, move || frame(black_box(&payload)))
}

fn handshake() -> Box<dyn Task> {
    let mut handshake = ours::handshake();
    repeated(TIMES, move || handshake(black_box(REQUEST)))
}

#[library_benchmark]
#[bench::decode_binary_16(decode(Payload::Binary, From::Client, 16))]
#[bench::decode_binary_125(decode(Payload::Binary, From::Client, 125))]
#[bench::decode_binary_1024(decode(Payload::Binary, From::Client, 1024))]
#[bench::decode_ascii_16(decode(Payload::Ascii, From::Client, 16))]
#[bench::decode_ascii_1024(decode(Payload::Ascii, From::Client, 1024))]
#[bench::decode_vietnamese_125(decode(Payload::Vietnamese, From::Client, 125))]
#[bench::decode_chinese_1024(decode(Payload::Chinese, From::Client, 1024))]
#[bench::client_ascii_125(decode(Payload::Ascii, From::Server, 125))]
#[bench::pieces_1460_ascii_4096(pieces(Payload::Ascii, 4096, 1460))]
#[bench::pieces_1_chinese_125(pieces(Payload::Chinese, 125, 1))]
#[bench::pings_8(pings(8))]
#[bench::pings_125(pings(125))]
#[bench::header_1024(header(1024))]
#[bench::client_frame_16(client_frame(16))]
#[bench::client_frame_1024(client_frame(1024))]
#[bench::handshake(handshake())]
fn count(mut task: Box<dyn Task>) -> u64 {
    task.run()
}

library_benchmark_group!(name = counts, benchmarks = count);
main!(library_benchmark_groups = counts);
