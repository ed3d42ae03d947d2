//! Conversations over a stream that fails on purpose, by a schedule, while futures are dropped: against a model.

mod wire;

use bareframe_embedded_io::{
    Assembler, CloseCode, Config, Error, Frame, MaskingKey, Memory, ReceiveError, Role, SendError, WebSocket,
};
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use wire::{frame, poll_times};

/// What a call of the stream does in place of what it is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fault {
    Nothing,
    Short,
    Waits,
    Interrupted,
    TimedOut,
    /// From now on it fails so.
    Lasting,
}

#[derive(Clone)]
struct Stream(Rc<Shared>);

struct Shared {
    random: Cell<u64>,
    input: RefCell<VecDeque<u8>>,
    output: RefCell<Vec<u8>>,
    /// Why it can't be read or written any more.
    reading: Cell<Option<ErrorKind>>,
    writing: Cell<Option<ErrorKind>>,
    met: RefCell<BTreeMap<(&'static str, Fault), usize>>,
    calls: Cell<usize>,
}

impl Stream {
    fn new(seed: u64, input: Vec<u8>) -> Stream {
        Stream(Rc::new(Shared {
            random: Cell::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            input: RefCell::new(input.into()),
            output: RefCell::default(),
            reading: Cell::default(),
            writing: Cell::default(),
            met: RefCell::default(),
            calls: Cell::default(),
        }))
    }

    fn draw(&self, below: u64) -> u64 {
        let mut random = self.0.random.get();
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        self.0.random.set(random);
        (random >> 11) % below
    }

    /// Decides what happens in this call, and waits if it has to.
    async fn meet(&self, call: &'static str, lasting: &Cell<Option<ErrorKind>>) -> Result<Fault, ErrorKind> {
        self.0.calls.set(self.0.calls.get() + 1);
        let fault = match self.draw(100) {
            0..30 => Fault::Nothing,
            30..60 => Fault::Short,
            60..80 => Fault::Waits,
            80..89 => Fault::Interrupted,
            89..98 => Fault::TimedOut,
            _ if self.draw(8) > 0 => Fault::Nothing,
            _ => Fault::Lasting,
        };
        *self.0.met.borrow_mut().entry((call, fault)).or_default() += 1;
        let mut waits = fault == Fault::Waits;
        poll_fn(|_| {
            if std::mem::take(&mut waits) {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        if fault == Fault::Lasting {
            lasting.set(Some(ErrorKind::ConnectionReset));
        }
        match (lasting.get(), fault) {
            (Some(kind), _) => Err(kind),
            (None, Fault::Interrupted) => Err(ErrorKind::Interrupted),
            (None, Fault::TimedOut) => Err(ErrorKind::TimedOut),
            (None, fault) => Ok(fault),
        }
    }

    fn some_of(&self, len: usize, fault: Fault) -> usize {
        match fault {
            Fault::Short if len > 1 => 1 + self.draw(len as u64 - 1) as usize,
            _ => len,
        }
    }
}

impl ErrorType for Stream {
    type Error = ErrorKind;
}

impl Read for Stream {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let fault = self.meet("read", &self.0.reading).await?;
        let mut input = self.0.input.borrow_mut();
        let len = self.some_of(buffer.len().min(input.len()), fault);
        for (to, from) in buffer.iter_mut().zip(input.drain(..len)) {
            *to = from;
        }
        Ok(len)
    }
}

impl Write for Stream {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let fault = self.meet("write", &self.0.writing).await?;
        let len = self.some_of(bytes.len(), fault);
        self.0.output.borrow_mut().extend(&bytes[..len]);
        Ok(len)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        self.meet("flush", &self.0.writing).await.map(|_| ())
    }
}

/// What the peer says: the bytes, the messages in them, the payloads of its Pings, and whether it closes.
struct Script {
    bytes: Vec<u8>,
    messages: Vec<String>,
    pings: Vec<Vec<u8>>,
    closes: bool,
}

fn script(stream: &Stream, masked: bool) -> Script {
    let mut script = Script {
        bytes: Vec::new(),
        messages: Vec::new(),
        pings: Vec::new(),
        closes: stream.draw(2) == 0,
    };
    let mut add = |first: u8, payload: &[u8]| {
        let mut bytes = frame(first, payload);
        if !masked {
            let key_at = bytes.len() - payload.len() - 4;
            bytes[1] &= 0x7F;
            bytes.drain(key_at..key_at + 4);
        }
        script.bytes.extend(bytes);
    };
    for number in 0..stream.draw(8) {
        let text = format!("{number} {}", "é".repeat(stream.draw(100) as usize));
        let (one, two) = text.as_bytes().split_at(stream.draw(text.len() as u64) as usize);
        let ping = vec![number as u8; stream.draw(20) as usize];
        match stream.draw(3) {
            0 => add(0x81, text.as_bytes()),
            1 => {
                add(0x01, one);
                add(0x80, two);
            }
            _ => {
                add(0x01, one);
                add(0x89, &ping);
                script.pings.push(ping);
                add(0x80, two);
            }
        }
        script.messages.push(text);
    }
    if script.closes {
        add(0x88, b"\x03\xe9");
    }
    script
}

/// Returns the whole frames of the output, unmasked, and whether nothing is after them.
fn frames(output: &[u8]) -> (Vec<(u8, Vec<u8>)>, bool) {
    let (mut frames, mut rest) = (Vec::new(), output);
    loop {
        let [first, second, after @ ..] = rest else {
            return (frames, rest.is_empty());
        };
        let (len, mut at) = match second & 0x7F {
            126 if after.len() >= 2 => (usize::from(after[0]) << 8 | usize::from(after[1]), 2),
            126 => return (frames, false),
            len => (usize::from(len), 0),
        };
        // The key is 0.
        at += if second & 0x80 != 0 { 4 } else { 0 };
        let Some(payload) = after.get(at..at + len) else {
            return (frames, false);
        };
        frames.push((*first, payload.to_vec()));
        rest = &after[at + len..];
    }
}

/// Reads and sends until the end, and drops futures on the way; holds what happened to the model.
fn converse<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>>(
    stream: &Stream,
    mut socket: WebSocket<Stream, R, I, O>,
    script: &Script,
    context: &str,
) {
    let mut assembler = Assembler::new(heapless::Vec::<u8, 300>::new());
    let (mut received, mut sent) = (Vec::new(), Vec::new());
    let (mut told, mut steps) = (false, 0);
    let end = loop {
        steps += 1;
        assert!(steps < 20_000, "{context}: it does not end");
        let polls = 1 + stream.draw(5) as usize;
        if stream.draw(3) == 0 {
            let payload = vec![sent.len() as u8; stream.draw(400) as usize];
            let mut frame = Frame::binary(&payload);
            loop {
                match poll_times(socket.send_frame(&mut frame), polls) {
                    None | Some(Err(Error::Io(ErrorKind::TimedOut))) => {}
                    Some(Ok(())) => {
                        sent.push(payload.clone());
                        break;
                    }
                    Some(Err(Error::Io(ErrorKind::ConnectionReset))) => {
                        assert!(!told, "{context}: an error is told twice");
                        told = true;
                        break;
                    }
                    Some(Err(Error::Refused(ErrorKind::ConnectionReset))) => break,
                    // The peer has closed.
                    Some(Err(Error::Send(SendError::Closed))) => break,
                    Some(Err(error)) => panic!("{context}: {error:?}"),
                }
            }
            continue;
        }
        match poll_times(socket.read(&mut assembler), polls) {
            None => {}
            Some(Ok(Some(message))) => received.push(message.as_str().unwrap().to_owned()),
            Some(Ok(None)) => break Ok(()),
            Some(Err(Error::Io(ErrorKind::TimedOut))) => {}
            Some(Err(error)) => break Err(error),
        }
    };
    let (read_failed, write_failed) = (stream.0.reading.get(), stream.0.writing.get());
    // What arrived is delivered, and then the end.
    let refused = write_failed.map(Error::Refused);
    match end {
        Ok(()) => assert!(script.closes && received == script.messages, "{context}"),
        Err(Error::Io(kind)) => {
            assert_eq!(Some(kind), read_failed, "{context}");
            assert!(script.messages.starts_with(&received), "{context}");
        }
        Err(error) => {
            assert!(
                !script.closes && received == script.messages,
                "{context}: {error:?}"
            );
            let abnormal = Error::Receive(ReceiveError::AbnormalClosure);
            assert_eq!(error, refused.unwrap_or(abnormal), "{context}");
        }
    }
    // The end stays.
    for _ in 0..20 {
        match poll_times(socket.read(&mut assembler), 3) {
            None => {}
            Some(Ok(None)) => assert_eq!(end, Ok(()), "{context}"),
            Some(Ok(Some(message))) => panic!("{context}: {message:?}"),
            Some(Err(error)) => assert_eq!(end, Err(error), "{context}"),
        }
    }
    // What was sent is on the wire, whole and once; and what had to be answered.
    let output = stream.0.output.borrow();
    let (frames, is_whole) = frames(&output);
    let of = |opcode: u8| frames.iter().filter(move |frame| frame.0 == 0x80 | opcode);
    let data: Vec<_> = of(2).map(|(_, payload)| payload.clone()).collect();
    let pongs: Vec<_> = of(10).map(|(_, payload)| payload.clone()).collect();
    assert!(
        data.starts_with(&sent),
        "{context}: {} of {}",
        data.len(),
        sent.len()
    );
    let mut pings = script.pings.iter();
    assert!(
        pongs.iter().all(|pong| pings.any(|ping| ping == pong)),
        "{context}"
    );
    if write_failed.is_none() {
        assert!(data.len() == sent.len(), "{context}");
        assert!(is_whole || end.is_err(), "{context}");
        if end == Ok(()) {
            assert_eq!(pongs.last(), script.pings.last(), "{context}");
            assert_eq!(frames.last(), Some(&(0x88, b"\x03\xe9".to_vec())), "{context}");
        }
    }
}

fn run(schedules: u64) {
    let mut met = BTreeMap::<(&str, Fault), usize>::new();
    for seed in 0..schedules {
        for masked in [true, false] {
            let context = format!("seed {seed}, server: {masked}");
            let stream = Stream::new(seed, Vec::new());
            let script = script(&stream, masked);
            stream.0.input.borrow_mut().extend(&script.bytes);
            if masked {
                let socket = WebSocket::server(stream.clone(), Config::DEFAULT, [0; 64], [0; 131]);
                converse(&stream, socket, &script, &context);
            } else {
                let keys = || MaskingKey::new([0; 4]);
                let socket = WebSocket::client(stream.clone(), Config::DEFAULT, keys, [0; 64], [0; 131]);
                converse(&stream, socket, &script, &context);
            }
            for (key, times) in &*stream.0.met.borrow() {
                *met.entry(*key).or_default() += times;
            }
        }
    }
    println!("{met:#?}");
    for call in ["read", "write", "flush"] {
        for fault in [Fault::Waits, Fault::Interrupted, Fault::TimedOut, Fault::Lasting] {
            let least = schedules as usize / 100;
            assert!(met[&(call, fault)] >= least, "{call} {fault:?}: {met:?}");
        }
    }
}

#[test]
fn whatever_the_stream_does_what_arrived_is_delivered_and_what_was_sent_is_on_the_wire() {
    run(2000);
}

/// 100,000 schedules, for half a minute in a release build.
#[test]
#[ignore = "100,000 schedules; cargo test runs 2,000"]
fn whatever_the_stream_does_in_the_long_run() {
    run(100_000);
}

#[test]
fn s7_1_1_closing_over_such_a_stream_ends_too() {
    for seed in 0..1000 {
        let stream = Stream::new(seed, frame(0x88, b"\x03\xe9"));
        let mut socket = WebSocket::server(stream.clone(), Config::DEFAULT, [0; 64], [0; 131]);
        for _ in 0..1000 {
            match poll_times(socket.close(CloseCode::NORMAL_CLOSURE, "bye"), 3) {
                None | Some(Err(Error::Io(ErrorKind::TimedOut))) => {}
                Some(Ok(())) => break,
                Some(Err(Error::Io(_))) => {
                    assert!(stream.0.reading.get().is_some());
                    break;
                }
                Some(Err(error)) => panic!("{error:?}"),
            }
        }
        let calls = stream.0.calls.get();
        assert!(calls < 200, "{calls}");
        let output = stream.0.output.borrow();
        if stream.0.writing.get().is_none() {
            let closed = *output == b"\x88\x05\x03\xe8bye"[..] || *output == b"\x88\x02\x03\xe9"[..];
            assert!(closed || stream.0.reading.get().is_some(), "{output:?}");
        }
    }
}
