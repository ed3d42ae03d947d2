//! Keepalive under a clock that the test turns (RFC 6455 section 5.5.2).

use bareframe::{Keepalive, KeepaliveStep, State};
use core::time::Duration;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn keepalive() -> Keepalive {
    Keepalive::new(seconds(30), seconds(10))
}

#[test]
fn a_ping_is_sent_when_nothing_came_for_the_interval() {
    let mut keepalive = keepalive();
    assert_eq!(
        keepalive.step(seconds(100), State::Open),
        KeepaliveStep::Wait(seconds(130))
    );
    assert_eq!(
        keepalive.step(seconds(129), State::Open),
        KeepaliveStep::Wait(seconds(130))
    );
    assert_eq!(keepalive.step(seconds(130), State::Open), KeepaliveStep::Ping);
}

#[test]
fn any_byte_is_life_and_no_ping_is_sent_while_one_is_unanswered() {
    let mut keepalive = keepalive();
    keepalive.received(seconds(0));
    assert_eq!(keepalive.step(seconds(30), State::Open), KeepaliveStep::Ping);
    for now in 30..40 {
        assert_eq!(
            keepalive.step(seconds(now), State::Open),
            KeepaliveStep::Wait(seconds(40))
        );
    }
    keepalive.received(seconds(39));
    assert_eq!(
        keepalive.step(seconds(40), State::Open),
        KeepaliveStep::Wait(seconds(69))
    );
    assert_eq!(keepalive.step(seconds(69), State::Open), KeepaliveStep::Ping);
}

#[test]
fn a_peer_that_sends_nothing_until_the_deadline_is_dead_and_stays_so() {
    let mut keepalive = keepalive();
    keepalive.received(seconds(0));
    assert_eq!(keepalive.step(seconds(31), State::Open), KeepaliveStep::Ping);
    assert_eq!(keepalive.step(seconds(41), State::Open), KeepaliveStep::Dead);
    assert_eq!(keepalive.step(seconds(50), State::Open), KeepaliveStep::Dead);
}

#[test]
fn s5_5_1_nothing_is_sent_after_a_close() {
    for state in [
        State::CloseSent,
        State::CloseReceived,
        State::Closed,
        State::Failed,
    ] {
        let mut keepalive = keepalive();
        keepalive.received(seconds(0));
        assert_eq!(keepalive.step(seconds(99), state), KeepaliveStep::Stopped);
    }
}

#[test]
fn a_clock_that_jumps_ahead_sends_one_ping_and_waits_the_whole_deadline() {
    let mut keepalive = keepalive();
    keepalive.received(seconds(0));
    assert_eq!(
        keepalive.step(seconds(1_000_000), State::Open),
        KeepaliveStep::Ping
    );
    assert_eq!(
        keepalive.step(seconds(1_000_000), State::Open),
        KeepaliveStep::Wait(seconds(1_000_010))
    );
    assert_eq!(keepalive.step(Duration::MAX, State::Open), KeepaliveStep::Dead);
}

#[test]
fn a_clock_that_goes_back_counts_from_where_it_is() {
    let mut keepalive = keepalive();
    keepalive.received(seconds(1000));
    assert_eq!(
        keepalive.step(seconds(10), State::Open),
        KeepaliveStep::Wait(seconds(40))
    );
    assert_eq!(keepalive.step(seconds(40), State::Open), KeepaliveStep::Ping);
    assert_eq!(
        keepalive.step(seconds(5), State::Open),
        KeepaliveStep::Wait(seconds(15))
    );
    assert_eq!(keepalive.step(seconds(15), State::Open), KeepaliveStep::Dead);
}
