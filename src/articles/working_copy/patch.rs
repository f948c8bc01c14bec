//! A change of a working copy.

use std::borrow::Cow;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::articles::input::ArticleInput;
use crate::articles::patch::ArticlePatch;
use crate::validation::{Violation, Violations};

/// A merge patch of what a working copy says. What concerns the article's publication and its readers is said of the
/// article, or when the working copy is published.
#[derive(Debug, Clone)]
pub struct WorkingCopyPatch(pub ArticlePatch);

impl Deserr<Violations> for WorkingCopyPatch {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let patch = ArticlePatch::deserialize_from_value(value, location)?;
        let mut wrong = Violations::default();
        for name in patch.beside_content() {
            let detail = match name {
                "status" => "is no part of a working copy: its article is published",
                "unpublish_at" => "is said of the article itself",
                _ => "is said when the working copy is published",
            };
            wrong.push(Violation::new(format!("/{name}"), "not_here", detail));
        }
        match wrong.is_empty() {
            true => Ok(Self(patch)),
            false => Err(wrong),
        }
    }
}

impl PartialSchema for WorkingCopyPatch {
    fn schema() -> RefOr<Schema> {
        let mut schema = ArticleInput::schema();
        if let RefOr::T(Schema::Object(article)) = &mut schema {
            article.properties.remove("status");
            article.example = None;
        }
        schema
    }
}

impl ToSchema for WorkingCopyPatch {
    fn name() -> Cow<'static, str> {
        "WorkingCopyInput".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ArticleInput::schemas(schemas);
    }
}
