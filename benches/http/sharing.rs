//! Shares per second, each durable before it is answered, of a bare handler's that reads the same
//! body and answers the same bytes, and of one transaction per share.
//!
//! Every share comes from another address, as a proxy in front would say, so that all are counted.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;

use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use dateline::app::open_database;
use dateline::config::DatabaseConfig;
use dateline::db::{Database, DatabaseUrl, Timestamp, slugs};
use dateline::shares::journal::Journal;
use dateline::shares::model::Network;
use dateline::shares::store::counting::{self, Share};
use dateline::shares::visitor::{Reader, VisitorKey};

use super::drive::{self, Load, Seen, Server, dateline, drive, median};
use super::{Effort, corpus};

/// Articles that are shared.
const ARTICLES: usize = 1000;

/// Shares of so many articles.
fn shares(articles: usize) -> Load {
    Load {
        path: format!("/v1/articles/{}/shares", corpus::slug(0)),
        connections: Some(64),
        script: Some(format!(
            "wrk.method = \"POST\"\nwrk.body = '{{\"network\":\"x\"}}'\n\
             wrk.headers[\"Content-Type\"] = \"application/json\"\n\
             wrk.headers[\"User-Agent\"] = \"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\"\n\
             local number = {}\nlocal paths = {{}}\n\
             for article = 0, {articles} - 1 do paths[article] = \"/v1/articles/article-\" .. article .. \"/shares\" end\n\
             request = function()\n  number = number + 1\n\
             \x20 wrk.headers[\"X-Forwarded-For\"] = bit.rshift(number, 24) .. \".\" .. bit.band(bit.rshift(number, 16), 255) .. \".\" .. \
             bit.band(bit.rshift(number, 8), 255) .. \".\" .. bit.band(number, 255)\n\
             \x20 return wrk.format(nil, paths[number * 7919 % {articles}])\nend\n",
            // Another run has other visitors.
            rand::random_range(0x1000_0000_u32..0x7000_0000),
        )),
        ..Load::default()
    }
}

const BEHIND_A_PROXY: [&str; 2] = ["--trusted-proxies", "127.0.0.1"];

fn one_share(server: &Server) -> Vec<u8> {
    let mut stream =
        TcpStream::connect(server.url.trim_start_matches("http://")).expect("the server listens");
    write!(
        stream,
        "POST /v1/articles/{}/shares HTTP/1.1\r\nHost: x\r\nUser-Agent: x\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{{\"network\":\"x\"}}",
        corpus::slug(0)
    )
    .expect("the request is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the answer is read");
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    answer
}

/// All rows of one database, which is filled for it.
pub fn measure(name: &str, url: &DatabaseUrl, effort: &Effort) {
    if !effort.wants(&format!("shares, {name}")) {
        return;
    }
    let (many, one) = (shares(ARTICLES), shares(1));
    let drive = |server: &Server, articles: usize| drive(server, &shares(articles), effort.seconds);
    corpus::fill(url.clone(), ARTICLES);
    let server = dateline(url, &BEHIND_A_PROXY);
    let bare = drive::ceiling(&one_share(&server));
    let single = drive::program(&["one-by-one", &url_text(url)]);
    drive::drive(&server, &many, 1);
    drive::drive(&single, &one, 1);
    let mut seen: [Vec<Seen>; 5] = Default::default();
    for round in 0..effort.rounds {
        eprint!(
            "\rshares, {name}: round {} of {}        ",
            round + 1,
            effort.rounds
        );
        seen[0].push(drive(&bare, ARTICLES));
        seen[1].push(drive(&server, ARTICLES));
        seen[2].push(drive(&server, 1));
        seen[3].push(drive(&single, ARTICLES));
        if let DatabaseUrl::Postgres(_) = url {
            let second = dateline(url, &BEHIND_A_PROXY);
            let (left, right) = std::thread::scope(|scope| {
                let left = scope.spawn(|| drive(&server, 1));
                let right = scope.spawn(|| drive(&second, 1));
                (left.join(), right.join())
            });
            let (left, right) = (left.expect("a load"), right.expect("a load"));
            seen[4].push(Seen {
                rate: left.rate + right.rate,
                p99: left.p99.max(right.p99),
            });
        }
    }
    let (beside, beside_bare) = reads_during_a_stampede(&server, &bare, effort);
    eprint!("\r{:80}\r", "");
    let [bare, many, one, single, two] = seen;
    let (bare, many, one, single) = (median(bare), median(many), median(one), median(single));
    let row = |what: &str, of: Seen, other: Seen| {
        println!(
            "| {what}, {name} | {:.2} | {:.2} |",
            of.rate / other.rate,
            of.p99 / other.p99
        );
    };
    row("durable shares of 1,000 articles", many, bare);
    row("the same, of one transaction per share", many, single);
    row("all of one article, of those of 1,000", one, many);
    row(
        "reads of 1,000 articles during a stampede, of those beside one on a bare server",
        beside,
        beside_bare,
    );
    if !two.is_empty() {
        row(
            "two processes, one article, of one process and 1,000",
            median(two),
            many,
        );
    }
}

/// Reads while shares come as fast as they can, on the same server and on a bare one, so that both
/// leave as much of the processors.
fn reads_during_a_stampede(server: &Server, bare: &Server, effort: &Effort) -> (Seen, Seen) {
    let reads = super::many(ARTICLES, ARTICLES);
    let (mut beside, mut beside_bare) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        for (stampeded, seen) in [(server, &mut beside), (bare, &mut beside_bare)] {
            std::thread::scope(|scope| {
                scope.spawn(|| drive(stampeded, &shares(ARTICLES), effort.seconds + 1));
                std::thread::sleep(std::time::Duration::from_millis(500));
                seen.push(drive(server, &reads, effort.seconds));
            });
        }
    }
    (median(beside), median(beside_bare))
}

fn url_text(url: &DatabaseUrl) -> String {
    match url {
        DatabaseUrl::Sqlite(file) => format!("sqlite://{}", file.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    }
}

/// Serves shares with one transaction for each, and nothing else.
pub fn serve_one_by_one(url: &str) {
    let config = DatabaseConfig::at(url.parse().expect("a database's URL"));
    let database = open_database(&config, dateline::app::Opening::AsItIs)
        .unwrap_or_else(|error| panic!("{error}"));
    let key = VisitorKey::new(b"bench");
    let journal = Data::new(Mutex::new(Journal::default()));
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(database.clone()))
                .app_data(Data::new(key.clone()))
                .app_data(journal.clone())
                .route("/v1/articles/{slug}/shares", web::post().to(count))
        })
        .workers(2)
        .bind("127.0.0.1:0")
        .expect("a free port");
        println!("http://{}", server.addrs()[0]);
        server.run().await.expect("it runs");
    });
}

async fn count(
    request: HttpRequest,
    database: Data<Database>,
    key: Data<VisitorKey>,
    journal: Data<Mutex<Journal>>,
    slug: web::Path<String>,
    body: web::Json<serde_json::Value>,
) -> HttpResponse {
    let network: Network = body["network"]
        .as_str()
        .and_then(|name| name.parse().ok())
        .expect("a network");
    let address = request
        .headers()
        .get("x-forwarded-for")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let slug = slug.parse().expect("a slug");
    let counted = database
        .write(move |connection| {
            let now = Timestamp::now();
            let (article, _) = slugs::public_article(connection, &slug)?;
            let share = Share {
                article,
                network,
                visitor: key.visitor(address, Reader::UserAgent(b""), article, network, now),
            };
            let mut journal = journal.lock().expect("nobody panics");
            let receipts = counting::count(connection, &mut journal, &[share], now)?;
            let applied = counting::apply(connection)?;
            journal.learn_applied(applied);
            Ok(receipts)
        })
        .await;
    match counted {
        Ok(receipts) => HttpResponse::Ok().json(&receipts[0]),
        Err(error) => panic!("{error:?}"),
    }
}
