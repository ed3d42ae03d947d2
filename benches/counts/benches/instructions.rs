//! Instructions of fixed cases, counted by valgrind; `cargo run -p bareframe-benches --bin instructions` compares them
//! with the counts in the repository.

#![allow(missing_docs, reason = "the macros make public items")]

use bareframe_benches::{ours, session};
use bareframe_benches_counts::{
    BINARY, From, MARKED, Marked, Payload, Task, client_frame, decode, decode_marked, events, handshake,
    header, messages, optional_events, pieces, pings, sends, through_std,
};
use gungraun::{library_benchmark, library_benchmark_group, main};

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
#[bench::decode_marked_125(decode_marked(125))]
#[bench::events_binary_16(events(Payload::Binary, From::Client, 16))]
#[bench::events_binary_125(events(Payload::Binary, From::Client, 125))]
#[bench::events_binary_1024(events(Payload::Binary, From::Client, 1024))]
#[bench::events_ascii_8(events(Payload::Ascii, From::Client, 8))]
#[bench::events_ascii_16(events(Payload::Ascii, From::Client, 16))]
#[bench::events_ascii_125(events(Payload::Ascii, From::Client, 125))]
#[bench::events_ascii_256(events(Payload::Ascii, From::Client, 256))]
#[bench::events_ascii_1024(events(Payload::Ascii, From::Client, 1024))]
#[bench::events_vietnamese_125(events(Payload::Vietnamese, From::Client, 125))]
#[bench::events_chinese_1024(events(Payload::Chinese, From::Client, 1024))]
#[bench::client_events_ascii_125(events(Payload::Ascii, From::Server, 125))]
#[bench::messages_binary_16(messages(Payload::Binary, 16))]
#[bench::messages_binary_1024(messages(Payload::Binary, 1024))]
#[bench::messages_ascii_8(messages(Payload::Ascii, 8))]
#[bench::messages_ascii_16(messages(Payload::Ascii, 16))]
#[bench::messages_ascii_125(messages(Payload::Ascii, 125))]
#[bench::messages_ascii_256(messages(Payload::Ascii, 256))]
#[bench::messages_ascii_1024(messages(Payload::Ascii, 1024))]
#[bench::std_binary_16(through_std(Payload::Binary, 16))]
#[bench::std_binary_125(through_std(Payload::Binary, 125))]
#[bench::std_binary_1024(through_std(Payload::Binary, 1024))]
#[bench::std_ascii_16(through_std(Payload::Ascii, 16))]
#[bench::std_ascii_125(through_std(Payload::Ascii, 125))]
#[bench::std_ascii_1024(through_std(Payload::Ascii, 1024))]
#[bench::optional_events_binary_16(optional_events(BINARY, 16, None))]
#[bench::optional_events_binary_125(optional_events(BINARY, 125, None))]
#[bench::extended_events_plain_16(optional_events(BINARY, 16, Some(Marked)))]
#[bench::extended_events_plain_125(optional_events(BINARY, 125, Some(Marked)))]
#[bench::extended_events_marked_125(optional_events(MARKED, 125, Some(Marked)))]
#[bench::server_frame_16(sends(16, ours::server_frame(30)))]
#[bench::server_frame_1024(sends(1024, ours::server_frame(1038)))]
#[bench::server_sends_16(sends(16, session::server_sends()))]
#[bench::server_sends_125(sends(125, session::server_sends()))]
#[bench::server_sends_1024(sends(1024, session::server_sends()))]
#[bench::optional_server_sends_16(sends(16, session::server_sends_without_extension()))]
#[bench::optional_server_sends_1024(sends(1024, session::server_sends_without_extension()))]
#[bench::client_sends_16(sends(16, session::client_sends()))]
#[bench::client_sends_1024(sends(1024, session::client_sends()))]
fn count(mut task: Box<dyn Task>) -> u64 {
    task.run()
}

library_benchmark_group!(name = counts, benchmarks = count);
main!(library_benchmark_groups = counts);
