//! The handlers of people's identities, for admins.

use actix_web::HttpResponse;

use crate::auth::guard::{Allowed, PeopleManage};
use crate::auth::store::identities;
use crate::auth::store::people::Authority;
use crate::http::params::{NoParams, Query};
use crate::http::path::IdPath;
use crate::idempotency::EditorialWriter;
use crate::problem::Problem;

crate::operations! {
    self::unlink_identity,
}

/// Take a person's identity from them
///
/// They are not known any more as who they are at the identity provider, and their sessions end. Whoever comes next with
/// their verified e-mail address is linked with them: for somebody whose account at the provider was made anew.
#[utoipa::path(
    delete, path = "/v1/editorial/people/{id}/identity", operation_id = "unlinkIdentity", tag = "editorial people",
    security(("bearer" = ["people:manage"])), params(IdPath),
    responses((status = 204, description = "They have none any more."))
)]
pub async fn unlink_identity(
    Allowed(caller, (IdPath(id), _), _): Allowed<PeopleManage, (IdPath, Query<NoParams>)>,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let authority = Authority::Caller(caller.clone());
    writer
        .remove(&caller, move |change| {
            identities::unlink(change, &authority, id)
        })
        .await
}
