//! What editors paste and importers send: what it becomes, what is said of what was left out, and that
//! publishing sees every picture.

use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::article;

/// A block without what is null or empty, as the table of cases has it.
fn short(block: &Value) -> Value {
    let said = block.as_object().unwrap().iter();
    let said = said.filter(|(_, value)| !value.is_null() && **value != json!([]));
    Value::Object(
        said.map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

fn codes(article: &Value) -> Vec<&str> {
    let warnings = article["warnings"].as_array().into_iter().flatten();
    warnings
        .map(|warning| warning["code"].as_str().unwrap())
        .collect()
}

#[apply(both)]
async fn every_input_becomes_its_blocks_and_what_is_left_out_is_said(app: TestApp) {
    let token = app.newsroom().await;
    let cases: Vec<Value> = serde_json::from_str(include_str!("import_cases.json")).unwrap();
    for case in cases {
        let mut body = json!({"format": case["format"], "content": case["content"]});
        if let Some(base) = case.get("base_url") {
            body["base_url"] = base.clone();
        }
        let input = json!({"headline": "H", "body": body});
        let made = app.create(&token, "/v1/editorial/articles", input).await;
        assert_eq!(made.status, 201, "{}: {}", case["name"], made.text);
        let blocks: Vec<Value> = made.json["body"]
            .as_array()
            .unwrap()
            .iter()
            .map(short)
            .collect();
        assert_eq!(Value::Array(blocks), case["body"], "{}", case["name"]);
        let expected: Vec<&str> = case["warnings"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|code| code.as_str().unwrap())
            .collect();
        assert_eq!(
            codes(&made.json),
            expected,
            "{}: {}",
            case["name"],
            made.json["warnings"]
        );

        // What was made is taken as it is, as blocks and as HTML, and says nothing more.
        for again in [
            made.json["body"].clone(),
            json!({"format": "html", "content": made.json["body_html"]}),
        ] {
            let input = json!({"headline": "H", "body": again});
            let again = app.create(&token, "/v1/editorial/articles", input).await;
            assert_eq!(again.json["body"], made.json["body"], "{}", case["name"]);
            assert_eq!(
                codes(&again.json),
                [""; 0],
                "{}: {}",
                case["name"],
                again.text
            );
        }
    }
}

#[apply(both)]
async fn blocks_say_where_something_was_left_out(app: TestApp) {
    let token = app.newsroom().await;
    let mut input = article("warned");
    input["body"] = json!([
        {"type": "paragraph", "html": "<a href=\"javascript:x\">a</a>"},
        {"type": "list", "items": ["a", "<span title=\"t\">b</span>"]},
        {"type": "table", "rows": [["a", "<i hidden>b</i>"]]},
        {"type": "image", "url": "/a.jpg", "alt": "A", "caption": "<script src=\"/x.js\"></script>C"},
    ]);
    let made = app.create(&token, "/v1/editorial/articles", input).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let warnings = made.json["warnings"].as_array().unwrap().iter();
    let found: Vec<_> = warnings
        .map(|warning| {
            (
                warning["pointer"].as_str().unwrap(),
                warning["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("/body/0/html", "link_removed"),
            ("/body/1/items/1", "title_removed"),
            ("/body/2/rows/0/1", "hidden_text_removed"),
            ("/body/3/caption", "element_removed"),
        ]
    );
    // A change of the body says it too; reading and other changes have nothing to say.
    let patched = app
        .patch(
            &token,
            &made,
            json!({"body": {"format": "html", "content": "<img src=\"a/b.png\">c"}}),
        )
        .await;
    assert_eq!(codes(&patched.json), ["picture_removed"]);
    let patched = app
        .patch(&token, &patched, json!({"headline": "Another"}))
        .await;
    assert_eq!(patched.json.get("warnings"), None, "{}", patched.text);
}

#[apply(both)]
async fn publishing_sees_every_picture(app: TestApp) {
    let token = app.newsroom().await;
    let picture = "<figure><img src=\"/a.jpg\"></figure>";
    for (content, lacks) in [
        (format!("<figure>{picture}{picture}</figure>"), vec!["/body/0/alt", "/body/0/credit", "/body/1/alt", "/body/1/credit"]),
        (format!("<ul><li>a</li><li>{picture}</li></ul>"), vec!["/body/0/html", "/body/0/html"]),
        (format!("<table><tr><td colspan=\"2\">{picture}</td></tr></table>"), vec!["/body/0/html", "/body/0/html"]),
        (format!("<blockquote class=\"tiktok-embed\" cite=\"https://t.example/1\">{picture}</blockquote>"), vec!["/body/0/html"]),
        ("<ul><li><figure><img src=\"/a.jpg\" alt=\"A\"><figcaption>A <span class=\"credit\">B</span></figcaption></figure></li><li>b</li></ul>".to_owned(), vec![]),
    ] {
        let mut input = article(&format!("pictures-{}", content.len()));
        input["body"] = json!({"format": "html", "content": content});
        let draft = app.create(&token, "/v1/editorial/articles", input).await;
        assert_eq!(draft.status, 201, "{}", draft.text);
        let reply = app.step(&token, &draft, "publish", json!({})).await;
        if lacks.is_empty() {
            assert_eq!(reply.status, 200, "{content}: {}", reply.text);
        } else {
            assert_eq!(reply.status, 422, "{content}: {}", reply.text);
            assert_eq!(reply.pointers(), lacks, "{content}");
        }
    }
}

#[apply(both)]
async fn a_base_url_must_be_an_address_of_the_web(app: TestApp) {
    let token = app.newsroom().await;
    for wrong in [json!("/images/"), json!("ftp://a.example/"), json!(7)] {
        let body = json!({"format": "html", "content": "a", "base_url": wrong});
        let input = json!({"headline": "H", "body": body});
        let request = app.request(Method::POST, "/v1/editorial/articles");
        let reply = request.bearer(&token).json(input).await;
        assert_eq!(reply.status, 422, "{}", reply.text);
        assert_eq!(reply.pointers(), ["/body/base_url"]);
    }
}
