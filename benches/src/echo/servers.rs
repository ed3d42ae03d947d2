//! The echo servers.

/// The program that is one of them.
pub const PROGRAM: &str = "echo-server";

/// An echo server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    /// The name of the crate.
    pub name: &'static str,
    /// How it waits.
    pub waits: Waits,
}

/// How a server waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// With a thread for each connection.
    Threads,
    /// With one thread for all.
    OneThread,
}

impl Server {
    const fn new(name: &'static str, waits: Waits) -> Server {
        Server { name, waits }
    }

    /// Returns a title that distinguishes it from the others.
    pub fn title(&self) -> String {
        format!("{} {:?}", self.name, self.waits)
    }
}

/// Ours.
pub const OURS: [Server; 2] = [
    Server::new("bareframe-std", Waits::Threads),
    Server::new("bareframe-std", Waits::OneThread),
];

/// The others.
pub const PEERS: [Server; 6] = [
    Server::new("tungstenite", Waits::Threads),
    Server::new("nexus-web", Waits::Threads),
    Server::new("tokio-tungstenite", Waits::OneThread),
    Server::new("fastwebsockets", Waits::OneThread),
    Server::new("sockudo-ws", Waits::OneThread),
    Server::new("tokio-websockets", Waits::OneThread),
];
