//! A change of an article: a merge patch, and what is said with it.

use std::borrow::Cow;

use deserr::{Deserr, IntoValue, ValuePointerRef};
use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::input::{ArticleInput, BodyInput};
use super::mentions::{Mentions, Resolved};
use super::parts::{CorrectionInput, LeadImage};
use super::telling::Telling;
use super::workflow::Expiry;
use crate::body::Body;
use crate::body::media::Override;
use crate::db::Timestamp;
use crate::merge_patch::MergePatch;
use crate::text::Prose;
use crate::validation::Violations;

/// A change of an article: a merge patch whose body, if it has one, has been read already, so that
/// sanitising it holds up nobody else's write.
#[derive(Debug, Clone, Default)]
pub struct ArticlePatch {
    fields: MergePatch,
    body: Option<Result<BodyInput, Violations>>,
    mentions: Option<Mentions>,
    /// The version that it brings back, all of it.
    restores: Option<i64>,
    /// Whether its members take the place of the present ones as a whole.
    replaces: bool,
    expiry: Option<Expiry>,
    telling: Telling,
    /// Whether it says that it is silent, or that it is not.
    says_silent: bool,
    /// What is wrong with what is said besides the article.
    wrong: Violations,
    is_of_changed_media: bool,
}

impl Deserr<Violations> for ArticlePatch {
    fn deserialize_from_value<V: IntoValue>(
        value: deserr::Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let mut fields = MergePatch::deserialize_from_value(value, location)?;
        let body = read(&mut fields, "body", location);
        let mut wrong = Violations::default();
        let expiry = said(&mut fields, "unpublish_at", location, &mut wrong);
        // Null says nothing, as of all that may be left out.
        let silent: Option<Option<bool>> = said(&mut fields, "silent", location, &mut wrong);
        let silent = silent.flatten();
        let telling = Telling {
            silent: silent.unwrap_or_default(),
            correction: said(&mut fields, "correction", location, &mut wrong).unwrap_or_default(),
        };
        Ok(Self {
            fields,
            body,
            expiry,
            telling,
            says_silent: silent.is_some(),
            wrong,
            ..Self::default()
        })
    }
}

/// Reads a member that is no part of the merge patch.
fn read<T: Deserr<Violations>>(
    fields: &mut MergePatch,
    name: &str,
    location: ValuePointerRef,
) -> Option<Result<T, Violations>> {
    let value = IntoValue::into_value(fields.take(name)?);
    Some(T::deserialize_from_value(value, location.push_key(name)))
}

/// The same, what is wrong with it apart.
fn said<T: Deserr<Violations>>(
    fields: &mut MergePatch,
    name: &str,
    location: ValuePointerRef,
    wrong: &mut Violations,
) -> Option<T> {
    let read = read(fields, name, location)?;
    read.map_err(|violations| wrong.append(violations)).ok()
}

impl ArticlePatch {
    /// What gives an article other members, each as a whole, and a body.
    pub fn replacing(
        members: Map<String, Value>,
        body: Body,
        (note, telling): (Option<Prose<1000>>, Telling),
    ) -> Self {
        let mut fields = MergePatch::of(members);
        if let Some(note) = note {
            let note = Value::String(note.into_string());
            fields.members().insert("note".into(), note);
        }
        Self {
            fields,
            body: Some(Ok(body.into())),
            replaces: true,
            telling,
            ..Self::default()
        }
    }

    /// What gives an article nothing: it is written again because something that it shows says something else.
    pub fn of_changed_media() -> Self {
        Self {
            telling: Telling {
                silent: true,
                ..Telling::default()
            },
            is_of_changed_media: true,
            ..Self::default()
        }
    }

    /// Whether it is that.
    pub fn is_of_changed_media(&self) -> bool {
        self.is_of_changed_media
    }

    /// The same, to bring a version back.
    pub fn restoring(self, version: i64) -> Self {
        Self {
            restores: Some(version),
            ..self
        }
    }

    /// Members that it has and that others cannot say of an article: what concerns its publication or its readers, and
    /// not what it says.
    pub fn beside_content(&self) -> impl Iterator<Item = &'static str> {
        let names = [
            ("status", self.fields.has("status")),
            ("unpublish_at", self.expiry.is_some()),
            ("silent", self.says_silent),
            ("correction", self.telling.correction.is_some()),
        ];
        names
            .into_iter()
            .filter_map(|(name, has)| has.then_some(name))
    }

    /// What readers are told of it.
    pub fn telling(&self) -> &Telling {
        &self.telling
    }

    /// The version that it brings back.
    pub fn restored_from(&self) -> Option<i64> {
        self.restores
    }

    /// Whether the body is written anew.
    pub fn has_body(&self) -> bool {
        self.body.is_some()
    }

    /// What it says of when the article ends by itself.
    pub fn expiry(&self) -> Expiry {
        self.expiry.unwrap_or_default()
    }

    /// Whether it says which addresses the article had before.
    pub fn has_former_urls(&self) -> bool {
        self.fields.has("former_urls")
    }

    /// Whether it says what a member is, or the body.
    pub fn has_member(&self, name: &str) -> bool {
        self.fields.has(name) || (name == "body" && self.has_body())
    }

    /// Whether it says which tag stands for the article.
    pub fn has_primary_tag(&self) -> bool {
        self.fields.has("primary_tag")
    }

    /// With `create_missing`: what it refers to apart, by slug or name.
    ///
    /// # Errors
    /// Everything that is wrong with that.
    pub fn creating_missing(mut self) -> Result<Self, Violations> {
        self.mentions = Some(Mentions::take(self.fields.members())?);
        Ok(self)
    }

    /// What it refers to, where that is apart.
    pub fn take_mentions(&mut self) -> Option<Mentions> {
        self.mentions.take()
    }

    /// Refers to what was found or created, where that was said.
    pub fn refer_to(&mut self, resolved: Resolved) {
        let fields = self.fields.members();
        let mut put = |name: &str, value| fields.insert(name.to_owned(), value);
        if let Some(authors) = resolved.authors {
            put("authors", serde_json::json!(authors));
        }
        if let Some(tags) = resolved.tags {
            put("tags", serde_json::json!(tags));
        }
        if let Some(section) = resolved.section {
            put("section", serde_json::json!(section));
        }
    }

    /// What is not as it was sent of a body that is written anew.
    pub fn warnings(&self) -> Violations {
        match &self.body {
            Some(Ok(body)) => body.warnings.clone(),
            _ => Violations::default(),
        }
    }

    /// The article after the patch, with all its rules; a body that is left alone is neither read
    /// again nor refused for what it has been all along.
    ///
    /// # Errors
    /// Everything that is wrong with the article after the patch.
    pub fn apply(self, mut written: ArticleInput) -> Result<ArticleInput, Violations> {
        let kept = std::mem::take(&mut written.body);
        let mut wrong = self.wrong;
        let patched = match self.replaces {
            false => {
                let mut fields = self.fields;
                if let Some(members) = fields
                    .members()
                    .get("lead_image")
                    .and_then(Value::as_object)
                {
                    written.lead_image = written
                        .lead_image
                        .and_then(|image| to_be_patched(image, members));
                }
                fields.apply(&written)
            }
            true => self.fields.replace_in(&written),
        };
        let patched: Option<ArticleInput> = patched.map_err(|more| wrong.append(more)).ok();
        let body = self.body.unwrap_or(Ok(kept));
        let body = body.map_err(|more| wrong.append(more)).ok();
        match (patched, body) {
            (Some(input), Some(body)) if wrong.is_empty() => Ok(ArticleInput { body, ..input }),
            _ => Err(wrong),
        }
    }
}

/// What a patch of the picture above an article is merged into. Of another item of the media nothing that the one before
/// said is left; a word that is given is this article's own from then on, and one that is removed is the item's again.
fn to_be_patched(mut image: LeadImage, patch: &Map<String, Value>) -> Option<LeadImage> {
    let Some(now) = image.media_id else {
        return Some(image);
    };
    match patch.get("media_id") {
        Some(Value::String(id)) if *id != now.to_string() => return None,
        Some(Value::Null) => image.media_id = None,
        None if patch.get("url").is_some_and(Value::is_string) => image.media_id = None,
        _ => {}
    }
    if image.media_id.is_none() {
        image.forget_media();
        return Some(image);
    }
    if let Some(own) = &mut image.overrides
        && !patch.contains_key("overrides")
    {
        for (name, word) in Override::ALL {
            if let Some(value) = patch.get(*name) {
                own.retain(|known| known != word);
                own.extend((!value.is_null()).then_some(*word));
            }
        }
    }
    Some(image)
}

/// What a patch takes besides.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what ArticlePatch reads by hand")]
struct Besides {
    /// Of a published article: from then on it is not public any more, by itself and to the second; null takes that
    /// back.
    #[schema(required = false)]
    unpublish_at: Option<Timestamp>,
    /// `true` for what readers need not be told of, such as a typing error: they see it, and their `updated_at` stays. The
    /// desk sees it in the revisions and in the audit trail.
    #[schema(required = false)]
    silent: Option<bool>,
    /// What readers are told was corrected, added to the article in the same change. The server may ask for it where a body
    /// is changed that readers have known for some time.
    #[schema(required = false)]
    correction: Option<CorrectionInput>,
}

impl PartialSchema for ArticlePatch {
    fn schema() -> RefOr<Schema> {
        let mut schema = ArticleInput::schema();
        if let (RefOr::T(Schema::Object(article)), RefOr::T(Schema::Object(besides))) =
            (&mut schema, Besides::schema())
        {
            article.properties.extend(besides.properties);
        }
        schema
    }
}

impl ToSchema for ArticlePatch {
    fn name() -> Cow<'static, str> {
        ArticleInput::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ArticleInput::schemas(schemas);
        Besides::schemas(schemas);
    }
}
