//! Links by which somebody without a token reads one article.

use dateline::auth::model::{Right, Role};
use dateline::db::Timestamp;
use diesel::RunQueryDsl;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp};

fn links_of(article: &Reply) -> String {
    let id = article.json["id"].as_str().unwrap();
    format!("/v1/editorial/articles/{id}/preview-links")
}

async fn link(app: &TestApp, token: &str, article: &Reply, body: Value) -> Reply {
    app.create(token, &links_of(article), body).await
}

fn path(link: &Reply) -> String {
    format!("/v1/preview/{}", link.json["token"].as_str().unwrap())
}

async fn read(app: &TestApp, link: &Reply) -> Reply {
    app.get(&path(link)).await
}

async fn revoke(app: &TestApp, token: &str, article: &Reply, link: &Reply) -> Reply {
    let path = format!(
        "{}/{}",
        links_of(article),
        link.json["id"].as_str().unwrap()
    );
    app.request(Method::DELETE, &path)
        .bearer(token)
        .send()
        .await
}

async fn listed(app: &TestApp, token: &str, article: &Reply) -> Reply {
    app.request(Method::GET, &links_of(article))
        .bearer(token)
        .send()
        .await
}

#[apply(both)]
async fn a_draft_is_read_by_whoever_has_a_link(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "harbour").await;
    let made = link(&app, &token, &draft, json!({"note": "For the lawyer"})).await;
    assert_eq!(
        (&made.json["url"], &made.json["revision"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (&made.json["note"], &made.json["created_by"]["kind"]),
        (&json!("For the lawyer"), &json!("token"))
    );
    let preview = read(&app, &made).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    assert_eq!(preview.json["headline"], "Headline of harbour");
    assert_eq!(preview.json["authors"][0]["name"], "Alex Writer");
    assert_eq!(preview.json["section"]["slug"], "world");
    assert_eq!(
        preview.json["preview"],
        json!({"status": "draft", "is_public": false, "revision": 1, "is_working_copy": false, "expires_at": made.json["expires_at"]})
    );
    for (header, value) in [
        ("cache-control", "no-store, no-transform"),
        ("x-robots-tag", "noindex, nofollow, noarchive"),
        ("referrer-policy", "no-referrer"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(preview.header(header), value);
    }
    // It opens nothing else.
    let bearer = app
        .request(Method::GET, "/v1/editorial/articles")
        .bearer(made.json["token"].as_str().unwrap());
    assert_eq!(bearer.send().await.status, 401);
    assert_eq!(app.get("/v1/articles/harbour").await.status, 404);
    assert_eq!(app.get("/v1/articles").await.slugs(), [""; 0]);
    // The newest text is whatever that is; a revision stays what it was.
    let fixed = link(&app, &token, &draft, json!({"revision": 1})).await;
    app.patch(&token, &draft, json!({"headline": "Second", "tags": []}))
        .await;
    let newest = read(&app, &made).await;
    assert_eq!(
        (
            &newest.json["headline"],
            &newest.json["preview"]["revision"]
        ),
        (&json!("Second"), &json!(2))
    );
    let first = read(&app, &fixed).await;
    assert_eq!(
        (&first.json["headline"], &first.json["preview"]["revision"]),
        (&json!("Headline of harbour"), &json!(1))
    );
    assert_eq!(first.json["tags"][0]["slug"], "climate");
    let links = listed(&app, &token, &draft).await;
    let ids: Vec<&Value> = links.json["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| &link["id"])
        .collect();
    assert_eq!(ids, [&fixed.json["id"], &made.json["id"]]);
    assert_eq!(links.json["data"][1], made.json);
}

#[apply(both)]
async fn a_preview_is_what_readers_will_get(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "harbour").await;
    let made = link(&app, &token, &draft, json!({})).await;
    let article = app.step(&token, &draft, "publish", json!({})).await;
    let correction = json!({"kind": "correction", "text": "It was twelve."});
    app.step(&token, &article, "corrections", correction).await;
    for query in [
        "",
        "?include=shares",
        "?body_format=markdown",
        "?fields=headline,authors.name,body_html",
    ] {
        let public = app.get(&format!("/v1/articles/harbour{query}")).await;
        let mut preview = app.get(&format!("{}{query}", path(&made))).await.json;
        let mark = preview
            .as_object_mut()
            .unwrap()
            .shift_remove("preview")
            .unwrap();
        assert_eq!(
            (&mark["status"], &mark["is_public"]),
            (&json!("published"), &json!(true))
        );
        assert_eq!(preview, public.json, "{query}");
    }
    // Partners would take it for what is public.
    let for_partners = app.get(&format!("{}?format=ninjs", path(&made))).await;
    assert_eq!(for_partners.status, 400);
    assert_eq!(
        app.get(&format!("{}?fields=nothing", path(&made)))
            .await
            .status,
        400
    );
    // Of a published article it is the working copy that nobody else sees.
    let path = format!(
        "/v1/editorial/articles/{}/working-copy",
        article.json["id"].as_str().unwrap()
    );
    let patch = json!({"headline": "Rewritten", "authors": ["sam-reporter"], "body": {"format": "markdown", "content": "One\n\nTwo"}});
    let copy = app
        .request(Method::PATCH, &path)
        .bearer(&token)
        .header("if-match", "\"v3\"")
        .json(patch)
        .await;
    assert_eq!(copy.status, 200, "{}", copy.text);
    let preview = read(&app, &made).await;
    assert_eq!(
        (&preview.json["headline"], &preview.json["body"][1]["html"]),
        (&json!("Rewritten"), &json!("Two"))
    );
    assert_eq!(preview.json["byline"], "By Sam Reporter");
    assert_eq!(
        (
            &preview.json["preview"]["is_working_copy"],
            &preview.json["preview"]["revision"]
        ),
        (&json!(true), &json!(3))
    );
    assert_eq!(
        app.get("/v1/articles/harbour").await.json["headline"],
        "Headline of harbour"
    );
}

#[apply(both)]
async fn a_link_that_is_over_shows_nothing(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "harbour").await;
    let made = link(&app, &token, &draft, json!({})).await;
    let other = link(&app, &token, &draft, json!({})).await;
    let revoked = revoke(&app, &token, &draft, &made).await;
    assert_eq!(revoked.status, 204, "{}", revoked.text);
    for _ in 0..2 {
        let over = read(&app, &made).await;
        assert_eq!(
            (over.status.as_u16(), over.problem()),
            (410, "link-over"),
            "{}",
            over.text
        );
        assert_eq!(over.header("cache-control"), "no-store");
    }
    assert_eq!(revoke(&app, &token, &draft, &made).await.status, 404);
    // Other processes know it at once.
    let process = app.another_process().await;
    assert_eq!(read(&process, &made).await.status, 410);
    assert_eq!(read(&process, &other).await.status, 200);
    app.change(|change| {
        diesel::sql_query("UPDATE preview_links SET expires_at = $1")
            .bind::<dateline::db::types::TimestampSql, _>(Timestamp::EARLIEST)
            .execute(change.connection)?;
        Ok(())
    })
    .await;
    let over = read(&app, &other).await;
    assert_eq!((over.status.as_u16(), over.problem()), (410, "link-over"));
    assert_eq!(revoke(&app, &token, &draft, &other).await.status, 404);
    assert_eq!(listed(&app, &token, &draft).await.json["data"], json!([]));
}

#[apply(both)]
async fn nobody_makes_up_a_link(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "harbour").await;
    let made = link(&app, &token, &draft, json!({})).await;
    let text = made.json["token"].as_str().unwrap();
    let turned: String = text
        .chars()
        .map(|sign| if sign == 'A' { 'B' } else { sign })
        .collect();
    let changed = format!(
        "{}{}",
        &text[..text.len() - 2],
        if text.ends_with("A") { "BB" } else { "AA" }
    );
    for wrong in [
        "",
        "x",
        "pv_",
        &text[3..],
        &text[..30],
        &format!("{text}A"),
        &changed,
        "%00",
        "pv_%C3%A9",
        &made.json["id"].to_string().replace('"', ""),
    ] {
        let reply = app.get(&format!("/v1/preview/{wrong}")).await;
        assert_eq!(reply.status, 404, "{wrong}");
    }
    if turned != text {
        assert_eq!(app.get(&format!("/v1/preview/{turned}")).await.status, 404);
    }
    // What another newsroom signed.
    let foreign = TestApp::start(crate::harness::On::Sqlite).await;
    assert_eq!(foreign.get(&path(&made)).await.status, 404);
}

#[apply(both)]
async fn it_is_for_editors_to_make_and_to_revoke(app: TestApp) {
    let token = app.newsroom().await;
    let author = app.user("author@example.com", Role::Author).await;
    let other = app.user("other@example.com", Role::Author).await;
    let viewer = app.user("viewer@example.com", Role::Viewer).await;
    let draft = app.draft(&author, "harbour").await;
    let made = link(&app, &author, &draft, json!({})).await;
    let post = async |who: &str, body: Value| {
        app.request(Method::POST, &links_of(&draft))
            .bearer(who)
            .json(body)
            .await
    };
    for (who, makes, reads) in [(&other, 404, 404), (&viewer, 403, 200)] {
        assert_eq!(post(who, json!({})).await.status, makes);
        assert_eq!(revoke(&app, who, &draft, &made).await.status, makes);
        assert_eq!(listed(&app, who, &draft).await.status, reads);
    }
    let writes = app.tool_with(&[Right::ArticlesWrite]).await;
    assert_eq!(listed(&app, &writes, &draft).await.status, 403);
    for (body, pointer) in [
        (json!({"expires_at": "2020-01-01T00:00:00Z"}), "/expires_at"),
        (json!({"expires_at": "2099-01-01T00:00:00Z"}), "/expires_at"),
        (json!({"expires_at": "soon"}), "/expires_at"),
        (json!({"revision": 2}), "/revision"),
        (json!({"revision": 0}), "/revision"),
        (json!({"revison": 1}), "/revison"),
    ] {
        let refused = post(&token, body.clone()).await;
        assert_eq!(
            (refused.status.as_u16(), refused.pointers()),
            (422, vec![pointer]),
            "{body}"
        );
    }
    for _ in 1..50 {
        link(&app, &token, &draft, json!({})).await;
    }
    assert_eq!(post(&token, json!({})).await.problem(), "wrong-state");
    assert_eq!(revoke(&app, &token, &draft, &made).await.status, 204);
    link(&app, &token, &draft, json!({})).await;
    let admin = app.user("admin@example.com", Role::Admin).await;
    let audit = "/v1/editorial/audit?kind=preview_link_revoked";
    let audit = app.request(Method::GET, audit).bearer(&admin).send().await;
    assert_eq!(audit.json["data"][0]["resource"]["slug"], "harbour");
    assert_eq!(
        audit.json["data"][0]["detail"],
        json!({"preview_link": made.json["id"]})
    );
}

#[apply(both)]
async fn what_is_thrown_away_or_retracted_is_not_shown(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    let made = link(&app, &token, &article, json!({})).await;
    let retracted = app
        .step(
            &token,
            &article,
            "retract",
            json!({"reason": "It was wrong."}),
        )
        .await;
    assert_eq!(read(&app, &made).await.status, 404);
    let refused = app
        .request(Method::POST, &links_of(&article))
        .bearer(&token)
        .json(json!({}))
        .await;
    assert_eq!(refused.problem(), "wrong-state");
    assert!(retracted.status.is_success());
    let draft = app.draft(&token, "draft").await;
    let made = link(&app, &token, &draft, json!({})).await;
    let id = format!(
        "/v1/editorial/articles/{}",
        draft.json["id"].as_str().unwrap()
    );
    app.request(Method::DELETE, &id)
        .bearer(&token)
        .header("if-match", "*")
        .send()
        .await;
    assert_eq!(read(&app, &made).await.status, 404);
}

#[apply(both)]
async fn a_link_leads_to_the_page_of_the_site(app: TestApp) {
    let app = TestApp::start_at_with(app.config.clone(), |server| {
        server.preview_url = Some("https://news.example/preview/{token}".into());
    })
    .await;
    let token = app.newsroom().await;
    let draft = app.draft(&token, "harbour").await;
    let made = link(&app, &token, &draft, json!({})).await;
    let expected = format!(
        "https://news.example/preview/{}",
        made.json["token"].as_str().unwrap()
    );
    assert_eq!(made.json["url"], expected);
}
