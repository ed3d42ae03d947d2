//! What a chat in this process does; `conformance/rooms` runs several processes and Redis.

use crate::args::Arguments;
use crate::event::Event;
use crate::server::Server;
use bareframe_tokio::{ClientSocket, ClientStream, CloseCode, Connector, Error};
use clap::Parser;
use clap::error::ErrorKind;
use std::time::{Duration, Instant};
use tokio::time::timeout;

type Client = ClientSocket<ClientStream>;

const PATIENCE: Duration = Duration::from_secs(10);

fn arguments(options: &[&str]) -> Arguments {
    Arguments::parse_from([&["rooms", "127.0.0.1:0"], options].concat())
}

async fn start(options: &[&str]) -> (Server, String) {
    let server = Server::start(&arguments(options)).await.unwrap();
    let url = server.url().replacen("http", "ws", 1);
    (server, url)
}

/// Connects as the page does.
async fn connect(connector: Connector<'_>, url: &str, path: &str) -> Result<Client, Error> {
    connector.connect(&format!("{url}rooms/{path}")).await
}

/// Enters a room, and returns who is there.
async fn enter(url: &str, room: &str, name: &str) -> (Client, Vec<String>) {
    let mut client = connect(Connector::DEFAULT, url, &format!("{room}/{name}"))
        .await
        .unwrap();
    match hear(&mut client).await {
        Event::Members { names } => (client, names),
        event => panic!("{event:?}"),
    }
}

async fn hear(client: &mut Client) -> Event {
    let message = timeout(PATIENCE, client.read()).await.expect("in time").unwrap();
    serde_json::from_slice(message.expect("an open connection").payload()).unwrap()
}

/// Returns the code with which the server closes.
async fn closed(client: &mut Client) -> Option<CloseCode> {
    while timeout(PATIENCE, client.read())
        .await
        .expect("in time")
        .unwrap()
        .is_some()
    {}
    client.close_reason().unwrap().code()
}

async fn status(connector: Connector<'_>, url: &str, path: &str) -> u16 {
    match connect(connector, url, path).await {
        Ok(client) => client.response().unwrap().status(),
        Err(error) => error.refusal().unwrap_or_else(|| panic!("{error}")).status(),
    }
}

fn entered(name: &str) -> Event {
    Event::Entered {
        name: name.to_owned(),
    }
}

fn left(name: &str) -> Event {
    Event::Left {
        name: name.to_owned(),
    }
}

fn said(name: &str, text: &str) -> Event {
    let (name, text) = (name.to_owned(), text.to_owned());
    Event::Said { name, text }
}

#[tokio::test]
async fn what_one_says_all_in_the_room_hear_and_nobody_else() {
    let (_server, url) = start(&[]).await;
    let (mut ann, _) = enter(&url, "red", "Ann").await;
    let (mut ben, _) = enter(&url, "red", "Ben").await;
    let (mut eve, _) = enter(&url, "blue", "Eve").await;
    ann.send("Grüße, <b>\"Ben\"</b>").await.unwrap();
    eve.send("alone").await.unwrap();
    assert_eq!(hear(&mut ann).await, entered("Ben"));
    for member in [&mut ann, &mut ben] {
        assert_eq!(hear(member).await, said("Ann", "Grüße, <b>\"Ben\"</b>"));
    }
    assert_eq!(hear(&mut eve).await, said("Eve", "alone"));
}

#[tokio::test]
async fn who_is_there_is_told_and_a_member_leaves_with_its_last_connection() {
    let (_server, url) = start(&[]).await;
    let (mut ann, names) = enter(&url, "red", "Ann").await;
    assert_eq!(names, ["Ann"]);
    let (mut ben, names) = enter(&url, "red", "J%C3%BCrgen").await;
    assert_eq!(names, ["Ann", "Jürgen"]);
    assert_eq!(hear(&mut ann).await, entered("Jürgen"));
    let (mut other_tab, names) = enter(&url, "red", "J%C3%BCrgen").await;
    assert_eq!(names, ["Ann", "Jürgen"]);
    ben.close(CloseCode::NORMAL_CLOSURE, "").await.unwrap();
    other_tab.send("I am here").await.unwrap();
    assert_eq!(hear(&mut ann).await, said("Jürgen", "I am here"));
    // Its connection is lost without a Close.
    drop(other_tab);
    assert_eq!(hear(&mut ann).await, left("Jürgen"));
}

#[tokio::test]
async fn s10_2_pages_of_other_sites_are_refused() {
    let (_server, url) = start(&[]).await;
    let here = url.replacen("ws", "http", 1);
    let here = here.trim_end_matches('/');
    let (_listed_server, listed) =
        start(&["--origin", "https://a.example", "--origin", "https://b.example"]).await;
    for (url, origin, expected) in [
        (&url, here, 101),
        (&url, "https://a.example", 403),
        (&listed, "https://b.example", 101),
        (&listed, "https://c.example", 403),
        (&listed, here, 403),
    ] {
        let connector = Connector::DEFAULT.with_origin(origin);
        assert_eq!(status(connector, url, "red/Ann").await, expected, "{origin}");
    }
    // Who was refused was in no room.
    assert_eq!(enter(&listed, "red", "Ben").await.1.last().unwrap(), "Ben");
}

#[tokio::test]
async fn s10_4_names_messages_rooms_and_members_have_limits() {
    let limits = [
        "--max-rooms=1",
        "--max-members=2",
        "--max-name=3",
        "--max-message=10",
    ];
    let (_server, url) = start(&limits).await;
    for path in [
        "red/Anna",
        "blue/Ann",
        "red/A%00",
        "red/%F0%9F%91%8B%F0%9F%91%8B%F0%9F%91%8B%F0%9F%91%8B",
    ] {
        assert_eq!(status(Connector::DEFAULT, &url, path).await, 400, "{path}");
    }
    let (mut ann, _) = enter(&url, "red", "Ann").await;
    let (mut ben, _) = enter(&url, "red", "Ben").await;
    for (path, reason) in [
        ("red/Eve", "the room is full"),
        ("sea/Eve", "there are too many rooms"),
    ] {
        let mut eve = connect(Connector::DEFAULT, &url, path).await.unwrap();
        assert_eq!(closed(&mut eve).await, Some(CloseCode::TRY_AGAIN_LATER));
        assert_eq!(eve.close_reason().unwrap().reason(), reason);
    }
    ben.send(&[1_u8][..]).await.unwrap();
    assert_eq!(closed(&mut ben).await, Some(CloseCode::UNSUPPORTED_DATA));
    ann.send("10 bytes..").await.unwrap();
    for expected in [entered("Ben"), left("Ben"), said("Ann", "10 bytes..")] {
        assert_eq!(hear(&mut ann).await, expected);
    }
    ann.send("11 bytes...").await.unwrap();
    assert_eq!(closed(&mut ann).await, Some(CloseCode::MESSAGE_TOO_BIG));
    // The room is empty, and another may be there.
    ann.close(None, "").await.unwrap();
    assert_eq!(enter(&url, "sea", "Eve").await.1, ["Eve"]);
}

#[tokio::test]
async fn a_member_that_does_not_read_is_cut_off_with_1013_and_the_others_hear_all() {
    let (_server, url) = start(&["--max-queue=8", "--max-message=100000", "--max-pace=1000000"]).await;
    let (mut ann, _) = enter(&url, "red", "Ann").await;
    let (mut slow, _) = enter(&url, "red", "Slow").await;
    assert_eq!(hear(&mut ann).await, entered("Slow"));
    let text = "all work and no play ".repeat(4_000);
    // What the system takes for a connection from which nobody reads is a few MiB.
    let mut number = 0;
    let mut last = None;
    while last.is_none_or(|last| number < last) {
        number += 1;
        assert!(number < 2_000, "a member that does not read is still there");
        let text = format!("{number} {text}");
        ann.send(text.as_str()).await.unwrap();
        let mut heard = hear(&mut ann).await;
        if heard == left("Slow") {
            last = Some(number + 10);
            heard = hear(&mut ann).await;
        }
        assert!(heard == said("Ann", &text), "{number}");
    }
    assert_eq!(closed(&mut slow).await, Some(CloseCode::TRY_AGAIN_LATER));
}

#[tokio::test]
async fn who_floods_a_room_has_to_wait() {
    let (_server, url) = start(&["--max-pace=100"]).await;
    let (mut ann, _) = enter(&url, "red", "Ann").await;
    let begin = Instant::now();
    for number in 0..60 {
        ann.send(number.to_string()).await.unwrap();
    }
    for number in 0..60 {
        assert_eq!(hear(&mut ann).await, said("Ann", &number.to_string()));
    }
    // The first ten do not wait, nor does the last that is heard.
    assert!(
        begin.elapsed() > Duration::from_millis(450),
        "{:?}",
        begin.elapsed()
    );
}

#[tokio::test]
async fn s7_4_1_a_shutdown_closes_all_with_1001_in_time_but_for_those_who_do_not_answer() {
    let (server, url) = start(&[]).await;
    let mut members = Vec::new();
    for http2 in [false, true] {
        for number in 0..10 {
            let connector = Connector::DEFAULT.with_http2(http2);
            let mut member = connect(connector, &url, &format!("red/{number}")).await.unwrap();
            members.push(tokio::spawn(async move {
                let code = closed(&mut member).await;
                member.close(None, "").await.unwrap();
                code
            }));
        }
    }
    let (_silent, _) = enter(&url, "red", "Silent").await;
    let begin = Instant::now();
    assert_eq!(server.finish(Duration::from_secs(2)).await, 1);
    assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
    for member in members {
        assert_eq!(member.await.unwrap(), Some(CloseCode::GOING_AWAY));
    }
    assert!(connect(Connector::DEFAULT, &url, "red/Late").await.is_err());
}

#[tokio::test]
async fn rfc8441_s5_over_tls_the_page_and_the_rooms_are_there_by_http_1_and_http_2() {
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};
    let directory = std::env::temp_dir().join(format!("bareframe-rooms-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let files = ["cert.pem", "key.pem"].map(|name| directory.join(name).display().to_string());
    std::fs::write(&files[0], made.cert.pem()).unwrap();
    std::fs::write(&files[1], made.signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let trust = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (server, url) = start(&["--tls", &files[0], &files[1]]).await;
    std::fs::remove_dir_all(&directory).unwrap();
    assert!(url.starts_with("wss://"), "{url}");
    let connector = Connector::DEFAULT.with_tls(trust.into());
    for (http2, expected) in [(false, 101), (true, 200)] {
        let connector = connector.clone().with_http2(http2);
        let mut ann = connect(connector, &url, "red/Ann").await.unwrap();
        assert_eq!(ann.response().unwrap().status(), expected);
        assert_eq!(
            hear(&mut ann).await,
            Event::Members {
                names: vec!["Ann".to_owned()]
            }
        );
        ann.send("Hello").await.unwrap();
        assert_eq!(hear(&mut ann).await, said("Ann", "Hello"));
        ann.close(None, "").await.unwrap();
    }
    assert_eq!(server.finish(PATIENCE).await, 0);
}

#[cfg(feature = "deflate")]
#[tokio::test]
async fn rfc7692_s5_1_what_is_said_is_compressed_for_those_who_offer_it() {
    use bareframe_tokio::{Options, deflate::Policy};
    let (_server, url) = start(&[]).await;
    let options = Options::DEFAULT.with_deflate(Policy::DEFAULT);
    let mut ann = connect(Connector::DEFAULT.with_options(options), &url, "red/Ann")
        .await
        .unwrap();
    let (mut ben, _) = enter(&url, "red", "Ben").await;
    assert!(ann.deflate().is_some() && ben.deflate().is_none());
    let text = "to and fro ".repeat(100);
    ann.send(text.as_str()).await.unwrap();
    assert_eq!(hear(&mut ben).await, said("Ann", &text));
    for expected in [
        Event::Members {
            names: vec!["Ann".to_owned()],
        },
        entered("Ben"),
        said("Ann", &text),
    ] {
        assert_eq!(hear(&mut ann).await, expected);
    }
}

#[test]
fn the_arguments_are_explained_and_wrong_ones_are_refused() {
    let parse = |options: &[&str]| Arguments::try_parse_from([&["rooms"], options].concat());
    let help = parse(&["--help"]).unwrap_err();
    assert_eq!(help.kind(), ErrorKind::DisplayHelp);
    for option in [
        "--origin",
        "--tls <CERT> <KEY>",
        "--self-signed",
        "--redis <URL>",
        "--max-queue",
    ] {
        assert!(help.to_string().contains(option), "{help}");
    }
    for wrong in [
        &["--tls", "cert.pem"][..],
        &["--tls", "c", "k", "--self-signed"],
        &["--max-pace=0"],
    ] {
        assert!(parse(wrong).is_err(), "{wrong:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_at_the_start_is_said_with_what_to_do() {
    let error = async |options: &[&str]| Server::start(&arguments(options)).await.err().unwrap();
    let none = error(&["--tls", "/nonesuch/cert.pem", "key.pem"]).await;
    assert!(none.contains("no certificates in /nonesuch/cert.pem"), "{none}");
    let closed = error(&["--redis", "redis://127.0.0.1:1/"]).await;
    assert!(closed.contains("leave --redis out"), "{closed}");
    let (server, url) = start(&[]).await;
    let address = url.trim_start_matches("ws://").trim_end_matches('/');
    let taken = Server::start(&Arguments::parse_from(["rooms", address]))
        .await
        .err()
        .unwrap();
    assert!(taken.contains("give another ADDRESS"), "{taken}");
    assert_eq!(server.finish(PATIENCE).await, 0);
}
