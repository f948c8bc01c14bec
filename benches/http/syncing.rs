//! A whole copy of an archive by `/v1/sync`, as an app makes it that begins anew.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::client::Client;
use super::drive::dateline;
use super::{Effort, corpus};

/// Parts of the archive whose times are compared: those at its end must not take longer.
const PARTS: usize = 10;

#[derive(Deserialize)]
struct Page {
    data: Vec<IgnoredAny>,
    cursor: String,
    has_more: bool,
}

/// One row: items a second, and the last part's rate of the first one's.
pub fn measure(articles: usize, effort: &Effort) {
    let name = format!("a copy of {articles} articles by /v1/sync, with nothing kept");
    if !effort.wants(&name) {
        return;
    }
    let server = dateline(&corpus::sqlite(articles), &["--cache-size", "0"]);
    let mut client = Client::connect(&server, "");
    let mut path = "/v1/sync?initial=true&limit=200".to_owned();
    let mut parts: Vec<(usize, Duration)> = Vec::new();
    let (mut items, mut began) = (0, Instant::now());
    loop {
        let page: Page = client.get(&path);
        items += page.data.len();
        if items >= articles / PARTS || !page.has_more {
            parts.push((items, began.elapsed()));
            let all: usize = parts.iter().map(|(items, _)| items).sum();
            eprint!("\r{name}: {all}        ");
            (items, began) = (0, Instant::now());
        }
        if !page.has_more {
            break;
        }
        path = format!("/v1/sync?cursor={}&limit=200", page.cursor);
    }
    eprint!("\r{:80}\r", "");
    let all: usize = parts.iter().map(|(items, _)| items).sum();
    assert!(all >= articles, "{all} items of {articles} articles");
    let time: Duration = parts.iter().map(|(_, time)| *time).sum();
    let rate = |(items, time): (usize, Duration)| items as f64 / time.as_secs_f64();
    println!(
        "| {name} | {:.0} items a second | the last {} at {:.2} of the first |",
        rate((all, time)),
        articles / PARTS,
        rate(parts[PARTS - 1]) / rate(parts[0])
    );
    println!("| memory after that | {:.0} MiB | |", server.mebibytes());
}
