//! One task for each connection, all in one thread. A task waits for one thing at a time, so that a client that reads nothing holds up
//! itself and nobody else.

use bareframe::{handshake::*, *};
use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};
use monoio::{IoUringDriver, RuntimeBuilder};
use std::error::Error;

type Failure = Box<dyn Error>;

const CONFIG: Config = Config::DEFAULT.with_limits(Limits::DEFAULT.with_message(1 << 20));
/// How many bytes are read at once.
const READ_LEN: usize = 16 << 10;
/// How long the head of a request may be.
const HEAD_LEN: usize = 16 << 10;

struct Client {
    stream: TcpStream,
    session: Session<Server, Option<Box<[u8]>>, [u8; 512]>,
    assembler: Assembler<Vec<u8>>,
}

/// Serves forever.
pub(crate) fn serve(listener: std::net::TcpListener) -> Result<(), Failure> {
    println!("The echo is at ws://{}/.", listener.local_addr()?);
    let mut runtime = RuntimeBuilder::<IoUringDriver>::new().build()?;
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            monoio::spawn(async move {
                if let Err(error) = Client::new(stream).converse().await {
                    eprintln!("{error}");
                }
            });
        }
    })
}

impl Client {
    fn new(stream: TcpStream) -> Client {
        Client {
            stream,
            session: Session::new(Connection::server(CONFIG), None, [0; 512]),
            assembler: Assembler::new(Vec::new()),
        }
    }

    /// Answers the request, and echoes until the connection has ended.
    async fn converse(&mut self) -> Result<(), Failure> {
        self.stream.set_nodelay(true)?;
        let first = self.open().await?;
        if !first.is_empty() {
            let len = first.len();
            let _ = self.session.put_memory(first.into());
            self.session.read(len);
        }
        loop {
            let message = match self.session.next_message(&mut self.assembler)? {
                Next::Closed => return Ok(()),
                Next::Ready => self.session.message(&mut self.assembler).ok_or("it is ready")?,
                next => {
                    self.perform(next, &mut Frame::NONE.clone()).await?;
                    continue;
                }
            };
            let (mut unsent, payload) = (Frame::from(&message).unsent(), message.payload().to_vec());
            loop {
                let mut frame = unsent.frame(&payload);
                match self.session.next_sent(&mut frame) {
                    // If it can't be sent any more, what the peer sends says why.
                    Ok(Next::Ready) | Err(SendError::Closed) => break,
                    next => self.perform(next?, &mut frame).await?,
                }
                unsent = frame.unsent();
            }
        }
    }
    /// Reads or writes once, with memory that is the kernel's until that is done.
    async fn perform(&mut self, next: Next, frame: &mut Frame<'_>) -> Result<(), Failure> {
        match next {
            Next::Read | Next::Memory => {
                // Nothing in it is unread: a message in pieces is gathered elsewhere.
                let memory = self
                    .session
                    .take_memory()
                    .filter(|memory| memory.len() == READ_LEN);
                let memory = memory.unwrap_or_else(|| vec![0; READ_LEN].into());
                let (read, memory) = self.stream.read(memory).await;
                let _ = self.session.put_memory(memory);
                self.session.read(read?);
            }
            Next::Write => {
                let (written, _) = self.stream.write_all(self.session.to_write(frame).concat()).await;
                self.session.performed(next, written, frame)?;
            }
            // TCP has nothing to flush.
            _ => self.session.performed::<Failure>(next, Ok(0), frame)?,
        }
        Ok(())
    }

    /// Answers the request, and returns what has come after it.
    async fn open(&mut self) -> Result<Vec<u8>, Failure> {
        let (mut arrived, mut end) = (Vec::new(), HeadEnd::new(HEAD_LEN));
        let mut memory: Box<[u8]> = vec![0; READ_LEN].into();
        while !end.arrived(&arrived)? {
            let read;
            (read, memory) = self.stream.read(memory).await;
            match read? {
                0 => return Err("the stream has ended within the request".into()),
                len => arrived.extend_from_slice(&memory[..len]),
            }
        }
        let ((request, head_len), mut out) = (Request::parse(&arrived)?, vec![0; 1024]);
        let (len, checked) = request.answer(&Choice::DEFAULT, &mut out)?;
        out.truncate(len);
        self.stream.write_all(out).await.0?;
        checked?;
        Ok(arrived.split_off(head_len))
    }
}

#[cfg(test)]
mod tests;
