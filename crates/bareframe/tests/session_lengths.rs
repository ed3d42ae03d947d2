//! Whole messages of many lengths, by each call that looks for one, in both roles: they are received in other ways when they are
//! short, long, masked, or text beyond ASCII.

mod stream;

use bareframe::{
    Assembler, Config, Connection, Event, Gather, Inbound, MaskingKey, Memory, Next, ProtocolError,
    ReceiveError, Role, Session,
};
use bareframe_testkit as testkit;
use stream::{Outcome, Stream, gathering};
use testkit::{Frame, Side};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const LONGEST: usize = 17_000;

/// The calls that look for what was received.
#[derive(Clone, Copy, Debug)]
enum Call {
    Event,
    Message,
    MessageOrControl,
    HalfEvent,
    HalfMessage,
    HalfMessageOrControl,
}

const CALLS: [Call; 6] = [
    Call::Event,
    Call::Message,
    Call::MessageOrControl,
    Call::HalfEvent,
    Call::HalfMessage,
    Call::HalfMessageOrControl,
];

fn lengths() -> impl Iterator<Item = usize> {
    let near_ends = [512, 1024, 8192, 16_384]
        .into_iter()
        .flat_map(|end| end - 2..=end + 2);
    (0..=300).chain(near_ends).chain([LONGEST])
}

/// Returns what one call says of these bytes, which arrive at once.
fn received<R: Role>(connection: Connection<R>, call: Call, bytes: Vec<u8>) -> Outcome {
    let mut session = Session::new(connection, [0; LONGEST + 14], [0; 256]);
    let mut assembler = gathering::<LONGEST>();
    let mut stream = Stream::new([bytes]);
    match call {
        Call::Event => stream.event(&mut session),
        Call::Message => stream.message(&mut session, &mut assembler),
        Call::MessageOrControl => loop {
            match session.next_message_or_control(&mut assembler) {
                Ok(Next::Ready) => return taken(session.message(&mut assembler)),
                Ok(next) => assert!(stream.perform(&mut session, next, &mut bareframe::Frame::NONE.clone())),
                Err(error) => return Outcome::Failed(error),
            }
        },
        Call::HalfEvent | Call::HalfMessage | Call::HalfMessageOrControl => {
            let (mut inbound, _) = session.split();
            received_by_half(&mut inbound, call, &mut assembler, &mut stream)
        }
    }
}

fn received_by_half<R: Role, I: Memory, B: Gather>(
    inbound: &mut Inbound<R, I>,
    call: Call,
    assembler: &mut Assembler<B>,
    stream: &mut Stream,
) -> Outcome {
    loop {
        let next = match call {
            Call::HalfEvent => inbound.next_event(),
            Call::HalfMessage => inbound.next_message(assembler),
            _ => inbound.next_message_or_control(assembler),
        };
        match (next, call) {
            (Ok(Next::Read), _) => {
                let bytes = stream.input.pop_front().expect("what arrived is enough");
                inbound.space()[..bytes.len()].copy_from_slice(&bytes);
                inbound.read(bytes.len());
            }
            (Ok(Next::Ready), Call::HalfEvent) => {
                let Some(Event::Data(data)) = inbound.event() else {
                    panic!("it is data");
                };
                return match data.as_str() {
                    Some(text) => Outcome::Text(text.to_owned(), data.is_last()),
                    None => Outcome::Binary(data.payload().to_vec(), data.is_last()),
                };
            }
            (Ok(Next::Ready), _) => return taken(inbound.message(assembler)),
            (Ok(next), _) => panic!("{next:?}"),
            (Err(error), _) => return Outcome::Failed(error),
        }
    }
}

fn taken(message: Option<bareframe::Message<'_>>) -> Outcome {
    let message = message.expect("it is ready");
    match message.as_str() {
        Some(text) => Outcome::Text(text.to_owned(), true),
        None => Outcome::Binary(message.payload().to_vec(), true),
    }
}

#[track_caller]
fn check(frame: &Frame, expected: &Outcome) {
    for call in CALLS {
        let to_server = frame.clone().masked_for(Side::Server, KEY).to_bytes();
        let outcome = received(Connection::server(Config::DEFAULT), call, to_server);
        assert!(outcome == *expected, "a server's {call:?}: {outcome:?}");
        let to_client = frame.clone().masked_for(Side::Client, KEY).to_bytes();
        let client = Connection::client(Config::DEFAULT, || MaskingKey::new(KEY));
        let outcome = received(client, call, to_client);
        assert!(outcome == *expected, "a client's {call:?}: {outcome:?}");
    }
}

#[test]
fn s5_6_binary_of_every_length_is_received_by_every_call() {
    for len in lengths() {
        let payload: Vec<u8> = (0..=255).cycle().take(len).collect();
        check(&Frame::binary(&payload[..]), &Outcome::Binary(payload, true));
    }
}

#[test]
fn s5_6_text_of_every_length_is_received_by_every_call() {
    for len in lengths() {
        let ascii = "bareframe ".chars().cycle().take(len).collect::<String>();
        check(&Frame::text(&ascii[..]), &Outcome::Text(ascii, true));
        // One character beyond ASCII at the end of it, which is found last.
        let mixed = "x".repeat(len) + "語";
        if mixed.len() <= LONGEST {
            check(&Frame::text(&mixed[..]), &Outcome::Text(mixed, true));
        }
    }
}

#[test]
fn s8_1_a_fault_in_text_of_every_length_is_found_by_every_call() {
    let refused = Outcome::Failed(ReceiveError::Protocol(ProtocolError::InvalidUtf8));
    for len in lengths().filter(|&len| len > 0) {
        for at in [0, len / 2, len - 1] {
            let mut payload = vec![b'x'; len];
            payload[at] = 0xFF;
            check(&Frame::text(&payload[..]), &refused);
        }
    }
}
