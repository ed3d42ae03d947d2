//! Measuring decoders: from one call site or from several, and with a stream that may be another in each round.

use crate::measure::{Figure, Point, Task, Unit, clock, once};
use crate::wire::Stream;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The number of places in this program from which each decoder is called.
pub const SITES: usize = if cfg!(feature = "four-sites") { 4 } else { 1 };

/// A decoder has at least this many rounds for each call site, whatever time they take.
const FEWEST_ROUNDS: usize = 4;
/// The time after which no more rounds than those are begun.
const ENOUGH: Duration = Duration::from_millis(500);

/// A place from which a decoder is called. A function that is generic over it and calls the decoder is compiled once for each
/// place, so that the decoder has as many call sites.
#[derive(Clone, Copy, Debug)]
pub struct Site<const N: usize>;

impl<const N: usize> Site<N> {
    /// Distinguishes the code of this place from that of the others, which would be merged if it were the same.
    #[inline(always)]
    pub fn mark(self) {
        if SITES > 1 {
            black_box(N);
        }
    }
}

/// Evaluates an expression, in which `$site` is the [`Site`] with this number.
macro_rules! at_site {
    ($number:expr, $site:ident => $call:expr) => {
        match $number {
            #[cfg(feature = "four-sites")]
            1 => {
                let $site = $crate::decoding::Site::<1>;
                $call
            }
            #[cfg(feature = "four-sites")]
            2 => {
                let $site = $crate::decoding::Site::<2>;
                $call
            }
            #[cfg(feature = "four-sites")]
            3 => {
                let $site = $crate::decoding::Site::<3>;
                $call
            }
            _ => {
                let $site = $crate::decoding::Site::<0>;
                $call
            }
        }
    };
}
pub(crate) use at_site;

/// A task that reads a stream.
pub trait Decoder: Task {
    /// Sets the number of the call site of the next runs, below [`SITES`].
    fn set_site(&mut self, site: usize);

    /// Replaces the stream by one of about the same length.
    fn set_stream(&mut self, stream: &Stream);
}

/// One line of a table of decoders.
#[expect(missing_debug_implementations, reason = "a decoder has nothing to show")]
pub struct Decoding {
    /// Its name in the table.
    pub name: String,
    /// Its position in a picture.
    pub point: Point,
    /// What is read.
    pub stream: Source,
    /// How many operations one run does, or `None` if it is as many as the stream has messages and control frames.
    pub amount: Option<u64>,
    /// Peers that do only a part of the task; they are in the table but are never the best.
    pub lesser: &'static [&'static str],
    /// Creates the contenders, ours first.
    pub contenders: Contenders,
}

/// Creates the contenders over a stream.
pub type Contenders = Box<dyn Fn(&Stream) -> Vec<Reader>>;

/// The stream of each round.
#[derive(Clone, Debug)]
pub enum Source {
    /// The same in all rounds.
    Same(Stream),
    /// Another in each round, made of a number at random.
    Fresh(fn(u64) -> Stream),
}

/// An implementation that can read it.
#[expect(missing_debug_implementations, reason = "a decoder has nothing to show")]
pub struct Reader {
    /// Name and version.
    pub name: String,
    /// What reads.
    pub decoder: Box<dyn Decoder>,
}

impl Decoding {
    /// Measures all contenders, in at most this many rounds for each call site.
    ///
    /// What is reported is the best round, or the median if each round has another stream; of several call sites, the slowest counts.
    ///
    /// # Panics
    ///
    /// If a contender's result is not the expected one.
    pub fn measured(&self, rounds: usize) -> Vec<Figure> {
        let clock = clock();
        let mut random = fastrand::Rng::new();
        let mut stream = self.stream.next(&mut random);
        let mut readers = (self.contenders)(&stream);
        let mut times = vec![vec![Vec::with_capacity(rounds); SITES]; readers.len()];
        let begin = Instant::now();
        // The first round of each site warms up.
        for round in 0..=rounds {
            if round > FEWEST_ROUNDS && begin.elapsed() > ENOUGH {
                break;
            }
            for site in 0..SITES {
                if let Source::Fresh(_) = self.stream {
                    stream = self.stream.next(&mut random);
                }
                let amount = self.amount.unwrap_or(stream.frames as u64);
                for (Reader { name, decoder }, times) in readers.iter_mut().zip(&mut times) {
                    decoder.set_site(site);
                    if let Source::Fresh(_) = self.stream {
                        decoder.set_stream(&stream);
                    }
                    let (took, seen) = once(&mut **decoder);
                    assert_eq!(seen, stream.expected, "{name} at {}", self.name);
                    if round > 0 {
                        times[site].push(Unit::Nanoseconds.of(took.saturating_sub(clock), amount));
                    }
                }
            }
        }
        let figure = |(reader, mut times): (Reader, Vec<Vec<f64>>)| {
            times
                .iter_mut()
                .for_each(|times| times.sort_unstable_by(f64::total_cmp));
            let slowest = |one: fn(&[f64]) -> f64| times.iter().map(|times| one(times)).fold(0.0, f64::max);
            let median = slowest(|times| times[times.len() / 2]);
            Figure {
                lesser: self.lesser.iter().any(|lesser| reader.name.starts_with(lesser)),
                name: reader.name,
                detail: None,
                counts: match self.stream {
                    Source::Same(_) => slowest(|times| times[0]),
                    Source::Fresh(_) => median,
                },
                median,
            }
        };
        readers.into_iter().zip(times).map(figure).collect()
    }
}

impl Source {
    fn next(&self, random: &mut fastrand::Rng) -> Stream {
        match self {
            Source::Same(stream) => stream.clone(),
            Source::Fresh(create) => create(random.u64(..)),
        }
    }
}
