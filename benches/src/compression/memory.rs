//! What a codec takes of memory, from a program of its own whose allocator counts.

use super::{Effort, Kind, TAIL, deflaters, inflaters};
use crate::echo::compile;
use std::io;
use std::process::Command;
use std::sync::OnceLock;

/// The program that creates codecs and prints their memory.
const PROGRAM: &str = "codec-memory";
/// What each compresses or inflates, in bytes.
const MESSAGE: usize = 65_536;

/// A kind of codec.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Codec {
    /// An inflater.
    Inflate,
    /// A compressor.
    Deflate(Effort),
}

impl Codec {
    const ALL: [Codec; 3] = [
        Codec::Inflate,
        Codec::Deflate(Effort::Fast),
        Codec::Deflate(Effort::Best),
    ];

    /// Returns how many KiB each takes, in the order of their columns.
    ///
    /// # Errors
    ///
    /// If the program can't be compiled or run.
    pub fn memory(self) -> io::Result<Vec<String>> {
        static PRINTED: OnceLock<String> = OnceLock::new();
        let printed = match PRINTED.get() {
            Some(printed) => printed,
            None => {
                compile(PROGRAM)?;
                let program = std::env::current_exe()?.with_file_name(PROGRAM);
                let output = Command::new(program).output()?;
                PRINTED.get_or_init(|| String::from_utf8_lossy(&output.stdout).into_owned())
            }
        };
        let name = format!("{self:?} ");
        let figures = printed.lines().filter_map(|line| line.strip_prefix(&name));
        Ok(figures.map(str::to_owned).collect())
    }
}

/// Prints what each codec takes after a message, without a buffer for a whole message.
pub fn print_memory(live: fn() -> usize) {
    let message = Kind::Json.messages(1, MESSAGE).remove(0);
    let mut out = vec![0; 2 * MESSAGE];
    let len = deflaters(Effort::Best, false)
        .remove(0)
        .1
        .deflate(&message, &mut out);
    let payload = [&out[..len], &TAIL].concat();
    for codec in Codec::ALL {
        let mut column = 0;
        loop {
            let before = live();
            let (kept, beside): (Box<dyn std::any::Any>, usize) = match codec {
                Codec::Inflate if column < inflaters().len() => {
                    let mut codec = inflaters().swap_remove(column).1;
                    codec.inflate(&payload);
                    let beside = codec.beside();
                    (Box::new(codec), beside)
                }
                Codec::Deflate(effort) if column < deflaters(effort, true).len() => {
                    let mut codec = deflaters(effort, true).swap_remove(column).1;
                    codec.deflate(&message, &mut out);
                    (Box::new(codec), 0)
                }
                _ => break,
            };
            let bytes = live() - before - beside;
            drop(kept);
            println!("{codec:?} {}", bytes.div_ceil(1024));
            column += 1;
        }
    }
}
