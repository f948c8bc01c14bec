//! The trash: what is deleted for good, what stays of it, and whose its slugs are.

use dateline::articles::store::trash;
use dateline::auth::model::Role;
use dateline::db::Timestamp;
use dateline::events::{Origin, Writer, log};
use diesel::RunQueryDsl;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp, article};

const ARTICLES: &str = "/v1/editorial/articles";

fn id(reply: &Reply) -> &str {
    reply.json["id"].as_str().unwrap()
}

async fn throw_away(app: &TestApp, token: &str, article: &Reply) -> Reply {
    let path = format!("{ARTICLES}/{}", id(article));
    let request = app.request(Method::DELETE, &path).bearer(token);
    let reply = request.header("if-match", "*").send().await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply
}

async fn delete(app: &TestApp, token: &str, article: &Reply) -> Reply {
    let path = format!("/v1/editorial/trash/{}", id(article));
    let request = app.request(Method::DELETE, &path).bearer(token);
    request.header("if-match", &article.etag()).send().await
}

async fn read(app: &TestApp, token: &str, article: &Reply) -> Reply {
    let path = format!("{ARTICLES}/{}", id(article));
    app.request(Method::GET, &path).bearer(token).send().await
}

async fn empty(app: &TestApp, token: &str) -> Reply {
    let request = app.request(Method::POST, "/v1/editorial/trash/empty");
    request.bearer(token).send().await
}

async fn deleted(app: &TestApp) -> Vec<(String, Option<String>)> {
    let entries = app
        .database
        .read(|connection| log::after(connection, 0, 10_000));
    let entries = entries.await.unwrap().into_iter();
    entries
        .filter(|entry| entry.kind == "article_deleted")
        .map(|entry| (entry.slug, entry.readers_see))
        .collect()
}

#[apply(both)]
async fn what_is_deleted_for_good_leaves_its_record(app: TestApp) {
    let token = app.newsroom().await;
    let other = app.published(&token, "other").await;
    let mut input = article("one");
    input["former_urls"] = json!(["https://old.example/one"]);
    let draft = app.create(&token, ARTICLES, input).await;
    let one = app.step(&token, &draft, "publish", json!({})).await;
    let body = json!({"kind": "correction", "text": "Eleven."});
    let one = app.step(&token, &one, "corrections", body).await;
    let share = app.request(Method::POST, "/v1/articles/one/shares");
    assert_eq!(share.json(json!({"network": "x"})).await.status, 200);
    app.counted().await;
    let home = json!({"title": "Home", "slots": [{"article": one.json["id"]}, {"article": other.json["id"]}]});
    let path = "/v1/editorial/collections/home";
    let put = app
        .request(Method::PUT, path)
        .bearer(&token)
        .json(home)
        .await;
    assert_eq!(put.status, 201);
    // Only from the trash.
    let refused = delete(&app, &token, &one).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (409, "wrong-state")
    );
    let trashed = throw_away(&app, &token, &one).await;
    assert_eq!(delete(&app, &token, &one).await.status, 412);
    let gone = delete(&app, &token, &trashed).await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""));
    assert_eq!(read(&app, &token, &one).await.status, 404);
    assert_eq!(delete(&app, &token, &trashed).await.status, 404);
    assert_eq!(app.get("/v1/articles/one").await.status, 404);
    assert_eq!(deleted(&app).await, [("one".to_owned(), None)]);
    let collection = app.request(Method::GET, path).bearer(&token).send().await;
    assert_eq!(collection.json["slots"].as_array().unwrap().len(), 1);
    assert_ne!(collection.etag(), put.etag());
    assert_eq!(app.get("/v1/collections/home").await.slugs(), ["other"]);
    for table in [
        "corrections",
        "former_urls",
        "share_counts",
        "share_buckets",
        "article_bodies",
    ] {
        assert_eq!(of_one(&app, table, id(&one)).await, 0, "{table}");
    }
    let tag = app.get("/v1/tags/climate").await;
    assert_eq!(tag.json["article_count"], 1);
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

async fn of_one(app: &TestApp, table: &str, id: &str) -> i64 {
    let id: dateline::db::Id = id.parse().unwrap();
    let query = format!("SELECT count(*) AS n FROM {table} WHERE article_id = $1");
    let counted = app.database.read(move |connection| {
        let query = diesel::sql_query(query);
        Ok(query
            .bind::<dateline::db::types::IdSql, _>(id)
            .get_result::<Number>(connection)?)
    });
    counted.await.unwrap().n
}

#[apply(both)]
async fn a_slug_that_readers_knew_is_never_given_away(app: TestApp) {
    let token = app.newsroom().await;
    let known = app.published(&token, "known").await;
    let trashed = throw_away(&app, &token, &known).await;
    let create = async |slug: &str| {
        let request = app.request(Method::POST, ARTICLES).bearer(&token);
        request.json(article(slug)).await
    };
    let taken = create("known").await;
    assert_eq!(
        (taken.status.as_u16(), taken.problem()),
        (409, "slug-taken")
    );
    assert_eq!(delete(&app, &token, &trashed).await.status, 204);
    let taken = create("known").await;
    assert_eq!(
        (taken.status.as_u16(), taken.problem()),
        (409, "slug-taken")
    );
    assert_eq!(taken.json["suggestion"], "known-2");
    let other = create("other").await;
    let taken = app.patch(&token, &other, json!({"slug": "known"})).await;
    assert_eq!(
        (taken.status.as_u16(), taken.problem()),
        (409, "slug-taken")
    );
    let mut input = article("x");
    input["headline"] = json!("Known");
    input.as_object_mut().unwrap().remove("slug");
    let made = app.create(&token, ARTICLES, input).await;
    assert_eq!(made.json["slug"], "known-2");
    assert_eq!(app.get("/v1/articles/known").await.status, 404);
}

#[apply(both)]
async fn what_was_retracted_goes_on_saying_so_when_it_is_deleted(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let one = app.patch(&token, &one, json!({"slug": "uno"})).await;
    let input = json!({"reason": "x", "notice": "It was wrong."});
    let one = app.step(&token, &one, "retract", input).await;
    let trashed = throw_away(&app, &token, &one).await;
    assert_eq!(delete(&app, &token, &trashed).await.status, 204);
    for slug in ["uno", "one"] {
        let gone = app.get(&format!("/v1/articles/{slug}")).await;
        assert_eq!(gone.status, 410, "{slug}");
        assert_eq!(gone.json["retraction"]["notice"], "It was wrong.");
    }
    let told = app.get("/v1/corrections").await;
    assert_eq!(told.json["data"][0]["text"], "It was wrong.");
}

#[apply(both)]
async fn a_slug_that_readers_never_knew_is_free_from_the_trash_on(app: TestApp) {
    let token = app.newsroom().await;
    let mut thrown_away = Vec::new();
    for slug in ["one", "two", "three"] {
        let draft = app.draft(&token, slug).await;
        thrown_away.push(throw_away(&app, &token, &draft).await);
    }
    // A new article, another one's new slug, and one made of a headline.
    let new = app.draft(&token, "one").await;
    assert_eq!(new.json["slug"], "one");
    let other = app.draft(&token, "other").await;
    let renamed = app.patch(&token, &other, json!({"slug": "two"})).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    let mut input = article("x");
    input["headline"] = json!("Three");
    input.as_object_mut().unwrap().remove("slug");
    let made = app.create(&token, ARTICLES, input).await;
    assert_eq!(made.json["slug"], "three");
    for (before, slug) in thrown_away.iter().zip(["one-2", "two-2", "three-2"]) {
        let now = read(&app, &token, before).await;
        assert_eq!(now.json["slug"], slug);
        // Whoever restores it has read that.
        let stale = app.step(&token, before, "restore", json!({})).await;
        assert_eq!(stale.status, 412);
        let restored = app.step(&token, &now, "restore", json!({})).await;
        assert_eq!(
            (restored.status.as_u16(), &restored.json["slug"]),
            (200, &json!(slug))
        );
        assert_eq!(restored.json["status"], "draft");
    }
    // Deleted, it leaves nothing.
    let draft = app.draft(&token, "four").await;
    let trashed = throw_away(&app, &token, &draft).await;
    assert_eq!(delete(&app, &token, &trashed).await.status, 204);
    assert_eq!(app.draft(&token, "four").await.json["slug"], "four");
}

#[apply(both)]
async fn the_trash_is_emptied_by_those_who_may(app: TestApp) {
    let token = app.newsroom().await;
    for slug in ["one", "two", "three"] {
        let draft = app.draft(&token, slug).await;
        throw_away(&app, &token, &draft).await;
    }
    let stays = app.published(&token, "stays").await;
    let author = app.user("author@news.example", Role::Author).await;
    let editor = app.user("editor@news.example", Role::Editor).await;
    assert_eq!(empty(&app, &author).await.status, 403);
    assert_eq!(delete(&app, &author, &stays).await.status, 403);
    let emptied = empty(&app, &editor).await;
    assert_eq!(emptied.status, 200, "{}", emptied.text);
    assert_eq!(emptied.json, json!({"deleted": 3, "has_more": false}));
    assert_eq!(deleted(&app).await.len(), 3);
    let list = format!("{ARTICLES}?status=trashed");
    let list = app.request(Method::GET, &list).bearer(&token).send().await;
    assert_eq!(list.json["data"], Value::Array(Vec::new()));
    assert_eq!(read(&app, &token, &stays).await.status, 200);
    let again = empty(&app, &editor).await;
    assert_eq!(again.json, json!({"deleted": 0, "has_more": false}));
}

#[apply(both)]
async fn only_what_was_thrown_away_long_ago_is_deleted_by_itself(app: TestApp) {
    let token = app.newsroom().await;
    let old = app.draft(&token, "old").await;
    throw_away(&app, &token, &old).await;
    let new = app.draft(&token, "new").await;
    throw_away(&app, &token, &new).await;
    let restored = app.draft(&token, "restored").await;
    let long_ago = "UPDATE articles SET updated_at = '2020-01-01T00:00:00.000Z' WHERE slug IN ('old', 'restored')";
    let made_old = app
        .database
        .write(move |connection| Ok(diesel::sql_query(long_ago).execute(connection)?));
    assert_eq!(made_old.await.unwrap(), 2);
    let writer = Writer::new(app.database.clone(), dateline::projections::ALL);
    let before = Timestamp::now().plus(-chrono::Duration::days(30));
    let gone = writer.change(
        Origin::SYSTEM,
        move |change| trash::empty(change, before, 100),
        |_, deleted| Ok(deleted),
    );
    assert_eq!(gone.await.unwrap(), 1);
    assert_eq!(deleted(&app).await, [("old".to_owned(), None)]);
    assert_eq!(read(&app, &token, &new).await.status, 200);
    assert_eq!(read(&app, &token, &restored).await.status, 200);
}

#[actix_web::test]
async fn a_server_empties_the_trash_after_the_days_that_it_is_told() {
    use crate::harness::On;
    for on in [On::Sqlite, On::Postgres] {
        let app = TestApp::start_with(on, |server| server.keep_trash = 30).await;
        let token = app.newsroom().await;
        let old = app.draft(&token, "old").await;
        throw_away(&app, &token, &old).await;
        app.execute("UPDATE articles SET updated_at = '2020-01-01T00:00:00.000Z'")
            .await;
        let other =
            TestApp::start_at_with(app.config.clone(), |server| server.keep_trash = 30).await;
        let mut left = 1_000;
        while deleted(&app).await.is_empty() {
            left -= 1;
            assert!(left > 0, "it was never deleted");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(read(&other, &token, &old).await.status, 404);
    }
}
