//! Ours through bareframe-std, driven as its documentation says.

use crate::measure::Task;
use crate::memory::Memory;
use crate::wire::{Stream, look};
use bareframe_std::{MessageKind, Options, ServerSocket, Untimed, WebSocket};

/// A server that reads messages from a stream.
struct Messages {
    socket: ServerSocket<Untimed<Memory>>,
    memory: Memory,
    frames: usize,
}

/// Reads a stream that gives at most `piece` bytes in one read: text as `&str`, and all else as bytes.
pub fn messages(stream: &Stream, piece: usize) -> Box<dyn Task> {
    let memory = Memory::new(&stream.bytes, piece);
    Box::new(Messages {
        socket: WebSocket::server(Untimed(memory.clone()), &Options::DEFAULT),
        memory,
        frames: stream.frames,
    })
}

impl Task for Messages {
    fn prepare(&mut self) {
        self.memory.rewind();
    }

    fn run(&mut self) -> u64 {
        see(&mut self.socket, self.frames)
    }
}

/// The one place from which it is called, as in a program, so that it is inlined here.
#[inline(never)]
fn see(socket: &mut ServerSocket<Untimed<Memory>>, frames: usize) -> u64 {
    let mut seen = 0;
    for _ in 0..frames {
        let Ok(Some(message)) = socket.read() else {
            return seen;
        };
        seen += match message.kind() {
            MessageKind::Text => message.as_str().map_or(0, |text| look(text.as_bytes())),
            MessageKind::Binary => look(message.payload()),
        };
    }
    seen
}
