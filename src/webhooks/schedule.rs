//! When an attempt is made again, and when a webhook is given up.

use std::str::FromStr;
use std::time::Duration;

/// How long after each failed attempt the next one is made: the table that Standard Webhooks gives as an example.
const USUAL: [u64; 9] = [
    5,
    5 * 60,
    30 * 60,
    2 * 3_600,
    5 * 3_600,
    10 * 3_600,
    14 * 3_600,
    20 * 3_600,
    24 * 3_600,
];

/// The longest that an endpoint can ask to be left alone.
pub const LONGEST_HOLD: Duration = Duration::from_secs(24 * 3_600);
/// How long an endpoint is left alone that is overloaded and does not say for how long.
pub const USUAL_HOLD: Duration = Duration::from_secs(30);
/// A webhook is disabled that took nothing for so long.
pub const GIVEN_UP_AFTER: chrono::Duration = chrono::Duration::days(5);
/// And not before so many attempts: one that is seldom told anything is not given up for two of them.
pub const GIVEN_UP_ATTEMPTS: i64 = 12;

/// How long after each failed attempt the next one is made; after the last one none is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits(Vec<Duration>);

impl Default for Waits {
    fn default() -> Self {
        Self(USUAL.map(Duration::from_secs).into())
    }
}

impl FromStr for Waits {
    type Err = String;

    /// Seconds, separated by commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let waits: Option<Vec<Duration>> = text
            .split(',')
            .map(|wait| {
                let seconds = wait.trim().parse().ok();
                let seconds = seconds.filter(|seconds| *seconds <= 7 * 24 * 3_600);
                seconds.map(Duration::from_secs)
            })
            .collect();
        match waits {
            Some(waits) if waits.len() <= 20 => Ok(Self(waits)),
            _ => Err("it takes up to 20 waits in seconds, separated by commas: 5,300,1800".into()),
        }
    }
}

impl std::fmt::Display for Waits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waits: Vec<String> = self
            .0
            .iter()
            .map(|wait| wait.as_secs().to_string())
            .collect();
        f.write_str(&waits.join(","))
    }
}

impl Waits {
    /// How long to wait after so many failed attempts, a tenth more or less, so that what failed together does not come
    /// together again; `None` when no more is made.
    pub fn after(&self, attempts: i64) -> Option<Duration> {
        let index = usize::try_from(attempts.checked_sub(1)?).ok()?;
        let wait = self.0.get(index)?;
        Some(wait.mul_f64(rand::random_range(0.9..=1.1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_are_made_within_four_days() {
        let waits = Waits::default();
        let all: Duration = (1..=9).map(|attempts| waits.after(attempts).unwrap()).sum();
        assert!((65..=85).contains(&(all.as_secs() / 3_600)), "{all:?}");
        assert_eq!(waits.after(10), None);
        assert_eq!(waits.to_string().parse(), Ok(waits));
        for wrong in ["", "5,", "a", "-1", "999999999"] {
            assert!(wrong.parse::<Waits>().is_err(), "{wrong}");
        }
    }
}
