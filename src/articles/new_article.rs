//! An article as it is created: a draft, or published in the same call.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde_json::Map;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::input::{ArticleInput, BodyInput};
use super::mentions::Mentions;
use super::workflow::PublishInput;
use crate::db::Timestamp;
use crate::validation::{Violation, Violations, near_miss, object, push_key, unknown};

/// The statuses in which an article is created.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what NewArticle reads by hand")]
enum NewStatus {
    /// Being written.
    Draft,
    /// Waiting for an editor.
    InReview,
    /// Published, now or at `published_at`.
    Published,
}

/// What is said of publishing.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what NewArticle reads by hand")]
struct Publishing {
    /// `draft`, `in_review` or `published`; the other statuses are reached by steps.
    #[schema(required = false, inline)]
    status: Option<NewStatus>,
    /// With the status `published` only: when it is published, in the past or in the future, when it appears by
    /// itself; now when left out.
    #[schema(required = false)]
    published_at: Option<Timestamp>,
    /// With the status `published` only: kept back until then.
    #[schema(required = false)]
    embargo_until: Option<Timestamp>,
    /// With the status `published` only: from then on it is not public any more, by itself and to the second.
    #[schema(required = false)]
    unpublish_at: Option<Timestamp>,
}

const STATUSES: &[&str] = &["draft", "in_review", "published"];
const PUBLISHED: &str = "published";
/// The names of these.
const OF_PUBLISHING: &[&str] = &["published_at", "embargo_until", "unpublish_at"];

/// An article as it was sent to be created. Its body has been read already, so that sanitising it holds up
/// nobody else's write.
#[derive(Debug, Clone)]
pub struct NewArticle {
    fields: Map<String, serde_json::Value>,
    body: Option<Result<BodyInput, Violations>>,
}

/// What is to be created.
#[derive(Debug, Clone)]
pub struct Creation {
    /// The article.
    pub input: ArticleInput,
    /// With `create_missing`: what it refers to, which is created where it is not there. The article itself
    /// names nothing then.
    pub mentions: Option<Mentions>,
    /// When it is to be published at once.
    pub publish: Option<PublishInput>,
}

impl From<ArticleInput> for Creation {
    /// A draft, or one in review.
    fn from(input: ArticleInput) -> Self {
        Self {
            input,
            mentions: None,
            publish: None,
        }
    }
}

impl Deserr<Violations> for NewArticle {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let mut fields = object(value, location)?;
        let body = fields.shift_remove("body").map(|body| {
            let location = location.push_key("body");
            BodyInput::deserialize_from_value(IntoValue::into_value(body), location)
        });
        Ok(Self { fields, body })
    }
}

impl NewArticle {
    /// Whether it is to be published at once.
    pub fn is_to_be_published(&self) -> bool {
        let status = self.fields.get("status");
        status.and_then(|status| status.as_str()) == Some(PUBLISHED)
    }

    /// The article with all its rules; with `create_missing`, what it refers to apart, by slug or name.
    ///
    /// # Errors
    /// Everything that is wrong with it, what it lacks to be published aside.
    pub fn read(self, create_missing: bool) -> Result<Creation, Violations> {
        let publishes = self.is_to_be_published();
        let Self { mut fields, body } = self;
        let mut wrong = Violations::default();
        let publish = match publishes {
            true => kept(&mut wrong, take_publication(&mut fields)),
            false => kept(&mut wrong, without_publication(&mut fields)).and(None),
        };
        let _ = kept(&mut wrong, without_near_misses(&mut fields));
        let mentions = match create_missing {
            true => kept(&mut wrong, Mentions::take(&mut fields)),
            false => None,
        };
        let input = kept(&mut wrong, read(fields));
        let body = match body {
            Some(body) => kept(&mut wrong, body),
            None => Some(BodyInput::default()),
        };
        match (wrong.into_result(), input, body) {
            (Ok(()), Some(input), Some(body)) => Ok(Creation {
                input: ArticleInput { body, ..input },
                mentions,
                publish,
            }),
            (wrong, ..) => Err(wrong.err().unwrap_or_default()),
        }
    }
}

/// A value, unless there are violations, which are added to the others.
fn kept<T>(wrong: &mut Violations, read: Result<T, Violations>) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(found) => {
            wrong.append(found);
            None
        }
    }
}

fn read<T: Deserr<Violations>>(fields: Map<String, serde_json::Value>) -> Result<T, Violations> {
    let value = IntoValue::into_value(serde_json::Value::Object(fields));
    T::deserialize_from_value(value, ValuePointerRef::Origin)
}

fn take_publication(
    fields: &mut Map<String, serde_json::Value>,
) -> Result<PublishInput, Violations> {
    fields.shift_remove("status");
    let said = OF_PUBLISHING.iter();
    let said = said.filter_map(|name| Some((name.to_string(), fields.shift_remove(*name)?)));
    read(said.collect())
}

/// What was meant to say something of publishing; all other names an article knows or refuses by itself.
fn without_near_misses(fields: &mut Map<String, serde_json::Value>) -> Result<(), Violations> {
    let mut wrong = Violations::default();
    fields.retain(|name, _| match near_miss(name, OF_PUBLISHING) {
        None => true,
        Some(_) => {
            let mut place = String::new();
            push_key(&mut place, name);
            let detail = unknown("field", name, OF_PUBLISHING);
            wrong.push(Violation::new(place, "unknown_field", detail));
            false
        }
    });
    wrong.into_result()
}

/// Nothing may be said of publishing what is not published; null says nothing.
fn without_publication(fields: &mut Map<String, serde_json::Value>) -> Result<(), Violations> {
    let mut wrong = Violations::default();
    for name in OF_PUBLISHING {
        if fields
            .shift_remove(*name)
            .is_some_and(|said| !said.is_null())
        {
            let detail = "is taken only with \"status\": \"published\"; a draft gets it when it is published";
            wrong.push(Violation::new(format!("/{name}"), "not_published", detail));
        }
    }
    if let Some(serde_json::Value::String(status)) = fields.get("status")
        && !STATUSES.contains(&status.as_str())
    {
        let detail = unknown("value", status, STATUSES);
        wrong.push(Violation::new("/status", "unknown_value", detail));
        fields.shift_remove("status");
    }
    wrong.into_result()
}

impl PartialSchema for NewArticle {
    fn schema() -> RefOr<Schema> {
        let mut schema = ArticleInput::schema();
        if let (RefOr::T(Schema::Object(article)), RefOr::T(Schema::Object(publish))) =
            (&mut schema, Publishing::schema())
        {
            article.description = Some(
                "An article as it is created: a draft, or with `\"status\": \"published\"` published at once."
                    .into(),
            );
            article.properties.extend(publish.properties);
        }
        schema
    }
}

impl ToSchema for NewArticle {
    fn name() -> std::borrow::Cow<'static, str> {
        "ArticleCreation".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ArticleInput::schemas(schemas);
        Publishing::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validation::from_json;
    use serde_json::json;

    fn read(article: serde_json::Value, create_missing: bool) -> Result<Creation, Violations> {
        from_json::<NewArticle>(article)?.read(create_missing)
    }

    #[test]
    fn publishing_is_said_with_the_status_alone() {
        let draft = read(json!({"status": "in_review", "published_at": null}), false).unwrap();
        assert!(draft.publish.is_none() && draft.input.status.is_some());
        let published = json!({"status": "published", "published_at": "2020-01-01T00:00:00Z"});
        let publish = read(published, false).unwrap().publish.unwrap();
        assert!(publish.published_at.is_some());
        for (article, wrong) in [
            (
                json!({"embargo_until": "2020-01-01T00:00:00Z"}),
                "/embargo_until not_published",
            ),
            (
                json!({"status": "draft", "published_at": "x"}),
                "/published_at not_published",
            ),
            (
                json!({"status": "published", "published_at": "x"}),
                "/published_at invalid_timestamp",
            ),
            (json!({"publish_at": null}), "/publish_at unknown_field"),
            (json!({"status": "publishd"}), "/status unknown_value"),
            (json!({"tags": ["Climate change"]}), "/tags/0 invalid_slug"),
        ] {
            let found = read(article.clone(), false).unwrap_err();
            let first = &found.listed()[0];
            assert_eq!(
                format!("{} {}", first.pointer, first.code),
                wrong,
                "{article}"
            );
            assert_eq!(found.len(), 1, "{article}");
        }
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let article = json!({
            "status": "published", "embargo_until": 1, "headline": "", "body": 1,
            "tags": ["a", "a"], "authors": [""]
        });
        for create_missing in [false, true] {
            let wrong = read(article.clone(), create_missing).unwrap_err();
            let mut found: Vec<&str> = wrong.listed().iter().map(|one| &*one.pointer).collect();
            found.sort_unstable();
            let all = [
                "/authors/0",
                "/body",
                "/embargo_until",
                "/headline",
                "/tags/1",
            ];
            assert_eq!(found, all);
        }
    }
}
