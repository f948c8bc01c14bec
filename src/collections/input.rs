//! A collection as editors write it.

use std::collections::HashSet;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::articles::input::DistinctList;
use crate::db::{Id, Timestamp};
use crate::text::{Language, Line, Slug};
use crate::validation::{Invalid, Violation, Violations, at_most, pointer};

/// Most slots of a collection, and most articles that one is filled up to.
pub const MOST_ARTICLES: usize = 100;

/// The tags of which a rule wants one.
pub type WantedTags = DistinctList<Slug, 5>;
/// The tags of which a rule wants none.
pub type ExcludedTags = DistinctList<Slug, 20>;

/// What editors write of a collection: all of it, each time.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({
    "title": "World, top stories", "slots": [], "fill": {"section": "world", "limit": 12}
}))]
pub struct CollectionInput {
    /// Its name for readers.
    pub title: Line<120>,
    /// Its slots, in their order; no article twice.
    pub slots: Slots,
    /// What fills it below them; nothing when left out.
    #[deserr(default)]
    #[schema(required = false)]
    pub fill: Option<FillInput>,
}

/// A place in a collection.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields, validate = in_order -> Violations)]
#[schema(example = json!({
    "article": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "label": "Live"
}))]
pub struct SlotInput {
    /// The article's id, whatever its status: it is shown while it is public.
    pub article: Id,
    /// The headline that it has here; its own when left out.
    #[deserr(default)]
    #[schema(required = false)]
    pub headline: Option<Line<300>>,
    /// What stands beside its headline here: "Live", "Analysis".
    #[deserr(default)]
    #[schema(required = false)]
    pub label: Option<Line<80>>,
    /// From when it is shown.
    #[deserr(default)]
    #[schema(required = false)]
    pub from: Option<Timestamp>,
    /// Until when it is shown, later than `from`.
    #[deserr(default)]
    #[schema(required = false)]
    pub until: Option<Timestamp>,
}

fn in_order(slot: SlotInput, location: ValuePointerRef) -> Result<SlotInput, Violations> {
    match (slot.from, slot.until) {
        (Some(from), Some(until)) if until <= from => {
            let place = format!("{}/until", pointer(location));
            Err(Violation::new(place, "out_of_order", "must be later than from").into())
        }
        _ => Ok(slot),
    }
}

/// The slots of a collection, no article twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slots(pub Vec<SlotInput>);

impl Deserr<Violations> for Slots {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let slots = Vec::<SlotInput>::deserialize_from_value(value, location)?;
        let slots = at_most(slots, MOST_ARTICLES, location)?;
        let mut seen = HashSet::new();
        let mut wrong = Violations::default();
        for (index, slot) in slots.iter().enumerate() {
            if !seen.insert(slot.article) {
                let invalid = Invalid::new("repeated", "is in another slot already");
                let at = location.push_index(index);
                wrong.append(Violations::at(at.push_key("article"), invalid));
            }
        }
        wrong.into_result()?;
        Ok(Self(slots))
    }
}

impl PartialSchema for Slots {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(Ref::from_schema_name(SlotInput::name()))
            .max_items(Some(MOST_ARTICLES))
            .into()
    }
}

impl ToSchema for Slots {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((SlotInput::name().into(), SlotInput::schema()));
        SlotInput::schemas(schemas);
    }
}

/// What fills a collection below its slots: the newest articles to which all of this applies and that do not
/// stand above. Of the newest 10,000 articles of its tags, or else its section, or else of all, those are taken
/// that have the rest.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"section": "world", "exclude_tags": ["energy"], "limit": 12}))]
pub struct FillInput {
    /// Slug of a section, which brings those below it; of any when left out.
    #[deserr(default)]
    #[schema(required = false)]
    pub section: Option<Slug>,
    /// Slugs of tags: any of them. Without, tags make no difference.
    #[deserr(default)]
    #[schema(required = false)]
    pub tags: WantedTags,
    /// Slugs of tags: none of them.
    #[deserr(default)]
    #[schema(required = false)]
    pub exclude_tags: ExcludedTags,
    /// Only articles in this language (BCP 47), in whatever script, region or variant unless that is named.
    #[deserr(default)]
    #[schema(required = false)]
    pub language: Option<Language>,
    /// How many articles the collection has in all, those in slots included: 1 to 100.
    #[deserr(try_from(i64) = size -> Invalid)]
    #[schema(minimum = 1, maximum = 100, example = 12)]
    pub limit: i32,
}

fn size(number: i64) -> Result<i32, Invalid> {
    match i32::try_from(number) {
        Ok(size @ 1..=100) => Ok(size),
        _ => Err(Invalid::new("out_of_range", "must be from 1 to 100")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validation::from_json;
    use serde_json::json;

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let id = Id::generate();
        let wrong = from_json::<CollectionInput>(json!({
            "title": "", "fill": {"limit": 101, "tags": ["a", "a"]}, "slots": [
                {"article": id, "from": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"},
                {"article": "x"},
            ],
        }))
        .unwrap_err();
        let pointers: Vec<&str> = wrong.listed().iter().map(|one| &*one.pointer).collect();
        for pointer in [
            "/title",
            "/fill/limit",
            "/fill/tags/1",
            "/slots/0/until",
            "/slots/1/article",
        ] {
            assert!(pointers.contains(&pointer), "{pointer}: {pointers:?}");
        }
        let twice = json!({"title": "Home", "slots": [{"article": id}, {"article": id}]});
        let wrong = from_json::<CollectionInput>(twice).unwrap_err();
        assert_eq!(wrong.listed()[0].pointer, "/slots/1/article");
        let missing = from_json::<CollectionInput>(json!({"title": "Home"})).unwrap_err();
        assert_eq!(missing.listed()[0].pointer, "/slots");
    }
}
