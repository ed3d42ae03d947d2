//! Messages assembled in three kinds of memory: each is what the oracle saw, or too big for its memory.

#![no_main]

use arbitrary::Arbitrary;
use bareframe::{
    AssembleError, Assembled, Assembler, Connection, Event, Gather, MaskingKey, Message, MessageKind, Role,
    Rsv, SliceBuffer,
};
use bareframe_fuzz::Conversation;
use bareframe_testkit::{Script, Seen, Side, Transcript, check};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    capacity: u8,
    conversation: Conversation<'a>,
}

/// A message as it came whole, or `None` if it did not fit.
type Came = Option<(MessageKind, Rsv, Vec<u8>)>;

fuzz_target!(|input: Input<'_>| {
    let script = input.conversation.script();
    let verdict = check(script.side, script.config, &script.input);
    let due = messages(&verdict.transcript);
    let mut memory = vec![0xEE; input.capacity.into()];
    let capacity = memory.len();
    check_messages(
        &due,
        &run(&input, &script, SliceBuffer::new(&mut memory)),
        capacity,
    );
    check_messages(&due, &run(&input, &script, heapless::Vec::<u8, 32>::new()), 32);
    check_messages(&due, &run(&input, &script, Vec::new()), usize::MAX);
});

/// Returns the messages that the oracle saw to their end.
fn messages(transcript: &Transcript) -> Vec<(MessageKind, Rsv, Vec<u8>)> {
    let mut messages = Vec::new();
    let mut open = Vec::new();
    for seen in &transcript.events {
        if let Seen::Data {
            kind,
            rsv,
            payload,
            last,
            ..
        } = seen
        {
            open.extend_from_slice(payload);
            if *last {
                messages.push((*kind, *rsv, std::mem::take(&mut open)));
            }
        }
    }
    messages
}

fn run<B: Gather>(input: &Input<'_>, script: &Script, memory: B) -> Vec<Came> {
    match script.side {
        Side::Server => pushed(input, script, memory, Connection::server(script.config)),
        Side::Client => {
            let client = Connection::client(script.config, || MaskingKey::new([0; 4]));
            pushed(input, script, memory, client)
        }
    }
}

fn pushed<B: Gather, R: Role>(
    input: &Input<'_>,
    script: &Script,
    memory: B,
    mut connection: Connection<R>,
) -> Vec<Came> {
    let mut assembler = Assembler::new(memory);
    let mut came = Vec::new();
    // The message at hand did not fit: what is left of it is out of order, and its end counts.
    let mut dropped = false;
    for mut piece in input.conversation.pieces(&script.input) {
        let mut rest = &mut piece[..];
        while let Ok(Some(event)) = connection.receive(&mut rest) {
            let Event::Data(data) = event else { continue };
            let (first, last) = (data.is_first(), data.is_last());
            dropped &= !first;
            match assembler.push(data) {
                Ok(Assembled::Whole(message)) => {
                    assert!(first && last);
                    came.push(Some(kept(message)));
                }
                Ok(Assembled::Gathered) => {
                    assert!(last && !first && !dropped);
                    came.push(Some(kept(assembler.message().expect("it was gathered"))));
                    assert!(assembler.message().is_some(), "it is lent until the next piece");
                }
                Ok(Assembled::More) => {
                    assert!(!last && !dropped);
                    assert!(assembler.message().is_none());
                }
                Err(error) => {
                    assert_eq!(error == AssembleError::OutOfOrder, dropped);
                    assert!(assembler.message().is_none());
                    dropped = true;
                    if last {
                        came.push(None);
                    }
                }
            }
        }
    }
    came
}

fn kept(message: Message<'_>) -> (MessageKind, Rsv, Vec<u8>) {
    let (kind, rsv, payload) = (message.kind(), message.rsv(), message.payload().to_vec());
    let is_text = kind == MessageKind::Text && rsv.is_empty();
    let text = is_text.then(|| core::str::from_utf8(&payload).expect("the engine passed it"));
    assert_eq!(message.as_str(), text);
    assert_eq!(message.into_str().as_deref(), text);
    (kind, rsv, payload)
}

fn check_messages(due: &[(MessageKind, Rsv, Vec<u8>)], came: &[Came], capacity: usize) {
    assert_eq!(came.len(), due.len());
    for (came, due) in came.iter().zip(due) {
        match came {
            Some(came) => assert_eq!(came, due),
            None => assert!(due.2.len() > capacity, "it would have fitted"),
        }
    }
}
