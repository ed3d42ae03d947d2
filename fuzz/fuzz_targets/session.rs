//! Two sessions under any calls in any order, over a stream that cuts, blocks, refuses and ends, each compared with a
//! model.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|choices: &[u8]| bareframe_fuzz::sessions(choices));
