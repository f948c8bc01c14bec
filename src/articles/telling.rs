//! What readers are told of a change to an article that they know.

use chrono::Duration;

use super::parts::CorrectionInput;
use crate::db::Timestamp;
use crate::validation::{Violation, Violations};

/// What readers are told of a change. Nothing is said by default: they see when the article was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telling {
    /// That nothing was: their `updated_at` stays.
    pub silent: bool,
    /// What was corrected.
    pub correction: Option<CorrectionInput>,
}

impl Telling {
    /// Refuses to be silent of what readers are told.
    ///
    /// # Errors
    /// A violation at `/silent`.
    pub fn check(&self) -> Result<(), Violations> {
        if self.silent && self.correction.is_some() {
            let detail = "contradicts correction: readers are told of it";
            return Err(Violation::new("/silent", "contradiction", detail).into());
        }
        Ok(())
    }

    /// Refuses to change, without a word, a body that readers have known for longer than the newsroom allows.
    ///
    /// # Errors
    /// A violation at `/correction`.
    pub fn check_correction(
        &self,
        public_since: Timestamp,
        now: Timestamp,
        rules: &EditorialRules,
    ) -> Result<(), Violations> {
        let Some(after) = rules.correction_after else {
            return Ok(());
        };
        if self.silent || self.correction.is_some() || now.utc() - public_since.utc() < after {
            return Ok(());
        }
        let hours = after.num_hours();
        let detail = format!(
            "is required: readers have known this body for {hours} hours or more. Say what is corrected, or with \
             \"silent\": true that they need not be told"
        );
        Err(Violation::new("/correction", "required", detail).into())
    }
}

/// What the newsroom's settings ask of those who write articles.
#[derive(Debug, Default, Clone, Copy)]
pub struct EditorialRules {
    /// How many drafts somebody may have who cannot publish.
    pub drafts: i64,
    /// How long readers may know a body before a change of it needs a correction; `None` when no change does.
    pub correction_after: Option<Duration>,
}
