// A program as one writes it for axum: what includes it says in one `use` line whose WebSockets it is about.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Router, extract::FromRequestParts};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast;
use ws::rejection::WebSocketUpgradeRejection;
use ws::{CloseCode, CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};

struct Rooms {
    names: Mutex<BTreeSet<String>>,
    said: broadcast::Sender<Utf8Bytes>,
}

pub(crate) fn app() -> Router {
    let rooms = Rooms {
        names: Mutex::default(),
        said: broadcast::channel(16).0,
    };
    Router::new()
        .route("/", get(async || "a page"))
        .route("/echo", any(async |ws: WebSocketUpgrade| ws.on_upgrade(echo)))
        .route("/chat/{name}", any(join))
        .route("/testable", any(async |ws: WebSocketUpgrade| ws.on_upgrade(testable_handler)))
        .route("/protocol", any(protocol))
        .route("/farewell", any(farewell))
        .route("/asked", any(asked))
        .route("/both", any(both))
        .with_state(Arc::new(rooms))
}

/// Sends back what comes.
async fn echo(mut socket: WebSocket) {
    while let Some(message) = socket.recv().await {
        let Ok(message) = message else { return };
        if matches!(message, Message::Text(_) | Message::Binary(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}

/// Lets somebody in by name; what each says is for all.
async fn join(
    ws: WebSocketUpgrade,
    Path(name): Path<String>,
    State(rooms): State<Arc<Rooms>>,
) -> impl IntoResponse {
    ws.max_message_size(1 << 20)
        .max_frame_size(1 << 20)
        .read_buffer_size(4 << 10)
        .write_buffer_size(4 << 10)
        .max_write_buffer_size(1 << 20)
        .on_failed_upgrade(|error| println!("{error}"))
        .on_upgrade(move |socket| chat(socket, name, rooms))
}

async fn chat(socket: WebSocket, name: String, rooms: Arc<Rooms>) {
    let (mut sender, mut receiver): (SplitSink<WebSocket, Message>, SplitStream<WebSocket>) = socket.split();
    if !rooms.names.lock().unwrap().insert(name.clone()) {
        let _ = sender.send(Message::Text(Utf8Bytes::from_static("that name is taken"))).await;
        return;
    }
    let mut heard = rooms.said.subscribe();
    let _ = rooms.said.send(format!("{name} is here").into());
    let mut telling = tokio::spawn(async move {
        while let Ok(text) = heard.recv().await {
            if sender.send(Message::Text(text)).await.is_err() {
                break;
            }
        }
    });
    let said = rooms.said.clone();
    let of = name.clone();
    let mut listening = tokio::spawn(async move {
        while let Some(Ok(message)) = receiver.next().await {
            match told(&of, message) {
                ControlFlow::Continue(Some(text)) => drop(said.send(text.into())),
                ControlFlow::Continue(None) => {}
                ControlFlow::Break(()) => break,
            }
        }
    });
    tokio::select! {
        _ = &mut telling => listening.abort(),
        _ = &mut listening => telling.abort(),
    }
    let _ = rooms.said.send(format!("{name} has left").into());
    rooms.names.lock().unwrap().remove(&name);
}

fn told(name: &str, message: Message) -> ControlFlow<(), Option<String>> {
    match message {
        Message::Text(text) => ControlFlow::Continue(Some(format!("{name}: {text}"))),
        Message::Binary(data) => ControlFlow::Continue(Some(format!("{name}: {} bytes", data.len()))),
        Message::Ping(_) | Message::Pong(_) => ControlFlow::Continue(None),
        Message::Close(frame) => {
            if let Some(CloseFrame { code, reason }) = frame {
                println!("{name} closes with {code} {reason}");
            }
            ControlFlow::Break(())
        }
    }
}

/// What can be tested without a connection.
async fn testable<W, R>(mut write: W, mut read: R)
where
    W: Sink<Message> + Unpin,
    R: Stream<Item = Result<Message, axum::Error>> + Unpin,
{
    while let Some(Ok(message)) = read.next().await {
        let Ok(text) = message.to_text().map(str::to_uppercase) else { break };
        if matches!(message, Message::Close(_)) || write.send(text.into()).await.is_err() {
            break;
        }
    }
}

async fn testable_handler(socket: WebSocket) {
    let (write, read) = socket.split();
    testable(write, read).await;
}

async fn protocol(ws: WebSocketUpgrade) -> Response {
    let requested: Vec<String> = ws
        .requested_protocols()
        .map(|protocol| protocol.to_str().unwrap().to_owned())
        .collect();
    let ws = ws.protocols(["b".to_owned(), "a".to_owned()]);
    let selected = ws.selected_protocol().cloned();
    ws.on_upgrade(async move |mut socket| {
        assert_eq!(socket.protocol(), selected.as_ref());
        let _ = socket.send(requested.len().to_string().into()).await;
        echo(socket).await;
    })
}

async fn farewell(ws: WebSocketUpgrade) -> Response {
    ws.on_upgrade(async |mut socket: WebSocket| {
        let code: CloseCode = close_code::AWAY;
        let close = CloseFrame {
            code,
            reason: Utf8Bytes::from_static("good night"),
        };
        socket.send(Message::Ping(vec![1, 2].into())).await.unwrap();
        let pong = socket.recv().await.unwrap().unwrap();
        assert_eq!(pong, Message::Pong(vec![1, 2].into()));
        socket.send(Message::Close(Some(close))).await.unwrap();
        assert!(socket.send("more".into()).await.is_err());
        let answer = socket.recv().await.unwrap().unwrap();
        assert!(matches!(answer, Message::Close(Some(CloseFrame { code: close_code::AWAY, .. }))), "{answer:?}");
        assert!(socket.recv().await.is_none());
    })
}

/// Answers a wrong request by itself.
async fn asked(ws: Result<WebSocketUpgrade, WebSocketUpgradeRejection>) -> Response {
    match ws {
        Ok(ws) => ws.on_upgrade(echo),
        Err(rejection) => {
            let known = match &rejection {
                WebSocketUpgradeRejection::MethodNotGet(_) => "method",
                WebSocketUpgradeRejection::MethodNotConnect(_) => "not CONNECT",
                WebSocketUpgradeRejection::InvalidConnectionHeader(_) => "connection",
                WebSocketUpgradeRejection::InvalidUpgradeHeader(_) => "upgrade",
                WebSocketUpgradeRejection::InvalidProtocolPseudoheader(_) => "protocol",
                WebSocketUpgradeRejection::InvalidWebSocketVersionHeader(_) => "version",
                WebSocketUpgradeRejection::WebSocketKeyHeaderMissing(_) => "key",
                WebSocketUpgradeRejection::ConnectionNotUpgradable(_) => "connection not upgradable",
                _ => "other",
            };
            assert!(!rejection.body_text().is_empty() && rejection.status().is_client_error());
            (rejection.status(), known).into_response()
        }
    }
}

/// An extractor of the program's own, over the library's.
struct Both(WebSocketUpgrade);

impl<S: Send + Sync> FromRequestParts<S> for Both {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, state: &S) -> Result<Both, Response> {
        let ws = WebSocketUpgrade::from_request_parts(parts, state).await;
        ws.map(Both).map_err(IntoResponse::into_response)
    }
}

async fn both(Both(ws): Both) -> Response {
    ws.on_upgrade(async |socket| {
        let (mut write, mut read) = socket.split();
        while let Some(Ok(message)) = read.next().await {
            if matches!(message, Message::Close(_)) || message.clone().into_text().is_err() {
                break;
            }
            write.feed(message).await.unwrap();
            write.flush().await.unwrap();
        }
        let mut socket = write.reunite(read).unwrap();
        let _ = socket.close().await;
    })
}
