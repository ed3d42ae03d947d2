//! Whatever a stream does to reads and writes, the same bytes come and go.

mod wire;

use bareframe_std::{
    Config, Error, Event, MessageKind, Options, OwnedMessage, Role, Rsv, SendError, State, WebSocket,
};
use bareframe_testkit::{Frame, Side, split};
use std::io::ErrorKind;
use wire::{Arrives, Takes, Wire};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Small buffers, so that cuts fall between and within everything.
const SMALL: Options = Options::DEFAULT
    .with_read_buffer(16)
    .with_read_buffer_max(64)
    .with_write_buffer(131);

fn client(
    wire: Wire,
    options: &Options,
) -> WebSocket<Wire, bareframe_std::Client<impl bareframe::MaskingKeys + use<>>> {
    WebSocket::client_with_keys(wire, options, || bareframe::MaskingKey::new(KEY))
}

/// Messages short and long, whole and in fragments, with control frames between, and a Close.
fn conversation(receiver: Side) -> Vec<u8> {
    [
        Frame::text("Hello"),
        Frame::ping("one"),
        Frame::binary(vec![7; 700]),
        Frame::text("Zw").fin(false),
        Frame::ping("two"),
        Frame::continuation("ölf ").fin(false),
        Frame::continuation("Boxkämpfer"),
        Frame::pong("unasked"),
        Frame::binary(""),
        Frame::close(1000, "bye"),
    ]
    .map(|frame| frame.masked_for(receiver, [9, 8, 7, 6]).to_bytes())
    .concat()
}

/// Returns what an echo sends back to it.
fn answers(sender: Side) -> Vec<u8> {
    [
        Frame::text("Hello"),
        Frame::pong("one"),
        Frame::binary(vec![7; 700]),
        Frame::pong("two"),
        Frame::text("Zwölf Boxkämpfer"),
        Frame::binary(""),
        Frame::close(1000, ""),
    ]
    .map(|frame| frame.masked_for(sender.other(), KEY).to_bytes())
    .concat()
}

/// Tries until the stream lets it, as a program does that waits for the stream in between.
fn insist<T>(mut attempt: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    loop {
        match attempt() {
            Err(error) if error.is_temporary() => {}
            done => return done,
        }
    }
}

/// Sends to the end: again if it was not taken, and flushes if it was.
fn send_all<R: Role>(socket: &mut WebSocket<Wire, R>, message: &OwnedMessage) -> Result<(), Error> {
    loop {
        let sent = match message {
            OwnedMessage::Text(text) => socket.send_text(text),
            OwnedMessage::Binary(bytes) => socket.send_binary(bytes),
        };
        match sent {
            Err(Error::Unflushed(_)) => return insist(|| socket.flush()),
            Err(error) if error.is_temporary() => {}
            done => return done,
        }
    }
}

fn echo<R: Role>(mut socket: WebSocket<Wire, R>) -> Vec<u8> {
    while let Some(message) = insist(|| Ok(socket.read()?.map(OwnedMessage::from))).unwrap() {
        send_all(&mut socket, &message).unwrap();
    }
    assert_eq!(socket.state(), State::Closed);
    assert_eq!(socket.close_reason().unwrap().reason(), "bye");
    socket.stream().written()
}

fn echo_as(role: Side, wire: Wire, options: &Options) -> Vec<u8> {
    match role {
        Side::Server => echo(WebSocket::server(wire, options)),
        Side::Client => echo(client(wire, options)),
    }
}

#[test]
fn reads_may_be_cut_anywhere() {
    for role in Side::BOTH {
        let expected = answers(role);
        split::for_each_way(&conversation(role), 3, |pieces| {
            for options in [&SMALL, &Options::DEFAULT] {
                assert_eq!(echo_as(role, Wire::new(pieces.clone()), options), expected);
            }
        });
    }
}

#[test]
fn reads_may_be_interrupted_time_out_or_not_block() {
    for role in Side::BOTH {
        for kind in [ErrorKind::WouldBlock, ErrorKind::TimedOut, ErrorKind::Interrupted] {
            let pieces = conversation(role).into_iter().map(|byte| [byte]);
            let wire = Wire::new(pieces).stumbling(kind);
            assert_eq!(echo_as(role, wire, &SMALL), answers(role), "{role:?} {kind}");
        }
    }
}

#[test]
fn writes_may_be_short_anywhere_interrupted_time_out_or_not_block() {
    let stumbles = [ErrorKind::WouldBlock, ErrorKind::TimedOut, ErrorKind::Interrupted];
    let plans = (1..20)
        .map(|most| vec![Takes::Most(most)])
        .chain(stumbles.into_iter().flat_map(|kind| {
            [1, 2, 5, 100].map(|most| {
                vec![
                    Takes::Error(kind),
                    Takes::Most(most),
                    Takes::Error(kind),
                    Takes::Error(kind),
                ]
            })
        }));
    for plan in plans {
        for role in Side::BOTH {
            for options in [&SMALL, &Options::DEFAULT] {
                let wire = Wire::new([conversation(role)]).taking(plan.clone());
                assert_eq!(echo_as(role, wire, options), answers(role), "{role:?} {plan:?}");
            }
        }
    }
}

#[test]
fn what_was_not_taken_is_sent_once_and_what_was_taken_too() {
    for role in Side::BOTH {
        let long = vec![5; 9000];
        let stuck = [Takes::Most(10), Takes::Error(ErrorKind::WouldBlock)];
        let expected = [Frame::binary(&long), Frame::text("next"), Frame::ping("")]
            .map(|frame| frame.masked_for(role.other(), KEY).to_bytes())
            .concat();
        fn run<R: Role>(mut socket: WebSocket<Wire, R>, long: &[u8]) -> Vec<u8> {
            let taken = socket.send_binary(long);
            assert!(matches!(taken, Err(Error::Unflushed(_))), "{taken:?}");
            let not_taken = socket.send_text("next");
            assert!(matches!(not_taken, Err(Error::Io(_))), "{not_taken:?}");
            let not_taken = socket.ping(b"");
            assert!(matches!(not_taken, Err(Error::Io(_))), "{not_taken:?}");
            socket.stream_mut().plan = [Takes::Most(usize::MAX)].into();
            socket.send_text("next").unwrap();
            socket.ping(b"").unwrap();
            socket.stream().written()
        }
        let wire = Wire::new([[0; 0]; 0]).taking(stuck);
        let written = match role {
            Side::Server => run(WebSocket::server(wire, &SMALL), &long),
            Side::Client => run(client(wire, &SMALL), &long),
        };
        assert_eq!(written, expected, "{role:?}");
    }
}

#[test]
fn a_reader_continues_while_nothing_can_be_written() {
    let arrives = [
        Frame::ping("one"),
        Frame::text("Hello"),
        Frame::ping("two"),
        Frame::text("Bye"),
    ]
    .map(|frame| frame.masked(KEY).to_bytes());
    let wire = Wire::new(arrives).taking([Takes::Error(ErrorKind::WouldBlock)]);
    let mut server = WebSocket::server(wire, &SMALL);
    assert!(matches!(server.send_binary(&[0; 1000]), Err(Error::Unflushed(_))));
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some("Hello"));
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some("Bye"));
    server.stream_mut().plan = [Takes::Most(usize::MAX)].into();
    server.flush().unwrap();
    // The latest Pong is enough (5.5.3), between frames.
    let expected = [Frame::binary([0; 1000]), Frame::pong("two")]
        .map(|frame| frame.to_bytes())
        .concat();
    assert_eq!(server.stream().written(), expected);
}

#[test]
fn s5_5_3_ten_pings_want_ten_pongs_however_small_the_buffer() {
    let pings: Vec<u8> = (0..10)
        .flat_map(|n| Frame::ping(vec![n; 125]).masked(KEY).to_bytes())
        .collect();
    let pongs: Vec<u8> = (0..10)
        .flat_map(|n| Frame::pong(vec![n; 125]).to_bytes())
        .collect();
    for read_buffer in [16, 4096] {
        let options = SMALL.with_read_buffer(read_buffer);
        let mut server = WebSocket::server(Wire::new([pings.clone()]), &options);
        assert!(matches!(server.read(), Err(Error::AbnormalClosure)));
        assert_eq!(server.stream().written(), pongs);
    }
}

#[test]
fn what_is_fed_to_one_read_leaves_in_one_write() {
    let frames: Vec<u8> = (0..16)
        .flat_map(|_| Frame::text("Hello").masked(KEY).to_bytes())
        .collect();
    let ping = Frame::ping("x").masked(KEY).to_bytes();
    let wire = Wire::new([[frames.clone(), ping].concat(), frames]);
    let mut server = WebSocket::server(wire, &Options::DEFAULT);
    for _ in 0..32 {
        let (message, mut sender) = server.read_with_sender().unwrap().unwrap();
        sender.feed(&message).unwrap();
    }
    server.flush().unwrap();
    let texts = Frame::text("Hello").to_bytes().repeat(16);
    let pong = Frame::pong("x").to_bytes();
    // What was fed leaves before the second read.
    assert_eq!(server.stream().writes, [[&texts[..], &pong].concat(), texts]);
}

/// The write buffer has 16 KiB. What does not fit any more leaves with what was gathered.
#[test]
fn what_is_fed_leaves_in_as_many_writes_as_the_write_buffer_holds_it() {
    for (len, writes) in [(125, 1), (126, 1), (512, 1), (1_024, 1), (4_096, 4), (9_000, 16)] {
        let mut server = WebSocket::server(Wire::new([[0; 0]; 0]), &Options::DEFAULT);
        for _ in 0..16 {
            server.feed(&vec![1; len][..]).unwrap();
        }
        server.flush().unwrap();
        let expected = Frame::binary(vec![1; len]).to_bytes().repeat(16);
        assert_eq!(server.stream().written(), expected, "{len}");
        assert_eq!(server.stream().writes.len(), writes, "{len}");
    }
}

#[test]
fn header_and_payload_leave_in_one_write_however_long() {
    for len in [0, 1, 125, 126, 4096, 4097, 65_535, 65_536, 1 << 20] {
        let mut server = WebSocket::server(Wire::new([[0; 0]; 0]), &Options::DEFAULT);
        server.send_binary(&vec![1; len]).unwrap();
        assert_eq!(
            server.stream().writes,
            [Frame::binary(vec![1; len]).to_bytes()],
            "{len}"
        );
    }
    for len in [0, 1, 125, 126, 4096, 16_000] {
        let mut client = client(Wire::new([[0; 0]; 0]), &Options::DEFAULT);
        client.send_binary(&vec![1; len]).unwrap();
        assert_eq!(
            client.stream().writes,
            [Frame::binary(vec![1; len]).masked(KEY).to_bytes()],
            "{len}"
        );
    }
}

#[test]
fn a_long_answer_takes_along_what_waits() {
    let read = [Frame::text("a"), Frame::text("b"), Frame::text("c")]
        .map(|frame| frame.masked(KEY).to_bytes())
        .concat();
    let mut server = WebSocket::server(Wire::new([read]), &Options::DEFAULT);
    let long = vec![b'x'; 20_000];
    let (_, mut sender) = server.read_with_sender().unwrap().unwrap();
    sender.feed("short").unwrap();
    let (_, mut sender) = server.read_with_sender().unwrap().unwrap();
    sender.send(&long[..]).unwrap();
    let expected = [Frame::text("short"), Frame::binary(&long)]
        .map(|frame| frame.to_bytes())
        .concat();
    assert_eq!(server.stream().writes, [expected]);
}

#[test]
fn what_is_fed_leaves_with_flush_and_what_is_sent_at_once() {
    let read = [Frame::text("a"), Frame::text("b")]
        .map(|frame| frame.masked(KEY).to_bytes())
        .concat();
    let mut server = WebSocket::server(Wire::new([read]), &Options::DEFAULT);
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some("a"));
    server.feed("later").unwrap();
    assert!(server.stream().writes.is_empty());
    server.flush().unwrap();
    assert_eq!(server.stream().written(), Frame::text("later").to_bytes());
    // Although part of what was read is not looked at.
    server.send("now").unwrap();
    assert_eq!(server.stream().writes[1..], [Frame::text("now").to_bytes()]);
}

#[test]
fn s5_4_pieces_come_as_they_arrive() {
    let read = [
        Frame::text("Zw").fin(false),
        Frame::ping("p"),
        Frame::continuation("ölf"),
    ]
    .map(|frame| frame.masked(KEY).to_bytes())
    .concat();
    let mut server = WebSocket::server(Wire::new(split::cut(&read, &vec![1; read.len()])), &SMALL);
    let mut text = Vec::new();
    let mut pings = 0;
    loop {
        match server.read_event().unwrap().unwrap() {
            Event::Data(piece) => {
                assert_eq!(piece.is_first(), text.is_empty());
                assert_eq!((piece.kind(), piece.rsv()), (MessageKind::Text, Rsv::NONE));
                text.extend_from_slice(piece.payload());
                if piece.is_last() {
                    break;
                }
            }
            Event::Ping(payload) => {
                assert_eq!(&payload[..], b"p");
                pings += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((String::from_utf8(text).unwrap().as_str(), pings), ("Zwölf", 1));
}

#[test]
fn a_message_that_was_taken_in_two_ways_is_skipped_and_that_is_said_once() {
    let reads = [
        Frame::text("a").fin(false),
        Frame::continuation("b"),
        Frame::text("c"),
    ]
    .map(|frame| frame.masked(KEY).to_bytes());
    let mut server = WebSocket::server(Wire::new(reads.clone()), &SMALL);
    assert!(matches!(server.read_event(), Ok(Some(Event::Data(_)))));
    assert!(matches!(server.read(), Err(Error::MessageSkipped)));
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some("c"));

    // Also if `read` had the first piece, and `read_event` asks for one from the middle.
    let reads = [
        Arrives::Bytes(Frame::text("a").fin(false).masked(KEY).to_bytes()),
        Arrives::Error(ErrorKind::TimedOut),
        Arrives::Bytes(Frame::continuation("b").fin(false).masked(KEY).to_bytes()),
        Arrives::Bytes(
            [Frame::continuation("c"), Frame::text("d")]
                .map(|f| f.masked(KEY).to_bytes())
                .concat(),
        ),
    ];
    let mut wire = Wire::new([[0; 0]; 0]);
    wire.arrives.extend(reads);
    let mut server = WebSocket::server(wire, &SMALL);
    assert!(server.read().is_err_and(|error| error.is_temporary()));
    assert!(matches!(server.read_event(), Err(Error::MessageSkipped)));
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some("d"));
}

#[test]
fn a_frame_that_its_caller_keeps_continues_where_it_stopped() {
    let payload: Vec<u8> = (0..1000_u16).map(|n| n.to_le_bytes()[0]).collect();
    for (role, most) in Side::BOTH
        .into_iter()
        .flat_map(|role| [1, 7, 2000].map(|most| (role, most)))
    {
        fn run<R: Role>(mut socket: WebSocket<Wire, R>, payload: &[u8]) -> Vec<u8> {
            let mut frame = bareframe_std::Frame::binary(payload);
            insist(|| socket.send_frame(&mut frame)).unwrap();
            socket
                .send_text("next")
                .unwrap_or_else(|error| assert!(matches!(error, Error::Unflushed(_))));
            insist(|| socket.flush()).unwrap();
            socket.stream().written()
        }
        let wire = Wire::new([[0; 0]; 0]).taking([Takes::Most(most), Takes::Error(ErrorKind::WouldBlock)]);
        let written = match role {
            Side::Server => run(WebSocket::server(wire, &SMALL), &payload),
            Side::Client => run(client(wire, &SMALL), &payload),
        };
        let expected = [Frame::binary(&payload), Frame::text("next")]
            .map(|frame| frame.masked_for(role.other(), KEY).to_bytes())
            .concat();
        assert_eq!(written, expected, "{role:?} {most}");
    }
}

#[test]
fn nothing_follows_a_frame_that_was_not_written_to_its_end() {
    let wire = Wire::new([[0; 0]; 0]).taking([Takes::Most(10), Takes::Error(ErrorKind::WouldBlock)]);
    let mut server = WebSocket::server(wire, &Options::DEFAULT);
    let payload = [1; 2000];
    let mut frame = bareframe_std::Frame::binary(&payload);
    assert!(
        server
            .send_frame(&mut frame)
            .is_err_and(|error| error.is_temporary())
    );
    let refused = [
        server.send_text("x"),
        server.ping(b""),
        server.send_close(None, ""),
    ];
    for refused in refused {
        assert!(
            matches!(refused, Err(Error::Send(SendError::InsideFrame))),
            "{refused:?}"
        );
    }
    // Another frame with the same payload is not this one.
    assert!(matches!(
        server.send_frame(&mut bareframe_std::Frame::binary(&payload)),
        Err(Error::Send(SendError::InsideFrame))
    ));
    server.stream_mut().plan = [Takes::Most(usize::MAX)].into();
    server.send_frame(&mut frame).unwrap();
    assert_eq!(server.stream().written(), Frame::binary(payload).to_bytes());
}

#[test]
fn s5_2_an_extension_sees_and_sends_its_bits() {
    let config = Config::DEFAULT.with_rsv(Rsv::RSV1);
    let options = Options::DEFAULT.with_config(config);
    let read = Frame::text([0xff, 0xfe]).rsv(Rsv::RSV1).masked(KEY).to_bytes();
    let mut server = WebSocket::server(Wire::new([read]), &options);
    let message = server.read().unwrap().unwrap();
    assert_eq!(
        (message.kind(), message.rsv(), message.as_str()),
        (MessageKind::Text, Rsv::RSV1, None)
    );
    assert_eq!(message.payload(), [0xff, 0xfe]);
    assert_eq!(
        OwnedMessage::from(message),
        OwnedMessage::Binary(vec![0xff, 0xfe])
    );
    let changed = bareframe_std::Frame::text_piece(&[0xfd]).with_rsv(Rsv::RSV1);
    server.send(changed.clone()).unwrap();
    assert_eq!(
        server.stream().written(),
        Frame::text([0xfd]).rsv(Rsv::RSV1).to_bytes()
    );
    let refused = WebSocket::server(Wire::new([[0; 0]; 0]), &Options::DEFAULT).send(changed);
    assert!(matches!(refused, Err(Error::Send(SendError::ReservedBits))));
}

#[test]
fn use_out_of_order_is_an_error_and_sends_nothing() {
    let mut server = WebSocket::server(Wire::new([[0; 0]; 0]), &Options::DEFAULT);
    server
        .send(bareframe_std::Frame::text("a").fragment(false))
        .unwrap();
    let before = server.stream().written();
    assert!(matches!(
        server.send_binary(b"b"),
        Err(Error::Send(SendError::WrongKind))
    ));
    assert!(matches!(
        server.ping(&[0; 126]),
        Err(Error::Send(SendError::OversizedControl))
    ));
    assert_eq!(server.stream().written(), before);
    server.send_close(None, "").unwrap();
    assert!(matches!(
        server.send_text("c"),
        Err(Error::Send(SendError::Closed))
    ));
}

#[test]
fn leftover_may_come_in_parts_and_one_of_them_be_empty() {
    let hello = Frame::text("Hello").masked(KEY).to_bytes();
    let (one, other) = hello.split_at(3);
    let mut server = WebSocket::server(Wire::new([hello.clone()]), &Options::DEFAULT)
        .with_leftover(one)
        .with_leftover(other)
        .with_leftover(b"");
    for _ in 0..2 {
        assert_eq!(server.read().unwrap().unwrap().as_str(), Some("Hello"));
    }
}
