//! What S3 answers in XML: lists and errors.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// A page of `ListObjectsV2`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// Keys with lengths in bytes.
    pub objects: Vec<(String, u64)>,
    /// What asks for the next page; `None` at the end.
    pub next: Option<String>,
}

impl Page {
    /// Reads a page; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (mut page, mut is_list, mut is_truncated) = (Self::default(), false, false);
        let (mut key, mut size) = (None, None);
        leaves(text, |path, value| {
            match path {
                ["ListBucketResult", "IsTruncated"] => is_truncated = value == "true",
                ["ListBucketResult", "NextContinuationToken"] if !value.is_empty() => {
                    page.next = Some(value);
                }
                ["ListBucketResult", "Contents", "Key"] => key = Some(value),
                ["ListBucketResult", "Contents", "Size"] => size = value.parse().ok(),
                ["ListBucketResult", "Contents"] => {
                    page.objects.push((key.take()?, size.take()?));
                }
                ["ListBucketResult"] => is_list = true,
                _ => {}
            }
            Some(())
        })?;
        if !is_truncated {
            page.next = None;
        }
        // More without a way to it would be taken for the end.
        (is_list && is_truncated == page.next.is_some()).then_some(page)
    }
}

/// The `Code` of an error, when it is a word: the rest may tell about keys.
pub(super) fn error_code(text: &str) -> Option<String> {
    let mut code = None;
    leaves(text, |path, value| {
        if path == ["Error", "Code"] {
            code = Some(value);
        }
        Some(())
    })?;
    let is_word =
        |code: &String| code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    code.filter(is_word)
}

/// Calls `visit` at the end of each element with the names from the root to it and its text. `None` when the text is
/// not well-formed, or when `visit` says it.
fn leaves(text: &str, mut visit: impl FnMut(&[&str], String) -> Option<()>) -> Option<()> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut names, mut value) = (Vec::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                names.push(start.local_name().as_ref().to_owned());
                value.clear();
            }
            Event::End(_) => {
                let path: Vec<_> = names.iter().map(String::as_str).collect();
                visit(&path, std::mem::take(&mut value))?;
                names.pop();
            }
            Event::Text(text) => value.push_str(&text.xml10_content()),
            Event::CData(text) => value.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref().ok()? {
                Some(character) => value.push(character),
                None => value.push_str(resolve_predefined_entity(&name)?),
            },
            Event::Eof => return names.is_empty().then_some(()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_keys_lengths_and_the_way_to_the_next() {
        let page = Page::parse(
            r#"<?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
              <Name>media</Name><Prefix>a &amp; b/</Prefix><KeyCount>2</KeyCount>
              <IsTruncated>true</IsTruncated><NextContinuationToken>1/x&#43;=</NextContinuationToken>
              <Contents><Key>a &amp; b/&#x63;&lt;</Key><Size>12</Size><Owner><ID>Key</ID></Owner></Contents>
              <Contents><Size>0</Size><Key>a &amp; b/d</Key><Key2/></Contents>
              <CommonPrefixes><Prefix>x</Prefix></CommonPrefixes>
            </ListBucketResult>"#,
        );
        let page = page.unwrap();
        let key = |text: &str, size| (text.to_owned(), size);
        assert_eq!(page.objects, [key("a & b/c<", 12), key("a & b/d", 0)]);
        assert_eq!(page.next.as_deref(), Some("1/x+="));
    }

    #[test]
    fn a_last_page_has_no_next() {
        let text = "<ListBucketResult><IsTruncated>false</IsTruncated>\
                    <NextContinuationToken/></ListBucketResult>";
        assert_eq!(Page::parse(text), Some(Page::default()));
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for text in [
            "",
            "garbage",
            "<html></html>",
            "<ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken/></ListBucketResult>",
            "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
            "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
            "<ListBucketResult><Name>&unknown;</Name></ListBucketResult>",
            "<ListBucketResult></Wrong>",
        ] {
            assert_eq!(Page::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_word_is_taken_from_an_error() {
        let error = |code| format!("<Error><Code>{code}</Code><Message>x</Message></Error>");
        assert_eq!(
            error_code(&error("NoSuchKey")).as_deref(),
            Some("NoSuchKey")
        );
        assert_eq!(error_code(&error("a b")), None);
        assert_eq!(error_code("<html><Code>X</Code></html>"), None);
        assert_eq!(error_code("not XML"), None);
    }
}
