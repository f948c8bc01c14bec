//! Networks and counts.

use std::collections::BTreeMap;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::Serialize;
use utoipa::ToSchema;

use super::time::Granularity;
use crate::db::Timestamp;
use crate::validation::{Invalid, Violations};

// New ones go at the end: the journal of shares keeps them by their place.
crate::word_set! {
    Network, "network", "Where an article can be shared.";

    Facebook = "facebook", "Facebook.";
    X = "x" | "twitter", "X; `twitter` is read as this.";
    Whatsapp = "whatsapp", "WhatsApp.";
    Telegram = "telegram", "Telegram.";
    Linkedin = "linkedin", "LinkedIn.";
    Reddit = "reddit", "Reddit.";
    Pinterest = "pinterest", "Pinterest.";
    Bluesky = "bluesky", "Bluesky.";
    Mastodon = "mastodon", "Mastodon.";
    Threads = "threads", "Threads.";
    Email = "email", "By e-mail.";
    Sms = "sms", "By text message.";
    CopyLink = "copy_link", "The link was copied.";
    Native = "native", "The device's own share sheet.";
    Other = "other", "Anywhere else.";
}

/// A share, as a reader's browser reports it.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"network": "x"}))]
pub struct ShareInput {
    /// Where it was shared.
    pub network: Network,
    /// From an app: which of its installations sends it. It tells apart readers who have the same app and
    /// one address, as many have behind that of a mobile carrier; without it they are one visitor. Only a
    /// hash of it is kept, for an hour.
    #[deserr(default)]
    #[schema(required = false)]
    pub installation: Option<Installation>,
}

/// A random name that an app gives each of its installations: 8 to 64 letters, digits, `-` and `_`, as UUIDs
/// have. It must not be one that other apps know, such as an advertising identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation(String);

impl Installation {
    const MIN: usize = 8;
    const MAX: usize = 64;

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Installation {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (Self::MIN..=Self::MAX).contains(&text.len()) && text.bytes().all(is_plain) {
            return Ok(Self(text.to_owned()));
        }
        let detail = "must be 8 to 64 letters, digits, - and _";
        Err(Invalid::new("invalid_installation", detail))
    }
}

impl Deserr<Violations> for Installation {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        <String as Deserr<Violations>>::deserialize_from_value(value, location)?
            .parse()
            .map_err(|invalid| Violations::at(location, invalid))
    }
}

impl utoipa::PartialSchema for Installation {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .min_length(Some(Self::MIN))
            .max_length(Some(Self::MAX))
            .pattern(Some("^[A-Za-z0-9_-]+$"))
            .into()
    }
}

impl ToSchema for Installation {}

/// How often an article was shared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "total": 228, "by_network": {"facebook": 220, "x": 8}, "first_party": 128, "external": 100,
    "as_of": "2026-03-01T08:30:00.000Z"
}))]
pub struct Shares {
    /// `first_party` and, where it is known, `external`.
    #[schema(minimum = 0)]
    pub total: i64,
    /// The same by network. Networks that nothing is known of are left out; 0 is known.
    #[schema(value_type = std::collections::BTreeMap<String, i64>)]
    pub by_network: BTreeMap<&'static str, i64>,
    /// What was counted here.
    #[schema(minimum = 0)]
    pub first_party: i64,
    /// What a tool observed elsewhere; `null` when that is not known.
    #[schema(minimum = 0, required = true)]
    pub external: Option<i64>,
    /// When the last of them was counted or observed; `null` when there is none. It stays as long
    /// as the counts do, so that an answer that has not changed keeps its `ETag`.
    #[schema(required = true)]
    pub as_of: Option<Timestamp>,
}

/// What is known of an article's shares on one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkCount {
    /// The network.
    pub network: Network,
    /// What was counted here.
    pub first_party: i64,
    /// When the last of these was.
    pub counted_at: Option<Timestamp>,
    /// What was observed elsewhere for its present address.
    pub external: Option<i64>,
    /// When that was.
    pub observed_at: Option<Timestamp>,
    /// What was observed elsewhere for addresses that it had before.
    pub former_external: Option<i64>,
    /// When the last of these was.
    pub former_observed_at: Option<Timestamp>,
}

impl NetworkCount {
    /// Whether anything is known that is to be shown; that nothing was counted here is not.
    pub fn is_known(&self) -> bool {
        self.first_party > 0 || self.observed().is_some()
    }

    /// What was observed elsewhere, under all its addresses.
    pub fn observed(&self) -> Option<i64> {
        match (self.external, self.former_external) {
            (None, None) => None,
            (present, former) => Some(present.unwrap_or(0) + former.unwrap_or(0)),
        }
    }
}

impl Shares {
    /// Adds shares that were counted at an instant.
    pub fn count(&mut self, network: Network, shares: i64, at: Timestamp) {
        self.total += shares;
        self.first_party += shares;
        *self.by_network.entry(network.as_str()).or_default() += shares;
        self.as_of = self.as_of.max(Some(at));
    }

    /// Adds what is known of one network.
    pub fn add(&mut self, count: &NetworkCount) {
        if !count.is_known() {
            return;
        }
        let observed = count.observed();
        let sum = count.first_party + observed.unwrap_or(0);
        self.total += sum;
        *self.by_network.entry(count.network.as_str()).or_default() += sum;
        self.first_party += count.first_party;
        if let Some(observed) = observed {
            self.external = Some(self.external.unwrap_or(0) + observed);
        }
        self.as_of = [
            count.counted_at,
            count.observed_at,
            count.former_observed_at,
        ]
        .into_iter()
        .fold(self.as_of, Option::max);
    }
}

/// What came of reporting a share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "counted": true, "total": 229, "by_network": {"facebook": 220, "x": 9}, "first_party": 129,
    "external": 100, "as_of": "2026-03-01T08:30:00.000Z"
}))]
pub struct ShareReceipt {
    /// Whether it raised the count; false when the same visitor shared the article there within
    /// the last hour, for bots, and for installations of an app beyond those that are told apart.
    pub counted: bool,
    /// The counts after it.
    #[serde(flatten)]
    pub shares: Shares,
}

/// The counts of one article in a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ArticleShares {
    /// The article's slug.
    pub slug: String,
    /// Its counts.
    #[serde(flatten)]
    pub shares: Shares,
}

/// The counts of several articles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShareBatch {
    /// One for each public article that was asked for, in the order asked; others are left out.
    pub data: Vec<ArticleShares>,
}

/// What was shared in an hour or a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "starts_at": "2026-03-01T08:00:00.000Z", "ends_at": "2026-03-01T09:00:00.000Z",
    "total": 12, "by_network": {"facebook": 9, "x": 3}
}))]
pub struct ShareInterval {
    /// Its start.
    pub starts_at: Timestamp,
    /// Its end, which is the start of the next one.
    pub ends_at: Timestamp,
    /// What was counted here in that time.
    #[schema(minimum = 0)]
    pub total: i64,
    /// The same by network; those without a share are left out.
    #[schema(value_type = std::collections::BTreeMap<String, i64>)]
    pub by_network: BTreeMap<&'static str, i64>,
}

impl ShareInterval {
    /// An hour or a day with its counts.
    pub fn new(
        starts_at: Timestamp,
        span: Granularity,
        by_network: BTreeMap<&'static str, i64>,
    ) -> Self {
        Self {
            starts_at,
            ends_at: starts_at.plus(span.length()),
            total: by_network.values().sum(),
            by_network,
        }
    }
}

/// The counts of one article and, with `history=`, when its shares were counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SharesOverTime {
    /// The counts now.
    #[serde(flatten)]
    pub shares: Shares,
    /// With `history=`: what was counted here in each hour or day (UTC) of the time that was asked
    /// for, the earliest first. Hours long past may have been added up to their day, which comes in
    /// their place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub history: Option<Vec<ShareInterval>>,
}

/// How much an article trends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({"score": 41.27, "shares": 96}))]
pub struct Trend {
    /// The sum of its shares in the window, each worth half for every quarter of the window that
    /// has passed since.
    #[schema(minimum = 0)]
    pub score: f64,
    /// Its shares in the window. Of the hour (or, of long ago, the day) that the window begins in,
    /// the part that lies in the window.
    #[schema(minimum = 0)]
    pub shares: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twitter_is_read_as_x() {
        assert_eq!("twitter".parse(), Ok(Network::X));
        assert_eq!("x".parse(), Ok(Network::X));
    }

    #[test]
    fn an_unknown_network_names_the_near_miss() {
        let invalid = "facebok".parse::<Network>().unwrap_err();
        assert!(invalid.detail.contains("did you mean \"facebook\"?"));
        assert_eq!("twitter".parse(), Ok(Network::X));
    }

    #[test]
    fn a_network_is_written_as_it_is_read() {
        for network in Network::ALL {
            assert_eq!(serde_json::to_value(network).unwrap(), network.as_str());
            assert_eq!(network.as_str().parse(), Ok(*network));
        }
    }
}
