//! Every Rust snippet in a Markdown file of the repository is compiled: as a documentation test of a crate that includes the
//! file, or because its lines are those of a source file that the snippet quotes.

use std::fs;
use std::path::{Path, PathBuf};

/// Files that no crate includes, and the source files that their snippets quote.
const QUOTED: [(&str, &str); 1] = [("fuzz/README.md", "fuzz/src/subject.rs")];

/// A page that also shows programs for other libraries, which are not compiled here.
const SHOWS_OTHERS: &str = "docs/migrating.md";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Returns the files below a folder with this extension, without what is built or fetched.
fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "node_modules", "corpus", "artifacts"].contains(&name) {
                files(&path, extension, found);
            }
        } else if path.extension().is_some_and(|here| here == extension) {
            found.push(path);
        }
    }
}

/// Returns the Rust snippets of a Markdown text, each with the attributes after the name of the language.
fn snippets(text: &str) -> Vec<(&str, &str)> {
    let mut rest = text;
    let mut found = Vec::new();
    while let Some(at) = rest.find("```rust") {
        let (flags, code) = rest[at + "```rust".len()..].split_once('\n').unwrap();
        let end = code.find("\n```").expect("the end of the snippet");
        found.push((flags, &code[..end]));
        rest = &code[end + "\n```".len()..];
    }
    found
}

/// Returns the Markdown files that a crate includes in its documentation.
fn included(root: &Path) -> Vec<PathBuf> {
    let mut sources = Vec::new();
    for folder in ["crates", "docs"] {
        files(&root.join(folder), "rs", &mut sources);
    }
    let mut found = Vec::new();
    for source in sources {
        let text = fs::read_to_string(&source).unwrap();
        for line in text.lines() {
            let path = line
                .strip_prefix("#[doc = include_str!(\"")
                .and_then(|rest| rest.strip_suffix("\")]"));
            if let Some(path) = path {
                found.push(source.parent().unwrap().join(path).canonicalize().unwrap());
            }
        }
    }
    found
}

#[test]
fn every_snippet_is_compiled() {
    let root = root();
    let included = included(&root);
    let mut pages = Vec::new();
    files(&root, "md", &mut pages);
    let mut count = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let name = page.strip_prefix(&root).unwrap().to_str().unwrap();
        for (flags, code) in snippets(&text) {
            count += 1;
            if flags.contains("ignore") {
                assert_eq!(name, SHOWS_OTHERS, "it has a snippet that is ignored");
                assert!(
                    !code.contains("bareframe"),
                    "{name} ignores a snippet of ours: {code}"
                );
            }
            if included.contains(&page) {
                continue;
            }
            let (_, source) = QUOTED
                .iter()
                .find(|(quoting, _)| *quoting == name)
                .unwrap_or_else(|| panic!("no crate includes {name}, and it quotes no source"));
            let source = fs::read_to_string(root.join(source)).unwrap();
            for line in code.lines() {
                assert!(source.contains(line), "{name} quotes a line that is gone: {line}");
            }
        }
    }
    assert!(count >= 8, "{count}");
}

#[test]
fn no_documentation_test_is_ignored() {
    let mut sources = Vec::new();
    files(&root().join("crates"), "rs", &mut sources);
    for source in sources {
        let text = fs::read_to_string(&source).unwrap();
        for line in text.lines().map(str::trim_start) {
            let is_documentation = line.starts_with("///") || line.starts_with("//!");
            assert!(
                !(is_documentation && line.contains("```ignore")),
                "{}",
                source.display()
            );
        }
    }
}
