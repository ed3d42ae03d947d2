//! A WebSocket client on QEMU's mps2-an385: it connects to an echo server on the host, and checks that its messages
//! come back. `firmware/connect` starts it.

#![no_std]
#![no_main]

mod command_line;
mod exchange;

use bareframe_embedded_io::Error;
use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use cortex_m::singleton;
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use net::{Network, SocketStorage};

/// The local port, one of the dynamic ones.
const FROM: u16 = 49_152;

/// The seed of the masking keys (RFC 6455 section 10.3). A product must take this from its hardware's source of random
/// numbers, different at every start; this machine has none.
const SEED: [u8; 32] = *b"no secret, the same at any start";

#[entry]
fn main() -> ! {
    let mut memory = [0; 64];
    let host = command_line::read(&mut memory).expect("there is a command line");
    let server = host.parse().expect("the command line is the address of a server");

    let mut storage = [SocketStorage::EMPTY];
    let network = Network::new(&mut storage);
    let receive = singleton!(: [u8; 4096] = [0; 4096]).expect("main is called once");
    let send = singleton!(: [u8; 4096] = [0; 4096]).expect("main is called once");
    let mut stream = network.socket(receive, send);
    let generator = ChaCha20Rng::from_seed(SEED);
    let done = network.run(async {
        let done = match stream.connect(server, FROM).await {
            Ok(()) => exchange::exchange(&mut stream, host, generator).await,
            Err(reset) => Err(Error::Io(reset).into()),
        };
        stream.end().await;
        done
    });
    match done {
        Ok(messages) => hprintln!("{} messages came back as they were sent", messages),
        Err(error) => hprintln!("{}", error),
    }
    loop {
        debug::exit(done.map(|_| ()).map_err(|_| ()));
    }
}
