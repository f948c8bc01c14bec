//! Which sitemap of a month a path names.

use std::fmt;
use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;

use crate::db::month_counts::Month;
use crate::http::path::in_path;
use crate::problem::Problem;

/// Most sitemaps of one month.
const MOST_PARTS: u16 = 99;

/// One of the sitemaps of a month: `2026-03` is the first, `2026-03-2` the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthPart {
    /// The month.
    pub month: Month,
    /// Which of its sitemaps, counted from 1.
    pub part: u16,
}

impl fmt::Display for MonthPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            1 => write!(f, "{}", self.month),
            part => write!(f, "{}-{part}", self.month),
        }
    }
}

impl FromStr for MonthPart {
    type Err = ();

    /// Takes it as it is written, and in no other way.
    fn from_str(text: &str) -> Result<Self, ()> {
        if let Ok(month) = text.parse() {
            return Ok(Self { month, part: 1 });
        }
        let (month, part) = text.rsplit_once('-').ok_or(())?;
        let known = Self {
            month: month.parse()?,
            part: part.parse().map_err(|_| ())?,
        };
        let is_one = (2..=MOST_PARTS).contains(&known.part) && known.to_string() == text;
        is_one.then_some(known).ok_or(())
    }
}

/// `{month}` of the path.
#[derive(Debug, IntoParams)]
#[into_params(names("month"), parameter_in = Path)]
pub struct MonthPath(
    /// The month of publication in UTC; of one with more than 50,000 articles `2026-03-2` is the second part.
    #[param(value_type = String, pattern = "^[0-9]{4}-[0-9]{2}(-[0-9]{1,2})?$", example = "2026-03")]
    pub MonthPart,
);

impl FromRequest for MonthPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(in_path(request, "month").map(Self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_month_has_one_name() {
        for name in ["2026-03", "2026-03-2", "2026-12-99"] {
            assert_eq!(name.parse::<MonthPart>().unwrap().to_string(), name);
        }
        for wrong in [
            "2026-03-1",
            "2026-03-02",
            "2026-03-100",
            "2026-3",
            "news",
            "2026-03-x",
        ] {
            assert!(wrong.parse::<MonthPart>().is_err(), "{wrong}");
        }
    }
}
