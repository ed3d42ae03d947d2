//! What a server answers and what a client is told, as HTTP has it (RFC 9110 and RFC 9112).

mod server_once;

use bareframe_std::handshake::{Choice, EncodeError, HeadError, RequestError, ResponseError, Status};
use bareframe_std::{Acceptor, Connector, Error, HandshakeError, Refusal, accept, connect};
use server_once::server_once;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// Returns what a client gets for these bytes until the end, and what the server's call returns.
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
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (server.join().unwrap(), answer)
}

/// Returns what a client is told by a server that reads its head and then does this; and the head.
fn ask<T>(
    connector: &Connector<'_>,
    answer: impl FnOnce(TcpStream, &str) -> T + Send + 'static,
) -> (Result<(), Error>, String) {
    let (url, server) = server_once(answer);
    let connected = connector.connect(&url).map(drop);
    (connected, server.join().unwrap())
}

fn refusal(connector: &Connector<'_>, answer: &'static str, then: fn(TcpStream)) -> Refusal {
    let (connected, _) = ask(connector, move |mut stream, _| {
        stream.write_all(answer.as_bytes()).unwrap();
        then(stream);
    });
    match connected {
        Err(Error::Handshake(HandshakeError::Refused(refusal))) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn rfc9110_s6_6_1_answers_have_a_date_and_one_only() {
    let dates = |answer: &str| answer.lines().filter(|line| line.starts_with("Date: ")).count();
    let (_, refused) = serve("GET / HTTP/1.1\r\nHost: a\r\n\r\n", accept);
    let (_, malformed) = serve("GET / HTTP/1.1\r\nHost : a\r\n\r\n", accept);
    let (_, answered) = serve(format!("{REQUEST}\r\n"), |stream| {
        Acceptor::DEFAULT
            .read(stream)?
            .answer(Status::FORBIDDEN, &[], b"")
    });
    for answer in [refused, malformed, answered] {
        assert_eq!(dates(&answer), 1, "{answer}");
    }
    let own = "Sun, 06 Nov 1994 08:49:37 GMT";
    let (_, answered) = serve(format!("{REQUEST}\r\n"), move |stream| {
        Acceptor::DEFAULT
            .read(stream)?
            .answer(Status::OK, &[("date", own)], b"")
    });
    assert!(dates(&answered) == 0 && answered.contains(own), "{answered}");
}

#[test]
fn rfc9110_s15_3_5_no_content_where_there_must_be_none() {
    for (number, content, expected) in [
        (204, &b""[..], Ok(false)),
        (304, b"", Ok(false)),
        (304, b"page", Ok(true)),
        (204, b"page", Err(())),
    ] {
        let (result, answered) = serve("GET / HTTP/1.1\r\nHost: a\r\n\r\n", move |stream| {
            Acceptor::DEFAULT
                .read(stream)?
                .answer(Status::new(number).unwrap(), &[], content)
        });
        assert!(!answered.contains("page"), "{answered}");
        match expected {
            Ok(has_length) => {
                result.unwrap();
                assert_eq!(answered.contains("Content-Length"), has_length, "{answered}");
                assert!(answered.ends_with("\r\n\r\n"), "{answered}");
            }
            Err(()) => assert!(matches!(
                result,
                Err(Error::Handshake(HandshakeError::Head(
                    EncodeError::ContentNotAllowed
                )))
            )),
        }
    }
}

#[test]
fn rfc9110_s7_8_a_client_that_expects_a_100_gets_it_first() {
    let (_, answered) = serve(format!("{REQUEST}Expect: 100-continue\r\n\r\n"), |stream| {
        accept(stream).map(drop)
    });
    assert!(
        answered.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 "),
        "{answered}"
    );
}

#[test]
fn s4_2_2_a_refusal_says_in_a_line_what_is_wrong() {
    for (request, says) in [
        (
            REQUEST.replace("Connection: Upgrade\r\n", ""),
            "Connection does not list Upgrade",
        ),
        (
            REQUEST.replace("Version: 13", "Version: 8"),
            "Sec-WebSocket-Version is not 13",
        ),
        (
            REQUEST.replace("Host:", "Host :"),
            "white space before a header's colon",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\n".to_owned(),
            "asks for no WebSocket",
        ),
    ] {
        let (_, answered) = serve(format!("{request}\r\n"), accept);
        let (head, text) = answered.split_once("\r\n\r\n").unwrap();
        assert!(text.contains(says) && text.ends_with('\n'), "{text}");
        assert!(
            head.contains(&format!("Content-Length: {}\r\n", text.len())),
            "{head}"
        );
    }
    let (_, answered) = serve("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", accept);
    assert!(answered.ends_with("\r\n\r\n"), "{answered}");
}

#[test]
fn rfc9110_s10_1_5_a_client_has_a_name() {
    let close = |stream: TcpStream, _: &str| drop(stream);
    let agents = |connector: &Connector<'_>| {
        let (_, head) = ask(connector, close);
        let lines = head
            .lines()
            .filter(|line| line.to_ascii_lowercase().starts_with("user-agent:"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let default = agents(&Connector::DEFAULT);
    assert!(
        default.len() == 1 && default[0].starts_with("User-Agent: bareframe/"),
        "{default:?}"
    );
    assert_eq!(agents(&Connector::DEFAULT.with_user_agent(None)), [""; 0]);
    assert_eq!(
        agents(&Connector::DEFAULT.with_user_agent(Some("me"))),
        ["User-Agent: me"]
    );
    let headers = [("user-agent", "mine")];
    assert_eq!(
        agents(&Connector::DEFAULT.with_headers(&headers)),
        ["user-agent: mine"]
    );
}

#[test]
fn s4_1_the_content_of_a_refusal_is_kept_up_to_a_limit() {
    const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\n";
    let end: fn(TcpStream) = drop;
    // A server that never ends the connection.
    let stay: fn(TcpStream) = |mut stream| drop(stream.read(&mut [0]));
    let limited = Connector::DEFAULT.with_refusal_limit(4);
    for (connector, answer, then, content, is_whole) in [
        (
            &Connector::DEFAULT,
            "Content-Length: 9\r\n\r\nno access",
            stay,
            "no access",
            true,
        ),
        (&Connector::DEFAULT, "Content-Length: 0\r\n\r\n", stay, "", true),
        (
            &Connector::DEFAULT,
            "Content-Length: 20\r\n\r\nno access",
            end,
            "no access",
            false,
        ),
        (&Connector::DEFAULT, "\r\nno access", end, "no access", true),
        (
            &Connector::DEFAULT,
            "Transfer-Encoding: chunked\r\n\r\n3\r\nno \r\n6;a=b\r\naccess\r\n0\r\n\r\n",
            stay,
            "no access",
            true,
        ),
        (
            &Connector::DEFAULT,
            "Transfer-Encoding: chunked\r\n\r\n3\r\nno \r\nx\r\n",
            stay,
            "no ",
            false,
        ),
        (
            &Connector::DEFAULT,
            "Transfer-Encoding: chunked\r\n\r\n+3\r\nno ",
            stay,
            "",
            false,
        ),
        (
            &Connector::DEFAULT,
            "Transfer-Encoding: gzip\r\n\r\nno",
            stay,
            "",
            false,
        ),
        (
            &Connector::DEFAULT,
            "Content-Length: x\r\n\r\nno",
            stay,
            "",
            false,
        ),
        (
            &limited,
            "Content-Length: 9\r\n\r\nno access",
            stay,
            "no a",
            false,
        ),
        (&limited, "\r\nno access", stay, "no a", false),
        (
            &limited,
            "Transfer-Encoding: chunked\r\n\r\n9\r\nno access\r\n0\r\n\r\n",
            stay,
            "no a",
            false,
        ),
    ] {
        let answer: &'static str = Box::leak(format!("{FORBIDDEN}{answer}").into_boxed_str());
        let begun = Instant::now();
        let refusal = refusal(connector, answer, then);
        assert!(begun.elapsed() < Duration::from_millis(900), "{answer}");
        assert_eq!(
            (refusal.status(), refusal.content(), refusal.is_whole()),
            (403, content.as_bytes(), is_whole),
            "{answer}"
        );
    }
    // It is not waited for for long.
    let begun = Instant::now();
    let refusal = refusal(&Connector::DEFAULT, "HTTP/1.1 403 Forbidden\r\n\r\nno", stay);
    assert_eq!((refusal.content(), refusal.is_whole()), (&b"no"[..], false));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn what_a_server_says_is_shown_without_its_control_characters() {
    let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 22\r\n\r\nno \u{9b}31maccess\u{202e}\u{e9}!\nx";
    let refusal = refusal(&Connector::DEFAULT, answer, drop);
    let shown = refusal.to_string();
    assert!(shown.ends_with("no \\u{9b}31maccess\\u{202e}\u{e9}!"), "{shown}");
}

#[test]
fn rfc9112_s5_2_a_client_takes_a_folded_line() {
    let (connected, _) = ask(&Connector::DEFAULT, |mut stream, accept| {
        let head = format!(
            "HTTP/1.1 101\r\nServer: old\r\n proxy\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
    });
    connected.unwrap();
}

#[test]
fn s10_what_may_be_a_secret_is_not_shown_by_debug() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let choice = Choice::DEFAULT.with_headers(&[("Set-Cookie", "secret")]);
        let mut incoming = Acceptor::DEFAULT.read(listener.accept().unwrap().0).unwrap();
        incoming.accept(&choice).unwrap()
    });
    let socket = connect(&url).unwrap();
    let header = socket.response().unwrap().header("Set-Cookie").unwrap();
    assert_eq!(header.value_str(), Some("secret"));
    let shown = format!("{socket:?}");
    let as_numbers = format!("{:?}", b"secret");
    assert!(!shown.contains("secret") && !shown.contains(as_numbers.trim_matches(['[', ']'])));
    drop(server.join().unwrap());
}

#[test]
fn rfc9112_s2_1_another_protocol_is_not_waited_for() {
    for (bytes, error) in [
        (&b"SSH-2.0-x\r\n"[..], HeadError::NotHttp),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HeadError::Http2),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC", HeadError::Tls),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.write_all(bytes).unwrap();
        let begun = Instant::now();
        let server = thread::spawn(move || accept(listener.accept().unwrap().0).map(drop));
        // The client says no more, and waits.
        let mut answer = [0; 12];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 400");
        drop(client);
        assert!(begun.elapsed() < Duration::from_secs(2));
        match server.join().unwrap() {
            Err(Error::Handshake(HandshakeError::Request(RequestError::Head(found)))) => {
                assert_eq!(found, error)
            }
            other => panic!("{other:?}"),
        }
    }
    let begun = Instant::now();
    let (connected, _) = ask(&Connector::DEFAULT, |mut stream, _| {
        stream.write_all(b"220 mail\r\n").unwrap();
        drop(stream.read(&mut [0]));
    });
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert!(matches!(
        connected,
        Err(Error::Handshake(HandshakeError::Response(ResponseError::Head(
            HeadError::NotHttp
        ))))
    ));
}

#[test]
fn s4_2_1_a_long_head_is_taken_and_memory_grows_as_it_arrives() {
    let cookie = "c".repeat(15_000);
    let (accepted, answered) = serve(format!("{REQUEST}Cookie: {cookie}\r\n\r\n"), |stream| {
        accept(stream).map(drop)
    });
    accepted.unwrap();
    assert!(answered.starts_with("HTTP/1.1 101 "), "{answered}");
    // A limit is not memory.
    let (accepted, _) = serve(format!("{REQUEST}\r\n"), |stream| {
        Acceptor::DEFAULT
            .with_head_limit(usize::MAX)
            .read(stream)?
            .accept(&Choice::DEFAULT)
            .map(drop)
    });
    accepted.unwrap();
}

#[test]
fn rfc9110_s15_2_long_heads_after_each_other_are_taken() {
    let (connected, _) = ask(&Connector::DEFAULT, |mut stream, accept| {
        let hints = format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n", "h".repeat(7_000));
        let head = format!(
            "{hints}{hints}HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\nX: {}\r\n\r\n",
            "x".repeat(3_000)
        );
        stream.write_all(head.as_bytes()).unwrap();
    });
    connected.unwrap();
}

#[test]
fn rfc9110_s15_2_a_short_head_and_a_frame_after_a_long_one_are_found() {
    let (connected, _) = ask(&Connector::DEFAULT, |mut stream, accept| {
        let head = format!(
            "HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\nHTTP/1.1 101 Go\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n\u{1}\0",
            "h".repeat(7_000)
        );
        stream.write_all(head.as_bytes()).unwrap();
    });
    connected.unwrap();
}

#[cfg(not(feature = "rustls"))]
#[test]
fn s3_a_url_of_tls_without_the_feature_is_refused_before_the_lookup() {
    // The name can't be looked up.
    assert!(matches!(connect("wss://name.invalid/"), Err(Error::NoTls)));
}

#[test]
fn s3_a_url_that_is_none_is_refused_before_the_lookup() {
    for url in [
        "ws://name.invalid/%zz",
        "ws://name.invalid/?q={\"a\":1}",
        "ws://name.invalid/<x>",
    ] {
        assert!(matches!(connect(url), Err(Error::Url(_))), "{url}");
    }
}
