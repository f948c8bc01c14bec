//! Servers that start at once, with less than they need, or on something else than they take it for.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dateline::app::{Opening, open_database};
use dateline::config::DatabaseConfig;
use dateline::db::Connection as Database;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use reqwest::Method;
use serde_json::json;

use super::cluster::{Cluster, PgBouncer, config};
use crate::harness::{On, TestApp, eventually};
use crate::process::{Place, dateline, text};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(connection: &mut Database, what: &str) -> i64 {
    let count: Count = sql_query(format!("SELECT count(*) AS count FROM {what}"))
        .get_result(connection)
        .unwrap();
    count.count
}

/// A server that ends with its test, however that ends.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that is starting; what it says is read at its end.
fn starting(url: &str) -> Started {
    let child = dateline()
        .args(["serve", "--create", "--workers", "1"])
        .args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
        .env("DATABASE_URL", url)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    Started(child.unwrap())
}

/// Waits until it listens; answers what it said until then.
fn listens(server: &mut Started) -> String {
    let mut said = Vec::new();
    let mut byte = [0];
    let output = server.0.stderr.as_mut().unwrap();
    while output.read(&mut byte).unwrap() == 1 {
        said.push(byte[0]);
        if byte[0] == b'\n' && said.ends_with(b"}\n") {
            let text = String::from_utf8_lossy(&said);
            if text.contains("\"message\":\"listening\"") {
                return text.into_owned();
            }
        }
    }
    panic!("it does not start: {}", String::from_utf8_lossy(&said));
}

fn three_start_at_once(url: &str) {
    let mut servers: Vec<Started> = (0..3).map(|_| starting(url)).collect();
    for server in &mut servers {
        listens(server);
    }
    let database =
        open_database(&config(url), Opening::AsItIs).unwrap_or_else(|error| panic!("{error}"));
    let mut connection = database.connection().unwrap();
    // One set of keys: of access tokens, of cursors and of visitors.
    assert_eq!(count(&mut connection, "secrets"), 4);
}

#[test]
fn servers_that_start_at_once_on_an_empty_file_have_one_set_of_keys() {
    for _ in 0..10 {
        let place = Place::new(On::Sqlite);
        let file = place.folder().join("new.db");
        three_start_at_once(&format!("sqlite://{}", file.display()));
    }
}

#[test]
fn servers_that_start_at_once_on_an_empty_postgres_have_one_set_of_keys() {
    let cluster = Cluster::start();
    for number in 0..10 {
        let name = format!("news_{number}");
        cluster.execute("postgres", &format!("CREATE DATABASE {name}"));
        three_start_at_once(&cluster.url(&name));
    }
}

/// A database of the version before, with articles: its views are others, and nothing is indexed.
fn of_the_version_before(cluster: &Cluster, articles: u32) -> PgConnection {
    cluster.execute("postgres", "CREATE DATABASE news");
    let database = open_database(&config(&cluster.url("news")), Opening::Migrated)
        .unwrap_or_else(|error| panic!("{error}"));
    drop(database);
    let mut connection = PgConnection::establish(&cluster.url("news")).unwrap();
    connection
        .batch_execute(&format!(
            "INSERT INTO articles (id, slug, status, version, language, word_count, seo, custom, created_at, updated_at)
             SELECT gen_random_uuid(), 'article-' || n, 'draft', 1, 'en', 0, '{{}}', '{{}}', now(), now()
             FROM generate_series(1, {articles}) n;
             INSERT INTO article_bodies (article_id, blocks, html) SELECT id, '[]', '' FROM articles;
             UPDATE projections SET version = 0;
             UPDATE applied_views SET hash = 'another'"
        ))
        .unwrap();
    connection
}

fn migrate(url: &str, arguments: &[&str]) -> Command {
    let mut command = dateline();
    command
        .arg("migrate")
        .args(arguments)
        .env("DATABASE_URL", url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn migrations_have_no_time_limit_and_survive_being_killed() {
    let cluster = Cluster::start();
    let mut connection = of_the_version_before(&cluster, 5_000);
    let url = cluster.url("news");
    // Killed at some point; what a migration has not finished is not there.
    for milliseconds in [30, 60, 120, 240] {
        let mut killed = migrate(&url, &[]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        killed.kill().unwrap();
        killed.wait().unwrap();
    }
    // Somebody reads for longer than a statement may take, and others want to migrate as well.
    connection
        .batch_execute("BEGIN; LOCK TABLE public_articles IN ACCESS SHARE MODE")
        .unwrap();
    let limits = ["--statement-timeout", "1", "--lock-timeout", "1"];
    let waiting: Vec<Child> = (0..3)
        .map(|_| migrate(&url, &limits).spawn().unwrap())
        .collect();
    std::thread::sleep(Duration::from_secs(3));
    connection.batch_execute("COMMIT").unwrap();
    for child in waiting {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let status = migrate(&url, &["--status"]).output().unwrap();
    assert!(!text(&status.stdout).contains("pending"));
}

#[test]
fn a_server_with_nothing_to_migrate_needs_no_right_to() {
    let cluster = Cluster::start();
    cluster.execute("postgres", "CREATE DATABASE news");
    drop(
        open_database(&config(&cluster.url("news")), Opening::Migrated)
            .unwrap_or_else(|error| panic!("{error}")),
    );
    cluster.execute(
        "news",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE reporter LOGIN;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO reporter;
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO reporter",
    );
    let url = cluster.url("news").replace("postgres@", "reporter@");
    listens(&mut starting(&url));
}

#[test]
fn an_encoding_that_cannot_hold_every_text_is_refused() {
    let cluster = Cluster::start();
    cluster.execute(
        "postgres",
        "CREATE DATABASE news ENCODING 'LATIN1' TEMPLATE template0",
    );
    let refused = open_database(&config(&cluster.url("news")), Opening::Migrated).err();
    let reason = refused.expect("a refusal").to_string();
    assert!(
        reason.contains("LATIN1") && reason.contains("UTF8"),
        "{reason}"
    );
}

#[actix_web::test]
async fn a_pooler_in_session_mode_does_and_one_that_shares_sessions_is_refused() {
    let Some(pooler) = PgBouncer::find() else {
        assert!(std::env::var_os("CI").is_none(), "no pgbouncer");
        eprintln!("not checked here: PgBouncer, which is not installed");
        return;
    };
    let cluster = Cluster::start();
    cluster.execute("postgres", "CREATE DATABASE news");
    let session = pooler.start(&cluster, "session");
    let app = TestApp::start_at(config(&session.url("news"))).await;
    let other = TestApp::start_at(config(&session.url("news"))).await;
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    assert_eq!(other.get("/v1/articles/one").await.status, 200);
    assert_eq!(
        app.patch(&token, &one, json!({"headline": "New"}))
            .await
            .status,
        200
    );
    eventually("another process hears of it", async || {
        let read = other.get("/v1/articles/one").await;
        (read.json["headline"] == "New").then_some(())
    })
    .await;
    assert!(
        other
            .database
            .changes()
            .is_lease_valid(std::time::Instant::now())
    );

    let shared = pooler.start(&cluster, "transaction");
    let refused = open_database(&config(&shared.url("news")), Opening::Migrated).err();
    let reason = refused.expect("a refusal").to_string();
    assert!(reason.contains("session mode"), "{reason}");
}

#[test]
fn a_second_signal_ends_a_server_that_waits_for_its_requests() {
    use std::io::Write;
    let place = Place::new(On::Sqlite);
    let mut server = place.serve_with(&["--shutdown-timeout", "600", "--request-timeout", "600"]);
    let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
    let head = "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let terminate = || {
        let pid = server.child.id().to_string();
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
    };
    terminate();
    std::thread::sleep(Duration::from_millis(500));
    terminate();
    // Without it, ten minutes would pass.
    assert!(!server.child.wait().unwrap().success());
}

#[actix_web::test]
async fn a_server_listens_while_it_migrates_and_says_that_it_is_not_ready() {
    let cluster = Cluster::start();
    let mut connection = of_the_version_before(&cluster, 10);
    // It waits for whoever reads.
    connection
        .batch_execute("BEGIN; LOCK TABLE public_articles IN ACCESS SHARE MODE")
        .unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let address = format!("127.0.0.1:{port}");
    let server = dateline()
        .args([
            "serve",
            "--listen",
            &address,
            "--ops-listen",
            "127.0.0.1:0",
            "--lock-timeout",
            "1",
        ])
        .env("DATABASE_URL", cluster.url("news"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _server = Started(server.unwrap());
    let client = reqwest::Client::new();
    let ask = async |method: Method, path: &str| {
        let response = client
            .request(method, format!("http://{address}{path}"))
            .send()
            .await
            .ok()?;
        let status = response.status().as_u16();
        Some((status, response.text().await.ok()?))
    };
    let (status, body) = eventually("it listens", async || ask(Method::GET, "/readyz").await).await;
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("starting"), "{body}");
    assert_eq!(ask(Method::GET, "/livez").await.unwrap().0, 200);
    assert_eq!(ask(Method::GET, "/v1/articles").await.unwrap().0, 503);
    connection.batch_execute("COMMIT").unwrap();
    eventually("it is ready", async || {
        (ask(Method::GET, "/readyz").await?.0 == 200).then_some(())
    })
    .await;
    assert_eq!(ask(Method::GET, "/v1/articles").await.unwrap().0, 200);
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

#[test]
fn messages_are_english_where_the_role_may_choose() {
    let cluster = Cluster::start();
    cluster.execute("postgres", "CREATE DATABASE news");
    cluster.execute("postgres", "ALTER DATABASE news SET lc_messages = 'POSIX'");
    let database = open_database(&config(&cluster.url("news")), Opening::Migrated)
        .unwrap_or_else(|error| panic!("{error}"));
    let mut connection = database.connection().unwrap();
    let messages: Setting = sql_query("SELECT current_setting('lc_messages') AS value")
        .get_result(&mut *connection)
        .unwrap();
    assert_eq!(messages.value, "C");
    // A role that may not is let in all the same.
    cluster.execute("postgres", "CREATE ROLE reporter LOGIN");
    cluster.execute(
        "news",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO reporter",
    );
    let url = cluster.url("news").replace("postgres@", "reporter@");
    let database =
        open_database(&config(&url), Opening::AsItIs).unwrap_or_else(|error| panic!("{error}"));
    assert!(database.connection().is_ok());
}

#[actix_web::test]
async fn messages_in_german_are_understood() {
    let Some(cluster) = Cluster::start_in_german() else {
        eprintln!("not checked here: German messages (Debian's package locales)");
        return;
    };
    // Who waits for a lock, and whose statement takes too long.
    for (lock_timeout, statement_timeout) in [(1, 60), (60, 1)] {
        let name = format!("news{lock_timeout}");
        cluster.execute("postgres", &format!("CREATE DATABASE {name}"));
        let url = cluster.url(&name);
        let mut other = PgConnection::establish(&url).unwrap();
        let said = other.batch_execute("SELECT nothing").unwrap_err();
        assert!(said.to_string().contains("existiert nicht"), "{said}");
        let app = TestApp::start_at(DatabaseConfig {
            lock_timeout,
            statement_timeout,
            ..config(&url)
        })
        .await;
        let token = app.newsroom().await;
        let slug = format!("held-{lock_timeout}");
        let article = app.draft(&token, &slug).await;
        let hold = "BEGIN; SELECT 1 FROM articles FOR UPDATE";
        other.batch_execute(hold).unwrap();
        let path = format!(
            "/v1/editorial/articles/{}",
            article.json["id"].as_str().unwrap()
        );
        let reply = app
            .request(Method::PATCH, &path)
            .may_fail()
            .bearer(&token)
            .header("if-match", &article.etag())
            .json(json!({"headline": "New"}))
            .await;
        assert_eq!(reply.status, 503, "{}", reply.text);
        other.batch_execute("ROLLBACK").unwrap();
        let reply = app
            .patch(&token, &article, json!({"headline": "New"}))
            .await;
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
}

/// Threads are counted for each user: one whom nobody else is.
const NOBODY_ELSE: &str = "57419";

#[test]
fn where_threads_are_few_a_server_says_so_or_serves() {
    let place = Place::new(On::Sqlite);
    let folder = place.folder();
    let program = folder.join("dateline");
    std::fs::copy(env!("CARGO_BIN_EXE_dateline"), &program).unwrap();
    let owned = Command::new("chown").arg(NOBODY_ELSE).arg(folder).output();
    let reached = Command::new("setpriv")
        .args(["--reuid", NOBODY_ELSE, "--clear-groups", "test", "-x"])
        .arg(&program)
        .output();
    if ![owned, reached]
        .iter()
        .all(|outcome| outcome.as_ref().is_ok_and(|done| done.status.success()))
    {
        eprintln!("not checked here: few threads (only root can be somebody else)");
        return;
    }
    let mut served = 0;
    for limit in (2..=44).step_by(3) {
        let mut server = Command::new("setpriv")
            .args(["--reuid", NOBODY_ELSE, "--clear-groups", "bash", "-c"])
            .arg(format!("ulimit -u {limit} && exec \"$0\" \"$@\""))
            .arg(&program)
            .args(["serve", "--create", "--workers", "1"])
            .args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .args(["--database-url"])
            .arg(format!("sqlite://{}/{limit}.db", folder.display()))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(server.stderr.take().unwrap());
        let mut said = String::new();
        let mut address = None;
        for line in log.lines().map_while(Result::ok) {
            let json: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            said.push_str(&line);
            if json["message"] == "listening" {
                address = json["address"].as_str().map(str::to_owned);
                break;
            }
        }
        let Some(address) = address else {
            assert!(!server.wait().unwrap().success(), "{limit}: {said}");
            assert!(
                said.contains("Resource temporarily unavailable"),
                "{limit}: {said}"
            );
            continue;
        };
        served += 1;
        let address = address.trim_start_matches("http://");
        let ask = |path: &str| {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer.split(' ').nth(1).map(str::to_owned)
        };
        std::thread::scope(|scope| {
            let asked: Vec<_> = ["/v1/articles?count=true", "/v1/trending", "/readyz"]
                .iter()
                .cycle()
                .take(24)
                .map(|path| scope.spawn(move || ask(path)))
                .collect();
            for status in asked {
                assert_eq!(status.join().unwrap().as_deref(), Some("200"), "{limit}");
            }
        });
        server.kill().unwrap();
        server.wait().unwrap();
    }
    assert!(served > 0);
}
