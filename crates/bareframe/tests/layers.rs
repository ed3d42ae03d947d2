//! Compares the `use` lines of the core with the table of layers in ARCHITECTURE.md.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// The crates that a row may name.
const CRATES: [&str; 7] = [
    "alloc",
    "heapless",
    "sha1",
    "sha1_smol",
    "base64ct",
    "cpufeatures",
    "simdutf8",
];

/// Returns the rows of the table: a file, and the modules and crates that it may use.
fn table() -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../ARCHITECTURE.md")).unwrap();
    let begin = text.find("| file |").expect("the table of layers");
    let rows = text[begin..]
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cells = |row: &str| -> Vec<String> {
        row.split('|')
            .skip(1)
            .map(|cell| cell.replace('`', "").trim().to_owned())
            .collect()
    };
    rows.map(|row| {
        let cells = cells(row);
        let may_use = cells[2]
            .split([',', ' '])
            .filter(|name| !name.is_empty())
            .map(str::to_owned);
        (cells[0].clone(), may_use.collect())
    })
    .collect()
}

/// The files below a folder, relative to it.
fn files(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            files(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push(name);
        }
    }
}

/// Returns the modules of the crate and the other crates that a source names, up to its tests.
fn uses(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap();
    let code = code.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let mut found = Vec::new();
    for line in code {
        for (at, _) in line.match_indices("crate::") {
            let name = line[at + "crate::".len()..]
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next();
            let begins_path = line[..at]
                .chars()
                .next_back()
                .is_none_or(|c| !c.is_alphanumeric() && c != '$');
            found.extend(name.filter(|_| begins_path).map(str::to_owned));
        }
        for other in CRATES.into_iter().chain(["std", "alloc"]) {
            let path = format!("{other}::");
            let names_it = line.match_indices(&path).any(|(at, _)| {
                line[..at]
                    .chars()
                    .next_back()
                    .is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':')
            });
            found.extend(names_it.then(|| other.to_owned()));
        }
    }
    found
}

#[test]
fn every_file_uses_only_what_is_above_it_and_in_its_row() {
    let table = table();
    let rows: HashMap<_, _> = table.iter().cloned().collect();
    let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let mut found = Vec::new();
    files(source, "", &mut found);
    for file in found.iter().filter(|file| *file != "lib.rs") {
        let may_use = rows
            .get(file)
            .unwrap_or_else(|| panic!("{file} has no row in the table"));
        for used in uses(&fs::read_to_string(source.join(file)).unwrap()) {
            assert!(
                may_use.contains(&used),
                "{file} uses {used}, which its row does not allow"
            );
        }
    }
    for (file, may_use) in &table {
        assert!(
            found.contains(file),
            "the table names {file}, which does not exist"
        );
        for used in may_use {
            let above = table.iter().take_while(|(above, _)| above != file);
            let is_above = above
                .map(|(above, _)| above)
                .any(|above| *above == format!("{used}.rs") || above.starts_with(&format!("{used}/")));
            let is_crate = CRATES.contains(&used.as_str());
            let own_folder = file.starts_with(&format!("{used}/"));
            assert!(
                is_above || is_crate || own_folder,
                "{file} may use {used}, which is not above it"
            );
        }
    }
}
