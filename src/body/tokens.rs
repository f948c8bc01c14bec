//! What stands between the tokenizer and the tree builder: it counts tokens, closes what XHTML closes where it opens, and
//! sees what has no end.

use std::cell::{Cell, RefCell};

use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use html5ever::tree_builder::TreeBuilder;

use super::nodes::NodeId;
use super::sink::Sink;

/// Elements whose content is read as text up to their end.
const RAW: &[&str] = &[
    "script", "style", "iframe", "textarea", "title", "noembed", "noframes", "xmp",
];

/// What has no end, so that all that follows is part of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfinished {
    /// An element whose content is read as text, by its name; and that content.
    Element(String, String),
    /// A comment, and what stands in it.
    Comment(String),
    /// A tag.
    Tag,
}

/// The tree builder, and what is noted of the tokens that reach it.
pub(super) struct Tokens {
    pub(super) builder: TreeBuilder<NodeId, Sink>,
    /// How many have reached it.
    pub(super) count: Cell<usize>,
    /// The element whose content is read as text, and what has been read of it.
    open: RefCell<Option<(String, String)>>,
    /// Whether the text ended within a tag or a comment.
    is_cut: Cell<bool>,
    unfinished: RefCell<Option<Unfinished>>,
}

impl Tokens {
    pub(super) fn new(builder: TreeBuilder<NodeId, Sink>) -> Self {
        Self {
            builder,
            count: Cell::new(0),
            open: RefCell::default(),
            is_cut: Cell::new(false),
            unfinished: RefCell::default(),
        }
    }

    /// What had no end, once the text is over.
    pub(super) fn unfinished(&self) -> Option<Unfinished> {
        self.unfinished.take()
    }

    fn note(&self, token: &Token) {
        let mut open = self.open.borrow_mut();
        match token {
            // An error is said before what it is of.
            Token::ParseError(error) if error.contains("EOF") => self.is_cut.set(true),
            Token::CommentToken(text) if self.is_cut.get() => {
                let comment = Unfinished::Comment(text.to_string());
                self.unfinished.replace(Some(comment));
            }
            Token::CharacterTokens(text) => {
                if let Some((_, content)) = open.as_mut() {
                    content.push_str(text);
                }
            }
            Token::NullCharacterToken => {
                if let Some((_, content)) = open.as_mut() {
                    content.push('\u{fffd}');
                }
            }
            Token::TagToken(_) => *open = None,
            Token::EOFToken => {
                let mut unfinished = self.unfinished.borrow_mut();
                match open.take() {
                    Some((name, content)) => {
                        *unfinished = Some(Unfinished::Element(name, content));
                    }
                    None if self.is_cut.get() && unfinished.is_none() => {
                        *unfinished = Some(Unfinished::Tag);
                    }
                    None => {}
                }
            }
            _ => {}
        }
    }
}

impl TokenSink for Tokens {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        if !matches!(token, Token::ParseError(_)) {
            self.count.set(self.count.get() + 1);
        }
        self.note(&token);
        let raw = match &token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag && RAW.contains(&&*tag.name) => {
                Some((tag.name.clone(), tag.self_closing))
            }
            _ => None,
        };
        let closes = matches!(raw, Some((_, true)))
            && !self.adjusted_current_node_present_but_not_in_html_namespace();
        let result = self.builder.process_token(token, line);
        match raw {
            Some((name, _)) if closes => {
                let end = Tag {
                    kind: TagKind::EndTag,
                    name,
                    self_closing: false,
                    attrs: Vec::new(),
                    had_duplicate_attributes: false,
                };
                self.builder.process_token(Token::TagToken(end), line)
            }
            Some((name, _)) if matches!(result, TokenSinkResult::RawData(_)) => {
                self.open.replace(Some((name.to_string(), String::new())));
                result
            }
            _ => result,
        }
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}
