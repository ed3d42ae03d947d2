//! The tests that the pages in `docs` name exist.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Adds the names of all functions below a folder, or only of those that are tests.
fn functions(folder: &Path, tests_only: bool, found: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !["target", "node_modules"].contains(&name) {
            functions(&path, tests_only, found);
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path).unwrap();
            let mut is_test = !tests_only;
            for line in text.lines().map(str::trim_start) {
                let function = line.strip_prefix("pub ").unwrap_or(line);
                if let Some(name) = function.strip_prefix("fn ").filter(|_| is_test) {
                    found.extend(name.split(['(', '<']).next().map(str::to_owned));
                }
                is_test = !tests_only || line == "#[test]" || is_test && line.starts_with("#[");
            }
        }
    }
}

/// Returns the rows of all tables of a page that have this many cells, without their headings.
fn rows(page: &str, cells: usize) -> Vec<Vec<String>> {
    rows_of(
        &fs::read_to_string(root().join("docs").join(page)).unwrap(),
        cells,
    )
}

fn rows_of(text: &str, cells: usize) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut in_table = false;
    for line in text.lines() {
        let is_row = line.starts_with('|');
        if is_row && in_table && !line.starts_with("|---") {
            let row: Vec<_> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
            assert_eq!(row.len(), cells + 2, "{line}");
            rows.push(row[1..=cells].to_vec());
        }
        in_table = is_row;
    }
    rows
}

/// Returns what is between backticks.
fn named(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[track_caller]
fn check_tests(cell: &str, functions: &HashSet<String>) {
    let between = cell.split('`').step_by(2);
    assert!(
        between.into_iter().all(|text| text.trim().is_empty()),
        "more than names: {cell}"
    );
    for name in named(cell) {
        let exists = match name.contains('/') {
            true => root().join(name).is_file(),
            false => functions.contains(name),
        };
        assert!(exists, "there is no test {name}");
    }
}

/// How many MUST, MUST NOT, SHOULD, SHOULD NOT and MAY a section has for endpoints; the three reserved bits of the ABNF
/// in 5.2 are one row.
const KEYWORDS: [(&str, usize); 33] = [
    ("4.1", 47),
    ("4.2", 1),
    ("4.2.1", 2),
    ("4.2.2", 12),
    ("4.3", 1),
    ("4.4", 1),
    ("5.1", 7),
    ("5.2", 9),
    ("5.3", 4),
    ("5.4", 8),
    ("5.5", 2),
    ("5.5.1", 13),
    ("5.5.2", 4),
    ("5.5.3", 2),
    ("5.6", 1),
    ("5.8", 1),
    ("6.1", 9),
    ("6.2", 7),
    ("7.1.1", 6),
    ("7.1.2", 2),
    ("7.1.7", 8),
    ("7.2.1", 3),
    ("7.2.2", 1),
    ("7.2.3", 4),
    ("7.3", 2),
    ("7.4", 1),
    ("7.4.1", 6),
    ("8.1", 1),
    ("10.2", 2),
    ("10.3", 1),
    ("10.4", 2),
    ("10.6", 2),
    ("10.7", 4),
];

#[test]
fn no_clause_is_left_out() {
    let clauses = rows("rfc6455.md", 5);
    for (section, keywords) in KEYWORDS {
        let of_section = clauses
            .iter()
            .filter(|clause| clause[0].split(' ').next() == Some(section));
        let with_keyword = of_section.filter(|clause| !clause[1].starts_with('('));
        assert_eq!(with_keyword.count(), keywords, "section {section}");
    }
}

#[test]
fn every_clause_has_a_test_that_exists_or_is_the_callers() {
    let mut all = HashSet::new();
    functions(&root().join("crates"), true, &mut all);
    functions(&root().join("conformance"), false, &mut all);
    let clauses = rows("rfc6455.md", 5);
    for clause in &clauses {
        let [number, word, asks, kept, tests] = &clause[..] else {
            panic!()
        };
        assert!(
            number.starts_with(|digit: char| digit.is_ascii_digit()),
            "{number}"
        );
        let words = [
            "MUST",
            "MUST NOT",
            "SHOULD",
            "SHOULD NOT",
            "MAY",
            "(MUST)",
            "(SHOULD)",
            "(MAY)",
        ];
        assert!(words.contains(&word.as_str()), "{number}: {word}");
        assert!(!asks.is_empty() && !kept.is_empty(), "{number}");
        let is_ours = kept.starts_with("core") || kept.starts_with("std");
        let has_no_test = tests.is_empty() && !kept.contains("caller") && !kept.contains("the extension's");
        assert!(!(has_no_test && is_ours), "{number} has no test");
        check_tests(tests, &all);
    }
}

#[test]
fn every_class_of_faults_has_a_test_that_exists() {
    let mut all = HashSet::new();
    functions(&root().join("crates"), true, &mut all);
    let classes = rows("faults.md", 3);
    for (number, class) in (1..).zip(&classes) {
        let [row, name, tests] = &class[..] else { panic!() };
        assert_eq!(row, &number.to_string(), "{name}");
        assert!(named(tests).next().is_some(), "{name} has no test");
        check_tests(tests, &all);
    }
    assert_eq!(classes.len(), 62);
}

#[test]
fn every_sentence_about_the_session_has_a_test_that_exists() {
    let mut all = HashSet::new();
    functions(&root().join("crates"), true, &mut all);
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let begin = page.find("## The session").unwrap();
    let end = page.find("## The other crates").unwrap();
    let sentences = rows_of(&page[begin..end], 2);
    for sentence in &sentences {
        let [what, tests] = &sentence[..] else { panic!() };
        assert!(named(tests).next().is_some(), "{what} has no test");
        check_tests(tests, &all);
    }
    assert_eq!(sentences.len(), 30);
}
