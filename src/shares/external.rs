//! Counts that tools observed elsewhere.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{KnownFormat, SchemaFormat};

use super::model::{Network, Shares};
use crate::db::{Id, Timestamp};
use crate::text::{AbsoluteUrl, Slug};
use crate::validation::{Invalid, Violations, at_most};

/// A count that was observed elsewhere, as a tool reports it.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields, validate = dated -> Violations)]
#[schema(example = json!({"external": 123, "observed_at": "2026-03-01T08:30:00Z"}))]
pub struct ObservedInput {
    /// How often it was shared there; 0 where it is known that it was not, `null` where that is not
    /// known.
    #[schema(minimum = 0, required = true)]
    pub external: Option<Count>,
    /// When that was observed; needed with a count. What is older than what is kept changes
    /// nothing.
    #[deserr(default)]
    #[schema(required = false, value_type = Option<Timestamp>)]
    pub observed_at: Option<Observed>,
}

fn dated(input: ObservedInput, location: ValuePointerRef) -> Result<ObservedInput, Violations> {
    if input.external.is_some() && input.observed_at.is_none() {
        let invalid = Invalid::new("required", "is required with a count");
        return Err(Violations::at(location.push_key("observed_at"), invalid));
    }
    Ok(input)
}

/// A number of shares: from 0 to 10¹², so that sums stay numbers that JSON and JavaScript agree on
/// (RFC 8259, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(pub i64);

const MOST_SHARES: i64 = 1_000_000_000_000;

/// How far a tool's clock may be ahead.
const AHEAD: chrono::TimeDelta = chrono::TimeDelta::minutes(5);

/// When something was observed: not later than now, but for what clocks differ by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Observed(pub Timestamp);

impl Deserr<Violations> for Observed {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let instant = Timestamp::deserialize_from_value(value, location)?;
        if instant <= Timestamp::now().plus(AHEAD) {
            return Ok(Self(instant));
        }
        let invalid = Invalid::new("in_the_future", "must not lie in the future");
        Err(Violations::at(location, invalid))
    }
}

impl Deserr<Violations> for Count {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let number = <i64 as Deserr<Violations>>::deserialize_from_value(value, location)?;
        if (0..=MOST_SHARES).contains(&number) {
            return Ok(Self(number));
        }
        let invalid = Invalid::new("out_of_range", "must lie between 0 and 1000000000000");
        Err(Violations::at(location, invalid))
    }
}

impl utoipa::PartialSchema for Count {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0))
            .maximum(Some(MOST_SHARES))
            .into()
    }
}

impl ToSchema for Count {}

/// Which article a count is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// By its key.
    Id(Id),
    /// By a slug that it has or had while public.
    Slug(Slug),
    /// By an address.
    Url(AbsoluteUrl),
}

/// One count among many. Exactly one of `id`, `slug` and `url` says of what.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields, validate = named_once -> Violations)]
#[schema(example = json!({"slug": "harbour-cities-agree-flood-fund", "network": "facebook", "external": 123, "observed_at": "2026-03-01T03:00:00Z"}))]
pub struct ExternalCountInput {
    /// An article's key.
    #[deserr(default)]
    #[schema(required = false)]
    pub id: Option<Id>,
    /// A slug that an article has, or had while it was public.
    #[deserr(default)]
    #[schema(required = false)]
    pub slug: Option<Slug>,
    /// An address that an article has, or had before, in any spelling. Different spellings in one call are
    /// added up.
    #[deserr(default)]
    #[schema(required = false)]
    pub url: Option<AbsoluteUrl>,
    /// Where it was shared.
    pub network: Network,
    /// How often; `null` where that is not known any more.
    #[schema(minimum = 0, required = true)]
    pub external: Option<Count>,
    /// When that was observed. What is older than what is kept changes nothing.
    #[schema(value_type = Timestamp)]
    pub observed_at: Observed,
}

fn named_once(
    input: ExternalCountInput,
    location: ValuePointerRef,
) -> Result<ExternalCountInput, Violations> {
    let named = [
        input.id.is_some(),
        input.slug.is_some(),
        input.url.is_some(),
    ];
    if named.into_iter().filter(|named| *named).count() == 1 {
        return Ok(input);
    }
    let invalid = Invalid::new("required", "needs exactly one of id, slug and url");
    Err(Violations::at(location, invalid))
}

impl ExternalCountInput {
    /// What it is of.
    pub fn of(&self) -> Counted {
        match (&self.id, &self.slug, &self.url) {
            (Some(id), _, _) => Counted::Id(*id),
            (_, Some(slug), _) => Counted::Slug(slug.clone()),
            (_, _, Some(url)) => Counted::Url(url.clone()),
            (None, None, None) => unreachable!("one of them is there"),
        }
    }
}

/// Most counts of one call.
const MOST_COUNTS: usize = 1000;

/// Counts of many articles that were observed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct ExternalCountsInput {
    /// Up to 1,000 counts.
    #[schema(value_type = Vec<ExternalCountInput>, max_items = 1000)]
    pub counts: ExternalCounts,
}

/// Up to 1,000 counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalCounts(pub Vec<ExternalCountInput>);

impl Deserr<Violations> for ExternalCounts {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let counts = Vec::<ExternalCountInput>::deserialize_from_value(value, location)?;
        at_most(counts, MOST_COUNTS, location).map(Self)
    }
}

/// What came of reporting many counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"kept": 998, "outdated": [17], "unknown": [405]}))]
pub struct ExternalCountsReceipt {
    /// How many are part of an article's counts now.
    #[schema(minimum = 0)]
    pub kept: usize,
    /// The places, from 0, of those that are older than what is kept, or than another one of this call: they
    /// changed nothing.
    pub outdated: Vec<usize>,
    /// The places of those whose article does not exist: they are shown nowhere. Those by `url` are added
    /// to an article that is given this address among its `former_urls`.
    pub unknown: Vec<usize>,
}

/// What an editor sees of one network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NetworkShares {
    /// The network.
    pub network: Network,
    /// What was counted here.
    #[schema(minimum = 0)]
    pub first_party: i64,
    /// What was observed elsewhere for its present address; `null` when that is not known.
    #[schema(minimum = 0, required = true)]
    pub external: Option<i64>,
    /// When it was observed.
    #[schema(required = true)]
    pub observed_at: Option<Timestamp>,
    /// What was observed elsewhere for its former addresses; `null` when that is not known.
    #[schema(minimum = 0, required = true)]
    pub former_external: Option<i64>,
}

/// What an editor sees of an article's shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EditorialShares {
    /// As readers see them.
    #[serde(flatten)]
    pub shares: Shares,
    /// Every network that something is known of.
    pub networks: Vec<NetworkShares>,
}
