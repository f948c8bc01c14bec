//! What calls of the audit trail take.

use utoipa::IntoParams;

use super::filter::{AuditFilter, AuditSort};
use crate::http::params::{FromParams, Params};
use crate::problem::Problem;

/// Most kinds in one request: each is read from a list of its own.
const MOST_KINDS: usize = 20;
/// Most entries of one export.
pub const MOST_EXPORTED: i64 = 100_000;

impl FromParams for AuditFilter {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            actor: params.one("actor")?,
            resource: params.one("resource")?,
            kinds: params.list("kind", MOST_KINDS)?,
            recorded_after: params.one("recorded_after")?,
            recorded_before: params.one("recorded_before")?,
        })
    }
}

/// A page of the audit trail.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditPageParams {
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    pub limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `-sequence` (default), the newest first, or `sequence`.
    #[param(inline, value_type = Option<AuditSort>)]
    pub sort: AuditSort,
}

impl FromParams for AuditPageParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            sort: params.choice("sort", AuditSort::ALL)?.unwrap_or_default(),
        })
    }
}

/// Parameters of an export.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditExportParams {
    /// Only entries with a greater sequence: that of the last entry that you have.
    #[param(value_type = Option<i64>, minimum = 0, default = 0)]
    pub after: i64,
    /// Most entries, 1 to 100,000.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100_000, default = 100_000)]
    pub limit: i64,
}

impl FromParams for AuditExportParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let after = whole(params, "after", 0, i64::MAX)?;
        let limit = whole(params, "limit", 1, MOST_EXPORTED)?;
        Ok(Self {
            after: after.unwrap_or(0),
            limit: limit.unwrap_or(MOST_EXPORTED),
        })
    }
}

/// A whole number from `least` to `most`.
fn whole(params: &mut Params, name: &str, least: i64, most: i64) -> Result<Option<i64>, Problem> {
    let wrong = || {
        let reason = format!("must be a whole number from {least} to {most}");
        Problem::parameter(name, reason)
    };
    let Some(text) = params.text(name)? else {
        return Ok(None);
    };
    let number: i64 = text.parse().map_err(|_| wrong())?;
    let fits = (least..=most).contains(&number);
    fits.then_some(Some(number)).ok_or_else(wrong)
}
