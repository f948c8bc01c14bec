//! Shares for editors and tools.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use utoipa::IntoParams;

use super::external::{
    EditorialShares, ExternalCountsInput, ExternalCountsReceipt, NetworkShares, ObservedInput,
};
use super::model::{Network, NetworkCount, Shares};
use super::overview::{Mover, MoverArticle, NetworkTotal, ShareOverview};
use super::page::Sites;
use super::store::by_network;
use super::store::external::{Observation, known, observe, observe_all};
use super::store::periods::{history_of_all, movers};
use super::store::rollups::{Weighed, weighed, weighed_networks};
use super::time::{Window, paired, weights, whole_shares};
use crate::auth::guard::{Allowed, ArticlesRead, SharesWrite};
use crate::db::connection_pool::Cost;
use crate::db::{Connection, Database, Id, StoreResult, Timestamp};
use crate::http::body::JsonBody;
use crate::http::conditional::private_json;
use crate::http::params::{FromParams, NoParams, Params, Query};
use crate::http::path::{IdPath, in_path};
use crate::idempotency::{EditorialWriter, Reply};
use crate::problem::Problem;

/// `{network}` of the path: what is none names nothing.
#[derive(Debug)]
pub struct NetworkPath(pub Network);

impl FromRequest for NetworkPath {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        std::future::ready(in_path(request, "network").map(Self))
    }
}

fn editorial_shares(connection: &mut Connection, article: Id) -> StoreResult<EditorialShares> {
    let mut counts: Vec<_> = by_network(connection, &[article])?
        .into_iter()
        .map(|(_, count)| count)
        .collect();
    counts.sort_by_key(|count| count.network);
    let mut shares = Shares::default();
    counts.iter().for_each(|count| shares.add(count));
    let known = counts.into_iter().filter(NetworkCount::is_known);
    Ok(EditorialShares {
        shares,
        networks: known
            .map(|count| NetworkShares {
                network: count.network,
                first_party: count.first_party,
                external: count.external,
                observed_at: count.observed_at,
                former_external: count.former_external,
            })
            .collect(),
    })
}

/// Read an article's shares in full
///
/// Of an article of any status: what was counted here and what was observed elsewhere, apart.
#[utoipa::path(
    get, path = "/v1/editorial/articles/{id}/shares", operation_id = "readShares", tag = "editorial shares",
    security(("bearer" = ["articles:read"])),
    params(IdPath),
    responses((status = 200, description = "The counts.", body = EditorialShares))
)]
pub async fn read_shares(
    Allowed(caller, (IdPath(id), _), _): Allowed<ArticlesRead, (IdPath, Query<NoParams>)>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let shares = database
        .read(move |connection| {
            known(connection, id, caller.only_own())?;
            editorial_shares(connection, id)
        })
        .await?;
    Ok(private_json(HttpResponse::Ok(), &shares))
}

/// Set a count that was observed elsewhere
///
/// The number that a network itself gives for the article's present address. It is added to what is
/// counted here in `total`, and kept apart from it. What was observed before what is kept changes
/// nothing; the answer shows what is kept.
#[utoipa::path(
    put, path = "/v1/editorial/articles/{id}/shares/{network}", operation_id = "setExternalShares", tag = "editorial shares",
    security(("bearer" = ["shares:write"])),
    params(
        IdPath,
        ("network" = Network, Path, description = "The network.", example = "facebook"),
    ),
    request_body = ObservedInput,
    responses((status = 200, description = "The counts after it.", body = EditorialShares))
)]
pub async fn set_external_shares(
    Allowed(caller, (IdPath(id), NetworkPath(network), _, JsonBody(input)), _): Allowed<
        SharesWrite,
        (
            IdPath,
            NetworkPath,
            Query<NoParams>,
            JsonBody<ObservedInput>,
        ),
    >,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let shares = database
        .write(move |connection| {
            known(connection, id, caller.only_own())?;
            observe(connection, id, network, &input)?;
            editorial_shares(connection, id)
        })
        .await?;
    Ok(private_json(HttpResponse::Ok(), &shares))
}

/// Set many counts that were observed elsewhere
///
/// For a job that runs every night: up to 1,000 counts in one transaction, by the articles' ids or
/// slugs, or by addresses that they have or had before. What is older than what is kept, and what is of no
/// article, is named in the answer. Different spellings of an article's address are added up; two that say
/// something else of the same address, network and instant are refused.
#[utoipa::path(
    post, path = "/v1/editorial/shares/external", operation_id = "setManyExternalShares", tag = "editorial shares",
    security(("bearer" = ["shares:write"])), request_body = ExternalCountsInput,
    responses((status = 200, description = "What came of it.", body = ExternalCountsReceipt))
)]
pub async fn set_many_external_shares(
    Allowed(caller, (_, JsonBody(input)), _): Allowed<
        SharesWrite,
        (Query<NoParams>, JsonBody<ExternalCountsInput>),
    >,
    writer: EditorialWriter,
    sites: Data<Sites>,
) -> Result<HttpResponse, Problem> {
    let observed: Vec<Observation> = input
        .counts
        .0
        .into_iter()
        .map(|count| Observation {
            of: count.of(),
            network: count.network,
            external: count.external.map(|count| count.0),
            observed_at: count.observed_at.0,
        })
        .collect();
    writer
        .respond(
            &caller,
            move |change| observe_all(change.connection, &sites, &observed),
            |_, receipt| Reply::json(StatusCode::OK, &receipt),
        )
        .await
}

/// Parameters of the overview.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OverviewParams {
    /// How far back it looks: `1h`, `6h`, `24h` (default), `7d` or `30d`.
    #[param(value_type = Option<Window>)]
    window: Window,
    /// Most movers, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    limit: i64,
}

impl FromParams for OverviewParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            window: params.choice("window", Window::ALL)?.unwrap_or_default(),
            limit: params.limit()?,
        })
    }
}

/// Read what is shared now
///
/// All that a dashboard shows: totals by network, the articles that gained most against the window
/// before, and the curve. These are the shares that were counted here, of all articles.
#[utoipa::path(
    get, path = "/v1/editorial/shares/overview", operation_id = "readShareOverview", tag = "editorial shares",
    security(("bearer" = ["articles:read"])), params(OverviewParams),
    responses((status = 200, description = "The overview.", body = ShareOverview))
)]
pub async fn read_share_overview(
    Allowed(_, Query(params), _): Allowed<ArticlesRead, Query<OverviewParams>>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let limit = usize::try_from(params.limit).unwrap_or(0);
    let overview = database
        .read_within(Cost::High, move |connection| {
            overview(
                connection,
                params.window,
                limit,
                Timestamp::now().cut_to(chrono::TimeDelta::minutes(1)),
            )
        })
        .await?;
    Ok(private_json(HttpResponse::Ok(), &overview))
}

fn overview(
    connection: &mut Connection,
    window: Window,
    limit: usize,
    now: Timestamp,
) -> StoreResult<ShareOverview> {
    let period = window.until(now);
    let before = window.until(period.from);
    let both = paired(&weights(period, now, None), &weights(before, now, None));
    let by_network: Vec<NetworkTotal> = weighed_networks(connection, &both)?
        .into_iter()
        .map(|(network, shares, previous)| NetworkTotal {
            network,
            shares: whole_shares(shares),
            previous: whole_shares(previous),
        })
        .collect();
    let by_article = weighed(connection, &both, None)?;
    Ok(ShareOverview {
        window,
        from: period.from,
        to: period.to,
        total: by_network.iter().map(|network| network.shares).sum(),
        previous_total: by_network.iter().map(|network| network.previous).sum(),
        by_network,
        movers: gained(connection, by_article, limit)?,
        series: history_of_all(connection, window.resolution(), period)?,
    })
}

/// Public articles by what they gained, of equal ones the newest first.
fn gained(
    connection: &mut Connection,
    mut all: Vec<Weighed>,
    limit: usize,
) -> StoreResult<Vec<Mover>> {
    all.retain(|weighed| weighed.score > weighed.other);
    all.sort_by_key(|weighed| std::cmp::Reverse((weighed.score - weighed.other, weighed.article)));
    let mut gained = Vec::new();
    for some in all.chunks(limit.max(50)) {
        let ids: Vec<Id> = some.iter().map(|weighed| weighed.article).collect();
        let mut public: HashMap<Id, MoverArticle> = movers(connection, &ids)?
            .into_iter()
            .map(|article| (article.id, article))
            .collect();
        gained.extend(some.iter().filter_map(|weighed| {
            Some(Mover {
                article: public.remove(&weighed.article)?,
                shares: whole_shares(weighed.score),
                previous: whole_shares(weighed.other),
            })
        }));
        if gained.len() >= limit {
            break;
        }
    }
    gained.truncate(limit);
    Ok(gained)
}
