//! Whole conversations do not depend on how their bytes were cut: what is heard, what is answered, how they end.

use bareframe::{Connection, EndOfStream, Event, MaskingKey, Role, State};
use bareframe_testkit::{Random, Recorder, Script, Side, Transcript, check, split};
use proptest::prelude::*;

/// All that shows of one end.
#[derive(PartialEq, Debug)]
struct Shown {
    heard: Transcript,
    /// What it answered, polled after every event, after an error and after the end.
    answered: Vec<Vec<u8>>,
    closure: EndOfStream,
    state: State,
}

/// A connection that is passed one piece of memory after the other.
struct End<R> {
    connection: Connection<R>,
    heard: Recorder,
    answered: Vec<Vec<u8>>,
    taken: usize,
}

impl<R: Role> End<R> {
    fn hear(&mut self, memory: &mut [u8]) {
        let len = memory.len();
        let mut input = memory;
        loop {
            match self.connection.receive(&mut input) {
                Ok(Some(event)) => note(&mut self.heard, event),
                Ok(None) => {
                    assert!(input.is_empty());
                    break;
                }
                Err(error) => {
                    self.heard.error(error, self.taken + len - input.len());
                    break;
                }
            }
            self.poll();
        }
        self.poll();
        self.taken += len - input.len();
    }

    fn poll(&mut self) {
        while let Some(frame) = self.connection.poll_transmit() {
            self.answered.push(frame.to_vec());
        }
    }

    fn end(mut self) -> Shown {
        let closure = self.connection.receive_eof();
        self.poll();
        Shown {
            heard: self.heard.transcript().clone(),
            answered: self.answered,
            closure,
            state: self.connection.state(),
        }
    }
}

fn note(heard: &mut Recorder, event: Event<'_>) {
    match event {
        Event::Data(data) => {
            let (kind, rsv, first, last) = (data.kind(), data.rsv(), data.is_first(), data.is_last());
            heard.data(kind, rsv, data.payload(), first, last);
        }
        Event::Ping(payload) => heard.ping(&payload),
        Event::Pong(payload) => heard.pong(&payload),
        Event::Close(close) => heard.close(close.code(), close.reason()),
    }
}

/// Receives an input in these pieces, each in memory of its own.
fn in_pieces<R: Role>(connection: Connection<R>, input: &[u8], pieces: &[usize]) -> Shown {
    let mut end = End {
        connection,
        heard: Recorder::new(),
        answered: Vec::new(),
        taken: 0,
    };
    for mut piece in split::cut(input, pieces) {
        end.hear(&mut piece);
    }
    end.end()
}

/// Receives an input from a ring of memory, into which reads of these lengths go one after the other.
fn in_a_ring<R: Role>(connection: Connection<R>, input: &[u8], capacity: usize, read: usize) -> Shown {
    let mut end = End {
        connection,
        heard: Recorder::new(),
        answered: Vec::new(),
        taken: 0,
    };
    let mut ring = vec![0xEE; capacity];
    let mut at = 0;
    for read in input.chunks(read) {
        let (behind, front) = ring.split_at_mut(at);
        let here = read.len().min(front.len());
        let (first, second) = (&mut front[..here], &mut behind[..read.len() - here]);
        first.copy_from_slice(&read[..here]);
        second.copy_from_slice(&read[here..]);
        end.hear(first);
        end.hear(second);
        at = (at + read.len()) % capacity;
    }
    end.end()
}

/// Receives the beginning of a script in every way that `seed` gives, and compares the results.
fn the_cuts_do_not_show<R: Role>(
    script: &Script,
    len: usize,
    seed: u64,
    connection: impl Fn() -> Connection<R>,
) {
    let input = &script.input[..len.min(script.input.len())];
    let len = input.len();
    let whole = in_pieces(connection(), input, &split::whole(len));
    let verdict = check(script.side, script.config, input);
    verdict.assert_agrees(&whole.heard);
    let mut random = Random::new(seed);
    let capacity = 1 + random.below(70);
    let read = 1 + random.below(capacity);
    let mut others = vec![in_a_ring(connection(), input, capacity, read)];
    for pieces in [
        split::in_pieces_of(1, len),
        split::at_random(len, 4, &mut random),
        split::at_random(len, 50, &mut random),
    ] {
        others.push(in_pieces(connection(), input, &pieces));
    }
    for mut other in others {
        verdict.assert_agrees(&other.heard);
        // Of a message at fault, how much was heard is left open.
        other.heard.events.clone_from(&whole.heard.events);
        assert_eq!(other, whole);
    }
}

fn check_cuts(script: &Script, len: usize, seed: u64) {
    match script.side {
        Side::Server => the_cuts_do_not_show(script, len, seed, || Connection::server(script.config)),
        Side::Client => the_cuts_do_not_show(script, len, seed, || {
            let mut random = Random::new(7);
            Connection::client(script.config, move || MaskingKey::new(random.key()))
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lawful_conversations_do_not_depend_on_the_cuts(
        choices in prop::collection::vec(any::<u8>(), 0..200),
        len in prop_oneof![Just(usize::MAX), 0..300_usize],
        seed: u64,
    ) {
        check_cuts(&Script::lawful(&choices), len, seed);
    }

    #[test]
    fn mangled_conversations_do_not_depend_on_the_cuts(
        choices in prop::collection::vec(any::<u8>(), 0..200),
        len in prop_oneof![Just(usize::MAX), 0..300_usize],
        seed: u64,
    ) {
        check_cuts(&Script::mangled(&choices), len, seed);
    }
}
