//! Full-text search over what is published, and for editors over what is not.
//!
//! Neither database reads text here: what it finds depends on its version, its dictionaries and
//! the machine's locale, and the two would disagree. Text becomes words in one place ([`words`] and
//! [`reading`]), queries are read in one place ([`query`]), and both databases only keep and intersect lists of
//! words: SQLite in FTS5, Postgres in a `tsvector` under a GIN index. So both find the same.
//!
//! - [`words`] – text as words: case and accents folded, scripts without spaces by character
//! - [`signs`] – names with signs: `C++`, `.NET`
//! - [`reading`] – words as they belong together: what a hyphen joins, initials
//! - [`query`] – what readers type, none of it an error
//! - [`entry`] – what is kept of an article: its words, once for each rank they can earn it
//! - [`expression`] – a query in the language of either database
//! - [`headline`] – finding articles by parts of the words of their headlines, without an index
//! - [`highlight`] – where in a text a query was found
//! - [`store`] – the two indexes: written in the transaction of the article's change
//!
//! **Ranks.** An article ranks by the best of its parts in which a query is found: all in the
//! headline, or else with the standfirst, the body, the tags, the authors; within a rank the newest
//! comes first. Each rank is read in order from the index, so that a page costs the same however
//! many articles match, and a cursor stays where it is while others publish: with scores that
//! depend on all articles neither would hold.
//!
//! **Names** of tags and authors are not kept with the article but looked up when a query is made:
//! the article keeps the keys, so renaming a tag of a hundred thousand articles writes one row.

pub mod entry;
pub mod expression;
pub mod headline;
pub mod highlight;
pub mod query;
pub mod reading;
pub mod signs;
pub mod store;
pub mod words;
