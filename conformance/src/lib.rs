//! Shared code of the conformance programs: the exchange of every pair of peers, and the peers.

pub mod exchange;
pub mod over_tokio;
pub mod own;
pub mod pair;
pub mod peers;
pub mod program;
pub mod proxies;
pub mod proxy_checks;
pub mod server;
pub mod table;
pub mod tls;
pub mod tokio_tungstenite;
pub mod tungstenite;

/// The failure of a test.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long a peer may be silent before the test fails.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
