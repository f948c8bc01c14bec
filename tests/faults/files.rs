//! What can happen to the file of a SQLite database.

use std::path::Path;

use dateline::db::DatabaseUrl;
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use reqwest::Method;
use serde_json::json;

use crate::harness::{On, TestApp, article, eventually};
use crate::process::{Place, dateline, text};

fn file_of(app: &TestApp) -> &Path {
    let DatabaseUrl::Sqlite(path) = &app.config.database_url else {
        panic!("not SQLite");
    };
    path
}

fn beside(file: &Path, ending: &str) -> std::path::PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[actix_web::test]
async fn a_file_that_is_gone_or_another_one_is_noticed_and_nothing_is_written_into_nowhere() {
    let app = TestApp::start(On::Sqlite).await;
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    assert_eq!(app.get("/v1/articles/one").await.status, 200);
    let file = file_of(&app).to_owned();
    let away = beside(&file, ".away");
    for replaced in [false, true] {
        std::fs::rename(&file, &away).unwrap();
        if replaced {
            std::fs::copy(&away, &file).unwrap();
        }
        eventually("it is noticed", async || {
            app.database.health().is_away().then_some(())
        })
        .await;
        let write = app
            .request(Method::POST, "/v1/editorial/articles")
            .may_fail();
        let write = write.bearer(&token).json(article("lost")).await;
        assert_eq!(write.status, 503, "{}", write.text);
        assert_eq!(app.get_anyway("/readyz").await.status, 503);
        let (status, ready) = app.operators_get("/readyz").await;
        assert_eq!(status, 503);
        let word = if replaced {
            "was replaced"
        } else {
            "is not there"
        };
        assert!(ready.contains(word), "{ready}");
        // For as long as the last sign of life is believed it is not even marked.
        eventually("cached responses are marked", async || {
            let read = app.get_anyway("/v1/articles/one").await;
            assert_eq!(read.status, 200);
            (!read.header("cache-status").is_empty()).then_some(())
        })
        .await;
        std::fs::rename(&away, &file).unwrap();
        eventually("it is there again", async || {
            let read = app.get_anyway("/v1/articles/one").await;
            (read.status == 200 && read.header("cache-status").is_empty()).then_some(())
        })
        .await;
        app.draft(&token, &format!("kept-{replaced}")).await;
    }
}

/// A place with a newsroom whose server was killed, so that its log is left over.
fn killed() -> Place {
    let place = Place::new(On::Sqlite);
    let scopes = "articles:read,articles:write";
    let issue = ["token", "issue", "--name", "t", "--scope", scopes];
    let token = text(&place.run(&issue, "").stdout);
    let mut server = place.serve();
    for number in 0..20 {
        let article = json!({"headline": format!("Headline {number}")});
        assert_eq!(
            server
                .ask("POST", "/v1/editorial/articles", &token, Some(article))
                .0,
            201
        );
    }
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    place
}

fn refusal(place: &Place) -> String {
    let output = place.command(&[]).output().unwrap();
    assert!(!output.status.success());
    text(&output.stderr)
}

#[test]
fn a_log_that_another_database_has_left_is_not_taken_for_this_one_s() {
    let place = killed();
    let file = place.folder().join("test.db");
    let log = beside(&file, "-wal");
    assert!(std::fs::metadata(&log).unwrap().len() > 0);
    // A backup as VACUUM INTO makes it is put in its place.
    let mut backup = SqliteConnection::establish(":memory:").unwrap();
    let copy = place.folder().join("copy.db");
    backup
        .batch_execute("CREATE TABLE anything (id INTEGER)")
        .unwrap();
    backup
        .batch_execute(&format!("VACUUM INTO '{}'", copy.display()))
        .unwrap();
    let kept = std::fs::read(&file).unwrap();
    std::fs::rename(&copy, &file).unwrap();
    let message = refusal(&place);
    assert!(message.contains("-wal does not belong to"), "{message}");
    assert!(message.contains("delete"), "{message}");
    // Nothing has been lost: with its own file it starts.
    std::fs::write(&file, kept).unwrap();
    drop(place.serve());
}

#[test]
fn a_damaged_file_is_refused_after_an_unclean_end() {
    let place = killed();
    let file = place.folder().join("test.db");
    let log = beside(&file, "-wal");
    // A file of some size, most of which is not in the log.
    drop(place.serve());
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    connection
        .batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    drop(connection);
    let log_before = std::fs::read(&log).unwrap_or_default();
    let mut bytes = std::fs::read(&file).unwrap();
    let (pages, size) = (bytes.len() / 4096, bytes.len());
    assert!(pages > 20, "{size} bytes");
    for page in (3..pages).step_by(2) {
        bytes[page * 4096..page * 4096 + 4096].fill(0xAB);
    }
    std::fs::write(&file, bytes).unwrap();
    if log_before.is_empty() {
        // What an unclean end leaves.
        std::fs::write(&log, [0; 64]).unwrap();
    }
    let message = refusal(&place);
    assert!(message.contains("damaged"), "{message}");
    assert!(message.contains("restore a backup"), "{message}");
}

#[test]
fn a_missing_file_is_made_only_when_that_was_asked_for() {
    let place = Place::new(On::Sqlite);
    let file = place.folder().join("other.db");
    let url = format!("sqlite://{}", file.display());
    let run = |arguments: &[&str]| {
        let output = dateline()
            .args(arguments)
            .env("DATABASE_URL", &url)
            .output()
            .unwrap();
        (output.status.success(), text(&output.stderr))
    };
    for command in [
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--ops-listen",
            "127.0.0.1:0",
        ][..],
        &["user", "list"],
        &["migrate", "--status"],
    ] {
        let (success, message) = run(command);
        assert!(!success, "{command:?}");
        assert!(
            message.contains("there is no database at"),
            "{command:?}: {message}"
        );
        assert!(!file.exists(), "{command:?}");
    }
    assert!(run(&["migrate"]).0);
    assert!(run(&["user", "list"]).0);
}

/// A file system of a few mebibytes, which only root can make.
struct Small(std::path::PathBuf);

impl Small {
    fn mount(folder: &Path) -> Option<Self> {
        std::fs::create_dir(folder).unwrap();
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"])
            .arg(folder)
            .output();
        mount
            .is_ok_and(|mount| mount.status.success())
            .then(|| Self(folder.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .status();
    }
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let place = Place::new(On::Sqlite);
    let Some(small) = Small::mount(&place.folder().join("small")) else {
        eprintln!("not checked here: a full disk (only root can make a small file system)");
        return;
    };
    let url = format!("sqlite://{}", small.0.join("news.db").display());
    let issue = [
        "token",
        "issue",
        "--name",
        "t",
        "--scope",
        "articles:read,articles:write",
    ];
    let run = |arguments: &[&str]| {
        let output = dateline()
            .args(arguments)
            .env("DATABASE_URL", &url)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    run(&["migrate"]);
    let token = run(&issue);
    let server = place.serve_in(&[("DATABASE_URL", &url)]);
    let long = "Twelve cities agreed. ".repeat(2_000);
    let mut written = Vec::new();
    let refused = (0..500).find_map(|number| {
        let article = json!({
            "headline": format!("Headline {number}"), "body": {"format": "text", "content": long}
        });
        let (status, answer) = server.ask("POST", "/v1/editorial/articles", &token, Some(article));
        if status == 201 {
            written.push(answer["id"].as_str().unwrap().to_owned());
            return None;
        }
        Some((status, answer))
    });
    let (status, answer) = refused.expect("a disk that fills up");
    assert_eq!(status, 503, "{answer}");
    assert!(
        answer["detail"].as_str().unwrap().contains("disk is full"),
        "{answer}"
    );
    for id in &written {
        let path = format!("/v1/editorial/articles/{id}");
        assert_eq!(server.ask("GET", &path, &token, None).0, 200);
    }
    drop(server);
}
