//! Which servers there are.

/// The program that is one of them.
pub const PROGRAM: &str = "async-server";

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    /// The name of the crate.
    pub name: &'static str,
    /// How it is used.
    pub does: Does,
}

/// How a server is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// As its documentation shows.
    Documented,
    /// It feeds what it answers, and flushes when nothing more has arrived.
    Gathering,
}

/// Ours first.
pub const SERVERS: [Server; 10] = [
    Server::new("bareframe-tokio", Does::Documented),
    Server::new("tokio-tungstenite", Does::Documented),
    Server::new("tokio-websockets", Does::Documented),
    Server::new("fastwebsockets", Does::Documented),
    Server::new("sockudo-ws", Does::Documented),
    Server::new("yawc", Does::Documented),
    Server::new("tokio-tungstenite", Does::Gathering),
    Server::new("tokio-websockets", Does::Gathering),
    Server::new("sockudo-ws", Does::Gathering),
    Server::new("yawc", Does::Gathering),
];

impl Server {
    const fn new(name: &'static str, does: Does) -> Server {
        Server { name, does }
    }

    /// Returns a title that distinguishes it from the others.
    pub fn title(&self) -> String {
        format!("{} {:?}", self.name, self.does)
    }
}
