//! What a process holds: bytes that are allocated, and tasks.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What a process holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Live {
    pub(crate) bytes: usize,
    pub(crate) tasks: usize,
}

/// How long tasks may take to be gone.
const LAST: Duration = Duration::from_secs(5);

/// Creates a runtime with two threads.
pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Returns how many tasks a runtime has, and then what is allocated without it: each of its threads keeps some buffers for its next
/// connection, whose lengths are not the same at all times.
pub(crate) fn end(runtime: Runtime) -> Live {
    let tasks = || runtime.metrics().num_alive_tasks();
    // A task that was waited for may be counted for a moment more.
    let begin = Instant::now();
    while tasks() > 0 && begin.elapsed() < LAST {
        sleep(Duration::from_millis(10));
    }
    let tasks = tasks();
    drop(runtime);
    Live {
        bytes: BYTES.load(Relaxed),
        tasks,
    }
}

impl fmt::Display for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes {} tasks", self.bytes, self.tasks)
    }
}

impl FromStr for Live {
    type Err = String;

    fn from_str(text: &str) -> Result<Live, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            [bytes, "bytes", tasks, "tasks"] => Ok(Live {
                bytes: bytes.parse().map_err(|_| text.to_owned())?,
                tasks: tasks.parse().map_err(|_| text.to_owned())?,
            }),
            _ => Err(text.to_owned()),
        }
    }
}
