//! The desk at a glance.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::model::Desk;
use crate::articles::store::desk;
use crate::auth::guard::{Allowed, ArticlesRead};
use crate::db::Database;
use crate::http::conditional::private_json;
use crate::http::params::{NoParams, Query};
use crate::problem::Problem;

/// Read the desk at a glance
///
/// How many articles there are of each status, what appears and expires in the next 24 hours, what should have and has
/// not, and who edits what. Authors see what is about their own articles.
#[utoipa::path(
    get, path = "/v1/editorial/desk", operation_id = "readDesk", tag = "editorial articles",
    security(("bearer" = ["articles:read"])),
    responses((status = 200, description = "The desk.", body = Desk))
)]
pub async fn read_desk(
    Allowed(caller, _, _): Allowed<ArticlesRead, Query<NoParams>>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let only_own = caller.only_own();
    let desk = database
        .read(move |connection| desk::read(connection, only_own))
        .await?;
    Ok(private_json(HttpResponse::Ok(), &desk))
}
