//! A client and a server over streams that fail on purpose, held to the rules of every adapter.

#[path = "failing_streams/driver.rs"]
mod driver;
#[path = "failing_streams/halves.rs"]
mod halves;

use bareframe_testkit::{Breaches, Side, StreamCall, hold_to_rules};
use driver::End;
use std::ops::Range;

fn run(seeds: Range<u64>) -> Breaches {
    hold_to_rules(seeds, |random, client, server, converse| {
        let mut client = End::open(Side::Client, client, random);
        let mut server = End::open(Side::Server, server, random);
        converse(&mut client, &mut server);
    })
}

fn run_halves(seeds: Range<u64>) -> Breaches {
    hold_to_rules(seeds, |random, client, server, converse| {
        let mut client = halves::open(Side::Client, client, random);
        let mut server = halves::open(Side::Server, server, random);
        converse(&mut *client, &mut *server);
    })
}

#[test]
fn whatever_the_stream_does_nothing_is_lost_and_the_end_is_right() {
    let breaches = run(0..2000);
    println!("{breaches}");
    breaches.assert_none();
}

#[test]
fn whatever_the_stream_does_halves_lose_nothing_and_the_end_is_right() {
    let breaches = run_halves(0..2000);
    println!("{breaches}");
    breaches.assert_none();
}

#[test]
#[ignore = "takes minutes; ci.sh failing_streams runs it"]
fn whatever_the_stream_does_in_many_schedules() {
    for breaches in [run(0..100_000), run_halves(0..100_000)] {
        println!("{breaches}");
        breaches.assert_none();
        assert!(
            breaches.counts().least(&StreamCall::ALL) >= 1000,
            "a fault is met too rarely"
        );
    }
}
