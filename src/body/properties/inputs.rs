//! What the properties are tried with: markup as it comes in, broken in many ways.

use proptest::prelude::*;

use crate::body::write::escape;

/// Markup that would run in a page, whole and in pieces.
pub(super) fn nasty() -> impl Strategy<Value = String> {
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
pub(super) fn pasted() -> impl Strategy<Value = String> {
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

/// Text whose punctuation Markdown could take for markup.
fn prickly() -> impl Strategy<Value = String> {
    "[a-z0-9*_#>`~|!&<\\[\\]()+=:;{}^$\"'/. \\\\-]{1,16}"
}

/// Inline HTML of prickly text in any elements.
pub(super) fn prickly_inline() -> impl Strategy<Value = String> {
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
            let text = escape(&text) + if line_break { "<br>" } else { "" };
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
pub(super) fn addressed() -> impl Strategy<Value = (String, Vec<String>)> {
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
        "<a href=\"/{}\"><table><tr><td><a href=\"/{}\">a</a></td></tr></table></a>",
        "<a href=\"/{}\">a<table><tr><td><a href=\"/{}\">b</a> c</td></tr></table></a>",
        "<a href=\"/{}\"><img src=\"/p{}.jpg\"></a>",
        "<a href=\"/{}\" title=\"t{}\"></a>",
        "<a href=\"/{}\">&#8203;</a>",
        "<a title=\"t{}\">a</a>",
        "<a href=\"#no\" title=\"t{}\">a</a>",
        "<abbr title=\"t{}\"></abbr>",
        "<q cite=\"https://e.example/{}\"></q>",
        "<ins cite=\"https://e.example/{}\">",
        "<blockquote cite=\"https://e.example/{}\">",
        "<svg><a href=\"/{}\"><text>a</text></a></svg>",
        "<svg><a xlink:href=\"/{}\"><title>t{}</title><path/></a></svg>",
        "<svg><a href=\"/{}\"><image href=\"/p{}.jpg\"/></a></svg>",
        "<math><mi href=\"/{}\">x</mi></math>",
        "<img src=\"/p{}.jpg\" longdesc=\"/d{}\">",
        "<map><area href=\"/{}\" alt=\"w{}\"></map>",
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
        "<svg><foreignObject><div>",
        "</div></foreignObject></svg>",
        "<object data=\"/o\">",
        "</object>",
        "</ins>",
        "<em>",
        "</em>",
        "<caption>",
        "<td>",
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
