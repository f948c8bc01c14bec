//! What editors and tools do.

use dateline::auth::model::Role;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::json;

use crate::both;
use crate::harness::article;

#[apply(both)]
async fn what_is_published_is_in_the_next_read(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "harbour").await;
    assert_eq!(draft.json["status"], "draft");
    assert!(
        draft
            .header("location")
            .ends_with(draft.json["id"].as_str().unwrap())
    );
    assert_eq!(draft.header("cache-control"), "no-store, no-transform");
    assert_eq!(app.get("/v1/articles/harbour").await.status, 404);
    let published = app.step(&token, &draft, "publish", json!({})).await;
    assert_eq!(published.json["status"], "published");
    assert_eq!(published.json["is_public"], true);
    assert_eq!(app.get("/v1/articles/harbour").await.status, 200);
    let back = app.step(&token, &published, "unpublish", json!({})).await;
    assert_eq!(back.json["status"], "unpublished");
    assert_eq!(app.get("/v1/articles/harbour").await.status, 404);
}

#[apply(both)]
async fn a_scheduled_article_appears_by_itself(app: TestApp) {
    let token = app.newsroom().await;
    let soon = chrono::Utc::now() + chrono::Duration::milliseconds(1500);
    let soon = soon.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    app.published_at(&token, "soon", &soon).await;
    assert_eq!(app.get("/v1/articles/soon").await.status, 404);
    assert!(app.get("/v1/articles").await.slugs().is_empty());
    tokio::time::sleep(std::time::Duration::from_millis(1700)).await;
    assert_eq!(app.get("/v1/articles/soon").await.status, 200);
    assert_eq!(app.get("/v1/articles").await.slugs(), ["soon"]);
}

#[apply(both)]
async fn an_embargo_keeps_back_what_is_published(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "kept").await;
    let reply = app
        .step(
            &token,
            &draft,
            "publish",
            json!({"embargo_until": "2999-01-01T00:00:00Z"}),
        )
        .await;
    assert_eq!(reply.json["is_public"], false);
    assert_eq!(app.get("/v1/articles/kept").await.status, 404);
}

#[apply(both)]
async fn publishing_again_keeps_an_embargo_until_it_is_lifted(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "kept").await;
    let held = app
        .step(
            &token,
            &draft,
            "publish",
            json!({"embargo_until": "2999-01-01T00:00:00Z"}),
        )
        .await;
    let again = app.step(&token, &held, "publish", json!({})).await;
    assert_eq!(again.json["is_public"], false);
    let back = app.step(&token, &again, "unpublish", json!({})).await;
    assert_eq!(back.json["embargo_until"], "2999-01-01T00:00:00.000Z");
    let again = app.step(&token, &back, "publish", json!({})).await;
    assert_eq!(app.get("/v1/articles/kept").await.status, 404);
    app.step(&token, &again, "publish", json!({"embargo_until": null}))
        .await;
    assert_eq!(app.get("/v1/articles/kept").await.status, 200);
}

#[apply(both)]
async fn publishing_without_a_time_is_now_even_when_scheduled(app: TestApp) {
    let token = app.newsroom().await;
    let scheduled = app
        .published_at(&token, "sooner", "2999-01-01T00:00:00Z")
        .await;
    let now = app.step(&token, &scheduled, "publish", json!({})).await;
    assert_eq!(now.json["is_public"], true);
}

#[apply(both)]
async fn a_slug_that_was_never_public_stays_unknown(app: TestApp) {
    let token = app.newsroom().await;
    let scheduled = app
        .published_at(&token, "codename", "2999-01-01T00:00:00Z")
        .await;
    let renamed = app
        .patch(&token, &scheduled, json!({"slug": "final"}))
        .await;
    app.step(&token, &renamed, "publish", json!({})).await;
    assert_eq!(app.get("/v1/articles/final").await.status, 200);
    assert_eq!(app.get("/v1/articles/codename").await.status, 404);
}

#[apply(both)]
async fn a_draft_takes_no_redirect_from_readers(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "first-name").await;
    app.patch(&token, &article, json!({"slug": "second-name"}))
        .await;
    let draft = app.draft(&token, "first-name").await;
    assert_eq!(app.get("/v1/articles/first-name").await.status, 301);
    let titled = app
        .create(
            &token,
            "/v1/editorial/articles",
            json!({"headline": "First name"}),
        )
        .await;
    assert_eq!(titled.json["slug"], "first-name-2");
    let batch = app
        .get("/v1/shares?slugs=first-name,second-name,first-name")
        .await;
    assert_eq!(batch.json["data"].as_array().unwrap().len(), 3);
    app.step(&token, &draft, "publish", json!({})).await;
    assert_eq!(
        app.get("/v1/articles/first-name").await.json["id"],
        draft.json["id"]
    );
}

#[apply(both)]
async fn an_article_that_appears_has_changed_for_readers(app: TestApp) {
    let token = app.newsroom().await;
    // On a machine that is so busy that the one appears before the other is written, with more time.
    let (soon, before) = 'written: {
        for attempt in 1..=8 {
            let soon = format!("soon-{attempt}");
            let appears =
                dateline::db::Timestamp::now().plus(chrono::Duration::milliseconds(500 << attempt));
            app.published_at(&token, &soon, &appears.to_string()).await;
            let before = app.published(&token, &format!("before-{attempt}")).await;
            let before: dateline::db::Timestamp =
                before.json["updated_at"].as_str().unwrap().parse().unwrap();
            if before < appears {
                break 'written (soon, before);
            }
        }
        panic!("two articles take minutes to be written");
    };
    while app.get(&format!("/v1/articles/{soon}")).await.status == 404 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    // Written before that article, and changed after it: it has appeared.
    let changed = app
        .get(&format!(
            "/v1/articles?sort=-updated_at&updated_after={before}"
        ))
        .await;
    assert_eq!(changed.slugs(), [soon]);
}

#[apply(both)]
async fn drafts_with_the_same_headline_get_slugs_of_their_own(app: TestApp) {
    let token = app.newsroom().await;
    let create = || {
        app.request(Method::POST, "/v1/editorial/articles")
            .bearer(&token)
            .json(json!({"headline": "The same"}))
    };
    let replies = futures_util::future::join_all((0..8).map(|_| create())).await;
    assert!(replies.iter().all(|reply| reply.status == 201));
    let any = |headline| {
        app.request(
            Method::PATCH,
            &format!(
                "/v1/editorial/articles/{}",
                replies[0].json["id"].as_str().unwrap()
            ),
        )
        .bearer(&token)
        .header("if-match", "*")
        .json(json!({"headline": headline}))
    };
    let replies =
        futures_util::future::join_all((0..8).map(|number| any(format!("Version {number}")))).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
}

#[apply(both)]
async fn a_tag_in_use_does_not_become_a_section(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let tag = app.get("/v1/tags/climate").await;
    let reply = app
        .request(
            Method::PATCH,
            &format!("/v1/editorial/tags/{}", tag.json["id"].as_str().unwrap()),
        )
        .bearer(&token)
        .header("if-match", "*")
        .json(json!({"kind": "section"}))
        .await;
    assert_eq!(reply.status, 422);
    assert_eq!(reply.json["errors"][0]["code"], "in_use");
    let of_section = app
        .request(Method::GET, "/v1/editorial/articles?tag=world")
        .bearer(&token)
        .send()
        .await;
    assert_eq!(of_section.slugs(), ["one"]);
}

#[apply(both)]
async fn a_little_markdown_does_not_become_a_large_body(app: TestApp) {
    let token = app.newsroom().await;
    let text = format!(
        "{}\n{}\n{}",
        "|a".repeat(290),
        "|-".repeat(290),
        "|x\n".repeat(1990)
    );
    let reply = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .json(json!({"headline": "Wide", "body": {"format": "markdown", "content": text}}))
        .await;
    assert_eq!(reply.status, 422);
    assert_eq!(reply.json["errors"][0]["code"], "too_large");
}

#[apply(both)]
async fn two_editors_never_overwrite_each_other(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.draft(&token, "harbour").await;
    let first = app
        .patch(&token, &article, json!({"headline": "First"}))
        .await;
    assert_eq!(first.status, 200);
    let second = app
        .patch(&token, &article, json!({"headline": "Second"}))
        .await;
    assert_eq!(second.status, 412);
    assert_eq!(second.etag(), first.etag());
    let id = article.json["id"].as_str().unwrap();
    let path = format!("/v1/editorial/articles/{id}");
    assert_eq!(
        app.request(Method::GET, &path)
            .bearer(&token)
            .send()
            .await
            .json["headline"],
        "First"
    );
    let unguarded = app
        .request(Method::PATCH, &path)
        .bearer(&token)
        .json(json!({"headline": "x"}))
        .await;
    assert_eq!(unguarded.status, 428);
    for step in ["publish", "unpublish", "retract", "restore"] {
        let reply = app
            .request(Method::POST, &format!("{path}/{step}"))
            .bearer(&token)
            .json(json!({"reason": "x"}))
            .await;
        assert_eq!(reply.status, 428, "{step}");
    }
}

#[apply(both)]
async fn a_kicker_stands_above_the_headline_and_is_found_like_it(app: TestApp) {
    let token = app.newsroom().await;
    let plain = app.published(&token, "one").await;
    assert_eq!(plain.json["kicker"], json!(null));
    let one = app
        .patch(&token, &plain, json!({"kicker": " Analysis "}))
        .await;
    assert_eq!(one.json["kicker"], "Analysis");
    app.published(&token, "two").await;
    let read = app.get("/v1/articles/one?fields=kicker,headline").await;
    assert_eq!(
        read.json,
        json!({"kicker": "Analysis", "headline": "Headline of one"})
    );
    assert_eq!(app.get("/v1/articles?q=analysis").await.slugs(), ["one"]);
    let long = app
        .patch(&token, &one, json!({"kicker": "a".repeat(81)}))
        .await;
    assert_eq!(
        (long.status.as_u16(), long.pointers()),
        (422, vec!["/kicker"])
    );
    assert_eq!(
        app.patch(&token, &one, json!({"kicker": null})).await.json["kicker"],
        json!(null)
    );
}

#[apply(both)]
async fn a_merge_patch_changes_only_what_it_names(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.draft(&token, "harbour").await;
    let reply = app
        .patch(
            &token,
            &article,
            json!({
                "standfirst": null, "tags": ["ports"], "seo": {"description": "D"},
                "custom": {"live": null, "desk": "night"},
                "body": {"format": "markdown", "content": "Some *words*"}
            }),
        )
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.json["standfirst"], json!(null));
    assert_eq!(reply.json["tags"][0]["slug"], "ports");
    assert_eq!(
        reply.json["seo"],
        json!({"title": "Short", "description": "D"})
    );
    assert_eq!(reply.json["custom"], json!({"desk": "night"}));
    assert_eq!(reply.json["body_html"], "<p>Some <em>words</em></p>");
    assert_eq!(reply.json["headline"], "Headline of harbour");
    assert_eq!(reply.json["authors"].as_array().unwrap().len(), 2);
    assert_eq!(reply.json["version"], 2);
    // What was read as blocks can be written back.
    let again = app
        .patch(&token, &reply, json!({"body": reply.json["body"]}))
        .await;
    assert_eq!(again.json["body_html"], reply.json["body_html"]);
}

#[apply(both)]
async fn publishing_says_everything_that_is_missing(app: TestApp) {
    let token = app.newsroom().await;
    let body = json!([{"type": "image", "url": "/a.jpg", "alt": ""}]);
    let draft = app
        .create(
            &token,
            "/v1/editorial/articles",
            json!({
                "lead_image": {"url": "https://images.example.com/a.jpg"}, "body": body
            }),
        )
        .await;
    let reply = app.step(&token, &draft, "publish", json!({})).await;
    assert_eq!(reply.status, 422);
    assert_eq!(
        reply.pointers(),
        [
            "/headline",
            "/authors",
            "/lead_image/alt",
            "/lead_image/credit",
            "/body/0/alt",
            "/body/0/credit"
        ]
    );
    let empty = app
        .create(
            &token,
            "/v1/editorial/articles",
            json!({"byline": "By us", "headline": "A"}),
        )
        .await;
    let reply = app.step(&token, &empty, "publish", json!({})).await;
    assert_eq!(reply.pointers(), ["/body"]);
    // What is published stays complete.
    let published = app.published(&token, "whole").await;
    let reply = app
        .patch(&token, &published, json!({"headline": null}))
        .await;
    assert_eq!(reply.pointers(), ["/headline"]);
}

#[apply(both)]
async fn the_trash_gives_back_but_never_to_the_public(app: TestApp) {
    let token = app.newsroom().await;
    let published = app.published(&token, "harbour").await;
    let id = published.json["id"].as_str().unwrap();
    let trashed = app
        .request(Method::DELETE, &format!("/v1/editorial/articles/{id}"))
        .bearer(&token)
        .header("if-match", &published.etag())
        .send()
        .await;
    assert_eq!(trashed.json["status"], "trashed");
    assert_eq!(app.get("/v1/articles/harbour").await.status, 404);
    let list = app
        .request(Method::GET, "/v1/editorial/articles")
        .bearer(&token)
        .send()
        .await;
    assert!(list.slugs().is_empty());
    let bin = app
        .request(Method::GET, "/v1/editorial/articles?status=trashed")
        .bearer(&token)
        .send()
        .await;
    assert_eq!(bin.slugs(), ["harbour"]);
    let publish = app.step(&token, &trashed, "publish", json!({})).await;
    assert_eq!(publish.status, 409);
    assert_eq!(publish.json["allowed"], json!(["restore", "delete"]));
    let restored = app.step(&token, &trashed, "restore", json!({})).await;
    assert_eq!(restored.json["status"], "unpublished");
    assert_eq!(app.get("/v1/articles/harbour").await.status, 404);
    let again = app.step(&token, &restored, "publish", json!({})).await;
    assert_eq!(again.json["published_at"], published.json["published_at"]);
}

#[apply(both)]
async fn a_retracted_article_cannot_be_published_again(app: TestApp) {
    let token = app.newsroom().await;
    let published = app.published(&token, "harbour").await;
    let retracted = app
        .step(&token, &published, "retract", json!({"reason": "Wrong"}))
        .await;
    assert_eq!(retracted.json["retraction_reason"], "Wrong");
    assert_eq!(app.get("/v1/articles/harbour").await.status, 410);
    let reply = app.step(&token, &retracted, "publish", json!({})).await;
    assert_eq!(reply.status, 409);
    assert_eq!(reply.json["allowed"], json!(["trash"]));
    let trashed = app
        .request(
            Method::DELETE,
            &format!(
                "/v1/editorial/articles/{}",
                retracted.json["id"].as_str().unwrap()
            ),
        )
        .bearer(&token)
        .header("if-match", "*")
        .send()
        .await;
    let restored = app.step(&token, &trashed, "restore", json!({})).await;
    assert_eq!(restored.json["status"], "retracted");
    assert_eq!(restored.json["retraction_reason"], "Wrong");
}

#[apply(both)]
async fn a_correction_tells_readers(app: TestApp) {
    let token = app.newsroom().await;
    let published = app.published(&token, "harbour").await;
    let reply = app
        .step(
            &token,
            &published,
            "corrections",
            json!({"kind": "correction", "text": "Was 11."}),
        )
        .await;
    assert_eq!(reply.status, 200);
    let article = app.get("/v1/articles/harbour").await;
    assert_eq!(article.json["corrections"][0]["text"], "Was 11.");
}

#[apply(both)]
async fn an_article_in_review_can_be_given_back(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "harbour").await;
    let review = app
        .patch(&token, &draft, json!({"status": "in_review"}))
        .await;
    assert_eq!(review.json["status"], "in_review");
    let back = app.patch(&token, &review, json!({"status": "draft"})).await;
    assert_eq!(back.json["status"], "draft");
    let published = app.step(&token, &back, "publish", json!({})).await;
    let reply = app
        .patch(&token, &published, json!({"status": "draft"}))
        .await;
    assert_eq!(reply.status, 409);
}

#[apply(both)]
async fn a_taken_slug_is_refused_with_a_free_one(app: TestApp) {
    let token = app.newsroom().await;
    app.draft(&token, "harbour").await;
    let reply = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .json(article("harbour"))
        .await;
    assert_eq!(reply.status, 409);
    assert_eq!(reply.problem(), "slug-taken");
    assert_eq!(reply.json["suggestion"], "harbour-2");
    // A slug that nobody asked for is found.
    let first = app
        .create(
            &token,
            "/v1/editorial/articles",
            json!({"headline": "Same words"}),
        )
        .await;
    let second = app
        .create(
            &token,
            "/v1/editorial/articles",
            json!({"headline": "Same words"}),
        )
        .await;
    assert_eq!(first.json["slug"], "same-words");
    assert_eq!(second.json["slug"], "same-words-2");
    for headline in ["أخبار اليوم", "🎉", "!!!"] {
        app.create(
            &token,
            "/v1/editorial/articles",
            json!({"headline": headline}),
        )
        .await;
    }
}

#[apply(both)]
async fn of_simultaneous_claims_of_a_slug_one_wins(app: TestApp) {
    let token = app.newsroom().await;
    let claims = (0..8).map(|_| {
        app.request(Method::POST, "/v1/editorial/articles")
            .bearer(&token)
            .json(article("wanted"))
    });
    let replies = futures_util::future::join_all(claims).await;
    let with = |status: u16| {
        replies
            .iter()
            .filter(|reply| reply.status == status)
            .count()
    };
    assert_eq!((with(201), with(409)), (1, 7));
    let article = replies.iter().find(|reply| reply.status == 201).unwrap();
    let edits = (0..8).map(|number| {
        app.patch(
            &token,
            article,
            json!({"headline": format!("Edit {number}")}),
        )
    });
    let replies = futures_util::future::join_all(edits).await;
    let with = |status: u16| {
        replies
            .iter()
            .filter(|reply| reply.status == status)
            .count()
    };
    assert_eq!((with(200), with(412)), (1, 7));
}

#[apply(both)]
async fn a_slug_can_be_changed_back(app: TestApp) {
    let token = app.newsroom().await;
    let first = app.published(&token, "one").await;
    let second = app.patch(&token, &first, json!({"slug": "two"})).await;
    let third = app.patch(&token, &second, json!({"slug": "one"})).await;
    assert_eq!(third.status, 200);
    assert_eq!(app.get("/v1/articles/one").await.status, 200);
    assert_eq!(
        app.get("/v1/articles/two").await.header("location"),
        "/v1/articles/one"
    );
}

#[apply(both)]
async fn everything_wrong_with_an_article_is_said_at_once(app: TestApp) {
    let token = app.newsroom().await;
    let reply = app.request(Method::POST, "/v1/editorial/articles").bearer(&token).json(json!({
            "headline": "x".repeat(301), "slug": "Not A Slug", "lang": "en", "language": "english language",
            "authors": ["alex-writer", "alex-writer"], "lead_image": {"url": "javascript:alert(1)", "focal_point": {"x": 2, "y": 0}},
            "body": {"format": "html", "content": 1}, "status": "archived", "custom": []
        })).await;
    assert_eq!(reply.status, 422);
    let mut pointers = reply.pointers();
    pointers.sort();
    assert_eq!(
        pointers,
        [
            "/authors/1",
            "/body/content",
            "/custom",
            "/headline",
            "/lang",
            "/language",
            "/lead_image/focal_point/x",
            "/lead_image/url",
            "/slug",
            "/status"
        ]
    );
    assert!(reply.text.contains("did you mean \\\"language\\\"?") || reply.text.contains("Known:"));
    let reply = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .json(json!({
            "authors": ["alex-writter"], "tags": ["world", "climat"], "section": "climate"
        }))
        .await;
    assert_eq!(
        reply.pointers(),
        ["/authors/0", "/tags/0", "/tags/1", "/section"]
    );
    assert!(reply.text.contains("did you mean \\\"alex-writer\\\"?"));
}

#[apply(both)]
async fn merging_tags_moves_articles_and_slugs(app: TestApp) {
    let token = app.newsroom().await;
    let mut both = article("both");
    both["tags"] = json!(["climate", "ports"]);
    let draft = app.create(&token, "/v1/editorial/articles", both).await;
    app.step(&token, &draft, "publish", json!({})).await;
    app.published(&token, "one").await;
    let climate = app.get("/v1/tags/climate").await.json["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/editorial/tags/{climate}");
    let tag = app.request(Method::GET, &path).bearer(&token).send().await;
    let reply = app
        .request(Method::POST, &format!("{path}/merge"))
        .bearer(&token)
        .header("if-match", &tag.etag())
        .json(json!({"into": "ports"}))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.json["article_count"], 2);
    let moved = app.get("/v1/tags/climate").await;
    assert_eq!(moved.header("location"), "/v1/tags/ports");
    assert_eq!(
        app.get("/v1/articles?tag=climate").await.slugs(),
        ["one", "both"]
    );
    assert_eq!(
        app.get("/v1/articles/both").await.json["tags"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[apply(both)]
async fn renaming_an_author_is_seen_in_their_articles(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let id = app.get("/v1/authors/alex-writer").await.json["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/editorial/authors/{id}");
    let author = app.request(Method::GET, &path).bearer(&token).send().await;
    let reply = app
        .request(Method::PATCH, &path)
        .bearer(&token)
        .header("if-match", &author.etag())
        .json(json!({"name": "Alex Penn", "slug": "alex-penn", "bio": "About."}))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let article = app.get("/v1/articles/one").await;
    assert_eq!(article.json["byline"], "By Alex Penn and Sam Reporter");
    assert_eq!(app.get("/v1/authors/alex-writer").await.status, 301);
    let merge = app
        .request(Method::POST, &format!("{path}/merge"))
        .bearer(&token)
        .header("if-match", &reply.etag())
        .json(json!({"into": "sam-reporter"}))
        .await;
    assert_eq!(merge.status, 200, "{}", merge.text);
    assert_eq!(
        app.get("/v1/articles/one").await.json["byline"],
        "By Sam Reporter"
    );
    assert_eq!(
        app.get("/v1/authors/alex-writer").await.header("location"),
        "/v1/authors/sam-reporter"
    );
}

#[apply(both)]
async fn an_author_sees_and_edits_only_their_own(app: TestApp) {
    let token = app.newsroom().await;
    let mine = app.user("author@example.com", Role::Author).await;
    let own = app.draft(&mine, "mine").await;
    let other = app.draft(&token, "theirs").await;
    let list = app
        .request(Method::GET, "/v1/editorial/articles")
        .bearer(&mine)
        .send()
        .await;
    assert_eq!(list.slugs(), ["mine"]);
    let id = other.json["id"].as_str().unwrap();
    let read = app
        .request(Method::GET, &format!("/v1/editorial/articles/{id}"))
        .bearer(&mine)
        .send()
        .await;
    assert_eq!(read.status, 404);
    assert_eq!(
        app.patch(&mine, &other, json!({"headline": "x"}))
            .await
            .status,
        404
    );
    assert_eq!(
        app.patch(&mine, &own, json!({"headline": "x"}))
            .await
            .status,
        200
    );
    assert_eq!(
        app.step(&mine, &own, "publish", json!({})).await.status,
        403
    );
    let edited = app
        .request(
            Method::GET,
            &format!(
                "/v1/editorial/articles/{}",
                own.json["id"].as_str().unwrap()
            ),
        )
        .bearer(&mine)
        .send()
        .await;
    let published = app.step(&token, &edited, "publish", json!({})).await;
    assert_eq!(
        app.patch(&mine, &published, json!({"headline": "y"}))
            .await
            .status,
        403
    );
    let viewer = app.user("viewer@example.com", Role::Viewer).await;
    let read = app
        .request(Method::GET, &format!("/v1/editorial/articles/{id}"))
        .bearer(&viewer)
        .send()
        .await;
    assert_eq!(read.status, 200);
    assert_eq!(
        app.patch(&viewer, &other, json!({"headline": "x"}))
            .await
            .status,
        403
    );
}
