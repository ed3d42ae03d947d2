//! Calls in any order: each does what it must or changes nothing at all.

mod calls;

use bareframe::{FrameDecoder, Rules, State};
use proptest::prelude::*;
use std::fs;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_in_any_order_do_what_they_must_or_change_nothing(choices in prop::collection::vec(any::<u8>(), 0..400)) {
        calls::run(&choices);
    }

    #[test]
    fn s5_2_a_decoder_that_failed_takes_nothing_more(bytes in prop::collection::vec(any::<u8>(), 1..30)) {
        let mut bytes = bytes;
        let mut decoder = FrameDecoder::new(Rules::ANY);
        let mut input = &mut bytes[..];
        let failed = loop {
            match decoder.decode(&mut input) {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(error) => break error,
            }
        };
        let (before, left) = (decoder.clone(), input.to_vec());
        prop_assert_eq!(decoder.decode(&mut input), Err(failed));
        prop_assert_eq!(decoder, before);
        prop_assert_eq!(input, &left[..]);
    }
}

/// Returns the states as ARCHITECTURE.md names them.
fn state_named(name: &str) -> State {
    let states = [
        State::Open,
        State::CloseSent,
        State::CloseReceived,
        State::Closed,
        State::Failed,
    ];
    let named = states.into_iter().find(|state| format!("{state:?}") == name);
    named.unwrap_or_else(|| panic!("no state {name:?}"))
}

#[test]
fn s7_1_the_model_of_states_is_the_documented_table() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../ARCHITECTURE.md")).unwrap();
    let table = &text[text.find("| from | cause | to |").expect("the table of states")..];
    let mut documented = Vec::new();
    for row in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let to = state_named(cells[3]);
        documented.extend(cells[1].split(", ").map(|from| (state_named(from), to)));
    }
    let names = ["Open", "CloseSent", "CloseReceived", "Closed", "Failed"];
    for (from, to) in names
        .iter()
        .flat_map(|from| names.map(|to| (state_named(from), state_named(to))))
    {
        let due = from == to || documented.contains(&(from, to));
        assert_eq!(calls::may_follow(from, to), due, "{from:?} to {to:?}");
    }
}
