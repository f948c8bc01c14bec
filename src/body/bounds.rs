//! How large and deep an input may be.
//!
//! Checked before anything is built: the HTML parser takes time quadratic in the depth of nesting
//! and in the attributes of one tag, so both are counted first, in one linear pass.

use std::cell::{Cell, RefCell};

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::Block;
use crate::validation::{Violation, Violations};

/// Most bytes of an input, and of all blocks together.
pub const MAX_BYTES: usize = 1024 * 1024;
/// Most blocks.
pub const MAX_BLOCKS: usize = 2_000;
/// Most levels of nested elements.
pub const MAX_DEPTH: usize = 100;
/// Most separators in one tag: more than any real tag's attributes need.
const MAX_SEPARATORS: usize = 1_000;

/// Elements that have no end tag.
pub(super) const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];

/// Elements whose end tag may be left out, so that the next one closes them.
const IMPLIED_END: &[&str] = &[
    "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "optgroup", "rp",
    "rt", "colgroup", "caption",
];

fn refused(code: &'static str, detail: String) -> Violations {
    Violations(vec![Violation::new("", code, detail)])
}

/// Size and U+0000.
pub(super) fn check_size(input: &str) -> Result<(), Violations> {
    if input.len() > MAX_BYTES {
        let detail = format!("must have at most {MAX_BYTES} bytes, has {}", input.len());
        return Err(refused("too_large", detail));
    }
    if input.contains('\0') {
        return Err(refused("nul", "must not contain U+0000".into()));
    }
    Ok(())
}

/// Size, nesting and attributes of HTML.
pub(super) fn check(html: &str) -> Result<(), Violations> {
    check_size(html)?;
    check_tags(html)?;
    if depth_exceeds(html, MAX_DEPTH) {
        let detail = format!("must not nest elements deeper than {MAX_DEPTH} levels");
        return Err(refused("too_deep", detail));
    }
    Ok(())
}

/// Number and size of blocks.
pub(super) fn check_blocks(blocks: &[Block]) -> Result<(), Violations> {
    if blocks.len() > MAX_BLOCKS {
        let detail = format!(
            "must have at most {MAX_BLOCKS} blocks, has {}",
            blocks.len()
        );
        return Err(refused("too_many_blocks", detail));
    }
    let bytes = serde_json::to_vec(blocks).map_or(usize::MAX, |bytes| bytes.len());
    // Markup around the text makes blocks somewhat larger than what they were made of.
    if bytes > 2 * MAX_BYTES {
        let detail = format!("must have at most {} bytes, has {bytes}", 2 * MAX_BYTES);
        return Err(refused("too_large", detail));
    }
    Ok(())
}

/// Follows tags without building anything: a separator outside quotes ends or begins an attribute.
fn check_tags(html: &str) -> Result<(), Violations> {
    let bytes = html.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let opens = bytes[at] == b'<'
            && bytes
                .get(at + 1)
                .is_some_and(|next| next.is_ascii_alphabetic() || *next == b'/');
        at += 1;
        if !opens {
            continue;
        }
        let (mut quote, mut separators, mut before) = (None, 0, b' ');
        while at < bytes.len() {
            let byte = bytes[at];
            match (quote, byte) {
                (Some(open), _) if byte == open => quote = None,
                (Some(_), _) => {}
                (None, b'>') => break,
                // A quote opens a value only after an equals sign.
                (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
                (None, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'/' | b'=' | b'"' | b'\'') => {
                    separators += 1;
                }
                (None, _) => {}
            }
            if !byte.is_ascii_whitespace() {
                before = byte;
            }
            at += 1;
        }
        if separators > MAX_SEPARATORS {
            return Err(refused(
                "too_many_attributes",
                "must not have a tag with hundreds of attributes".into(),
            ));
        }
    }
    Ok(())
}

/// Whether elements nest deeper than `most`, as far as tags alone tell.
pub(super) fn depth_exceeds(html: &str, most: usize) -> bool {
    let depth = Depth {
        open: RefCell::new(Vec::new()),
        most,
        exceeded: Cell::new(false),
    };
    let tokenizer = Tokenizer::new(depth, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(html.into());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.exceeded.get()
}

struct Depth {
    open: RefCell<Vec<html5ever::LocalName>>,
    most: usize,
    exceeded: Cell<bool>,
}

impl Depth {
    fn open(&self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        match name {
            "script" | "style" | "xmp" | "iframe" | "noembed" | "noframes" => {
                return TokenSinkResult::RawData(RawKind::Rawtext);
            }
            "textarea" | "title" => return TokenSinkResult::RawData(RawKind::Rcdata),
            _ => {}
        }
        if VOID.contains(&name) || IMPLIED_END.contains(&name) {
            return TokenSinkResult::Continue;
        }
        let mut open = self.open.borrow_mut();
        if open.len() >= self.most {
            self.exceeded.set(true);
        } else {
            open.push(tag.name.clone());
        }
        TokenSinkResult::Continue
    }

    fn close(&self, tag: &Tag) {
        let mut open = self.open.borrow_mut();
        // Bounded by `most`, so this is no quadratic search.
        if let Some(position) = open.iter().rposition(|name| *name == tag.name) {
            open.truncate(position);
        }
    }
}

impl TokenSink for Depth {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => self.open(&tag),
            Token::TagToken(tag) => {
                self.close(&tag);
                TokenSinkResult::Continue
            }
            _ => TokenSinkResult::Continue,
        }
    }
}
