//! Properties of the whole room: no text is lost, nothing that could run survives.

use proptest::prelude::*;
use serde_json::json;

use super::tree::{Kind, NodeId, Tree, parse};
use super::write::text_of;
use super::*;

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

fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z \"'<>&/=]{1,6}",
        prop::sample::select(vec![
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<svg onload=alert(1)>",
            "<a href=\"javascript:alert(1)\">a</a>",
            "<a href=\" jAvA\tscript:alert(1)\">a</a>",
            "<a href=\"&#106;avascript&colon;alert(1)\">",
            "<a href=\"\u{1}javascript:x\">a",
            "<iframe srcdoc=\"<script>\">",
            "<iframe src=\"javascript:x\"></iframe>",
            "<iframe src=\"https://e.example/\" onload=x></iframe>",
            "<style>*{}</style>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "</math>",
            "</svg>",
            "<svg><foreignObject>",
            "<svg><style><img src=x onerror=x>",
            "<svg><a xlink:href=x>",
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
            "<xmp>",
            "</xmp>",
            "<plaintext>",
            "<pre>",
            "<code class='language-a\" x=y'>",
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
            "<template><script>",
            "<img src=\"data:image/svg+xml,x\" alt='\"><script>'>",
            "<video src=javascript:x>",
            "<div style=\"background:url(javascript:x)\">",
            "&lt;script&gt;",
            "<select><option>",
            "<figure data-embed='javascript:x'>",
            "<figure data-embed='/a' data-provider='\"><script>'>",
            "</figure>",
            "<figcaption>",
            "<small>",
            "[a](javascript:x)",
            "![a](data:x)",
            "\n\n",
            "`",
            "<javascript:x>",
            "```\"onload=x\n",
            "\n> ",
            "\n- ",
            "**",
            "\n    ",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Tags and words as editors paste them, without what they do not see.
fn pasted() -> impl Strategy<Value = String> {
    let tag = prop::sample::select(vec![
        "p",
        "b",
        "i",
        "em",
        "strong",
        "a href=/x",
        "a",
        "span",
        "div",
        "h2",
        "blockquote",
        "ul",
        "footer",
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
        "img src=/a",
        "details",
        "summary",
        "button",
        "select",
        "option",
        "caption",
        "svg",
        "o:p",
        "center",
        "ruby",
        "figure data-embed=/a>e<i",
        "video",
    ]);
    let piece = prop_oneof![
        3 => "[a-zé&<\u{a0}]{1,5}[ \n]?".prop_map(|t| t.replace('&', "&amp;").replace('<', "&lt;")),
        2 => tag.clone().prop_map(|tag| format!("<{tag}>")),
        2 => tag.prop_map(|tag| format!("</{tag}>")),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn html_letters(html: &str) -> String {
    let tree = parse(html).unwrap();
    letters(&text_of(&tree, &tree.top()))
}

/// Text whose punctuation Markdown could take for markup.
fn prickly() -> impl Strategy<Value = String> {
    "[a-z0-9*_#>`~|!&<\\[\\]()+=:;{}^$\"'/. \\\\-]{1,16}"
}

/// Inline HTML of prickly text in any elements.
fn prickly_inline() -> impl Strategy<Value = String> {
    let names = vec![
        "em",
        "strong",
        "code",
        "sub",
        "a href=\"/x_y?a=1&amp;b=(2)\"",
        "a href=/x title='t\"_'",
    ];
    let piece = (
        prickly(),
        prop::option::of(prop::sample::select(names)),
        any::<bool>(),
    );
    prop::collection::vec(piece, 1..5).prop_map(|pieces| {
        let html = pieces.into_iter().map(|(text, name, line_break)| {
            let text = write::escape(&text) + if line_break { "<br>" } else { "" };
            match name {
                Some(name) => format!(
                    "<{name}>{text}</{}>",
                    name.split(' ').next().unwrap_or(name)
                ),
                None => text,
            }
        });
        html.collect()
    })
}

/// Markup with words and addresses in attributes, each with a number of its own in place of `{}`.
fn addressed() -> impl Strategy<Value = (String, Vec<String>)> {
    let held = prop::sample::select(vec![
        "<a href=\"https://e.example/{}\">a</a>",
        "<a href=\"/{}\" title=\"t{}\">a</a>",
        "<a href=\"sms:+1{}\">a</a>",
        "<a href=\"ftp://e.example/{}\">a</a>",
        "<a href=\"javascript:x{}\">a</a>",
        "<a href=\"https://e.example/{}\">",
        "<img src=\"https://e.example/{}.jpg\" alt=\"w{}\">",
        "<img src=\"p/{}.jpg\" alt=\"w{}\">",
        "<img data-src=\"https://e.example/{}.jpg\" title=\"t{}\">",
        "<img srcset=\"https://e.example/{}.jpg 2x\">",
        "<blockquote cite=\"https://e.example/{}\"><p>q</p></blockquote>",
        "<blockquote class=\"twitter-tweet\">q <a href=\"https://x.com/a/status/{}\">d</a></blockquote>",
        "<q cite=\"https://e.example/{}\">q</q>",
        "<video src=\"/v{}.mp4\" poster=\"/p{}.jpg\"></video>",
        "<audio controls><source src=\"/v{}.mp3\"></audio>",
        "<video src=\"/v\"><track src=\"/{}.vtt\" label=\"l{}\"></video>",
        "<iframe src=\"https://e.example/{}\"></iframe>",
        "<object data=\"https://e.example/{}\">o</object>",
        "<embed src=\"https://e.example/{}\">",
        "<script src=\"https://e.example/{}.js\"></script>",
        "<noscript><img src=\"https://e.example/{}.jpg\" alt=\"w{}\"></noscript>",
        "<abbr title=\"t{}\">UN</abbr>",
        "<span title=\"t{}\">s</span>",
        "<p hidden>w{}</p>",
        "<figcaption>c{}</figcaption>",
        "<small>c{}</small>",
        "<span class=\"credit\">c{}</span>",
    ]);
    let around = prop::sample::select(vec![
        "<p>",
        "</p>",
        "<ul>",
        "<li>",
        "</ul>",
        "<table><tr><td>",
        "</table>",
        "<figure>",
        "</figure>",
        "<details><summary>s</summary>",
        "</details>",
        "<b>",
        "</b>",
        "</a>",
        "<div>",
        "</div>",
        "<blockquote>",
        "</blockquote>",
        "<h2>",
        "</h2>",
        "<br><br>",
        "<pre>",
        "</pre>",
        "text ",
        "<figure class=\"wp-block-embed\">",
        "<ol start=\"3\">",
        "</ol>",
    ]);
    let piece = prop_oneof![
        2 => held.prop_map(|held| (held, true)),
        3 => around.prop_map(|around| (around, false)),
    ];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| {
        let (mut html, mut held) = (String::new(), Vec::new());
        for (piece, _) in pieces {
            for (index, part) in piece.split("{}").enumerate() {
                if index > 0 {
                    let number = (7_000 + held.len()).to_string();
                    html.push_str(&number);
                    held.push(number);
                }
                html.push_str(part);
            }
        }
        (html, held)
    })
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
        prop_assert_eq!(words(&Body::from_text(&text).unwrap().body.to_text()), words(&text));
    }
}
