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

/// Returns the name of a peer with its version.
pub fn versioned(name: &str) -> String {
    let version = of_several(name).or_else(|| of_one(name));
    format!("{name} {}", version.unwrap_or(""))
}

/// Returns the version that this package uses, if others use another.
fn of_several(name: &str) -> Option<&'static str> {
    let own = format!("name = \"{}\"\n", env!("CARGO_PKG_NAME"));
    let (_, own) = LOCK.split_once(&own)?;
    let (own, _) = own.split_once("\n]\n")?;
    let (_, version) = own.split_once(&format!("\"{name} "))?;
    Some(version.split_once('"')?.0)
}

fn of_one(name: &str) -> Option<&'static str> {
    let (_, version) = LOCK.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    Some(version.split_once('"')?.0)
}
