//! Ours and the peers, side by side.

use bareframe_benches::builds::Programs;
use bareframe_benches::measure::Measured;
use bareframe_benches::subjects::{DECODINGS, SUBJECTS};
use bareframe_benches::{ours, plot, report};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use std::error::Error;
use std::path::PathBuf;

/// Measures bareframe and its peers, interleaved, and prints one table a subject: best (median).
#[derive(Parser)]
struct Arguments {
    /// Measure only cases whose subject and name contain all of these.
    filters: Vec<String>,
    /// How many rounds each case has.
    #[arg(long, default_value_t = 200)]
    rounds: usize,
    /// Write the figures to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Draw the figures into this directory.
    #[arg(long)]
    plot: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let wanted = |subject: &str, case: &str| {
        let name = format!("{subject} {case}");
        arguments
            .filters
            .iter()
            .all(|filter| name.contains(filter.as_str()))
    };
    let mut entries = Vec::new();
    let mut report =
        |name: &str, title: &str, notes: &[&str], measured: &[Measured]| -> Result<(), Box<dyn Error>> {
            println!("{}", report::table(title, notes, measured));
            entries.extend(report::json(name, measured));
            if let Some(directory) = &arguments.plot {
                std::fs::create_dir_all(directory)?;
                plot::draw(directory, measured)?;
            }
            Ok(())
        };
    println!("{}\n", ours::kernels());
    let mut programs = None;
    for subject in DECODINGS {
        let mut cases = (subject.cases)();
        cases.retain(|case| wanted(subject.name, &case.name));
        if cases.is_empty() {
            continue;
        }
        let programs = match &mut programs {
            Some(programs) => programs,
            None => programs.insert(Programs::compile()?),
        };
        let progress = progress(subject.name, cases.len())?;
        let mut measured = Vec::new();
        for case in cases {
            progress.set_message(case.name.clone());
            measured.push(programs.measure(subject.name, &case, arguments.rounds)?);
            progress.inc(1);
        }
        progress.finish_and_clear();
        report(subject.name, subject.title, subject.notes, &measured)?;
    }
    for subject in SUBJECTS {
        let mut cases = (subject.cases)();
        cases.retain(|case| wanted(subject.name, &case.name));
        let progress = progress(subject.name, cases.len())?;
        let mut measured = Vec::new();
        for case in cases {
            progress.set_message(case.name.clone());
            measured.push(case.measured(arguments.rounds));
            progress.inc(1);
        }
        progress.finish_and_clear();
        if measured.is_empty() {
            continue;
        }
        report(subject.name, subject.title, subject.notes, &measured)?;
    }
    if let Some(path) = arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&entries)?)?;
    }
    Ok(())
}

fn progress(subject: &'static str, cases: usize) -> Result<ProgressBar, Box<dyn Error>> {
    let style = ProgressStyle::with_template("{prefix:>10} {wide_bar} {pos}/{len} {msg}")?;
    Ok(ProgressBar::new(cases as u64)
        .with_style(style)
        .with_prefix(subject))
}
