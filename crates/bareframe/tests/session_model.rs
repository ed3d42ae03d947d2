//! Any calls on two sessions, in any order, over a stream that cuts, blocks, refuses and ends.

mod runs;
mod sessions;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_in_any_order_write_what_is_due_and_deliver_what_arrived(
        choices in prop::collection::vec(any::<u8>(), 0..800),
    ) {
        sessions::run(&choices);
    }
}
