//! What trends and what is shared most, from archives of ten thousand articles with a million shares
//! and of a million articles with a hundred million.
//!
//! Of an article's shares 60 come within the first day, 30 within the next eight, and ten since the
//! first day, as many in the first ten days as in the next ninety, and so on.

use std::collections::BTreeMap;
use std::path::Path;

use dateline::app::open_database;
use dateline::config::DatabaseConfig;
use dateline::db::schema::{articles, share_buckets};
use dateline::db::transaction::in_transaction;
use dateline::db::{Connection, DatabaseUrl, Id, Timestamp};
use dateline::on_each_database;
use dateline::shares::time::Granularity;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::drive::{Load, dateline};
use super::{Effort, SMALL, at, compare, corpus, print};

/// Shares of an article by the hours since its publication.
const FIRST_DAYS: [(i64, i64); 10] = [
    (0, 20),
    (1, 15),
    (2, 10),
    (4, 7),
    (8, 5),
    (16, 3),
    (24, 12),
    (48, 8),
    (96, 6),
    (192, 4),
];
/// Pairs of shares after the first day.
const LATER: usize = 5;
const NETWORKS: [&str; 3] = ["facebook", "whatsapp", "x"];
/// Days for which the server keeps hours.
const HOURLY_DAYS: i64 = 14;

/// All rows: at the larger archive, of those at the smaller.
pub fn measure(largest: usize, effort: &Effort) {
    let rows: Vec<(String, Load)> = [
        ("what trends, 24 hours", "/v1/trending?window=24h"),
        ("what trends, 7 days", "/v1/trending?window=7d"),
        ("what trends, 30 days", "/v1/trending?window=30d"),
        (
            "what trends, 7 days, in a common tag",
            "/v1/trending?window=7d&tag=tag-0",
        ),
        (
            "what trends, 7 days, in a rare tag",
            "/v1/trending?window=7d&tag=tag-250",
        ),
        (
            "what trends, 7 days, of an author",
            "/v1/trending?window=7d&author=author-3",
        ),
        ("the most shared", "/v1/articles?sort=-shares"),
        (
            "the most shared in a common tag",
            "/v1/articles?sort=-shares&tag=tag-0",
        ),
        (
            "the most shared in a rare tag",
            "/v1/articles?sort=-shares&tag=tag-250",
        ),
    ]
    .into_iter()
    .map(|(name, path)| {
        let load = Load {
            connections: Some(2),
            ..at(path)
        };
        (format!("{name}, nothing kept"), load)
    })
    .filter(|(name, _)| effort.wants(name))
    .collect();
    if rows.is_empty() {
        return;
    }
    let settings = ["--cache-size", "0"];
    let (small, large) = (
        dateline(&archive(SMALL), &settings),
        dateline(&archive(largest), &settings),
    );
    println!(
        "\n| work | {largest} articles and {} shares, of {SMALL} and {} | p99 |\n|---|---|---|",
        largest * 100,
        SMALL * 100
    );
    for (name, load) in rows {
        print(compare(&large, &small, &load, effort, &name), &name);
    }
}

/// A SQLite file with so many articles and a hundred times as many shares; made once and used again.
fn archive(articles: usize) -> DatabaseUrl {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shared-{articles}.db"));
    let url = DatabaseUrl::Sqlite(file.clone());
    if !file.exists() {
        let unfinished = file.with_extension("unfinished");
        let _ = std::fs::remove_file(&unfinished);
        corpus::fill_without_texts(DatabaseUrl::Sqlite(unfinished.clone()), articles);
        share(DatabaseUrl::Sqlite(unfinished.clone()));
        std::fs::rename(unfinished, file).expect("the archive can be renamed");
    }
    url
}

/// Shares by hour or day, article and network.
type Buckets = BTreeMap<(&'static str, Timestamp, Id, usize), i64>;

fn share(url: DatabaseUrl) {
    let database = open_database(&DatabaseConfig::at(url), dateline::app::Opening::AsItIs)
        .unwrap_or_else(|error| panic!("{error}"));
    let mut connection = database.connection().expect("a connection");
    let connection = &mut *connection;
    connection
        .batch_execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; DROP INDEX share_buckets_by_article")
        .expect("settings");
    let published: Vec<(Id, Option<Timestamp>)> = articles::table
        .select((articles::id, articles::published_at))
        .load(connection)
        .expect("the articles");
    let now = Timestamp::now();
    let hourly = Granularity::Day.containing(now.plus(-chrono::Duration::days(HOURLY_DAYS)));
    let random = &mut StdRng::seed_from_u64(1898);
    let mut buckets = Buckets::new();
    for (id, published) in published {
        let published = published.expect("all are published");
        let age = (now.utc() - published.utc()).num_days().max(1) as f64;
        let mut add = |after: chrono::Duration, shares: i64, network: usize| {
            let at = published.plus(after).min(now);
            let span = if at < hourly {
                Granularity::Day
            } else {
                Granularity::Hour
            };
            let key = (
                span.as_str(),
                span.containing(at),
                id,
                network % NETWORKS.len(),
            );
            *buckets.entry(key).or_default() += shares;
        };
        for (number, (hours, shares)) in FIRST_DAYS.into_iter().enumerate() {
            add(chrono::Duration::hours(hours), shares, number);
        }
        for number in 0..LATER {
            let days = age.powf(random.random::<f64>());
            add(chrono::Duration::minutes((days * 1440.0) as i64), 2, number);
        }
    }
    eprintln!("{} hours and days of shares", buckets.len());
    let rows: Vec<_> = buckets.into_iter().collect();
    for rows in rows.chunks(50_000) {
        in_transaction(connection, |connection| {
            for ((span, starts_at, article, network), shares) in rows {
                let insert = diesel::insert_into(share_buckets::table).values((
                    share_buckets::span.eq(*span),
                    share_buckets::starts_at.eq(starts_at),
                    share_buckets::article_id.eq(article),
                    share_buckets::network.eq(NETWORKS[*network]),
                    share_buckets::shares.eq(shares),
                ));
                on_each_database!(connection, inner => insert.execute(inner)?);
            }
            Ok(())
        })
        .expect("shares");
    }
    let Connection::Sqlite(sqlite) = connection else {
        panic!("the archive is on SQLite");
    };
    sqlite
        .batch_execute(
            "INSERT INTO share_counts (article_id, network, first_party, counted_at) \
             SELECT article_id, network, sum(shares), max(starts_at) FROM share_buckets GROUP BY 1, 2; \
             INSERT OR REPLACE INTO share_totals (article_id, total) \
             SELECT article_id, sum(first_party) FROM share_counts GROUP BY 1; \
             CREATE INDEX share_buckets_by_article ON share_buckets (article_id, starts_at); \
             PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .expect("counts");
}
