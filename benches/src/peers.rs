//! The peers, each used as its documentation says, in memory, at its best settings.

pub mod edge_ws;
pub mod fastwebsockets;
pub mod nexus_web;
pub mod shiguredo_websocket;
pub mod sockudo_ws;
pub mod tokio_websockets;
pub mod tungstenite;
pub mod web_socket;
pub mod websocket_sans_io;
pub mod websocketz;
pub mod ws_framer;
pub mod wtx;
pub mod yawc;

/// The resolved versions of everything that is linked here.
const LOCK: &str = include_str!("../../Cargo.lock");

/// Returns the name of a peer with its version, the newest if others depend on an older one.
pub fn versioned(name: &str) -> String {
    let entry = format!("name = \"{name}\"\nversion = \"");
    let version = LOCK
        .rsplit_once(&entry)
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or("", |(version, _)| version);
    format!("{name} {version}")
}
