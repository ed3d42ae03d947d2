//! Two connections that talk to each other.

mod endpoints;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s6_what_one_end_sends_the_other_receives_and_both_close(
        choices in prop::collection::vec(any::<u8>(), 0..400),
        seed: u64,
    ) {
        endpoints::run(&choices, seed);
    }
}
