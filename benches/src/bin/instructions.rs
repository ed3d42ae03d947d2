//! Compares the instructions of fixed cases with the counts in the repository.

use clap::Parser;
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::process::{Command, ExitCode, Stdio};

/// The counts, beside the cases.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counts/instructions.json");
/// The relative growth of a count that is allowed.
const GROWTH: f64 = 0.02;

/// Counts the instructions of a dozen fixed cases with valgrind, and fails if one has grown by more than 2% over the
/// count in instructions.json. It needs valgrind, and gungraun-runner in the version of the library.
#[derive(Parser)]
struct Arguments {
    /// Write the new counts instead.
    #[arg(long)]
    accept: bool,
}

/// The relative cost of an extension that was not negotiated that is allowed.
const OPTIONAL: f64 = 0.01;

/// Cases with an extension that was not negotiated, and the same cases without any.
const PAIRS: [(&str, &str); 3] = [
    ("optional_events_binary_125", "events_binary_125"),
    ("optional_server_sends_16", "server_sends_16"),
    ("optional_server_sends_1024", "server_sends_1024"),
];

/// A build, and the cases that are counted in it.
struct Build {
    /// What the names of its cases begin with.
    prefix: &'static str,
    arguments: &'static [&'static str],
    filter: &'static str,
}

const BUILDS: [Build; 3] = [
    Build {
        prefix: "",
        arguments: &[],
        filter: "*",
    },
    // What a call site has inline depends on how many there are.
    Build {
        prefix: "four_sites_",
        arguments: &["--features", "four-sites"],
        filter: "*::decode_*",
    },
    // What users get who set nothing.
    Build {
        prefix: "default_",
        arguments: &["--profile", "release-default"],
        filter: "*::decode_*",
    },
];

/// Instructions by the name of the case.
type Counts = BTreeMap<String, u64>;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut counts = Counts::new();
    for build in &BUILDS {
        counts.extend(count(build)?);
    }
    if arguments.accept {
        std::fs::write(FILE, serde_json::to_string_pretty(&counts)? + "\n")?;
        println!("{} counts accepted", counts.len());
        return Ok(ExitCode::SUCCESS);
    }
    let before: Counts = serde_json::from_str(&std::fs::read_to_string(FILE)?)?;
    let mut worse = before.keys().any(|name| !counts.contains_key(name));
    for (name, &now) in &counts {
        let Some(&before) = before.get(name) else {
            println!("{name:>32} {now:>10} is new");
            worse = true;
            continue;
        };
        let growth = now as f64 / before as f64 - 1.0;
        let verdict = if growth > GROWTH { "  grew too much" } else { "" };
        worse |= growth > GROWTH;
        println!("{name:>32} {now:>10} {:>+7.1}%{verdict}", growth * 100.0);
    }
    for (optional, none) in PAIRS {
        let (Some(&optional_count), Some(&count)) = (counts.get(optional), counts.get(none)) else {
            return Err("a case of a pair is gone".into());
        };
        let growth = optional_count as f64 / count as f64 - 1.0;
        if growth > OPTIONAL {
            println!("{optional:>32} takes {:+.1}% beside {none}", growth * 100.0);
            worse = true;
        }
    }
    if worse {
        println!("cases are new, gone or grew; if that is meant, run this with --accept");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Counts with gungraun.
fn count(build: &Build) -> Result<Counts, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["bench", "--quiet", "--package", "bareframe-benches-counts"])
        .args(build.arguments)
        .args([
            "--bench",
            "instructions",
            "--",
            "--output-format=json",
            build.filter,
        ])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err("the cases can't be counted".into());
    }
    let mut counts = Counts::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let summary: Value = serde_json::from_str(line)?;
        let count = &summary["profiles"][0]["data"]["total"]["metrics"]["Ir"]["values"]["new"];
        let (Some(name), Some(count)) = (summary["id"].as_str(), count.as_u64()) else {
            return Err("gungraun gives its counts in another form".into());
        };
        counts.insert(format!("{}{name}", build.prefix), count);
    }
    Ok(counts)
}
