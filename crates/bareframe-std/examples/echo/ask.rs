//! What a page can ask the server to send, because a browser can't. The echo server for a microcontroller uses it too.

use crate::json::Quoted;
use core::fmt::{self, Display, Formatter};

/// Something to ask for: what the page says, what it shows a person, and the section of RFC 6455 it is about.
pub(crate) struct Ask {
    pub(crate) name: &'static str,
    label: &'static str,
    section: &'static str,
    /// The bytes of a broken frame; empty for a correct one.
    pub(crate) broken: &'static [u8],
}

pub(crate) const ASKS: &[Ask] = &[
    Ask::sound("ping", "Ping", "5.5.2"),
    Ask::sound("pong", "Pong", "5.5.3"),
    Ask::sound("fragments", "Fragments", "5.4"),
    Ask::sound("close", "Close", "5.5.1"),
    Ask::broken(
        "broken rsv",
        "A reserved bit without an extension",
        "5.2",
        b"\xa1\x05Hello",
    ),
    Ask::broken("broken opcode", "A reserved opcode", "5.2", b"\x83\x05Hello"),
    Ask::broken(
        "broken mask",
        "A masked frame from a server",
        "5.1",
        b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
    ),
    Ask::broken(
        "broken length",
        "A length in more bytes than it needs",
        "5.2",
        b"\x81\x7e\x00\x05Hello",
    ),
    Ask::broken(
        "broken top-bit",
        "A length of 2^63 bytes",
        "5.2",
        b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00",
    ),
    Ask::broken(
        "broken order",
        "A continuation of nothing",
        "5.4",
        b"\x80\x05Hello",
    ),
    Ask::broken(
        "broken interleaved",
        "A message inside another",
        "5.4",
        b"\x01\x03Hel\x81\x02lo",
    ),
    Ask::broken(
        "broken fragmented-ping",
        "A Ping in fragments",
        "5.5",
        b"\x09\x05Hello",
    ),
    Ask::broken(
        "broken long-ping",
        "A Ping longer than 125 bytes",
        "5.5",
        b"\x89\x7e\x00\x7e",
    ),
    Ask::broken(
        "broken text",
        "Text that is not UTF-8",
        "8.1",
        b"\x81\x05Hell\xff",
    ),
    Ask::broken(
        "broken half-code",
        "A Close with half a code",
        "5.5.1",
        b"\x88\x01\x03",
    ),
    Ask::broken(
        "broken code",
        "A Close with code 1005",
        "7.4",
        b"\x88\x02\x03\xed",
    ),
    Ask::broken(
        "broken reason",
        "A Close reason that is not UTF-8",
        "5.5.1",
        b"\x88\x03\x03\xe8\xff",
    ),
];

impl Ask {
    const fn sound(name: &'static str, label: &'static str, section: &'static str) -> Ask {
        Ask::broken(name, label, section, b"")
    }

    const fn broken(
        name: &'static str,
        label: &'static str,
        section: &'static str,
        broken: &'static [u8],
    ) -> Ask {
        Ask {
            name,
            label,
            section,
            broken,
        }
    }
}

/// The first report to a page: the server's name, where to connect so that it can watch, and what it can ask for.
pub(crate) struct Hello<T> {
    pub(crate) server: &'static str,
    pub(crate) echo: T,
    /// It can agree to compression, if the page asks for it by the query.
    pub(crate) compression: bool,
}

impl<T: Display> Display for Hello<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (server, echo) = (Quoted(self.server), Quoted(&self.echo));
        write!(f, r#"{{"hello":{server},"echo":{echo},"#)?;
        if self.compression {
            f.write_str(r#""compression":true,"#)?;
        }
        f.write_str(r#""can":["#)?;
        for (number, ask) in ASKS.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            write!(f, "{comma}{ask}")?;
        }
        f.write_str("]}")
    }
}

impl Display for Ask {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (name, label, section) = (Quoted(self.name), Quoted(self.label), Quoted(self.section));
        write!(f, r#"{{"do":{name},"label":{label},"section":{section}}}"#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::Frames;
    use bareframe::Rules;
    use core::iter;

    #[test]
    fn broken_frames_are_broken_where_they_say() {
        for ask in ASKS.iter().filter(|ask| !ask.broken.is_empty()) {
            let mut frames = Frames::<()>::new(Rules::FROM_SERVER);
            let mut bytes = ask.broken;
            let last = iter::from_fn(|| frames.next(&mut bytes)).last();
            let fault = last.and_then(|frame| frame.fault);
            assert_eq!(
                fault.map(|fault| fault.error.section()),
                Some(ask.section),
                "{}",
                ask.name
            );
        }
    }
}
