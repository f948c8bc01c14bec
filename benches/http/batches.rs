//! Articles per second that one client creates in batches, of those that it creates one by one; all durable.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use dateline::db::DatabaseUrl;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::drive::{Server, dateline};
use super::{Effort, corpus, token};

/// Articles in a batch.
const BATCH: usize = 500;
/// Batches of one round, and articles that are created one by one.
const BATCHES: usize = 4;
const SINGLE: usize = 200;

/// An article of three paragraphs, published at once.
fn article(random: &mut StdRng) -> Value {
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

fn post(stream: &mut TcpStream, token: &str, path: &str, body: &Value) -> Value {
    let body = body.to_string();
    write!(
        stream,
        "POST /v1/editorial/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("the request is sent");
    let (mut answer, mut buffer) = (Vec::new(), [0; 64 * 1024]);
    loop {
        let read = stream.read(&mut buffer).expect("the answer is read");
        assert!(read > 0, "the server closed");
        answer.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str(body)
        {
            assert!(head.starts_with("HTTP/1.1 20"), "{text}");
            return body;
        }
    }
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.url.trim_start_matches("http://"));
    let stream = stream.expect("the server listens");
    stream.set_nodelay(true).expect("a socket");
    stream
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
    let stream = &mut connect(&server);
    // Those that are there already stay.
    let named = json!({"status": "published", "headline": "First", "authors": ["Alex Writer"], "section": "World",
        "tags": (0..20).map(|number| format!("Tag {number}")).collect::<Vec<_>>(),
        "body": {"format": "text", "content": "x"}});
    post(stream, &token, "articles?create_missing=true", &named);
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
            let receipt = post(stream, &token, "articles/batch", batch);
            assert_eq!(receipt["succeeded"], BATCH, "{receipt}");
        }
        many.push((BATCHES * BATCH) as f64 / began.elapsed().as_secs_f64());
        let articles: Vec<Value> = (0..SINGLE).map(|_| article(random)).collect();
        let began = Instant::now();
        for article in &articles {
            post(stream, &token, "articles", article);
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
