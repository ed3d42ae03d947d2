//! What members and processes are told.

use bareframe_tokio::SharedMessage;
use serde::{Deserialize, Serialize};

/// What happens in a room. Members are told of it in JSON, and processes tell each other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Event {
    /// These are all who are there, each once.
    Members { names: Vec<String> },
    /// One more is there.
    Entered { name: String },
    /// One is not there any more.
    Left { name: String },
    /// One has said something.
    Said { name: String, text: String },
}

impl Event {
    /// Returns it as a message, which is encoded once for all who are told.
    pub(crate) fn to_message(&self) -> SharedMessage {
        SharedMessage::text(&serde_json::to_string(self).expect("strings are JSON"))
    }
}
