//! Two sessions with the extension, joined by bytes in memory.

#![allow(dead_code, reason = "each test uses some of it")]

use bareframe::{
    Assembler, Client, Config, Connection, ExtensionWindow, Frame, Limits, MaskingKey, Next, ReceiveError,
    Role, Rsv, SendError, Server, Session, SliceBuffer,
};
use bareframe_deflate::{
    Deflate, Deflater, DeflaterLease, Fast, Greedy, InboundDeflate, Inflater, InflaterLease, OutboundDeflate,
    WindowBits,
};

pub(crate) type Own = Deflate<Inflater<Fast>, Box<[u8]>, Deflater<Greedy<Vec<u8>, Vec<u16>>>>;

/// The parts of a frame: FIN, RSV1, opcode and unmasked payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Parts {
    pub(crate) fin: bool,
    pub(crate) rsv1: bool,
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

/// How a direction compresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) bits: u8,
    pub(crate) takeover: bool,
    pub(crate) threshold: usize,
}

impl Way {
    pub(crate) const fn new(bits: u8, takeover: bool) -> Way {
        Way {
            bits,
            takeover,
            threshold: 0,
        }
    }

    pub(crate) fn bits(self) -> WindowBits {
        WindowBits::new(self.bits).unwrap()
    }

    fn inbound(self, limit: u64) -> InboundDeflate<Inflater<Fast>, Box<[u8]>> {
        let inflater = Inflater::new(self.bits());
        InboundDeflate::new(inflater.with_context_takeover(self.takeover).with_limit(limit))
    }

    pub(crate) fn deflater(self) -> Deflater<Greedy<Vec<u8>, Vec<u16>>> {
        let size = self.bits().size();
        let deflater = Deflater::greedy(self.bits(), vec![0; 2 * size], vec![0; 512]).unwrap();
        deflater.with_context_takeover(self.takeover)
    }

    fn outbound(self) -> OutboundDeflate<Deflater<Greedy<Vec<u8>, Vec<u16>>>> {
        OutboundDeflate::new(self.deflater()).with_threshold(self.threshold)
    }
}

pub(crate) type Sessions<R, X> = Session<R, Box<[u8]>, Box<[u8]>, X>;

/// What both of them have agreed on.
pub(crate) const AGREED: Config = Config::DEFAULT
    .with_rsv(Rsv::RSV1)
    .with_limits(Limits::DEFAULT.with_message(1 << 20));

pub(crate) fn server(receiving: Way, sending: Way, queue: usize, limit: u64) -> Sessions<Server, Own> {
    session(Connection::server(AGREED), receiving, sending, queue, limit)
}

pub(crate) fn client(
    receiving: Way,
    sending: Way,
    queue: usize,
    limit: u64,
) -> Sessions<Client<impl FnMut() -> MaskingKey>, Own> {
    session(
        Connection::client(AGREED, keys()),
        receiving,
        sending,
        queue,
        limit,
    )
}

pub(crate) fn keys() -> impl FnMut() -> MaskingKey {
    let mut key = 0_u32;
    move || {
        key = key.wrapping_add(0x0102_0304);
        MaskingKey::new(key.to_be_bytes())
    }
}

fn session<R: Role>(
    connection: Connection<R>,
    receiving: Way,
    sending: Way,
    queue: usize,
    limit: u64,
) -> Sessions<R, Own> {
    let window = vec![0; receiving.bits().size()].into_boxed_slice();
    Session::with_extension(
        connection,
        vec![0; 512].into_boxed_slice(),
        vec![0; queue].into_boxed_slice(),
        receiving.inbound(limit),
        ExtensionWindow::new(window),
        sending.outbound(),
    )
}

/// Sends a frame, and returns what is written until it was sent.
pub(crate) fn send<R, I, M, D>(
    session: &mut Sessions<R, Deflate<I, M, D>>,
    frame: &mut Frame<'_>,
) -> Result<Vec<u8>, SendError>
where
    R: Role,
    I: InflaterLease<M>,
    M: bareframe::Memory,
    D: DeflaterLease,
{
    let mut output = Vec::new();
    loop {
        let next = match session.next_sent(frame)? {
            Next::Ready => session.next_flush(),
            next => next,
        };
        match next {
            Next::Ready => return Ok(output),
            Next::Write => {
                let bytes = session.to_write(frame).concat();
                session.wrote(bytes.len(), frame);
                output.extend(bytes);
            }
            Next::Flush => session.flushed(),
            next => panic!("{next:?}"),
        }
    }
}

/// A message: text or not, and its payload.
pub(crate) type Message = (bool, Vec<u8>);

/// Receives bytes that arrive in pieces of this many, and returns the messages; what is written meanwhile goes to `output`.
pub(crate) fn receive<R, I, M, D>(
    session: &mut Sessions<R, Deflate<I, M, D>>,
    input: &[u8],
    piece: usize,
    output: &mut Vec<u8>,
) -> (Vec<Message>, Result<(), ReceiveError>)
where
    R: Role,
    I: InflaterLease<M>,
    M: bareframe::Memory,
    D: DeflaterLease,
{
    let mut memory = vec![0; 1 << 20];
    let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
    let mut messages = Vec::new();
    let mut input = input;
    loop {
        match session.next_message(&mut assembler) {
            Ok(Next::Ready) => {
                let message = session.message(&mut assembler).unwrap();
                messages.push((message.as_str().is_some(), message.payload().to_vec()));
            }
            Ok(Next::Write) => {
                let bytes = session.queued().to_vec();
                session.wrote(bytes.len(), &mut Frame::NONE.clone());
                output.extend(bytes);
            }
            Ok(Next::Flush) => session.flushed(),
            Ok(Next::Read) if input.is_empty() => return (messages, Ok(())),
            Ok(Next::Read) => {
                let space = session.space();
                let len = space.len().min(piece).min(input.len());
                let (front, rest) = input.split_at(len);
                space[..len].copy_from_slice(front);
                input = rest;
                session.read(len);
            }
            Ok(next) => panic!("{next:?}"),
            Err(error) => return (messages, Err(error)),
        }
    }
}

/// Parses frames.
pub(crate) fn frames(bytes: &[u8]) -> Vec<Parts> {
    let mut frames = Vec::new();
    let mut rest = bytes;
    while let [first, second, ..] = *rest {
        let (len, mut at) = match second & 0x7F {
            126 => (usize::from(u16::from_be_bytes([rest[2], rest[3]])), 4),
            127 => (u64::from_be_bytes(rest[2..10].try_into().unwrap()) as usize, 10),
            len => (usize::from(len), 2),
        };
        let mut key = [0; 4];
        if second & 0x80 != 0 {
            key.copy_from_slice(&rest[at..at + 4]);
            at += 4;
        }
        let masked = rest[at..at + len].iter().zip(key.iter().cycle());
        frames.push(Parts {
            fin: first & 0x80 != 0,
            rsv1: first & 0x40 != 0,
            opcode: first & 0x0F,
            payload: masked.map(|(byte, key)| byte ^ key).collect(),
        });
        rest = &rest[at + len..];
    }
    frames
}
