//! A stream in memory that gives and takes bytes as a test wants it to.

#![allow(dead_code, reason = "each test uses its part")]

use bareframe_std::{
    Aborter, Deadline, Options, ReadHalf, Server, SharedSocket, Stream, WebSocket, WriteHalf,
};
use bareframe_testkit::{Frame, Side};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

/// What a call of `read` finds.
#[derive(Clone, Debug)]
pub(crate) enum Arrives {
    /// These bytes, or as many of them as the reader has room for.
    Bytes(Vec<u8>),
    /// This error, once.
    Error(ErrorKind),
}

/// What becomes of a call of `write`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Takes {
    /// At most this many bytes are taken.
    Most(usize),
    /// This error.
    Error(ErrorKind),
}

/// What arrives, then the end; and what was written, call by call. Writes are taken as the plan says, over
/// and over.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) arrives: VecDeque<Arrives>,
    pub(crate) plan: VecDeque<Takes>,
    /// One entry for each call that took bytes.
    pub(crate) writes: Vec<Vec<u8>>,
}

impl Wire {
    /// Each of these that is not empty comes in one read; writes are taken whole.
    pub(crate) fn new<O: Into<Vec<u8>>>(reads: impl IntoIterator<Item = O>) -> Wire {
        Wire {
            arrives: reads
                .into_iter()
                .map(Into::into)
                .filter(|bytes: &Vec<u8>| !bytes.is_empty())
                .map(Arrives::Bytes)
                .collect(),
            plan: VecDeque::from([Takes::Most(usize::MAX)]),
            writes: Vec::new(),
        }
    }

    /// Has writes taken like this, over and over.
    pub(crate) fn taking(mut self, plan: impl IntoIterator<Item = Takes>) -> Wire {
        self.plan = plan.into_iter().collect();
        self
    }

    /// Puts an error before each read.
    pub(crate) fn stumbling(mut self, kind: ErrorKind) -> Wire {
        self.arrives = self
            .arrives
            .into_iter()
            .flat_map(|bytes| [Arrives::Error(kind), bytes])
            .collect();
        self
    }

    /// Returns all that was written.
    pub(crate) fn written(&self) -> Vec<u8> {
        self.writes.concat()
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.arrives.pop_front() {
            Some(Arrives::Bytes(mut bytes)) => {
                let len = bytes.len().min(buffer.len());
                buffer[..len].copy_from_slice(&bytes[..len]);
                bytes.drain(..len);
                if !bytes.is_empty() {
                    self.arrives.push_front(Arrives::Bytes(bytes));
                }
                Ok(len)
            }
            Some(Arrives::Error(kind)) => Err(kind.into()),
            None => Ok(0),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.plan.rotate_left(1);
        match self.plan.back() {
            Some(Takes::Most(most)) => {
                let bytes: Vec<u8> = slices
                    .iter()
                    .flat_map(|slice| slice.iter().copied())
                    .take(*most)
                    .collect();
                let len = bytes.len();
                self.writes.push(bytes);
                Ok(len)
            }
            Some(Takes::Error(kind)) => Err((*kind).into()),
            None => Ok(0),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Wire {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        deadline.left()?;
        self.read(buffer)
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        deadline.left()?;
        self.write_vectored(slices)
    }

    fn flush_by(&mut self, deadline: Deadline) -> io::Result<()> {
        deadline.left()?;
        self.flush()
    }

    fn shutdown(&mut self, _: Shutdown) -> io::Result<()> {
        Ok(())
    }

    fn set_nodelay(&self) -> io::Result<()> {
        Ok(())
    }

    fn aborter(&self) -> io::Result<Aborter> {
        Err(ErrorKind::Unsupported.into())
    }
}

pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Returns what arrives at an end with this role.
pub(crate) fn arriving(at: Side, frames: &[Frame]) -> Vec<u8> {
    frames
        .iter()
        .flat_map(|frame| frame.clone().masked_for(at, KEY).to_bytes())
        .collect()
}

/// Two ends of a TCP connection.
pub(crate) fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_read_timeout(Some(10 * SECOND)).unwrap();
    (listener.accept().unwrap().0, peer)
}

pub(crate) type Halves = (
    ReadHalf<SharedSocket<TcpStream>, Server>,
    WriteHalf<SharedSocket<TcpStream>, Server>,
);

pub(crate) fn halves(options: &Options) -> (Halves, TcpStream) {
    let (stream, peer) = tcp();
    (WebSocket::server(stream, options).split(), peer)
}
