//! The connections of a capture, each with both of its directions.

use crate::protocol::{self, Protocol};
use crate::reassembly::Reassembly;
use crate::segment::Segment;
use crate::stream::Stream;
use bareframe::Rules;
use bareframe_deflate::Parameters;
use std::collections::HashMap;
use std::io::{self, Write};
use std::net::SocketAddr;

/// Sorts segments by connection.
pub(crate) struct Connections {
    /// The server's port, if only its connections count.
    port: Option<u16>,
    /// How messages are compressed where no response says it.
    deflate: Option<Parameters>,
    /// The latest connection between two ends, the smaller address first.
    latest: HashMap<[SocketAddr; 2], usize>,
    all: Vec<Connection>,
}

struct Connection {
    client: SocketAddr,
    server: SocketAddr,
    from_client: Direction,
    from_server: Direction,
    /// What was found, in the order in which it came.
    found: Vec<u8>,
}

struct Direction {
    reassembly: Reassembly,
    stream: Stream,
    /// The first bytes.
    start: Vec<u8>,
}

impl Connections {
    pub(crate) fn new(port: Option<u16>, deflate: Option<Parameters>) -> Connections {
        Connections {
            port,
            deflate,
            latest: HashMap::new(),
            all: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, segment: &Segment<'_>) -> io::Result<()> {
        let ports = [segment.from.port(), segment.to.port()];
        if self.port.is_some_and(|port| !ports.contains(&port)) {
            return Ok(());
        }
        let mut ends = [segment.from, segment.to];
        ends.sort();
        let known = self.latest.get(&ends).copied();
        let index = known.filter(|index| !self.all[*index].is_ended_by(segment));
        let index = index.unwrap_or_else(|| {
            self.all.push(Connection::new(segment, self.port, self.deflate));
            self.all.len() - 1
        });
        self.latest.insert(ends, index);
        self.all[index].push(segment)
    }

    /// Writes all that was found, and returns `true` if all of it was right.
    pub(crate) fn finish(self, out: &mut dyn Write) -> io::Result<bool> {
        let (shown, others): (Vec<_>, Vec<_>) = self.all.into_iter().partition(|connection| {
            // Without HTTP there was no opening handshake, unless the user has named the port.
            self.port.is_some() || connection.has_http()
        });
        let (shown, others) = match shown.is_empty() {
            true => (others, shown),
            false => (shown, others),
        };
        if shown.is_empty() {
            match self.port {
                Some(port) => writeln!(out, "The capture has no TCP segment of port {port}.")?,
                None => writeln!(out, "The capture has no TCP segment.")?,
            }
            return Ok(false);
        }
        let mut right = true;
        for (number, connection) in (1..).zip(shown) {
            right &= connection.finish(number, out)?;
        }
        if !others.is_empty() {
            let mut ports: Vec<u16> = others.iter().map(|connection| connection.server.port()).collect();
            ports.sort_unstable();
            ports.dedup();
            writeln!(
                out,
                "Not shown, since there is no HTTP in them: {} connections, of ports {ports:?}; --port shows one.",
                others.len()
            )?;
        }
        Ok(right)
    }
}

impl Connection {
    /// The client is the end that sends a SYN alone. Without a SYN it is the end that does not have the requested port,
    /// or else the one with the larger port, and then masking is not checked.
    fn new(segment: &Segment<'_>, port: Option<u16>, deflate: Option<Parameters>) -> Connection {
        let Segment { from, to, .. } = *segment;
        let from_client = match (segment.syn, port) {
            (true, _) => !segment.ack,
            (false, Some(port)) => to.port() == port,
            (false, None) => to.port() < from.port(),
        };
        let (client, server) = if from_client { (from, to) } else { (to, from) };
        let (client_rules, server_rules) = match segment.syn {
            true => (Rules::FROM_CLIENT, Rules::FROM_SERVER),
            false => (Rules::ANY, Rules::ANY),
        };
        Connection {
            client,
            server,
            from_client: Direction::new("Client: ", client_rules, deflate),
            from_server: Direction::new("Server: ", server_rules, deflate),
            found: Vec::new(),
        }
    }

    /// Returns `true` if this is the first segment of another connection between the same ends.
    fn is_ended_by(&self, segment: &Segment<'_>) -> bool {
        let direction = match segment.from == self.client {
            true => &self.from_client,
            false => &self.from_server,
        };
        segment.syn
            && (direction.reassembly.is_other(segment.sequence)
                || !segment.ack && segment.from != self.client)
    }

    fn push(&mut self, segment: &Segment<'_>) -> io::Result<()> {
        let direction = match segment.from == self.client {
            true => &mut self.from_client,
            false => &mut self.from_server,
        };
        direction.push(segment, &mut self.found)?;
        // What the server's response agrees to is in use in both directions.
        if let Some(parameters) = self.from_server.stream.take_agreed() {
            self.from_client.stream.agree(parameters);
        }
        Ok(())
    }

    fn has_http(&self) -> bool {
        [&self.from_client, &self.from_server]
            .iter()
            .any(|direction| protocol::recognise(&direction.start) == Some(Protocol::Http))
    }

    fn finish(mut self, number: u64, out: &mut dyn Write) -> io::Result<bool> {
        let Connection { client, server, .. } = self;
        writeln!(out, "Connection {number}: client {client}, server {server}")?;
        let right = self.from_client.finish(&mut self.found)? & self.from_server.finish(&mut self.found)?;
        out.write_all(&self.found)?;
        Ok(right)
    }
}

impl Direction {
    fn new(from: &'static str, rules: Rules, deflate: Option<Parameters>) -> Direction {
        Direction {
            reassembly: Reassembly::default(),
            stream: Stream::new(from, rules, deflate),
            start: Vec::new(),
        }
    }

    fn push(&mut self, segment: &Segment<'_>, found: &mut Vec<u8>) -> io::Result<()> {
        let mut sequence = segment.sequence;
        if segment.syn {
            self.reassembly.begin(sequence);
            sequence = sequence.wrapping_add(1);
        }
        let bytes = self.reassembly.push(sequence, segment.payload);
        let room = 16_usize.saturating_sub(self.start.len());
        self.start.extend(bytes.iter().take(room));
        self.stream.push(&bytes, found)
    }

    fn finish(&mut self, found: &mut Vec<u8>) -> io::Result<bool> {
        let mut right = self.stream.is_empty() || self.stream.finish(found)?;
        let from = self.stream.from();
        if let Some(gap) = self.reassembly.gap() {
            right = false;
            writeln!(
                found,
                "{from}The capture lacks {} after byte {}; {} after them are not decoded.",
                crate::words::count(gap.len),
                gap.offset,
                crate::words::count(gap.after),
            )?;
        }
        let Reassembly {
            retransmitted, early, ..
        } = self.reassembly;
        if retransmitted > 0 || early > 0 {
            writeln!(
                found,
                "{from}Segments retransmitted: {retransmitted}; segments that came too early: {early}."
            )?;
        }
        Ok(right)
    }
}
