//! What was sent to webhooks, for those who manage them.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use utoipa::IntoParams;

use super::dispatcher::Webhooks;
use super::model::{DeliveryStatus, WebhookDelivery, WebhookDeliveryDetails};
use super::store::deliveries;
use crate::auth::guard::{Allowed, WebhooksManage};
use crate::auth::model::{Caller, Right};
use crate::db::{Connection, Database, Id, StoreError, StoreResult};
use crate::events::Change;
use crate::http::conditional::private_json;
use crate::http::cursor::CursorKey;
use crate::http::page::{List, Paginator, editorial_page};
use crate::http::params::{FromParams, KeyedQuery, NoParams, Params, Query};
use crate::http::path::{IdPath, in_path};
use crate::idempotency::{EditorialWriter, Reply};
use crate::messages::kinds::{Audience, MessageKind};
use crate::problem::{Problem, ProblemDocument};

/// `{id}` of a webhook and `{delivery_id}` of the path.
#[derive(Debug, IntoParams)]
#[into_params(names("id", "delivery_id"), parameter_in = Path)]
pub struct DeliveryPath(
    /// The webhook's id.
    #[param(value_type = String)]
    pub Id,
    /// The delivery's id.
    #[param(value_type = String)]
    pub Id,
);

impl FromRequest for DeliveryPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = || {
            Ok(Self(
                in_path(request, "id")?,
                in_path(request, "delivery_id")?,
            ))
        };
        ready(read())
    }
}

/// Parameters of the list of deliveries.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryParams {
    /// Only those of which this has become: `pending`, `delivered` or `failed`.
    #[param(value_type = Option<DeliveryStatus>)]
    pub status: Option<DeliveryStatus>,
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    pub limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl FromParams for DeliveryParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            status: params.choice("status", DeliveryStatus::ALL)?,
            limit: params.limit()?,
            cursor: params.text("cursor")?,
        })
    }
}

/// A page of the list.
type WebhookDeliveryPage = List<WebhookDelivery>;

/// List what was sent to a webhook
///
/// The newest first. Deliveries are kept for 30 days after they were taken or given up.
#[utoipa::path(
    get, path = "/v1/editorial/webhooks/{id}/deliveries", operation_id = "listWebhookDeliveries", tag = "editorial webhooks",
    security(("bearer" = ["webhooks:manage"])), params(IdPath, DeliveryParams),
    responses((status = 200, description = "A page of deliveries.", body = WebhookDeliveryPage))
)]
pub async fn list_webhook_deliveries(
    Allowed(_, (IdPath(id), query), _): Allowed<
        WebhooksManage,
        (IdPath, KeyedQuery<DeliveryParams>),
    >,
    database: Data<Database>,
    cursors: Data<CursorKey>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let list = format!("deliveries {id} {:?}", params.status);
    let paginator = Paginator::new(&cursors, list, params.cursor.as_deref(), params.limit)?;
    let (start, limit, status) = (paginator.start(), paginator.fetch(), params.status);
    let found = database
        .read(move |connection| deliveries::list(connection, id, status, start, limit))
        .await?;
    let found = found.into_iter().map(|delivery| (delivery, String::new()));
    let list = paginator.page(found.collect(), None, |delivery| delivery.id);
    Ok(editorial_page(&canonical, &list))
}

/// Read what was sent to a webhook
///
/// The message, and what came of each attempt, with the first kibibyte of what was answered.
#[utoipa::path(
    get, path = "/v1/editorial/webhooks/{id}/deliveries/{delivery_id}", operation_id = "readWebhookDelivery", tag = "editorial webhooks",
    security(("bearer" = ["webhooks:manage"])), params(DeliveryPath),
    responses((status = 200, description = "The delivery.", body = WebhookDeliveryDetails))
)]
pub async fn read_webhook_delivery(
    Allowed(caller, (DeliveryPath(webhook, id), _), _): Allowed<
        WebhooksManage,
        (DeliveryPath, Query<NoParams>),
    >,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let read = move |connection: &mut Connection| {
        let details = deliveries::read(connection, webhook, id)?;
        check_may_read(&caller, &details.delivery).map(|()| details)
    };
    let details = database.read(read).await?;
    Ok(private_json(HttpResponse::Ok(), &details))
}

/// Send a message again
///
/// At once, whatever has become of it, with the same `webhook-id`; when that fails, by the same table as the first time. One that is just
/// being sent goes on as it is.
#[utoipa::path(
    post, path = "/v1/editorial/webhooks/{id}/deliveries/{delivery_id}/retry", operation_id = "retryWebhookDelivery", tag = "editorial webhooks",
    security(("bearer" = ["webhooks:manage"])), params(DeliveryPath),
    responses(
        (status = 202, description = "The delivery, which is on its way.", body = WebhookDeliveryDetails),
        (status = 409, description = "The webhook is disabled.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn retry_webhook_delivery(
    Allowed(caller, (DeliveryPath(webhook, id), _), _): Allowed<
        WebhooksManage,
        (DeliveryPath, Query<NoParams>),
    >,
    writer: EditorialWriter,
    webhooks: Data<Webhooks>,
) -> Result<HttpResponse, Problem> {
    let of = caller.clone();
    let work = move |change: &mut Change<'_>| {
        let details = deliveries::read(change.connection, webhook, id)?;
        check_may_read(&of, &details.delivery)?;
        deliveries::retry(change.connection, webhook, id)
    };
    let reply = move |connection: &mut Connection, ()| {
        let details = deliveries::read(connection, webhook, id)?;
        Reply::json(StatusCode::ACCEPTED, &details)
    };
    let response = writer.respond(&caller, work, reply).await;
    webhooks.wake();
    response
}

/// That nobody reads in messages for the desk what they may not read otherwise.
fn check_may_read(caller: &Caller, delivery: &WebhookDelivery) -> StoreResult<()> {
    let kind = delivery.kind.parse::<MessageKind>();
    let is_for_desk = kind.is_ok_and(|kind| kind.audience() == Audience::Desk);
    match is_for_desk && !caller.may(Right::ArticlesRead) {
        true => Err(needs_articles_read()),
        false => Ok(()),
    }
}

/// That messages for the desk say what the caller may not read.
pub(super) fn needs_articles_read() -> StoreError {
    let right = Right::ArticlesRead;
    StoreError::Forbidden(format!("Messages for the desk need the right {right}."))
}
