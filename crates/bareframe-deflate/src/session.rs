//! Deflate: permessage-deflate as the extension of a session.

mod inbound;
mod lease;
mod outbound;
mod own;

pub use inbound::InboundDeflate;
pub use lease::{DeflaterLease, InflaterLease, Pool, PooledDeflater, PooledInflater};
pub use outbound::OutboundDeflate;
pub use own::{OwnDeflate, OwnHalves, OwnMemory};

use bareframe::{Extension, Memory};
use core::fmt;
use core::marker::PhantomData;

/// permessage-deflate as the [`Extension`] of a session (RFC 7692), once it was agreed on in the opening handshake.
///
/// `I` is an [`Inflater`](crate::Inflater) with its window in the memory `M`, and `D` a [`Deflater`](crate::Deflater); or what
/// leases them from a [`Pool`] for the time that a message is in work ([`PooledInflater`], [`PooledDeflater`]).
///
/// Text is validated when it is inflated. A message that is longer than the inflater's limit fails the connection with 1009,
/// and compressed data that is wrong with 1007. A full queue ends a frame of a message, so that no memory of the length of a
/// message is needed. A message that does not shrink is sent as it is, and one that opts out by
/// [`Frame::without_extension`](bareframe::Frame::without_extension): see [`OutboundDeflate`] for secrets.
///
/// ```
/// use bareframe::{Config, Connection, Event, ExtensionWindow, Frame, MaskingKey, Next, Rsv, Session};
/// use bareframe_deflate::{Compact, Deflate, Deflater, Greedy, InboundDeflate, Inflater, OutboundDeflate, WindowBits};
///
/// // What was negotiated: both windows have 512 bytes, and there is context takeover.
/// let nine = WindowBits::new(9).unwrap();
/// type Own = Deflate<Inflater<Compact>, [u8; 512], Deflater<Greedy<[u8; 1024], [u16; 128]>>>;
/// let config = Config::DEFAULT.with_rsv(Rsv::RSV1);
/// let inflater = Inflater::new(nine).with_limit(config.limits().message());
/// let deflater = Deflater::greedy(nine, [0; 1024], [0; 128]).unwrap();
/// let mut server = Session::<_, _, _, Own>::with_extension(
///     Connection::server(config), [0; 256], [0; 256],
///     InboundDeflate::new(inflater), ExtensionWindow::new([0; 512]), OutboundDeflate::new(deflater),
/// );
///
/// let text = "all work and no play, all work and no play";
/// assert_eq!(server.next_sent(&mut Frame::text(text)), Ok(Next::Ready));
/// assert!(server.queued().starts_with(b"\xc1") && server.queued().len() < 35); // FIN, RSV1, text
/// # Ok::<(), bareframe::SendError>(())
/// ```
pub struct Deflate<I, M, D>(PhantomData<(I, M, D)>);

impl<I: InflaterLease<M>, M: Memory, D: DeflaterLease> Extension for Deflate<I, M, D> {
    type Inbound = InboundDeflate<I, M>;
    type Outbound = OutboundDeflate<D>;
}

impl<I, M, D> fmt::Debug for Deflate<I, M, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Deflate")
    }
}
