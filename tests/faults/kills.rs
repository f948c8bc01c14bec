//! Servers that are killed under a mixed load: nothing that was acknowledged is lost, and nothing is half
//! there. `DATELINE_TEST_KILLS` says how often each is killed (10); `scripts/bench` asks for more.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use dateline::app::{Opening, open_database};
use dateline::db::Connection;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde_json::{Value, json};

use crate::harness::On;
use crate::process::{Place, Server, text};

const EDITORS: usize = 4;
const READERS: usize = 6;

/// What a client knows of one article.
#[derive(Debug, Default, Clone)]
struct Known {
    id: String,
    /// The last headline that was acknowledged, and the last that was sent.
    acknowledged: u64,
    sent: u64,
    published: bool,
}

/// What all clients know, and where the server is.
struct Ledger {
    address: Mutex<String>,
    articles: Mutex<BTreeMap<String, Known>>,
    shared: AtomicU64,
    ended: AtomicBool,
}

impl Ledger {
    /// Sends a request; `None` when there was no answer, or one that says nothing.
    fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> Option<(u16, Value)> {
        let address = self.address.lock().unwrap().clone();
        let body = body.to_string();
        let mut stream = TcpStream::connect(address).ok()?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIf-Match: *\r\nUser-Agent: {token}\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        match status {
            503 | 504 => None,
            _ => Some((status, serde_json::from_str(body).ok()?)),
        }
    }

    /// Sends until there is an answer.
    fn ask_until_answered(&self, path: &str, visitor: &str, body: &Value) -> Option<(u16, Value)> {
        loop {
            if let Some(answer) = self.ask("POST", path, visitor, body) {
                return Some(answer);
            }
            if self.ended.load(Ordering::Relaxed) {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Writes articles, publishes them, and changes their headlines, each one after the other.
fn edit(ledger: &Ledger, token: &str, editor: usize) {
    for number in 0.. {
        let slug = format!("article-{editor}-{number}");
        let mut known = Known::default();
        let article = json!({
            "headline": "0", "slug": slug, "byline": "By us", "tags": ["climate"],
            "body": {"format": "text", "content": "Twelve cities agreed."}
        });
        // One that was not answered may be there all the same.
        let created = ledger.ask("POST", "/v1/editorial/articles", token, &article);
        let Some((201, created)) = created else {
            if ledger.ended.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
            continue;
        };
        known.id = created["id"].as_str().unwrap().to_owned();
        let note = |known: &Known| {
            let mut articles = ledger.articles.lock().unwrap();
            articles.insert(slug.clone(), known.clone());
        };
        note(&known);
        let path = format!("/v1/editorial/articles/{}", known.id);
        let published = ledger.ask("POST", &format!("{path}/publish"), token, &json!({}));
        known.published = matches!(published, Some((200, _)));
        note(&known);
        for headline in 1..4 {
            known.sent = headline;
            note(&known);
            let patch = json!({"headline": headline.to_string()});
            if let Some((200, _)) = ledger.ask("PATCH", &path, token, &patch) {
                known.acknowledged = headline;
                note(&known);
            }
        }
        if ledger.ended.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// Shares one article as one visitor after the other, each until there is an answer.
fn share(ledger: &Ledger, reader: usize) {
    for number in 0.. {
        if ledger.ended.load(Ordering::Relaxed) {
            return;
        }
        let visitor = format!("reader-{reader}-{number}");
        let answer = ledger.ask_until_answered(
            "/v1/articles/shared/shares",
            &visitor,
            &json!({"network": "x"}),
        );
        if let Some((status, answer)) = answer {
            assert_eq!(status, 200, "{answer}");
            ledger.shared.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = Text)]
    headline: String,
    #[diesel(sql_type = Text)]
    status: String,
}

/// What must be none, whatever has happened.
const NONE: [(&str, &str); 8] = [
    (
        "articles without a body",
        "FROM articles a LEFT JOIN article_bodies b ON b.article_id = a.id WHERE b.article_id IS NULL",
    ),
    (
        "published articles that nothing says how to show",
        "FROM articles WHERE status = 'published' AND rendered_version IS NULL",
    ),
    (
        "published articles that are rendered as another version",
        "FROM articles WHERE status = 'published' AND rendered_version <> version",
    ),
    (
        "published articles that no search finds",
        "FROM articles a WHERE status = 'published' \
         AND NOT EXISTS (SELECT 1 FROM search_entries e WHERE e.article_id = a.id)",
    ),
    (
        "articles that a search finds and nobody may read",
        "FROM search_entries e JOIN articles a ON a.id = e.article_id WHERE a.status <> 'published'",
    ),
    (
        "articles that no editor's search finds",
        "FROM articles a WHERE status NOT IN ('published', 'trashed') \
         AND NOT EXISTS (SELECT 1 FROM draft_entries e WHERE e.article_id = a.id)",
    ),
    (
        "articles in the index of drafts that are none",
        "FROM draft_entries e JOIN articles a ON a.id = e.article_id WHERE a.status IN ('published', 'trashed')",
    ),
    (
        "tags that count wrong",
        "FROM tags t WHERE t.published_articles <> \
         (SELECT count(*) FROM article_tags x JOIN articles a ON a.id = x.article_id \
          WHERE x.tag_id = t.id AND a.status = 'published') AND t.kind <> 'section'",
    ),
];

fn number(connection: &mut Connection, query: &str) -> i64 {
    let number: Number = sql_query(format!("SELECT {query}"))
        .get_result(connection)
        .unwrap();
    number.number
}

fn check(place: &Place, ledger: &Ledger) {
    let database =
        open_database(&place.config, Opening::AsItIs).unwrap_or_else(|error| panic!("{error}"));
    let connection = &mut *database.connection().unwrap();
    for (what, query) in NONE {
        assert_eq!(
            number(connection, &format!("count(*) AS number {query}")),
            0,
            "{what}"
        );
    }
    let rows: Vec<Row> = sql_query("SELECT slug, headline, status FROM articles")
        .load(connection)
        .unwrap();
    let there: BTreeMap<String, Row> = rows
        .into_iter()
        .map(|row| (row.slug.clone(), row))
        .collect();
    let known = ledger.articles.lock().unwrap();
    // A busy machine writes few between two kills.
    assert!(known.len() > 5, "only {} articles", known.len());
    for (slug, known) in known.iter() {
        let row = there.get(slug).unwrap_or_else(|| panic!("{slug} is lost"));
        let headline: u64 = row.headline.parse().unwrap();
        assert!(
            (known.acknowledged..=known.sent).contains(&headline),
            "{slug}: {headline}, {known:?}"
        );
        assert!(
            !known.published || row.status == "published",
            "{slug}: {known:?}"
        );
    }
    let counted = number(
        connection,
        "CAST(sum(first_party) AS bigint) AS number FROM share_counts",
    );
    assert_eq!(
        counted,
        i64::try_from(ledger.shared.load(Ordering::Relaxed)).unwrap()
    );
}

fn server(place: &Place) -> Server {
    place.serve_with(&["--shares-per-address", "0", "--shares-per-article", "0"])
}

fn nothing_is_lost(on: On) {
    let kills: u32 = std::env::var("DATELINE_TEST_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(10);
    let place = Place::new(on);
    let mut running = server(&place);
    let scopes = "articles:read,articles:write,articles:publish,tags:write,authors:write";
    let issue = ["token", "issue", "--name", "t", "--scope", scopes];
    let token = text(&place.run(&issue, "").stdout);
    let ledger = Ledger {
        address: Mutex::new(running.address.clone()),
        articles: Mutex::default(),
        shared: AtomicU64::new(0),
        ended: AtomicBool::new(false),
    };
    let tag = json!({"name": "Climate"});
    assert_eq!(
        ledger
            .ask("POST", "/v1/editorial/tags", &token, &tag)
            .unwrap()
            .0,
        201
    );
    let article = json!({"headline": "0", "slug": "shared", "byline": "By us", "body": {"format": "text", "content": "x"}});
    let (_, article) = ledger
        .ask("POST", "/v1/editorial/articles", &token, &article)
        .unwrap();
    let publish = format!(
        "/v1/editorial/articles/{}/publish",
        article["id"].as_str().unwrap()
    );
    assert_eq!(
        ledger.ask("POST", &publish, &token, &json!({})).unwrap().0,
        200
    );
    std::thread::scope(|scope| {
        for editor in 0..EDITORS {
            let (ledger, token) = (&ledger, &token);
            scope.spawn(move || edit(ledger, token, editor));
        }
        for reader in 0..READERS {
            let ledger = &ledger;
            scope.spawn(move || share(ledger, reader));
        }
        for _ in 0..kills {
            std::thread::sleep(Duration::from_millis(rand::random_range(100..500)));
            running.child.kill().unwrap();
            running.child.wait().unwrap();
            running = server(&place);
            *ledger.address.lock().unwrap() = running.address.clone();
        }
        std::thread::sleep(Duration::from_millis(500));
        // Each client gets its last answer first.
        ledger.ended.store(true, Ordering::Relaxed);
    });
    let stopped = std::process::Command::new("kill")
        .arg(running.child.id().to_string())
        .status();
    assert!(stopped.unwrap().success());
    assert!(running.child.wait().unwrap().success());
    // What the last process had in the journal is counted by the next.
    drop(server(&place));
    check(&place, &ledger);
}

#[test]
fn nothing_is_lost_or_half_there_when_a_server_on_sqlite_is_killed() {
    nothing_is_lost(On::Sqlite);
}

#[test]
fn nothing_is_lost_or_half_there_when_a_server_on_postgres_is_killed() {
    nothing_is_lost(On::Postgres);
}
