//! Addresses in the HTML of bodies.

use std::borrow::Cow;

use memchr::memchr;

use super::write::escape_attribute;

/// Attributes that hold one address.
const ADDRESSES: &[&str] = &["href", "src", "poster", "cite", "data-embed"];

/// Attributes that hold addresses with a width or a density after each.
const CANDIDATES: &str = "srcset";

/// HTML as bodies are written, whose addresses are replaced by others: those for which there is none stay.
pub fn with_addresses<'a>(html: &'a str, replace: impl Fn(&str) -> Option<String>) -> Cow<'a, str> {
    let mut written = String::new();
    let mut copied = 0;
    let mut at = 0;
    // Tags as they are written here: attributes in double quotes, and no `<` or `>` in texts or values.
    // Bodies are full of tags without attributes, and feeds have thirty of them: each tag costs one search for its ends.
    while let Some(start) = memchr(b'<', &html.as_bytes()[at..]).map(|start| at + start) {
        let end = memchr(b'>', &html.as_bytes()[start..]).map_or(html.len(), |end| start + end);
        let mut inside = start;
        while let Some((name, value)) = next_attribute(html, &mut inside, end) {
            let old = &html[value.clone()];
            let new = match name {
                CANDIDATES => Some(candidates(old, &replace)),
                name if ADDRESSES.contains(&name) => replaced(old, &replace),
                _ => None,
            };
            if let Some(new) = new.filter(|new| new != old) {
                written.push_str(&html[copied..value.start]);
                written.push_str(&new);
                copied = value.end;
            }
        }
        at = end;
    }
    match copied {
        0 => html.into(),
        _ => {
            written.push_str(&html[copied..]);
            written.into()
        }
    }
}

/// The name of the next attribute before the end of a tag, and where its value stands.
fn next_attribute<'a>(
    html: &'a str,
    at: &mut usize,
    end: usize,
) -> Option<(&'a str, std::ops::Range<usize>)> {
    // Names have none, and values are in quotes.
    let equals = *at + memchr(b'=', &html.as_bytes()[*at..end])?;
    let name = html[*at..equals].rsplit(' ').next().unwrap_or_default();
    let start = equals + 2;
    let length = memchr(b'"', html.as_bytes().get(start..end)?)?;
    *at = start + length + 1;
    Some((name, start..start + length))
}

fn replaced(value: &str, replace: impl Fn(&str) -> Option<String>) -> Option<String> {
    let address = match value.contains('&') {
        true => html_escape_decoded(value),
        false => value.into(),
    };
    replace(&address).map(|address| escape_attribute(&address))
}

/// The one who wrote it escapes these and no others.
fn html_escape_decoded(value: &str) -> Cow<'_, str> {
    value
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
        .into()
}

fn candidates(value: &str, replace: impl Fn(&str) -> Option<String>) -> String {
    let each = value.split(", ").map(|candidate| {
        let (address, size) = candidate.split_once(' ').unwrap_or((candidate, ""));
        let address = replaced(address, &replace).unwrap_or_else(|| address.to_owned());
        format!("{address} {size}").trim_end().to_owned()
    });
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_alone_are_replaced() {
        let replace = |address: &str| {
            let is_path = address.starts_with('/');
            is_path.then(|| format!("https://news.example{address}"))
        };
        let html = concat!(
            r##"<p>src="/no" <a href="/a?b=1&amp;c=2" title="href=">x</a> <a href="#n">y</a></p>"##,
            r#"<img src="/i.jpg" srcset="/i-1.webp 320w, https://c.example/2.webp 640w" alt="src=/j">"#,
        );
        let expected = concat!(
            r##"<p>src="/no" <a href="https://news.example/a?b=1&amp;c=2" title="href=">x</a> <a href="#n">y</a></p>"##,
            r#"<img src="https://news.example/i.jpg" srcset="https://news.example/i-1.webp 320w, "#,
            r#"https://c.example/2.webp 640w" alt="src=/j">"#,
        );
        assert_eq!(with_addresses(html, replace), expected);
        assert!(matches!(
            with_addresses("<p>é</p>", replace),
            Cow::Borrowed(_)
        ));
        assert!(matches!(with_addresses("a < b", replace), Cow::Borrowed(_)));
    }
}
