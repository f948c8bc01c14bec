//! When shares were: hours and days that are counted together, windows back from now, and how much
//! of each hour or day a window takes.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::Serialize;

use crate::db::Timestamp;

/// A stretch of time (UTC) over which shares are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Granularity {
    /// An hour.
    Hour,
    /// A day.
    Day,
}

crate::closed_set!(
    Granularity,
    Self::ALL,
    "What counts are summed up by, in UTC."
);

impl Granularity {
    /// What `history=` takes.
    pub const ALL: &[(&str, Self)] = &[("hour", Self::Hour), ("day", Self::Day)];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// How long it is.
    pub fn length(self) -> TimeDelta {
        match self {
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::days(1),
        }
    }

    /// The start of the one that an instant lies in.
    pub fn containing(self, instant: Timestamp) -> Timestamp {
        instant.cut_to(self.length())
    }

    /// The starts of all that a period touches.
    pub fn touched_by(self, period: TimeRange) -> impl Iterator<Item = Timestamp> {
        std::iter::successors(Some(self.containing(period.from)), move |start| {
            Some(start.plus(self.length()))
        })
        .take_while(move |start| *start < period.to)
    }

    /// The start of the one that begins at this very instant.
    fn beginning_at(self, instant: Timestamp) -> Option<Timestamp> {
        (self.containing(instant) == instant).then_some(instant)
    }
}

/// A stretch of time from an instant up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// Its start.
    pub from: Timestamp,
    /// Its end, which it does not contain.
    pub to: Timestamp,
}

/// How far back from now shares matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum Window {
    /// One hour.
    #[serde(rename = "1h")]
    Hour,
    /// Six hours.
    #[serde(rename = "6h")]
    SixHours,
    /// A day.
    #[default]
    #[serde(rename = "24h")]
    Day,
    /// A week.
    #[serde(rename = "7d")]
    Week,
    /// Thirty days.
    #[serde(rename = "30d")]
    Month,
}

crate::closed_set!(Window, Self::ALL, "How far back from now shares matter.");

impl Window {
    /// What `window=` takes.
    pub const ALL: &[(&str, Self)] = &[
        ("1h", Self::Hour),
        ("6h", Self::SixHours),
        ("24h", Self::Day),
        ("7d", Self::Week),
        ("30d", Self::Month),
    ];

    /// How long it is.
    pub fn length(self) -> TimeDelta {
        match self {
            Self::Hour => TimeDelta::hours(1),
            Self::SixHours => TimeDelta::hours(6),
            Self::Day => TimeDelta::days(1),
            Self::Week => TimeDelta::days(7),
            Self::Month => TimeDelta::days(30),
        }
    }

    /// After which time a share weighs half as much: a quarter of the window.
    pub fn half_life(self) -> TimeDelta {
        self.length() / 4
    }

    /// The window that ends at an instant.
    pub fn until(self, to: Timestamp) -> TimeRange {
        TimeRange {
            from: to.plus(-self.length()),
            to,
        }
    }

    /// What the points of a curve over it stand for.
    pub fn resolution(self) -> Granularity {
        match self {
            Self::Hour | Self::SixHours | Self::Day | Self::Week => Granularity::Hour,
            Self::Month => Granularity::Day,
        }
    }
}

/// What one share weighs in sums of whole numbers, which both databases add up alike.
pub const WHOLE: i64 = 1_000_000;

/// What each share of an hour or a day weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    /// Of an hour or a day.
    pub span: Granularity,
    /// Its start.
    pub starts_at: Timestamp,
    /// Millionths ([`WHOLE`]).
    pub weight: i64,
}

fn seconds(duration: TimeDelta) -> f64 {
    duration.as_seconds_f64()
}

fn between(from: Timestamp, to: Timestamp) -> f64 {
    seconds(to.utc() - from.utc())
}

/// What the shares of each hour and of each day weigh in a period that ends at `now` or before. Of an
/// hour that lies in it in part, shares weigh as much less, as if they had come evenly; with a
/// half-life they weigh half for each one that has passed since, on average over the time in which
/// they came.
pub fn weights(period: TimeRange, now: Timestamp, half_life: Option<TimeDelta>) -> Vec<Weight> {
    let spans = [Granularity::Hour, Granularity::Day];
    // Of an hour that begins just now no time has passed, but shares may have come.
    let beginning = spans
        .into_iter()
        .filter(|_| period.to == now)
        .filter_map(|span| {
            Some(Weight {
                span,
                starts_at: span.beginning_at(now)?,
                weight: WHOLE,
            })
        });
    let all = spans.into_iter().flat_map(|span| {
        span.touched_by(period).map(move |starts_at| {
            // Those of the present hour have come in the part of it that has passed.
            let ends_at = starts_at.plus(span.length()).min(now);
            let (first, last) = (starts_at.max(period.from), ends_at.min(period.to));
            let part = match half_life.map(seconds) {
                None => between(first, last),
                // The integral of 2^(-age / half) over the part.
                Some(half) => {
                    let weight = |instant| (-between(instant, now) / half).exp2();
                    (weight(last) - weight(first)) * half / std::f64::consts::LN_2
                }
            };
            Weight {
                span,
                starts_at,
                weight: (part / between(starts_at, ends_at) * WHOLE as f64).round() as i64,
            }
        })
    });
    all.filter(|weight| weight.weight > 0)
        .chain(beginning)
        .collect()
}

/// Two weights of each hour and day that has one of them.
pub fn paired(first: &[Weight], second: &[Weight]) -> Vec<(Weight, i64)> {
    let mut pairs: BTreeMap<(Granularity, Timestamp), (i64, i64)> = BTreeMap::new();
    for weight in first {
        pairs.entry((weight.span, weight.starts_at)).or_default().0 = weight.weight;
    }
    for weight in second {
        pairs.entry((weight.span, weight.starts_at)).or_default().1 = weight.weight;
    }
    pairs
        .into_iter()
        .map(|((span, starts_at), (weight, other))| {
            let first = Weight {
                span,
                starts_at,
                weight,
            };
            (first, other)
        })
        .collect()
}

/// A sum of weights as a number of shares.
pub fn whole_shares(sum: i64) -> i64 {
    (sum + WHOLE / 2) / WHOLE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn of(weights: &[Weight], span: Granularity, starts_at: &str) -> Option<i64> {
        let mut all = weights.iter();
        all.find(|weight| weight.span == span && weight.starts_at == at(starts_at))
            .map(|weight| weight.weight)
    }

    #[test]
    fn of_an_hour_that_a_window_cuts_its_part_counts() {
        let now = at("2026-03-01T12:15:00Z");
        let all = weights(Window::Hour.until(now), now, None);
        let hours: Vec<_> = all
            .iter()
            .filter(|weight| weight.span == Granularity::Hour)
            .collect();
        assert_eq!(hours.len(), 2);
        assert_eq!(
            of(&all, Granularity::Hour, "2026-03-01T12:00:00Z"),
            Some(WHOLE)
        );
        assert_eq!(
            of(&all, Granularity::Hour, "2026-03-01T11:00:00Z"),
            Some(750_000)
        );
        assert_eq!(
            of(&all, Granularity::Day, "2026-03-01T00:00:00Z"),
            Some(WHOLE * 60 / (12 * 60 + 15) + 1)
        );
    }

    #[test]
    fn two_windows_after_each_other_count_each_hour_once() {
        let now = at("2026-03-02T07:40:00Z");
        let window = Window::Day.until(now);
        let both = [window, Window::Day.until(window.from)]
            .into_iter()
            .flat_map(|period| weights(period, now, None));
        let cut: i64 = both
            .filter(|weight| weight.starts_at == at("2026-03-01T07:00:00Z"))
            .map(|weight| weight.weight)
            .sum();
        assert!((cut - WHOLE).abs() <= 1, "{cut}");
    }

    #[test]
    fn shares_of_the_first_moment_of_an_hour_count() {
        let now = at("2026-03-01T12:00:00Z");
        let all = weights(Window::Hour.until(now), now, Some(Window::Hour.half_life()));
        assert_eq!(
            of(&all, Granularity::Hour, "2026-03-01T12:00:00Z"),
            Some(WHOLE)
        );
        assert_eq!(of(&all, Granularity::Day, "2026-03-02T00:00:00Z"), None);
    }

    #[test]
    fn a_share_weighs_half_after_a_half_life() {
        let now = at("2026-03-02T00:00:00Z");
        let all = weights(Window::Day.until(now), now, Some(Window::Day.half_life()));
        let hour = |starts_at| of(&all, Granularity::Hour, starts_at).unwrap() as f64;
        let ratio = hour("2026-03-01T17:00:00Z") / hour("2026-03-01T23:00:00Z");
        assert!((ratio - 0.5).abs() < 1e-4, "{ratio}");
        assert!(hour("2026-03-01T23:00:00Z") < WHOLE as f64);
    }
}
