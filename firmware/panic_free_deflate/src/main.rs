//! Calls every function of permessage-deflate with inputs that the compiler can't predict, and links only if no panic
//! path survives: the panic handler calls an undefined function.

#![no_std]
#![no_main]

use bareframe::handshake::Extensions;
use bareframe::{Config, Connection, Event, Frame, MessageKind, Opcode, PreparedFrame, Rsv, Session};
use bareframe_deflate::{
    Acceptance, Compact, DeflateStep, Deflater, Direction, Fast, Inflater, Level, MemoryTooSmall,
    MessageDeflater, Offer, OwnDeflate, OwnMemory, Parameters, Payload, Policy, Prepared, Size, Step,
    WindowBits, agree, begins_compressed, encode_offers,
};
use board::{opaque, read, write};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        #[link_name = "a panic path is left in the image"]
        fn left() -> !;
    }
    // SAFETY: it is never called: an image with a call of it does not link.
    unsafe { left() }
}

/// Uses a value of a few bytes, so that the compiler must compute it.
fn note<T>(value: T) {
    core::hint::black_box(value);
}

fn bytes(buffer: &mut [u8]) -> &mut [u8] {
    let len = read(buffer);
    buffer.get_mut(..len).unwrap_or(&mut [])
}

fn text(buffer: &mut [u8]) -> &str {
    core::str::from_utf8(bytes(buffer)).unwrap_or("")
}

fn bits() -> WindowBits {
    WindowBits::new(opaque(9)).unwrap_or(WindowBits::MIN)
}

fn inflate<T: Size>(window: &mut [u8], input: &mut [u8]) {
    let mut inflater = Inflater::<T>::new(bits())
        .with_context_takeover(opaque(true))
        .with_limit(opaque(1000));
    note(inflater.window_bits());
    while opaque(true) {
        let mut input = &*bytes(input);
        loop {
            match inflater.inflate(window, &mut input, opaque(true)) {
                Ok(Step::Output(range)) => write(window.get(range).unwrap_or_default()),
                Ok(step) => break note(step),
                Err(error) => break note((error, error.close_code())),
            }
        }
        match opaque(0) {
            0 => inflater.reset(),
            1 => inflater.reset_to(bits(), opaque(true), opaque(1000)),
            _ => {}
        }
    }
}

fn deflate<L: Level>(deflater: Result<Deflater<L>, MemoryTooSmall>, input: &mut [u8], out: &mut [u8]) {
    let deflater = match deflater {
        Ok(deflater) => deflater,
        Err(error) => return note((error.memory(), error.len(), error.needed())),
    };
    let mut deflater = deflater.with_context_takeover(opaque(true));
    note((deflater.window_bits(), deflater.is_between_messages()));
    while opaque(true) {
        let mut input = &*bytes(input);
        let out = bytes(out);
        while let DeflateStep::OutputFull(len) = deflater.deflate(&mut input, out, opaque(true)) {
            write(out.get(..len).unwrap_or_default());
        }
        match opaque(0) {
            0 => deflater.abandon(),
            1 => deflater.forget(),
            2 => deflater.reset(),
            3 => deflater.wipe(),
            4 => deflater.set_context_takeover(opaque(false)),
            _ => {}
        }
    }
    let mut messages = MessageDeflater::new(deflater).with_threshold(opaque(16));
    note((messages.window_bits(), messages.is_between_messages()));
    while opaque(true) {
        let given = bytes(input);
        if opaque(false)
            && let Ok(payload) = messages.prepared(Prepared::new(given, bits()))
        {
            write(payload);
        }
        let mut rest = &*given;
        loop {
            match messages.next(&mut rest, opaque(true), out) {
                Payload::NeedsInput => break,
                Payload::Frame {
                    len,
                    is_first,
                    is_last,
                } => {
                    write(out.get(..len).unwrap_or_default());
                    note(is_first);
                    if is_last {
                        break;
                    }
                }
                Payload::Uncompressed(taken) => {
                    write(taken);
                    break write(rest);
                }
            }
        }
        note(messages.opt_out());
        if opaque(false) {
            messages.reset();
        }
    }
}

/// The extension of a session, with all of its code.
fn session(
    memory: OwnMemory<&mut [u8], &mut [u8], &mut [u16]>,
    agreed: Option<(Direction, Direction)>,
    input: &mut [u8],
) {
    type Extended<'m> = Option<OwnDeflate<&'m mut [u8], &'m mut [u8], &'m mut [u16]>>;
    note((memory.policy().threshold(), memory.policy().level()));
    let (inbound, window, outbound) = memory.halves(agreed, opaque(1000));
    let connection = Connection::server(Config::DEFAULT.with_rsv(Rsv::RSV1));
    let mut session = Session::<_, _, _, Extended<'_>>::with_extension(
        connection, [0; 100], [0; 200], inbound, window, outbound,
    );
    while opaque(true) {
        let len = read(session.space());
        session.read(len);
        if let Ok(next) = session.next_event() {
            note(next);
        }
        if let Some(Event::Data(data)) = session.event() {
            write(data.payload());
        }
        let payload = bytes(input);
        let mut frame = match opaque(0) {
            0 => Frame::binary(payload).without_extension(),
            1 => Frame::text_piece(payload).with_rsv(Rsv::RSV1),
            _ => Frame::binary(payload),
        }
        .fragment(opaque(true));
        note(session.next_sent(&mut frame).is_ok());
        if let Ok(prepared) = PreparedFrame::new(MessageKind::Binary, Rsv::RSV1, b"", [0; 20]) {
            let prepared = prepared.with_parameters(opaque(9));
            note(session.next_sent(&mut Frame::prepared(&prepared)).is_ok());
        }
        write(session.queued());
        session.wrote(opaque(10), &mut frame);
    }
}

fn policy() -> Policy {
    Policy::DEFAULT
        .with_sending_window_bits(bits())
        .with_receiving_window_bits(bits())
        .with_sending_takeover(opaque(true))
        .with_receiving_takeover(opaque(true))
        .with_threshold(opaque(30))
}

fn direction(direction: Direction) {
    note((direction.window_bits(), direction.context_takeover()));
}

fn parameters(parameters: &Parameters, out: &mut [u8]) {
    direction(parameters.server());
    direction(parameters.client());
    write(parameters.encode(out).unwrap_or("").as_bytes());
}

fn negotiate(list: &mut [u8], out: &mut [u8]) {
    let Some(list) = Extensions::parse(text(list)) else {
        return;
    };
    let acceptance = Acceptance::DEFAULT
        .with_server_no_context_takeover(opaque(true))
        .with_client_no_context_takeover(opaque(true))
        .with_server_max_window_bits(bits())
        .with_client_max_window_bits(bits());
    if let Some(agreed) = acceptance.accept(list.clone()) {
        parameters(&agreed, out);
    }
    for element in list.clone() {
        note(Offer::parse(element).is_ok());
    }
    let offers = [
        Offer::DEFAULT
            .with_server_no_context_takeover(opaque(true))
            .with_client_no_context_takeover(opaque(true))
            .with_server_max_window_bits(opaque(true).then(bits))
            .with_client_max_window_bits(bits()),
        Offer::DEFAULT.without_client_max_window_bits(),
    ];
    write(encode_offers(&offers, out).unwrap_or("").as_bytes());
    if let Ok(Some(agreed)) = agree(&offers, list) {
        parameters(&agreed, out);
    }
    let opcode = Opcode::from_bits(opaque(0)).unwrap_or(Opcode::Text);
    note(begins_compressed(opcode, opaque(Rsv::RSV1)));
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut INPUT: [u8; 200] = [0; 200];
    static mut OUT: [u8; 200] = [0; 200];
    static mut WINDOW: [u8; 512] = [0; 512];
    static mut BUFFER: [u8; 1024] = [0; 1024];
    static mut HEADS: [u16; 128] = [0; 128];
    static mut LINKS: [u16; 512] = [0; 512];
    static mut TOKENS: [u32; 768] = [0; 768];
    loop {
        inflate::<Compact>(WINDOW, INPUT);
        inflate::<Fast>(WINDOW, INPUT);
        deflate(
            Deflater::greedy(bits(), &mut BUFFER[..], &mut HEADS[..]),
            INPUT,
            OUT,
        );
        let (buffer, heads) = (&mut BUFFER[..], &mut HEADS[..]);
        deflate(
            Deflater::best(bits(), buffer, heads, &mut LINKS[..], &mut TOKENS[..]),
            INPUT,
            OUT,
        );
        let (buffer, heads) = (&mut BUFFER[..], &mut HEADS[..]);
        if let Ok(memory) = OwnMemory::new(policy(), &mut WINDOW[..], buffer, heads) {
            let offers = Extensions::parse(text(OUT));
            let accepted = offers.and_then(|offers| memory.policy().acceptance().accept(offers));
            let agreed = accepted.map(|parameters| (parameters.client(), parameters.server()));
            session(memory, agreed, INPUT);
        }
        negotiate(INPUT, OUT);
    }
}
