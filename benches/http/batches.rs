//! Articles per second that one client creates in batches, of those that it creates one by one; all durable.

use std::time::Instant;

use dateline::db::DatabaseUrl;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::client::Client;
use super::drive::dateline;
use super::{Effort, corpus, token};

/// Articles in a batch.
const BATCH: usize = 500;
/// Batches of one round, and articles that are created one by one.
const BATCHES: usize = 4;
const SINGLE: usize = 200;

/// An article of three paragraphs, published at once.
pub fn article(random: &mut StdRng) -> Value {
    let mut words = |count: usize| {
        let words: Vec<String> = (0..count)
            .map(|_| corpus::word(corpus::zipf(random, 20_000)))
            .collect();
        words.join(" ")
    };
    let paragraphs: String = (0..3).map(|_| format!("<p>{}</p>", words(70))).collect();
    json!({
        "status": "published", "headline": words(8), "standfirst": words(20),
        "authors": ["alex-writer"], "section": "world",
        "tags": [format!("tag-{}", random.random_range(0..20))],
        "body": {"format": "html", "content": paragraphs}
    })
}

/// Makes what articles name: those that are there already stay.
pub fn name_all(client: &mut Client) {
    let named = json!({"status": "published", "headline": "First", "authors": ["Alex Writer"], "section": "World",
        "tags": (0..20).map(|number| format!("Tag {number}")).collect::<Vec<_>>(),
        "body": {"format": "text", "content": "x"}});
    client.post("/v1/editorial/articles?create_missing=true", &named);
}

/// One row, on a SQLite file that is made for it.
pub fn measure(effort: &Effort) {
    let name = "articles in batches of 500, SQLite, of one by one";
    if !effort.wants(name) {
        return;
    }
    let folder = std::env::temp_dir().join(format!("dateline-batches-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("room for a database");
    let file = DatabaseUrl::Sqlite(folder.join("batches.db"));
    corpus::fill(file.clone(), 100);
    let (server, token) = (dateline(&file, &[]), token(&file));
    let random = &mut StdRng::seed_from_u64(11);
    let mut client = Client::connect(&server, &token);
    name_all(&mut client);
    let (mut many, mut single) = (Vec::new(), Vec::new());
    for round in 0..effort.rounds {
        eprint!("\r{name}: round {} of {}        ", round + 1, effort.rounds);
        let batches: Vec<Value> = (0..BATCHES)
            .map(|_| {
                let operations =
                    (0..BATCH).map(|_| json!({"op": "create", "article": article(random)}));
                json!({"operations": operations.collect::<Vec<_>>()})
            })
            .collect();
        let began = Instant::now();
        for batch in &batches {
            let receipt = client.post("/v1/editorial/articles/batch", batch);
            assert_eq!(receipt["succeeded"], BATCH, "{receipt}");
        }
        many.push((BATCHES * BATCH) as f64 / began.elapsed().as_secs_f64());
        let articles: Vec<Value> = (0..SINGLE).map(|_| article(random)).collect();
        let began = Instant::now();
        for article in &articles {
            client.post("/v1/editorial/articles", article);
        }
        single.push(SINGLE as f64 / began.elapsed().as_secs_f64());
    }
    eprint!("\r{:80}\r", "");
    for rates in [&mut many, &mut single] {
        rates.sort_by(f64::total_cmp);
    }
    let (many, single) = (many[many.len() / 2], single[single.len() / 2]);
    println!(
        "| {name} | {:.1} | {many:.0} articles a second |",
        many / single
    );
    drop(server);
    let _ = std::fs::remove_dir_all(&folder);
}
