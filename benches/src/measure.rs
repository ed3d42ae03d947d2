//! Measuring: every contender of a case in turn, in rounds, so that disturbances of the machine affect all of them.

use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A case has at least this many rounds, whatever time they take.
const FEWEST_ROUNDS: usize = 20;
/// The time after which no more rounds than those are begun.
const ENOUGH: Duration = Duration::from_secs(2);

/// One implementation at one task.
pub trait Task {
    /// Prepares one run; not timed.
    fn prepare(&mut self);

    /// Does the task once; timed. Returns a checksum of what a consumer has seen, which must be the same for all
    /// contenders.
    fn run(&mut self) -> u64;
}

/// The same call again and again.
struct Repeated<F> {
    call: F,
    times: usize,
}

/// Creates a task of a call that is made this many times in one run.
pub fn repeated(times: usize, call: impl FnMut() -> u64 + 'static) -> Box<dyn Task> {
    Box::new(Repeated { call, times })
}

impl<F: FnMut() -> u64> Task for Repeated<F> {
    fn prepare(&mut self) {}

    fn run(&mut self) -> u64 {
        (0..self.times).map(|_| (self.call)()).sum()
    }
}

/// An implementation that can do the task.
#[expect(missing_debug_implementations, reason = "a task has nothing to show")]
pub struct Contender {
    /// Name and version.
    pub name: String,
    /// The task.
    pub task: Box<dyn Task>,
    /// What the table shows after the figure.
    pub detail: Option<String>,
}

impl Contender {
    /// Creates a contender of which only the figure is shown.
    pub fn new(name: String, task: Box<dyn Task>) -> Contender {
        Contender {
            name,
            task,
            detail: None,
        }
    }

    /// Sets what the table shows after the figure.
    #[must_use]
    pub fn with_detail(mut self, detail: String) -> Contender {
        self.detail = Some(detail);
        self
    }
}

/// One line of a table: the same work for all contenders, ours first.
#[expect(missing_debug_implementations, reason = "what it does has nothing to show")]
pub struct Case {
    /// Its name in the table.
    pub name: String,
    /// Its position in a picture.
    pub point: Point,
    /// Measures it, in at most this many rounds.
    pub measure: Box<dyn FnOnce(usize) -> Vec<Figure>>,
    /// What is counted.
    pub unit: Unit,
}

/// A place on the horizontal axis of a picture.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Which picture.
    pub picture: &'static str,
    /// Which kind of line in it.
    pub line: &'static str,
    /// Bytes.
    pub bytes: usize,
}

/// Work in memory.
#[derive(Clone, Debug)]
pub struct Work {
    /// Its name in the table.
    pub name: String,
    /// Its position in a picture.
    pub point: Point,
    /// What is counted.
    pub unit: Unit,
    /// How many of the unit's operations, or bytes, one run does.
    pub amount: u64,
    /// What every run must return.
    pub expected: u64,
    /// Peers that do only a part of the task; they are in the table but are never the best.
    pub lesser: &'static [&'static str],
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds for one operation.
    Nanoseconds,
    /// 10^9 bytes a second.
    GigabytesPerSecond,
    /// Messages a second.
    MessagesPerSecond,
    /// Opening handshakes a second.
    HandshakesPerSecond,
    /// 1,024 bytes of memory.
    Kibibytes,
}

/// What was measured of one contender, in the case's unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// Name and version.
    pub name: String,
    /// The figure that is reported: the best of all rounds for work in memory, and their median end to end.
    pub counts: f64,
    /// The median of all rounds.
    pub median: f64,
    /// It does less than what is measured.
    pub lesser: bool,
    /// What the table shows after the figure.
    pub detail: Option<String>,
}

/// What was measured in one case.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The name of the case.
    pub name: String,
    /// As in [`Case`].
    pub point: Point,
    /// As in [`Case`].
    pub unit: Unit,
    /// Ours first.
    pub figures: Vec<Figure>,
    /// Of each build, if there are several; the figures are those of one of them.
    pub ratios: Vec<Ratio>,
}

/// What was measured in one case in one build.
#[derive(Clone, Debug)]
pub struct Ratio {
    /// The name of the build.
    pub name: &'static str,
    /// Our figure, in the case's unit.
    pub ours: f64,
    /// How much better ours is than the best peer that does the same.
    pub ratio: Option<f64>,
}

impl Case {
    /// Creates a case of work in memory; the contenders are created when their turn comes.
    pub fn in_memory(work: Work, contenders: impl FnOnce() -> Vec<Contender> + 'static) -> Case {
        Case {
            name: work.name.clone(),
            point: work.point,
            unit: work.unit,
            measure: Box::new(move |rounds| work.measure(contenders(), rounds)),
        }
    }

    /// Measures it.
    pub fn measured(self, rounds: usize) -> Measured {
        Measured {
            figures: (self.measure)(rounds),
            name: self.name,
            point: self.point,
            unit: self.unit,
            ratios: Vec::new(),
        }
    }
}

impl Work {
    /// Measures all contenders.
    ///
    /// # Panics
    ///
    /// If a contender's result is not the expected one.
    pub fn measure(&self, mut contenders: Vec<Contender>, rounds: usize) -> Vec<Figure> {
        let clock = clock();
        let mut times = vec![Vec::with_capacity(rounds); contenders.len()];
        let begin = Instant::now();
        for round in 0..=rounds {
            if round > FEWEST_ROUNDS && begin.elapsed() > ENOUGH {
                break;
            }
            for (contender, times) in contenders.iter_mut().zip(&mut times) {
                let (took, seen) = once(&mut *contender.task);
                assert_eq!(seen, self.expected, "{} at {}", contender.name, self.name);
                // The first round warms up.
                if round > 0 {
                    times.push(took.saturating_sub(clock));
                }
            }
        }
        let figure = |(contender, mut times): (Contender, Vec<Duration>)| {
            times.sort_unstable();
            Figure {
                lesser: self
                    .lesser
                    .iter()
                    .any(|lesser| contender.name.starts_with(lesser)),
                name: contender.name,
                detail: contender.detail,
                counts: self.unit.of(times[0], self.amount),
                median: self.unit.of(times[times.len() / 2], self.amount),
            }
        };
        contenders.into_iter().zip(times).map(figure).collect()
    }
}

/// Returns the time to read the clock, which is subtracted.
pub(crate) fn clock() -> Duration {
    (0..1000)
        .map(|_| Instant::now().elapsed())
        .min()
        .unwrap_or_default()
}

/// Runs a task once, and returns the time it took and what it returned.
#[inline(never)]
pub(crate) fn once(task: &mut dyn Task) -> (Duration, u64) {
    task.prepare();
    let begin = Instant::now();
    let seen = black_box(task.run());
    (begin.elapsed(), seen)
}

impl Unit {
    /// Its symbol.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Nanoseconds => "ns",
            Unit::GigabytesPerSecond => "GB/s",
            Unit::MessagesPerSecond => "messages/s",
            Unit::HandshakesPerSecond => "handshakes/s",
            Unit::Kibibytes => "KiB",
        }
    }

    /// Returns the figure for this amount of work in this time.
    pub(crate) fn of(self, took: Duration, amount: u64) -> f64 {
        let nanoseconds = (took.as_secs_f64() * 1e9).max(1.0);
        match self {
            Unit::Nanoseconds | Unit::Kibibytes => nanoseconds / amount as f64,
            Unit::GigabytesPerSecond => amount as f64 / nanoseconds,
            Unit::MessagesPerSecond | Unit::HandshakesPerSecond => amount as f64 / nanoseconds * 1e9,
        }
    }

    /// How much better `ours` is than `theirs`, as a ratio that is above 1 if it is better.
    pub fn ratio(self, ours: f64, theirs: f64) -> f64 {
        match self {
            Unit::Nanoseconds | Unit::Kibibytes => theirs / ours,
            Unit::GigabytesPerSecond | Unit::MessagesPerSecond | Unit::HandshakesPerSecond => ours / theirs,
        }
    }
}

impl Measured {
    /// Ours.
    pub fn ours(&self) -> &Figure {
        &self.figures[0]
    }

    /// Returns the others.
    pub fn peers(&self) -> &[Figure] {
        &self.figures[1..]
    }

    /// How much better ours is than the best peer that does the same.
    pub fn ratio(&self) -> Option<f64> {
        let ratio = |peer: &Figure| self.unit.ratio(self.ours().counts, peer.counts);
        let peers = self.peers().iter().filter(|peer| !peer.lesser);
        peers.map(ratio).min_by(f64::total_cmp)
    }
}
