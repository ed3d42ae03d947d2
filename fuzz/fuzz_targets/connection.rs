//! Every call of a connection, in any order and either role, each compared with a model.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|choices: &[u8]| bareframe_fuzz::calls(choices));
