//! Pictures and other files: uploading, describing, showing in articles, serving, deleting.

use std::io::{Read, Write};
use std::net::TcpListener;

use dateline::auth::model::{Right, Role};
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp, article};

/// A picture of some colours, different for each `seed`.
pub fn jpeg(width: u16, height: u16, seed: u8) -> Vec<u8> {
    let pixels = u32::from(width) * u32::from(height);
    let colours = (0..pixels).flat_map(|at| {
        let (x, y) = (at % u32::from(width), at / u32::from(width));
        [(x / 4) as u8, (y / 4) as u8, seed.wrapping_mul(37)]
    });
    let mut file = Vec::new();
    jpeg_encoder::Encoder::new(&mut file, 85)
        .encode(
            &colours.collect::<Vec<u8>>(),
            width,
            height,
            jpeg_encoder::ColorType::Rgb,
        )
        .unwrap();
    file
}

impl TestApp {
    async fn upload(&self, token: &str, query: &str, mime: &str, file: Vec<u8>) -> Reply {
        self.request(Method::POST, &format!("/v1/editorial/media{query}"))
            .bearer(token)
            .raw(mime, file)
            .send()
            .await
    }

    /// A picture with all that publishing needs.
    pub async fn picture(&self, token: &str, seed: u8) -> Reply {
        let said = "?alt=A%20harbour&credit=Agency%20A&caption=The%20harbour&file_name=harbour.jpg";
        let reply = self
            .upload(token, said, "image/jpeg", jpeg(1000, 600, seed))
            .await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply
    }

    pub async fn describe(&self, token: &str, item: &Reply, patch: Value) -> Reply {
        let id = item.json["id"].as_str().unwrap();
        self.request(Method::PATCH, &format!("/v1/editorial/media/{id}"))
            .bearer(token)
            .header("if-match", &item.etag())
            .json(patch)
            .await
    }

    pub async fn item(&self, token: &str, id: &Value) -> Reply {
        let id = id.as_str().unwrap();
        self.request(Method::GET, &format!("/v1/editorial/media/{id}"))
            .bearer(token)
            .send()
            .await
    }

    async fn delete_item(&self, token: &str, item: &Reply) -> Reply {
        let id = item.json["id"].as_str().unwrap();
        self.request(Method::DELETE, &format!("/v1/editorial/media/{id}"))
            .bearer(token)
            .header("if-match", &item.etag())
            .send()
            .await
    }
}

/// An article that shows an item above it and in its text.
fn showing(slug: &str, id: &Value) -> Value {
    let mut written = article(slug);
    written["lead_image"] = json!({"media_id": id});
    written["body"] = json!([
        {"type": "paragraph", "html": "Twelve cities agreed."},
        {"type": "image", "media_id": id, "caption": "Seen from <em>here</em>"},
        {"type": "gallery", "images": [{"media_id": id}, {"type": "image", "media_id": id, "credit": "Own"}]}
    ]);
    written
}

#[apply(both)]
async fn a_picture_is_served_in_its_widths_for_ever(app: TestApp) {
    let token = app.newsroom().await;
    let item = app.picture(&token, 1).await;
    let json = &item.json;
    assert_eq!(json["kind"], "image");
    assert_eq!(
        (&json["width"], &json["height"]),
        (&json!(1000), &json!(600))
    );
    assert_eq!(json["file_name"], "harbour.jpg");
    assert_eq!(json["credit"], "Agency A");
    let widths: Vec<i64> = json["renditions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["width"].as_i64().unwrap())
        .collect();
    assert_eq!(widths, [320, 320, 640, 640, 960, 960, 1000, 1000]);
    assert_eq!(
        item.header("location"),
        format!("/v1/editorial/media/{}", json["id"].as_str().unwrap())
    );

    for rendition in json["renditions"].as_array().unwrap() {
        let url = rendition["url"].as_str().unwrap();
        let file = app.get(url).await;
        assert_eq!(file.status, 200, "{url}");
        assert_eq!(
            file.header("content-type"),
            rendition["format"].as_str().unwrap()
        );
        assert_eq!(
            file.header("content-length"),
            rendition["bytes"].to_string()
        );
        assert_eq!(
            file.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(
            file.header("content-security-policy"),
            "default-src 'none'; sandbox"
        );
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert_eq!(file.header("access-control-allow-origin"), "*");
    }
    let url = json["url"].as_str().unwrap();
    assert!(url.ends_with("/1000.jpg"), "{url}");
    let whole = app.get(url).await;
    let again = app
        .request(Method::GET, url)
        .header("if-none-match", &whole.etag())
        .send()
        .await;
    assert_eq!(again.status, 304);
    let head = app.request(Method::HEAD, url).send().await;
    assert_eq!(head.status, 200);
    assert_eq!(
        head.header("content-length"),
        whole.header("content-length")
    );
}

#[apply(both)]
async fn a_crop_is_made_when_it_is_asked_for(app: TestApp) {
    let token = app.newsroom().await;
    let item = app.picture(&token, 1).await;
    let crop = &item.json["crops"][0];
    assert_eq!(crop["ratio"], "16x9");
    let url = crop["url"].as_str().unwrap().replace("{width}", "640");
    let file = app.get(&url).await;
    assert_eq!(file.status, 200);
    assert_eq!(file.header("content-type"), "image/webp");
    let jpeg = app.get(&url.replace(".webp", ".jpg")).await;
    assert_eq!(jpeg.header("content-type"), "image/jpeg");
    // From the store, by a process that has not made it.
    assert_eq!(app.without_cache().await.get(&url).await.text, file.text);

    for wrong in [
        "641-16x9-50-50.webp",
        "1280-16x9-50-50.webp",
        "640-16x9.webp",
        "640-2x1-50-50.webp",
        "640-16x9-101-50.webp",
        "0640.webp",
        "640.gif",
        "700.webp",
        "original.png",
        "original.exe",
        "..%2f..%2foriginal.jpg",
        "x",
    ] {
        let (folder, _) = url.rsplit_once('/').unwrap();
        let reply = app.get(&format!("{folder}/{wrong}")).await;
        assert_eq!(reply.status, 404, "{wrong}");
    }
    let unknown = "/media/00000000000000000000000000000000/640.webp";
    assert_eq!(app.get(unknown).await.status, 404);
    assert_eq!(app.get("/media/harbour/640.webp").await.status, 404);

    // The point around which it is cropped is in its address: what pages still show leads to what is made now.
    let patch = json!({"focal_point": {"x": 0.1, "y": 0.255}});
    let moved = app.describe(&token, &item, patch).await;
    assert_eq!(moved.json["focal_point"], json!({"x": 0.1, "y": 0.26}));
    let now = moved.json["crops"][0]["url"].as_str().unwrap();
    assert!(now.ends_with("{width}-16x9-10-26.webp"), "{now}");
    assert_eq!(app.get(&url).await.status, 200, "it was made");
    let old = url.replace("640-", "320-");
    let redirect = app.get(&old).await;
    assert_eq!(redirect.status, 302);
    assert_eq!(redirect.header("location"), "320-16x9-10-26.webp");
    assert_eq!(redirect.header("cache-control"), "no-store");
}

#[apply(both)]
async fn parts_of_a_file_are_sent_to_who_asks_for_them(app: TestApp) {
    let token = app.newsroom().await;
    let item = app.picture(&token, 1).await;
    for member in ["url", "original_url"] {
        let url = item.json[member].as_str().unwrap();
        let whole = app
            .client
            .get(format!("{}{url}", app.url))
            .send()
            .await
            .unwrap();
        let etag = whole.headers()["etag"].to_str().unwrap().to_owned();
        let whole = whole.bytes().await.unwrap();
        let total = whole.len();
        for (range, part) in [
            ("bytes=0-9", 0..10),
            ("bytes=10-", 10..total),
            ("bytes=-7", total - 7..total),
            ("bytes=5-99999999", 5..total),
        ] {
            let request = app.client.get(format!("{}{url}", app.url));
            let reply = request.header("range", range).send().await.unwrap();
            assert_eq!(reply.status(), 206, "{range}");
            let said = format!("bytes {}-{}/{total}", part.start, part.end - 1);
            assert_eq!(reply.headers()["content-range"], said.as_str());
            assert_eq!(reply.bytes().await.unwrap(), whole[part], "{range}");
        }
        for (range, if_range, status) in [
            ("bytes=0-1,4-5", None, 200),
            ("lines=0-1", None, 200),
            ("bytes=9-1", None, 200),
            ("bytes=99999999-", None, 416),
            ("bytes=0-1", Some("\"other\""), 200),
            ("bytes=0-1", Some(etag.as_str()), 206),
        ] {
            let mut request = app.request(Method::GET, url).header("range", range);
            if let Some(etag) = if_range {
                request = request.header("if-range", etag);
            }
            let reply = request.send().await;
            assert_eq!(reply.status, status, "{range} {if_range:?}");
            if status == 416 {
                assert_eq!(reply.header("content-range"), format!("bytes */{total}"));
            }
        }
    }
}

#[apply(both)]
async fn a_form_says_what_a_picture_shows(app: TestApp) {
    let token = app.newsroom().await;
    let form = |parts: &[(&str, &str, &[u8])]| {
        let mut body = Vec::new();
        for (name, more, content) in parts {
            body.extend(
                format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n")
                    .bytes(),
            );
            body.extend(*content);
            body.extend(b"\r\n");
        }
        body.extend(b"--part--\r\n");
        body
    };
    let file = jpeg(64, 48, 2);
    let named = "; filename=\"../../etc/h\u{e4}rbour.jpg\"\r\nContent-Type: image/jpeg";
    let send = async |body: Vec<u8>| {
        app.upload(&token, "", "multipart/form-data; boundary=part", body)
            .await
    };
    let reply = send(form(&[
        ("alt", "", b"A harbour"),
        ("file", named, &file),
        ("rights_expire_at", "", b"2031-01-01T00:00:00Z"),
        ("licence_url", "", b""),
    ]))
    .await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(reply.json["alt"], "A harbour");
    assert_eq!(reply.json["file_name"], "h\u{e4}rbour.jpg");
    assert_eq!(reply.json["rights_expire_at"], "2031-01-01T00:00:00.000Z");

    let wrong = send(form(&[("file", named, &file), ("colour", "", b"red")])).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.pointers()),
        (422, vec!["/colour"])
    );
    let wrong = send(form(&[("alt", "", b"A harbour")])).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.pointers()),
        (422, vec!["/file"])
    );
    let wrong = send(form(&[
        ("file", named, &file),
        ("rights_expire_at", "", b"soon"),
    ]))
    .await;
    assert_eq!(wrong.pointers(), ["/rights_expire_at"]);
    let twice = send(form(&[("file", named, &file), ("file", named, &file)])).await;
    assert_eq!(twice.status, 400);
    let long = [b'a'; 9_000];
    assert_eq!(send(form(&[("alt", "", &long)])).await.status, 413);
    let many: Vec<(&str, &str, &[u8])> = vec![("alt", "", b"a"); 1_000];
    assert_eq!(send(form(&many)).await.status, 413);
    // Without its end.
    let mut cut = form(&[("file", named, &file)]);
    cut.truncate(cut.len() - 20);
    assert_eq!(send(cut).await.status, 400);
    let none = app.upload(&token, "", "multipart/form-data", file).await;
    assert_eq!(none.status, 400);
}

#[apply(both)]
async fn a_file_that_is_there_is_not_stored_twice(app: TestApp) {
    let token = app.newsroom().await;
    let first = app.picture(&token, 1).await;
    let again = app
        .upload(&token, "?alt=Other", "image/jpeg", jpeg(1000, 600, 1))
        .await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json, first.json);
    assert_eq!(again.header("location"), first.header("location"));
    let list = app
        .request(Method::GET, "/v1/editorial/media?count=true")
        .bearer(&token)
        .send()
        .await;
    assert_eq!(list.json["page"]["total"], 1);
}

#[apply(both)]
async fn articles_show_what_an_item_says(app: TestApp) {
    let token = app.newsroom().await;
    let item = app.picture(&token, 1).await;
    let id = &item.json["id"];
    let draft = app
        .create(&token, "/v1/editorial/articles", showing("shown", id))
        .await;
    let published = app.step(&token, &draft, "publish", json!({})).await;
    assert_eq!(published.status, 200, "{}", published.text);
    let shown = app.get("/v1/articles/shown").await.json;
    let lead = &shown["lead_image"];
    assert_eq!(lead["url"], item.json["url"]);
    assert_eq!(
        (&lead["width"], &lead["height"]),
        (&json!(1000), &json!(600))
    );
    assert_eq!(lead["credit"], "Agency A");
    assert_eq!(lead["media_id"], *id);
    assert_eq!(lead["overrides"], json!([]));
    assert_eq!(lead["thumbhash"], item.json["thumbhash"]);
    assert_eq!(lead["srcset"][0]["width"], 320);
    assert_eq!(lead["srcset"].as_array().unwrap().len(), 4);
    assert_eq!(lead["crops"], item.json["crops"]);
    let image = &shown["body"][1];
    assert_eq!(image["alt"], "A harbour");
    assert_eq!(image["caption"], "Seen from <em>here</em>");
    assert_eq!(image["overrides"], json!(["caption"]));
    assert_eq!(image["srcset"], lead["srcset"]);
    let html = shown["body_html"].as_str().unwrap();
    assert!(html.contains("/640.webp 640w"), "{html}");
    assert!(html.contains("width=\"1000\" height=\"600\""), "{html}");
    let gallery = &shown["body"][2]["images"];
    assert_eq!(gallery[0]["credit"], "Agency A");
    assert_eq!(gallery[1]["credit"], "Own");
    let card = app.get("/v1/articles?view=card").await.json;
    assert_eq!(card["data"][0]["lead_image"]["srcset"], lead["srcset"]);

    // In all articles at once, but for what they say themselves.
    let described = app
        .describe(
            &token,
            &item,
            json!({"credit": "Agency B & Co", "caption": "At noon"}),
        )
        .await;
    assert_eq!(described.status, 200, "{}", described.text);
    assert_eq!(described.json["use_count"], 1);
    let after = app.get("/v1/articles/shown").await.json;
    assert_eq!(after["lead_image"]["credit"], "Agency B & Co");
    assert_eq!(after["lead_image"]["caption"], "At noon");
    assert_eq!(after["body"][1]["credit"], "Agency B &amp; Co");
    assert_eq!(after["body"][1]["caption"], "Seen from <em>here</em>");
    assert_eq!(after["body"][2]["images"][1]["credit"], "Own");
    assert!(
        after["body_html"]
            .as_str()
            .unwrap()
            .contains("Agency B &amp; Co")
    );
    assert_eq!(after["updated_at"], shown["updated_at"]);
    assert_eq!(
        app.get("/v1/articles?q=%22Agency%20B%22").await.json["data"][0]["slug"],
        "shown"
    );
    // What readers see goes on having what publishing needs.
    let refused = app.describe(&token, &described, json!({"alt": null})).await;
    assert_eq!(
        (refused.status.as_u16(), refused.pointers()),
        (422, vec!["/alt"])
    );
    // Whoever had it open is told that it has changed.
    let stale = app
        .patch(&token, &published, json!({"headline": "Other"}))
        .await;
    assert_eq!(stale.status, 412);

    // What was read can be sent back.
    let path = format!(
        "/v1/editorial/articles/{}",
        published.json["id"].as_str().unwrap()
    );
    let read = app.request(Method::GET, &path).bearer(&token).send().await;
    let same = json!({"lead_image": read.json["lead_image"], "body": read.json["body"]});
    let sent = app.patch(&token, &read, same).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    assert_eq!(sent.etag(), read.etag(), "nothing has changed");

    // A part of the lead picture is this article's own, and the item's again.
    let own = app
        .patch(&token, &read, json!({"lead_image": {"credit": "Mine"}}))
        .await;
    assert_eq!(own.json["lead_image"]["overrides"], json!(["credit"]));
    assert_eq!(own.json["lead_image"]["credit"], "Mine");
    let back = app
        .patch(&token, &own, json!({"lead_image": {"credit": null}}))
        .await;
    assert_eq!(back.json["lead_image"]["credit"], "Agency B & Co");
    // Of another picture nothing is left.
    let other = app
        .upload(
            &token,
            "?alt=A%20quay&credit=Agency%20C",
            "image/jpeg",
            jpeg(400, 300, 9),
        )
        .await;
    let patch = json!({"lead_image": {"media_id": other.json["id"]}});
    let changed = app.patch(&token, &back, patch).await;
    assert_eq!(changed.json["lead_image"]["alt"], "A quay");
    assert_eq!(changed.json["lead_image"]["caption"], Value::Null);
    let patch = json!({"lead_image": {"url": "https://images.example.com/b.jpg"}});
    let outside = app.patch(&token, &changed, patch).await;
    assert_eq!(outside.json["lead_image"].get("media_id"), None);
    assert_eq!(outside.json["lead_image"].get("srcset"), None);
}

#[apply(both)]
async fn what_has_the_address_of_a_file_is_a_use_of_its_item(app: TestApp) {
    let token = app.newsroom().await;
    let item = app.picture(&token, 1).await;
    let smaller = item.json["url"]
        .as_str()
        .unwrap()
        .replace("1000.jpg", "320.webp");
    let mut written = article("by-address");
    written["lead_image"] = json!({"url": format!("https://news.example{smaller}?v=1")});
    let html = format!("<p>Text.</p><figure><img src=\"{smaller}\" alt=\"Own\"></figure>");
    written["body"] = json!({"format": "html", "content": html});
    let draft = app.create(&token, "/v1/editorial/articles", written).await;
    assert_eq!(draft.json["lead_image"]["url"], item.json["url"]);
    assert_eq!(draft.json["lead_image"]["credit"], "Agency A");
    let image = &draft.json["body"][1];
    assert_eq!(image["media_id"], item.json["id"]);
    assert_eq!(image["overrides"], json!(["alt"]));
    // What is exported comes back.
    let body = json!({"format": "html", "content": draft.json["body_html"]});
    let again = app.patch(&token, &draft, json!({"body": body})).await;
    assert_eq!(again.json["body"][1]["media_id"], item.json["id"]);
    assert_eq!(app.delete_item(&token, &item).await.status, 409);
}

#[apply(both)]
async fn an_item_that_is_shown_stays(app: TestApp) {
    let token = app.newsroom().await;
    let item = app.picture(&token, 1).await;
    let id = item.json["id"].clone();
    let draft = app
        .create(&token, "/v1/editorial/articles", showing("shown", &id))
        .await;
    let refused = app.delete_item(&token, &item).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (409, "in-use")
    );
    assert!(refused.json["detail"].as_str().unwrap().contains("shown"));
    let path = format!("/v1/editorial/media/{}/uses", id.as_str().unwrap());
    let uses = app.request(Method::GET, &path).bearer(&token).send().await;
    assert_eq!(uses.json["data"][0]["slug"], "shown");
    assert_eq!(uses.json["data"][0]["in_working_copy"], false);

    let plain =
        json!({"lead_image": null, "body": [{"type": "paragraph", "html": "Nothing to see."}]});
    let without = app.patch(&token, &draft, plain.clone()).await;
    assert_eq!(without.status, 200, "{}", without.text);
    let published = app.step(&token, &without, "publish", json!({})).await;
    // A working copy shows it.
    let article = published.json["id"].as_str().unwrap();
    let copy = format!("/v1/editorial/articles/{article}/working-copy");
    let edited = app
        .request(Method::PATCH, &copy)
        .bearer(&token)
        .header("if-match", &published.etag())
        .json(json!({"lead_image": {"media_id": id}}))
        .await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    assert_eq!(edited.json["article"]["lead_image"]["credit"], "Agency A");
    assert_eq!(app.delete_item(&token, &item).await.status, 409);
    let same = app
        .request(Method::PATCH, &copy)
        .bearer(&token)
        .header("if-match", &edited.etag())
        .json(json!({"headline": edited.json["article"]["headline"]}))
        .await;
    assert_eq!(same.etag(), edited.etag(), "nothing has changed");
    let uses = app.request(Method::GET, &path).bearer(&token).send().await;
    assert_eq!(uses.json["data"][0]["in_working_copy"], true);
    let publish = format!("{copy}/publish");
    let shown = app
        .request(Method::POST, &publish)
        .bearer(&token)
        .header("if-match", &edited.etag())
        .json(json!({}))
        .await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    assert_eq!(shown.json["lead_image"]["url"], item.json["url"]);
    assert_eq!(app.delete_item(&token, &item).await.status, 409);
    let without = app.patch(&token, &shown, plain).await;
    assert_eq!(without.status, 200, "{}", without.text);

    let unused = app
        .request(Method::GET, "/v1/editorial/media?unused=true")
        .bearer(&token)
        .send()
        .await;
    assert_eq!(unused.json["data"][0]["id"], id);
    assert_eq!(app.delete_item(&token, &item).await.status, 204);
    for member in ["url", "original_url"] {
        let url = item.json[member].as_str().unwrap();
        assert_eq!(app.get(url).await.status, 404, "{url}");
        // Nor is a cache told that what it has is good.
        let tag = format!(
            "\"{}\"",
            url.trim_start_matches("/media/").replacen('/', "-", 1)
        );
        let asked = app.request(Method::GET, url).header("if-none-match", &tag);
        assert_eq!(asked.send().await.status, 404, "{url}");
    }
    assert_eq!(app.item(&token, &id).await.status, 404);
    // A version of the article that showed it is brought back without it.
    let path = format!("/v1/editorial/articles/{article}");
    let now = app.request(Method::GET, &path).bearer(&token).send().await;
    let restored = app
        .request(Method::POST, &format!("{path}/revisions/1/restore"))
        .bearer(&token)
        .header("if-match", &now.etag())
        .json(json!({}))
        .await;
    assert_eq!(restored.status, 200, "{}", restored.text);
    assert_eq!(restored.json["lead_image"], Value::Null);
    assert_eq!(restored.json["body"].as_array().unwrap().len(), 1);
    let warned: Vec<&Value> = restored.json["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| &warning["pointer"])
        .collect();
    let places = [
        "/lead_image",
        "/body/1",
        "/body/2/images/0",
        "/body/2/images/1",
    ];
    assert_eq!(warned, places);
    // The same file is another item then, at another address.
    let again = app.picture(&token, 1).await;
    assert_ne!(again.json["url"], item.json["url"]);
}

#[apply(both)]
async fn what_is_not_there_or_of_another_kind_is_not_shown(app: TestApp) {
    let token = app.newsroom().await;
    let pdf = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n".to_vec();
    let document = app.upload(&token, "", "application/pdf", pdf).await;
    assert_eq!(document.status, 201, "{}", document.text);
    assert_eq!(document.json["kind"], "document");
    let file = app.get(document.json["url"].as_str().unwrap()).await;
    assert_eq!(file.header("content-disposition"), "attachment");
    let id = &document.json["id"];
    let nobody = "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11";
    let mut written = article("wrong");
    written["lead_image"] = json!({"media_id": nobody});
    written["body"] = json!([
        {"type": "image", "media_id": id},
        {"type": "audio", "media_id": nobody},
        {"type": "gallery", "images": [{"media_id": id}]}
    ]);
    let reply = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .json(written)
        .await;
    assert_eq!(reply.status, 422);
    assert_eq!(
        reply.pointers(),
        [
            "/lead_image/media_id",
            "/body/0/media_id",
            "/body/1/media_id",
            "/body/2/images/0/media_id"
        ]
    );
    let codes: Vec<&Value> = reply.json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["code"])
        .collect();
    assert_eq!(
        codes,
        ["not_found", "wrong_kind", "not_found", "wrong_kind"]
    );
    let neither = json!({"headline": "H", "lead_image": {"alt": "A"}, "body": [{"type": "video"}]});
    let reply = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .json(neither)
        .await;
    assert_eq!(reply.pointers(), ["/lead_image/url", "/body/0/url"]);
}

#[apply(both)]
async fn what_may_not_be_published_any_more_is_not(app: TestApp) {
    let token = app.newsroom().await;
    let item = app.picture(&token, 1).await;
    let draft = app
        .create(
            &token,
            "/v1/editorial/articles",
            showing("shown", &item.json["id"]),
        )
        .await;
    let over = app
        .describe(
            &token,
            &item,
            json!({"rights_expire_at": "2024-01-01T00:00:00Z"}),
        )
        .await;
    let refused = app.step(&token, &draft, "publish", json!({})).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json["errors"][0]["code"], "rights_expired");
    assert_eq!(refused.pointers()[0], "/lead_image/media_id");
    let desk = app
        .request(Method::GET, "/v1/editorial/desk")
        .bearer(&token)
        .send()
        .await;
    assert_eq!(
        desk.json["expired_media"],
        json!([]),
        "nothing of it is published"
    );
    let mut at_once = showing("at-once", &item.json["id"]);
    at_once["status"] = json!("published");
    let refused = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .json(at_once)
        .await;
    assert_eq!(refused.json["errors"][0]["code"], "rights_expired");
    // Nor is what appears once the rights have expired.
    let soon = app
        .describe(
            &token,
            &over,
            json!({"rights_expire_at": "2998-01-01T00:00:00Z"}),
        )
        .await;
    for publish in [
        json!({"published_at": "2999-01-01T00:00:00Z"}),
        json!({"embargo_until": "2999-01-01T00:00:00Z"}),
    ] {
        let refused = app.step(&token, &draft, "publish", publish).await;
        assert_eq!(refused.json["errors"][0]["code"], "rights_expired");
    }
    let again = app
        .describe(&token, &soon, json!({"rights_expire_at": null}))
        .await;
    let published = app.step(&token, &draft, "publish", json!({})).await;
    assert_eq!(published.status, 200, "{}", published.text);
    // What is published already stays, can be edited, and is on the desk.
    app.describe(
        &token,
        &again,
        json!({"rights_expire_at": "2024-01-01T00:00:00Z"}),
    )
    .await;
    let edited = app
        .patch(&token, &published, json!({"headline": "Other"}))
        .await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    let expired = app
        .request(Method::GET, "/v1/editorial/media?rights_expired=true")
        .bearer(&token)
        .send()
        .await;
    assert_eq!(expired.json["data"][0]["id"], item.json["id"]);
    let desk = app
        .request(Method::GET, "/v1/editorial/desk")
        .bearer(&token)
        .send()
        .await;
    assert_eq!(desk.json["expired_media"][0]["media_id"], item.json["id"]);
    assert_eq!(desk.json["expired_media"][0]["article"]["slug"], "shown");
}

#[apply(both)]
async fn authors_change_what_they_have_uploaded(app: TestApp) {
    let token = app.newsroom().await;
    let author = app.user("author@example.com", Role::Author).await;
    let item = app.picture(&token, 1).await;
    let refused = app.describe(&author, &item, json!({"alt": "Mine"})).await;
    assert_eq!(refused.status, 403);
    assert_eq!(app.delete_item(&author, &item).await.status, 403);
    let own = app.picture(&author, 2).await;
    let described = app.describe(&author, &own, json!({"alt": "Mine"})).await;
    assert_eq!(described.status, 200);
    // Nobody overwrites what they have not read.
    let stale = app.describe(&author, &own, json!({"alt": "Yours"})).await;
    assert_eq!(
        (stale.status.as_u16(), stale.etag()),
        (412, described.etag())
    );
    assert_eq!(app.delete_item(&author, &own).await.status, 412);
    let path = format!("/v1/editorial/media/{}", own.json["id"].as_str().unwrap());
    let unguarded = app.request(Method::DELETE, &path).bearer(&author);
    assert_eq!(unguarded.send().await.status, 428);
    // What readers see those change who may publish.
    let id = &own.json["id"];
    let draft = app
        .create(&token, "/v1/editorial/articles", showing("shown", id))
        .await;
    app.step(&token, &draft, "publish", json!({})).await;
    let refused = app
        .describe(&author, &described, json!({"credit": "Me"}))
        .await;
    assert_eq!(refused.status, 403);
    let notes = app
        .describe(&author, &described, json!({"usage_terms": "Ask first"}))
        .await;
    assert_eq!(notes.status, 200, "no reader sees that");
    // Of articles of others an author is not told.
    let path = format!("/v1/editorial/media/{}/uses", id.as_str().unwrap());
    let uses = app.request(Method::GET, &path).bearer(&author).send().await;
    assert_eq!(uses.json["data"], json!([]));
    let path = format!("/v1/editorial/media/{}/uses", id.as_str().unwrap());
    let reader = app.tool_with(&[Right::MediaRead]).await;
    let uses = app.request(Method::GET, &path).bearer(&reader).send().await;
    assert_eq!(uses.json["data"], json!([]), "it may read no articles");
    let refused = app.delete_item(&author, &notes).await;
    assert_eq!(refused.status, 409);
    assert!(!refused.text.contains("shown:"), "{}", refused.text);
    let reader = app.tool_with(&[Right::MediaRead]).await;
    let refused = app.upload(&reader, "", "image/jpeg", jpeg(8, 8, 3)).await;
    assert_eq!(refused.status, 403);
}

#[apply(both)]
async fn what_cannot_be_a_picture_is_refused(app: TestApp) {
    let app = TestApp::start_at_with(app.config.clone(), |config| {
        config.media.max_media_bytes = 200_000;
    })
    .await;
    let token = app.newsroom().await;
    let picture = jpeg(64, 48, 1);
    for (what, mime, file, status, word) in [
        (
            "SVG",
            "image/svg+xml",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(),
            415,
            "SVG",
        ),
        (
            "HTML",
            "text/html",
            b"<!doctype html><script>alert(1)</script>".to_vec(),
            415,
            "HTML",
        ),
        (
            "text",
            "image/jpeg",
            b"no picture at all".to_vec(),
            415,
            "taken",
        ),
        (
            "HEIC",
            "image/heic",
            b"\0\0\0\x18ftypheic\0\0\0\0heicmif1".to_vec(),
            415,
            "HEIC",
        ),
        ("a lie", "image/png", picture.clone(), 415, "image/jpeg"),
        ("nothing", "image/jpeg", Vec::new(), 400, "empty"),
        (
            "half of one",
            "image/jpeg",
            picture[..picture.len() / 2].to_vec(),
            422,
            "cannot be used",
        ),
        (
            "its first bytes",
            "image/jpeg",
            picture[..20].to_vec(),
            422,
            "cannot be used",
        ),
        (
            "too much",
            "image/jpeg",
            [picture.clone(), vec![0; 200_000]].concat(),
            413,
            "200000",
        ),
        (
            "far too much",
            "image/jpeg",
            vec![0xff; 3_000_000],
            413,
            "200000",
        ),
    ] {
        let reply = app.upload(&token, "", mime, file).await;
        assert_eq!(reply.status, status, "{what}: {}", reply.text);
        assert!(reply.text.contains(word), "{what}: {}", reply.text);
    }
    let list = app
        .request(Method::GET, "/v1/editorial/media")
        .bearer(&token)
        .send()
        .await;
    assert_eq!(list.json["data"], json!([]));
    // A picture with a page behind it is a picture.
    let polyglot = [picture, b"<script>alert(1)</script>".to_vec()].concat();
    let item = app
        .upload(&token, "", "application/octet-stream", polyglot)
        .await;
    assert_eq!(item.status, 201, "{}", item.text);
    let original = app.get(item.json["original_url"].as_str().unwrap()).await;
    assert!(!original.text.contains("script"));
    assert_eq!(original.header("content-type"), "image/jpeg");
}

#[apply(both)]
async fn many_articles_show_it_soon(app: TestApp) {
    let token = app.newsroom().await;
    let item = app.picture(&token, 1).await;
    let operations: Vec<Value> = (0..60)
        .map(|number| {
            let mut written = showing(&format!("shown-{number}"), &item.json["id"]);
            written["status"] = json!("published");
            json!({"op": "create", "article": written})
        })
        .collect();
    let batch = app
        .request(Method::POST, "/v1/editorial/articles/batch")
        .bearer(&token)
        .json(json!({"operations": operations}))
        .await;
    assert_eq!(batch.status, 200, "{}", batch.text);
    app.describe(&token, &item, json!({"credit": "Agency B"}))
        .await;
    loop {
        let list = app.get("/v1/articles?limit=100").await.json;
        let articles = list["data"].as_array().unwrap();
        assert_eq!(articles.len(), 60, "{}", batch.text);
        let shows = |article: &&Value| article["lead_image"]["credit"] == "Agency B";
        if articles.iter().all(|article| shows(&article)) {
            break;
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[apply(both)]
async fn a_request_that_is_sent_again_stores_one_file(app: TestApp) {
    let token = app.newsroom().await;
    let send = async |key: &str, file: Vec<u8>| {
        app.request(Method::POST, "/v1/editorial/media")
            .bearer(&token)
            .header("idempotency-key", key)
            .raw("image/jpeg", file)
            .send()
            .await
    };
    let first = send("one", jpeg(64, 48, 1)).await;
    assert_eq!(first.status, 201);
    let again = send("one", jpeg(64, 48, 1)).await;
    assert_eq!(again.status, 201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.json, first.json);
    let other = send("one", jpeg(64, 48, 2)).await;
    assert_eq!(
        (other.status.as_u16(), other.problem()),
        (422, "idempotency-key-reused")
    );
    let list = app
        .request(Method::GET, "/v1/editorial/media")
        .bearer(&token)
        .send()
        .await;
    assert_eq!(list.json["data"].as_array().unwrap().len(), 1);
}

#[apply(both)]
async fn items_are_found_by_what_is_said_of_them(app: TestApp) {
    let token = app.newsroom().await;
    for (seed, query) in [
        (1, "?alt=The%20H%C3%A4rbour&credit=Jo%20Lind"),
        (2, "?alt=A%20mountain&credit=Agency"),
        (3, "?caption=harbours%20at%20night&credit=Jo%20Other"),
    ] {
        app.upload(&token, query, "image/jpeg", jpeg(64, 48, seed))
            .await;
    }
    let pdf = b"%PDF-1.4\n%%EOF\n".to_vec();
    app.upload(&token, "?file_name=harbour.pdf", "application/pdf", pdf)
        .await;
    for (query, found) in [
        ("", 4),
        ("?q=harbour", 3),
        ("?q=HARBOUR%20jo", 2),
        ("?kind=image&q=harbour", 2),
        ("?kind=document,audio", 1),
        ("?credit=jo", 2),
        ("?credit=jo%20lind", 1),
        ("?q=%25", 0),
        ("?unused=true&rights_expired=false", 4),
        ("?rights_expired=true", 0),
    ] {
        let path = format!("/v1/editorial/media{query}");
        let reply = app.request(Method::GET, &path).bearer(&token).send().await;
        let data = reply.json["data"].as_array().unwrap();
        assert_eq!(data.len(), found, "{query}: {}", reply.text);
    }
    // Page by page, forward and back.
    let mut path = "/v1/editorial/media?limit=1".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = app
            .request(Method::GET, &path)
            .bearer(&token)
            .send()
            .await
            .json;
        seen.push(page["data"][0]["id"].clone());
        match page["page"]["next_cursor"].as_str() {
            Some(next) => path = format!("/v1/editorial/media?limit=1&cursor={next}"),
            None => {
                let back = page["page"]["prev_cursor"].as_str().unwrap();
                let path = format!("/v1/editorial/media?limit=1&cursor={back}");
                let page = app
                    .request(Method::GET, &path)
                    .bearer(&token)
                    .send()
                    .await
                    .json;
                assert_eq!(page["data"][0]["id"], seen[2]);
                break;
            }
        }
    }
    assert_eq!(seen.len(), 4);
    seen.sort_by_key(ToString::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 4);
}

/// Answers every request with a file; returns its address and counts connections.
fn file_server(file: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                file.len()
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&file);
        }
    });
    format!("http://{address}/pictures/harbour%20wall.jpg?size=large")
}

#[apply(both)]
async fn a_file_is_fetched_from_the_web_and_not_from_here(app: TestApp) {
    let url = file_server(jpeg(64, 48, 1));
    let token = app.newsroom().await;
    for (url, code) in [
        (url.as_str(), "blocked"),
        ("http://localhost:9/a.jpg", "blocked"),
        ("http://2130706433/a.jpg", "blocked"),
        ("http://[::ffff:7f00:1]/a.jpg", "blocked"),
        ("http://169.254.169.254/latest/meta-data", "blocked"),
        ("ftp://pictures.example/a.jpg", "blocked"),
        ("harbour.jpg", "invalid_url"),
    ] {
        let reply = app
            .request(Method::POST, "/v1/editorial/media/fetch")
            .bearer(&token)
            .json(json!({"url": url}))
            .await;
        assert_eq!(reply.status, 422, "{url}");
        assert_eq!(
            reply.json["errors"][0]["code"], code,
            "{url}: {}",
            reply.text
        );
        assert_eq!(reply.pointers(), ["/url"]);
    }
    let app = TestApp::start_at_with(app.config.clone(), |config| {
        config.media.fetch_allow = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let fetch = async || {
        app.request(Method::POST, "/v1/editorial/media/fetch")
            .bearer(&token)
            .header("idempotency-key", "once")
            .json(json!({"url": url}))
            .await
    };
    let reply = fetch().await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let again = fetch().await;
    assert_eq!((again.status.as_u16(), &again.json), (201, &reply.json));
    assert_eq!(reply.json["file_name"], "harbour wall.jpg");
    assert_eq!(reply.json["width"], 64);
}

#[apply(both)]
async fn articles_are_written_again_where_files_are_elsewhere(app: TestApp) {
    let token = app.newsroom().await;
    let item = app.picture(&token, 1).await;
    let draft = app
        .create(
            &token,
            "/v1/editorial/articles",
            showing("shown", &item.json["id"]),
        )
        .await;
    app.step(&token, &draft, "publish", json!({})).await;
    let elsewhere = TestApp::start_at_with(app.config.clone(), |config| {
        config.media.media_url = Some("https://media.example/files/".parse().unwrap());
    })
    .await;
    loop {
        let shown = elsewhere.get("/v1/articles/shown").await.json;
        let url = shown["lead_image"]["url"].as_str().unwrap();
        if url.starts_with("https://media.example/files/") {
            assert!(url.ends_with("/1000.jpg"), "{url}");
            break;
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let item = elsewhere.item(&token, &item.json["id"]).await;
    assert!(
        item.json["url"]
            .as_str()
            .unwrap()
            .starts_with("https://media.example/")
    );
}

#[apply(both)]
async fn a_picture_of_a_draft_is_known_to_nobody_who_has_not_its_address(app: TestApp) {
    let token = app.newsroom().await;
    let item = app.picture(&token, 1).await;
    let (folder, _) = item.json["url"].as_str().unwrap().rsplit_once('/').unwrap();
    let name = folder.rsplit('/').next().unwrap();
    app.create(
        &token,
        "/v1/editorial/articles",
        showing("draft", &item.json["id"]),
    )
    .await;
    // Whoever has the file itself cannot tell from it where it is.
    assert_ne!(name, &item.json["hash"].as_str().unwrap()[..32]);
    for path in [
        "/v1/articles",
        "/v1/articles?view=card",
        "/v1/tags",
        "/media/",
        folder,
    ] {
        let reply = app.get(path).await;
        assert!(!reply.text.contains(name) || path == folder, "{path}");
    }
    assert_eq!(app.get(folder).await.status, 404);
    // Whoever has the address sees it: a page that shows a preview can.
    assert_eq!(
        app.get(item.json["url"].as_str().unwrap()).await.status,
        200
    );
}

/// How many statements publishing an article takes.
async fn statements_of_publishing(app: &TestApp, token: &str, written: Value) -> u64 {
    let mut fewest = u64::MAX;
    // Other things that a server does ask the database now and then.
    for _ in 0..3 {
        let draft = app
            .create(token, "/v1/editorial/articles", written.clone())
            .await;
        let queries = app.database.queries();
        let before = queries.get();
        let published = app.step(token, &draft, "publish", json!({})).await;
        assert_eq!(published.status, 200, "{}", published.text);
        fewest = fewest.min(queries.get() - before);
    }
    fewest
}

#[apply(both)]
async fn many_pictures_take_few_statements(app: TestApp) {
    let token = app.newsroom().await;
    let mut blocks = vec![json!({"type": "paragraph", "html": "Twenty pictures."})];
    let mut plain = article("plain");
    plain["body"] = json!(blocks);
    for seed in 0..20 {
        let said = "?alt=A%20harbour&credit=Agency";
        let item = app
            .upload(&token, said, "image/jpeg", jpeg(32, 24, seed))
            .await;
        blocks.push(json!({"type": "image", "media_id": item.json["id"]}));
    }
    let mut pictures = article("pictures");
    pictures["body"] = json!(blocks);
    for written in [&mut plain, &mut pictures] {
        written.as_object_mut().unwrap().remove("slug");
    }
    let without = statements_of_publishing(&app, &token, plain).await;
    let with = statements_of_publishing(&app, &token, pictures).await;
    assert!(with <= without + 3, "{with} against {without}");
}
