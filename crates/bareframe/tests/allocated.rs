//! What the core does with memory that grows, with the feature `alloc`.
#![cfg(feature = "alloc")]

use bareframe::{
    Assembler, Config, Connection, Event, Frame, MessageKind, Next, PreparedFrame, Rsv, Session,
};
use bareframe_testkit as testkit;

#[test]
fn a_gathered_message_is_taken_with_its_memory() {
    let mut server = Connection::server(Config::DEFAULT);
    let mut assembler = Assembler::new(Vec::new());
    assert_eq!(assembler.take_message(), None);
    let frames = [
        testkit::Frame::text("Hel").fin(false),
        testkit::Frame::continuation("lo"),
    ];
    for frame in frames {
        let mut bytes = frame.masked([1, 2, 3, 4]).to_bytes();
        let Ok(Some(Event::Data(data))) = server.receive(&mut &mut bytes[..]) else {
            panic!("it is data");
        };
        assembler.push(data).unwrap();
    }
    let taken = assembler.take_message();
    assert_eq!(taken, Some((MessageKind::Text, Rsv::NONE, b"Hello".to_vec())));
    assert_eq!(assembler.take_message(), None);
}

#[test]
fn the_memory_of_a_session_grows() {
    let connection = Connection::server(Config::DEFAULT);
    let mut session = Session::new(connection, vec![0; 8], [0; 131]);
    assert_eq!(session.space().len(), 8);
    assert!(session.both().0.lengthen_memory(16));
    assert_eq!(session.space().len(), 16);
    assert!(!session.both().0.lengthen_memory(16), "it is as long already");
    let bytes = testkit::Frame::text("Hello").masked([0; 4]).to_bytes();
    session.space()[..bytes.len()].copy_from_slice(&bytes);
    session.read(bytes.len());
    assert_eq!(session.next_event(), Ok(Next::Ready));
}

#[test]
fn a_prepared_frame_is_as_long_as_it_has_to_be() {
    let prepared = PreparedFrame::allocate(MessageKind::Text, Rsv::NONE, b"Hello").unwrap();
    assert_eq!(prepared.bytes(), b"\x81\x05Hello");
    assert_eq!(Frame::prepared(&prepared).payload_len(), 5);
    assert!(PreparedFrame::allocate(MessageKind::Text, Rsv::NONE, b"\xFF").is_err());
}

#[cfg(feature = "handshake")]
mod handshake {
    use bareframe::handshake::{
        Answer, Choice, EncodeError, HeadBuffer, KeptContent, Key, Offer, Request, Response, Status,
    };

    #[test]
    fn heads_are_written_to_vectors_however_long_they_are() {
        let long = "x".repeat(3000);
        for value in ["short", &long] {
            let headers = [("X-Value", value)];
            let offer = Offer::new("example.com", "/").with_headers(&headers);
            let request = offer.to_vec(&Key::from_random([7; 16])).unwrap();
            let (parsed, len) = Request::parse(&request).unwrap();
            assert_eq!(len, request.len());
            assert_eq!(parsed.header("X-Value").unwrap().value(), value.as_bytes());
            let upgrade = parsed.upgrade().unwrap().unwrap();
            let choice = Choice::DEFAULT.with_headers(&headers);
            let response = upgrade.to_vec(&choice).unwrap();
            let (parsed, len) = Response::parse(&response).unwrap();
            assert_eq!((parsed.status(), len), (101, response.len()));
            assert_eq!(parsed.header("X-Value").unwrap().value(), value.as_bytes());
        }
        let broken = Offer::new("example.com", "/").with_headers(&[("X", "a\r\nb")]);
        let result = broken.to_vec(&Key::from_random([7; 16]));
        assert!(matches!(result, Err(error) if !matches!(error, EncodeError::BufferTooSmall(_))));
    }

    #[test]
    fn rfc9110_s6_6_1_an_answer_has_one_date() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        let answer = Answer::new(Status::FORBIDDEN).with_content_length(Some(2));
        for (headers, dates) in [(&[][..], 1), (&[("date", "mine")][..], 1)] {
            let bytes = answer.with_headers(headers).to_vec(date, b"no").unwrap();
            let (response, len) = Response::parse(&bytes).unwrap();
            assert_eq!(
                response.headers().filter(|header| header.is("Date")).count(),
                dates
            );
            assert_eq!(&bytes[len..], b"no");
        }
        let bytes = answer.to_vec(None, b"no").unwrap();
        assert!(Response::parse(&bytes).unwrap().0.header("Date").is_none());
    }

    /// Returns what is kept of a content that comes in pieces of this length, and whether it is whole.
    fn kept(head: &str, content: &[u8], piece: usize, limit: usize) -> (Vec<u8>, bool) {
        let head = format!("HTTP/1.1 403 Forbidden\r\n{head}\r\n");
        let (response, _) = Response::parse(head.as_bytes()).unwrap();
        let mut kept = KeptContent::of(&response, limit);
        let mut arrived = HeadBuffer::default();
        for piece in content.chunks(piece) {
            arrived.space()[..piece.len()].copy_from_slice(piece);
            arrived.extend(piece.len());
            if kept.take_from(&mut arrived) {
                return kept.into_parts();
            }
        }
        kept.receive_eof();
        kept.into_parts()
    }

    #[test]
    fn rfc9112_s6_a_content_is_kept_up_to_a_limit_however_it_is_cut() {
        for piece in 1..=20 {
            let sized = kept("Content-Length: 5\r\n", b"Hello and more", piece, 100);
            assert_eq!(sized, (b"Hello".to_vec(), true));
            let chunked = kept(
                "Transfer-Encoding: chunked\r\n",
                b"2\r\nHe\r\n3\r\nllo\r\n0\r\n\r\n",
                piece,
                100,
            );
            assert_eq!(chunked, (b"Hello".to_vec(), true));
            assert_eq!(kept("", b"Hello", piece, 100), (b"Hello".to_vec(), true));
            assert_eq!(
                kept("Content-Length: 5\r\n", b"Hello", piece, 3),
                (b"Hel".to_vec(), false)
            );
            assert_eq!(
                kept("Content-Length: 9\r\n", b"Hello", piece, 100),
                (b"Hello".to_vec(), false)
            );
        }
    }
}
