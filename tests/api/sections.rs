//! Sections and subsections, the tag that stands for an article, profiles of authors, and what refers to them.

use dateline::events::log;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp, article};

const TAGS: &str = "/v1/editorial/tags";

async fn section(app: &TestApp, token: &str, name: &str, parent: Option<&str>) -> Reply {
    let input = json!({"name": name, "kind": "section", "parent": parent});
    let reply = app.create(token, TAGS, input).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply
}

/// World > Africa > Kenya, with World from the sample newsroom.
async fn subsections(app: &TestApp) -> String {
    let token = app.newsroom().await;
    section(app, &token, "Africa", Some("world")).await;
    section(app, &token, "Kenya", Some("africa")).await;
    token
}

async fn published_in(app: &TestApp, token: &str, day: u32, slug: &str, section: &str) -> Reply {
    let mut input = article(slug);
    input["section"] = json!(section);
    let draft = app.create(token, "/v1/editorial/articles", input).await;
    assert_eq!(draft.status, 201, "{}", draft.text);
    let at = json!({"published_at": format!("2026-03-{day:02}T00:00:00Z")});
    let reply = app.step(token, &draft, "publish", at).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply
}

/// Asks for something of a tag by its public slug, whatever its version.
async fn of_tag(app: &TestApp, token: &str, method: Method, slug: &str, body: Value) -> Reply {
    let id = app.get(&format!("/v1/tags/{slug}")).await.json["id"].clone();
    let merges = method == Method::POST;
    let step = if merges { "/merge" } else { "" };
    let path = format!("{TAGS}/{}{step}", id.as_str().unwrap());
    let request = app.request(method.clone(), &path).bearer(token);
    let request = request.header("if-match", "*");
    match method {
        Method::DELETE => request.send().await,
        _ => request.json(body).await,
    }
}

async fn patch(app: &TestApp, token: &str, slug: &str, body: Value) -> Reply {
    of_tag(app, token, Method::PATCH, slug, body).await
}

async fn merge(app: &TestApp, token: &str, slug: &str, into: &str) -> Reply {
    of_tag(app, token, Method::POST, slug, json!({"into": into})).await
}

fn slugs_of(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|item| item["slug"].as_str().unwrap()).collect()
}

async fn breadcrumbs(app: &TestApp, path: &str) -> String {
    let reply = app.get(path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    let of_article = &reply.json["section"]["ancestors"];
    let all = match of_article.is_array() {
        true => of_article,
        false => &reply.json["ancestors"],
    };
    let names = all.as_array().unwrap().iter();
    let names: Vec<&str> = names.map(|one| one["name"].as_str().unwrap()).collect();
    names.join(" > ")
}

#[apply(both)]
async fn a_tag_and_an_article_show_what_their_section_stands_below(app: TestApp) {
    let token = subsections(&app).await;
    published_in(&app, &token, 1, "one", "kenya").await;
    assert_eq!(breadcrumbs(&app, "/v1/tags/kenya").await, "World > Africa");
    assert_eq!(
        breadcrumbs(&app, "/v1/articles/one").await,
        "World > Africa"
    );
    let kenya = app.get("/v1/tags/kenya").await;
    assert_eq!(
        kenya.json["parent"],
        json!({"slug": "africa", "name": "Africa"})
    );
    let world = app.get("/v1/tags/world").await;
    assert_eq!(world.json["parent"], Value::Null);
    assert_eq!(world.json["ancestors"], json!([]));
    let list = app.get("/v1/articles?view=card").await;
    assert_eq!(
        slugs_of(&list.json["data"][0]["section"]["ancestors"]),
        ["world", "africa"]
    );
    let chosen = app.get("/v1/articles?fields=section.ancestors").await;
    assert_eq!(
        slugs_of(&chosen.json["data"][0]["section"]["ancestors"]),
        ["world", "africa"]
    );

    // Another name two levels above, another parent, and none.
    patch(&app, &token, "world", json!({"name": "Abroad"})).await;
    assert_eq!(
        breadcrumbs(&app, "/v1/articles/one").await,
        "Abroad > Africa"
    );
    assert_eq!(breadcrumbs(&app, "/v1/tags/kenya").await, "Abroad > Africa");
    section(&app, &token, "News", None).await;
    let moved = patch(&app, &token, "africa", json!({"parent": "news"})).await;
    assert_eq!(moved.json["parent"]["slug"], "news");
    assert_eq!(breadcrumbs(&app, "/v1/articles/one").await, "News > Africa");
    assert_eq!(breadcrumbs(&app, "/v1/tags/kenya").await, "News > Africa");
    patch(&app, &token, "africa", json!({"parent": null})).await;
    assert_eq!(breadcrumbs(&app, "/v1/articles/one").await, "Africa");
    // Left out, it stays.
    patch(
        &app,
        &token,
        "kenya",
        json!({"description": "The coast and the highlands."}),
    )
    .await;
    assert_eq!(breadcrumbs(&app, "/v1/tags/kenya").await, "Africa");
}

#[apply(both)]
async fn a_section_brings_what_is_below_it_into_lists_and_keeps_it_out_of_them(app: TestApp) {
    let token = subsections(&app).await;
    section(&app, &token, "Sport", None).await;
    for (day, slug, of) in [
        (1, "in-world", "world"),
        (2, "in-kenya", "kenya"),
        (3, "in-sport", "sport"),
        (4, "in-africa", "africa"),
    ] {
        published_in(&app, &token, day, slug, of).await;
    }
    let all_of_world = vec!["in-africa", "in-kenya", "in-world"];
    for (query, found) in [
        ("section=world", all_of_world.clone()),
        ("tag=world", all_of_world.clone()),
        ("section=africa", vec!["in-africa", "in-kenya"]),
        ("section=kenya", vec!["in-kenya"]),
        (
            "section=africa,sport",
            vec!["in-africa", "in-sport", "in-kenya"],
        ),
        ("section=-africa", vec!["in-sport", "in-world"]),
        ("tag=-world", vec!["in-sport"]),
        (
            "section=world&sort=published_at",
            vec!["in-world", "in-kenya", "in-africa"],
        ),
        (
            "section=world&sort=-updated_at&tag=climate",
            all_of_world.clone(),
        ),
        ("section=world&q=headline", all_of_world.clone()),
        ("section=world&language=en", all_of_world.clone()),
        ("section=unknown", vec![]),
    ] {
        let list = app.get(&format!("/v1/articles?{query}&count=true")).await;
        let mut shown = list.slugs();
        let mut found = found;
        if query.contains("updated_at&") {
            shown.sort_unstable();
            found.sort_unstable();
        }
        assert_eq!(shown, found, "{query}");
        assert_eq!(list.json["page"]["total"], found.len(), "{query}");
    }
    // Page by page, forward and back.
    let mut path = "/v1/articles?section=world&limit=1".to_owned();
    let mut walked = Vec::new();
    loop {
        let page = app.get(&path).await;
        walked.extend(page.slugs().iter().map(|slug| (*slug).to_owned()));
        match page.json["page"]["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/articles?section=world&limit=1&cursor={cursor}"),
            None => {
                let back = page.json["page"]["prev_cursor"].as_str().unwrap();
                let back = format!("/v1/articles?section=world&limit=1&cursor={back}");
                assert_eq!(app.get(&back).await.slugs(), ["in-kenya"]);
                break;
            }
        }
    }
    assert_eq!(walked, all_of_world);
    let desk = app.request(Method::GET, "/v1/editorial/articles?section=africa");
    let desk = desk.bearer(&token).send().await;
    assert_eq!(desk.slugs().len(), 2);
    // A count that is kept is the section's own.
    assert_eq!(app.get("/v1/tags/world").await.json["article_count"], 1);

    // What is filled by a section takes what comes below it later as well.
    let fill = json!({"section": "africa", "limit": 9});
    let made = app
        .request(Method::PUT, "/v1/editorial/collections/africa")
        .bearer(&token);
    let made = made
        .json(json!({"title": "Africa", "slots": [], "fill": fill}))
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let fill = json!({"exclude_tags": ["africa"], "limit": 9});
    let made = app
        .request(Method::PUT, "/v1/editorial/collections/rest")
        .bearer(&token);
    made.json(json!({"title": "Rest", "slots": [], "fill": fill}))
        .await;
    let africa = async || app.get("/v1/collections/africa").await;
    assert_eq!(africa().await.slugs(), ["in-africa", "in-kenya"]);
    let rest = app.get("/v1/collections/rest").await;
    assert_eq!(rest.slugs(), ["in-sport", "in-world"]);
    patch(&app, &token, "sport", json!({"parent": "kenya"})).await;
    assert_eq!(
        africa().await.slugs(),
        ["in-africa", "in-sport", "in-kenya"]
    );
    assert_eq!(app.get("/v1/collections/rest").await.slugs(), ["in-world"]);
    let list = app.get("/v1/articles?section=africa").await;
    assert_eq!(list.slugs(), ["in-africa", "in-sport", "in-kenya"]);
}

#[apply(both)]
async fn a_tree_has_no_circle_and_ends(app: TestApp) {
    let token = subsections(&app).await;
    for (slug, parent, code, words) in [
        (
            "world",
            "kenya",
            "circular",
            "world below kenya below africa below world",
        ),
        ("world", "world", "circular", "world below world"),
        ("kenya", "climate", "wrong_kind", "of kind section"),
        ("kenya", "nowhere", "not_found", "nowhere"),
    ] {
        let refused = patch(&app, &token, slug, json!({"parent": parent})).await;
        assert_eq!(refused.status, 422, "{slug} below {parent}");
        let error = &refused.json["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!("/parent"), &json!(code))
        );
        assert!(error["detail"].as_str().unwrap().contains(words), "{error}");
    }
    assert_eq!(breadcrumbs(&app, "/v1/tags/kenya").await, "World > Africa");
    let refused = patch(&app, &token, "africa", json!({"kind": "topic"})).await;
    assert_eq!(refused.pointers(), ["/kind"]);
    for position in [json!(-1), json!(1_000_001), json!("1")] {
        let refused = patch(&app, &token, "africa", json!({"position": position})).await;
        assert_eq!(refused.pointers(), ["/position"]);
    }

    let mut below = "kenya".to_owned();
    for level in 4..=8 {
        let name = format!("Level {level}");
        let made = section(&app, &token, &name, Some(&below)).await;
        below = made.json["slug"].as_str().unwrap().to_owned();
    }
    let input = json!({"name": "Level 9", "kind": "section", "parent": below});
    let refused = app.request(Method::POST, TAGS).bearer(&token);
    let refused = refused.json(input).await;
    assert_eq!(
        (refused.status.as_u16(), refused.pointers()),
        (422, vec!["/parent"])
    );
    section(&app, &token, "Top", None).await;
    let refused = patch(&app, &token, "world", json!({"parent": "top"})).await;
    assert_eq!(refused.json["errors"][0]["code"], "too_deep");
    // Nothing stays of what was refused.
    assert_eq!(app.get("/v1/tags/level-9").await.status, 404);
    assert_eq!(breadcrumbs(&app, "/v1/tags/africa").await, "World");
}

#[apply(both)]
async fn sections_come_as_navigation_shows_them(app: TestApp) {
    let token = subsections(&app).await;
    section(&app, &token, "Europe", Some("world")).await;
    section(&app, &token, "Sport", None).await;
    patch(&app, &token, "sport", json!({"position": 0})).await;
    let asia = json!({"name": "Asia", "kind": "section", "parent": "world", "position": 2});
    let asia = app.create(&token, TAGS, asia).await;
    assert_eq!(asia.json["position"], 2);
    patch(&app, &token, "europe", json!({"position": 1})).await;
    for (query, found) in [
        (
            "kind=section&top_level=true&sort=position",
            vec!["sport", "world"],
        ),
        (
            "parent=world&sort=position",
            vec!["europe", "asia", "africa"],
        ),
        ("parent=world", vec!["africa", "asia", "europe"]),
        ("parent=kenya", vec![]),
        ("parent=unknown", vec![]),
        ("top_level=true&q=world", vec!["world"]),
    ] {
        let list = app.get(&format!("/v1/tags?{query}&count=true")).await;
        assert_eq!(list.slugs(), found, "{query}");
        assert_eq!(list.json["page"]["total"], found.len(), "{query}");
    }
    let mut path = "/v1/tags?parent=world&sort=position&limit=1".to_owned();
    let mut walked = Vec::new();
    while let Some(cursor) = {
        let page = app.get(&path).await;
        walked.extend(page.slugs().iter().map(|slug| (*slug).to_owned()));
        page.json["page"]["next_cursor"].as_str().map(str::to_owned)
    } {
        path = format!("/v1/tags?parent=world&sort=position&limit=1&cursor={cursor}");
    }
    assert_eq!(walked, ["europe", "asia", "africa"]);
    let cleared = patch(&app, &token, "europe", json!({"position": null})).await;
    assert_eq!(cleared.json["position"], Value::Null);
    for wrong in [
        "parent=",
        "parent=World",
        "parent=world&top_level=true",
        "top_level=1",
    ] {
        let reply = app.get(&format!("/v1/tags?{wrong}")).await;
        assert_eq!(reply.problem(), "invalid-parameter", "{wrong}");
    }
}

#[apply(both)]
async fn who_merges_or_deletes_a_section_leaves_none_below_nothing(app: TestApp) {
    let token = subsections(&app).await;
    section(&app, &token, "Europe", None).await;
    published_in(&app, &token, 1, "one", "kenya").await;
    let refused = of_tag(&app, &token, Method::DELETE, "africa", Value::Null).await;
    assert_eq!(refused.problem(), "in-use");
    assert!(refused.json["detail"].as_str().unwrap().contains("kenya"));
    let kenya = app.get("/v1/tags/kenya").await.json["id"].clone();
    let version = async || {
        let path = format!("{TAGS}/{}", kenya.as_str().unwrap());
        app.request(Method::GET, &path)
            .bearer(&token)
            .send()
            .await
            .etag()
    };
    assert_eq!(version().await, "\"v1\"");

    assert_eq!(merge(&app, &token, "africa", "europe").await.status, 200);
    assert_eq!(breadcrumbs(&app, "/v1/articles/one").await, "Europe");
    assert_eq!(version().await, "\"v2\"");
    // Into one that stands below it, which takes its place.
    section(&app, &token, "Nairobi", Some("kenya")).await;
    section(&app, &token, "Spain", Some("europe")).await;
    assert_eq!(merge(&app, &token, "europe", "nairobi").await.status, 200);
    assert_eq!(breadcrumbs(&app, "/v1/tags/nairobi").await, "");
    assert_eq!(breadcrumbs(&app, "/v1/articles/one").await, "Nairobi");
    assert_eq!(breadcrumbs(&app, "/v1/tags/spain").await, "Nairobi");
    let list = app.get("/v1/articles?section=nairobi").await;
    assert_eq!(list.slugs(), ["one"]);
    // Topics have trees of their own; one with others below is merged into one of its kind.
    for input in [
        json!({"name": "Heat", "parent": "climate"}),
        json!({"name": "Somebody", "kind": "person"}),
    ] {
        assert_eq!(app.create(&token, TAGS, input).await.status, 201);
    }
    let refused = merge(&app, &token, "climate", "somebody").await;
    assert_eq!(refused.json["errors"][0]["code"], "wrong_kind");
    assert_eq!(refused.pointers(), ["/into"]);
    // Once nothing stands below it, it can go.
    patch(&app, &token, "heat", json!({"parent": "ports"})).await;
    patch(&app, &token, "heat", json!({"parent": null})).await;
    let gone = of_tag(&app, &token, Method::DELETE, "spain", Value::Null).await;
    assert_eq!(gone.status, 204, "{}", gone.text);

    let happened = app
        .database
        .read(|connection| log::after(connection, 0, 100));
    let happened = happened.await.unwrap().into_iter();
    let of_kenya =
        happened.filter(|entry| Some(entry.resource_id.to_string().as_str()) == kenya.as_str());
    let kinds: Vec<String> = of_kenya.map(|entry| entry.kind).collect();
    assert_eq!(kinds, ["tag_created", "tag_edited", "tag_edited"]);
}

#[apply(both)]
async fn one_tag_stands_for_an_article(app: TestApp) {
    let token = app.newsroom().await;
    let mut input = article("one");
    input["tags"] = json!(["climate", "ports"]);
    let draft = app
        .create(&token, "/v1/editorial/articles", input.clone())
        .await;
    let first = json!({"slug": "climate", "name": "Climate", "kind": "topic"});
    assert_eq!(draft.json["primary_tag"], first);
    let chosen = app
        .patch(&token, &draft, json!({"primary_tag": "ports"}))
        .await;
    assert_eq!(chosen.json["primary_tag"]["slug"], "ports");
    let same = app
        .patch(&token, &chosen, json!({"primary_tag": "ports"}))
        .await;
    assert_eq!(same.etag(), chosen.etag());
    let published = app.step(&token, &chosen, "publish", json!({})).await;
    let path = "/v1/articles/one?fields=primary_tag";
    assert_eq!(app.get(path).await.json["primary_tag"]["slug"], "ports");
    let of_section = app
        .patch(&token, &published, json!({"primary_tag": "world"}))
        .await;
    assert_eq!(of_section.json["primary_tag"]["kind"], "section");
    for wrong in ["nowhere", "sam-reporter"] {
        let refused = app
            .patch(&token, &of_section, json!({"primary_tag": wrong}))
            .await;
        assert_eq!(
            (refused.status.as_u16(), refused.pointers()),
            (422, vec!["/primary_tag"])
        );
    }
    let both = json!({"primary_tag": "ports", "tags": ["climate"]});
    let refused = app.patch(&token, &of_section, both).await;
    assert_eq!(refused.pointers(), ["/primary_tag"]);

    // Merging takes the choice along.
    let ports = app
        .patch(&token, &of_section, json!({"primary_tag": "ports"}))
        .await;
    app.create(&token, TAGS, json!({"name": "Harbours"})).await;
    assert_eq!(merge(&app, &token, "ports", "harbours").await.status, 200);
    assert_eq!(app.get(path).await.json["primary_tag"]["slug"], "harbours");
    // A change that knows nothing of it, and takes the tag away, takes the choice away.
    let fewer = app
        .patch(&token, &ports, json!({"tags": ["climate"]}))
        .await;
    assert_eq!(fewer.json["primary_tag"], first);
    let more = app
        .patch(&token, &fewer, json!({"tags": ["climate", "harbours"]}))
        .await;
    assert_eq!(more.json["primary_tag"], first);
    let none = app
        .patch(&token, &more, json!({"tags": [], "section": null}))
        .await;
    assert_eq!(none.json["primary_tag"], Value::Null);
    input["slug"] = json!("two");
    input["primary_tag"] = json!("elsewhere");
    let refused = app.request(Method::POST, "/v1/editorial/articles");
    let refused = refused.bearer(&token).json(input).await;
    assert_eq!(refused.pointers(), ["/primary_tag"]);
}

#[apply(both)]
async fn readers_find_an_author_where_the_author_wants_it(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let before = app.get("/v1/authors/alex-writer").await;
    for (field, empty) in [
        ("website", Value::Null),
        ("social", json!([])),
        ("contact_email", Value::Null),
    ] {
        assert_eq!(before.json[field], empty);
    }
    let path = format!(
        "/v1/editorial/authors/{}",
        before.json["id"].as_str().unwrap()
    );
    let patch = async |body: Value| {
        let request = app.request(Method::PATCH, &path).bearer(&token);
        request.header("if-match", "*").json(body).await
    };
    let profile = json!({
        "website": "https://alex.example.com/",
        "social": [
            {"network": "mastodon", "url": "https://social.example.com/@alex"},
            {"network": "bluesky", "url": "https://bsky.example.com/alex"},
        ],
        "contact_email": "alex@example.com",
    });
    assert_eq!(patch(profile.clone()).await.status, 200);
    for (reply, at) in [
        (app.get("/v1/authors/alex-writer").await, ""),
        (app.get("/v1/articles/one").await, "/authors/0"),
        (app.get("/v1/articles").await, "/data/0/authors/0"),
    ] {
        let author = reply.json.pointer(at).unwrap();
        for (field, value) in profile.as_object().unwrap() {
            assert_eq!(&author[field], value, "{field} at {at}");
        }
    }
    let names = app
        .get("/v1/articles?fields=authors.social&view=card")
        .await;
    assert_eq!(names.status, 400);
    let wrong = json!({
        "website": "ftp://alex.example.com", "contact_email": "alex",
        "social": [{"network": "My Space", "url": "/alex"}],
    });
    let refused = patch(wrong).await;
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/contact_email",
            "/social/0/network",
            "/social/0/url",
            "/website"
        ]
    );
    let twice = json!({"network": "x", "url": "https://x.example.com/alex"});
    let refused = patch(json!({"social": [twice, twice]})).await;
    assert_eq!(refused.pointers(), ["/social/1/url"]);
    let many: Vec<Value> = (0..21)
        .map(|number| json!({"network": "x", "url": format!("https://x.example.com/{number}")}))
        .collect();
    assert_eq!(patch(json!({"social": many})).await.pointers(), ["/social"]);
    // Taken back, it is nowhere any more.
    patch(json!({"contact_email": null, "social": []})).await;
    let article = app.get("/v1/articles/one").await;
    assert!(!article.text.contains("alex@example.com"));
    assert_eq!(article.json["authors"][0]["social"], json!([]));
}

#[apply(both)]
async fn the_desk_sees_what_is_unused(app: TestApp) {
    let token = subsections(&app).await;
    published_in(&app, &token, 1, "one", "kenya").await;
    app.draft(&token, "two").await;
    let collection = json!({"title": "Home", "slots": [], "fill": {"tags": ["ports"], "limit": 3}});
    let made = app
        .request(Method::PUT, "/v1/editorial/collections/home")
        .bearer(&token);
    assert_eq!(made.json(collection).await.status, 201);
    app.create(&token, TAGS, json!({"name": "Nobody"})).await;
    let list = async |path: &str| app.request(Method::GET, path).bearer(&token).send().await;
    let all = list("/v1/editorial/tags?limit=100&count=true").await;
    assert_eq!(all.json["page"]["total"], 6);
    let usage = |slug: &str| {
        let tags = all.json["data"].as_array().unwrap();
        tags.iter().find(|tag| tag["slug"] == slug).unwrap()["usage"].clone()
    };
    let of = |articles, published, children, collections| {
        json!({"articles": articles, "articles_are": "exact", "published": published,
               "children": children, "collections": collections})
    };
    assert_eq!(usage("climate"), of(2, 1, 0, 0));
    assert_eq!(usage("kenya"), of(1, 1, 0, 0));
    assert_eq!(usage("world"), of(1, 0, 1, 0));
    assert_eq!(usage("ports"), of(0, 0, 0, 1));
    assert_eq!(all.json["data"][0]["version"], 1);
    for (query, found) in [
        ("unused=true", vec!["nobody"]),
        ("unused=true&kind=section", vec![]),
        ("q=keny", vec!["kenya"]),
        ("kind=section&sort=-article_count&limit=1", vec!["kenya"]),
        ("parent=world", vec!["africa"]),
        ("kind=section&top_level=true", vec!["world"]),
    ] {
        let reply = list(&format!("/v1/editorial/tags?{query}")).await;
        assert_eq!(reply.slugs(), found, "{query}");
    }
    let authors = list("/v1/editorial/authors?q=writer&count=true").await;
    assert_eq!(authors.slugs(), ["alex-writer"]);
    assert_eq!(
        authors.json["data"][0]["usage"],
        json!({"articles": 2, "articles_are": "exact", "published": 1})
    );
    app.create(
        &token,
        "/v1/editorial/authors",
        json!({"name": "Kim Newcomer"}),
    )
    .await;
    let unused = list("/v1/editorial/authors?unused=true").await;
    assert_eq!(unused.slugs(), ["kim-newcomer"]);
    for path in ["/v1/editorial/tags", "/v1/editorial/authors"] {
        assert_eq!(app.get(path).await.status, 401);
        assert_eq!(list(&format!("{path}?unused=maybe")).await.status, 400);
        let first = list(&format!("{path}?limit=1")).await;
        let cursor = first.json["page"]["next_cursor"]
            .as_str()
            .unwrap()
            .to_owned();
        let second = list(&format!("{path}?limit=1&cursor={cursor}")).await;
        assert_eq!(second.status, 200);
        assert_ne!(second.slugs(), first.slugs());
        let other = list(&format!("{path}?limit=1&unused=true&cursor={cursor}")).await;
        assert_eq!(other.status, 400);
    }
}

#[apply(both)]
async fn a_draft_leaks_nothing_by_its_section(app: TestApp) {
    let token = subsections(&app).await;
    let mut input = article("secret");
    input["section"] = json!("kenya");
    input["primary_tag"] = json!("kenya");
    app.create(&token, "/v1/editorial/articles", input).await;
    for path in [
        "/v1/articles?section=world&count=true",
        "/v1/articles?tag=africa&count=true",
        "/v1/articles?section=world&q=headline&count=true",
    ] {
        let list = app.get(path).await;
        assert_eq!(list.json["page"]["total"], 0, "{path}");
        assert!(!list.text.contains("secret"), "{path}");
    }
    assert_eq!(app.get("/v1/tags/kenya").await.json["article_count"], 0);
}
