//! Prints the sizes of the states on this machine, in octets.

#![no_std]
#![no_main]

use bareframe::{
    Client, Connection, FrameDecoder, MaskingKey, Outgoing, Receiver, Sender, Server, Utf8Validator,
};
use cortex_m_semihosting::{debug, hprintln};
use measure as _;

type Keys = fn() -> MaskingKey;

#[cortex_m_rt::entry]
fn main() -> ! {
    hprintln!("FrameDecoder {}", size_of::<FrameDecoder>());
    hprintln!("Utf8Validator {}", size_of::<Utf8Validator>());
    hprintln!("Connection<Server> {}", size_of::<Connection<Server>>());
    hprintln!("Connection<Client<fn>> {}", size_of::<Connection<Client<Keys>>>());
    hprintln!("Receiver<Server> {}", size_of::<Receiver<Server>>());
    hprintln!("Sender<Server> {}", size_of::<Sender<Server>>());
    hprintln!("Outgoing<Server> {}", size_of::<Outgoing<Server>>());
    debug::exit(debug::EXIT_SUCCESS);
    loop {}
}
