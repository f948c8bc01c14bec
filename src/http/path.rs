//! Slugs, ids and versions in paths. What cannot be one names nothing: 404, without asking the database
//! (which on Postgres would refuse U+0000 and turn a typo into a 500).

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;

use crate::db::Id;
use crate::db::version::Version;
use crate::problem::Problem;
use crate::text::Slug;

/// A part of the path, by the name that its template gives it.
///
/// # Errors
/// `not-found` for what can name nothing.
pub fn in_path<T: FromStr>(request: &HttpRequest, name: &str) -> Result<T, Problem> {
    request
        .match_info()
        .get(name)
        .and_then(|text| text.parse().ok())
        .ok_or_else(Problem::not_found)
}

/// `{slug}` of the path.
#[derive(Debug, IntoParams)]
#[into_params(names("slug"), parameter_in = Path)]
pub struct SlugPath(
    /// Its slug.
    #[param(value_type = String)]
    pub Slug,
);

impl FromRequest for SlugPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(in_path(request, "slug").map(Self))
    }
}

/// `{version}` of the path.
#[derive(Debug, IntoParams)]
#[into_params(names("version"), parameter_in = Path)]
pub struct VersionPath(
    /// Which version, counted from 1.
    #[param(value_type = i64, minimum = 1, example = 1)]
    pub Version,
);

impl FromRequest for VersionPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(in_path(request, "version").map(Self))
    }
}

/// `{id}` of an article and `{correction_id}` of the path.
#[derive(Debug, IntoParams)]
#[into_params(names("id", "correction_id"), parameter_in = Path)]
pub struct CorrectionPath(
    /// The article's id.
    #[param(value_type = String)]
    pub Id,
    /// The correction's id.
    #[param(value_type = String)]
    pub Id,
);

impl FromRequest for CorrectionPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            in_path(request, "id").and_then(|id| Ok(Self(id, in_path(request, "correction_id")?))),
        )
    }
}

/// `{id}` of an article and `{link_id}` of the path.
#[derive(Debug, IntoParams)]
#[into_params(names("id", "link_id"), parameter_in = Path)]
pub struct PreviewLinkPath(
    /// The article's id.
    #[param(value_type = String)]
    pub Id,
    /// The link's id.
    #[param(value_type = String)]
    pub Id,
);

impl FromRequest for PreviewLinkPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(in_path(request, "id").and_then(|id| Ok(Self(id, in_path(request, "link_id")?))))
    }
}

/// `{id}` of the path.
#[derive(Debug, IntoParams)]
#[into_params(names("id"), parameter_in = Path)]
pub struct IdPath(
    /// Its id.
    #[param(value_type = String)]
    pub Id,
);

impl FromRequest for IdPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(in_path(request, "id").map(Self))
    }
}
