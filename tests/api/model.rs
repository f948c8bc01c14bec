//! Random days at the desk: several people do what they may and may not, in any order, and a small model says what should
//! come of each step: the status of the answer, the article as editors see it, its revisions, its working copy, and what
//! readers see before and after every edge of the clock.

use chrono::{DateTime, Utc};
use dateline::auth::model::Role;
use macro_rules_attribute::apply;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp};

/// Steps of one day.
const STEPS: usize = 120;

/// What an article says, as far as the model knows.
#[derive(Debug, Clone, PartialEq)]
struct Text {
    headline: String,
    kicker: Option<String>,
}

#[derive(Debug, Clone)]
struct Revision {
    version: i64,
    step: &'static str,
    status: &'static str,
    text: Text,
}

#[derive(Debug, Clone)]
struct Copy {
    base: i64,
    text: Text,
}

#[derive(Debug)]
struct Article {
    id: String,
    slug: String,
    is_authors: bool,
    status: &'static str,
    trashed_from: &'static str,
    version: i64,
    text: Text,
    revisions: Vec<Revision>,
    copy: Option<Copy>,
    /// The number that its working copy has, or that the last one had.
    copies: i64,
    /// From when on readers see it, while it is published.
    appears_at: Option<DateTime<Utc>>,
    /// Whether readers have known it.
    was_public: bool,
    /// Readers know that it was retracted.
    is_gone: bool,
}

impl Article {
    fn save(&mut self, step: &'static str) {
        self.version += 1;
        self.revisions.push(Revision {
            version: self.version,
            step,
            status: self.status,
            text: self.text.clone(),
        });
    }

    fn text_at(&self, version: i64) -> Text {
        let found = self.revisions.iter().find(|one| one.version == version);
        found.unwrap().text.clone()
    }

    /// What a working copy makes of it; `None` for a conflict.
    fn merged(&self) -> Option<Text> {
        let copy = self.copy.as_ref()?;
        let base = self.text_at(copy.base);
        Some(Text {
            headline: merged(&base.headline, &self.text.headline, &copy.text.headline)?,
            kicker: merged(&base.kicker, &self.text.kicker, &copy.text.kicker)?,
        })
    }

    fn is_editable(&self) -> bool {
        !matches!(self.status, "retracted" | "trashed")
    }
}

fn merged<T: Clone + PartialEq>(base: &T, article: &T, copy: &T) -> Option<T> {
    match (article == base, copy == base) {
        (_, true) => Some(article.clone()),
        (true, false) => Some(copy.clone()),
        _ if article == copy => Some(copy.clone()),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    Editor,
    Author,
    Viewer,
}

/// A method, a path, an ETag and a body.
type Asked = (Method, String, String, Option<Value>);

struct Day {
    app: TestApp,
    random: StdRng,
    tokens: [String; 3],
    articles: Vec<Article>,
    words: usize,
    said: Vec<String>,
}

/// Times are kept in milliseconds: within one nothing is said of what readers see.
const INSTANT: chrono::Duration = chrono::Duration::milliseconds(1);

impl Day {
    async fn begin(app: TestApp, seed: u64) -> Self {
        app.newsroom().await;
        let tokens = [
            app.user("editor@example.com", Role::Editor).await,
            app.user("author@example.com", Role::Author).await,
            app.user("viewer@example.com", Role::Viewer).await,
        ];
        Self {
            app,
            random: StdRng::seed_from_u64(seed),
            tokens,
            articles: Vec::new(),
            words: 0,
            said: vec![format!("seed {seed}")],
        }
    }

    fn word(&mut self) -> String {
        self.words += 1;
        format!("Word {}", self.words)
    }

    async fn send(
        &mut self,
        who: Who,
        method: Method,
        path: &str,
        etag: Option<String>,
        body: Option<Value>,
    ) -> Reply {
        let token = &self.tokens[who as usize];
        let mut request = self.app.request(method.clone(), path).bearer(token);
        if let Some(etag) = &etag {
            request = request.header("if-match", etag);
        }
        let said = format!("{who:?} {method} {path} {etag:?} {body:?}");
        let reply = match body {
            Some(body) => request.json(body).await,
            None => request.send().await,
        };
        self.said.push(format!("{said} → {}", reply.status));
        reply
    }

    /// Asks for a step that is refused with `expected`, or else done with `done`: then its answer is returned.
    async fn take(
        &mut self,
        who: Who,
        (method, path, etag, body): Asked,
        (expected, done): (Option<u16>, u16),
    ) -> Option<Reply> {
        let reply = self.send(who, method, &path, Some(etag), body).await;
        self.expect(&reply, expected.unwrap_or(done));
        expected.is_none().then_some(reply)
    }

    fn expect(&self, reply: &Reply, status: u16) {
        assert_eq!(
            reply.status,
            status,
            "{}\n{}",
            self.said.join("\n"),
            reply.text
        );
    }

    async fn create(&mut self) {
        let who = *[Who::Editor, Who::Author, Who::Viewer]
            .choose(&mut self.random)
            .unwrap();
        let text = Text {
            headline: self.word(),
            kicker: None,
        };
        let input = json!({
            "headline": text.headline, "authors": ["alex-writer"],
            "body": [{"type": "paragraph", "html": "Text."}]
        });
        let reply = self
            .send(
                who,
                Method::POST,
                "/v1/editorial/articles",
                None,
                Some(input),
            )
            .await;
        if who == Who::Viewer {
            return self.expect(&reply, 403);
        }
        self.expect(&reply, 201);
        let mut article = Article {
            id: reply.json["id"].as_str().unwrap().into(),
            slug: reply.json["slug"].as_str().unwrap().into(),
            is_authors: who == Who::Author,
            status: "draft",
            trashed_from: "draft",
            version: 0,
            text,
            revisions: Vec::new(),
            copy: None,
            copies: 0,
            appears_at: None,
            was_public: false,
            is_gone: false,
        };
        article.save("created");
        self.articles.push(article);
    }

    /// One step with one article; `index` is its place.
    async fn step(&mut self, index: usize) {
        let who = match self.random.random_range(0..10) {
            0..6 => Who::Editor,
            6..9 => Who::Author,
            _ => Who::Viewer,
        };
        let action = self.random.random_range(0..14);
        let is_stale = self.random.random_bool(0.1);
        let (headline, kicker) = (self.word(), self.word());
        let article = &self.articles[index];
        let (id, version) = (article.id.clone(), article.version);
        let etag = match is_stale {
            true => "\"v999\"".to_owned(),
            false => format!("\"v{version}\""),
        };
        let of_copy = match (is_stale, &article.copy) {
            (false, Some(_)) => format!("\"w{}\"", article.copies),
            (false, None) => format!("\"v{version}\""),
            (true, _) => "\"w999\"".to_owned(),
        };
        let path = format!("/v1/editorial/articles/{id}");
        let now = Utc::now();
        // What the model says of the answer, before anything is sent.
        let may_see = who != Who::Author || article.is_authors;
        let publishes = who == Who::Editor;
        let refused = |needs_publishing: bool| match who {
            Who::Viewer => Some(403),
            Who::Author if needs_publishing => Some(403),
            Who::Author if !may_see => Some(404),
            _ if is_stale => Some(412),
            _ => None,
        };
        let changes_public = |article: &Article| article.status == "published" && !publishes;
        match action {
            0 | 1 => {
                let silent = self.random.random_bool(0.3);
                let patch = match action {
                    0 => json!({"headline": headline, "silent": silent}),
                    _ => json!({"kicker": kicker}),
                };
                let expected = refused(false)
                    .or((!article.is_editable()).then_some(409))
                    .or(changes_public(article).then_some(403));
                let asked = (Method::PATCH, path, etag, Some(patch));
                if self.take(who, asked, (expected, 200)).await.is_some() {
                    let article = &mut self.articles[index];
                    match action {
                        0 => article.text.headline = headline,
                        _ => article.text.kicker = Some(kicker),
                    }
                    article.save("edited");
                }
            }
            2 | 3 => {
                let soon = (action == 3).then(|| now + chrono::Duration::milliseconds(60));
                let expected = refused(true).or((!article.is_editable()).then_some(409));
                let body = match soon {
                    Some(at) => json!({"published_at": at}),
                    None => json!({}),
                };
                let asked = (Method::POST, format!("{path}/publish"), etag, Some(body));
                if let Some(reply) = self.take(who, asked, (expected, 200)).await {
                    let article = &mut self.articles[index];
                    article.status = "published";
                    let at = reply.json["published_at"].as_str().unwrap();
                    article.appears_at = Some(at.parse().unwrap());
                    article.save("published");
                }
            }
            4 => {
                let expected = refused(true).or((article.status != "published").then_some(409));
                let asked = (Method::POST, format!("{path}/unpublish"), etag, None);
                if self.take(who, asked, (expected, 200)).await.is_some() {
                    let article = &mut self.articles[index];
                    article.status = "unpublished";
                    article.save("unpublished");
                }
            }
            5 if self.random.random_bool(0.3) => {
                let expected = refused(true).or((!matches!(
                    article.status,
                    "published" | "unpublished"
                ))
                .then_some(409));
                let body = json!({"reason": "It was wrong."});
                let asked = (Method::POST, format!("{path}/retract"), etag, Some(body));
                if let Some(reply) = self.take(who, asked, (expected, 200)).await {
                    let is_told = reply.json["retracted_at"].is_string();
                    let article = &mut self.articles[index];
                    assert!(is_told || !article.was_public, "{}", self.said.join("\n"));
                    article.status = "retracted";
                    article.is_gone = is_told;
                    article.save("retracted");
                }
            }
            6 if self.random.random_bool(0.5) => {
                let expected = refused(false)
                    .or((article.status == "trashed").then_some(409))
                    .or(changes_public(article).then_some(403));
                let asked = (Method::DELETE, path, etag, None);
                if self.take(who, asked, (expected, 200)).await.is_some() {
                    let article = &mut self.articles[index];
                    article.trashed_from = article.status;
                    article.status = "trashed";
                    article.save("trashed");
                }
            }
            7 => {
                let expected = refused(false).or((article.status != "trashed").then_some(409));
                let asked = (Method::POST, format!("{path}/restore"), etag, None);
                if self.take(who, asked, (expected, 200)).await.is_some() {
                    let article = &mut self.articles[index];
                    article.status = match article.trashed_from {
                        "published" => "unpublished",
                        status => status,
                    };
                    article.save("restored");
                }
            }
            8 | 9 => {
                let patch = match action {
                    8 => json!({"headline": headline}),
                    _ => json!({"kicker": kicker}),
                };
                let expected = refused(false).or((article.status != "published").then_some(409));
                let asked = (
                    Method::PATCH,
                    format!("{path}/working-copy"),
                    of_copy,
                    Some(patch),
                );
                if self.take(who, asked, (expected, 200)).await.is_some() {
                    let article = &mut self.articles[index];
                    let text = article.text.clone();
                    let copy = article.copy.get_or_insert(Copy {
                        base: version,
                        text,
                    });
                    match action {
                        8 => copy.text.headline = headline,
                        _ => copy.text.kicker = Some(kicker),
                    }
                    article.copies += 1;
                }
            }
            10 | 11 => {
                self.publish_copy(index, who, action == 11, of_copy, is_stale)
                    .await
            }
            12 => {
                let expected = match who {
                    Who::Viewer => Some(403),
                    Who::Author if !may_see => Some(404),
                    _ if article.copy.is_none() => Some(404),
                    _ if is_stale => Some(412),
                    _ => None,
                };
                let asked = (
                    Method::DELETE,
                    format!("{path}/working-copy"),
                    of_copy,
                    None,
                );
                if self.take(who, asked, (expected, 204)).await.is_some() {
                    let article = &mut self.articles[index];
                    article.copy = None;
                    article.copies += 1;
                }
            }
            _ => {
                let back = article.revisions.choose(&mut self.random).unwrap().clone();
                // A version that is not there is found to be before the one that was read is looked at.
                let expected = refused(false)
                    .or((!article.is_editable()).then_some(409))
                    .or(changes_public(article).then_some(403));
                let rest = format!("{path}/revisions/{}/restore", back.version);
                let asked = (Method::POST, rest, etag, None);
                let done = self.take(who, asked, (expected, 200)).await;
                if done.is_some() && back.text != self.articles[index].text {
                    let article = &mut self.articles[index];
                    article.text = back.text;
                    article.save("edited");
                }
            }
        }
    }

    async fn publish_copy(
        &mut self,
        index: usize,
        who: Who,
        is_later: bool,
        etag: String,
        is_stale: bool,
    ) {
        let article = &self.articles[index];
        let path = format!("/v1/editorial/articles/{}/working-copy", article.id);
        let expected = match who {
            Who::Viewer | Who::Author => Some(403),
            Who::Editor if article.copy.is_none() => Some(404),
            Who::Editor if is_stale => Some(412),
            Who::Editor if article.status != "published" => Some(409),
            Who::Editor if article.merged().is_none() => Some(409),
            Who::Editor => None,
        };
        let text = article.merged();
        let body = match is_later {
            true => json!({"publish_at": Utc::now() + chrono::Duration::milliseconds(40)}),
            false => json!({}),
        };
        let reply = self
            .send(
                who,
                Method::POST,
                &format!("{path}/publish"),
                Some(etag),
                Some(body),
            )
            .await;
        self.expect(&reply, expected.unwrap_or(200));
        let (None, Some(text)) = (expected, text) else {
            return;
        };
        // The server does it by itself, however long it takes.
        let mut is_done = reply.json["working_copy"].is_null();
        if !is_done {
            self.articles[index].copies += 1;
        }
        while !is_done {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            let token = &self.tokens[Who::Editor as usize];
            let copy = self
                .app
                .request(Method::GET, &path)
                .bearer(token)
                .send()
                .await;
            is_done = copy.status == 404;
            assert!(is_done || copy.json["failure"].is_null(), "{}", copy.text);
        }
        let article = &mut self.articles[index];
        article.copy = None;
        article.copies += 1;
        if article.text != text {
            article.text = text;
            article.save("edited");
        }
    }

    /// That an article is what the model says, to editors and to readers.
    async fn check(&mut self, index: usize) {
        let (editor, said) = (
            self.tokens[Who::Editor as usize].clone(),
            self.said.join("\n"),
        );
        let article = &mut self.articles[index];
        let path = format!("/v1/editorial/articles/{}", article.id);
        let get = async |path: &str| {
            self.app
                .request(Method::GET, path)
                .bearer(&editor)
                .send()
                .await
        };
        let seen = get(&path).await;
        assert_eq!(
            (
                seen.etag(),
                &seen.json["status"],
                &seen.json["headline"],
                &seen.json["kicker"]
            ),
            (
                format!("\"v{}\"", article.version),
                &json!(article.status),
                &json!(article.text.headline),
                &json!(article.text.kicker)
            ),
            "{said}"
        );
        let copy = get(&format!("{path}/working-copy")).await;
        match &article.copy {
            None => assert_eq!(
                (copy.status.as_u16(), &seen.json["working_copy"]),
                (404, &Value::Null),
                "{said}"
            ),
            Some(written) => {
                assert_eq!(
                    seen.json["working_copy"]["version"], article.copies,
                    "{said}"
                );
                let (headline, kicker) = (&written.text.headline, &written.text.kicker);
                let text = &copy.json["article"];
                assert_eq!(
                    (&text["headline"], &text["kicker"]),
                    (&json!(headline), &json!(kicker)),
                    "{said}"
                );
                let is_merged = copy.json["conflicts"].as_array().unwrap().is_empty();
                assert_eq!(is_merged, article.merged().is_some(), "{said}");
            }
        }
        let revisions = get(&format!("{path}/revisions?limit=100")).await;
        let listed: Vec<(i64, &str, &str, &str)> = revisions.json["data"]
            .as_array()
            .unwrap()
            .iter()
            .rev()
            .map(|one| {
                let text = |name: &str| one[name].as_str().unwrap();
                (
                    one["version"].as_i64().unwrap(),
                    text("step"),
                    text("status"),
                    text("headline"),
                )
            })
            .collect();
        let expected: Vec<(i64, &str, &str, &str)> = article
            .revisions
            .iter()
            .map(|one| {
                (
                    one.version,
                    one.step,
                    one.status,
                    one.text.headline.as_str(),
                )
            })
            .collect();
        let from = expected.len().saturating_sub(100);
        assert_eq!(listed, expected[from..], "{said}");
        // Readers: the clock decides, and nothing is said of the moment in which it does.
        let before = Utc::now();
        let shown = self
            .app
            .get(&format!("/v1/articles/{}", article.slug))
            .await;
        let after = Utc::now();
        let is_published = article.status == "published";
        let appears_at = article.appears_at.filter(|_| is_published);
        match appears_at {
            Some(at) if at + INSTANT <= before => {
                assert_eq!(
                    (shown.status.as_u16(), &shown.json["headline"]),
                    (200, &json!(article.text.headline)),
                    "{said}\n{}",
                    shown.text
                );
                article.was_public = true;
            }
            Some(at) if at - INSTANT <= after => article.was_public |= shown.status == 200,
            _ if article.is_gone => assert_eq!(shown.status, 410, "{said}"),
            _ => assert_eq!(shown.status, 404, "{said}"),
        }
    }

    /// That lists have what is public, and nothing else.
    async fn check_lists(&self) {
        let before = Utc::now();
        let list = self.app.get("/v1/articles?limit=100").await;
        let after = Utc::now();
        let slugs = list.slugs();
        for article in &self.articles {
            let at = article.appears_at.filter(|_| article.status == "published");
            let is_listed = slugs.contains(&article.slug.as_str());
            match at {
                Some(at) if at + INSTANT <= before => {
                    assert!(is_listed, "{}", self.said.join("\n"));
                }
                Some(at) if at - INSTANT <= after => {}
                _ => assert!(!is_listed, "{}", self.said.join("\n")),
            }
        }
    }
}

async fn play(app: TestApp, seed: u64) {
    let mut day = Day::begin(app, seed).await;
    for _ in 0..STEPS {
        if day.articles.len() < 2 || (day.articles.len() < 6 && day.random.random_bool(0.1)) {
            day.create().await;
            continue;
        }
        let index = day.random.random_range(0..day.articles.len());
        day.step(index).await;
        day.check(index).await;
        day.check_lists().await;
    }
    // What the clock has done is in the log, whose chain holds.
    crate::endings::record(&day.app).await;
    let verified = crate::audit::verified(&day.app, &[]).await;
    assert!(verified.breaks.is_empty(), "{verified:?}");
}

#[apply(both)]
async fn a_random_day_at_the_desk_goes_as_the_model_says(app: TestApp) {
    play(app, rand::random()).await;
}
