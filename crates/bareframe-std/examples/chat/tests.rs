use super::{Chat, compression};
use bareframe_std::{
    ClientSocket, ClientStream, CloseCode, Connector, Error, HandshakeError, Options, ProtocolError,
};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

type Member = ClientSocket<ClientStream>;

const LONG: Duration = Duration::from_secs(600);

fn begin(origin: Option<&str>, idle: Duration) -> (Arc<Chat>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    (Chat::begin(listener, origin.map(str::to_owned), idle), url)
}

fn enter(url: &str, room: &str, name: &str) -> Member {
    let cookie = format!("a=b; name={name}");
    let headers = [("Cookie", cookie.as_str())];
    let connector = Connector::DEFAULT.with_headers(&headers);
    // Those whose name begins with a C have compression.
    let options = compression::with_takeover(Options::DEFAULT);
    let connector = if name.starts_with('C') {
        connector.with_options(options)
    } else {
        connector
    };
    connector.connect(&format!("{url}{room}")).unwrap()
}

fn hears(member: &mut Member, text: &str) {
    assert_eq!(member.read().unwrap().unwrap().as_str(), Some(text));
}

/// Returns the code of the Close with which the chat ends a connection.
fn ended(member: &mut Member) -> CloseCode {
    while member.read().unwrap().is_some() {}
    member.close_reason().unwrap().code().unwrap()
}

#[test]
fn what_one_says_all_in_the_room_hear_and_nobody_else() {
    let (_chat, url) = begin(None, LONG);
    let (mut ann, mut ben) = (enter(&url, "red", "Ann"), enter(&url, "red", "Ben"));
    let mut eve = enter(&url, "blue", "Eve");
    // Everybody is in once its own words come back.
    for (member, own) in [(&mut eve, "Eve: 1"), (&mut ben, "Ben: 1")] {
        member.send("1").unwrap();
        hears(member, own);
    }
    ann.send("Hello").unwrap();
    hears(&mut ben, "Ann: Hello");
    eve.send("2").unwrap();
    hears(&mut eve, "Eve: 2");
    ann.close(CloseCode::NORMAL_CLOSURE, "").unwrap();
    ben.send("Bye").unwrap();
    hears(&mut ben, "Ben: Bye");
}

#[test]
fn what_one_says_is_compressed_for_those_who_can_hear_it_so() {
    let (_chat, url) = begin(None, LONG);
    // Who hears its own words is in the room, which it enters after the opening handshake.
    let mut ann = enter(&url, "red", "Ann");
    ann.send("in").unwrap();
    hears(&mut ann, "Ann: in");
    let mut cat = enter(&url, "red", "Cat");
    cat.send("in").unwrap();
    for member in [&mut cat, &mut ann] {
        hears(member, "Cat: in");
    }
    let mut cid = enter(&url, "red", "Cid");
    cid.send("in").unwrap();
    for member in [&mut cid, &mut cat, &mut ann] {
        hears(member, "Cid: in");
    }
    for text in ["1", &"to and fro ".repeat(100), "2", &"to and fro ".repeat(100)] {
        for member in [&mut ann, &mut cat, &mut cid] {
            member.send(text).unwrap();
        }
        // Each hears the three in the order of the room.
        let heard = [&mut ann, &mut cat, &mut cid].map(|member| {
            let heard = [(); 3].map(|()| member.read().unwrap().unwrap().as_str().unwrap().to_owned());
            assert!(heard.iter().all(|heard| heard.ends_with(text)));
            heard
        });
        assert!(heard[0] == heard[1] && heard[1] == heard[2]);
    }
    #[cfg(feature = "deflate")]
    assert!(cat.deflate().is_some() && ann.deflate().is_none());
}

#[test]
fn s10_2_who_comes_from_elsewhere_or_has_no_name_is_not_let_in() {
    let (_chat, url) = begin(Some("https://chat.example"), LONG);
    let named = [("Cookie", "name=Ann")];
    let status = |connector: Connector<'_>| match connector.connect(&url) {
        Err(Error::Handshake(HandshakeError::Refused(refusal))) => refusal.status(),
        other => panic!("{other:?}"),
    };
    let here = "https://chat.example";
    assert_eq!(status(Connector::DEFAULT.with_headers(&named)), 403);
    let elsewhere = Connector::DEFAULT.with_origin("https://other.example");
    assert_eq!(status(elsewhere.with_headers(&named)), 403);
    for cookie in ["name=", "name=a b", "names=Ann"] {
        let wrong = [("Cookie", cookie)];
        assert_eq!(
            status(Connector::DEFAULT.with_origin(here).with_headers(&wrong)),
            403
        );
    }
    assert_eq!(status(Connector::DEFAULT.with_origin(here)), 403);
    Connector::DEFAULT
        .with_origin(here)
        .with_headers(&named)
        .connect(&url)
        .unwrap();
}

#[test]
fn s7_4_1_the_end_of_the_chat_and_of_who_says_nothing_is_1001() {
    let (chat, url) = begin(None, LONG);
    let mut ann = enter(&url, "", "Ann");
    ann.send("1").unwrap();
    hears(&mut ann, "Ann: 1");
    let ending = std::thread::spawn(move || chat.end(Duration::from_secs(20)));
    assert_eq!(ended(&mut ann), CloseCode::GOING_AWAY);
    ann.close(None, "").unwrap();
    assert_eq!(ending.join().unwrap(), 0);

    let (_chat, url) = begin(None, Duration::from_millis(200));
    assert_eq!(ended(&mut enter(&url, "", "Ann")), CloseCode::GOING_AWAY);
}

#[test]
fn who_does_not_read_is_cut_off_and_holds_nobody_up() {
    let (_chat, url) = begin(None, LONG);
    let mut deaf = enter(&url, "", "Deaf");
    deaf.send("1").unwrap();
    hears(&mut deaf, "Deaf: 1");
    let mut ann = enter(&url, "", "Ann");
    let text = "x".repeat(4000);
    // More than the sockets of the system hold.
    for _ in 0..4000 {
        ann.send(text.as_str()).unwrap();
        assert_eq!(ann.read().unwrap().unwrap().payload().len(), "Ann: ".len() + 4000);
    }
    let ended = loop {
        match deaf.read() {
            Ok(Some(_)) => {}
            ended => break ended.map(|message| message.is_some()),
        }
    };
    assert!(ended.is_err());
}

#[test]
fn s10_4_a_message_that_is_too_long_ends_the_connection_of_who_sends_it() {
    let (_chat, url) = begin(None, LONG);
    let mut ann = enter(&url, "", "Ann");
    ann.send("x".repeat(5000).as_str()).unwrap();
    assert_eq!(ended(&mut ann), ProtocolError::MessageTooBig.close_code());
}
