//! Two sides that have agreed on any parameters send each other messages, compressed, opted out and prepared: each receives what
//! the other sent.

#![no_main]

use arbitrary::Arbitrary;
use bareframe::handshake::Extensions;
use bareframe::{
    Assembler, Config, Connection, ExtensionWindow, Frame, Limits, MaskingKey, Memory, MessageKind, Next,
    PreparedFrame, Role, Rsv, SendError, Session,
};
use bareframe_deflate::{
    Acceptance, Compact, Deflate, Deflater, DeflaterLease, Direction, Fast, InboundDeflate, Inflater,
    InflaterLease, Level, Offer, OutboundDeflate, Size, agree, encode_offers,
};
use bareframe_fuzz::deflate::{Compressible, deflate, window_bits};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    offer: (bool, bool, Option<u8>, Option<Option<u8>>),
    acceptance: (bool, bool, u8, u8),
    queues: (u8, u8),
    heads: u16,
    threshold: u8,
    sent: Vec<Sent<'a>>,
}

#[derive(Arbitrary, Debug)]
struct Sent<'a> {
    by_client: bool,
    how: How,
    message: Compressible<'a>,
    /// The message is sent in fragments of this many bytes, and arrives in pieces of this many.
    fragment: u16,
    piece: u8,
}

#[derive(Arbitrary, Debug)]
enum How {
    Compressed,
    OptedOut,
    Prepared(u8),
}

fuzz_target!(|input: Input<'_>| {
    let (server_alone, client_alone, server_bits, client_bits) = input.offer;
    let offer = Offer::DEFAULT
        .with_server_no_context_takeover(server_alone)
        .with_client_no_context_takeover(client_alone)
        .with_server_max_window_bits(server_bits.map(window_bits));
    let offer = match client_bits {
        Some(Some(bits)) => offer.with_client_max_window_bits(window_bits(bits)),
        Some(None) => offer,
        None => offer.without_client_max_window_bits(),
    };
    let (server_alone, client_alone, server_bits, client_bits) = input.acceptance;
    let acceptance = Acceptance::DEFAULT
        .with_server_no_context_takeover(server_alone)
        .with_client_no_context_takeover(client_alone)
        .with_server_max_window_bits(window_bits(server_bits))
        .with_client_max_window_bits(window_bits(client_bits));
    let (mut offers, mut response) = ([0; 130], [0; 128]);
    let offers = encode_offers(&[offer], &mut offers).expect("it fits");
    let offers = Extensions::parse(offers).expect("it is a list");
    let Some(of_server) = acceptance.accept(offers) else {
        return;
    };
    let response = of_server.encode(&mut response).expect("it fits");
    let response = Extensions::parse(response).expect("it is a list");
    let of_client = agree(&[offer], response)
        .expect("it fits the offer")
        .expect("it is there");

    let server_bits = of_server.server().window_bits();
    let buffer = vec![0; 2 * server_bits.size()];
    let heads = vec![0; usize::from(input.heads).max(2)];
    let greedy = Deflater::greedy(server_bits, buffer, heads).expect("it is enough");
    let mut server = session::<_, _, Compact>(
        Connection::server(AGREED),
        &input,
        input.queues.0,
        greedy,
        of_server.server(),
        of_server.client(),
    );

    let client_bits = of_client.client().window_bits();
    let (buffer, links) = (vec![0; 2 * client_bits.size()], vec![0; client_bits.size()]);
    let best =
        Deflater::best(client_bits, buffer, vec![0; 1024], links, vec![0; 6144]).expect("it is enough");
    let mut number = 0_u32;
    let keys = || {
        number = number.wrapping_add(0x0102_0304);
        MaskingKey::new(number.to_be_bytes())
    };
    let mut client = session::<_, _, Fast>(
        Connection::client(AGREED, keys),
        &input,
        input.queues.1,
        best,
        of_client.client(),
        of_client.server(),
    );

    for sent in &input.sent {
        if sent.by_client {
            let bytes = send(sent, &mut client, of_client.client());
            receive(sent, bytes.as_deref(), &mut server);
        } else {
            let bytes = send(sent, &mut server, of_server.server());
            receive(sent, bytes.as_deref(), &mut client);
        }
    }
});

const AGREED: Config = Config::DEFAULT.with_rsv(Rsv::RSV1).with_limits(Limits::UNLIMITED);

type Sessions<R, I, D> = Session<R, Vec<u8>, Vec<u8>, Deflate<I, Vec<u8>, D>>;

fn session<R: Role, L: Level, T: Size>(
    connection: Connection<R>,
    input: &Input<'_>,
    queue: u8,
    deflater: Deflater<L>,
    sends: Direction,
    receives: Direction,
) -> Sessions<R, Inflater<T>, Deflater<L>> {
    assert_eq!(deflater.window_bits(), sends.window_bits());
    let deflater = deflater.with_context_takeover(sends.context_takeover());
    let inflater = Inflater::new(receives.window_bits()).with_context_takeover(receives.context_takeover());
    Session::with_extension(
        connection,
        vec![0; 200],
        vec![0; 131 + usize::from(queue) * 8],
        InboundDeflate::new(inflater),
        ExtensionWindow::new(vec![0; receives.window_bits().size()]),
        OutboundDeflate::new(deflater).with_threshold(input.threshold.into()),
    )
}

/// Returns the bytes of the message on the wire, or `None` if it was refused.
fn send<R, I, M, D>(
    sent: &Sent<'_>,
    session: &mut Session<R, Vec<u8>, Vec<u8>, Deflate<I, M, D>>,
    sends: Direction,
) -> Option<Vec<u8>>
where
    R: Role,
    I: InflaterLease<M>,
    M: Memory,
    D: DeflaterLease,
{
    let message = sent.message.bytes();
    let mut output = Vec::new();
    if let How::Prepared(bits) = sent.how {
        let bits = window_bits(bits);
        let mut once = Deflater::greedy(bits, vec![0; 2 * bits.size()], vec![0; 512]).expect("it is enough");
        let payload = deflate(&mut once, &message, message.len().max(1), message.len() * 2 + 100);
        let memory = vec![0; payload.len() + 14];
        let prepared = PreparedFrame::new(MessageKind::Binary, Rsv::RSV1, &payload, memory);
        let prepared = prepared.expect("it fits").with_parameters(bits.bits());
        let may_pass = bits <= sends.window_bits();
        let done = write(session, &mut Frame::prepared(&prepared), &mut output);
        assert_eq!(
            done,
            if may_pass {
                Ok(())
            } else {
                Err(SendError::NotAgreed)
            }
        );
        return may_pass.then_some(output);
    }
    let fragment = usize::from(sent.fragment).max(1);
    let count = message.len().div_ceil(fragment).max(1);
    for number in 0..count {
        let piece = &message[number * fragment..message.len().min((number + 1) * fragment)];
        let frame = Frame::binary(piece).fragment(number + 1 == count);
        let mut frame = match sent.how {
            How::OptedOut => frame.without_extension(),
            _ => frame,
        };
        assert_eq!(write(session, &mut frame, &mut output), Ok(()));
    }
    if matches!(sent.how, How::OptedOut) {
        assert_eq!(output[0] & 0x40, 0);
    }
    Some(output)
}

fn write<R, I, M, D>(
    session: &mut Session<R, Vec<u8>, Vec<u8>, Deflate<I, M, D>>,
    frame: &mut Frame<'_>,
    output: &mut Vec<u8>,
) -> Result<(), SendError>
where
    R: Role,
    I: InflaterLease<M>,
    M: Memory,
    D: DeflaterLease,
{
    loop {
        let next = match session.next_sent(frame)? {
            Next::Ready => session.next_flush(),
            next => next,
        };
        match next {
            Next::Ready => return Ok(()),
            Next::Flush => session.flushed(),
            _ => {
                let bytes = session.to_write(frame).concat();
                assert!(!bytes.is_empty(), "there is something to write");
                session.wrote(bytes.len(), frame);
                output.extend(bytes);
            }
        }
    }
}

/// Receives the message, and nothing else.
fn receive<R, I, M, D>(
    sent: &Sent<'_>,
    bytes: Option<&[u8]>,
    session: &mut Session<R, Vec<u8>, Vec<u8>, Deflate<I, M, D>>,
) where
    R: Role,
    I: InflaterLease<M>,
    M: Memory,
    D: DeflaterLease,
{
    let Some(mut rest) = bytes else { return };
    let piece = usize::from(sent.piece).max(1);
    let mut assembler = Assembler::new(Vec::new());
    let mut received = false;
    loop {
        match session.next_message(&mut assembler).expect("it is right") {
            Next::Ready => {
                let message = session.message(&mut assembler).expect("it is ready");
                assert!(!received && message.payload() == sent.message.bytes());
                received = true;
            }
            Next::Read if rest.is_empty() => return assert!(received),
            Next::Read => {
                let space = session.space();
                let len = space.len().min(piece).min(rest.len());
                let (front, behind) = rest.split_at(len);
                space[..len].copy_from_slice(front);
                session.read(len);
                rest = behind;
            }
            next => panic!("{next:?}"),
        }
    }
}
