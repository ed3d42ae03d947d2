//! The engine asks for no memory, whatever a peer declares or sends.

#[cfg(feature = "handshake")]
mod hostile;

use bareframe::{
    Assembler, CloseCode, Config, Connection, FrameHeader, Limits, MaskingKey, MessageKind, Outbox, Role,
    Rsv, SliceBuffer,
};
use bareframe_testkit::{Frame, LengthForm, Script, Side};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, which counts how often this thread asked it for memory.
struct Counting;

thread_local! {
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Checks that no memory is asked for while this runs.
#[track_caller]
fn without_memory<T>(run: impl FnOnce() -> T) -> T {
    let before = ASKED.get();
    let result = run();
    assert_eq!(ASKED.get() - before, 0, "memory was asked for");
    result
}

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const UNLIMITED: Config = Config::DEFAULT.with_limits(Limits::UNLIMITED);

/// Receives all of it, sends what is pending, and receives the end.
fn receive<R: Role>(connection: &mut Connection<R>, mut input: &mut [u8]) {
    loop {
        let heard = connection.receive(&mut input).map(|event| event.is_some());
        while connection.poll_transmit().is_some() {}
        if heard != Ok(true) {
            break;
        }
    }
    connection.receive_eof();
}

fn receive_as(side: Side, config: Config, input: &mut [u8]) {
    match side {
        Side::Server => receive(&mut Connection::server(config), input),
        Side::Client => receive(&mut Connection::client(config, || MaskingKey::new(KEY)), input),
    }
}

#[test]
fn the_count_is_of_this_thread() {
    let before = ASKED.get();
    drop(vec![1]);
    assert_eq!(ASKED.get() - before, 1);
}

#[test]
fn s10_4_no_length_that_is_declared_asks_for_memory() {
    let declared = [
        125,
        126,
        65_536,
        1 << 31,
        1 << 32,
        1 << 53,
        (1 << 63) - 1,
        1 << 63,
        u64::MAX,
    ];
    for len in declared {
        for (side, form) in [
            (Side::Server, LengthForm::Minimal),
            (Side::Client, LengthForm::U64),
        ] {
            let frame = Frame::text("what arrived")
                .declared_len(len)
                .length_form(form)
                .masked_for(side, KEY);
            let mut bytes = frame.to_bytes();
            without_memory(|| receive_as(side, UNLIMITED, &mut bytes));
        }
    }
}

#[test]
fn s10_4_no_conversation_asks_for_memory() {
    for seed in 0..300 {
        for mut script in [Script::lawful_from_seed(seed), Script::mangled_from_seed(seed)] {
            without_memory(|| receive_as(script.side, script.config, &mut script.input));
        }
    }
}

#[test]
fn s10_4_no_number_of_fragments_asks_for_memory() {
    let mut bytes = Frame::text("").fin(false).masked(KEY).to_bytes();
    bytes.extend(
        Frame::continuation("")
            .fin(false)
            .masked(KEY)
            .to_bytes()
            .repeat(65_536),
    );
    without_memory(|| receive_as(Side::Server, UNLIMITED, &mut bytes));
}

#[test]
fn s6_1_sending_asks_for_no_memory() {
    let mut out = [0; 512];
    let mut client = Connection::client(Config::DEFAULT, || MaskingKey::new(KEY));
    let mut outbox = Outbox::new([0; 512]);
    without_memory(|| {
        client
            .encode(MessageKind::Text, Rsv::NONE, b"whole", &mut out)
            .unwrap();
        let mut frame = client
            .send(MessageKind::Binary, Rsv::NONE, false, 1 << 40)
            .unwrap();
        frame.apply(&mut out);
        outbox.begin(&frame).unwrap();
        outbox.push(&mut frame, &out);
        outbox.advance(100);
        client.ping(b"ping").unwrap();
        client.close(Some(CloseCode::NORMAL_CLOSURE), "bye").unwrap();
    });
}

#[test]
fn s5_4_gathering_asks_for_no_memory_but_the_callers() {
    let mut memory = [0; 64];
    let mut bytes = [
        Frame::text("in two ").fin(false).masked(KEY).to_bytes(),
        Frame::continuation("frames").masked(KEY).to_bytes(),
    ]
    .concat();
    let mut server = Connection::server(Config::DEFAULT);
    without_memory(|| {
        let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
        let mut input = &mut bytes[..];
        while let Ok(Some(bareframe::Event::Data(data))) = server.receive(&mut input) {
            let _ = assembler.push(data).unwrap();
        }
        assert_eq!(assembler.message().unwrap().as_str(), Some("in two frames"));
    });
}

#[test]
fn s5_2_headers_ask_for_no_memory() {
    let bytes = *b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x37\xfa\x21\x3d";
    without_memory(|| {
        let rules = bareframe::Rules::FROM_CLIENT;
        let (header, len) = FrameHeader::parse(&bytes, rules).unwrap().unwrap();
        assert_eq!((&header.encode()[..], len), (&bytes[..], 14));
    });
}

#[cfg(feature = "handshake")]
#[test]
fn s4_no_head_asks_for_memory() {
    use bareframe::handshake::{Accept, Choice, HeadEnd, Key, Offer, Request, Response};

    for head in hostile::requests().into_iter().chain(hostile::responses()) {
        without_memory(|| {
            let _ = HeadEnd::new(head.len()).arrived(&head);
            if let Ok((request, _)) = Request::parse(&head) {
                let _ = request.upgrade();
            }
            if let Ok((response, _)) = Response::parse(&head) {
                let key = Key::from_random([7; 16]);
                let _ = response.upgrade(&Offer::new("a", "/"), &Accept::from_key(&key));
            }
        });
    }
    let (mut sent, mut answered) = ([0; 512], [0; 512]);
    without_memory(|| {
        let len = Offer::new("example.com", "/")
            .encode(&Key::from_random([7; 16]), &mut sent)
            .unwrap();
        let (request, _) = Request::parse(&sent[..len]).unwrap();
        let upgrade = request.upgrade().unwrap().unwrap();
        upgrade
            .encode(&Accept::from_key(upgrade.key()), &Choice::DEFAULT, &mut answered)
            .unwrap();
    });
}
