//! Slugs that are made from titles, names that are taken, and text with nothing to see.

use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp};

async fn post(app: &TestApp, token: &str, path: &str, body: Value) -> Reply {
    app.request(Method::POST, path)
        .bearer(token)
        .json(body)
        .await
}

const ARTICLES: &str = "/v1/editorial/articles";
const TAGS: &str = "/v1/editorial/tags";
const AUTHORS: &str = "/v1/editorial/authors";

#[apply(both)]
async fn slugs_are_read_as_the_language_writes_them(app: TestApp) {
    let token = app.newsroom().await;
    for (language, headline, slug) in [
        ("en", "£5 note withdrawn", "5-note-withdrawn"),
        ("en", "Don’t panic, it's O'Brien", "dont-panic-its-obrien"),
        (
            "en",
            "Hawaiʻi at 30°C: 50% & rising",
            "hawaii-at-30c-50-rising",
        ),
        (
            "en",
            "C++ and C# on Disney+",
            "c-plus-plus-and-c-sharp-on-disney-plus",
        ),
        ("en", "🎉 Party in the U.S.", "party-in-the-us"),
        ("de", "Größe über alles", "groesse-ueber-alles"),
        ("de-CH", "Zürich wählt", "zuerich-waehlt"),
        ("en-GB", "Zürich votes", "zurich-votes"),
        ("da", "Rødgrød på Århus", "roedgroed-paa-aarhus"),
        ("nb-NO", "Tromsø får snø", "tromsoe-faar-snoe"),
        ("sv", "Tåget till Malmö", "taaget-till-malmoe"),
        ("tr", "Işık İstanbul’da", "isik-istanbulda"),
        ("uk", "Харків і Згурівка", "kharkiv-i-zghurivka"),
        ("ru", "Кольцо и объект", "koltso-i-obekt"),
        ("bg", "Щъркел", "shtarkel"),
        ("sr", "Ђорђе чека", "djordje-ceka"),
        ("el", "Η Αθήνα αύριο", "i-athina-avrio"),
        ("fr", "L’eau d’aujourd’hui", "l-eau-d-aujourd-hui"),
        ("zh-Hans", "北京大学", "bei-jing-da-xue"),
        ("ja", "iPhoneの天気 2026", "iphone-2026"),
    ] {
        let input = json!({"headline": headline, "language": language});
        let reply = app.create(&token, ARTICLES, input).await;
        assert_eq!(reply.json["slug"], slug, "{language}: {headline}");
    }
}

#[apply(both)]
async fn what_cannot_be_read_gets_a_slug_of_its_key(app: TestApp) {
    let token = app.newsroom().await;
    for (input, path, prefix) in [
        (
            json!({"headline": "東京の天気 7418258"}),
            ARTICLES,
            "article-",
        ),
        (
            json!({"headline": "東京", "language": "ja"}),
            ARTICLES,
            "article-",
        ),
        (json!({"headline": "🎉!"}), ARTICLES, "article-"),
        (json!({"name": "がんばれ"}), TAGS, "tag-"),
        (json!({"name": "さとう"}), AUTHORS, "author-"),
    ] {
        let reply = app.create(&token, path, input).await;
        let id = reply.json["id"].as_str().unwrap();
        assert_eq!(
            reply.json["slug"],
            format!("{prefix}{id}"),
            "{}",
            reply.text
        );
    }
    // One that is there stays, whatever the headline and the language become.
    let input = json!({"headline": "Größe", "language": "en"});
    let article = app.create(&token, ARTICLES, input).await;
    assert_eq!(article.json["slug"], "grosse");
    let changed = json!({"headline": "Über", "language": "de"});
    let patched = app.patch(&token, &article, changed).await;
    assert_eq!(
        (patched.status, &patched.json["slug"]),
        (reqwest::StatusCode::OK, &json!("grosse"))
    );
}

#[apply(both)]
async fn a_tag_is_not_named_as_another_of_its_kind(app: TestApp) {
    let token = app.newsroom().await;
    let first = app.create(&token, TAGS, json!({"name": "Harbour N"})).await;
    for name in [
        "Harbour N",
        "harbour N",
        "Harbour\u{a0}N",
        " HARBOUR  n",
        "Ｈarbour\u{3000}N",
        "Har\u{ad}bour N",
    ] {
        let reply = post(&app, &token, TAGS, json!({"name": name, "slug": "another"})).await;
        assert_eq!(reply.status, 409, "{name:?}: {}", reply.text);
        assert_eq!(reply.problem(), "name-taken");
        assert_eq!(
            reply.json["existing"],
            json!({"id": first.json["id"], "slug": "harbour-n", "name": "Harbour N"})
        );
    }
    // Of another kind, or with an accent or a sign, it is another.
    for (name, kind) in [
        ("Harbour N", "place"),
        ("Härbour N", "topic"),
        ("Harbour N++", "topic"),
    ] {
        app.create(&token, TAGS, json!({"name": name, "kind": kind}))
            .await;
    }
    let edit = async |tag: &Reply, patch: Value| {
        app.request(
            Method::PATCH,
            &format!("{TAGS}/{}", tag.json["id"].as_str().unwrap()),
        )
        .bearer(&token)
        .header("if-match", "*")
        .json(patch)
        .await
    };
    let other = app.create(&token, TAGS, json!({"name": "Quay"})).await;
    let place = app
        .create(&token, TAGS, json!({"name": "Quay", "kind": "place"}))
        .await;
    for (tag, patch) in [
        (&other, json!({"name": "HARBOUR N"})),
        (&place, json!({"kind": "topic"})),
    ] {
        let reply = edit(tag, patch).await;
        assert_eq!(reply.problem(), "name-taken", "{}", reply.text);
    }
    // Its own name in other letters, and everything else about it, may change.
    for patch in [
        json!({"name": "HARBOUR N"}),
        json!({"description": "Ships."}),
    ] {
        assert_eq!(edit(&first, patch).await.status, 200);
    }
    // Two people may have one name.
    for slug in ["lee", "lee-2"] {
        let author = app.create(&token, AUTHORS, json!({"name": "Lee"})).await;
        assert_eq!(author.json["slug"], slug);
    }
}

#[apply(both)]
async fn of_simultaneous_tags_with_one_name_one_is_made(app: TestApp) {
    let token = app.newsroom().await;
    let names = ["Quay", "QUAY", "quay", "Quay\u{a0}", "qUAY", "ＱＵＡＹ"];
    let replies = names.map(|name| post(&app, &token, TAGS, json!({ "name": name })));
    let statuses: Vec<u16> = futures_util::future::join_all(replies)
        .await
        .iter()
        .map(|reply| reply.status.as_u16())
        .collect();
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 409).count(),
        5,
        "{statuses:?}"
    );
}

#[apply(both)]
async fn lists_of_names_have_only_what_matches(app: TestApp) {
    let token = app.tool().await;
    for name in [
        "C++",
        "C",
        ".NET",
        "Climate",
        "São Tomé",
        "Zürich",
        "E-mail",
        "U.S. politics",
        "東京",
        "Київ",
    ] {
        for path in [TAGS, AUTHORS] {
            app.create(&token, path, json!({ "name": name })).await;
        }
    }
    for (typed, found) in [
        ("C++", vec!["C++"]),
        ("c#", vec![]),
        (".net", vec![".NET"]),
        ("clim", vec!["Climate"]),
        ("sao tome", vec!["São Tomé"]),
        ("Zuerich", vec!["Zürich"]),
        ("zurich", vec!["Zürich"]),
        ("email", vec!["E-mail"]),
        ("us politics", vec!["U.S. politics"]),
        ("京", vec!["東京"]),
        ("київ", vec!["Київ"]),
        ("%", vec![]),
    ] {
        let query: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        for list in ["tags", "authors"] {
            let reply = app.get(&format!("/v1/{list}?q={query}&count=true")).await;
            let names: Vec<&str> = reply.json["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["name"].as_str().unwrap())
                .collect();
            assert_eq!(names, found, "{list}: {typed}");
            assert_eq!(reply.json["page"]["total"], found.len(), "{list}: {typed}");
        }
    }
}

/// Nothing of these is seen.
const INVISIBLE: &[&str] = &[
    " ",
    "\u{200b}",
    "\u{ad}",
    "\u{3164}",
    "\u{202e}\u{202c}",
    "\u{fe0f}",
    "\u{115f}\u{1160}",
    "\u{2800}",
    "\u{200d}",
    "\u{2066}\u{2069}",
    "\u{feff}\u{a0}",
    "\u{180e}",
    "\u{ffa0}\u{3000}",
];

#[apply(both)]
async fn a_name_with_nothing_to_see_is_blank(app: TestApp) {
    let token = app.newsroom().await;
    for text in INVISIBLE {
        for (path, input, pointer) in [
            (ARTICLES, json!({"headline": text}), "/headline"),
            (ARTICLES, json!({"byline": text}), "/byline"),
            (ARTICLES, json!({"standfirst": text}), "/standfirst"),
            (ARTICLES, json!({"seo": {"title": text}}), "/seo/title"),
            (
                ARTICLES,
                json!({"lead_image": {"url": "/a.jpg", "credit": text}}),
                "/lead_image/credit",
            ),
            (TAGS, json!({"name": text}), "/name"),
            (AUTHORS, json!({"name": text}), "/name"),
            (AUTHORS, json!({"name": "A. Name", "role": text}), "/role"),
        ] {
            let reply = post(&app, &token, path, input).await;
            assert_eq!(reply.status, 422, "{pointer} {text:?}");
            assert_eq!(reply.pointers(), [pointer]);
            assert_eq!(reply.json["errors"][0]["code"], "blank", "{text:?}");
        }
    }
    let article = app
        .create(&token, ARTICLES, json!({"headline": "Seen"}))
        .await;
    let reply = app
        .patch(&token, &article, json!({"headline": "\u{200b}"}))
        .await;
    assert_eq!(reply.status, 422);
}

#[apply(both)]
async fn what_is_not_seen_is_kept_inside_a_text_and_not_around_it(app: TestApp) {
    let token = app.newsroom().await;
    for (written, kept) in [
        ("\u{200b}Harbour\u{feff}", "Harbour"),
        (
            "👩\u{200d}🚀 می\u{200c}خواهم ❤\u{fe0f}",
            "👩\u{200d}🚀 می\u{200c}خواهم ❤\u{fe0f}",
        ),
        ("Donau\u{ad}dampf", "Donau\u{ad}dampf"),
        ("\u{202e}live", "live"),
        ("\u{2067}שלום\u{2069} today", "\u{2067}שלום\u{2069} today"),
    ] {
        let reply = app
            .create(&token, ARTICLES, json!({"headline": written}))
            .await;
        assert_eq!(reply.json["headline"], kept);
    }
}

#[apply(both)]
async fn characters_that_xml_cannot_hold_are_never_stored(app: TestApp) {
    let token = app.newsroom().await;
    for c in [
        "\u{1}",
        "\u{b}",
        "\u{1f}",
        "\u{7f}",
        "\u{fffe}",
        "\u{ffff}",
        "\u{fdd0}",
        "\u{1fffe}",
    ] {
        let text = format!("a{c}b");
        for (path, input, pointer) in [
            (ARTICLES, json!({"headline": text}), "/headline"),
            (ARTICLES, json!({"kicker": text}), "/kicker"),
            (ARTICLES, json!({"dateline": text}), "/dateline"),
            (ARTICLES, json!({"byline": text}), "/byline"),
            (ARTICLES, json!({"standfirst": text}), "/standfirst"),
            (
                ARTICLES,
                json!({"seo": {"description": text}}),
                "/seo/description",
            ),
            (
                ARTICLES,
                json!({"lead_image": {"url": "/a.jpg", "caption": text}}),
                "/lead_image/caption",
            ),
            (TAGS, json!({"name": text}), "/name"),
            (
                TAGS,
                json!({"name": "Quay", "description": text}),
                "/description",
            ),
            (AUTHORS, json!({"name": text}), "/name"),
        ] {
            let reply = post(&app, &token, path, input).await;
            assert_eq!(reply.status, 422, "{pointer} {text:?}");
            assert_eq!(reply.pointers(), [pointer], "{text:?}");
        }
    }
    for custom in [
        json!({"a\u{1}": 1}),
        json!({"a": ["b\u{ffff}"]}),
        json!({"a": {"b\u{b}": 1}}),
    ] {
        let reply = post(&app, &token, ARTICLES, json!({ "custom": custom })).await;
        assert_eq!(reply.pointers(), ["/custom"], "{custom}");
    }
    let lines = json!({"custom": {"note": "one\n\ttwo"}});
    app.create(&token, ARTICLES, lines).await;
}

#[apply(both)]
async fn what_was_stored_under_older_rules_can_be_mended(app: TestApp) {
    let token = app.newsroom().await;
    let article = app
        .create(&token, ARTICLES, json!({"headline": "Seen"}))
        .await;
    let tag = app.create(&token, TAGS, json!({"name": "Quay"})).await;
    app.execute(
        "UPDATE articles SET headline = '\u{200b}'; UPDATE tags SET name = '\u{200b}' WHERE name = 'Quay'",
    )
    .await;
    let tag_path = format!("{TAGS}/{}", tag.json["id"].as_str().unwrap());
    let article_path = format!("{ARTICLES}/{}", article.json["id"].as_str().unwrap());
    for (path, field, other) in [
        (tag_path, "name", "description"),
        (article_path, "headline", "kicker"),
    ] {
        let edit = async |field: &str| {
            app.request(Method::PATCH, &path)
                .bearer(&token)
                .header("if-match", "*")
                .json(json!({ field: "Mended" }))
                .await
        };
        assert_eq!(edit(other).await.pointers(), [format!("/{field}")]);
        assert_eq!(edit(field).await.status, 200);
        assert_eq!(edit(other).await.status, 200);
    }
}
