//! Networks and counts.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::Timestamp;
use crate::validation::{Invalid, Violations, unknown};

macro_rules! networks {
    ($($variant:ident = $name:literal, $meaning:literal;)*) => {
        /// Where an article can be shared: a closed list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Network {
            $(#[doc = $meaning] $variant,)*
        }

        impl Network {
            /// Every network by name.
            pub const ALL: &[(&str, Self)] = &[$(($name, Self::$variant)),*];

            /// The network's name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

networks! {
    Facebook = "facebook", "Facebook.";
    X = "x", "X; `twitter` is read as this.";
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

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Network {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let name = if text == "twitter" { "x" } else { text };
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, network)| *network)
            .ok_or_else(|| {
                let known: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
                Invalid::new("unknown_value", unknown("network", text, &known))
            })
    }
}

impl Deserr<Violations> for Network {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        <String as Deserr<Violations>>::deserialize_from_value(value, location)?
            .parse()
            .map_err(|invalid| Violations::at(location, invalid))
    }
}

/// A share, as a reader's browser reports it.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"network": "x"}))]
pub struct ShareInput {
    /// Where it was shared.
    pub network: Network,
}

/// How often an article was shared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "total": 128, "by_network": {"facebook": 120, "x": 8}, "as_of": "2026-03-01T08:30:00.000Z"
}))]
pub struct Shares {
    /// The sum over all networks.
    #[schema(minimum = 0)]
    pub total: i64,
    /// By network; those without a share are left out.
    #[schema(value_type = std::collections::BTreeMap<String, i64>)]
    pub by_network: BTreeMap<&'static str, i64>,
    /// When the last of them was counted; `null` when there is none. It stays as long as the counts
    /// do, so that an answer that has not changed keeps its `ETag`.
    pub as_of: Option<Timestamp>,
}

impl Shares {
    /// Adds what was counted on a network.
    pub fn add(&mut self, network: Network, count: i64, counted_at: Option<Timestamp>) {
        if count > 0 {
            self.total += count;
            *self.by_network.entry(network.as_str()).or_default() += count;
            self.as_of = self.as_of.max(counted_at);
        }
    }
}

/// What came of reporting a share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "counted": true, "total": 129, "by_network": {"facebook": 120, "x": 9},
    "as_of": "2026-03-01T08:30:00.000Z"
}))]
pub struct ShareReceipt {
    /// Whether it raised the count; false when the same visitor shared the article there within
    /// the last hour, and for bots.
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
    }

    #[test]
    fn serde_and_the_table_agree_on_names() {
        for (name, network) in Network::ALL {
            assert_eq!(serde_json::to_value(network).unwrap(), *name);
        }
    }
}
