//! The tests that `docs/rfc7692.md` names exist.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Adds the names of all tests below a folder.
fn tests(folder: &Path, found: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            tests(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let mut lines = text.lines().map(str::trim_start);
            while lines.any(|line| line == "#[test]") {
                let name = lines.find_map(|line| line.strip_prefix("fn "));
                found.extend(name.and_then(|name| name.split('(').next()).map(str::to_owned));
            }
        }
    }
}

/// Returns the cells of each row, without the headings.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let mut rows = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("| clause |") {
            lines.next();
            for row in lines.by_ref().take_while(|line| line.starts_with('|')) {
                let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
                assert_eq!(cells.len(), 5, "{row}");
                rows.push(cells);
            }
        }
    }
    rows
}

/// How many clauses each section has.
const CLAUSES: [(&str, usize); 13] = [
    ("5", 2),
    ("5.1", 3),
    ("6", 6),
    ("6.1", 2),
    ("6.2", 2),
    ("7", 8),
    ("7.1.1.1", 4),
    ("7.1.1.2", 3),
    ("7.1.2.1", 3),
    ("7.1.2.2", 3),
    ("7.2.1", 12),
    ("7.2.2", 7),
    ("7.2.3.6", 1),
];

#[test]
fn no_clause_of_rfc7692_is_left_out() {
    let text = fs::read_to_string(root().join("docs/rfc7692.md")).unwrap();
    let rows = rows(&text);
    for (section, clauses) in CLAUSES {
        let of_section = rows
            .iter()
            .filter(|row| row[0].split(' ').next() == Some(section));
        assert_eq!(of_section.count(), clauses, "section {section}");
    }
    let names: HashSet<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(names.len(), rows.len(), "a clause is there twice");
}

#[test]
fn every_clause_of_rfc7692_has_a_test_that_exists_or_is_the_callers() {
    let mut all = HashSet::new();
    tests(&root().join("crates"), &mut all);
    let text = fs::read_to_string(root().join("docs/rfc7692.md")).unwrap();
    for row in rows(&text) {
        let [clause, word, asks, kept, tests] = row[..] else {
            panic!()
        };
        let words = ["MUST", "MUST NOT", "SHOULD", "RECOMMENDED", "MAY"];
        assert!(words.contains(&word.trim_matches(['(', ')'])), "{clause}: {word}");
        assert!(!asks.is_empty() && !kept.is_empty(), "{clause}");
        let mut names = tests.split('`').skip(1).step_by(2).peekable();
        assert!(
            names.peek().is_some() || kept.starts_with("caller"),
            "{clause} has no test"
        );
        for name in names {
            assert!(all.contains(name), "{clause}: there is no test {name}");
        }
    }
}
