//! `defmt` output of the types that do not show their fields: the same as that of their `Debug`.

use crate::close::CloseCode;
use crate::close_reason::CloseReason;
use crate::control::{ControlFrame, ControlPayload};
use crate::extension::Extension;
use crate::header::{FrameHeader, HeaderBytes};
use crate::mask::MaskingKey;
use crate::memory::Memory;
use crate::message::ChunkFlags;
use crate::opcode::Rsv;
use crate::role::Client;
use crate::session::{Inbound, Outbound, Session};
use defmt::{Format, Formatter, write};

impl Format for ControlPayload {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "ControlPayload({=[u8]:02x})", self);
    }
}

impl Format for ControlFrame {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "ControlFrame({=[u8]:02x})", self);
    }
}

impl Format for HeaderBytes {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "HeaderBytes({=[u8]:02x})", self);
    }
}

impl Format for FrameHeader {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "FrameHeader {{ payload_len: {=u64}, masking_key: {}, opcode: {}, rsv: {}, fin: {=bool} }}",
            self.payload_len(),
            self.masking_key(),
            self.opcode(),
            self.rsv(),
            self.fin()
        );
    }
}

impl Format for CloseCode {
    fn format(&self, f: Formatter<'_>) {
        match self.name() {
            "" => write!(f, "CloseCode({=u16})", self.number()),
            name => write!(f, "CloseCode({=u16} {=str})", self.number(), name),
        }
    }
}

impl Format for CloseReason {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "CloseReason {{ code: {}, reason: {=str:?} }}",
            self.code(),
            self.reason()
        );
    }
}

impl Format for MaskingKey {
    fn format(&self, f: Formatter<'_>) {
        let [a, b, c, d] = self.to_bytes();
        write!(
            f,
            "MaskingKey({=u8:02x} {=u8:02x} {=u8:02x} {=u8:02x})",
            a, b, c, d
        );
    }
}

impl Format for Rsv {
    fn format(&self, f: Formatter<'_>) {
        let [one, two, three] = [Rsv::RSV1, Rsv::RSV2, Rsv::RSV3].map(|bit| u8::from(self.contains(bit)));
        write!(f, "Rsv({=u8}{=u8}{=u8})", one, two, three);
    }
}

impl Format for ChunkFlags {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "ChunkFlags {{ kind: {}, rsv: {}, first: {=bool}, last: {=bool}, whole_characters: {=bool} }}",
            self.kind(),
            self.rsv(),
            self.is_first(),
            self.is_last(),
            self.is_whole_characters()
        );
    }
}

impl<R: Format, I: Memory, X: Extension> Format for Inbound<R, I, X> {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "Inbound {{ receiver: {}, unread: {=usize} }}",
            self.receiver(),
            self.unread_len()
        );
    }
}

impl<R: Format, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> Format for Outbound<R, O, X> {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "Outbound {{ sender: {}, queued: {=usize} }}",
            self.sender(),
            self.queued_len()
        );
    }
}

impl<R: Format, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> Format for Session<R, I, O, X> {
    fn format(&self, f: Formatter<'_>) {
        let (inbound, outbound) = self.halves();
        write!(f, "Session {{ inbound: {}, outbound: {} }}", inbound, outbound);
    }
}

/// Shows nothing of the source of keys, which must not be in logs.
impl<K> Format for Client<K> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Client");
    }
}
