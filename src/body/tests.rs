//! Examples: what becomes what, what is refused and why, and what hostile input costs.

use serde_json::json;

use super::*;

fn from_html(html: &str) -> Body {
    Body::from_html(html, None).unwrap().body
}

fn from_markdown(markdown: &str) -> Body {
    Body::from_markdown(markdown, None).unwrap().body
}

fn from_blocks(blocks: serde_json::Value) -> Body {
    Body::from_blocks(blocks).unwrap().body
}

fn imported(html: &str) -> Vec<Block> {
    from_html(html).0
}

fn paragraph(html: &str) -> Block {
    ParagraphBlock { html: html.into() }.into()
}

fn code_of(result: Result<Imported, Violations>) -> &'static str {
    result.map_or_else(|errors| errors.listed()[0].code, |_| "accepted")
}

#[test]
fn known_elements_become_their_blocks() {
    let html = "<h3>Head</h3><p>One <b>two</b></p>loose<blockquote><p>Said</p><footer>A, mayor\
        </footer></blockquote><ol><li>a</li><li>b</li></ol><figure><img src=\"/a.jpg\" alt=\"A\">\
        <figcaption>Cap <small>Agency</small></figcaption></figure><table><thead><tr><th>H</th></tr>\
        </thead><tbody><tr><td>1</td></tr></tbody></table><pre><code class=\"language-rust\">a\n b\
        \n</code></pre><iframe src=\"//www.video.example/1\"></iframe>";
    let expected = json!([
        {"type": "heading", "level": 3, "html": "Head"},
        {"type": "paragraph", "html": "One <strong>two</strong>"},
        {"type": "paragraph", "html": "loose"},
        {"type": "quote", "text": "Said", "attribution": "A, mayor"},
        {"type": "list", "ordered": true, "items": ["a", "b"]},
        {"type": "image", "url": "/a.jpg", "alt": "A", "caption": "Cap", "credit": "Agency"},
        {"type": "table", "header": ["H"], "rows": [["1"]]},
        {"type": "code", "language": "rust", "text": "a\n b"},
        {"type": "embed", "url": "https://www.video.example/1", "provider": "video.example"},
    ]);
    let body = from_html(html);
    assert_eq!(body, from_blocks(expected));
    assert_eq!(body, from_html(&body.to_html()));
    assert_eq!(body, from_markdown(&body.to_markdown()));
}

#[test]
fn a_quote_whose_emphasis_goes_over_paragraphs_comes_back_from_markdown() {
    for text in [
        "<em>One<br><br>Two</em>",
        "One <a href=\"/x\">two<br><br></a><strong>three</strong>",
        "<em>One</em><br><br>Two <em>three<br>four</em>",
    ] {
        let body = from_blocks(json!([{"type": "quote", "text": text, "attribution": "A. Roth"}]));
        assert_eq!(body, from_markdown(&body.to_markdown()), "{text}");
    }
}

#[test]
fn what_fits_no_block_is_kept_as_html() {
    for html in [
        "<ul><li>a<ul><li>b</li></ul></li></ul>",
        "<ol start=\"4\"><li>a</li></ol>",
        "<table><tbody><tr><td colspan=\"2\">a</td></tr></tbody></table>",
        "<figure><video src=\"/a.mp4\" controls=\"\"></video><figcaption>b</figcaption></figure>",
        "<hr>",
    ] {
        assert_eq!(imported(html), [HtmlBlock { html: html.into() }.into()]);
    }
}

#[test]
fn a_caption_behind_a_picture_without_scripts_is_its_caption_at_once() {
    let html = "<ul><blockquote><p>q</p></blockquote><noscript><img src=\"https://e.example/1.jpg\" alt=\"w\"></noscript>\
                <figcaption>c</figcaption>";
    let first = Body::from_html(html, None).unwrap().body.to_html();
    let again = Body::from_html(&first, None).unwrap().body.to_html();
    assert_eq!(first, again);
}

#[test]
fn a_picture_in_a_paragraph_parts_it() {
    let blocks = imported("<p>before <img src=\"https://e.example/a.jpg\"> <b>after</b></p>");
    assert_eq!(blocks.len(), 3);
    assert_eq!(blocks[0], paragraph("before"));
    assert_eq!(blocks[2], paragraph("<strong>after</strong>"));
}

#[test]
fn a_picture_without_a_usable_address_leaves_its_words() {
    let html =
        "<figure><img src=\"data:image/png,x\" alt=\"A\"><figcaption>B</figcaption></figure>";
    assert_eq!(imported(html), [paragraph("A"), paragraph("B")]);
}

#[test]
fn a_quotes_paragraphs_stay_apart() {
    let body = from_markdown("> One\n>\n> two");
    assert_eq!(
        body.to_html(),
        "<blockquote><p>One<br><br>two</p></blockquote>"
    );
    assert_eq!(body.to_markdown(), "> One\n>\n> two\n");
}

#[test]
fn two_lists_in_a_row_stay_two_in_markdown() {
    let body = from_html("<ul><li>a</li></ul><ul><li>b</li></ul>");
    assert_eq!(from_markdown(&body.to_markdown()), body);
}

#[test]
fn plain_text_comes_back_as_it_was() {
    let text = "One & two\n<three>\n\nFour";
    let body = Body::from_text(text).unwrap().body;
    assert_eq!(body.to_text(), text);
    assert_eq!(
        body.to_html(),
        "<p>One &amp; two<br>&lt;three&gt;</p>\n<p>Four</p>"
    );
}

#[test]
fn words_are_counted_in_any_script_and_without_markup() {
    let words = |text| Body::from_text(text).unwrap().body.word_count();
    assert_eq!(words("Don’t pay 3.14 – ever"), 4);
    assert_eq!(words("東京都"), 3);
    assert_eq!(from_html("<p>Two <b>wo</b>rds</p>").word_count(), 2);
}

#[test]
fn all_that_is_wrong_with_blocks_is_said_at_once() {
    let wrong = Body::from_blocks(json!([
        {"type": "paragraf", "html": "a"},
        {"type": "image", "url": 1, "alt": "a"},
        {"type": "heading", "level": 9},
        {"type": "paragraph", "html": "a\u{0}", "x/y": 1},
        {"type": "image", "url": "javascript:alert(1)", "alt": null},
        {"type": "list", "items": ["a", 2, "<b>".repeat(100)]},
        {"type": "code", "text": "a", "language": "\"><script>"},
        {"type": "table", "rows": [["a"], "b"]},
        {"html": "a"},
        7,
    ]))
    .unwrap_err();
    let found: Vec<_> = wrong
        .listed()
        .iter()
        .map(|e| (e.pointer.as_str(), e.code))
        .collect();
    assert_eq!(
        found,
        [
            ("/0/type", "unknown_block_type"),
            ("/1/url", "wrong_type"),
            ("/2/level", "out_of_range"),
            ("/2/html", "required"),
            ("/3/html", "nul"),
            ("/3/x~1y", "unknown_field"),
            ("/4/url", "invalid_url"),
            ("/5/items/1", "wrong_type"),
            ("/5/items/2", "too_deep"),
            ("/6/language", "invalid_language"),
            ("/7/rows/1", "wrong_type"),
            ("/8/type", "required"),
            ("/9", "wrong_type"),
        ]
    );
    assert!(
        wrong.listed()[0]
            .detail
            .contains("did you mean \"paragraph\"?")
    );
    assert_eq!(code_of(Body::from_blocks(json!({}))), "wrong_type");
}

#[test]
fn stored_blocks_with_an_unknown_field_are_refused() {
    let stored = json!([{"type": "paragraph", "html": "a", "x": 1}]);
    assert!(serde_json::from_value::<Body>(stored).is_err());
    let stored = json!([{"type": "image", "url": "/a"}, {"type": "heading", "html": "a"}]);
    assert!(serde_json::from_value::<Body>(stored).is_ok());
}

#[test]
fn nul_is_refused_however_it_is_written() {
    let text = "a\0b";
    assert_eq!(code_of(Body::from_html(text, None)), "nul");
    assert_eq!(code_of(Body::from_markdown(text, None)), "nul");
    assert_eq!(code_of(Body::from_text(text)), "nul");
    for field in ["&#0;", "a"] {
        assert!(!from_html(field).to_html().contains('\0'));
    }
}

#[test]
fn size_is_bounded() {
    let long = "a".repeat(MAX_BYTES + 1);
    assert_eq!(code_of(Body::from_text(&long)), "too_large");
    assert_eq!(
        code_of(Body::from_blocks(json!([{"type": "html", "html": long}]))),
        "too_large"
    );
    let many = "<p>a</p>".repeat(MAX_BLOCKS + 1);
    assert_eq!(code_of(Body::from_html(&many, None)), "too_many_blocks");
    let rows: Vec<Vec<&str>> = (0..1_000).map(|row| vec![""; row]).collect();
    assert_eq!(
        code_of(Body::from_blocks(json!([{"type": "table", "rows": rows}]))),
        "too_large"
    );
}

#[test]
fn the_deepest_nesting_allowed_is_taken_and_one_more_is_refused() {
    let nested = |levels| format!("{}a{}", "<div>".repeat(levels), "</div>".repeat(levels));
    assert_eq!(
        code_of(Body::from_html(&nested(MAX_DEPTH), None)),
        "accepted"
    );
    assert_eq!(
        code_of(Body::from_html(&nested(MAX_DEPTH + 1), None)),
        "too_deep"
    );
    assert_eq!(inline(&"<b>".repeat(1_000)), "&lt;b&gt;".repeat(1_000));
}

#[test]
fn hostile_nesting_neither_overflows_a_small_stack_nor_takes_long() {
    let fill = |piece: &str| piece.repeat(MAX_BYTES / 16 / piece.len());
    let many = |piece: fn(usize) -> String| (0..4_000).map(piece).collect::<String>();
    let inputs = [
        "<b>".repeat(MAX_BYTES / 3),
        "<div>".repeat(MAX_BYTES / 5),
        fill("<template>"),
        fill("<svg>"),
        fill("<ul><li>"),
        fill("<table><tr><td>"),
        format!("<table>{}", fill("<br>")),
        format!("<table>{}", fill("a<i></i>")),
        format!("<p>{}</p>{}", "<b>".repeat(30), fill("<p>a")),
        format!("<p {}>", many(|n| format!("a{n} "))),
        format!("&am<p a=\">\"{}", many(|n| format!("a{n}\n"))),
        many(|n| format!("<html a{n}>")),
        many(|n| format!("<div><b a={n}></div>")),
        many(|n| format!("<p><font a={n}></p>a")),
        format!("<a>{}", fill("<div></a>")),
        format!("<b><p>{}", fill("x<i></i></b><b>")),
        fill("</p>"),
        fill("<"),
        fill("<!--"),
        fill("&"),
        fill("<a href='"),
        fill("<noscript><img src=/a>"),
        format!("<picture>{}", fill("<source srcset=a><img>")),
        many(|n| format!("<noscript><img src=/{n}></noscript>")),
        many(|n| format!("<script src=https://gist.github.com/{n}.js></script>")),
        format!(
            "<div>{}</div>{}",
            fill("<i></i>"),
            "<noscript><img src=/a></noscript>".repeat(4)
        ),
        fill("<a href=#a><p>"),
        format!("<p id=a lang=en>{}", fill("<i lang=de><br><br>")),
        fill("<p class=MsoListParagraph style=mso-list:l0>"),
        fill("<figure class=wp-block-embed><blockquote class=twitter-tweet>"),
        format!(
            "<figure><img src=/a><figcaption>{}</figcaption></figure>",
            ". ".repeat(300)
        )
        .repeat(80),
        fill("<span style='text-decoration:underline'>"),
        fill("<br><!---->"),
        format!(
            "<div>{}</div>{}",
            fill("<br>"),
            fill("<noscript></noscript>")
        ),
        format!(
            "<p style=mso-list:l>a</p>{}{}",
            fill("<!>"),
            fill("<p style=mso-list:l>a")
        ),
        format!("<a href=\"//x/{}\">{}", "h".repeat(20_000), fill("<p>a")),
        format!(
            "{}{}{}",
            "<div class=wp-block-embed>".repeat(14),
            "<b class=twitter-tweet>".repeat(14),
            fill("<a href=//a>")
        ),
        fill("a\u{2029}"),
        fill("<mfrac><math><mi>a</mi><mi>b</mi>"),
        fill("<a href=/a><table><tr><td>"),
        fill("<object data=/a><embed src=/b>"),
        format!(
            "<svg><a href=/a>{}{}",
            fill("<g/>"),
            fill("<image href=/a />")
        ),
        format!(
            "<svg><a href=//x/{}>{}",
            "h".repeat(20_000),
            fill("<image href=/a />")
        ),
        format!("<a href=/a>{}", fill("<abbr title=a><object>")),
    ];
    let hostile = move || {
        for html in inputs {
            let _ = Body::from_html(&html, None)
                .map(|read| (read.body.to_markdown(), read.body.to_text()));
            let _ = Body::from_blocks(json!([{"type": "paragraph", "html": html}]));
        }
        for piece in [
            "> ", "- ", "1. ", "*a ", "[", "![", "`", "| ", "<b>", "a\n> ", "**a_", "](",
        ] {
            let source = piece.repeat(MAX_BYTES / 32 / piece.len());
            let _ = Body::from_markdown(&source, None);
        }
    };
    let thread = std::thread::Builder::new().stack_size(1024 * 1024);
    let timed = move || {
        hostile();
        seconds_of_this_thread()
    };
    let seconds = thread.spawn(timed).unwrap().join().unwrap();
    // Twelve where nothing else runs: what grows with the square takes minutes.
    assert!(seconds < 60, "{seconds} s");
}

/// How long this thread has had a processor, whatever else the machine did; 0 where nobody says.
fn seconds_of_this_thread() -> u64 {
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = said.split(' ').next().and_then(|text| text.parse().ok());
    nanoseconds.unwrap_or(0_u64) / 1_000_000_000
}

#[test]
fn of_the_classes_of_code_its_language_stays_alone() {
    for (class, kept) in [
        ("language-rust", " class=\"language-rust\""),
        ("hljs language-rust modal open", " class=\"language-rust\""),
        ("lang-c++ sticky", " class=\"language-c++\""),
        ("modal open", ""),
        ("language-\u{e9}", ""),
    ] {
        let html = format!(
            "<ul><li><code class=\"{class}\">x</code></li></ul><details><code class=\"{class}\">y</code></details>"
        );
        let body = from_html(&html).to_html();
        for classes in body.split("<code").skip(1) {
            let attributes = classes.split('>').next().unwrap();
            assert!(
                attributes == kept || attributes.is_empty(),
                "{class}: {body}"
            );
        }
        assert!(
            !body.contains("modal") && !body.contains("sticky"),
            "{body}"
        );
    }
}
