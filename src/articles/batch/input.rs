//! A batch as it is sent.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde_json::{Map, json};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::articles::new_article::{Creation, NewArticle};
use crate::articles::parts::{CorrectionInput, CorrectionKind};
use crate::articles::patch::ArticlePatch;
use crate::articles::workflow::{Embargo, Expiry, PublishInput, RetractInput};
use crate::auth::model::Right;
use crate::body::block::{one_of, tagged};
use crate::db::version::Expected;
use crate::db::{Id, Timestamp};
use crate::http::conditional::expected_of;
use crate::text::Prose;
use crate::validation::{Invalid, Violation, Violations, at_most, object, pointer, unknown};

/// Most operations of a batch.
pub const MOST_OPERATIONS: usize = 500;

/// Operations on articles. What is wrong with one of them is kept in its place.
#[derive(Debug)]
pub struct ArticleBatch {
    /// Whether all of them are made or none.
    pub is_atomic: bool,
    /// What is asked for, in order.
    pub operations: Vec<Result<Operation, Violations>>,
}

/// One operation.
#[derive(Debug, Clone)]
pub enum Operation {
    /// Add an article, not read to its end yet: that depends on a parameter of the request.
    Create(Box<NewArticle>),
    /// Add an article.
    CreateRead(Box<Creation>),
    /// Change one that is there.
    Change(Target, Step),
}

/// An article, and the versions of it that may be changed.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its key.
    pub id: Id,
    /// What `if_match` names.
    pub expected: Expected,
}

/// What is done with an article that is there.
#[derive(Debug, Clone)]
pub enum Step {
    /// Change what it says.
    Patch(Box<ArticlePatch>),
    /// Publish it.
    Publish(PublishInput),
    /// Take it back.
    Unpublish,
    /// Withdraw it.
    Retract(RetractInput),
    /// Bring it back from the trash.
    Restore,
    /// Throw it away.
    Trash,
    /// Add a correction.
    Correct(CorrectionInput),
}

impl Operation {
    /// The right that it needs.
    pub fn right(&self) -> Right {
        match self {
            Self::Create(_)
            | Self::CreateRead(_)
            | Self::Change(_, Step::Patch(_) | Step::Restore | Step::Trash) => Right::ArticlesWrite,
            Self::Change(
                _,
                Step::Publish(_) | Step::Unpublish | Step::Retract(_) | Step::Correct(_),
            ) => Right::ArticlesPublish,
        }
    }

    /// Where in the operation the article stands that violations point into; `None` where they are those of the
    /// article as it is, as of one that cannot be published yet.
    pub fn pointer(&self) -> Option<&'static str> {
        match self {
            Self::Create(_) | Self::CreateRead(_) => Some("/article"),
            Self::Change(_, Step::Patch(_)) => Some("/patch"),
            Self::Change(..) => None,
        }
    }

    /// Whether it adds an article.
    pub fn creates(&self) -> bool {
        matches!(self, Self::Create(_) | Self::CreateRead(_))
    }

    /// The article that it names.
    pub fn article(&self) -> Option<Id> {
        match self {
            Self::Create(_) | Self::CreateRead(_) => None,
            Self::Change(target, _) => Some(target.id),
        }
    }

    /// What is not as it was sent of the body that it writes.
    pub fn warnings(&self) -> Violations {
        match self {
            Self::CreateRead(creation) => creation.input.body.warnings.clone(),
            Self::Change(_, Step::Patch(patch)) => patch.warnings(),
            _ => Violations::default(),
        }
    }

    /// Read to its end: with `create_missing`, what it refers to apart, by slug or name.
    ///
    /// # Errors
    /// Everything that is wrong with it, pointing into the operation.
    pub fn read(self, create_missing: bool) -> Result<Self, Violations> {
        match self {
            Self::Create(article) => {
                let creation = article.read(create_missing);
                let creation = creation.map_err(|wrong| wrong.under("/article"))?;
                Ok(Self::CreateRead(Box::new(creation)))
            }
            Self::Change(target, Step::Patch(patch)) if create_missing => {
                let patch = patch.creating_missing();
                let patch = patch.map_err(|wrong| wrong.under("/patch"))?;
                Ok(Self::Change(target, Step::Patch(Box::new(patch))))
            }
            other => Ok(other),
        }
    }

    /// Reads one operation; violations point into it.
    fn of(value: serde_json::Value) -> Result<Self, Violations> {
        let mut fields = object(IntoValue::into_value(value), ValuePointerRef::Origin)?;
        let name = match fields.shift_remove("op") {
            Some(serde_json::Value::String(name)) => name,
            Some(_) => return Err(Violation::new("/op", "wrong_type", "must be a string").into()),
            None => return Err(Violation::new("/op", "required", "is required").into()),
        };
        Ok(match name.as_str() {
            "create" => Self::Create(Box::new(read::<BatchCreate>(fields)?.article.0)),
            "patch" => read::<BatchPatch>(fields)?.into(),
            "publish" => read::<BatchPublish>(fields)?.into(),
            "unpublish" => read::<BatchUnpublish>(fields)?.into(),
            "retract" => read::<BatchRetract>(fields)?.into(),
            "correct" => read::<BatchCorrect>(fields)?.into(),
            "trash" => read::<BatchTrash>(fields)?.into(),
            "restore" => read::<BatchRestore>(fields)?.into(),
            name => {
                let known: Vec<&str> = types().into_iter().map(|(name, ..)| name).collect();
                let detail = unknown("operation", name, &known);
                return Err(Violation::new("/op", "unknown_value", detail).into());
            }
        })
    }
}

fn read<T: Deserr<Violations>>(fields: Map<String, serde_json::Value>) -> Result<T, Violations> {
    let value = IntoValue::into_value(serde_json::Value::Object(fields));
    T::deserialize_from_value(value, ValuePointerRef::Origin)
}

/// A part whose violations point into itself, also those that it is found to have later on.
#[derive(Debug)]
struct Apart<T>(T);

impl<T: Deserr<Violations>> Deserr<Violations> for Apart<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let value =
            <serde_json::Value as Deserr<Violations>>::deserialize_from_value(value, location)?;
        T::deserialize_from_value(IntoValue::into_value(value), ValuePointerRef::Origin)
            .map(Self)
            .map_err(|wrong| wrong.under(&pointer(location)))
    }
}

/// The versions that `if_match` names.
#[derive(Debug)]
struct IfMatchText(Expected);

impl Deserr<Violations> for IfMatchText {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let text = <String as Deserr<Violations>>::deserialize_from_value(value, location)?;
        expected_of(&text).map(Self).ok_or_else(|| {
            let detail = "must be the ETag that you read, as in \"v3\", or *";
            Violations::at(location, Invalid::new("invalid_etag", detail))
        })
    }
}

macro_rules! steps {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $of:ty,)* })*) => {$(
        #[derive(Debug, Deserr, ToSchema)]
        #[deserr(error = Violations, deny_unknown_fields)]
        $(#[$meta])*
        struct $name {
            /// The article's id.
            id: Id,
            /// As the header `If-Match`: the ETag that was read, or `*`.
            #[schema(value_type = String, example = "\"v3\"")]
            if_match: IfMatchText,
            $($(#[$field_meta])* $field: $of,)*
        }
    )*};
}

/// Add an article, as `POST /v1/editorial/articles` does.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"op": "create", "article": {"headline": "Harbour cities agree on a flood fund"}}))]
struct BatchCreate {
    /// The article.
    #[schema(value_type = NewArticle)]
    article: Apart<NewArticle>,
}

steps! {
    /// Change an article.
    #[schema(example = json!({
        "op": "patch", "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "if_match": "\"v3\"",
        "patch": {"kicker": "Analysis"}
    }))]
    BatchPatch {
        /// A JSON merge patch (RFC 7396).
        #[schema(schema_with = patch_schema)]
        patch: Apart<ArticlePatch>,
    }
    /// Publish an article, now or by itself at a time in the future.
    #[schema(example = json!({
        "op": "publish", "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "if_match": "\"v3\""
    }))]
    BatchPublish {
        /// In the future, the article appears then by itself. When left out: the time at which it was
        /// first public, or now when it never was.
        #[deserr(default)]
        #[schema(required = false)]
        published_at: Option<Timestamp>,
        /// Kept back until then; null lifts an embargo, left out keeps the one there is.
        #[deserr(default)]
        #[schema(value_type = Option<Timestamp>, required = false)]
        embargo_until: Embargo,
        /// From then on it is not public any more, by itself and to the second; null takes that back, left out keeps
        /// a time that is to come.
        #[deserr(default)]
        #[schema(value_type = Option<Timestamp>, required = false)]
        unpublish_at: Expiry,
        /// Why, for the desk: it stands in the article's revisions.
        #[deserr(default)]
        #[schema(required = false)]
        note: Option<Prose<1000>>,
    }
    /// Take an article back.
    BatchUnpublish {}
    /// Withdraw an article for a reason.
    BatchRetract {
        /// For editors; readers never see it.
        reason: Prose<4000>,
        /// For readers: what the article's address says from now on. Plain text.
        #[deserr(default)]
        #[schema(required = false)]
        notice: Option<Prose<4000>>,
    }
    /// Add a correction to an article.
    BatchCorrect {
        /// What it is.
        kind: CorrectionKind,
        /// Its words, plain text.
        text: Prose<4000>,
    }
    /// Throw an article away.
    BatchTrash {}
    /// Bring an article back from the trash.
    BatchRestore {}
}

macro_rules! taken {
    ($($name:ident { $($field:ident),* } => $step:expr;)*) => {$(
        impl From<$name> for Operation {
            fn from($name { id, if_match, $($field),* }: $name) -> Self {
                let expected = if_match.0;
                Self::Change(Target { id, expected }, $step)
            }
        }
    )*};
}

taken! {
    BatchPatch { patch } => Step::Patch(Box::new(patch.0));
    BatchPublish { published_at, embargo_until, unpublish_at, note } =>
        Step::Publish(PublishInput { published_at, embargo_until, unpublish_at, note });
    BatchUnpublish {} => Step::Unpublish;
    BatchRetract { reason, notice } => Step::Retract(RetractInput { reason, notice });
    BatchCorrect { kind, text } => Step::Correct(CorrectionInput { kind, text });
    BatchTrash {} => Step::Trash;
    BatchRestore {} => Step::Restore;
}

impl Deserr<Violations> for ArticleBatch {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let Sent { atomic, operations } = Deserr::deserialize_from_value(value, location)?;
        let operations = operations.0.into_iter().enumerate();
        Ok(Self {
            is_atomic: atomic,
            operations: operations
                .map(|(index, operation)| {
                    let place = format!("/operations/{index}");
                    Operation::of(operation).map_err(|wrong| wrong.under(&place))
                })
                .collect(),
        })
    }
}

/// The batch, its operations not read yet.
#[derive(Deserr)]
#[deserr(error = Violations, deny_unknown_fields)]
struct Sent {
    #[deserr(default)]
    atomic: bool,
    operations: Operations,
}

/// As many as may be.
struct Operations(Vec<serde_json::Value>);

impl Deserr<Violations> for Operations {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let all = <Vec<serde_json::Value> as Deserr<Violations>>::deserialize_from_value(
            value, location,
        )?;
        if all.is_empty() {
            let invalid = Invalid::new("too_few", "must have at least 1 item");
            return Err(Violations::at(location, invalid));
        }
        at_most(all, MOST_OPERATIONS, location).map(Self)
    }
}

// --- The OpenAPI document -----------------------------------------------------------------------------

/// The operations: their names, and the names and forms of their schemas.
fn types() -> [(&'static str, &'static str, RefOr<Schema>); 8] {
    [
        ("create", "BatchCreate", BatchCreate::schema()),
        ("patch", "BatchPatch", BatchPatch::schema()),
        ("publish", "BatchPublish", BatchPublish::schema()),
        ("unpublish", "BatchUnpublish", BatchUnpublish::schema()),
        ("retract", "BatchRetract", BatchRetract::schema()),
        ("correct", "BatchCorrect", BatchCorrect::schema()),
        ("trash", "BatchTrash", BatchTrash::schema()),
        ("restore", "BatchRestore", BatchRestore::schema()),
    ]
}

/// Made of what an article is written as, once the whole document is known.
fn patch_schema() -> RefOr<Schema> {
    Ref::from_schema_name("ArticlePatch").into()
}

impl PartialSchema for ArticleBatch {
    fn schema() -> RefOr<Schema> {
        let operations = ArrayBuilder::new()
            .items(Ref::from_schema_name("BatchOperation"))
            .min_items(Some(1))
            .max_items(Some(MOST_OPERATIONS))
            .description(Some("What is to be done, in this order."));
        let atomic = ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .default(Some(json!(false)))
            .description(Some(
                "Whether all operations are made or none; else each is made for itself.",
            ));
        ObjectBuilder::new()
            .description(Some("Operations on articles."))
            .property("atomic", atomic)
            .property("operations", operations)
            .required("operations")
            .into()
    }
}

impl ToSchema for ArticleBatch {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        NewArticle::schemas(schemas);
        schemas.push((NewArticle::name().into(), NewArticle::schema()));
        schemas.push(("CorrectionKind".into(), CorrectionKind::schema()));
        let names = types()
            .into_iter()
            .map(|(name, of, _)| (name, of.to_owned()));
        schemas.push(("BatchOperation".into(), one_of("op", names)));
        for (name, of, schema) in types() {
            schemas.push((of.into(), tagged("op", name, schema)));
        }
    }
}
