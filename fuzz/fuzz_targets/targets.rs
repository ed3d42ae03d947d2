//! Any bytes as a request's target, as the value of `Host` and as a URL: ours is held to the grammar of RFC 3986 as the
//! testkit writes it out, and to the crates `http` and `url`; where one of them differs, the clause that decides is named.

#![no_main]

#[path = "../../crates/bareframe/tests/differences/mod.rs"]
mod differences;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The grammar is slow with what is long.
    let bytes = &bytes[..bytes.len().min(128)];
    differences::target(bytes);
    differences::host(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        differences::url(text);
    }
});
