//! Memory that connections without context takeover share, and what each leaves in it: nothing.

mod sessions;
mod support;

use bareframe::{
    Client, CloseCode, Connection, ExtensionWindow, Frame, MaskingKey, Next, ProtocolError, ReceiveError,
    Role, Server, Session,
};
use bareframe_deflate::{
    Acceptance, Compact, Deflate, Deflater, Direction, Greedy, InboundDeflate, Inflater, OutboundDeflate,
    Pool, PooledDeflater, PooledInflater, WindowBits,
};
use bareframe_testkit::Random;
use sessions::{AGREED, Sessions, frames, keys, receive, send};
use std::cell::Cell;
use support::json;

type LentInflater = (Box<Inflater<Compact>>, Box<[u8]>);
type LentDeflater = Box<Deflater<Greedy<Vec<u8>, Vec<u16>>>>;
type Inflaters = Cell<Option<LentInflater>>;
type Deflaters = Cell<Option<LentDeflater>>;
type Pooled<'p> = Deflate<
    PooledInflater<&'p Inflaters, Box<Inflater<Compact>>>,
    Option<Box<[u8]>>,
    PooledDeflater<&'p Deflaters, LentDeflater>,
>;

const LIMIT: u64 = 5000;

/// A pool with one of each.
struct One {
    inflaters: Inflaters,
    deflaters: Deflaters,
}

impl One {
    fn new(bits: WindowBits) -> One {
        let size = bits.size();
        let deflater = Deflater::greedy(bits, vec![0; 2 * size], vec![0; 512]).unwrap();
        One {
            inflaters: Cell::new(Some((
                Box::new(Inflater::new(bits)),
                vec![0; size].into_boxed_slice(),
            ))),
            deflaters: Cell::new(Some(Box::new(deflater))),
        }
    }

    fn session<R: Role>(&self, connection: Connection<R>, ways: Ways) -> Sessions<R, Pooled<'_>> {
        let inflater = PooledInflater::new(&self.inflaters, ways.0, LIMIT);
        let deflater = PooledDeflater::new(&self.deflaters, ways.1);
        Session::with_extension(
            connection,
            vec![0; 512].into_boxed_slice(),
            vec![0; 200].into_boxed_slice(),
            InboundDeflate::new(inflater),
            ExtensionWindow::new(None),
            OutboundDeflate::new(deflater),
        )
    }

    fn client(&self, ways: Ways) -> Sessions<Client<impl FnMut() -> MaskingKey>, Pooled<'_>> {
        self.session(Connection::client(AGREED, keys()), ways)
    }

    fn server(&self, ways: Ways) -> Sessions<Server, Pooled<'_>> {
        self.session(Connection::server(AGREED), ways)
    }

    /// Asserts that all is there again, and nothing of a message in it.
    fn is_clean(&self) {
        let (inflater, window) = self.inflaters.take().expect("it was given back");
        assert!(window.iter().all(|&byte| byte == 0), "the window was overwritten");
        self.inflaters.set(Some((inflater, window)));
        let deflater = self.deflaters.take().expect("it was given back");
        self.deflaters.set(Some(deflater));
    }
}

/// How both directions compress: the first is received, the second sent.
type Ways = (Direction, Direction);

fn ways(takeover: bool) -> Ways {
    let ten = WindowBits::new(10).unwrap();
    let acceptance = Acceptance::DEFAULT
        .with_server_max_window_bits(ten)
        .with_client_max_window_bits(ten)
        .with_client_no_context_takeover(!takeover)
        .with_server_no_context_takeover(!takeover);
    let offers =
        bareframe::handshake::Extensions::parse("permessage-deflate; client_max_window_bits").unwrap();
    let parameters = acceptance.accept(offers).unwrap();
    (parameters.client(), parameters.server())
}

fn pool() -> One {
    One::new(WindowBits::new(10).unwrap())
}

#[test]
fn s7_1_1_one_inflater_and_one_deflater_serve_many_connections() {
    let (ours, theirs) = (pool(), pool());
    let mut servers: Vec<_> = (0..5).map(|_| ours.server(ways(false))).collect();
    let mut clients: Vec<_> = (0..5).map(|_| theirs.client(ways(false))).collect();
    for round in 0..4 {
        for (index, (server, client)) in servers.iter_mut().zip(&mut clients).enumerate() {
            let noise = Random::new(round).bytes(2000);
            let messages = [
                json(index as u64, 200 + 900 * round as usize),
                json(7, 100),
                noise,
            ];
            for message in &messages {
                let there = send(client, &mut Frame::binary(message)).unwrap();
                let back = send(server, &mut Frame::binary(message)).unwrap();
                assert_eq!(frames(&there)[0].rsv1, *message != messages[2]);
                for (arrived, result) in [
                    receive(server, &there, 50, &mut Vec::new()),
                    receive(client, &back, 300, &mut Vec::new()),
                ] {
                    assert_eq!((arrived, result), (vec![(false, message.clone())], Ok(())));
                }
                ours.is_clean();
                theirs.is_clean();
            }
        }
    }
}

#[test]
fn memory_is_leased_while_a_message_is_in_work_and_nobody_else_has_it() {
    let pool = pool();
    let text = String::from_utf8(json(1, 3000)).unwrap();
    let mut one = pool.server(ways(false));
    let mut frame = Frame::text(&text);
    // The queue is full before all is compressed.
    assert_eq!(one.next_sent(&mut frame), Ok(Next::Write));
    assert!(pool.deflaters.take().is_none(), "it is leased");
    // What another sends meanwhile, it sends as it is.
    let output = send(&mut pool.server(ways(false)), &mut Frame::text(&text)).unwrap();
    assert!(!frames(&output)[0].rsv1);
    let bytes = send(&mut one, &mut frame).unwrap();
    assert!(frames(&bytes)[0].rsv1);

    let mut two = pool.client(ways(false));
    // The header, and a byte of which nothing comes yet.
    let (messages, result) = receive(&mut two, &bytes[..5], 100, &mut Vec::new());
    assert_eq!((messages, result), (vec![], Ok(())));
    assert!(pool.inflaters.take().is_none(), "it is leased");
    let (_, result) = receive(&mut pool.client(ways(false)), &bytes, 100, &mut Vec::new());
    let late = ReceiveError::Protocol(ProtocolError::Extension(CloseCode::TRY_AGAIN_LATER));
    assert_eq!(result, Err(late));
    let (messages, _) = receive(&mut two, &bytes[5..], 100, &mut Vec::new());
    assert_eq!(messages[0].1, text.as_bytes());
    pool.is_clean();
}

#[test]
fn what_fails_gives_its_memory_back() {
    let pool = pool();
    let long = json(1, 1 + LIMIT as usize);
    let bytes = send(&mut pool.server(ways(false)), &mut Frame::binary(&long)).unwrap();
    for wrong in [&bytes[..], b"\xc1\x02\xF2\x48", b"\xc1\x01\x07"] {
        let mut client = pool.client(ways(false));
        let (_, result) = receive(&mut client, wrong, 100, &mut Vec::new());
        assert!(result.is_err());
        pool.is_clean();
    }
    let bytes = send(&mut pool.server(ways(false)), &mut Frame::binary(&long[..100])).unwrap();
    let (messages, _) = receive(&mut pool.client(ways(false)), &bytes, 100, &mut Vec::new());
    assert_eq!(messages[0].1, &long[..100]);
}

#[test]
fn s7_1_1_with_takeover_it_is_kept_and_the_next_owner_sees_nothing_of_it() {
    let pool = pool();
    let text = json(1, 300);
    {
        let mut server = pool.server(ways(true));
        let mut client = pool.client(ways(true));
        let first = send(&mut server, &mut Frame::binary(&text)).unwrap();
        let second = send(&mut server, &mut Frame::binary(&text)).unwrap();
        assert!(second.len() < 30 && pool.deflaters.take().is_none());
        for bytes in [first, second] {
            let (messages, _) = receive(&mut client, &bytes, 100, &mut Vec::new());
            assert_eq!(messages[0].1, text);
        }
        assert!(pool.inflaters.take().is_none());
    }
    // A pool is asked for window bits, and what has others is not used.
    let other = One::new(WindowBits::MAX);
    let lent = Pool::take(&&other.deflaters, WindowBits::MIN).unwrap();
    other.deflaters.set(Some(lent));
    let output = send(&mut other.server(ways(false)), &mut Frame::binary(&text)).unwrap();
    assert!(!frames(&output)[0].rsv1);
}

#[cfg(feature = "std")]
mod shared {
    use super::*;
    use bareframe_deflate::{CompressionLevel, DeflatePool, Policy, SharedDeflate};

    fn session<R: Role>(
        connection: Connection<R>,
        policy: &Policy,
        ways: Ways,
    ) -> Sessions<R, SharedDeflate> {
        let (inbound, window, outbound) = policy.halves(ways.0, ways.1, LIMIT);
        Session::with_extension(
            connection,
            vec![0; 512].into_boxed_slice(),
            vec![0; 200].into_boxed_slice(),
            inbound,
            window,
            outbound,
        )
    }

    #[test]
    fn connections_in_many_threads_share_a_pool_that_does_not_grow_with_them() {
        std::thread::scope(|scope| {
            for seed in 0..4_u64 {
                scope.spawn(move || {
                    let level = [CompressionLevel::Fast, CompressionLevel::Best][seed as usize % 2];
                    let policy = Policy::DEFAULT.with_level(level);
                    let (receiving, sending) = ways(seed == 3);
                    for _ in 0..20 {
                        let mut server = session(Connection::server(AGREED), &policy, (receiving, sending));
                        let client = Connection::client(AGREED, keys());
                        let mut client = session(client, &policy, (sending, receiving));
                        for len in [10, 400, 4000] {
                            let message = json(seed, len);
                            let there = send(&mut client, &mut Frame::binary(&message)).unwrap();
                            let (messages, _) = receive(&mut server, &there, 70, &mut Vec::new());
                            assert_eq!(messages[0].1, message);
                            let back = send(&mut server, &mut Frame::binary(&message)).unwrap();
                            let (messages, _) = receive(&mut client, &back, 70, &mut Vec::new());
                            assert_eq!(messages[0].1, message);
                        }
                    }
                });
            }
        });
        // No more than were in use at once.
        assert!(DeflatePool::shared().idle() <= 16);
    }

    #[test]
    fn s7_2_1_a_message_is_prepared_once_for_all_that_agreed() {
        use bareframe::{MessageKind, SendError};
        let text = json(1, 2000);
        for level in [CompressionLevel::Fast, CompressionLevel::Best] {
            let prepare = |bits| {
                bareframe_deflate::prepare(MessageKind::Text, &text, WindowBits::new(bits).unwrap(), level)
            };
            let (receiving, sending) = ways(true);
            let mut server = session(Connection::server(AGREED), &Policy::DEFAULT, (receiving, sending));
            let client = Connection::client(AGREED, keys());
            let mut client = session(client, &Policy::DEFAULT, (sending, receiving));
            for _ in 0..2 {
                let prepared = prepare(10).unwrap();
                let mut bytes = send(&mut server, &mut Frame::prepared(&prepared)).unwrap();
                assert!(bytes.len() < text.len() / 2);
                let message = std::str::from_utf8(&text).unwrap();
                bytes.extend(send(&mut server, &mut Frame::text(message)).unwrap());
                let (messages, result) = receive(&mut client, &bytes, 100, &mut Vec::new());
                assert_eq!((messages, result), (vec![(true, text.clone()); 2], Ok(())));
            }
            let refused = send(&mut server, &mut Frame::prepared(&prepare(11).unwrap()));
            assert_eq!(refused, Err(SendError::NotAgreed));
        }
        let invalid = bareframe_deflate::prepare(
            MessageKind::Text,
            b"\xFF",
            WindowBits::MAX,
            CompressionLevel::Fast,
        );
        assert!(matches!(invalid, Err(SendError::InvalidUtf8(_))));
    }
}
