//! The parameters of Ghost's Content API. Those that are not known change nothing, as there.

use std::collections::BTreeMap;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;

use super::error::Failure;
use crate::http::canonical::CanonicalTarget;
use crate::http::template::Template;

/// Most items on a page, and how many there are when nothing is said.
const ITEMS: (usize, usize) = (100, 15);
/// Most characters of a parameter.
const MOST_CHARACTERS: usize = 4_000;
/// Those that are read.
const KNOWN: [&str; 8] = [
    "fields", "filter", "formats", "include", "key", "limit", "order", "page",
];

/// What a request says.
#[derive(Debug, Clone, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GhostParams {
    /// The key that the server is set to (`--ghost-key`).
    #[param(value_type = String, pattern = "^[0-9a-f]{26}$", example = "0123456789abcdef0123456789")]
    pub key: String,
    /// Which page, from 1 on: at most those of the first 10,000 items.
    #[param(value_type = Option<u16>, minimum = 1)]
    pub page: usize,
    /// Most items on a page, 15 when left out; `all` and more than 100 mean 100.
    #[param(value_type = Option<String>)]
    pub limit: usize,
    /// What is added, comma-separated: `tags`, `authors`, `count.posts`. Others change nothing.
    #[param(value_type = Option<String>)]
    pub include: Vec<String>,
    /// Only these fields, comma-separated.
    #[param(value_type = Option<String>)]
    pub fields: Vec<String>,
    /// How texts are wanted, comma-separated: `html` (default), `plaintext`.
    #[param(value_type = Option<String>)]
    pub formats: Vec<String>,
    /// Which items, in the language of Ghost (NQL): a part of it, see docs/GHOST.md.
    pub filter: Option<String>,
    /// In which order: `published_at desc`.
    pub order: Option<String>,
}

/// What a request says, and the key under which its response is cached.
#[derive(Debug)]
pub struct GhostQuery {
    /// What it says, or what is wrong with it in words: a part that is left out would be missed by nobody.
    pub params: Result<GhostParams, String>,
    /// What was asked for, in canonical form.
    pub canonical: CanonicalTarget,
}

impl FromRequest for GhostQuery {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut said: BTreeMap<String, String> = BTreeMap::new();
        let mut wrong = None;
        for (name, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
            if !KNOWN.contains(&&*name) || value.is_empty() {
                continue;
            }
            if value.chars().count() > MOST_CHARACTERS {
                wrong = Some(format!(
                    "The parameter \"{name}\" has more than {MOST_CHARACTERS} characters."
                ));
            } else if value.contains('\0') {
                wrong = Some(format!("The parameter \"{name}\" has a NUL."));
            } else {
                // The last one counts.
                said.insert(name.into_owned(), value.into_owned());
            }
        }
        let params = match wrong {
            Some(wrong) => Err(wrong),
            None => Ok(GhostParams::of(&said)),
        };
        let path = Template::fill(request, |_| None);
        let canonical = CanonicalTarget::of(path, said);
        ready(Ok(Self { params, canonical }))
    }
}

impl GhostParams {
    fn of(said: &BTreeMap<String, String>) -> Self {
        let (most, usual) = ITEMS;
        let text = |name: &str| said.get(name).cloned();
        let list = |name: &str| -> Vec<String> {
            let parts = said.get(name).into_iter().flat_map(|text| text.split(','));
            let parts = parts.map(|part| part.trim().to_owned());
            parts.filter(|part| !part.is_empty()).collect()
        };
        let number = |name: &str| said.get(name)?.trim().parse::<usize>().ok();
        Self {
            key: text("key").unwrap_or_default(),
            page: number("page").filter(|page| *page > 0).unwrap_or(1),
            limit: match said.get("limit").map(String::as_str) {
                Some("all") => most,
                _ => number("limit")
                    .filter(|limit| *limit > 0)
                    .map_or(usual, |limit| limit.min(most)),
            },
            include: list("include"),
            fields: list("fields"),
            formats: list("formats"),
            filter: text("filter"),
            order: text("order"),
        }
    }

    /// Whether something is to be added.
    pub fn includes(&self, what: &str) -> bool {
        self.include.iter().any(|included| included == what)
    }

    /// How many items stand before the page.
    ///
    /// # Errors
    /// When there are too many.
    pub fn skipped(&self) -> Result<usize, Failure> {
        /// As far as lists are counted.
        const MOST: usize = 10_000;
        let skipped = (self.page - 1).saturating_mul(self.limit);
        match skipped < MOST {
            true => Ok(skipped),
            false => Err(Failure::Request(format!(
                "Pages end at the first {MOST} items."
            ))),
        }
    }
}
