//! The routes: the page, and the request for a WebSocket.

use crate::args::Limits;
use crate::log;
use crate::member::serve;
use crate::pace::Pace;
use crate::rooms::Rooms;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{Method, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use bareframe_axum::{Shutdown, WebSocketUpgrade};
use std::sync::Arc;
use std::time::Duration;

/// A member that sends nothing for this long is sent a Ping, and its connection ends if nothing comes within `PATIENCE` after that.
const SILENCE: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(10);

/// What all requests share.
pub(crate) struct Chat {
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) limits: Limits,
    /// The sites whose pages may open connections; if there are none, the host that is asked.
    pub(crate) origins: Vec<String>,
    pub(crate) shutdown: Shutdown,
}

pub(crate) fn router(chat: Chat) -> Router {
    Router::new()
        .route("/", get(page))
        // A GET in HTTP/1.1, and a CONNECT in HTTP/2 (RFC 8441).
        .route("/rooms/{room}/{name}", any(enter))
        .with_state(Arc::new(chat))
}

async fn page(method: Method, version: Version) -> impl IntoResponse {
    log(format_args!("The page ({method}, {version:?})"));
    // The page shows what members say, and so must load and run nothing but what it has.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self' ws: wss:";
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy),
    ];
    (headers, include_str!("page.html"))
}

async fn enter(
    ws: WebSocketUpgrade,
    method: Method,
    version: Version,
    Path((room, name)): Path<(String, String)>,
    State(chat): State<Arc<Chat>>,
) -> Response {
    let Limits {
        max_name,
        max_message,
        max_pace,
        ..
    } = chat.limits;
    let is_name = |name: &str| name.chars().count() <= max_name && !name.contains(char::is_control);
    if !is_name(&room) || !is_name(&name) {
        let wrong = format!("a name has at most {max_name} characters, and no control characters\n");
        return (StatusCode::BAD_REQUEST, wrong).into_response();
    }
    let ws = match chat.origins.as_slice() {
        [] => ws.same_origin(),
        origins => ws.origin(origins),
    };
    let ws = ws
        .max_message_size(max_message)
        .keepalive(SILENCE, PATIENCE)
        .shutdown(&chat.shutdown);
    #[cfg(feature = "deflate")]
    let ws = ws.deflate(bareframe_axum::deflate::Policy::DEFAULT);
    ws.on_upgrade(async move |socket| {
        log(format_args!("{name:?} enters {room:?} ({method}, {version:?})"));
        let ended = serve(socket, &chat.rooms, &room, &name, Pace::new(max_pace)).await;
        log(format_args!("{name:?} has left {room:?}: {ended}"));
    })
}
