//! Properties of the whole room: no text is lost, nothing that could run survives.

use proptest::prelude::*;

use super::nodes::{Node, parse};
use super::*;

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn paragraph(html: &str) -> Block {
    Block::Paragraph { html: html.into() }
}

fn imported(html: &str) -> Vec<Block> {
    Body::from_html(html).unwrap().0
}

#[test]
fn known_elements_become_their_blocks() {
    let html = "<h2>Head</h2><p>One <b>two</b></p>loose<blockquote><p>Said</p><footer>A, mayor\
        </footer></blockquote><ul><li>a</li><li>b</li></ul><figure><img src=\"/a.jpg\" alt=\"A\">\
        <figcaption>Cap <small>Agency</small></figcaption></figure><table><thead><tr><th>H</th></tr>\
        </thead><tbody><tr><td>1</td></tr></tbody></table><pre><code class=\"language-rust\">a\n b\
        </code></pre>";
    assert_eq!(
        imported(html),
        [
            Block::Heading {
                level: 2,
                html: "Head".into()
            },
            paragraph("One <strong>two</strong>"),
            paragraph("loose"),
            Block::Quote {
                text: "Said".into(),
                attribution: Some("A, mayor".into())
            },
            Block::List {
                ordered: false,
                items: vec!["a".into(), "b".into()]
            },
            Block::Image {
                url: "/a.jpg".into(),
                alt: "A".into(),
                caption: Some("Cap".into()),
                credit: Some("Agency".into())
            },
            Block::Table {
                header: vec!["H".into()],
                rows: vec![vec!["1".into()]]
            },
            Block::Code {
                language: Some("rust".into()),
                text: "a\n b".into()
            },
        ]
    );
}

#[test]
fn what_fits_no_block_is_kept_as_html() {
    let nested = "<ul><li>a<ul><li>b</li></ul></li></ul>";
    assert_eq!(
        imported(nested),
        [Block::Html {
            html: nested.into()
        }]
    );
}

#[test]
fn a_picture_in_a_paragraph_parts_it() {
    let blocks = imported("<p>before <img src=\"https://e.example/a.jpg\" alt=\"\"> after</p>");
    assert_eq!(blocks.len(), 3);
    assert_eq!(blocks[0], paragraph("before"));
    assert_eq!(blocks[2], paragraph("after"));
}

#[test]
fn nesting_of_ten_thousand_levels_is_refused() {
    for input in [
        "<b>",
        "<div>",
        "<ul><li>",
        "<blockquote>",
        "<table><tr><td>",
    ] {
        let html = input.repeat(10_000);
        let refused = Body::from_html(&html).unwrap_err();
        assert_eq!(refused.0[0].code, "too_deep", "{input}");
    }
    for input in ["> ", "- 1. "] {
        assert!(
            Body::from_markdown(&input.repeat(10_000)).is_err(),
            "{input}"
        );
    }
    // Unclosed brackets and emphasis are text, however many.
    for input in ["[", "*a ", "<", "&", "`"] {
        assert!(
            Body::from_markdown(&input.repeat(10_000)).is_ok(),
            "{input}"
        );
    }
}

#[test]
fn hundreds_of_unclosed_paragraphs_are_fine() {
    assert_eq!(imported(&"<p>a".repeat(500)).len(), 500);
}

#[test]
fn a_tag_with_thousands_of_attributes_is_refused() {
    let html = format!("<p {}>a</p>", "a=1 ".repeat(10_000));
    assert_eq!(
        Body::from_html(&html).unwrap_err().0[0].code,
        "too_many_attributes"
    );
}

#[test]
fn size_is_bounded() {
    let refused = Body::from_text(&"a".repeat(bounds::MAX_BYTES + 1)).unwrap_err();
    assert_eq!(refused.0[0].code, "too_large");
    let refused = Body::from_html(&"<p>a</p>".repeat(bounds::MAX_BLOCKS + 1)).unwrap_err();
    assert_eq!(refused.0[0].code, "too_many_blocks");
}

#[test]
fn all_that_is_wrong_with_blocks_is_said_at_once() {
    let blocks = serde_json::json!([
        {"type": "paragraf", "html": "a"},
        {"type": "image", "url": 1, "alt": "a"},
        {"type": "heading", "level": 2},
        {"type": "paragraph", "html": "a", "x": 1}
    ]);
    let wrong = Body::from_blocks(blocks).unwrap_err();
    let pointers: Vec<_> = wrong.0.iter().map(|v| v.pointer.as_str()).collect();
    assert_eq!(pointers, ["/0", "/1/url", "/2/html", "/3/x"]);

    let blocks = serde_json::json!([
        {"type": "image", "url": "javascript:alert(1)", "alt": ""},
        {"type": "heading", "level": 9, "html": "a"},
        {"type": "code", "text": "a", "language": "\"><script>"}
    ]);
    let wrong = Body::from_blocks(blocks).unwrap_err();
    let pointers: Vec<_> = wrong.0.iter().map(|v| v.pointer.as_str()).collect();
    assert_eq!(pointers, ["/0/url", "/1/level", "/2/language"]);
}

#[test]
fn plain_text_comes_back_as_it_was() {
    let text = "One & two\n<three>\n\nFour";
    assert_eq!(Body::from_text(text).unwrap().to_text(), text);
}

#[test]
fn words_are_counted_without_markup() {
    assert_eq!(
        Body::from_html("<p>Two <b>words</b> –</p>")
            .unwrap()
            .word_count(),
        2
    );
    assert_eq!(reading_minutes(0), 0);
    assert_eq!(reading_minutes(1), 1);
    assert_eq!(reading_minutes(461), 3);
}

/// Whether anything in this HTML could run.
fn could_run(html: &str) -> bool {
    fn any(nodes: &[Node]) -> bool {
        nodes.iter().any(|node| match node {
            Node::Text(_) => false,
            Node::Element(element) => {
                let name = element.name.as_str();
                matches!(
                    name,
                    "script" | "style" | "iframe" | "object" | "embed" | "svg" | "math"
                ) || matches!(name, "form" | "base" | "link" | "meta" | "template")
                    || element.attributes.iter().any(|(name, value)| {
                        let value: String = value
                            .chars()
                            .filter(|c| !c.is_whitespace() && !c.is_control())
                            .collect::<String>()
                            .to_lowercase();
                        let url = matches!(name.as_str(), "href" | "src");
                        name.starts_with("on")
                            || matches!(name.as_str(), "style" | "srcdoc" | "formaction")
                            || (url
                                && ["javascript:", "data:", "vbscript:"]
                                    .iter()
                                    .any(|scheme| value.starts_with(scheme)))
                    })
                    || any(&element.children)
            }
        })
    }
    any(&parse(html))
}

fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z ]{1,6}",
        prop::sample::select(vec![
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<svg onload=alert(1)>",
            "<a href=\"javascript:alert(1)\">a</a>",
            "<a href=\" jAvA\tscript:alert(1)\">a</a>",
            "<a href=\"&#106;avascript:alert(1)\">",
            "<iframe srcdoc=\"<script>\">",
            "<style>*{}</style>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<noscript><p title=\"",
            "</noscript><img src=x onerror=alert(1)>\">",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<p",
            ">",
            "\"",
            "'",
            "<textarea>",
            "</textarea>",
            "<title>",
            "</title>",
            "<pre>",
            "<code class=\"language-a\">",
            "</code>",
            "<table>",
            "<td>",
            "</table>",
            "<p onclick=x>",
            "</p>",
            "<form action=javascript:x>",
            "<base href=x>",
            "<object data=x>",
            "<embed src=x>",
            "<a href=data:text/html,x>",
            "<img src=\"data:image/svg+xml,x\">",
            "<div style=\"background:url(javascript:x)\">",
            "&lt;script&gt;",
            "<template><script>",
            "<svg><style>",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Tags and words as editors paste them, with every word told apart.
fn pasted() -> impl Strategy<Value = String> {
    let tag = prop::sample::select(vec![
        "p",
        "b",
        "i",
        "em",
        "strong",
        "a",
        "span",
        "div",
        "h2",
        "blockquote",
        "footer",
        "ul",
        "ol",
        "li",
        "table",
        "tr",
        "td",
        "th",
        "tbody",
        "thead",
        "figure",
        "figcaption",
        "small",
        "pre",
        "code",
        "section",
        "dl",
        "dt",
        "sub",
        "u",
        "br",
        "hr",
        "cite",
    ]);
    let piece = prop_oneof![
        3 => "[a-zé&]{1,5} ".prop_map(|text| text.replace('&', "&amp;")),
        2 => tag.clone().prop_map(|tag| format!("<{tag}>")),
        2 => tag.prop_map(|tag| format!("</{tag}>")),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// Letters in order of a text, which no change of lines or spaces touches.
fn letters(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn sorted_letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    letters.sort_unstable();
    letters
}

/// Text whose punctuation Markdown could take for markup.
fn prickly() -> impl Strategy<Value = String> {
    "[a-z0-9*_#>`~|!&<\\[\\]()+=:. \\\\-]{1,20}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_that_could_run_survives(html in nasty()) {
        for body in [Body::from_html(&html), Body::from_markdown(&html)].into_iter().flatten() {
            prop_assert!(!could_run(&body.to_html()), "{}", body.to_html());
            let again = Body::from_markdown(&body.to_markdown());
            if let Ok(again) = again {
                prop_assert!(!could_run(&again.to_html()));
            }
        }
        let blocks = serde_json::json!([
            {"type": "paragraph", "html": html}, {"type": "html", "html": html},
            {"type": "quote", "text": html, "attribution": html},
            {"type": "list", "items": [html]}, {"type": "table", "rows": [[html]]},
            {"type": "code", "text": html},
            {"type": "embed", "url": "https://e.example/", "html": html},
            {"type": "image", "url": "/a.jpg", "alt": html, "caption": html, "credit": html},
        ]);
        if let Ok(body) = Body::from_blocks(blocks) {
            prop_assert!(!could_run(&body.to_html()), "{}", body.to_html());
        }
    }

    #[test]
    fn no_text_is_lost_on_the_way_through_blocks(html in pasted()) {
        let clean = sanitise::flow(&html);
        let body = Body::from_html(&html).unwrap();
        let before = sorted_letters(&nodes::text_of(&parse(&clean)));
        prop_assert_eq!(&before, &sorted_letters(&nodes::text_of(&parse(&body.to_html()))), "{}", clean);
        prop_assert_eq!(&before, &sorted_letters(&body.to_text()), "{}", clean);
    }

    #[test]
    fn importing_what_was_exported_changes_no_text(html in pasted()) {
        let once = Body::from_html(&html).unwrap();
        let twice = Body::from_html(&once.to_html()).unwrap();
        prop_assert_eq!(letters(&once.to_text()), letters(&twice.to_text()));
        let thrice = Body::from_html(&twice.to_html()).unwrap();
        prop_assert_eq!(twice.to_html(), thrice.to_html());
    }

    #[test]
    fn markdown_keeps_the_words(
        one in prickly(), two in prickly(), item in prickly(), head in prickly(),
    ) {
        let escape = |text: &str| nodes::escape(text.trim());
        let blocks = vec![
            Block::Heading { level: 2, html: escape(&head) },
            paragraph(&format!("{} <em>{}</em>", escape(&one), escape(&two))),
            Block::List { ordered: false, items: vec![format!("a {}", escape(&item))] },
            Block::Quote { text: escape(&two), attribution: None },
        ];
        let body = Body(blocks);
        let back = Body::from_markdown(&body.to_markdown()).unwrap();
        prop_assert_eq!(
            words(&back.to_text()).concat(), words(&body.to_text()).concat(), "{}", body.to_markdown()
        );
    }

    #[test]
    fn any_text_is_taken_in_every_format(text in "\\PC{0,80}") {
        for body in [Body::from_html(&text), Body::from_markdown(&text), Body::from_text(&text)] {
            let body = body.unwrap();
            let _ = (body.to_html(), body.to_markdown(), body.to_text(), body.word_count());
        }
    }
}
