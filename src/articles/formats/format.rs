//! Which vocabulary an answer is in.

use crate::articles::model::Include;
use crate::http::fields::Selection;
use crate::http::params::Params;
use crate::problem::Problem;

/// A vocabulary of others in which articles can be read, instead of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArticleFormat {
    /// IPTC ninjs 3.1.
    Ninjs,
}

crate::closed_set!(
    ArticleFormat,
    ArticleFormat::ALL,
    "A vocabulary of others in which articles can be read."
);

impl ArticleFormat {
    /// What `format=` takes.
    const ALL: &[(&str, Self)] = &[("ninjs", Self::Ninjs)];

    /// Reads `format=`, with which only these things can be included, and nothing else be chosen.
    ///
    /// # Errors
    /// `invalid-parameter`.
    pub fn read(
        params: &mut Params,
        fields: Option<&Selection>,
        include: &[Include],
        can_include: &[Include],
    ) -> Result<Option<Self>, Problem> {
        let format = params.choice("format", Self::ALL)?;
        if format.is_none() {
            return Ok(None);
        }
        if fields.is_some() {
            let detail = "cannot be chosen together with format, which has its own";
            return Err(Problem::parameter("fields", detail));
        }
        if include.iter().any(|include| !can_include.contains(include)) {
            let detail = match can_include {
                [] => "can add nothing to another format",
                _ => "can add only the body to another format",
            };
            return Err(Problem::parameter("include", detail));
        }
        Ok(format)
    }
}
