//! Two connections talk over a link that cuts and delays: each receives what the other says, and both close.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| bareframe_fuzz::endpoints(input.1, input.0.into()));
