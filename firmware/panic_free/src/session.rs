//! Calls every function of the session.

use crate::{byte, bytes, close, event, kind, message, note, number, rsv};
use bareframe::{
    Assembler, CloseCode, Connection, Data, Extended, Extension, ExtensionWindow, Frame, Gather, Inbound,
    InboundExtension, Keepalive, KeepaliveStep, Memory, MessageKind, Next, Outbound, OutboundExtension,
    Pending, PreparedFrame, ReceiveError, Role, Rsv, SendError, Session, SliceBuffer, State,
};
use board::{opaque, read, write};
use core::time::Duration;

/// Inverts the bits of each byte, and returns arbitrary results, so that the session must not rely on them.
struct Inverted;

impl Extension for Inverted {
    type Inbound = Inverted;
    type Outbound = Inverted;
}

impl InboundExtension for Inverted {
    type Window = ExtensionWindow<[u8; 32]>;

    fn rsv(&self) -> Rsv {
        rsv()
    }

    fn receive(&mut self, window: &mut [u8], input: &[u8], _: bool) -> Result<Extended, CloseCode> {
        invert(input, window)
    }
}

impl OutboundExtension for Inverted {
    fn rsv(&self) -> Rsv {
        rsv()
    }

    fn begin(&mut self, kind: MessageKind, payload_len: usize, is_last: bool) -> bool {
        note((kind, payload_len, is_last));
        opaque(false)
    }

    fn send(&mut self, input: &[u8], _: bool, out: &mut [u8]) -> Result<Extended, CloseCode> {
        invert(input, out)
    }
}

fn invert(input: &[u8], out: &mut [u8]) -> Result<Extended, CloseCode> {
    for (to, from) in out.iter_mut().zip(input) {
        *to = !from;
    }
    if opaque(false) {
        return Err(CloseCode::new(opaque(0)).unwrap_or(CloseCode::PROTOCOL_ERROR));
    }
    Ok(Extended::new(opaque(0), opaque(0)..opaque(0), opaque(false)))
}

/// With each kind of memory, with an extension and without one.
pub(crate) fn all<R: Role>(connection: fn() -> Connection<R>, buffer: &mut [u8], payload: &mut [u8]) {
    let mut memory = [0; 40];
    session(Session::new(connection(), [0; 64], [0; 131]), payload);
    session(Session::new(connection(), &mut memory[..], [0; 200]), payload);
    leased(Session::new(connection(), None, [0; 131]), payload);
    let len = opaque(0).min(buffer.len());
    // A queue that is too short, too.
    let queue = buffer.get_mut(..len).unwrap_or_default();
    let window = ExtensionWindow::new([0; 32]);
    session(
        Session::<R, _, _, Inverted>::with_extension(
            connection(),
            [0; 64],
            queue,
            Inverted,
            window,
            Inverted,
        ),
        payload,
    );
    let agreed = opaque(false).then_some(Inverted);
    session(
        Session::<R, _, _, Option<Inverted>>::with_extension(
            connection(),
            None::<[u8; 64]>,
            [0; 200],
            agreed,
            ExtensionWindow::new([0; 32]),
            Some(Inverted),
        ),
        payload,
    );
}

/// A session that has its memory only while it is needed.
fn leased<R: Role>(mut session: Session<R, Option<[u8; 64]>, [u8; 131]>, payload: &mut [u8]) {
    note(session.put_memory([byte(); 64]).is_err());
    while opaque(true) {
        match session.next_event() {
            Ok(Next::Memory) => note(session.put_memory([byte(); 64])),
            Ok(Next::Read) => fill(&mut session),
            found => received(found),
        }
        if let Some(given) = session.event() {
            event(given);
        }
        if let Some(memory) = session.take_memory() {
            write(&memory);
        }
    }
    let (mut inbound, outbound) = session.split();
    if let Some(memory) = inbound.take_memory() {
        write(&memory);
    }
    note(inbound.put_memory([byte(); 64]));
    halves(inbound, outbound, payload);
}

fn session<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
    mut session: Session<R, I, O, X>,
    payload: &mut [u8],
) {
    note(session.begin_with(opaque(0)..opaque(0)));
    note(session.begin_with_queued(opaque(0)));
    note(session.begin_after(opaque(0)));
    let mut assembler = Assembler::new(heapless::Vec::<u8, 40>::new());
    let mut memory = [0; 40];
    let mut in_slice = Assembler::new(SliceBuffer::new(&mut memory));
    let mut frame = Frame::NONE;
    while opaque(true) {
        match opaque(0) {
            0 => {
                received(session.next_event());
                if let Some(given) = session.event() {
                    event(given);
                }
            }
            1 => next_message(&mut session, &mut assembler),
            2 => next_message(&mut session, &mut in_slice),
            3 => fill(&mut session),
            4 => frame = Frame::NONE,
            5 => sent(session.next_sent(&mut frame)),
            6 => {
                if let Some(written) = write_out(session.to_write(&frame)) {
                    session.wrote(written, &mut frame);
                }
                note(session.performed(opaque(Next::Read), opaque(Ok::<_, u8>(1)), &mut frame));
            }
            7 => {
                received(Ok(session.next_flush()));
                session.flushed();
                write(session.queued());
            }
            8 => note(session.blocked(next())),
            9 => session.refused(),
            10 => session.fail(CloseCode::new(opaque(0)).unwrap_or(CloseCode::GOING_AWAY)),
            11 => {
                note((session.has_more(), session.state() == State::Open));
                if let Some(reason) = session.close_reason() {
                    close(&reason);
                }
            }
            12 => {
                let (inbound, outbound) = session.both();
                if let Some(given) = inbound.event() {
                    event(given);
                    let mut answer = Frame::pong(payload);
                    sent(outbound.next_sent(&mut answer));
                }
                if let Some(whole) = inbound.message(&mut assembler) {
                    let mut answer = Frame::text(whole.as_str().unwrap_or(""));
                    sent(outbound.next_sent(&mut answer));
                }
            }
            13 => {
                let (inbound, outbound) = session.both();
                forward(inbound, outbound);
            }
            _ => frames(payload, |frame| {
                sent(session.next_sent(frame));
                if let Some(written) = write_out(session.to_write(frame)) {
                    session.wrote(written, frame);
                }
            }),
        }
    }
    let (inbound, outbound) = session.split();
    halves(inbound, outbound, payload);
}

fn next_message<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension, B: Gather>(
    session: &mut Session<R, I, O, X>,
    assembler: &mut Assembler<B>,
) {
    received(session.next_message(assembler));
    if let Some(whole) = session.message(assembler) {
        message(whole);
    }
}

/// Forwards what is received.
fn forward<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
    inbound: &mut Inbound<R, I, X>,
    outbound: &mut Outbound<R, O, X>,
) {
    if let Some(bareframe::Event::Data(data)) = inbound.event() {
        pass(outbound, &data);
    }
}

fn pass<R: Role, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
    outbound: &mut Outbound<R, O, X>,
    data: &Data<'_>,
) {
    let mut frame = Frame::forward(data);
    while opaque(true) {
        sent(outbound.next_sent(&mut frame));
        if let Some(written) = write_out(outbound.to_write(&frame)) {
            outbound.wrote(written, &mut frame);
        }
    }
}

/// Both halves, and what one leaves for the other.
fn halves<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
    mut inbound: Inbound<R, I, X>,
    mut outbound: Outbound<R, O, X>,
    payload: &mut [u8],
) {
    let mut assembler = Assembler::new(heapless::Vec::<u8, 40>::new());
    let mut memory = [0; 40];
    let mut in_slice = Assembler::new(SliceBuffer::new(&mut memory));
    let mut pending = Pending::default();
    note(inbound.begin_with(opaque(0)..opaque(0)));
    while opaque(true) {
        match opaque(0) {
            0 => {
                received(inbound.next_event());
                if let Some(given) = inbound.event() {
                    event(given);
                }
            }
            1 => {
                received(inbound.next_message(&mut assembler));
                if let Some(whole) = inbound.message(&mut assembler) {
                    message(whole);
                }
            }
            2 => {
                received(inbound.next_message(&mut in_slice));
                if let Some(whole) = inbound.message(&mut in_slice) {
                    message(whole);
                }
            }
            3 => {
                read(inbound.space());
                inbound.read(opaque(0));
            }
            4 => {
                write(inbound.unread());
                note((inbound.is_open(), inbound.has_more()));
                if let Some(reason) = inbound.close_reason() {
                    close(&reason);
                }
            }
            5 => inbound.fail(CloseCode::new(opaque(0)).unwrap_or(CloseCode::GOING_AWAY)),
            6 => {
                pending.merge(inbound.take_pending());
                if opaque(false) {
                    pending.merge(Pending::PING);
                }
                note((pending.is_empty(), pending.is_close(), pending == Pending::NONE));
            }
            7 => outbound.send_pending(&mut pending),
            8 => {
                received(Ok(outbound.next_flush()));
                outbound.flushed();
                write(outbound.queued());
                note(outbound.room());
            }
            9 => outbound.refused(),
            10 => outbound.abandon(),
            11 => note((outbound.is_within_frame(), outbound.is_closed())),
            12 => forward(&mut inbound, &mut outbound),
            _ => frames(payload, |frame| {
                sent(outbound.next_sent(frame));
                if let Some(written) = write_out(outbound.to_write(frame)) {
                    outbound.wrote(written, frame);
                }
            }),
        }
    }
}

/// Every frame that there is, in turn.
fn frames(payload: &mut [u8], mut send: impl FnMut(&mut Frame<'_>)) {
    let payload = &*bytes(payload);
    let text = core::str::from_utf8(payload).unwrap_or("");
    let prepared = PreparedFrame::new(kind(), rsv(), payload, [0; 48]);
    if let Ok(prepared) = &prepared {
        write(prepared.bytes());
        write(prepared.payload());
    }
    let mut frame = match opaque(0) {
        0 => Frame::text(text),
        1 => Frame::text_piece(payload),
        2 => Frame::binary(payload),
        3 => Frame::ping(payload),
        4 => Frame::pong(payload),
        5 => Frame::close(CloseCode::new(opaque(0)).unwrap_or(CloseCode::GOING_AWAY), text),
        6 => Frame::close_without_code(),
        _ => prepared.as_ref().map_or(Frame::NONE, Frame::prepared),
    };
    if opaque(false) {
        frame = frame.fragment(opaque(false));
    }
    if opaque(false) {
        frame = frame.with_rsv(rsv());
    }
    while opaque(true) {
        send(&mut frame);
        note((frame.left(), frame.is_begun()));
    }
}

fn fill<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(session: &mut Session<R, I, O, X>) {
    read(session.space());
    session.read(opaque(0));
}

/// Uses the bytes to be written, and returns an unpredictable number of written bytes.
fn write_out([queued, payload]: [&[u8]; 2]) -> Option<usize> {
    write(queued);
    write(payload);
    opaque(false).then(|| opaque(0))
}

fn next() -> Next {
    match opaque(0) {
        0 => Next::Memory,
        1 => Next::Write,
        2 => Next::Flush,
        3 => Next::Read,
        4 => Next::Ready,
        _ => Next::Closed,
    }
}

fn received(found: Result<Next, ReceiveError>) {
    match found {
        Ok(next) => note(next),
        Err(ReceiveError::Protocol(error)) => {
            note(error.close_code());
            write(error.section().as_bytes());
        }
        Err(error) => note(error),
    }
}

fn sent(sent: Result<Next, SendError>) {
    note(sent);
}

/// When to send a Ping.
pub(crate) fn keepalive() {
    let mut keepalive = Keepalive::new(time(), time());
    while opaque(true) {
        if opaque(false) {
            keepalive.received(time());
        }
        let state = if opaque(false) {
            State::Open
        } else {
            State::CloseSent
        };
        match keepalive.step(time(), state) {
            KeepaliveStep::Wait(until) => note(until),
            step => note(step),
        }
    }
}

fn time() -> Duration {
    Duration::from_secs(number()).saturating_add(Duration::from_nanos(number()))
}
