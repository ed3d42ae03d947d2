//! `defmt` output of the types that do not show their fields: the same as that of their `Debug`.

use crate::handshake::head::{Header, Headers};
use crate::handshake::key::{Accept, Key};
use crate::handshake::list::{Extension, Extensions, Param, ParamValue, Params, Subprotocols};
use crate::handshake::request::Request;
use crate::handshake::response::{Established, Response};
use crate::handshake::status::Status;
use crate::handshake::upgrade::Upgrade;
use defmt::{Format, Formatter, write};

impl Format for Key {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Key({=str})", self.as_str());
    }
}

impl Format for Accept {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Accept({=str})", self.as_str());
    }
}

impl Format for Status {
    fn format(&self, f: Formatter<'_>) {
        match self.reason() {
            "" => write!(f, "Status({=u16})", self.number()),
            reason => write!(f, "Status({=u16} {=str})", self.number(), reason),
        }
    }
}

impl Format for Header<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Header({=str}: {=[u8]:a})", self.name(), self.value());
    }
}

impl Format for Headers<'_> {
    fn format(&self, f: Formatter<'_>) {
        list(f, self.clone());
    }
}

impl Format for Request<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "Request {{ method: {=str:?}, target: {=str:?}, version: {}, headers: {} }}",
            self.method(),
            self.target(),
            self.version(),
            self.headers()
        );
    }
}

impl Format for Response<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "Response {{ version: {}, status: {=u16}, reason: {=[u8]:a}, headers: {} }}",
            self.version(),
            self.status(),
            self.reason(),
            self.headers()
        );
    }
}

impl Format for Upgrade<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "Upgrade {{ key: {}, subprotocols: {}, extensions: {} }}",
            self.key(),
            self.subprotocols(),
            self.extensions()
        );
    }
}

impl Format for Established<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "Established {{ subprotocol: {}, extensions: {} }}",
            self.subprotocol(),
            self.extensions()
        );
    }
}

impl Format for Subprotocols<'_> {
    fn format(&self, f: Formatter<'_>) {
        list(f, self.clone());
    }
}

impl Format for Extensions<'_> {
    fn format(&self, f: Formatter<'_>) {
        list(f, self.clone());
    }
}

impl Format for Extension<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Extension({=str}", self.name());
        for param in self.params() {
            write!(f, "; ");
            unnamed(f, param);
        }
        write!(f, ")");
    }
}

impl Format for Params<'_> {
    fn format(&self, f: Formatter<'_>) {
        list(f, self.clone());
    }
}

impl Format for Param<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Param(");
        unnamed(f, *self);
        write!(f, ")");
    }
}

impl Format for ParamValue<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "ParamValue(");
        token(f, *self);
        write!(f, ")");
    }
}

/// The elements in brackets, as `Debug` shows a list.
fn list(f: Formatter<'_>, elements: impl Iterator<Item = impl Format>) {
    write!(f, "[");
    for (at, element) in elements.enumerate() {
        if at > 0 {
            write!(f, ", ");
        }
        write!(f, "{}", element);
    }
    write!(f, "]");
}

/// The parameter without its type's name.
fn unnamed(f: Formatter<'_>, param: Param<'_>) {
    write!(f, "{=str}", param.name());
    if let Some(value) = param.value() {
        write!(f, "=");
        token(f, value);
    }
}

fn token(f: Formatter<'_>, value: ParamValue<'_>) {
    for byte in value.bytes() {
        write!(f, "{=char}", char::from(byte));
    }
}
