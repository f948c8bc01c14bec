//! What is shared now, for editors.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Network, ShareInterval};
use super::time::Window;
use crate::db::{Id, Timestamp};

/// An article in an overview of shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MoverArticle {
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// The headline.
    pub headline: String,
}

/// An article that is shared more than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Mover {
    /// The article.
    pub article: MoverArticle,
    /// Its shares in the window.
    #[schema(minimum = 0)]
    pub shares: i64,
    /// Those in the window before.
    #[schema(minimum = 0)]
    pub previous: i64,
}

/// The shares of all articles on one network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NetworkTotal {
    /// The network.
    pub network: Network,
    /// In the window.
    #[schema(minimum = 0)]
    pub shares: i64,
    /// In the window before.
    #[schema(minimum = 0)]
    pub previous: i64,
}

/// What is shared now, of all articles: shares that were counted here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShareOverview {
    /// How far back it looks.
    pub window: Window,
    /// The start of the window.
    pub from: Timestamp,
    /// Its end: the minute of the answer.
    pub to: Timestamp,
    /// All shares in the window.
    #[schema(minimum = 0)]
    pub total: i64,
    /// All in the window before, which is as long.
    #[schema(minimum = 0)]
    pub previous_total: i64,
    /// By network, the most shares first.
    pub by_network: Vec<NetworkTotal>,
    /// Public articles that gained most against the window before.
    pub movers: Vec<Mover>,
    /// The curve: by the hour, of 30 days by the day. Its first interval is whole, although the window
    /// may begin in it.
    pub series: Vec<ShareInterval>,
}
