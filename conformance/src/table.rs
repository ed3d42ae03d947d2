//! The table at the end: what was checked with whom.

use crate::Failure;

/// A line of the table.
#[derive(Debug)]
pub struct Row {
    /// The name of the peer.
    pub peer: String,
    /// Its version.
    pub version: String,
    /// What it did.
    pub role: String,
    /// How many checks there were.
    pub checks: usize,
    /// How many of them passed.
    pub passed: usize,
    /// Why the others did not.
    pub failures: Vec<String>,
}

impl Row {
    /// Returns a row without checks.
    #[must_use]
    pub fn new(peer: &str, version: &Result<String, Failure>, role: impl Into<String>) -> Row {
        let failures = version.as_ref().err().map(ToString::to_string);
        Row {
            peer: peer.to_owned(),
            version: version.as_deref().unwrap_or("unknown").to_owned(),
            role: role.into(),
            checks: 0,
            passed: 0,
            failures: failures.into_iter().collect(),
        }
    }

    /// Adds this many checks, of which these passed.
    pub fn add(&mut self, checks: usize, what: &str, result: Result<usize, Failure>) {
        self.checks += checks;
        match result {
            Ok(passed) => {
                self.passed += passed;
                if passed != checks {
                    self.failures
                        .push(format!("{what}: {passed} checks were made and not {checks}"));
                }
            }
            Err(failure) => self.failures.push(format!("{what}: {failure}")),
        }
    }

    /// Returns `true` if every check passed.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.failures.is_empty() && self.passed == self.checks
    }
}

/// Prints the table, and below it the failures.
pub fn print(rows: &[Row]) {
    println!(
        "{:<18}{:<22}{:<46}{:>7}{:>8}",
        "peer", "version", "role", "checks", "passed"
    );
    for row in rows {
        println!(
            "{:<18}{:<22}{:<46}{:>7}{:>8}{}",
            row.peer,
            row.version,
            row.role,
            row.checks,
            row.passed,
            if row.is_good() { "" } else { "  FAILED" }
        );
    }
    let sum = |of: fn(&Row) -> usize| rows.iter().map(of).sum::<usize>();
    println!(
        "{:<86}{:>7}{:>8}",
        "all",
        sum(|row| row.checks),
        sum(|row| row.passed)
    );
    for row in rows {
        for failure in &row.failures {
            println!("{}, {}: {failure}", row.peer, row.role);
        }
    }
}
