//! Why a body is refused.

use std::fmt;

/// One reason why a body is refused. A refusal lists every reason found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyError {
    /// Where: a JSON pointer (RFC 6901) relative to the array of blocks, such as `/3/url`;
    /// empty when it concerns the whole body.
    pub pointer: String,
    /// What, for programs: a stable lower-case word. One of `too_large`, `too_many_blocks`,
    /// `too_many_attributes`, `too_deep`, `wrong_type`, `unknown_block_type`, `unknown_field`,
    /// `required`, `out_of_range`, `invalid_url`, `invalid_language` and `nul`.
    pub code: &'static str,
    /// What, for people: a sentence without a full stop.
    pub detail: String,
}

impl BodyError {
    pub(super) fn whole(code: &'static str, detail: impl Into<String>) -> Self {
        Self::at("", code, detail)
    }

    pub(super) fn at(
        pointer: impl Into<String>,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            f.write_str(&self.detail)
        } else {
            write!(f, "{}: {}", self.pointer, self.detail)
        }
    }
}

impl std::error::Error for BodyError {}
