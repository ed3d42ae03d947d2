//! Ours through bareframe-std, used as its documentation says.

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

/// Reads a stream of which one read returns at most `piece` bytes: text as `&str`, and everything else as bytes.
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

/// It is called from one place only, as in a program, so that it is inlined.
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
