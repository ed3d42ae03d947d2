//! Connections over TLS: time limits, two threads, and what arrives while nothing can be written.
#![cfg(feature = "rustls")]

mod certified;

use bareframe_std::handshake::Choice;
use bareframe_std::rustls::pki_types::ServerName;
use bareframe_std::rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection, StreamOwned};
use bareframe_std::{
    Aborter, Acceptor, Connector, Deadline, Error, HandshakeError, Share, SharedSocket, Stream, accept,
};
use certified::{HOST, certified};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// For what has a limit of half a second or less, on a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(3);
const LIMIT: Duration = Duration::from_millis(400);
const DRIP: Duration = Duration::from_millis(50);

fn at_home(_: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(vec![([127, 0, 0, 1], port).into()])
}

fn client(config: Arc<ClientConfig>, tcp: TcpStream) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::try_from(HOST).unwrap();
    StreamOwned::new(ClientConnection::new(config, name).unwrap(), tcp)
}

fn server<S: Read + Write>(config: Arc<ServerConfig>, stream: S) -> StreamOwned<ServerConnection, S> {
    StreamOwned::new(ServerConnection::new(config).unwrap(), stream)
}

/// Writes byte by byte for as long as it is listened to.
fn drip(tcp: &mut TcpStream, bytes: &[u8]) {
    for byte in bytes {
        thread::sleep(DRIP);
        if tcp.write_all(&[*byte]).is_err() {
            return;
        }
    }
}

/// Returns a server that does TLS and lets a test do the rest with its connection; and its port.
fn serve<T: Send + 'static>(
    config: Arc<ServerConfig>,
    serve: impl FnOnce(StreamOwned<ServerConnection, TcpStream>) -> T + Send + 'static,
) -> (u16, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = thread::spawn(move || serve(server(config, listener.accept().unwrap().0)));
    (port, served)
}

fn connected<T: Send + 'static>(
    serve_with: impl FnOnce(StreamOwned<ServerConnection, TcpStream>) -> T + Send + 'static,
) -> (StreamOwned<ClientConnection, TcpStream>, JoinHandle<T>) {
    let (client_config, server_config) = certified();
    let (port, served) = serve(server_config, serve_with);
    let tcp = TcpStream::connect(("127.0.0.1", port)).unwrap();
    (client(client_config, tcp), served)
}

#[track_caller]
fn assert_timeout<T>(result: Result<T, Error>, begun: Instant) {
    match result {
        Err(Error::Handshake(HandshakeError::Timeout)) => {}
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("no timeout"),
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[test]
fn a_client_hello_that_drips_is_waited_for_as_long_as_the_timeout_says() {
    let (client_config, server_config) = certified();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let dripping = thread::spawn(move || {
        let name = ServerName::try_from(HOST).unwrap();
        let mut hello = Vec::new();
        let mut connection = ClientConnection::new(client_config, name).unwrap();
        connection.write_tls(&mut hello).unwrap();
        drip(&mut tcp, &hello);
    });
    let stream = server(server_config, listener.accept().unwrap().0);
    let begun = Instant::now();
    assert_timeout(Acceptor::DEFAULT.with_timeout(LIMIT).accept(stream), begun);
    dripping.join().unwrap();
}

#[test]
fn a_servers_record_that_drips_is_waited_for_as_long_as_the_timeout_says() {
    let (client_config, server_config) = certified();
    let connector = Connector::DEFAULT.with_timeout(LIMIT).with_resolver(at_home);
    for within_tls_handshake in [false, true] {
        let (port, served) = serve(Arc::clone(&server_config), move |mut stream| {
            if !within_tls_handshake {
                stream.conn.complete_io(&mut stream.sock).unwrap();
            } else {
                while !stream.conn.wants_write() {
                    stream.conn.read_tls(&mut stream.sock).unwrap();
                    stream.conn.process_new_packets().unwrap();
                }
            }
            let mut record = Vec::new();
            if !within_tls_handshake {
                stream.conn.writer().write_all(b"HTTP/1.1 101 ").unwrap();
            }
            while stream.conn.wants_write() {
                stream.conn.write_tls(&mut record).unwrap();
            }
            drip(&mut stream.sock, &record);
        });
        let connector = connector.clone().with_tls(Arc::clone(&client_config));
        let begun = Instant::now();
        assert_timeout(connector.connect(&format!("wss://{HOST}:{port}/")), begun);
        served.join().unwrap();
    }
}

#[test]
fn a_record_that_drips_is_waited_for_by_no_read_longer_than_its_deadline() {
    let (mut stream, served) = connected(|mut stream| {
        stream.write_all(b"ready").unwrap();
        stream.conn.writer().write_all(&[0; 1000]).unwrap();
        let mut record = Vec::new();
        stream.conn.write_tls(&mut record).unwrap();
        drip(&mut stream.sock, &record);
    });
    stream.read_exact(&mut [0; 5]).unwrap();
    let begun = Instant::now();
    let read = stream.read_by(&mut [0; 1000], Deadline::after(LIMIT));
    assert_eq!(read.unwrap_err().kind(), ErrorKind::TimedOut);
    let mut stream = stream.share();
    let read = stream.read_by(&mut [0; 1000], Deadline::after(LIMIT));
    assert_eq!(read.unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    drop(stream);
    served.join().unwrap();
}

/// Sends numbered bytes from one thread while another receives the peer's.
fn both_ways(stream: impl Stream + Clone + Send + 'static) {
    const LEN: usize = 2 << 20;
    let byte = |at: usize| at.to_le_bytes()[0] ^ at.to_le_bytes()[1];
    let mut writer = stream.clone();
    let writing = thread::spawn(move || {
        let mut at = 0;
        while at < LEN {
            let bytes: Vec<u8> = (at..LEN.min(at + 5_000)).map(byte).collect();
            writer.by(Deadline::NONE).write_all(&bytes).unwrap();
            at += bytes.len();
        }
        writer.by(Deadline::NONE).flush().unwrap();
    });
    let mut reader = stream;
    let mut buffer = vec![0; 7_000];
    let mut at = 0;
    while at < LEN {
        let len = reader.by(Deadline::NONE).read(&mut buffer).unwrap();
        assert!(len > 0);
        assert!(
            buffer[..len]
                .iter()
                .enumerate()
                .all(|(n, found)| *found == byte(at + n))
        );
        at += len;
    }
    writing.join().unwrap();
}

#[test]
fn halves_over_tls_read_and_write_from_two_threads() {
    let (stream, served) = connected(|stream| both_ways(stream.share()));
    both_ways(stream.share());
    served.join().unwrap();
}

#[test]
fn a_key_update_of_the_peer_is_answered_while_another_thread_writes() {
    let (stream, served) = connected(|mut stream| {
        for round in 0..100_u8 {
            stream.write_all(&[round; 100]).unwrap();
            stream.conn.refresh_traffic_keys().unwrap();
            let mut echoed = [0; 100];
            stream.read_exact(&mut echoed).unwrap();
            assert_eq!(echoed, [round; 100]);
        }
    });
    let mut reader = stream.share();
    let mut writer = reader.clone();
    let (heard, hears) = std::sync::mpsc::channel::<[u8; 100]>();
    let writing = thread::spawn(move || {
        for bytes in hears {
            writer.by(Deadline::NONE).write_all(&bytes).unwrap();
        }
    });
    for _ in 0..100 {
        let mut bytes = [0; 100];
        reader.by(Deadline::NONE).read_exact(&mut bytes).unwrap();
        heard.send(bytes).unwrap();
    }
    drop(heard);
    writing.join().unwrap();
    served.join().unwrap();
}

#[test]
fn a_reader_over_tls_does_not_wait_for_a_writer_that_is_stuck_and_abort_ends_both() {
    let (stuck, is_stuck) = std::sync::mpsc::channel::<()>();
    let (stream, served) = connected(move |mut stream| {
        stream.write_all(b"Hello").unwrap();
        is_stuck.recv().unwrap();
        stream.conn.refresh_traffic_keys().unwrap();
        stream.write_all(b"again").unwrap();
        // Nothing is read until the other end is gone.
        let _ = is_stuck.recv();
    });
    let mut reader = stream.share();
    let mut bytes = [0; 5];
    reader.by(Deadline::NONE).read_exact(&mut bytes).unwrap();
    let mut writer = reader.clone();
    let writing = thread::spawn(move || {
        loop {
            if let Err(error) = writer.by(Deadline::NONE).write_all(&[0; 1 << 16]) {
                return error;
            }
        }
    });
    // Long enough for the buffers of the system to be full.
    thread::sleep(Duration::from_millis(300));
    assert!(!writing.is_finished());
    stuck.send(()).unwrap();
    let begun = Instant::now();
    let mut read = 0;
    while read < 5 {
        read += reader
            .read_by(&mut bytes[read..], Deadline::after(10 * SOON))
            .unwrap();
    }
    assert_eq!(&bytes, b"again");
    let aborter = reader.aborter().unwrap();
    let reading = thread::spawn(move || {
        reader
            .by(Deadline::NONE)
            .read(&mut [0; 8])
            .is_ok_and(|len| len > 0)
    });
    aborter.abort();
    writing.join().unwrap();
    assert!(!reading.join().unwrap());
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    drop(stuck);
    served.join().unwrap();
}

/// A stream that refuses to write once it is told to.
#[derive(Clone, Debug)]
struct Refusing(SharedSocket<TcpStream>, Arc<AtomicBool>);

impl Read for Refusing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_by(buffer, Deadline::NONE)
    }
}

impl Write for Refusing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_by(&[IoSlice::new(bytes)], Deadline::NONE)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Refusing {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        self.0.read_by(buffer, deadline)
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        if self.1.load(Ordering::Relaxed) {
            return Err(ErrorKind::BrokenPipe.into());
        }
        self.0.write_by(slices, deadline)
    }

    fn flush_by(&mut self, _: Deadline) -> io::Result<()> {
        Ok(())
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.0.set_nodelay()
    }

    fn aborter(&self) -> io::Result<Aborter> {
        self.0.aborter()
    }
}

impl Share for Refusing {
    type Shared = Refusing;

    fn share(self) -> Refusing {
        self
    }
}

#[test]
fn a_write_over_tls_that_fails_hides_nothing_that_was_received() {
    for shared in [false, true] {
        let (client_config, server_config) = certified();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let peer = thread::spawn(move || {
            let mut peer = client(client_config, tcp);
            peer.write_all(b"a").unwrap();
            peer.read_exact(&mut [0; 1]).unwrap();
            peer.write_all(b"the answer").unwrap();
        });
        let refuse = Arc::new(AtomicBool::new(false));
        let socket = Refusing(listener.accept().unwrap().0.share(), Arc::clone(&refuse));
        let stream = server(server_config, socket);
        fn check(mut stream: impl Stream, refuse: &AtomicBool) {
            stream.read_by(&mut [0], Deadline::NONE).unwrap();
            stream.write_by(&[IoSlice::new(b"b")], Deadline::NONE).unwrap();
            stream.flush_by(Deadline::NONE).unwrap();
            refuse.store(true, Ordering::Relaxed);
            // The first is taken by TLS.
            let _ = stream.write_by(&[IoSlice::new(b"c")], Deadline::NONE);
            let refused = stream.write_by(&[IoSlice::new(b"d")], Deadline::NONE);
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::BrokenPipe);
            let mut answer = [0; 10];
            let mut len = 0;
            while len < 10 {
                len += stream.read_by(&mut answer[len..], Deadline::NONE).unwrap();
            }
            assert_eq!(&answer, b"the answer");
        }
        if shared {
            check(stream.share(), &refuse);
        } else {
            check(stream, &refuse);
        }
        peer.join().unwrap();
    }
}

/// Both ends of a connection in one thread, which do not block.
fn shakes_hands_with_itself(client: impl Stream, server: impl Stream) {
    let begun = Instant::now();
    let mut connecting = Connector::DEFAULT.begin_over(client, "ws://localhost/").unwrap();
    let mut accepting = Acceptor::DEFAULT.begin(server);
    let (mut client, mut server) = (None, None);
    while client.is_none() || server.is_none() {
        match connecting.finish() {
            Ok(socket) => client = Some(socket),
            Err(error) => assert!(error.is_temporary() || client.is_some(), "{error}"),
        }
        match accepting.read() {
            Ok(mut incoming) => server = Some(incoming.accept(&Choice::DEFAULT).unwrap()),
            Err(error) => assert!(error.is_temporary() || server.is_some(), "{error}"),
        }
        assert!(begun.elapsed() < SOON);
        thread::sleep(Duration::from_millis(1));
    }
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    client.send_text("Hello").unwrap();
    loop {
        match server.read() {
            Ok(message) => return assert_eq!(message.unwrap().as_str(), Some("Hello")),
            Err(error) => assert!(error.is_temporary() && begun.elapsed() < SOON, "{error}"),
        }
    }
}

#[test]
fn handshakes_over_tls_that_does_not_block() {
    for shared in [false, true] {
        let (client_config, server_config) = certified();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        tcp.set_nonblocking(true).unwrap();
        let client = client(client_config, tcp);
        let (tcp, _) = listener.accept().unwrap();
        tcp.set_nonblocking(true).unwrap();
        let server = server(server_config, tcp);
        if shared {
            shakes_hands_with_itself(client.share(), server.share());
        } else {
            shakes_hands_with_itself(client, server);
        }
    }
}

#[test]
fn an_error_of_tls_names_the_address() {
    let (_, server_config) = certified();
    let (another, _) = certified();
    let (port, served) = serve(server_config, |stream| accept(stream).map(drop));
    let connector = Connector::DEFAULT.with_tls(another).with_resolver(at_home);
    let error = connector.connect(&format!("wss://{HOST}:{port}/")).unwrap_err();
    let shown = error.to_string();
    assert!(shown.contains(&format!("127.0.0.1:{port}: ")), "{shown}");
    assert!(shown.contains("certificate"), "{shown}");
    assert!(served.join().unwrap().is_err());
}

#[test]
fn s10_6_a_client_and_a_server_talk_over_tls() {
    let (client_config, server_config) = certified();
    let (port, served) = serve(server_config, |stream| {
        let mut socket = accept(stream).unwrap();
        let text = socket.read().unwrap().unwrap().as_str().map(str::to_owned);
        socket.send_text(&text.unwrap()).unwrap();
        assert!(socket.read().unwrap().is_none());
        socket.close(None, "").unwrap();
    });
    let connector = Connector::DEFAULT.with_tls(client_config).with_resolver(at_home);
    let mut socket = connector.connect(&format!("wss://{HOST}:{port}/")).unwrap();
    assert_eq!(socket.stream().peer_addr().unwrap().port(), port);
    socket.send_text("Hello").unwrap();
    assert_eq!(socket.read().unwrap().unwrap().as_str(), Some("Hello"));
    socket.close(None, "").unwrap();
    served.join().unwrap();
}
