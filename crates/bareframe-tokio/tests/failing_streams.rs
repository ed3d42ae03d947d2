//! A client and a server over streams that fail on purpose, held to the rules of every adapter, with futures that are dropped where
//! they wait; `dropped_futures` drops those of the methods that a model has no use for.

#[path = "failing_streams/driver.rs"]
mod driver;
#[path = "failing_streams/stream.rs"]
mod stream;

use bareframe_testkit::{Breaches, Rule, Side, StreamCall, hold_to_rules};
use driver::{Drops, End};
use std::cell::RefCell;
use std::ops::Range;
use stream::{Failing, Sabotage};
use tokio::runtime::{Builder, Runtime};

/// Timers want a runtime; its clock is stopped.
fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

fn run(seeds: Range<u64>, splits: bool, sabotage: Option<Sabotage>) -> (Breaches, Drops) {
    let runtime = runtime();
    let _entered = runtime.enter();
    let drops = RefCell::new(Drops::default());
    let breaches = hold_to_rules(seeds, |random, client, server, converse| {
        let (client, server) = (Failing::new(client, sabotage), Failing::new(server, None));
        let mut client = End::open(Side::Client, client, random, &drops);
        let mut server = End::open(Side::Server, server, random, &drops);
        if splits {
            (client, server) = (client.split(), server.split());
        }
        converse(&mut client, &mut server);
    });
    (breaches, drops.into_inner())
}

#[test]
fn whatever_the_stream_does_a_dropped_future_loses_nothing_and_the_end_is_right() {
    let (breaches, drops) = run(0..2000, false, None);
    println!("{breaches}\n{drops}");
    breaches.assert_none();
    assert!(drops.least() >= 5, "{drops}");
}

#[test]
fn whatever_the_stream_does_halves_lose_nothing_and_the_end_is_right() {
    let (breaches, drops) = run(0..2000, true, None);
    println!("{breaches}\n{drops}");
    breaches.assert_none();
    assert!(drops.least() >= 5, "{drops}");
}

#[test]
fn a_seeded_loss_repeat_and_tear_are_each_found() {
    for sabotage in [Sabotage::Lose, Sabotage::Repeat, Sabotage::Tear] {
        for splits in [false, true] {
            let (breaches, _) = run(0..100, splits, Some(sabotage));
            let found = breaches.rules().collect::<Vec<_>>();
            assert!(
                found.contains(&Rule::Written) || found.contains(&Rule::Acknowledged),
                "{sabotage:?}: {breaches}"
            );
        }
    }
}

#[test]
#[ignore = "takes minutes; ci.sh async runs it"]
fn whatever_the_stream_does_in_many_schedules() {
    for splits in [false, true] {
        let (breaches, drops) = run(0..110_000, splits, None);
        println!("{breaches}\n{drops}");
        breaches.assert_none();
        assert!(
            breaches.counts().least(&StreamCall::ALL) >= 1000,
            "a fault is met too rarely"
        );
        assert!(drops.least() >= 100, "{drops}");
    }
}
