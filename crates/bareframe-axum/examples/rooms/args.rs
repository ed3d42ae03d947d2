//! The command line, and the limits.

use clap::{Args, Parser};
use std::path::PathBuf;

/// A chat in rooms, with a page: open the address that it prints in a browser.
#[derive(Parser, Clone, Debug)]
#[command(name = "rooms")]
pub(crate) struct Arguments {
    /// Where to listen
    #[arg(default_value = "127.0.0.1:9001")]
    pub(crate) address: String,

    /// A site whose pages may open connections, such as https://example.com; may be given more than once. Without it, only pages of
    /// the host that is asked may: the page that is served here
    #[arg(long, value_name = "SITE")]
    pub(crate) origin: Vec<String>,

    /// The certificates and the private key, in PEM, for https and HTTP/2
    #[arg(long, num_args = 2, value_names = ["CERT", "KEY"])]
    pub(crate) tls: Option<Vec<PathBuf>>,

    /// Tries https and HTTP/2 with a certificate that is created at the start: the browser warns of it
    #[arg(long, conflicts_with = "tls")]
    pub(crate) self_signed: bool,

    /// Shares the rooms with all processes that are given this server of Redis (6 or later), such as redis://127.0.0.1/
    #[arg(long, value_name = "URL")]
    pub(crate) redis: Option<String>,

    #[command(flatten)]
    pub(crate) limits: Limits,
}

/// What this process accepts at most.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many rooms there may be
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) max_rooms: usize,

    /// How many connections a room may have
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) max_members: usize,

    /// How many characters the name of a room or of a member may have
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub(crate) max_name: usize,

    /// How many bytes a message may have; a longer one ends the connection with 1009
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 10)]
    pub(crate) max_message: usize,

    /// How many messages a member may send in a second; more have to wait
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_pace: u32,

    /// How many messages may wait for a member that reads slowly; one more ends its connection with 1013
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub(crate) max_queue: usize,
}
