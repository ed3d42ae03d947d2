//! The programs that measure decoders, one for each way in which users build: inlining depends on the profile and on how often
//! a function is called in the whole program.

use crate::decoding::Decoding;
use crate::measure::{Figure, Measured, Ratio, Unit};
use serde_json::Value;
use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The program that measures one case.
const PROGRAM: &str = "decode";
/// How often each program has its turn in a case. The processes of a program differ in where their memory and stack are.
const TURNS: usize = 4;

/// A way to build.
struct Build {
    name: &'static str,
    arguments: &'static [&'static str],
    /// Ours has its kernels, so that the build counts.
    counts: bool,
}

const BUILDS: [Build; 4] = [
    Build {
        name: "fat LTO",
        arguments: &["--release"],
        counts: true,
    },
    Build {
        name: "four sites",
        arguments: &["--release", "--features", "four-sites"],
        counts: true,
    },
    Build {
        name: "default",
        arguments: &["--profile", "release-default"],
        counts: true,
    },
    Build {
        name: "no simd",
        arguments: &["--release", "--no-default-features", "--features", "peers"],
        counts: false,
    },
];

/// The compiled programs.
#[derive(Debug)]
pub struct Programs {
    /// In the order of [`BUILDS`].
    paths: Vec<PathBuf>,
}

impl Programs {
    /// Compiles all of them.
    ///
    /// # Errors
    ///
    /// If one can't be compiled.
    pub fn compile() -> Result<Programs, Box<dyn Error>> {
        let mut paths = Vec::new();
        for build in &BUILDS {
            let compiled = compile(build)?;
            // The next build replaces the file.
            let path = compiled.with_file_name(format!("{PROGRAM} {}", build.name).replace(' ', "-"));
            std::fs::copy(compiled, &path)?;
            paths.push(path);
        }
        Ok(Programs { paths })
    }

    /// Measures a case with each program in turn. What is reported is of the build in which the ratio is the lowest.
    ///
    /// # Errors
    ///
    /// If a program fails.
    pub fn measure(&self, subject: &str, case: &Decoding, rounds: usize) -> Result<Measured, Box<dyn Error>> {
        let mut builds: Vec<Vec<Vec<Figure>>> = vec![Vec::new(); BUILDS.len()];
        for _ in 0..TURNS {
            for (path, turns) in self.paths.iter().zip(&mut builds) {
                turns.push(run(path, subject, &case.name, rounds.div_ceil(TURNS))?);
            }
        }
        let of_build = |turns: &Vec<Vec<Figure>>| Measured {
            name: case.name.clone(),
            point: case.point,
            unit: Unit::Nanoseconds,
            figures: joined(turns),
            ratios: Vec::new(),
        };
        let measured: Vec<Measured> = builds.iter().map(of_build).collect();
        let ratio = |(build, measured): (&Build, &Measured)| Ratio {
            name: build.name,
            ours: measured.ours().counts,
            ratio: measured.ratio(),
        };
        let ratios = BUILDS.iter().zip(&measured).map(ratio).collect();
        let counting = measured
            .into_iter()
            .zip(&BUILDS)
            .filter(|(_, build)| build.counts);
        let worst = counting
            .map(|(measured, _)| measured)
            .min_by(|one, other| {
                one.ratio()
                    .partial_cmp(&other.ratio())
                    .unwrap_or(std::cmp::Ordering::Equal)
            })
            .ok_or("there is no build")?;
        Ok(Measured { ratios, ..worst })
    }
}

/// Compiles a program, and returns where it is.
fn compile(build: &Build) -> Result<PathBuf, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--message-format", "json"])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .args(["--bin", PROGRAM])
        .args(build.arguments)
        .stderr(Stdio::inherit())
        .output()?;
    let messages = String::from_utf8(output.stdout)?;
    let executable = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    });
    executable.ok_or_else(|| format!("{PROGRAM} can't be compiled for {}", build.name).into())
}

/// Runs a program, and returns what it has measured.
fn run(program: &PathBuf, subject: &str, case: &str, rounds: usize) -> Result<Vec<Figure>, Box<dyn Error>> {
    let output = Command::new(program)
        .args([subject, case, &rounds.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{} fails at {subject} {case}", program.display()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Returns the best figure of each contender's turns, and the median of their medians.
fn joined(turns: &[Vec<Figure>]) -> Vec<Figure> {
    let first = turns.first().into_iter().flatten().enumerate();
    let figure = |(at, first): (usize, &Figure)| {
        let of_turns = |value: fn(&Figure) -> f64| {
            let mut values: Vec<f64> = turns.iter().filter_map(|turn| turn.get(at)).map(value).collect();
            values.sort_unstable_by(f64::total_cmp);
            values
        };
        let (best, medians) = (of_turns(|figure| figure.counts), of_turns(|figure| figure.median));
        Figure {
            counts: best[0],
            median: medians[medians.len() / 2],
            ..first.clone()
        }
    };
    first.map(figure).collect()
}
