//! The same reads, nothing kept, from archives of several sizes.

use std::time::Duration;

use dateline::db::DatabaseUrl;

use crate::drive::{Load, Server, dateline, drive, median};
use crate::{Effort, SMALL, at, corpus, many, plot, print};

/// The sizes up to `largest`.
fn sizes(largest: usize) -> Vec<usize> {
    let mut sizes: Vec<usize> = [SMALL, 100_000]
        .into_iter()
        .filter(|size| *size < largest)
        .collect();
    sizes.push(largest);
    sizes
}

/// What is read from an archive of so many articles, and the path of a page deep in it.
fn reads(articles: usize, deep: &str) -> Vec<(&'static str, Load)> {
    let search = |query: &str| at(&format!("/v1/articles?q={query}"));
    let (common, rare) = (corpus::word(0), corpus::word(19_000));
    vec![
        ("article by slug", many(articles, 1000)),
        ("first page of the list", at("/v1/articles")),
        ("a page by a cursor deep in the list", at(deep)),
        ("list of a common tag", at("/v1/articles?tag=tag-0")),
        ("list of a rare tag", at("/v1/articles?tag=tag-250")),
        ("list of a section", at("/v1/articles?section=section-1")),
        ("search for a common word", search(&common)),
        ("search for a rare word", search(&rare)),
        (
            "search for a common word, by relevance",
            search(&format!("{common}&sort=relevance")),
        ),
        (
            "search for a rare word, by relevance",
            search(&format!("{rare}&sort=relevance")),
        ),
        (
            "search for a common and a rare word",
            search(&format!("{common}+{rare}")),
        ),
        (
            "search for a common word in a rare tag",
            search(&format!("{common}&tag=tag-250")),
        ),
    ]
}

/// The path of a page so many pages of 100 from the newest.
fn deep(server: &Server, pages: usize) -> String {
    let mut path = "/v1/articles?fields=slug&limit=100".to_owned();
    for _ in 0..pages {
        let answer = String::from_utf8_lossy(&server.fetch(&path, &[])).into_owned();
        let Some(cursor) = answer
            .split("\"next_cursor\":\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
        else {
            break;
        };
        path = format!("/v1/articles?cursor={cursor}&fields=slug&limit=100");
    }
    let cursor = path
        .split("cursor=")
        .nth(1)
        .and_then(|rest| rest.split('&').next());
    format!("/v1/articles?cursor={}", cursor.expect("a second page"))
}

/// Measures and prints: rates and p99 at the largest size of those at the smallest, memory, and how
/// fast a server starts. With all rows and sizes the picture is drawn as well.
pub fn measure(largest: usize, effort: &Effort) {
    // Archives are made only where they are wanted.
    if !reads(SMALL, "").iter().any(|(name, _)| effort.wants(name)) {
        return;
    }
    let sizes = sizes(largest);
    let archives: Vec<DatabaseUrl> = sizes.iter().map(|size| corpus::sqlite(*size)).collect();
    let servers: Vec<Server> = archives
        .iter()
        .map(|archive| dateline(archive, &["--cache-size", "0"]))
        .collect();
    println!("\n| work, nothing kept | {largest} articles, of {SMALL} | p99 |\n|---|---|---|");
    let reads: Vec<Vec<(&str, Load)>> = servers
        .iter()
        .zip(&sizes)
        // Page 5,000 of an archive of a million; in a smaller one as deep in proportion.
        .map(|(server, size)| reads(*size, &deep(server, size / 200)))
        .collect();
    let mut lines = Vec::new();
    for (row, (name, _)) in reads[0].iter().enumerate() {
        if !effort.wants(name) {
            continue;
        }
        let mut seen = vec![Vec::new(); servers.len()];
        for (server, of_size) in servers.iter().zip(&reads) {
            drive(server, &of_size[row].1, 2);
        }
        for round in 0..effort.rounds {
            eprint!("\r{name}: round {} of {}        ", round + 1, effort.rounds);
            for (index, server) in servers.iter().enumerate() {
                seen[index].push(drive(server, &reads[index][row].1, effort.seconds));
            }
        }
        eprint!("\r{:80}\r", "");
        let seen: Vec<_> = seen.into_iter().map(median).collect();
        print((seen[seen.len() - 1], seen[0]), name);
        lines.push((
            *name,
            seen.iter().map(|at| at.rate / seen[0].rate).collect(),
        ));
    }
    drop(servers);
    if effort.only.is_empty() {
        plot::draw(&sizes, &lines);
        resources(&archives[archives.len() - 1], largest, effort);
    }
}

/// Memory, and the time to the first answer.
fn resources(large: &DatabaseUrl, articles: usize, effort: &Effort) {
    let server = dateline(large, &[]);
    println!("\n| {articles} articles | |\n|---|---|");
    println!("| idle memory | {:.0} MiB |", server.mebibytes());
    let large_start = server.ready_after;
    drive(
        &server,
        &many(articles, articles.min(50_000)),
        effort.seconds * 3,
    );
    drive(&server, &at("/v1/articles?limit=100"), effort.seconds);
    println!(
        "| memory after the load, cache of 64 MiB | {:.0} MiB |",
        server.mebibytes()
    );
    drop(server);
    let mut starts: Vec<Duration> = (0..5)
        .map(|_| {
            let folder =
                std::env::temp_dir().join(format!("dateline-empty-{}", std::process::id()));
            std::fs::create_dir_all(&folder).expect("room for an empty database");
            let empty = DatabaseUrl::Sqlite(folder.join("empty.db"));
            drop(dateline(&empty, &[]));
            let again = dateline(&empty, &[]).ready_after;
            let _ = std::fs::remove_dir_all(&folder);
            again
        })
        .collect();
    starts.sort();
    let mut large_starts: Vec<Duration> = (0..4)
        .map(|_| dateline(large, &[]).ready_after)
        .chain([large_start])
        .collect();
    large_starts.sort();
    println!(
        "| cold start to the first 200, of that on an empty database | {:.2} |",
        large_starts[2].as_secs_f64() / starts[2].as_secs_f64()
    );
}
