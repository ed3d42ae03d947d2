//! One direction of a connection: HTTP heads, TLS records and frames, each as soon as it is whole.

use crate::escape::escape;
use crate::frames::Frames;
use crate::inflate::{MessageInflater, agreed_in};
use crate::protocol::{self, HeadEnd, Protocol};
use crate::words;
use bareframe::{Rsv, Rules};
use bareframe_deflate::Parameters;
use std::io::{self, Read, Write};
use std::mem;

/// The longest head of HTTP, in bytes.
const HEAD_MAX: usize = 64 << 10;

/// The bytes of one direction, which may come in pieces of any size.
pub(crate) struct Stream {
    /// What is written in front of each thing that is found: who sent it, if that is known.
    from: &'static str,
    state: State,
    frames: Frames<MessageInflater>,
    rules: Rules,
    /// What a response has agreed to that was not told to the other direction.
    agreed: Option<Parameters>,
    count: u64,
    /// The bytes whose protocol is not known yet.
    pending: Vec<u8>,
    /// How many bytes were taken, and how many of them were no frames.
    offset: u64,
    others: u64,
    right: bool,
}

enum State {
    /// Something begins.
    Between,
    Frame,
    Head(HeadEnd),
    /// The content after a head: how many bytes of it are left.
    Content(u64),
    /// How many bytes of this record of TLS are left.
    Tls(u64),
    /// The rest can't be decoded.
    Ignored,
}

/// Writes what the bytes are in words, and returns `true` if all of them are right.
pub(crate) fn decode(
    rules: Rules,
    deflate: Option<Parameters>,
    mut input: impl Read,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let mut stream = Stream::new("", rules, deflate);
    let mut buffer = [0; 16 * 1024];
    loop {
        let len = input.read(&mut buffer)?;
        if len == 0 {
            break;
        }
        stream.push(&buffer[..len], out)?;
    }
    if stream.is_empty() {
        writeln!(out, "There are no bytes.")?;
        return Ok(false);
    }
    stream.finish(out)
}

impl Stream {
    pub(crate) fn new(from: &'static str, rules: Rules, deflate: Option<Parameters>) -> Stream {
        // Compressed messages of which nobody knows how they are compressed are shown as they are.
        let rules = rules.with_rsv(Rsv::RSV1);
        let mut stream = Stream {
            from,
            state: State::Between,
            frames: Frames::new(rules),
            rules,
            agreed: None,
            count: 0,
            pending: Vec::new(),
            offset: 0,
            others: 0,
            right: true,
        };
        if let Some(parameters) = deflate {
            stream.agree(parameters);
        }
        stream
    }

    /// Says how messages are compressed.
    pub(crate) fn agree(&mut self, parameters: Parameters) {
        self.frames.agree(MessageInflater::new(parameters), self.rules);
    }

    /// Returns what a response in this stream has agreed to, once.
    pub(crate) fn take_agreed(&mut self) -> Option<Parameters> {
        self.agreed.take()
    }

    pub(crate) fn from(&self) -> &'static str {
        self.from
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.offset == 0 && self.pending.is_empty()
    }

    /// Writes what became whole by these bytes.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let mut input = mem::take(&mut self.pending);
        input.extend_from_slice(bytes);
        let mut rest = &input[..];
        while !rest.is_empty() && self.step(&mut rest, out)? {}
        let taken = input.len() - rest.len();
        input.drain(..taken);
        self.pending = input;
        Ok(())
    }

    /// Writes what is not whole, and returns `true` if all was right.
    pub(crate) fn finish(&mut self, out: &mut dyn Write) -> io::Result<bool> {
        let from = self.from;
        if matches!(self.state, State::Between) {
            // The incomplete beginning of another protocol is a wrong frame.
            self.state = State::Frame;
            self.push(&[], out)?;
        }
        match self.state {
            State::Head(_) => {
                self.write_lines(&self.pending, out)?;
                writeln!(out, "{from}The bytes end inside the head.")?;
            }
            State::Content(left) => {
                writeln!(out, "{from}The bytes end inside the content: {left} are missing.")?;
            }
            State::Tls(left) if left > 0 || !self.pending.is_empty() => {
                writeln!(out, "{from}The bytes end inside a record of TLS.")?;
            }
            _ => match self.frames.unfinished() {
                None => return Ok(self.right),
                Some(mut frame) => {
                    frame.offset += self.others;
                    words::write_unfinished(out, from, self.count + 1, &frame)?;
                }
            },
        }
        self.right = false;
        Ok(false)
    }

    /// Processes some of the bytes, or returns `false` if more are needed first.
    fn step(&mut self, rest: &mut &[u8], out: &mut dyn Write) -> io::Result<bool> {
        match self.state {
            State::Between => return self.begin(rest, out),
            State::Frame => self.next_frame(rest, out)?,
            State::Head(ref mut end) => {
                let len = end.arrived(rest);
                return self.end_head(rest, len, out);
            }
            State::Content(left) => {
                self.state = match left - self.skip(rest, left) {
                    0 => State::Between,
                    left => State::Content(left),
                }
            }
            State::Tls(0) => return self.next_record(rest, out),
            State::Tls(left) => self.state = State::Tls(left - self.skip(rest, left)),
            State::Ignored => _ = self.skip(rest, u64::MAX),
        }
        Ok(true)
    }

    fn begin(&mut self, rest: &[u8], out: &mut dyn Write) -> io::Result<bool> {
        let Some(protocol) = protocol::recognise(rest) else {
            return Ok(false);
        };
        let (from, offset) = (self.from, self.offset);
        self.state = match protocol {
            Protocol::WebSocket => State::Frame,
            Protocol::Http => {
                writeln!(out, "{from}This is HTTP, from byte {offset}:")?;
                State::Head(HeadEnd::default())
            }
            Protocol::Http2 => {
                writeln!(
                    out,
                    "{from}This is HTTP/2, from byte {offset}; WebSockets in it (RFC 8441) are not decoded."
                )?;
                State::Ignored
            }
            Protocol::Tls => {
                writeln!(
                    out,
                    "{from}This is TLS, from byte {offset}: what is in it is encrypted. Its records:"
                )?;
                State::Tls(0)
            }
        };
        Ok(true)
    }

    fn next_frame(&mut self, rest: &mut &[u8], out: &mut dyn Write) -> io::Result<()> {
        let before = rest.len();
        let frame = self.frames.next(rest);
        self.offset += (before - rest.len()) as u64;
        if let Some(mut frame) = frame {
            self.count += 1;
            self.state = State::Between;
            frame.offset += self.others;
            if let Some(fault) = &mut frame.fault {
                fault.offset += self.others;
                self.state = State::Ignored;
                self.right = false;
            }
            words::write_frame(out, self.from, self.count, &frame)?;
        }
        Ok(())
    }

    /// Processes the head if its end has arrived.
    fn end_head(&mut self, rest: &mut &[u8], len: Option<usize>, out: &mut dyn Write) -> io::Result<bool> {
        let Some(len) = len else {
            if rest.len() < HEAD_MAX {
                return Ok(false);
            }
            writeln!(out, "{}The head is longer than {HEAD_MAX} bytes.", self.from)?;
            self.state = State::Ignored;
            self.right = false;
            return Ok(true);
        };
        let head = &rest[..len];
        self.write_lines(head, out)?;
        let head = String::from_utf8_lossy(head);
        if let Some(parameters) = agreed_in(&head) {
            self.agreed = Some(parameters);
            self.agree(parameters);
        }
        let content = protocol::content_len(&head);
        match content {
            None => words::line(out, "content", "up to the end")?,
            Some(0) => {}
            Some(len) => words::line(out, "content", &words::count(len))?,
        }
        self.skip(rest, len as u64);
        self.state = match content {
            Some(0) => State::Between,
            Some(len) => State::Content(len),
            None => State::Ignored,
        };
        Ok(true)
    }

    fn write_lines(&self, head: &[u8], out: &mut dyn Write) -> io::Result<()> {
        for line in String::from_utf8_lossy(head)
            .lines()
            .filter(|line| !line.is_empty())
        {
            writeln!(out, "  {}", escape(line))?;
        }
        Ok(())
    }

    fn next_record(&mut self, rest: &mut &[u8], out: &mut dyn Write) -> io::Result<bool> {
        match **rest {
            [content_type, _, _, high, low, ..] if protocol::is_tls_record(rest) => {
                let len = u16::from_be_bytes([high, low]).into();
                let name = protocol::tls_record(content_type);
                writeln!(out, "  {name}, {}", words::count(len))?;
                self.skip(rest, 5);
                self.state = State::Tls(len);
            }
            [0x14..=0x17] | [0x14..=0x17, 3] | [0x14..=0x17, 3, 0..=4, ..] => return Ok(false),
            _ => self.state = State::Between,
        }
        Ok(true)
    }

    /// Skips at most this many bytes, which are not of a frame, and returns how many.
    fn skip(&mut self, rest: &mut &[u8], max: u64) -> u64 {
        let len = rest.len().min(usize::try_from(max).unwrap_or(usize::MAX));
        *rest = &rest[len..];
        self.offset += len as u64;
        self.others += len as u64;
        len as u64
    }
}
