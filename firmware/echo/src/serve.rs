//! What a connection is for: the page, or an echo.

use crate::echo::echo;
use bareframe_embedded_io::{Choice, Config, Error, Incoming, Limits, Status};
use net::{Reset, TcpStream, within};

const PAGE: &[u8] = include_bytes!("../../../crates/bareframe-std/examples/page.html");

/// The longest head of a request, in octets; then what is read at once.
const HEAD: usize = 4096;

/// What is sent at once beside payload, in octets.
const SEND: usize = 1024;

/// How long a request may take to arrive, and a closing handshake, in milliseconds.
const PATIENCE: u64 = 10_000;

/// A message may have any length, because it is never held as a whole.
const CONFIG: Config = Config {
    limits: Limits::UNLIMITED,
    ..Config::DEFAULT
};

/// Serves one connection after another.
pub(crate) async fn connections(mut stream: TcpStream<'_, '_>, port: u16, memory: &mut [u8]) {
    loop {
        stream.accept(port).await;
        // Whatever went wrong, the peer was told; the next may do better.
        let _ = connection(&mut stream, memory).await;
        stream.end().await;
    }
}

async fn connection(stream: &mut TcpStream<'_, '_>, memory: &mut [u8]) -> Result<(), Error<Reset>> {
    let mut head = [0; HEAD];
    let mut incoming = Incoming::new(stream, &mut head);
    let Ok(request) = within(PATIENCE, incoming.request()).await else {
        return Ok(());
    };
    let request = request?;
    match (request.path(), request.upgrade()) {
        (_, Err(error)) => incoming.refuse(error).await,
        ("/", Ok(None)) => {
            let headers = [("Content-Type", "text/html; charset=utf-8")];
            incoming.answer(Status::OK, &headers, PAGE).await
        }
        (_, Ok(None)) => {
            let headers = [("Content-Type", "text/plain")];
            incoming
                .answer(Status::NOT_FOUND, &headers, b"The page is at /\n")
                .await
        }
        (_, Ok(Some(_))) => {
            let mut send = [0; SEND];
            let mut socket = incoming.accept_in_place(&Choice::DEFAULT, CONFIG, &mut send)?;
            echo(&mut socket, memory).await
        }
    }
}
