//! API tokens as those see and create them who may.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::Serialize;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::model::Right;
use crate::db::{Id, Timestamp};
use crate::text::Line;
use crate::validation::{Invalid, Violation, Violations, at_most, pointer};

/// Whether a token can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApiTokenStatus {
    /// It can.
    Valid,
    /// Its time is over.
    Expired,
    /// Somebody revoked it.
    Revoked,
}

/// A tool's token, without its secret, which is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ApiToken, example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "name": "importer", "scopes": ["articles:read"],
    "status": "valid", "created_at": "2026-03-01T08:30:00.000Z",
    "created_by": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a12", "expires_at": null,
    "last_used_at": "2026-03-01T09:45:00.000Z", "revoked_at": null
}))]
pub struct ApiTokenDescription {
    /// Identifies it.
    pub id: Id,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Right>,
    /// Whether it can be used.
    pub status: ApiTokenStatus,
    /// When it was issued.
    pub created_at: Timestamp,
    /// The person who created it; null for the command line and for another token.
    #[schema(required = true)]
    pub created_by: Option<Id>,
    /// When it expires; null for never.
    #[schema(required = true)]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute; null for never.
    #[schema(required = true)]
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked; null when it was not.
    #[schema(required = true)]
    pub revoked_at: Option<Timestamp>,
}

/// A token to be created.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields, validate = ends_later -> Violations)]
#[schema(example = json!({"name": "importer", "scopes": ["articles:read", "articles:write"]}))]
pub struct ApiTokenInput {
    /// What it is for.
    pub name: Line<120>,
    /// What it may do: nothing that the caller may not.
    pub scopes: Scopes,
    /// When it expires; never when left out.
    #[deserr(default)]
    #[schema(required = false)]
    pub expires_at: Option<Timestamp>,
}

fn ends_later(
    token: ApiTokenInput,
    location: ValuePointerRef,
) -> Result<ApiTokenInput, Violations> {
    if token.expires_at.is_some_and(|end| end <= Timestamp::now()) {
        let place = format!("{}/expires_at", pointer(location));
        return Err(Violation::new(place, "in_the_past", "must be in the future").into());
    }
    Ok(token)
}

/// What a token may do: at least something, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(pub Vec<Right>);

impl Deserr<Violations> for Scopes {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let scopes = Vec::<Right>::deserialize_from_value(value, location)?;
        let scopes = at_most(scopes, Right::ALL.len(), location)?;
        if scopes.is_empty() {
            let invalid = Invalid::new("empty", "must name at least one scope");
            return Err(Violations::at(location, invalid));
        }
        for (index, scope) in scopes.iter().enumerate() {
            if scopes[..index].contains(scope) {
                let invalid = Invalid::new("repeated", format!("names \"{scope}\" twice"));
                return Err(Violations::at(location.push_index(index), invalid));
            }
        }
        Ok(Self(scopes))
    }
}

impl PartialSchema for Scopes {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(Ref::from_schema_name(Right::name()))
            .min_items(Some(1))
            .max_items(Some(Right::ALL.len()))
            .unique_items(true)
            .into()
    }
}

impl ToSchema for Scopes {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Right::name().into(), Right::schema()));
    }
}

/// A token that was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CreatedApiToken {
    /// The token, as it is listed.
    pub api_token: ApiTokenDescription,
    /// What the tool sends as `Authorization: Bearer …`. Shown this once.
    pub secret: String,
}
