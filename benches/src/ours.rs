//! Ours, used as its documentation says.

use crate::decoding::{Decoder, Site, at_site};
use crate::measure::Task;
use crate::wire::{From, Stream, look};
use bareframe::handshake::{Accept, Choice, HeadEnd, Request};
use bareframe::{
    Client, Config, Connection, Data, Event, Masker, MaskingKey, MaskingKeys, MessageKind, Role, Rsv, Server,
};
use std::hint::black_box;

/// Name and version.
pub fn name() -> String {
    let kernels = if cfg!(feature = "simd") {
        ""
    } else {
        " without simd"
    };
    format!("bareframe {}{kernels}", env!("CARGO_PKG_VERSION"))
}

/// Returns which kernels run on this processor.
pub fn kernels() -> String {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    {
        use std::is_x86_feature_detected as has;
        let avx512 = has!("avx512f") && has!("avx512bw") && has!("avx512vl") && has!("avx512vbmi");
        let masking = match has!("avx2") {
            true if avx512 => "SSE2 and AVX-512",
            true => "SSE2 and AVX2",
            false => "SSE2",
        };
        let text = match has!("avx2") {
            _ if avx512 => "AVX-512 with VBMI",
            true => "AVX2",
            false => "none",
        };
        format!("Kernels of ours that run here: masking {masking}; text beyond ASCII {text}.")
    }
    #[cfg(all(feature = "simd", target_arch = "aarch64"))]
    {
        "Kernels of ours that run here: masking NEON; text beyond ASCII NEON.".to_owned()
    }
    #[cfg(not(all(feature = "simd", any(target_arch = "x86_64", target_arch = "aarch64"))))]
    "Ours runs no kernels here.".to_owned()
}

/// A source of masking keys of the same kind as in sockudo-ws and tokio-websockets. It is predictable and must not be
/// used over a network.
pub fn keys() -> impl FnMut() -> MaskingKey {
    let mut generator = fastrand::Rng::new();
    move || MaskingKey::new(generator.u32(..).to_ne_bytes())
}

fn server() -> Connection<Server> {
    Connection::server(Config::DEFAULT)
}

fn client() -> Connection<Client<impl MaskingKeys>> {
    Connection::client(Config::DEFAULT, keys())
}

/// A connection that reads a stream from one buffer.
struct Decode<R> {
    connection: Connection<R>,
    stream: Stream,
    buffer: Vec<u8>,
    site: usize,
}

/// Reads a stream from a client that may have RSV1 in its frames.
pub fn decode_marked(stream: &Stream) -> Box<dyn Task> {
    Box::new(Decode {
        connection: Connection::server(Config::DEFAULT.with_rsv(Rsv::RSV1)),
        stream: stream.clone(),
        buffer: stream.bytes.clone(),
        site: 0,
    })
}

/// Reads a stream that is in one buffer.
pub fn decode(stream: &Stream) -> Box<dyn Decoder> {
    let (stream, buffer) = (stream.clone(), stream.bytes.clone());
    match stream.from {
        From::Client => Box::new(Decode {
            connection: server(),
            stream,
            buffer,
            site: 0,
        }),
        From::Server => Box::new(Decode {
            connection: client(),
            stream,
            buffer,
            site: 0,
        }),
    }
}

impl<R: Role> Task for Decode<R> {
    fn prepare(&mut self) {
        self.stream.fill(&mut self.buffer);
    }

    fn run(&mut self) -> u64 {
        at_site!(self.site, site => see(site, &mut self.connection, &mut self.buffer).0)
    }
}

impl<R: Role> Decoder for Decode<R> {
    fn set_site(&mut self, site: usize) {
        self.site = site;
    }

    fn set_stream(&mut self, stream: &Stream) {
        self.stream = stream.clone();
        self.buffer.resize(stream.bytes.len(), 0);
    }
}

/// The loop of the documentation. Returns what a consumer has seen of one buffer, and how many bytes of replies were
/// pending.
///
/// It is called from one place for each site, as in a program, so that the decoder is inlined.
#[inline(never)]
fn see<const N: usize, R: Role>(
    site: Site<N>,
    connection: &mut Connection<R>,
    buffer: &mut [u8],
) -> (u64, u64) {
    site.mark();
    let (mut seen, mut owed, mut input) = (0, 0, buffer);
    while let Ok(Some(event)) = connection.receive(&mut input) {
        seen += match event {
            Event::Data(data) => look_at_piece(&data),
            Event::Ping(payload) | Event::Pong(payload) => look(&payload),
            Event::Close(_) => 0,
        };
        while let Some(frame) = connection.poll_transmit() {
            owed += black_box(&frame[..]).len() as u64;
        }
    }
    (seen, owed)
}

/// Does the same as [`look`] for a payload of which this may be only a piece.
#[inline(always)]
pub(crate) fn look_at_piece(data: &Data<'_>) -> u64 {
    match data.is_first() {
        true => look(data.payload()),
        false => data.payload().len() as u64,
    }
}

/// A server that answers Pings.
struct Answer {
    connection: Connection<Server>,
    stream: Stream,
    buffer: Vec<u8>,
}

/// Reads Pings that are in one buffer, and creates their Pongs.
pub fn answer(stream: &Stream) -> Box<dyn Task> {
    Box::new(Answer {
        connection: server(),
        stream: stream.clone(),
        buffer: stream.bytes.clone(),
    })
}

impl Task for Answer {
    fn prepare(&mut self) {
        self.stream.fill(&mut self.buffer);
    }

    fn run(&mut self) -> u64 {
        see(Site::<0>, &mut self.connection, &mut self.buffer).1
    }
}

/// A server that reads a stream in pieces, each into the same buffer.
struct Pieces {
    connection: Connection<Server>,
    stream: Stream,
    buffer: Vec<u8>,
    site: usize,
}

/// Reads a stream in pieces of this many bytes. A payload comes in as many events as there are pieces of it.
pub fn pieces(stream: &Stream, piece: usize) -> Box<dyn Decoder> {
    Box::new(Pieces {
        connection: server(),
        stream: stream.clone(),
        buffer: vec![0; piece],
        site: 0,
    })
}

impl Task for Pieces {
    fn prepare(&mut self) {}

    fn run(&mut self) -> u64 {
        let mut seen = 0;
        for piece in self.stream.bytes.chunks(self.buffer.len()) {
            let buffer = &mut self.buffer[..piece.len()];
            buffer.copy_from_slice(piece);
            seen += at_site!(self.site, site => see(site, &mut self.connection, buffer).0);
        }
        seen
    }
}

impl Decoder for Pieces {
    fn set_site(&mut self, site: usize) {
        self.site = site;
    }

    fn set_stream(&mut self, stream: &Stream) {
        self.stream = stream.clone();
    }
}

/// Masks or unmasks in place.
#[inline]
pub fn mask(bytes: &mut [u8], key: [u8; 4]) {
    Masker::new(MaskingKey::new(key)).apply(bytes);
}

/// Masks while copying.
#[inline]
pub fn mask_copy(bytes: &[u8], key: [u8; 4], out: &mut [u8]) {
    let copied = Masker::new(MaskingKey::new(key)).apply_copy(bytes, out);
    debug_assert_eq!(copied, Ok(bytes.len()));
}

/// A server's header for a payload of this many bytes.
pub fn header() -> impl FnMut(usize) -> u64 {
    let mut connection = server();
    move |len| {
        let Ok(frame) = connection.send(MessageKind::Binary, Rsv::NONE, true, len as u64) else {
            return 0;
        };
        black_box(frame.header()).len() as u64
    }
}

/// A server's frame, header and payload.
pub fn server_frame(out: usize) -> impl FnMut(&[u8]) -> u64 {
    let (mut connection, mut out) = (server(), vec![0; out]);
    move |payload| {
        let Ok(len) = connection.encode(MessageKind::Binary, Rsv::NONE, payload, &mut out) else {
            return 0;
        };
        black_box(&out[..len]).len() as u64
    }
}

/// A client's masked frame.
pub fn client_frame(out: usize) -> impl FnMut(&[u8]) -> u64 {
    let (mut connection, mut out) = (client(), vec![0; out]);
    move |payload| {
        let Ok(len) = connection.encode(MessageKind::Binary, Rsv::NONE, payload, &mut out) else {
            return 0;
        };
        black_box(&out[..len]).len() as u64
    }
}

/// Reads a browser's request and writes the answer, and returns the length of the head that it read.
pub fn handshake() -> impl FnMut(&[u8]) -> u64 {
    let mut out = vec![0; 512];
    move |request| {
        let Ok(true) = HeadEnd::new(8192).arrived(request) else {
            return 0;
        };
        let Ok((request, head_len)) = Request::parse(request) else {
            return 0;
        };
        let Ok(Some(upgrade)) = request.upgrade() else {
            return 0;
        };
        let accept = Accept::from_key(upgrade.key());
        let Ok(len) = upgrade.encode(&accept, &Choice::DEFAULT, &mut out) else {
            return 0;
        };
        black_box(&out[..len]);
        head_len as u64
    }
}
