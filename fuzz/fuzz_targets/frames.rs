//! Frames, lawful and not, in any pieces: the receiver sees what the oracle sees.

#![no_main]

use bareframe_fuzz::{Conversation, UnderTest};
use bareframe_testkit::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|conversation: Conversation<'_>| {
    let script = conversation.script();
    let verdict = check(script.side, script.config, &script.input);
    let seen = conversation.received_by::<UnderTest>(&script);
    if let Err(difference) = verdict.compare(&seen) {
        panic!("{difference}\nfor {script}");
    }
});
