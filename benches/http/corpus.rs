//! A deterministic archive: so many published articles with bodies of 2 to 6 KB, sections, authors,
//! and tags and words that follow Zipf's law, as those of real archives do.

use std::path::{Path, PathBuf};

use dateline::app::open_database;
use dateline::body::Body;
use dateline::config::DatabaseConfig;
use dateline::db::Resource;
use dateline::db::article_counts::recount;
use dateline::db::month_counts::{Month, add as add_to};
use dateline::db::schema::{
    article_authors, article_bodies, article_tags, articles, authors, tags,
};
use dateline::db::transaction::in_transaction;
use dateline::db::{Connection, DatabaseUrl, Id, Json, Timestamp};
use dateline::events::Projection;
use dateline::on_each_database;
use dateline::projections::{self, rebuild};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{Connection as _, PgConnection, RunQueryDsl};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use uuid::Uuid;

const TAGS: usize = 300;
const AUTHORS: usize = 60;
const SECTIONS: usize = 8;
const WORDS: usize = 20_000;
/// Articles in one transaction.
const BATCH: usize = 2_000;

/// The slug of an article by its place in the archive.
pub fn slug(number: usize) -> String {
    format!("article-{number}")
}

/// One of `n` by Zipf's law: the first is drawn about twice as often as the second.
pub fn zipf(random: &mut StdRng, n: usize) -> usize {
    let drawn = (n as f64).powf(random.random::<f64>());
    (drawn as usize).saturating_sub(1).min(n - 1)
}

/// A word of the corpus by its rank: the first is the most common one.
pub fn word(number: usize) -> String {
    const SYLLABLES: [&str; 20] = [
        "ka", "ro", "mi", "ten", "sol", "ver", "lan", "du", "pes", "gar", "ni", "hol", "ba", "rik",
        "so", "tam", "el", "fu", "jor", "wen",
    ];
    let mut word = String::new();
    let mut rest = number + 20;
    while rest > 0 {
        word.push_str(SYLLABLES[rest % 20]);
        rest /= 20;
    }
    word
}

fn words(random: &mut StdRng, count: usize) -> String {
    let drawn: Vec<String> = (0..count).map(|_| word(zipf(random, WORDS))).collect();
    drawn.join(" ")
}

fn body(random: &mut StdRng) -> Body {
    let paragraphs: Vec<String> = (0..random.random_range(6..14))
        .map(|_| {
            let count = random.random_range(40..80);
            words(random, count)
        })
        .collect();
    Body::from_text(&paragraphs.join("\n\n"))
        .expect("plain text within bounds")
        .body
}

fn id(random: &mut StdRng, millis: u64) -> Id {
    let bytes: [u8; 10] = random.random();
    Id(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
}

/// A SQLite file with so many articles; made once and used again.
pub fn sqlite(articles: usize) -> DatabaseUrl {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file: PathBuf = folder.join(format!("archive-{articles}.db"));
    let url = DatabaseUrl::Sqlite(file.clone());
    if file.exists() {
        return url;
    }
    let unfinished = folder.join(format!("archive-{articles}.unfinished.db"));
    let _ = std::fs::remove_file(&unfinished);
    fill(DatabaseUrl::Sqlite(unfinished.clone()), articles);
    std::fs::rename(unfinished, file).expect("the archive can be renamed");
    url
}

/// An empty database beside the one that a URL names.
pub fn new_database(url: &str, name: &str) -> DatabaseUrl {
    let mut connection = PgConnection::establish(url).expect("a Postgres server");
    diesel::sql_query(format!("CREATE DATABASE {name}"))
        .execute(&mut connection)
        .expect("a database");
    let (server, parameters) = match url.split_once('?') {
        Some((server, parameters)) => (server, format!("?{parameters}")),
        None => (url, String::new()),
    };
    let (server, _) = server.rsplit_once('/').expect("a URL names a database");
    format!("{server}/{name}{parameters}")
        .parse()
        .expect("a Postgres URL")
}

/// Fills an empty database.
pub fn fill(url: DatabaseUrl, count: usize) {
    fill_with(url, count, true);
}

/// The same with a line for a body, and not in the search index.
pub fn fill_without_texts(url: DatabaseUrl, count: usize) {
    fill_with(url, count, false);
}

fn fill_with(url: DatabaseUrl, count: usize, texts: bool) {
    let database = open_database(&DatabaseConfig::at(url), dateline::app::Opening::Created)
        .unwrap_or_else(|error| panic!("{error}"));
    let mut connection = database.connection().expect("a connection");
    let connection = &mut *connection;
    if let Connection::Sqlite(sqlite) = connection {
        sqlite
            .batch_execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;")
            .expect("settings");
    }
    let random = &mut StdRng::seed_from_u64(1855);
    let now = Timestamp::now();
    let tag_ids: Vec<Id> = (0..TAGS + SECTIONS)
        .map(|_| Id(Uuid::from_u128(random.random())))
        .collect();
    let author_ids: Vec<Id> = (0..AUTHORS)
        .map(|_| Id(Uuid::from_u128(random.random())))
        .collect();
    for (number, id) in tag_ids.iter().enumerate() {
        let (name, kind) = if number < TAGS {
            (format!("tag-{number}"), "topic")
        } else {
            (format!("section-{}", number - TAGS), "section")
        };
        diesel::insert_into(tags::table)
            .values((
                tags::id.eq(id),
                tags::slug.eq(&name),
                tags::name.eq(&name),
                tags::sort_name.eq(&name),
                tags::kind.eq(kind),
                tags::version.eq(1_i64),
                tags::created_at.eq(now),
                tags::updated_at.eq(now),
            ))
            .execute(connection)
            .expect("a tag");
    }
    for (number, id) in author_ids.iter().enumerate() {
        let name = format!("author-{number}");
        diesel::insert_into(authors::table)
            .values((
                authors::id.eq(id),
                authors::slug.eq(&name),
                authors::name.eq(&name),
                authors::sort_name.eq(&name),
                authors::bio.eq("Writes about what happens."),
                authors::version.eq(1_i64),
                authors::created_at.eq(now),
                authors::updated_at.eq(now),
            ))
            .execute(connection)
            .expect("an author");
    }
    // The archive ends an hour ago and has an article every ten minutes.
    let end = now.utc().timestamp_millis() - 3_600_000;
    let mut number = 0;
    while number < count {
        let numbers = number..count.min(number + BATCH);
        number = numbers.end;
        in_transaction(connection, |connection| {
            add(
                connection,
                random,
                numbers,
                texts,
                &tag_ids,
                &author_ids,
                |number| end - (count - number) as i64 * 600_000,
            )?;
            Ok(())
        })
        .expect("a batch of articles");
        if number % 20_000 == 0 {
            eprint!("\r{number} of {count} articles    ");
        }
    }
    eprintln!("\r{count} articles    ");
    let mut months = std::collections::BTreeMap::new();
    for number in 0..count {
        let at = end - (count - number) as i64 * 600_000;
        let at = chrono::DateTime::from_timestamp_millis(at).expect("a time");
        *months.entry(Month::of(Timestamp::from(at))).or_insert(0) += 1;
    }
    in_transaction(connection, |connection| {
        let mut each = months.iter();
        each.try_for_each(|(month, articles)| add_to(connection, *month, *articles, Some(now)))
    })
    .expect("the months");
    for tag in &tag_ids {
        recount(connection, Resource::Tag, *tag).expect("a count");
    }
    for author in &author_ids {
        recount(connection, Resource::Author, *author).expect("a count");
    }
    connection
        .batch_execute("INSERT INTO share_totals (article_id, total) SELECT id, 0 FROM articles")
        .expect("an order of shares");
    for projection in projections::kept() {
        let name = projection.name();
        // Both are there already; searches are measured where there are texts.
        if ["publication_order", "share_totals"].contains(&name) || name == "search_index" && !texts
        {
            continue;
        }
        rebuild::begin(connection, projection).expect("a projection");
        all(connection, name, count, projection);
    }
    match connection {
        Connection::Sqlite(sqlite) => sqlite.batch_execute("PRAGMA wal_checkpoint(TRUNCATE);"),
        Connection::Postgres(postgres) => postgres
            .batch_execute("VACUUM ANALYZE")
            .and_then(|()| postgres.batch_execute("CHECKPOINT")),
    }
    .expect("tidying up");
}

/// Does the same work batch by batch until nothing is left.
fn all(connection: &mut Connection, done: &str, count: usize, projection: &dyn Projection) {
    let mut so_far = 0;
    while let Some(some) = in_transaction(connection, |connection| {
        rebuild::step(connection, projection)
    })
    .expect("a batch")
    {
        so_far += some;
        if so_far % 20_000 == 0 {
            eprint!("\r{so_far} of {count} articles in {done}    ");
        }
    }
    eprintln!("\r{count} articles in {done}    ");
}

fn add(
    connection: &mut Connection,
    random: &mut StdRng,
    numbers: std::ops::Range<usize>,
    texts: bool,
    tag_ids: &[Id],
    author_ids: &[Id],
    published: impl Fn(usize) -> i64,
) -> diesel::QueryResult<()> {
    let (mut rows, mut bodies, mut tagged, mut written) = (vec![], vec![], vec![], vec![]);
    for number in numbers {
        let millis = published(number);
        let at = Timestamp::from(chrono::DateTime::from_timestamp_millis(millis).expect("a time"));
        let id = id(random, millis.unsigned_abs());
        let body = if texts {
            body(random)
        } else {
            Body::from_text("A line.").expect("plain text").body
        };
        rows.push((
            articles::id.eq(id),
            articles::slug.eq(slug(number)),
            articles::status.eq("published"),
            articles::version.eq(2_i64),
            articles::headline.eq(words(random, 8)),
            articles::standfirst.eq(words(random, 20)),
            articles::dateline.eq("New York, USA"),
            articles::language.eq("en"),
            articles::section_id.eq(tag_ids[TAGS + random.random_range(0..SECTIONS)]),
            articles::lead_image.eq(Json(json!({
                "url": "https://images.example.com/a.jpg", "alt": "A harbour at dawn",
                "caption": "The harbour", "credit": "Harbour Pictures", "width": 1600,
                "height": 900, "focal_point": null
            }))),
            articles::word_count.eq(i32::try_from(body.word_count()).unwrap_or(0)),
            articles::seo.eq(Json(json!({"title": null, "description": null}))),
            articles::custom.eq(Json(json!({}))),
            articles::created_at.eq(at),
            articles::updated_at.eq(at),
            articles::published_at.eq(at),
        ));
        bodies.push((
            article_bodies::article_id.eq(id),
            article_bodies::html.eq(body.to_html()),
            article_bodies::blocks.eq(Json(body)),
        ));
        let mut tags: Vec<usize> = (0..5).map(|_| zipf(random, TAGS)).collect();
        tags.sort_unstable();
        tags.dedup();
        for (position, tag) in (0_i32..).zip(tags) {
            tagged.push((
                article_tags::article_id.eq(id),
                article_tags::tag_id.eq(tag_ids[tag]),
                article_tags::position.eq(position),
                article_tags::published_at.eq(at),
            ));
        }
        written.push((
            article_authors::article_id.eq(id),
            article_authors::author_id.eq(author_ids[random.random_range(0..AUTHORS)]),
            article_authors::position.eq(0),
            article_authors::published_at.eq(at),
        ));
    }
    // Few enough parameters for one statement of Postgres.
    on_each_database!(connection, inner => {
        for rows in rows.chunks(500) {
            diesel::insert_into(articles::table).values(rows).execute(inner)?;
        }
        for rows in bodies.chunks(500) {
            diesel::insert_into(article_bodies::table).values(rows).execute(inner)?;
        }
        for rows in tagged.chunks(500) {
            diesel::insert_into(article_tags::table).values(rows).execute(inner)?;
        }
        for rows in written.chunks(500) {
            diesel::insert_into(article_authors::table).values(rows).execute(inner)?;
        }
    });
    Ok(())
}
