//! stub
#![allow(missing_docs)]
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    Paragraph { html: String },
    Image { url: String, alt: String, caption: Option<String>, credit: Option<String> },
}
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Body(Vec<Block>);
pub struct BodyError { pub pointer: String, pub code: &'static str, pub detail: String }
impl Body {
    pub fn from_blocks(_: &serde_json::Value) -> Result<Body, Vec<BodyError>> { Ok(Body::default()) }
    pub fn from_html(t: &str) -> Result<Body, Vec<BodyError>> { Ok(Body(vec![Block::Paragraph{html:t.into()}])) }
    pub fn from_markdown(t: &str) -> Result<Body, Vec<BodyError>> { Ok(Body(vec![Block::Paragraph{html:t.into()}])) }
    pub fn from_text(t: &str) -> Result<Body, Vec<BodyError>> { Ok(Body(vec![Block::Paragraph{html:t.into()}])) }
    pub fn blocks(&self) -> &[Block] { &self.0 }
    pub fn is_empty(&self) -> bool { self.0.is_empty() }
    pub fn to_html(&self) -> String { String::new() }
    pub fn to_markdown(&self) -> String { String::new() }
    pub fn to_text(&self) -> String { String::new() }
    pub fn word_count(&self) -> u32 { 1 }
}
pub fn reading_minutes(words: u32) -> u32 { words.div_ceil(230) }
