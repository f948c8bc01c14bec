//! What an editor notices while a large archive is imported, and what five webhooks add to that.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use dateline::db::DatabaseUrl;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::batches::{self, article};
use super::client::Client;
use super::drive::{Server, dateline, program};
use super::{Effort, corpus, desk_path, token};

/// Articles in a batch.
const BATCH: usize = 100;
const WEBHOOKS: usize = 5;
/// Between two of the editor's writes.
const PAUSE: Duration = Duration::from_millis(20);

/// Serves a webhook's receiver, which counts what it is sent; asked by GET, it says how much that is.
pub fn receive() {
    let received = Data::new(AtomicU64::new(0));
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(received.clone())
                .route("/", web::post().to(count))
                .route("/", web::get().to(say))
        })
        .workers(1)
        .bind("127.0.0.1:0")
        .expect("a free port");
        println!("http://{}", server.addrs()[0]);
        server.run().await.expect("the receiver runs");
    });
}

async fn count(received: Data<AtomicU64>, _sent: web::Bytes) -> HttpResponse {
    received.fetch_add(1, Ordering::Relaxed);
    HttpResponse::NoContent().finish()
}

async fn say(received: Data<AtomicU64>) -> HttpResponse {
    HttpResponse::Ok().json(received.load(Ordering::Relaxed))
}

/// What came of an import.
struct Seen {
    /// How long each of the editor's writes took, the fastest first.
    writes: Vec<Duration>,
    /// Articles a second.
    imported: f64,
    /// How long after the last batch the last message arrived.
    told: Duration,
}

impl Seen {
    /// The write that so many of a hundred are at least as fast as, in milliseconds.
    fn percentile(&self, percent: usize) -> f64 {
        let place = (self.writes.len() * percent / 100).min(self.writes.len() - 1);
        self.writes[place].as_secs_f64() * 1000.0
    }
}

/// All rows.
pub fn measure(articles: usize, effort: &Effort) {
    let name = format!("an editor's writes while {articles} articles are imported");
    if !effort.wants(&name) {
        return;
    }
    let alone = import(0, 0);
    let without = import(articles, 0);
    let with = import(articles, WEBHOOKS);
    println!(
        "\n| {name} | median | p99 | slowest | imported a second | all told after |\n\
         |---|---|---|---|---|---|"
    );
    for (what, seen) in [
        ("no import", alone),
        ("no webhooks", without),
        ("five webhooks that hear of all of them", with),
    ] {
        println!(
            "| {what} | {:.1} ms | {:.1} ms | {:.1} ms | {:.0} | {:.0} s |",
            seen.percentile(50),
            seen.percentile(99),
            seen.percentile(100),
            seen.imported,
            seen.told.as_secs_f64()
        );
    }
}

/// Imports so many articles into a file that is made for them, beside an editor who writes.
fn import(articles: usize, webhooks: usize) -> Seen {
    let folder = std::env::temp_dir().join(format!("dateline-import-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("room for a database");
    let file = DatabaseUrl::Sqlite(folder.join("import.db"));
    corpus::fill(file.clone(), 100);
    let (receiver, server) = (
        program(&["receiver"]),
        dateline(&file, &["--webhook-allow", "127.0.0.0/8"]),
    );
    let token = token(&file);
    let mut client = Client::connect(&server, &token);
    batches::name_all(&mut client);
    for number in 0..webhooks {
        client.post(
            "/v1/editorial/webhooks",
            &json!({
                "description": format!("Number {number}"), "url": format!("{}/", receiver.url),
                "events": ["article.published"]
            }),
        );
    }
    let stop = AtomicBool::new(false);
    let mut writes = Vec::new();
    let began = Instant::now();
    std::thread::scope(|scope| {
        let editor = scope.spawn(|| edit(&server, &token, &stop));
        let random = &mut StdRng::seed_from_u64(11);
        for number in 0..articles / BATCH {
            let operations: Vec<Value> = (0..BATCH)
                .map(|_| json!({"op": "create", "article": article(random)}))
                .collect();
            let receipt = client.post(
                "/v1/editorial/articles/batch",
                &json!({"operations": operations}),
            );
            assert_eq!(receipt["succeeded"], BATCH, "{receipt}");
            if number % 10 == 0 {
                eprint!("\r{} of {articles} articles        ", number * BATCH);
            }
        }
        if articles == 0 {
            std::thread::sleep(Duration::from_secs(10));
        }
        stop.store(true, Ordering::Relaxed);
        writes = editor.join().expect("the editor ends");
    });
    let imported = articles as f64 / began.elapsed().as_secs_f64();
    let told = all_arrive(&receiver, articles * webhooks);
    eprint!("\r{:80}\r", "");
    writes.sort();
    drop(server);
    let _ = std::fs::remove_dir_all(&folder);
    Seen {
        writes,
        imported,
        told,
    }
}

/// Changes one article's headline again and again, as someone does who writes.
fn edit(server: &Server, token: &str, stop: &AtomicBool) -> Vec<Duration> {
    let mut client = Client::connect(server, token);
    let path = desk_path(&mut client, &corpus::slug(0));
    let mut took = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let headline = format!("Written {} times", took.len());
        let began = Instant::now();
        client.patch(&path, &json!({ "headline": headline }));
        took.push(began.elapsed());
        std::thread::sleep(PAUSE);
    }
    took
}

/// How long it takes until everything that was imported has been told of.
fn all_arrive(receiver: &Server, messages: usize) -> Duration {
    let began = Instant::now();
    let mut client = Client::connect(receiver, "");
    loop {
        let received: usize = client.get("/");
        if received >= messages {
            return began.elapsed();
        }
        assert!(
            began.elapsed() < Duration::from_secs(1800),
            "{received} of {messages} messages have arrived"
        );
        eprint!("\r{received} of {messages} messages        ");
        std::thread::sleep(Duration::from_millis(200));
    }
}
