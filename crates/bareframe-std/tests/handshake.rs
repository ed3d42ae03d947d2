//! Opening handshakes over real streams, right and wrong (RFC 6455 section 4).

mod server_once;

use bareframe_std::handshake::{Choice, EncodeError, Header, RequestError, ResponseError, Status};
use bareframe_std::{
    Acceptor, Connector, Error, HandshakeError, Options, Refusal, ServerSocket, UrlError, accept, connect,
};
use bareframe_testkit::Frame;
use server_once::server_once;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

const REQUEST: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

const IMPATIENT: Acceptor = Acceptor::DEFAULT
    .with_timeout(Duration::from_millis(100))
    .with_options(Options::DEFAULT.with_close_timeout(Duration::from_millis(100)));

/// Returns what a server does with a client, and what the client gets for these bytes until the end.
fn serve<T: Send + 'static>(
    bytes: impl AsRef<[u8]>,
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (T, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let server = thread::spawn(move || serve(listener.accept().unwrap().0));
    client.write_all(bytes.as_ref()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    (
        server.join().unwrap(),
        String::from_utf8_lossy(&answer).into_owned(),
    )
}

/// Returns an answer without its date, which must be there.
fn without_date(answer: &str) -> String {
    let (before, rest) = answer.split_once("\r\nDate: ").expect("a date");
    let (date, after) = rest.split_once("\r\n").unwrap();
    assert!(date.len() == 29 && date.ends_with(" GMT"), "{date}");
    format!("{before}\r\n{after}")
}

fn request_error(result: Result<ServerSocket<TcpStream>, Error>) -> RequestError {
    match result {
        Err(Error::Handshake(HandshakeError::Request(error))) => error,
        other => panic!("{other:?}"),
    }
}

/// Returns what a client makes of a server that answers with this head, and a frame after it, and what it asked.
/// `{accept}` stands for the right Accept.
fn answered(connector: &Connector<'_>, answer: &'static str) -> Result<String, Error> {
    let (url, server) = server_once(move |mut stream, accept| {
        let answer = answer.replace("{accept}", accept);
        stream
            .write_all(&[answer.as_bytes(), &Frame::text("Hello").to_bytes()].concat())
            .unwrap();
    });
    let connected = connector.connect(&url);
    let head = server.join().unwrap();
    let mut socket = connected?;
    assert_eq!(socket.response().unwrap().status(), 101);
    assert_eq!(
        socket.read().unwrap().unwrap().as_str(),
        Some("Hello"),
        "the frame after the head"
    );
    Ok(head)
}

fn response_error(answer: &'static str) -> ResponseError {
    match answered(&Connector::DEFAULT, answer) {
        Err(Error::Handshake(HandshakeError::Response(error))) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn s4_2_2_a_request_is_accepted_and_bytes_after_it_are_frames() {
    let frames = [Frame::text("Hello"), Frame::close(1000, "")]
        .map(|frame| frame.masked([1, 2, 3, 4]).to_bytes())
        .concat();
    let bytes = [format!("{REQUEST}\r\n").as_bytes(), &frames].concat();
    let (echoed, answer) = serve(bytes, |stream| {
        let mut socket = accept(stream)?;
        while let Some((message, mut sender)) = socket.read_with_sender()? {
            sender.send(&message)?;
        }
        socket.close(None, "")
    });
    echoed.unwrap();
    assert_eq!(
        answer,
        format!("{SWITCHED}\r\n\u{fffd}\x05Hello\u{fffd}\x02\x03\u{fffd}")
    );
}

#[test]
fn a_head_may_come_byte_by_byte() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_nodelay(true).unwrap();
    let server = thread::spawn(move || accept(listener.accept().unwrap().0));
    for byte in format!("{REQUEST}\r\n").bytes() {
        client.write_all(&[byte]).unwrap();
    }
    let socket = server.join().unwrap().unwrap();
    assert!(socket.stream().nodelay().unwrap());
    assert_eq!(socket.stream().read_timeout().unwrap(), None, "put back");
}

#[test]
fn s4_2_2_what_is_wrong_with_a_request_is_answered() {
    let without = |line: &str| {
        let kept: Vec<&str> = REQUEST
            .split_inclusive("\r\n")
            .filter(|kept| !kept.starts_with(line))
            .collect();
        kept.concat() + "\r\n"
    };
    for (request, error, answer) in [
        (without("Host"), RequestError::MissingHost, "400 Bad Request"),
        (
            without("Connection"),
            RequestError::MissingConnection,
            "400 Bad Request",
        ),
        (
            without("Sec-WebSocket-Key"),
            RequestError::MissingKey,
            "400 Bad Request",
        ),
        (
            without("Upgrade"),
            RequestError::MissingUpgrade,
            "426 Upgrade Required",
        ),
        (
            format!("{REQUEST}Host: b\r\n\r\n"),
            RequestError::RepeatedHost,
            "400 Bad Request",
        ),
        (
            format!("{REQUEST}\r\n").replace("GET", "POST"),
            RequestError::NotGet,
            "405 Method Not Allowed\r\nAllow: GET",
        ),
        (
            format!("{REQUEST}\r\n").replace("Version: 13", "Version: 8"),
            RequestError::UnsupportedVersion,
            "426 Upgrade Required",
        ),
    ] {
        let (result, answered) = serve(&request, accept);
        assert_eq!(request_error(result), error);
        assert!(
            answered.starts_with(&format!("HTTP/1.1 {answer}\r\n")),
            "{answered}"
        );
        assert_eq!(
            answered.contains("Sec-WebSocket-Version: 13\r\n"),
            answer.starts_with("426"),
            "{answered}"
        );
    }
}

#[test]
fn what_is_no_head_is_answered_as_soon_as_it_shows() {
    for (bytes, status) in [
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\nHost: a\n\n".to_owned(), "400"),
        ("\r\n\r\nGET / HTTP/1.1\r\n".to_owned(), "400"),
        ("EHLO me\r\n".to_owned(), "400"),
        (format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(17_000)), "431"),
    ] {
        let (result, answered) = serve(&bytes, accept);
        assert!(matches!(request_error(result), RequestError::Head(_)));
        assert!(answered.starts_with(&format!("HTTP/1.1 {status} ")), "{answered}");
    }
}

#[test]
fn a_request_for_no_websocket_can_be_answered() {
    let (result, answered) = serve("GET / HTTP/1.1\r\nHost: a\r\n\r\n", |stream| {
        let incoming = Acceptor::DEFAULT.read(stream)?;
        assert_eq!((incoming.request().path(), incoming.is_upgrade()), ("/", false));
        incoming.answer(Status::OK, &[("Content-Type", "text/html")], b"<h1>Hello</h1>")
    });
    result.unwrap();
    let expected = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 14\r\n\
        Content-Type: text/html\r\n\r\n<h1>Hello</h1>";
    assert_eq!(without_date(&answered), expected);

    let (result, answered) = serve("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", |stream| {
        Acceptor::DEFAULT
            .read(stream)?
            .answer(Status::OK, &[], b"<h1>Hello</h1>")
    });
    result.unwrap();
    assert_eq!(
        without_date(&answered),
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 14\r\n\r\n"
    );

    let (result, answered) = serve("GET / HTTP/1.1\r\nHost: a\r\n\r\n", accept);
    assert!(matches!(result, Err(Error::Handshake(HandshakeError::NoUpgrade))));
    assert!(answered.starts_with("HTTP/1.1 426 "), "{answered}");
}

#[test]
fn s4_2_2_a_server_checks_origin_path_and_subprotocols() {
    let request =
        format!("{REQUEST}Origin: https://evil.example\r\nSec-WebSocket-Protocol: chat, superchat\r\n\r\n");
    let (result, answered) = serve(&request, |stream| {
        let incoming = Acceptor::DEFAULT.read(stream)?;
        let request = incoming.request();
        assert_eq!(
            (request.path(), request.query(), incoming.is_upgrade()),
            ("/chat", Some("room=1"), true)
        );
        assert_eq!(
            request.header("origin").and_then(Header::value_str),
            Some("https://evil.example")
        );
        incoming.answer(Status::FORBIDDEN, &[], b"")
    });
    result.unwrap();
    assert!(answered.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answered}");

    let (subprotocol, answered) = serve(&request, |stream| {
        let mut incoming = Acceptor::DEFAULT.read(stream)?;
        let subprotocol = ["chess", "superchat"]
            .into_iter()
            .find(|known| incoming.offers(known));
        let choice = Choice::DEFAULT
            .with_subprotocol(subprotocol)
            .with_headers(&[("X-Room", "1")]);
        let socket = incoming.accept(&choice)?;
        Ok::<_, Error>(socket.subprotocol().map(str::to_owned))
    });
    assert_eq!(subprotocol.unwrap().as_deref(), Some("superchat"));
    assert_eq!(
        answered,
        format!("{SWITCHED}Sec-WebSocket-Protocol: superchat\r\nX-Room: 1\r\n\r\n")
    );
}

#[test]
fn a_choice_that_was_not_offered_is_the_servers_mistake() {
    let (result, answered) = serve(format!("{REQUEST}\r\n"), |stream| {
        let choice = Choice::DEFAULT.with_subprotocol(Some("chat"));
        Acceptor::DEFAULT.read(stream)?.accept(&choice)
    });
    let Err(Error::Handshake(HandshakeError::Head(error))) = result else {
        panic!("{result:?}")
    };
    assert_eq!(error, EncodeError::SubprotocolNotOffered);
    assert!(answered.starts_with("HTTP/1.1 500 "), "{answered}");
}

#[test]
fn a_client_that_stops_within_the_head_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.write_all(REQUEST.as_bytes()).unwrap();
    let begun = Instant::now();
    let result = IMPATIENT.accept(listener.accept().unwrap().0);
    assert!(
        matches!(result, Err(Error::Handshake(HandshakeError::Timeout))),
        "{result:?}"
    );
    assert!(
        (100..1000).contains(&begun.elapsed().as_millis()),
        "{:?}",
        begun.elapsed()
    );

    let (result, answered) = serve("GET / HT", accept);
    assert!(
        matches!(result, Err(Error::Handshake(HandshakeError::Ended))),
        "{result:?}"
    );
    assert_eq!(answered, "");
}

#[test]
fn a_client_that_trickles_its_head_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let trickle = thread::spawn(move || {
        for byte in REQUEST.bytes() {
            if client.write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    });
    let begun = Instant::now();
    let result = IMPATIENT.accept(listener.accept().unwrap().0);
    assert!(
        matches!(result, Err(Error::Handshake(HandshakeError::Timeout))),
        "{result:?}"
    );
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    trickle.join().unwrap();
}

#[test]
fn s4_1_a_client_asks_and_bytes_after_the_answer_are_frames() {
    let connector = Connector::DEFAULT
        .with_origin("https://example.com")
        .with_subprotocols(&["chat", "superchat"])
        .with_extensions("permessage-deflate")
        .with_headers(&[("Cookie", "a=b")]);
    let head = answered(
        &connector,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
    )
    .unwrap();
    for line in [
        "GET /chat HTTP/1.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Origin: https://example.com",
        "Sec-WebSocket-Protocol: chat, superchat",
        "Sec-WebSocket-Extensions: permessage-deflate",
        "Cookie: a=b",
    ] {
        assert!(head.lines().any(|sent| sent == line), "{line} in {head}");
    }
}

#[test]
fn an_answer_that_is_not_final_is_passed_over() {
    answered(
        &Connector::DEFAULT,
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
            HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
            Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n",
    )
    .unwrap();
}

#[test]
fn s4_1_what_is_wrong_with_an_answer_is_told() {
    const UPGRADED: &str =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    assert_eq!(
        response_error("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        ResponseError::InvalidUpgrade
    );
    for (more, error) in [
        ("\r\n", ResponseError::MissingAccept),
        (
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            ResponseError::WrongAccept,
        ),
        (
            "Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
            ResponseError::SubprotocolNotOffered,
        ),
        (
            "Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: x\r\n\r\n",
            ResponseError::ExtensionNotOffered,
        ),
    ] {
        assert_eq!(
            response_error(Box::leak(format!("{UPGRADED}{more}").into_boxed_str())),
            error
        );
    }
    assert!(matches!(
        response_error("SSH-2.0-OpenSSH\r\n"),
        ResponseError::Head(_)
    ));
    let long = format!("HTTP/1.1 101 X\r\nX: {}", "x".repeat(17_000));
    assert!(matches!(
        response_error(Box::leak(long.into_boxed_str())),
        ResponseError::Head(_)
    ));
}

#[test]
fn s4_1_another_status_is_handed_over_with_its_headers() {
    let answer = "HTTP/1.1 302 Found\r\nLocation: wss://example.com/\r\nContent-Length: 0\r\n\r\n";
    let refusal: Refusal = match answered(&Connector::DEFAULT, answer) {
        Err(Error::Handshake(HandshakeError::Refused(refusal))) => refusal,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (refusal.status(), refusal.header("location")),
        (302, Some("wss://example.com/"))
    );
    assert_eq!(refusal.response().reason(), b"Found");
    assert_eq!(HandshakeError::Refused(refusal).status(), Some(302));
}

#[test]
fn what_would_add_lines_to_the_request_is_refused_before_anything_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    for (connector, error) in [
        (
            Connector::DEFAULT.with_origin("a\r\nX: y"),
            EncodeError::InvalidOrigin,
        ),
        (
            Connector::DEFAULT.with_headers(&[("X", "a\r\nY: z")]),
            EncodeError::InvalidHeaderValue,
        ),
        (
            Connector::DEFAULT.with_headers(&[("Host", "a")]),
            EncodeError::ReservedHeader,
        ),
        (
            Connector::DEFAULT.with_subprotocols(&["a b"]),
            EncodeError::InvalidSubprotocol,
        ),
    ] {
        let refused = connector.connect(&url);
        assert!(
            matches!(refused, Err(Error::Handshake(HandshakeError::Head(found))) if found == error),
            "{refused:?}"
        );
        assert_eq!(
            listener.accept().unwrap().0.read(&mut [0]).unwrap(),
            0,
            "nothing was sent"
        );
    }
    assert!(matches!(
        connect("ws://a/#b"),
        Err(Error::Url(UrlError::Fragment))
    ));
}

#[test]
fn a_server_that_does_not_answer_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let connector = Connector::DEFAULT.with_timeout(Duration::from_millis(100));
    let begun = Instant::now();
    let result = connector.connect(&url);
    assert!(
        matches!(result, Err(Error::Handshake(HandshakeError::Timeout))),
        "{result:?}"
    );
    assert!(
        (100..1000).contains(&begun.elapsed().as_millis()),
        "{:?}",
        begun.elapsed()
    );
    drop(listener);
    assert!(matches!(connector.connect(&url), Err(Error::Connect(_))));
}

#[test]
fn s4_1_a_client_is_connecting_to_one_address_once_at_a_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = |listener: &TcpListener| format!("ws://{}/", listener.local_addr().unwrap());
    let (here, there) = (url(&listener), url(&elsewhere));
    let clients: Vec<_> = (0..2)
        .map(|_| {
            let here = here.clone();
            thread::spawn(move || connect(&here).map(drop))
        })
        .collect();
    let (first, _) = listener.accept().unwrap();

    // Another address has nothing to wait for.
    let server = thread::spawn(move || accept(elsewhere.accept().unwrap().0).map(drop));
    connect(&there).unwrap();
    server.join().unwrap().unwrap();

    // Nor has one that gives up before its turn.
    let connector = Connector::DEFAULT.with_timeout(Duration::from_millis(50));
    let result = connector.connect(&here);
    assert!(
        matches!(&result, Err(Error::Connect(error)) if error.error().kind() == ErrorKind::TimedOut),
        "{result:?}"
    );

    listener.set_nonblocking(true).unwrap();
    let early = listener.accept();
    assert!(early.is_err(), "the second did not wait for the first");
    listener.set_nonblocking(false).unwrap();
    // The first fails, which lets the second begin as well as its success would.
    drop(first);
    accept(listener.accept().unwrap().0).unwrap();
    let failed = clients
        .into_iter()
        .map(|client| client.join().unwrap())
        .filter(Result::is_err)
        .count();
    assert_eq!(failed, 1);
}
