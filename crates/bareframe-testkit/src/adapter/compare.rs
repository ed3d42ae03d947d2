//! What was said and what was seen, compared and shown.

use super::{Heard, Said};
use crate::{Oracle, Seen};
use bareframe::CloseCode;

/// Events with the pieces of each message joined; control frames between them come before.
pub(super) fn joined(events: &[Seen]) -> Vec<Seen> {
    let mut joined = Vec::new();
    let mut open: Option<Seen> = None;
    for seen in events {
        let Seen::Data { payload, last, .. } = seen else {
            joined.push(seen.clone());
            continue;
        };
        match &mut open {
            Some(Seen::Data {
                payload: before,
                last: ended,
                ..
            }) => {
                before.extend_from_slice(payload);
                *ended = *last;
            }
            _ => open = Some(seen.clone()),
        }
        if *last {
            joined.extend(open.take());
        }
    }
    joined.extend(open);
    joined
}

pub(super) fn is_whole(seen: &Seen) -> bool {
    !matches!(seen, Seen::Data { last: false, .. })
}

/// Returns `true` if this is what was said, or its beginning.
pub(super) fn is_said(seen: &Seen, said: &Said) -> bool {
    match (seen, said) {
        (
            Seen::Data {
                kind, payload, last, ..
            },
            Said::Message(said_kind, said),
        ) => kind == said_kind && said.starts_with(payload) && (!last || payload.len() == said.len()),
        (Seen::Ping(payload), Said::Ping(said)) => payload == said,
        (Seen::Close { code, reason }, Said::Close(said, said_reason)) => {
            *code == Some(*said) && reason == said_reason
        }
        _ => false,
    }
}

/// Returns `true` if the first is a beginning of the second.
pub(super) fn is_begun(begun: &Seen, whole: &Seen) -> bool {
    match (begun, whole) {
        (
            Seen::Data {
                kind,
                payload,
                first,
                last: false,
                ..
            },
            Seen::Data {
                kind: due_kind,
                payload: due,
                first: due_first,
                ..
            },
        ) => kind == due_kind && first == due_first && due.starts_with(payload),
        _ => false,
    }
}

pub(super) fn close_of(oracle: &Oracle) -> Option<(Option<CloseCode>, String)> {
    oracle.transcript().events.iter().find_map(|seen| match seen {
        Seen::Close { code, reason } => Some((*code, reason.clone())),
        _ => None,
    })
}

pub(super) fn shown(said: &Said) -> String {
    match said {
        Said::Message(kind, payload) => format!("{kind} of {} bytes", payload.len()),
        Said::Ping(payload) => format!("ping \"{}\"", payload.escape_ascii()),
        Said::Close(code, reason) => format!("close {code} {reason:?}"),
    }
}

pub(super) fn shown_heard(heard: &Heard) -> String {
    match heard {
        Heard::Seen(Seen::Data {
            kind, payload, last, ..
        }) => {
            format!(
                "{kind} of {} bytes{}",
                payload.len(),
                if *last { "" } else { ", more to come" }
            )
        }
        Heard::Seen(seen) => seen.to_string(),
        heard => format!("{heard:?}"),
    }
}
