//! Properties of the whole room: no text is lost, nothing that could run survives.

use proptest::prelude::*;
use serde_json::json;

use inputs::{addressed, nasty, pasted, prickly_inline};

use super::tree::{Kind, NodeId, Tree, parse};
use super::write::text_of;
use super::*;
use crate::characters::{is_ignorable, is_visible};

mod inputs;

/// Whether anything in this HTML could run.
fn could_run(html: &str) -> bool {
    fn any(tree: &Tree, id: NodeId) -> bool {
        let runs = match tree.kind(id) {
            Kind::Foreign(_) | Kind::Silent => true,
            Kind::Text(_) => false,
            Kind::Element(name) => {
                !allowed::FLOW.contains(&name) && !allowed::INLINE.contains(&name)
                    || tree
                        .attributes(id)
                        .any(|(name, value)| dangerous(name, value))
            }
        };
        runs || tree.children(id).any(|child| any(tree, child))
    }
    fn dangerous(name: &str, value: &str) -> bool {
        const HARMLESS: &[&str] = &[
            "href",
            "title",
            "rel",
            "src",
            "alt",
            "class",
            "colspan",
            "rowspan",
            "start",
            "reversed",
            "span",
            "scope",
            "type",
            "datetime",
            "poster",
            "controls",
            "data-embed",
            "data-provider",
            "id",
            "lang",
            "dir",
            "target",
            "cite",
            "align",
            "width",
            "height",
            "value",
            "kind",
            "srclang",
            "hreflang",
            "label",
            "default",
        ];
        let value = value
            .chars()
            .filter(|c| !c.is_whitespace() && !c.is_control());
        let value = value.collect::<String>().to_lowercase();
        let scheme = ["javascript:", "data:", "vbscript:"];
        let leads = matches!(name, "href" | "src" | "poster" | "cite" | "data-embed");
        !HARMLESS.contains(&name) || leads && scheme.iter().any(|s| value.starts_with(s))
    }
    let tree = parse(html).unwrap();
    tree.top().into_iter().any(|id| any(&tree, id))
}

#[test]
fn the_check_for_what_could_run_finds_what_could() {
    for html in [
        "<script>",
        "<p onclick=x>",
        "<a href=' java\nscript:x'>",
        "<svg>",
        "<!--x-->",
    ] {
        assert!(could_run(html), "{html}");
    }
}

#[test]
fn an_event_handler_never_survives() {
    let html = "<p onclick=a>b<img src=/c onerror=d><a href=/e onfocus=f>g</a><hr onload=h></p>";
    assert!(!could_run(&from_html(html).to_html()));
}

fn from_html(html: &str) -> Body {
    Body::from_html(html, None).unwrap().body
}

fn from_markdown(markdown: &str) -> Body {
    Body::from_markdown(markdown, None).unwrap().body
}

#[test]
fn what_is_not_seen_is_no_text_alone_and_stays_beside_others() {
    let all = (1..=0x10_ffff).filter_map(char::from_u32);
    for c in all.filter(|c| !is_visible(*c)) {
        let formats = |text: &str| {
            [
                Body::from_html(text, None),
                Body::from_markdown(text, None),
                Body::from_text(text),
            ]
            .map(|read| read.unwrap().body)
        };
        for body in formats(&c.to_string()) {
            assert!(body.is_empty(), "U+{:04X} {body:?}", u32::from(c));
        }
        let among = format!("a{c}b");
        for body in formats(&among).into_iter().filter(|_| is_ignorable(c)) {
            assert_eq!(body.to_text(), among, "U+{:04X}", u32::from(c));
        }
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines of a text on which anything is seen: others part paragraphs.
fn seen(text: &str) -> String {
    let lines = text.split(['\u{2028}', '\u{2029}']);
    let lines = lines.filter(|line| line.chars().any(is_visible));
    lines.collect::<Vec<_>>().join("\n")
}

fn html_letters(html: &str) -> String {
    let tree = parse(html).unwrap();
    letters(&text_of(&tree, &tree.top()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn nothing_that_could_run_survives(html in nasty()) {
        for body in [Body::from_html(&html, None), Body::from_markdown(&html, None)].into_iter().flatten() {
            let body = body.body;
            prop_assert!(!could_run(&body.to_html()), "{}", body.to_html());
            let again = from_markdown(&body.to_markdown());
            prop_assert!(!could_run(&again.to_html()), "{}", again.to_html());
        }
        let blocks = json!([
            {"type": "paragraph", "html": html}, {"type": "html", "html": html},
            {"type": "quote", "text": html, "attribution": html},
            {"type": "list", "items": [html]}, {"type": "table", "rows": [[html]]},
            {"type": "code", "text": html}, {"type": "heading", "html": html},
            {"type": "embed", "url": "https://e.example/", "html": html, "provider": html},
            {"type": "image", "url": "/a.jpg", "alt": html, "caption": html, "credit": html},
        ]);
        if let Ok(Imported { body, .. }) = Body::from_blocks(blocks) {
            for block in body.blocks() {
                let html = html::block_html(block);
                prop_assert!(!could_run(&html), "{}", html);
            }
        }
        for address in [&html, &format!("/{html}"), &format!("https://{html}")] {
            let image = json!([{"type": "image", "url": address}, {"type": "embed", "url": address}]);
            if let Ok(Imported { body, .. }) = Body::from_blocks(image) {
                prop_assert!(!could_run(&body.to_html()), "{}", body.to_html());
            }
        }
        prop_assert!(!could_run(&inline(&html)));
    }

    #[test]
    fn no_text_is_lost_or_moved_on_the_way_through_blocks(html in pasted()) {
        let body = from_html(&html);
        prop_assert_eq!(html_letters(&html), html_letters(&body.to_html()), "{}", body.to_html());
    }

    #[test]
    fn no_address_and_no_word_in_an_attribute_is_lost((html, held) in addressed()) {
        let read = Body::from_html(&html, None).unwrap();
        let warnings = read.warnings.listed().iter().map(|warning| warning.detail.as_str());
        let kept = serde_json::to_string(&read.body).unwrap() + &warnings.collect::<String>();
        for number in held {
            prop_assert!(kept.contains(&number), "{} is lost: {}", number, kept);
        }
        let again = from_html(&read.body.to_html());
        prop_assert_eq!(read.body.to_html(), again.to_html());
    }

    #[test]
    fn text_says_what_the_html_says(html in pasted()) {
        let body = from_html(&html);
        prop_assert_eq!(letters(&body.to_text()), html_letters(&body.to_html()), "{}", body.to_html());
    }

    #[test]
    fn importing_what_was_exported_changes_nothing(html in pasted()) {
        let once = from_html(&html);
        let twice = from_html(&once.to_html());
        prop_assert_eq!(once.to_html(), twice.to_html());
        prop_assert_eq!(words(&once.to_text()), words(&twice.to_text()));
    }

    #[test]
    fn markdown_keeps_the_words(
        one in prickly_inline(), two in prickly_inline(), three in prickly_inline(),
    ) {
        let body = Body::from_blocks(json!([
            {"type": "heading", "html": two},
            {"type": "paragraph", "html": one},
            {"type": "list", "items": [two, three]},
            {"type": "list", "ordered": true, "items": [one, three]},
            {"type": "quote", "text": three, "attribution": "By & <by>"},
            {"type": "table", "header": [one, two], "rows": [[two, three]]},
            {"type": "image", "url": "/a_b_c?d=(1)&e=[2]", "alt": "a_b"},
            {"type": "html", "html": one},
        ])).unwrap().body;
        let back = from_markdown(&body.to_markdown());
        prop_assert_eq!(
            letters(&back.to_text()), letters(&body.to_text()), "{}", body.to_markdown()
        );
    }

    #[test]
    fn pasted_html_keeps_its_text_in_markdown(html in pasted()) {
        let body = from_html(&html);
        let back = from_markdown(&body.to_markdown());
        prop_assert_eq!(letters(&back.to_text()), letters(&body.to_text()), "{}", body.to_markdown());
    }

    #[test]
    fn any_text_is_taken_in_every_format(text in "\\PC{0,80}") {
        for body in [Body::from_html(&text, None), Body::from_markdown(&text, None), Body::from_text(&text)] {
            let body = body.unwrap().body;
            let _ = (body.to_html(), body.to_markdown(), body.to_text(), body.word_count());
        }
        prop_assert_eq!(words(&Body::from_text(&text).unwrap().body.to_text()), words(&seen(&text)));
    }
}
