//! Whole messages, lent or gathered, in each kind of memory.

use bareframe::{
    AssembleError, Assembled, Assembler, CloseCode, Config, Connection, Event, Gather, MessageKind,
    ProtocolError, Rsv, Server, SliceBuffer,
};
use bareframe_testkit::{Frame, split};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A message's kind and payload, and whether it was lent from the input.
type Seen = (MessageKind, Vec<u8>, bool);

/// Returns the messages of these pieces, with whether each was lent from the input; the first error ends it.
fn messages<B: Gather>(
    config: Config,
    assembler: &mut Assembler<B>,
    pieces: Vec<Vec<u8>>,
) -> Vec<Result<Seen, AssembleError>> {
    let mut server = Connection::server(config);
    let mut seen = Vec::new();
    for mut piece in pieces {
        let mut input = &mut piece[..];
        while let Some(event) = server.receive(&mut input).unwrap() {
            let Event::Data(data) = event else { continue };
            match assembler.push(data) {
                Ok(Assembled::Whole(message)) => {
                    assert_eq!(message.as_str().is_some(), message.kind() == MessageKind::Text);
                    seen.push(Ok((message.kind(), message.payload().to_vec(), true)));
                }
                Ok(Assembled::Gathered) => {
                    let message = assembler.message().unwrap();
                    assert_eq!(message.as_str().is_some(), message.kind() == MessageKind::Text);
                    seen.push(Ok((message.kind(), message.payload().to_vec(), false)));
                }
                Ok(Assembled::More) => assert_eq!(assembler.message(), None),
                Err(error) => {
                    seen.push(Err(error));
                    return seen;
                }
            }
        }
    }
    seen
}

fn bytes(frames: &[Frame]) -> Vec<u8> {
    frames
        .iter()
        .flat_map(|frame| frame.clone().masked(KEY).to_bytes())
        .collect()
}

fn conversation() -> Vec<u8> {
    bytes(&[
        Frame::text("whole"),
        Frame::text("in ").fin(false),
        Frame::ping("between"),
        Frame::continuation("twö"),
        Frame::binary([0xFF, 0]).fin(false),
        Frame::continuation("").fin(false),
        Frame::continuation([1]),
        Frame::binary(""),
    ])
}

#[test]
fn s5_4_every_memory_gives_the_same_messages_for_every_cut() {
    let expected = [
        (MessageKind::Text, b"whole".to_vec()),
        (MessageKind::Text, "in twö".into()),
        (MessageKind::Binary, vec![0xFF, 0, 1]),
        (MessageKind::Binary, vec![]),
    ];
    split::for_each_way(&conversation(), 1, |pieces| {
        let mut memory = [0; 9];
        let slice = messages(
            Config::DEFAULT,
            &mut Assembler::new(SliceBuffer::new(&mut memory)),
            pieces.clone(),
        );
        #[cfg(feature = "heapless")]
        {
            let mut heapless = Assembler::new(heapless::Vec::<u8, 9>::new());
            assert_eq!(messages(Config::DEFAULT, &mut heapless, pieces.clone()), slice);
        }
        #[cfg(feature = "alloc")]
        {
            let mut growing = Assembler::new(Vec::new());
            assert_eq!(messages(Config::DEFAULT, &mut growing, pieces.clone()), slice);
        }
        let seen: Vec<_> = slice
            .into_iter()
            .map(|message| message.unwrap())
            .map(|(kind, payload, _)| (kind, payload))
            .collect();
        assert_eq!(seen, expected);
    });
}

#[test]
fn s5_4_what_came_whole_is_lent_and_needs_no_memory() {
    let input = bytes(&[Frame::text("a whole message"), Frame::binary("another")]);
    let mut assembler = Assembler::new(SliceBuffer::new(&mut []));
    let seen = messages(Config::DEFAULT, &mut assembler, vec![input]);
    assert!(
        seen.iter()
            .all(|message| message.as_ref().is_ok_and(|message| message.2))
    );
    assert_eq!(seen.len(), 2);
}

#[test]
fn s10_4_a_message_that_does_not_fit_is_an_error_with_1009() {
    let input = bytes(&[Frame::text("1234").fin(false), Frame::continuation("5")]);
    let mut memory = [0; 4];
    let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
    let seen = messages(Config::DEFAULT, &mut assembler, vec![input]);
    let error = AssembleError::TooBig(bareframe::BufferTooSmall {
        needed: 5,
        available: 4,
    });
    assert_eq!(seen, [Err(error)]);
    assert_eq!(error.close_code(), CloseCode::MESSAGE_TOO_BIG);
    let text =
        "the peer's message has at least 5 bytes, and our memory for it 4 (close code 1009 Message Too Big)";
    assert_eq!(error.to_string(), text);
    assert_eq!(assembler.message(), None);
}

#[test]
fn a_message_that_does_not_fit_may_be_left_out() {
    let mut server: Connection<Server> = Connection::server(Config::DEFAULT);
    let mut input = bytes(&[
        Frame::text("1234").fin(false),
        Frame::continuation("5").fin(false),
        Frame::continuation("6"),
    ]);
    let mut memory = [0; 4];
    let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
    let mut outcomes = Vec::new();
    let mut input = &mut input[..];
    while let Ok(Some(Event::Data(data))) = server.receive(&mut input) {
        outcomes.push(
            assembler
                .push(data)
                .map(|assembled| matches!(assembled, Assembled::More)),
        );
    }
    assert_eq!(
        outcomes,
        [
            Ok(true),
            Err(AssembleError::TooBig(bareframe::BufferTooSmall {
                needed: 5,
                available: 4
            })),
            Err(AssembleError::OutOfOrder)
        ]
    );
    let mut next = bytes(&[Frame::text("next")]);
    let Ok(Some(Event::Data(data))) = server.receive(&mut &mut next[..]) else {
        panic!()
    };
    assert!(matches!(assembler.push(data), Ok(Assembled::Whole(_))));
}

#[test]
fn s5_8_a_message_that_an_extension_changed_is_not_text() {
    let config = Config::DEFAULT.with_rsv(Rsv::RSV1);
    let mut server = Connection::server(config);
    let mut input = bytes(&[
        Frame::text([0xFF]).rsv(Rsv::RSV1).fin(false),
        Frame::continuation([0xFE]),
    ]);
    let mut memory = [0; 4];
    let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
    let mut input = &mut input[..];
    while let Ok(Some(Event::Data(data))) = server.receive(&mut input) {
        assembler.push(data).unwrap();
    }
    let message = assembler.message().unwrap();
    assert_eq!(
        (message.kind(), message.rsv(), message.as_str()),
        (MessageKind::Text, Rsv::RSV1, None)
    );
    assert_eq!(message.into_payload(), [0xFF, 0xFE]);
}

#[test]
fn the_capacity_is_what_fits_whatever_was_gathered() {
    fn holds(capacity: usize, mut memory: impl Gather) {
        assert_eq!(memory.capacity(), capacity);
        memory.gather(b"abc").unwrap();
        assert_eq!(memory.capacity(), capacity);
        if let Some(more) = capacity.checked_sub(2).filter(|&more| more < 100) {
            let refused = Err(bareframe::BufferTooSmall {
                needed: capacity + 1,
                available: capacity,
            });
            assert_eq!(memory.gather(&vec![0; more]), refused);
            assert_eq!(memory.as_mut_slice(), b"abc");
            memory.gather(&vec![0; more - 1]).unwrap();
            memory.clear();
            assert_eq!(memory.capacity(), capacity);
        }
    }
    holds(9, SliceBuffer::new(&mut [0; 9]));
    #[cfg(feature = "heapless")]
    holds(9, heapless::Vec::<u8, 9>::new());
    #[cfg(feature = "alloc")]
    holds(usize::MAX, Vec::new());
}

#[test]
fn the_memory_may_lie_and_the_text_is_still_utf8() {
    /// Returns other bytes than it was given.
    struct Liar([u8; 2]);
    impl Gather for Liar {
        fn clear(&mut self) {}
        fn gather(&mut self, _: &[u8]) -> Result<(), bareframe::BufferTooSmall> {
            Ok(())
        }
        fn as_mut_slice(&mut self) -> &mut [u8] {
            &mut self.0
        }
        fn capacity(&self) -> usize {
            self.0.len()
        }
    }
    let mut server: Connection<Server> = Connection::server(Config::DEFAULT);
    let mut input = bytes(&[Frame::text("a").fin(false), Frame::continuation("b")]);
    let mut assembler = Assembler::new(Liar([0xFF, 0xFF]));
    let mut input = &mut input[..];
    while let Ok(Some(Event::Data(data))) = server.receive(&mut input) {
        assembler.push(data).unwrap();
    }
    assert_eq!(assembler.message().unwrap().as_str(), None);
    assert_eq!(
        server.receive(&mut &mut b"\xFF".to_vec()[..]),
        Err(ProtocolError::ReservedBits)
    );
}

#[test]
fn what_is_lent_from_the_input_may_be_changed() {
    let mut server = Connection::server(Config::DEFAULT);
    let mut bytes = *b"\x82\x82\0\0\0\0hi\x82\x82\0\0\0\0hi";
    let mut input = &mut bytes[..];
    let Ok(Some(Event::Data(data))) = server.receive(&mut input) else {
        panic!("a piece")
    };
    data.into_payload_mut().ok().unwrap().fill(b'-');
    let Ok(Some(Event::Data(data))) = server.receive(&mut input) else {
        panic!("a piece")
    };
    let mut assembler = Assembler::new(SliceBuffer::new(&mut []));
    let Ok(Assembled::Whole(message)) = assembler.push(data) else {
        panic!("a message")
    };
    message.into_payload_mut().ok().unwrap().fill(b'+');
    assert_eq!(&bytes, b"\x82\x82\0\0\0\0--\x82\x82\0\0\0\0++");
}
