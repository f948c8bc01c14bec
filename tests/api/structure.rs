//! Imports run one way: down the list of modules in `src/lib.rs`, and past nobody who must not be known.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
    found
}

/// What a file says, but for comments and its tests.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let (code, _) = text.split_once("#[cfg(test)]\nmod ").unwrap_or((&text, ""));
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules of the crate that a file imports from.
fn imported(code: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let names = match rest.strip_prefix('{') {
            // `use crate::{one, two::Three};`
            Some(list) => list
                .split('}')
                .next()
                .unwrap_or_default()
                .split(',')
                .collect(),
            None => vec![rest],
        };
        for name in names {
            let name = name.trim();
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
            modules.insert(name[..end.unwrap_or(name.len())].to_owned());
        }
    }
    modules
}

/// The modules in the order in which `src/lib.rs` describes them, from the outside in.
fn order() -> Vec<String> {
    let map = std::fs::read_to_string("src/lib.rs").unwrap();
    let described = map.lines().filter_map(|line| line.strip_prefix("//! - "));
    described
        .flat_map(|line| {
            let names = line.split(" – ").next().unwrap_or_default();
            names
                .split(',')
                .map(|name| name.trim().trim_matches(['[', ']', '`']).to_owned())
        })
        .collect()
}

fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix("src").unwrap();
    let first = inside
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn an_import_never_points_up_the_map() {
    let order = order();
    let place = |module: &str| order.iter().position(|name| name == module);
    let mut wrong = Vec::new();
    for path in sources(Path::new("src")) {
        let module = module_of(&path);
        if ["main", "lib"].contains(&module.as_str()) {
            continue;
        }
        let from =
            place(&module).unwrap_or_else(|| panic!("src/lib.rs does not describe {module}"));
        for other in imported(&code(&path)) {
            // Macros are at the top of the crate.
            if let Some(to) = place(&other).filter(|to| *to < from) {
                wrong.push(format!("{}: {other} ({to} above {from})", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nobody_knows_whom_they_must_not() {
    let features = [
        "articles",
        "collections",
        "tags",
        "authors",
        "shares",
        "media",
        "auth",
        "audit",
    ];
    for path in sources(Path::new("src")) {
        let (code, name) = (code(&path), path.display().to_string());
        let module = module_of(&path);
        let knows = |what: &str| code.contains(what);
        let is_store = name.contains("/store");
        if features.contains(&module.as_str()) && is_store {
            for other in [
                "actix_web",
                "crate::projections",
                "crate::cache",
                "crate::http",
            ] {
                assert!(!knows(other), "{name} knows {other}");
            }
        }
        if name.ends_with("/model.rs") {
            for other in ["diesel::", "actix_web"] {
                assert!(!knows(other), "{name} knows {other}");
            }
        }
        if !is_store && (name.ends_with("/editorial.rs") || name.ends_with("/public.rs")) {
            assert!(!knows("use diesel"), "{name} knows diesel");
        }
        // Those who read what readers see know the views only.
        if [
            "src/articles/store/public.rs",
            "src/articles/store/selection/mod.rs",
        ]
        .contains(&name.as_str())
        {
            assert!(!knows("schema::articles"), "{name} knows the table");
        }
    }
}
