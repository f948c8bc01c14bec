//! Webhooks for those who manage them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use url::Url;

use super::deliveries::needs_articles_read;
use super::dispatcher::Webhooks;
use super::input::{Replay, SecretRotation, WebhookInput};
use super::model::{CreatedWebhook, Webhook, WebhookDeliveryDetails, WebhookSecret};
use super::sender::Sender;
use super::store;
use crate::auth::guard::{Allowed, WebhooksManage};
use crate::auth::model::{Caller, Right};
use crate::db::{Connection, Database, StoreError, StoreResult, Timestamp};
use crate::events::Change;
use crate::http::body::{JsonBody, OptionalJsonBody};
use crate::http::conditional::{IfMatch, editorial_json};
use crate::http::cursor::CursorKey;
use crate::http::page::{List, PageParams, Paginator, editorial_page};
use crate::http::params::{KeyedQuery, NoParams, Query};
use crate::http::path::IdPath;
use crate::idempotency::{EditorialWriter, Reply};
use crate::merge_patch::MergePatch;
use crate::problem::{Problem, ProblemDocument};
use crate::validation::Violation;

/// A page of the list.
type WebhookPage = List<Webhook>;

fn path(id: crate::db::Id) -> String {
    format!("/v1/editorial/webhooks/{id}")
}

/// That its address may be called, and that nobody is told of more than they may read.
fn check(sender: &Sender, caller: &Caller, input: &WebhookInput) -> StoreResult<()> {
    let blocked = match Url::parse(input.url.as_str()) {
        Ok(url) => sender.check_url(&url).err().map(|why| why.to_string()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(reason) = blocked {
        return Err(StoreError::Invalid(
            Violation::new("/url", "blocked", reason).into(),
        ));
    }
    if input.events.has_any_for_desk() && !caller.may(Right::ArticlesRead) {
        return Err(needs_articles_read());
    }
    Ok(())
}

/// List webhooks
///
/// Those created first come first, disabled ones included; never their secrets.
#[utoipa::path(
    get, path = "/v1/editorial/webhooks", operation_id = "listWebhooks", tag = "editorial webhooks",
    security(("bearer" = ["webhooks:manage"])), params(PageParams),
    responses((status = 200, description = "A page of webhooks.", body = WebhookPage))
)]
pub async fn list_webhooks(
    Allowed(_, query, _): Allowed<WebhooksManage, KeyedQuery<PageParams>>,
    database: Data<Database>,
    cursors: Data<CursorKey>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let cursor = params.cursor.as_deref();
    let paginator = Paginator::new(&cursors, "webhooks".into(), cursor, params.limit)?;
    let (start, limit) = (paginator.start(), paginator.fetch());
    let found = database
        .read(move |connection| store::list(connection, start, limit))
        .await?;
    let found = found.into_iter().map(|webhook| (webhook, String::new()));
    let list = paginator.page(found.collect(), None, |webhook| webhook.id);
    Ok(editorial_page(&canonical, &list))
}

/// Create a webhook
///
/// From now on each event is sent to it as a `POST` with a `Message`, signed as Standard Webhooks 1.0 has it, in the
/// headers `webhook-id`, `webhook-timestamp` and `webhook-signature`. Any status from 200 to 299 takes it; redirects are not
/// followed. What is not taken within 15 seconds is tried again: after 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours,
/// each a tenth more or less, later where `Retry-After` says so. 410 disables the webhook, and so do five days on which
/// nothing was taken. A message can come twice and in another order: `webhook-id` and `sequence` tell. The secret is
/// shown this once.
#[utoipa::path(
    post, path = "/v1/editorial/webhooks", operation_id = "createWebhook", tag = "editorial webhooks",
    security(("bearer" = ["webhooks:manage"])), request_body = WebhookInput,
    responses((status = 201, description = "Created.", body = CreatedWebhook, headers(("Location" = String), ("ETag" = String))))
)]
pub async fn create_webhook(
    Allowed(caller, (_, JsonBody(input)), _): Allowed<
        WebhooksManage,
        (Query<NoParams>, JsonBody<WebhookInput>),
    >,
    writer: EditorialWriter,
    webhooks: Data<Webhooks>,
) -> Result<HttpResponse, Problem> {
    check(&webhooks.sender, &caller, &input)?;
    let reply = |connection: &mut Connection, (id, secret)| {
        let webhook = store::find(connection, id)?;
        let version = webhook.version;
        let reply = Reply::json(StatusCode::CREATED, &CreatedWebhook { webhook, secret })?;
        Ok(reply
            .with_location(path(id))
            .with_version(version)
            .shown_once())
    };
    let work = move |change: &mut Change<'_>| store::create(change, &input);
    let response = writer.respond(&caller, work, reply).await;
    webhooks.wake();
    response
}

/// Read a webhook
#[utoipa::path(
    get, path = "/v1/editorial/webhooks/{id}", operation_id = "readWebhook", tag = "editorial webhooks",
    security(("bearer" = ["webhooks:manage"])), params(IdPath),
    responses((status = 200, description = "The webhook, without its secret.", body = Webhook, headers(("ETag" = String))))
)]
pub async fn read_webhook(
    Allowed(_, (IdPath(id), _), _): Allowed<WebhooksManage, (IdPath, Query<NoParams>)>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let webhook = database
        .read(move |connection| store::find(connection, id))
        .await?;
    Ok(editorial_json(
        HttpResponse::Ok(),
        webhook.version,
        &webhook,
    ))
}

/// Change a webhook
///
/// A JSON merge patch (RFC 7396). One that is enabled again is sent what has happened meanwhile, the oldest first.
#[utoipa::path(
    patch, path = "/v1/editorial/webhooks/{id}", operation_id = "editWebhook", tag = "editorial webhooks",
    security(("bearer" = ["webhooks:manage"])), params(IdPath, IfMatch),
    request_body(content = WebhookInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = Webhook, headers(("ETag" = String))))
)]
pub async fn edit_webhook(
    Allowed(caller, (IdPath(id), IfMatch(expected), _, JsonBody(patch)), _): Allowed<
        WebhooksManage,
        (IdPath, IfMatch, Query<NoParams>, JsonBody<MergePatch>),
    >,
    writer: EditorialWriter,
    webhooks: Data<Webhooks>,
) -> Result<HttpResponse, Problem> {
    let (sender, of) = (webhooks.sender.clone(), caller.clone());
    let work = move |change: &mut Change<'_>| {
        store::edit(change, id, &expected, patch, |input| {
            check(&sender, &of, input)
        })
    };
    let reply = move |connection: &mut Connection, ()| {
        let webhook = store::find(connection, id)?;
        Ok(Reply::json(StatusCode::OK, &webhook)?.with_version(webhook.version))
    };
    let response = writer.respond(&caller, work, reply).await;
    webhooks.wake();
    response
}

/// Delete a webhook
///
/// For good, with all that is and was to be sent to it.
#[utoipa::path(
    delete, path = "/v1/editorial/webhooks/{id}", operation_id = "deleteWebhook", tag = "editorial webhooks",
    security(("bearer" = ["webhooks:manage"])), params(IdPath, IfMatch),
    responses((status = 204, description = "Deleted."))
)]
pub async fn delete_webhook(
    Allowed(caller, (IdPath(id), IfMatch(expected), _), _): Allowed<
        WebhooksManage,
        (IdPath, IfMatch, Query<NoParams>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    writer
        .remove(&caller, move |change| store::delete(change, id, &expected))
        .await
}

/// Rotate a webhook's secret
///
/// Messages are signed with the new one from now on, and with the one before as well for some hours, so that receivers can be changed
/// one after the other.
#[utoipa::path(
    post, path = "/v1/editorial/webhooks/{id}/rotate-secret", operation_id = "rotateWebhookSecret", tag = "editorial webhooks",
    security(("bearer" = ["webhooks:manage"])), params(IdPath), request_body = Option<SecretRotation>,
    responses((status = 200, description = "The new secret, shown this once.", body = WebhookSecret))
)]
pub async fn rotate_webhook_secret(
    Allowed(caller, (IdPath(id), _, OptionalJsonBody(rotation)), _): Allowed<
        WebhooksManage,
        (IdPath, Query<NoParams>, OptionalJsonBody<SecretRotation>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let work = move |change: &mut Change<'_>| {
        let overlap = chrono::Duration::hours(rotation.overlap_hours);
        let previous_secret_until = (!overlap.is_zero()).then(|| change.now.plus(overlap));
        Ok(WebhookSecret {
            secret: store::rotate(change, id, previous_secret_until)?,
            previous_secret_until,
        })
    };
    let reply = move |_: &mut Connection, secret: WebhookSecret| {
        let reply = Reply::json(StatusCode::OK, &secret)?;
        Ok(reply.with_location(path(id)).shown_once())
    };
    writer.respond(&caller, work, reply).await
}

/// Try a webhook
///
/// Sends it a message of the type `ping`, at once. Read the delivery to see what came of it.
#[utoipa::path(
    post, path = "/v1/editorial/webhooks/{id}/test", operation_id = "testWebhook", tag = "editorial webhooks",
    security(("bearer" = ["webhooks:manage"])), params(IdPath),
    responses(
        (status = 202, description = "The delivery, which is on its way.", body = WebhookDeliveryDetails, headers(("Location" = String))),
        (status = 409, description = "The webhook is disabled.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn test_webhook(
    Allowed(caller, (IdPath(id), _), _): Allowed<WebhooksManage, (IdPath, Query<NoParams>)>,
    writer: EditorialWriter,
    webhooks: Data<Webhooks>,
) -> Result<HttpResponse, Problem> {
    let work = move |change: &mut Change<'_>| {
        store::deliveries::test(change.connection, id, Timestamp::now())
    };
    let reply = move |connection: &mut Connection, delivery| {
        let details = store::deliveries::read(connection, id, delivery)?;
        let location = format!("{}/deliveries/{delivery}", path(id));
        Ok(Reply::json(StatusCode::ACCEPTED, &details)?.with_location(location))
    };
    let response = writer.respond(&caller, work, reply).await;
    webhooks.wake();
    response
}

/// Send a webhook again what has happened
///
/// All that has happened since an instant, with the same `webhook-id` as before, whether it was taken or not. What happens meanwhile comes
/// after it.
#[utoipa::path(
    post, path = "/v1/editorial/webhooks/{id}/replay", operation_id = "replayWebhook", tag = "editorial webhooks",
    security(("bearer" = ["webhooks:manage"])), params(IdPath), request_body = Replay,
    responses((status = 202, description = "It is being sent.", body = Webhook))
)]
pub async fn replay_webhook(
    Allowed(caller, (IdPath(id), _, JsonBody(replay)), _): Allowed<
        WebhooksManage,
        (IdPath, Query<NoParams>, JsonBody<Replay>),
    >,
    writer: EditorialWriter,
    webhooks: Data<Webhooks>,
) -> Result<HttpResponse, Problem> {
    let work = move |change: &mut Change<'_>| store::replay(change, id, replay.since);
    let reply = move |connection: &mut Connection, ()| {
        Reply::json(StatusCode::ACCEPTED, &store::find(connection, id)?)
    };
    let response = writer.respond(&caller, work, reply).await;
    webhooks.wake();
    response
}
