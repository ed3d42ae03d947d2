//! Prints the sizes of the states on this machine, in bytes.

#![no_std]
#![no_main]

use bareframe::handshake::HeadEnd;
use bareframe::{
    Assembler, Client, Connection, FrameDecoder, Masker, MaskingKey, Outbox, Outgoing, Receiver, Sender,
    Server, Session, SliceBuffer, Utf8Validator,
};
use bareframe_deflate::{Compact, Deflater, Greedy, Inflater, WindowBits};
use cortex_m_semihosting::{debug, hprintln};
use measure as _;

type Keys = fn() -> MaskingKey;

/// Prints what one end takes to inflate and to compress messages at these window bits, with `BUFFER` bytes of both windows and
/// a quarter of a window of `HEADS`.
fn print_windows<const BUFFER: usize, const HEADS: usize>(bits: u8) {
    let window = WindowBits::new(bits).map_or(0, WindowBits::size);
    assert!(window == BUFFER / 2 && window == HEADS * 4);
    hprintln!("inflate {} {}", bits, size_of::<Inflater<Compact>>() + window);
    let deflater = size_of::<Deflater<Greedy<[u8; BUFFER], [u16; HEADS]>>>();
    hprintln!("deflate {} {}", bits, deflater);
}

#[cortex_m_rt::entry]
fn main() -> ! {
    hprintln!("HeadEnd {}", size_of::<HeadEnd>());
    hprintln!("Masker {}", size_of::<Masker>());
    hprintln!("FrameDecoder {}", size_of::<FrameDecoder>());
    hprintln!("Utf8Validator {}", size_of::<Utf8Validator>());
    hprintln!("Connection<Server> {}", size_of::<Connection<Server>>());
    hprintln!("Connection<Client<fn>> {}", size_of::<Connection<Client<Keys>>>());
    hprintln!("Receiver<Server> {}", size_of::<Receiver<Server>>());
    hprintln!("Sender<Server> {}", size_of::<Sender<Server>>());
    hprintln!("Sender<Client<fn>> {}", size_of::<Sender<Client<Keys>>>());
    hprintln!("Outgoing<Server> {}", size_of::<Outgoing<Server>>());
    hprintln!("Outbox<&mut [u8]> {}", size_of::<Outbox<&mut [u8]>>());
    hprintln!(
        "Assembler<SliceBuffer> {}",
        size_of::<Assembler<SliceBuffer<'_>>>()
    );
    hprintln!(
        "Session<Server, [u8; 64], [u8; 131]> {}",
        size_of::<Session<Server, [u8; 64], [u8; 131]>>()
    );
    // What a server has for each client if that is at most 16 KiB.
    let session = size_of::<Session<Server, [u8; 4096], [u8; 1024]>>();
    let gathered = size_of::<Assembler<heapless::Vec<u8, 10_240>>>();
    assert!(session + gathered <= 16 * 1024);
    hprintln!(
        "Session<Server, [u8; 4096], [u8; 1024]>, Assembler<heapless::Vec<u8, 10240>> {}",
        session + gathered
    );
    print_windows::<0x200, 0x40>(8);
    print_windows::<0x400, 0x80>(9);
    print_windows::<0x800, 0x100>(10);
    print_windows::<0x1000, 0x200>(11);
    print_windows::<0x2000, 0x400>(12);
    print_windows::<0x4000, 0x800>(13);
    print_windows::<0x8000, 0x1000>(14);
    print_windows::<0x10000, 0x2000>(15);
    debug::exit(debug::EXIT_SUCCESS);
    loop {}
}
