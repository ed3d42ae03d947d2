//! What both sides send once the WebSocket is open.

use super::{Pair, Server, server};
use bareframe_tokio::{CloseCode, Connector, Event, Frame, Role, StreamEnd, WebSocket};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// Reads the next event, and describes it.
async fn event<S, R>(socket: &mut WebSocket<S, R>) -> String
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: Role,
{
    match socket.read_event().await.unwrap() {
        Some(Event::Data(piece)) => {
            let fin = if piece.is_last() { "." } else { "…" };
            format!("{}{fin}", piece.payload().escape_ascii())
        }
        Some(Event::Ping(payload)) => format!("Ping {}", payload.escape_ascii()),
        Some(Event::Pong(payload)) => format!("Pong {}", payload.escape_ascii()),
        Some(Event::Close(reason)) => {
            let code = reason.code().map_or(1005, CloseCode::number);
            format!("Close {code} {}", reason.reason())
        }
        None => "end".to_owned(),
    }
}

#[tokio::test]
async fn fragments_and_what_is_between_them_pass_before_the_message_ends() {
    for more in [&[][..], &["--http2"]] {
        let Pair {
            mut client,
            server,
            proxy: _proxy,
        } = Pair::open(more).await;
        let mut server = server.socket;
        client
            .send_frame(&mut Frame::text("Hel").fragment(false))
            .await
            .unwrap();
        assert_eq!(event(&mut server).await, "Hel…");
        client.ping("there?").await.unwrap();
        assert_eq!(event(&mut server).await, "Ping there?");
        assert_eq!(event(&mut client).await, "Pong there?");
        client.send_frame(&mut Frame::text("lo")).await.unwrap();
        assert_eq!(event(&mut server).await, "lo.");
        // A character is cut.
        server
            .send_frame(&mut Frame::text_piece(b"\xe4\xb8").fragment(false))
            .await
            .unwrap();
        assert_eq!(event(&mut client).await, r"\xe4\xb8…");
        server.pong("unasked").await.unwrap();
        assert_eq!(event(&mut client).await, "Pong unasked");
        server.send_frame(&mut Frame::text_piece(b"\x96")).await.unwrap();
        assert_eq!(event(&mut client).await, r"\x96.");
    }
}

/// A server over HTTP/2 refuses many small frames that it has not looked at.
#[tokio::test]
async fn many_small_fragments_at_once_are_few_writes() {
    const FRAGMENTS: usize = 4000;
    let mut pair = Pair::open(&["--http2"]).await;
    let (mut stream, _) = pair.client.into_inner();
    let mut bytes = [&b"\0\xc0\0\0\0\0"[..], &[b'a'; 64]].concat().repeat(FRAGMENTS);
    // The first is of a text, and the last is empty.
    bytes[0] = 1;
    bytes.extend(b"\x80\x80\0\0\0\0");
    tokio::io::AsyncWriteExt::write_all(&mut stream, &bytes)
        .await
        .unwrap();
    // The server looks at nothing before all may have arrived.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let message = pair.server.socket.read().await.unwrap().unwrap();
    assert_eq!(message.payload().len(), 64 * FRAGMENTS);
}

#[tokio::test]
async fn a_close_passes_in_both_directions_with_its_code_and_reason() {
    for more in [&[][..], &["--http2"]] {
        let Pair {
            mut client,
            mut server,
            proxy: _proxy,
        } = Pair::open(more).await;
        client.send("last").await.unwrap();
        let own = CloseCode::new(4000).unwrap();
        let closed = tokio::spawn(async move { client.close(own, "bis bald").await });
        assert_eq!(event(&mut server.socket).await, "last.");
        assert_eq!(event(&mut server.socket).await, "Close 4000 bis bald");
        assert_eq!(event(&mut server.socket).await, "end");
        server.socket.close(None, "").await.unwrap();
        assert_eq!(closed.await.unwrap().unwrap(), StreamEnd::Seen);

        let Pair {
            mut client,
            mut server,
            proxy: _proxy,
        } = Pair::open(more).await;
        let closed = tokio::spawn(async move { server.socket.close(None, "").await });
        assert_eq!(event(&mut client).await, "Close 1005 ");
        assert_eq!(event(&mut client).await, "end");
        client.close(None, "").await.unwrap();
        assert_eq!(closed.await.unwrap().unwrap(), StreamEnd::Seen);
    }
}

#[tokio::test]
async fn each_side_is_told_that_the_other_is_gone_or_broke_the_protocol() {
    let pair = Pair::open(&[]).await;
    let mut server = pair.server.socket;
    drop(pair.client);
    assert_eq!(event(&mut server).await, "Close 1001 ");

    let mut pair = Pair::open(&[]).await;
    drop(pair.server.socket);
    assert_eq!(event(&mut pair.client).await, "Close 1014 ");

    // A text that is not UTF-8; the client is told with what code its connection failed.
    let mut pair = Pair::open(&[]).await;
    let (mut stream, _) = pair.client.into_inner();
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"\x81\x81\0\0\0\0\xff")
        .await
        .unwrap();
    let mut client = WebSocket::client(stream, &server::OPTIONS).unwrap();
    let told = event(&mut client).await;
    assert!(told.starts_with("Close 1007"), "{told}");
    assert_eq!(event(&mut pair.server.socket).await, "Close 1001 ");
}

#[tokio::test]
async fn a_client_that_does_not_answer_a_ping_is_gone() {
    let mut pair = Pair::open(&["--keepalive", "1"]).await;
    // Nothing reads from it.
    let _client = pair.client;
    let told = async {
        loop {
            // The server is asked as well.
            match event(&mut pair.server.socket).await {
                ping if ping == "Ping " => {}
                told => break told,
            }
        }
    };
    let told = timeout(Duration::from_secs(20), told).await.unwrap();
    assert_eq!(told, "Close 1001 ");
}

#[tokio::test]
async fn a_shutdown_closes_both_sides_with_1001() {
    for more in [&[][..], &["--http2"]] {
        let mut pair = Pair::open(more).await;
        pair.proxy.shutdown.begin();
        let mut server = pair.server.socket;
        let told = tokio::spawn(async move {
            let told = event(&mut server).await;
            server.close(None, "").await.unwrap();
            told
        });
        assert_eq!(event(&mut pair.client).await, "Close 1001 ");
        pair.client.close(None, "").await.unwrap();
        assert_eq!(told.await.unwrap(), "Close 1001 ");
        assert_eq!(pair.proxy.ended.await.unwrap(), 0);
    }
}

/// What the client compressed is not touched on the way.
#[cfg(feature = "deflate")]
#[tokio::test]
async fn compression_is_agreed_on_by_the_client_and_the_server() {
    let text = "compressed ".repeat(10_000);
    let connector = Connector::DEFAULT.with_options(server::OPTIONS);
    for more in [&[][..], &["--http2"]] {
        let mut pair = Pair::open_by(&connector, "/", more).await;
        let agreed = pair.client.response().unwrap().header("Sec-WebSocket-Extensions");
        assert!(agreed.unwrap().starts_with("permessage-deflate"), "{agreed:?}");
        pair.client.send(&*text).await.unwrap();
        let message = pair.server.socket.read().await.unwrap().unwrap();
        assert_eq!(message.as_str(), Some(&*text));
        pair.server.socket.send(&*text).await.unwrap();
        let message = pair.client.read().await.unwrap().unwrap();
        assert_eq!(message.as_str(), Some(&*text));
    }
}

#[tokio::test]
async fn other_extensions_do_not_pass() {
    let connector = Connector::DEFAULT.with_extensions("x-toy, permessage-deflate; client_max_window_bits");
    let mut server = Server::start().await;
    let proxy = super::Proxy::start(server.address, &[]).await;
    let _client = connector.connect(&proxy.url("/")).await.unwrap();
    let offered = &server.reached().await.headers["sec-websocket-extensions"];
    assert_eq!(offered, "permessage-deflate; client_max_window_bits");
}
