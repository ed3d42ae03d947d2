//! What a client does while it is there.

use crate::client::Shared;
use crate::numbers::Numbers;
use crate::server::LONGEST;
use crate::slow::Slow;
use crate::tally::name;
use bareframe_tokio::{ClientSocket, CloseCode, Connector, Error, Options};
use fastrand::Rng;
use std::net::SocketAddr;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

/// One way to behave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Behaviour {
    /// Talks, and closes in good order.
    Go,
    /// Sends and does not read, until the server does not wait any longer.
    Flood,
    /// Does nothing within a frame, not even answer a Ping, until the server does not wait any longer.
    Silence,
    /// Talks a few bytes at a time, from the opening handshake on.
    Drip,
    /// Talks, and resets TCP within a message or within the opening handshake.
    Reset,
    /// Breaks the protocol.
    Misbehave,
}

/// A fault: what is sent after the opening handshake, and the code of the Close that answers it.
type Fault = (&'static [u8], u16);

const FAULTS: [Fault; 12] = [
    // Not masked; reserved bits; a reserved opcode.
    (b"\x81\x05Hello", 1002),
    (b"\xb1\x80\0\0\0\0", 1002),
    (b"\x83\x80\0\0\0\0", 1002),
    // Fragments that no message has begun, and a message within another.
    (b"\x80\x80\0\0\0\0", 1002),
    (b"\x01\x80\0\0\0\0\x01\x80\0\0\0\0", 1002),
    // Control frames that are long or fragmented; a length that is not minimal.
    (b"\x89\xfe\x00\x7e\0\0\0\0", 1002),
    (b"\x09\x80\0\0\0\0", 1002),
    (b"\x82\xfe\x00\x01\0\0\0\0", 1002),
    // Closes with one byte, and with a code that is not for the wire.
    (b"\x88\x81\0\0\0\0\x03", 1002),
    (b"\x88\x82\0\0\0\0\x03\xee", 1002),
    // Text that is not UTF-8; a message that is too long.
    (b"\x81\x82\0\0\0\0\xc3\x28", 1007),
    (b"\x82\xff\0\0\0\x01\0\0\0\0\0\0\0\0", 1009),
];

/// Requests that are wrong, and how the answer begins.
const REQUESTS: [(&[u8], &str); 4] = [
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "HTTP/1.1 400"),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 426"),
    (b"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "HTTP/1.1 405"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n\
       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "HTTP/1.1 426"),
];

/// No answer of the server takes longer, also where it waits for the client first.
const PATIENCE: Duration = Duration::from_secs(50);

const OPTIONS: Options = Options::DEFAULT.with_close_timeout(Duration::from_secs(20));

const CONNECTOR: Connector<'static> = Connector::DEFAULT
    .with_options(OPTIONS)
    .with_timeout(Duration::from_secs(30))
    .with_concurrent_handshakes(true);

/// The system keeps little for a client that does not read.
const SHORT_BUFFER: u32 = 4 << 10;

impl Behaviour {
    /// What the kinds are counted by; "come" counts each connection.
    pub(crate) const KINDS: [&'static str; 6] = ["come", "go", "stall", "drip", "reset", "misbehave"];

    pub(crate) fn draw(rng: &mut Rng) -> Behaviour {
        match rng.u32(..20) {
            0..11 => Behaviour::Go,
            11 => Behaviour::Flood,
            12 => Behaviour::Silence,
            13..16 => Behaviour::Drip,
            16..18 => Behaviour::Reset,
            _ => Behaviour::Misbehave,
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Behaviour::Go => "go",
            Behaviour::Flood | Behaviour::Silence => "stall",
            Behaviour::Drip => "drip",
            Behaviour::Reset => "reset",
            Behaviour::Misbehave => "misbehave",
        }
    }
}

/// Why a visit did not go as it should.
enum Ended {
    /// The connection had an error.
    Error(Error),
    /// The server did what it must not.
    Wrong(String),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        Ended::Error(error)
    }
}

impl From<std::io::Error> for Ended {
    fn from(error: std::io::Error) -> Ended {
        Ended::Error(error.into())
    }
}

impl From<String> for Ended {
    fn from(wrong: String) -> Ended {
        Ended::Wrong(wrong)
    }
}

/// One client's visit, from the beginning of its connection to the end.
pub(crate) struct Visit<'v> {
    pub(crate) address: SocketAddr,
    pub(crate) rng: &'v mut Rng,
    pub(crate) shared: &'v Shared,
    pub(crate) stopped: &'v mut watch::Receiver<bool>,
}

impl Visit<'_> {
    /// Behaves so, and counts what came of it.
    pub(crate) async fn make(mut self, behaviour: Behaviour) {
        let visit = async {
            match behaviour {
                Behaviour::Go => self.go().await,
                Behaviour::Flood => self.flood().await,
                Behaviour::Silence => self.silence().await,
                Behaviour::Drip => self.drip().await,
                Behaviour::Reset => self.reset().await,
                Behaviour::Misbehave => self.misbehave().await,
            }
        };
        // Twice the patience: a visit may wait for more than one answer.
        let ended = match timeout(2 * PATIENCE, visit).await {
            Ok(ended) => ended,
            Err(_) => Err(Ended::Wrong("it does not end".to_owned())),
        };
        match ended {
            Ok(()) => self.shared.done.note(behaviour.kind()),
            Err(Ended::Error(error)) => {
                self.shared
                    .errors
                    .note(format!("{behaviour:?}: {}", name(&error)));
            }
            Err(Ended::Wrong(wrong)) => {
                let mut all = self.shared.wrong.lock().unwrap_or_else(PoisonError::into_inner);
                all.push(format!("{behaviour:?}: {wrong}"));
            }
        }
    }

    /// Waits for some time, but not once the clients are to go.
    async fn pause(&mut self, most: Duration) {
        let pause = most.mul_f64(self.rng.f64());
        let _ = timeout(pause, self.stopped.wait_for(|stopped| *stopped)).await;
    }

    async fn tcp(&self) -> Result<TcpStream, Ended> {
        Ok(TcpStream::connect(self.address).await?)
    }

    async fn open<S>(&self, stream: S) -> Result<ClientSocket<S>, Ended>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let socket = CONNECTOR.connect_over(stream, "ws://localhost/").await?;
        self.shared.done.note("come");
        Ok(socket)
    }

    fn len(&mut self) -> usize {
        match self.rng.u32(..10) {
            0 => self.rng.usize(..LONGEST),
            1..4 => self.rng.usize(..5000),
            _ => self.rng.usize(..300),
        }
    }

    /// Has this many messages come back, a few at a time.
    async fn talk<S>(
        &mut self,
        socket: &mut ClientSocket<S>,
        rounds: u32,
        pause: Duration,
        sent: &mut Numbers,
        received: &mut Numbers,
    ) -> Result<(), Ended>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        for _ in 0..rounds {
            let window = self.rng.u32(1..5);
            let mut left = 10_000;
            for _ in 0..window {
                // What comes back must find room while nobody reads.
                let len = self.len().min(left);
                left -= len;
                socket.feed(sent.message(len)).await?;
            }
            if self.rng.u32(..4) == 0 {
                socket.ping("soak").await?;
            }
            socket.flush().await?;
            for _ in 0..window {
                let Some(message) = socket.read().await? else {
                    return Err(Ended::Wrong("the server closes".to_owned()));
                };
                received.check(message.payload())?;
                self.shared.messages.fetch_add(1, Relaxed);
            }
            self.pause(pause).await;
            if *self.stopped.borrow() {
                break;
            }
        }
        Ok(())
    }

    /// Closes in good order: all that was sent has come back.
    async fn close<S>(
        &mut self,
        mut socket: ClientSocket<S>,
        sent: &Numbers,
        received: &Numbers,
    ) -> Result<(), Ended>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        socket.close(CloseCode::NORMAL_CLOSURE, "bye").await?;
        if received.count() != sent.count() {
            return Err(format!("{} of {} messages came back", received.count(), sent.count()).into());
        }
        let code = socket.received().close_code();
        if code != Some(CloseCode::NORMAL_CLOSURE) {
            return Err(format!("the Close is answered with {code:?}").into());
        }
        Ok(())
    }

    async fn go(&mut self) -> Result<(), Ended> {
        let mut socket = CONNECTOR.connect(&format!("ws://{}/", self.address)).await?;
        self.shared.done.note("come");
        let (mut sent, mut received) = (Numbers::default(), Numbers::default());
        let rounds = self.rng.u32(1..8);
        self.talk(
            &mut socket,
            rounds,
            Duration::from_secs(6),
            &mut sent,
            &mut received,
        )
        .await?;
        self.close(socket, &sent, &received).await
    }

    async fn flood(&mut self) -> Result<(), Ended> {
        let tcp = TcpSocket::new_v4()?;
        tcp.set_recv_buffer_size(SHORT_BUFFER)?;
        let mut socket = self.open(tcp.connect(self.address).await?).await?;
        let mut sent = Numbers::default();
        let flood = async {
            loop {
                if let Err(error) = socket.send(sent.message(16 << 10)).await {
                    break error;
                }
            }
        };
        // The server waits for five seconds, and then ends the connection.
        match timeout(PATIENCE, flood).await {
            Ok(Error::Io(_)) => Ok(()),
            Ok(error) => Err(error.into()),
            Err(_) => Err(Ended::Wrong("the server waits for ever".to_owned())),
        }
    }

    async fn silence(&mut self) -> Result<(), Ended> {
        let (mut tcp, _) = self.open(self.tcp().await?).await?.into_inner();
        // The beginning of a frame of 100 bytes.
        let begins = b"\x82\xe4\0\0\0\0silence";
        tcp.write_all(&begins[..self.rng.usize(..begins.len())]).await?;
        let mut bytes = Vec::new();
        match timeout(PATIENCE, tcp.read_to_end(&mut bytes)).await {
            Ok(_) if bytes.starts_with(b"\x89\x00") => Ok(()),
            Ok(_) => Err(format!("there is no Ping: {bytes:?}").into()),
            Err(_) => Err(Ended::Wrong("the server waits for ever".to_owned())),
        }
    }

    async fn drip(&mut self) -> Result<(), Ended> {
        let step = self.rng.usize(12..40);
        let slow = Slow::new(self.tcp().await?, step, Duration::from_millis(50));
        let mut socket = self.open(slow).await?;
        let (mut sent, mut received) = (Numbers::default(), Numbers::default());
        // On a machine that does other things too, each step may take ten times its pause.
        for _ in 0..self.rng.u32(1..4) {
            let len = self.rng.usize(8..300);
            socket.send(sent.message(len)).await?;
            let Some(message) = socket.read().await? else {
                return Err(Ended::Wrong("the server closes".to_owned()));
            };
            received.check(message.payload())?;
            self.shared.messages.fetch_add(1, Relaxed);
        }
        self.close(socket, &sent, &received).await
    }

    async fn reset(&mut self) -> Result<(), Ended> {
        let mut tcp = self.tcp().await?;
        if self.rng.u32(..4) == 0 {
            tcp.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nUpg").await?;
            tcp.set_zero_linger()?;
            return Ok(());
        }
        let mut socket = self.open(tcp).await?;
        let (mut sent, mut received) = (Numbers::default(), Numbers::default());
        let rounds = self.rng.u32(..3);
        self.talk(
            &mut socket,
            rounds,
            Duration::from_secs(4),
            &mut sent,
            &mut received,
        )
        .await?;
        // What is begun here does not end.
        let message = sent.message(60_000);
        let _ = timeout(Duration::ZERO, socket.send(message)).await;
        socket.into_inner().0.set_zero_linger()?;
        Ok(())
    }

    async fn misbehave(&mut self) -> Result<(), Ended> {
        let at = self.rng.usize(..FAULTS.len() + REQUESTS.len());
        let mut bytes = Vec::new();
        if let Some((fault, code)) = FAULTS.get(at) {
            let (mut tcp, _) = self.open(self.tcp().await?).await?.into_inner();
            tcp.write_all(fault).await?;
            read_end(&mut tcp, &mut bytes).await?;
            let [0x88, _, high, low, ..] = bytes[..] else {
                return Err(format!("{fault:x?} is answered with {bytes:x?}").into());
            };
            let answered = u16::from_be_bytes([high, low]);
            if answered != *code {
                return Err(format!("{fault:x?} is closed with {answered}").into());
            }
            return Ok(());
        }
        let (request, begins) = REQUESTS[at - FAULTS.len()];
        let mut tcp = self.tcp().await?;
        tcp.write_all(request).await?;
        read_end(&mut tcp, &mut bytes).await?;
        if !bytes.starts_with(begins.as_bytes()) {
            let (request, answer) = (String::from_utf8_lossy(request), String::from_utf8_lossy(&bytes));
            return Err(format!("{request:?} is answered with {answer:?}").into());
        }
        Ok(())
    }
}

/// Reads until the server ends the stream.
async fn read_end(tcp: &mut TcpStream, bytes: &mut Vec<u8>) -> Result<(), Ended> {
    match timeout(PATIENCE, tcp.read_to_end(bytes)).await {
        Ok(read) => Ok(read.map(drop)?),
        Err(_) => Err(Ended::Wrong("the server does not end the stream".to_owned())),
    }
}
