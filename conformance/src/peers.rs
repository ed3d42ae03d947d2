//! The adapters, and the implementations that talk to them.

use crate::Failure;
use crate::exchange::Abilities;
use crate::pair::Setting;
use crate::program::Program;

/// An implementation, and what can be tested of it.
#[derive(Debug)]
pub struct Peer {
    /// Its name in the table.
    pub name: &'static str,
    /// How it is run.
    pub kind: Kind,
    /// What it can do as a client, if there is one.
    pub client: Option<Abilities>,
    /// What it can do as a server, if there is one.
    pub server: Option<Abilities>,
    /// What its client makes of a Pong after a Close, if that is checked: `PROGRAM late URL` has the server send one,
    /// and prints "passed N".
    pub late_pong: Option<LatePong>,
    /// Why not everything is checked, if that is so.
    pub note: &'static str,
}

/// How an implementation is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// bareframe-std, in this process.
    Std,
    /// bareframe-tokio, in this process.
    Tokio,
    /// bareframe-axum, in this process.
    Axum,
    /// tungstenite, in this process.
    Tungstenite,
    /// tokio-tungstenite, in this process.
    TokioTungstenite,
    /// The program of this name, which `conformance/interop` installs. It is called in one of three ways:
    ///
    /// ```text
    /// PROGRAM version                     prints "version VERSION"
    /// PROGRAM serve [CERTIFICATE KEY]     prints "listening PORT", then "closed CODE REASON" for each connection
    /// PROGRAM drive URL [AUTHORITY]       prints "passed N"
    /// ```
    Program(&'static str),
}

/// What a client makes of a Pong that follows a Close (RFC 6455 section 5.5.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LatePong {
    /// Its user sees the Close and nothing else.
    Ignored,
    /// Its user sees the Close and then an error, which contains these words.
    Refused(&'static str),
}

/// The peers, in the order of the table.
pub const PEERS: &[Peer] = &[
    Peer {
        kind: Kind::Std,
        late_pong: Some(LatePong::Ignored),
        ..Peer::new("bareframe-std")
    },
    Peer {
        kind: Kind::Tokio,
        late_pong: Some(LatePong::Ignored),
        ..Peer::new("bareframe-tokio")
    },
    Peer {
        note: "it is no client",
        kind: Kind::Axum,
        client: None,
        ..Peer::new("bareframe-axum")
    },
    Peer {
        kind: Kind::Tungstenite,
        late_pong: Some(LatePong::Refused("ReceivedAfterClosing")),
        ..Peer::new("tungstenite")
    },
    Peer {
        kind: Kind::TokioTungstenite,
        ..Peer::new("tokio-tungstenite")
    },
    Peer {
        late_pong: Some(LatePong::Ignored),
        ..Peer::new("ws")
    },
    Peer {
        late_pong: Some(LatePong::Ignored),
        ..Peer::new("websockets")
    },
    Peer {
        note: "it sends no fragments, and answers a Close with 1000 by default",
        client: Some(Abilities {
            fragments: false,
            returns_code: false,
            ..Abilities::ALL
        }),
        server: Some(Abilities {
            fragments: false,
            returns_code: false,
            ..Abilities::ALL
        }),
        ..Peer::new("aiohttp")
    },
    Peer {
        note: "ASGI has neither fragments nor Pings; it is no client",
        client: None,
        server: Some(Abilities {
            fragments: false,
            pings: false,
            ..Abilities::ALL
        }),
        ..Peer::new("uvicorn")
    },
    Peer {
        note: "it requires a code to close with; it is no server",
        client: Some(Abilities {
            close_without_code: false,
            ..Abilities::ALL
        }),
        server: None,
        ..Peer::new("java")
    },
    Peer::new("gorilla"),
    Peer::new("beast"),
    Peer {
        note: "it does not report the answer to its Close, and sends none without a code",
        client: Some(Abilities {
            close_without_code: false,
            reports_answer: false,
            ..Abilities::ALL
        }),
        server: Some(Abilities {
            reports_answer: false,
            ..Abilities::ALL
        }),
        ..Peer::new("libwebsockets")
    },
    Peer::browser("chromium"),
    Peer::browser("firefox"),
];

impl Peer {
    /// A program that can do everything.
    const fn new(name: &'static str) -> Peer {
        Peer {
            name,
            kind: Kind::Program(name),
            client: Some(Abilities::ALL),
            server: Some(Abilities::ALL),
            late_pong: None,
            note: "",
        }
    }

    /// A browser.
    const fn browser(name: &'static str) -> Peer {
        Peer {
            note: "a browser's interface has neither fragments nor Pings; it is no server",
            client: Some(Abilities {
                fragments: false,
                pings: false,
                ..Abilities::ALL
            }),
            server: None,
            ..Peer::new(name)
        }
    }

    /// Returns `true` if it is one of the adapters.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        matches!(self.kind, Kind::Std | Kind::Tokio | Kind::Axum)
    }

    /// Returns the peer of this name.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn named(name: &str) -> Result<&'static Peer, Failure> {
        PEERS
            .iter()
            .find(|peer| peer.name == name)
            .ok_or_else(|| format!("there is no peer {name}").into())
    }

    /// Returns its version.
    ///
    /// # Errors
    ///
    /// If its program does not print it.
    pub fn version(&self, setting: &Setting) -> Result<String, Failure> {
        match self.kind {
            Kind::Std | Kind::Tokio | Kind::Axum => Ok(env!("CARGO_PKG_VERSION").to_owned()),
            Kind::Tungstenite => locked_version("tungstenite"),
            Kind::TokioTungstenite => locked_version("tokio-tungstenite"),
            Kind::Program(name) => {
                Program::start(name, setting.command(name).arg("version"))?.told("version")
            }
        }
    }
}

/// Returns the version of a dependency of this package.
fn locked_version(name: &str) -> Result<String, Failure> {
    let lock = include_str!("../../Cargo.lock");
    let package = |name: &str| {
        let begin = format!("name = \"{name}\"\n");
        lock.split("[[package]]\n")
            .find(|package| package.starts_with(&begin))
    };
    // If there are several versions, the list of dependencies says which is meant.
    let named = format!(" \"{name} ");
    let meant = package(env!("CARGO_PKG_NAME")).and_then(|own| {
        own.lines()
            .find_map(|line| line.strip_prefix(&named)?.strip_suffix("\","))
    });
    let only = || {
        let mut lines = package(name)?.lines();
        lines.find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
    };
    meant
        .or_else(only)
        .map(str::to_owned)
        .ok_or_else(|| format!("{name} is not in Cargo.lock").into())
}
