//! The rules that adapters are held to, held to an adapter that keeps them all, and to the same with one flaw at a time.

mod plain;

use bareframe_testkit::{Breaches, Rule, Side, StreamCall, hold_to_rules};
use plain::{Flaw, Plain};
use std::ops::Range;

fn run(flaw: Option<Flaw>, seeds: Range<u64>) -> Breaches {
    hold_to_rules(seeds, |_, client, server, converse| {
        let mut client = Plain::open(Side::Client, client, flaw);
        let mut server = Plain::open(Side::Server, server, flaw);
        converse(&mut client, &mut server);
    })
}

#[test]
fn an_adapter_without_a_flaw_keeps_every_rule() {
    let breaches = run(None, 0..3000);
    breaches.assert_none();
    assert!(
        breaches.counts().least(&StreamCall::ALL) > 0,
        "a fault is never met:\n{breaches}"
    );
}

/// One line a flaw, and the rule that it breaks.
#[test]
fn each_flaw_is_found() {
    for (flaw, rule) in [
        (Flaw::WriteErrorHidesWhatArrived, Rule::Delivered),
        (Flaw::EventBeforeItsAnswer, Rule::Answered),
        (Flaw::SentWithoutWriting, Rule::Acknowledged),
        (Flaw::NoFlush, Rule::Acknowledged),
        (Flaw::RestIsForgotten, Rule::Acknowledged),
        (Flaw::RestIsSentAgain, Rule::Written),
        (Flaw::EndIsTakenForAClose, Rule::End),
        (Flaw::WriteErrorIsForgotten, Rule::End),
        (Flaw::CloseFailsAfterThePeers, Rule::End),
        (Flaw::AnyErrorIsAReset, Rule::Reported),
        (Flaw::LimitForEachCall, Rule::Limit),
        (Flaw::Spins, Rule::Spin),
        (Flaw::CloseDoesNotRead, Rule::Progress),
        (Flaw::FailIsNotWritten, Rule::Acknowledged),
        (Flaw::FailReadsOn, Rule::End),
        (Flaw::Panics, Rule::Panic),
    ] {
        let is_found = (0..30).any(|hundred| {
            let breaches = run(Some(flaw), hundred * 100..(hundred + 1) * 100);
            breaches.rules().any(|broken| broken == rule)
        });
        assert!(is_found, "{flaw:?} does not break {rule:?}");
    }
}
