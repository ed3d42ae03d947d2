//! The clients: each comes, behaves in one way or another, goes, and comes again.

use crate::behaviour::{Behaviour, Visit};
use crate::live::{self, Live};
use crate::tally::Tally;
use bareframe_conformance::Failure;
use fastrand::Rng;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// So much time all visits have to end.
const LAST: Duration = Duration::from_secs(60);

/// They come one after the other over this time, so that the server's queue does not overflow.
const COMING: Duration = Duration::from_secs(5);

/// How many addresses of this machine are connected to, since each has a limited number of ports.
const ADDRESSES: u8 = 8;

/// What all clients share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// How often each behaviour was there as it should.
    pub(crate) done: Tally,
    /// The errors of connections, each with the behaviour.
    pub(crate) errors: Tally,
    /// What is wrong.
    pub(crate) wrong: Mutex<Vec<String>>,
    pub(crate) messages: std::sync::atomic::AtomicU64,
    now: AtomicUsize,
    most: AtomicUsize,
}

/// All clients.
pub(crate) struct Clients {
    port: u16,
    rng: Rng,
    shared: Arc<Shared>,
}

impl Clients {
    pub(crate) fn new(port: u16, seed: u64) -> Clients {
        Clients {
            port,
            rng: Rng::with_seed(seed),
            shared: Arc::default(),
        }
    }

    /// Has this many clients at once for this time, waits until all have gone, and returns what is left.
    pub(crate) fn run(&mut self, count: usize, time: Duration) -> Result<Live, Failure> {
        let runtime = live::runtime()?;
        runtime.block_on(self.visit(count, time));
        Ok(live::end(runtime))
    }

    async fn visit(&mut self, count: usize, time: Duration) {
        let (stop, stopped) = watch::channel(false);
        let mut clients = JoinSet::new();
        for at in 0..count {
            let (mut rng, shared) = (self.rng.fork(), Arc::clone(&self.shared));
            let mut stopped = stopped.clone();
            let address = [127, 0, 0, 1 + (at % usize::from(ADDRESSES)) as u8];
            let address = SocketAddr::from((address, self.port));
            clients.spawn(async move {
                sleep(COMING.mul_f64(rng.f64())).await;
                while !*stopped.borrow() {
                    let behaviour = Behaviour::draw(&mut rng);
                    let now = shared.now.fetch_add(1, Relaxed) + 1;
                    shared.most.fetch_max(now, Relaxed);
                    let visit = Visit {
                        address,
                        rng: &mut rng,
                        shared: &shared,
                        stopped: &mut stopped,
                    };
                    visit.make(behaviour).await;
                    shared.now.fetch_sub(1, Relaxed);
                }
            });
        }
        sleep(time).await;
        stop.send_replace(true);
        let ended = timeout(LAST, async { while clients.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            self.wrong(format!("{} clients do not end", clients.len()));
            clients.shutdown().await;
        }
    }

    fn wrong(&self, line: String) {
        let mut wrong = self.shared.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.push(line);
    }

    /// Prints what has happened, and returns what is wrong: also that there were fewer of a kind than these.
    pub(crate) fn report(self, least: u64) -> Vec<String> {
        let shared = &self.shared;
        println!("clients, {} at once:", shared.most.load(Relaxed));
        for line in shared.done.lines() {
            println!("{line}");
        }
        println!(
            "{:>9}  messages came back, each once and in order",
            shared.messages.load(Relaxed)
        );
        println!("errors of connections:");
        for line in shared.errors.lines() {
            println!("{line}");
        }
        for kind in Behaviour::KINDS {
            let count = shared.done.count(kind);
            if count < least {
                self.wrong(format!("only {count} of {kind:?}, not {least}"));
            }
        }
        let mut wrong = shared.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *wrong)
    }
}
