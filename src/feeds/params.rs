//! What feeds take besides the filters of the list.

use utoipa::IntoParams;

use crate::http::params::{FromParams, Params};
use crate::problem::Problem;

/// How many articles a feed has when nothing is said.
pub const USUAL_ENTRIES: i64 = 30;

/// Parameters of a feed.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FeedParams {
    /// Most articles, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 30)]
    pub limit: i64,
    /// `false` leaves out the bodies.
    #[param(value_type = Option<bool>, default = true)]
    pub full: bool,
    /// Where to read on: part of the address that a feed names as `next` (RFC 5005).
    pub cursor: Option<String>,
}

impl FromParams for FeedParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit_or(USUAL_ENTRIES)?,
            full: params.flag_or("full", true)?,
            cursor: params.text("cursor")?,
        })
    }
}
