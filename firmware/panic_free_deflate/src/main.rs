//! Calls every function of permessage-deflate with inputs that the compiler can't see through, and links only if no panic
//! path survives: the panic handler calls a function that nobody defines.

#![no_std]
#![no_main]

use bareframe::handshake::Extensions;
use bareframe::{Opcode, Rsv};
use bareframe_deflate::{
    Acceptance, Compact, DeflateStep, Deflater, Direction, Fast, Inflater, Level, MemoryTooSmall, MessageDeflater, Offer,
    Parameters, Payload, Prepared, Size, Step, WindowBits, agree, begins_compressed, encode_offers,
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

/// Has a use for a value that is no more than a few bytes.
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
        if opaque(false) {
            inflater.reset();
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
        negotiate(INPUT, OUT);
    }
}
