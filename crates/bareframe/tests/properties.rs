//! The engine against the oracle, on generated conversations.

mod engine;

use bareframe_testkit::{Random, Script, check, split};
use engine::{every_way, receive_as};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lawful_streams_are_seen_as_the_oracle_sees_them(choices in prop::collection::vec(any::<u8>(), 0..200), seed: u64) {
        let script = Script::lawful(&choices);
        agrees(&script, seed);
    }

    #[test]
    fn mangled_streams_are_seen_as_the_oracle_sees_them(choices in prop::collection::vec(any::<u8>(), 0..200), seed: u64) {
        let script = Script::mangled(&choices);
        agrees(&script, seed);
    }

    #[test]
    fn any_bytes_are_seen_as_the_oracle_sees_them(input in prop::collection::vec(any::<u8>(), 0..40), server: bool) {
        let side = if server { bareframe_testkit::Side::Server } else { bareframe_testkit::Side::Client };
        every_way(side, bareframe::Config::DEFAULT, &input);
    }
}

#[track_caller]
fn agrees(script: &Script, seed: u64) {
    let verdict = check(script.side, script.config, &script.input);
    let mut random = Random::new(seed);
    let len = script.input.len();
    let ways = [
        split::whole(len),
        split::in_pieces_of(1, len),
        split::at_random(len, 3, &mut random),
        split::at_random(len, 40, &mut random),
        split::at_random(len, len.max(1), &mut random),
        split::in_ring(64, 23, len),
    ];
    for pieces in ways {
        let came = receive_as(script.side, script.config, split::cut(&script.input, &pieces));
        if let Err(difference) = verdict.compare(&came) {
            panic!("{difference}\nfor {script}\ncut into {pieces:?}");
        }
    }
}
