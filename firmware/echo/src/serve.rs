//! The service of a connection: the page, or an echo.

use crate::answer::Wish;
use crate::echo::echo;
use crate::pages::{Page, Pages};
use crate::tap::{HEAD, Tapped};
use bareframe_embedded_io::deflate::{OwnMemory, Policy, WindowBits};
use bareframe_embedded_io::{
    Assembler, Choice, Config, Error, Frame, Incoming, Limits, Memory, Server, Status, WebSocket,
};
use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};
use heapless::Vec;
use net::{Reset, TcpStream, within};

const PAGE: &[u8] = include_bytes!("../../../crates/bareframe-std/examples/page.html");

/// What is sent at once beside payload, in bytes.
const SEND: usize = 1024;

/// The longest text with which a page asks for something, in bytes.
const WISH: usize = 256;

/// How long a request may take to arrive, in milliseconds: segments that are lost at first come again after seconds.
const PATIENCE: u64 = 30_000;

/// A message may have any length, because it is never held as a whole.
const CONFIG: Config = Config::DEFAULT.with_limits(Limits::UNLIMITED);

/// How many bits the windows have, unless the environment of the build says 9.
const BITS: WindowBits = {
    let bits = match option_env!("WINDOW_BITS") {
        Some(bits) if matches!(bits.as_bytes(), [b'9']) => 9,
        _ => 10,
    };
    WindowBits::new(bits).expect("it is from 8 to 15")
};
const WINDOW: usize = BITS.size();

/// Messages refer to those before them in both directions.
const POLICY: Policy = Policy::DEFAULT
    .with_sending_window_bits(BITS)
    .with_receiving_window_bits(BITS)
    .with_sending_takeover(true)
    .with_receiving_takeover(true);

/// What is received at once on a connection that may be compressed, in bytes.
const RECEIVE: usize = 2048;

/// Serves one connection after another.
pub(crate) async fn connections(mut stream: TcpStream<'_, '_>, port: u16, pages: &Pages, memory: &mut [u8]) {
    loop {
        stream.accept(port).await;
        // The peer was told about an error; serve the next one.
        let _ = connection(&mut stream, pages, memory).await;
        stream.end().await;
    }
}

async fn connection(
    stream: &mut TcpStream<'_, '_>,
    pages: &Pages,
    memory: &mut [u8],
) -> Result<(), Error<Reset>> {
    let (mut head, mut send) = ([0; HEAD], [0; SEND]);
    let mut incoming = Incoming::new(Tapped::new(stream), &mut head[..]);
    let Ok(request) = within(PATIENCE, incoming.request()).await else {
        return Ok(());
    };
    let request = request?;
    let watching = pages.watching(request.query());
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
        ("/frames", Ok(Some(_))) => {
            let Some(page) = pages.open() else {
                return incoming.answer(Status::SERVICE_UNAVAILABLE, &[], b"").await;
            };
            let accepted = incoming.accept_in_place(&Choice::DEFAULT, CONFIG, &mut send);
            let mut socket = accepted.await?;
            socket.stream_mut().watch(None);
            let ended = tell(&mut socket, page, memory).await;
            page.close();
            ended
        }
        (_, Ok(Some(_))) if watching.is_none() => {
            let own = OwnMemory::new(POLICY, [0; WINDOW], [0; 2 * WINDOW], [0; WINDOW / 4]);
            let own = own.expect("it is enough for the policy");
            let accepted = incoming.accept_compressed(own, &Choice::DEFAULT, CONFIG, [0; RECEIVE], &mut send);
            let mut socket = accepted.await?;
            socket.stream_mut().watch(None);
            echo(&mut socket, None, memory).await
        }
        // What a page watches it shows as it is.
        (_, Ok(Some(_))) => {
            let accepted = incoming.accept_in_place(&Choice::DEFAULT, CONFIG, &mut send);
            let mut socket = accepted.await?;
            socket.stream_mut().watch(watching);
            let ended = echo(&mut socket, watching, memory).await;
            let reason = socket.close_reason();
            socket.stream_mut().ended(&ended, reason);
            ended
        }
    }
}

/// Sends reports to a page, and receives what it asks for.
async fn tell<S: Read + Write, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>>(
    socket: &mut WebSocket<S, Server, I, O>,
    page: Page<'_>,
    memory: &mut [u8],
) -> Result<(), Error<S::Error>> {
    let mut wishes = Assembler::new(Vec::<u8, WISH>::new());
    page.hello();
    loop {
        match select(page.next_report(memory), socket.read(&mut wishes)).await {
            Either::First(len) => socket.send_frame(&mut Frame::text_piece(&memory[..len])).await?,
            Either::Second(message) => match message? {
                None => return Ok(()),
                Some(message) => match message.as_str().and_then(Wish::parse) {
                    Some(wish) => page.wish(wish),
                    None => page.note("that is nothing that can be sent"),
                },
            },
        }
    }
}
