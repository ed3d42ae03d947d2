//! The parts together: every script, cut in every way, gives what the verdict says, however much is kept back.

use bareframe::ProtocolError;
use bareframe_testkit::{Oracle, Recorder, Script, Transcript, check, split};

/// Returns a receiver that keeps back each piece of payload until it has found nothing wrong in it.
fn careful(script: &Script, pieces: &[Vec<u8>]) -> Transcript {
    let mut oracle = Oracle::new(script.side, script.config);
    for piece in pieces {
        let mut sure = oracle.verdict().transcript;
        for &byte in piece {
            if oracle.is_between_frames() {
                sure = oracle.verdict().transcript;
            }
            if oracle.push(byte) == Err(ProtocolError::InvalidUtf8) {
                let error = oracle.verdict().transcript.error;
                return Transcript { error, ..sure };
            }
        }
    }
    oracle.verdict().transcript
}

#[test]
fn a_verdict_holds_for_every_way_of_cutting() {
    let mut kept_back = 0;
    for seed in 0..150 {
        let script = Script::mangled_from_seed(seed);
        let verdict = check(script.side, script.config, &script.input);
        split::for_each_way(&script.input, seed, |pieces| {
            let came = careful(&script, &pieces);
            kept_back += usize::from(came != verdict.transcript);
            verdict.assert_agrees(&came);
        });
    }
    assert!(kept_back > 0, "nothing was kept back");
}

#[test]
fn a_verdict_does_not_hold_for_another_receiver() {
    for seed in 0..500 {
        let script = Script::lawful_from_seed(seed);
        let verdict = check(script.side, script.config, &script.input);
        let mut missing = verdict.transcript.clone();
        if missing.events.pop().is_some() {
            assert!(verdict.compare(&missing).is_err(), "{script}");
        }
        let mut refused = Recorder::new();
        refused.error(ProtocolError::ReservedBits, 0);
        assert!(verdict.compare(refused.transcript()).is_err(), "{script}");
    }
}
