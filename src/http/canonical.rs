//! Queries in canonical form: the keys of cached responses, and the addresses of other pages.

use std::fmt;

/// A request's path and query in canonical form.
#[derive(Debug, Clone)]
pub struct CanonicalTarget {
    pub(super) path: String,
    pub(super) query: CanonicalQuery,
}

impl CanonicalTarget {
    /// Of a path, and of parameters that were read elsewhere, each once.
    pub fn of(path: String, parameters: std::collections::BTreeMap<String, String>) -> Self {
        let query = CanonicalQuery(parameters.into_iter().collect());
        Self { path, query }
    }

    /// The same with another value of a parameter.
    pub fn with(&self, name: &str, value: &str) -> Self {
        Self {
            path: self.path.clone(),
            query: self.query.with(name, value),
        }
    }
}

impl CanonicalTarget {
    /// The same without a parameter.
    pub fn without(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.query.0.retain(|(known, _)| known != name);
        other
    }
}

impl fmt::Display for CanonicalTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.query.after(&self.path))
    }
}

/// What was read of a query, as a query: parameters by name, repeated ones in their order, without
/// those that say nothing, encoded as forms are (as `URLSearchParams` does). Read again, it means the
/// same and stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CanonicalQuery(pub(super) Vec<(String, String)>);

impl CanonicalQuery {
    /// The same with another value of a parameter.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut pairs = self.0.clone();
        pairs.retain(|(known, _)| known != name);
        let place = pairs.partition_point(|(known, _)| known.as_str() < name);
        pairs.insert(place, (name.to_owned(), value.to_owned()));
        Self(pairs)
    }

    /// A path with this query.
    pub fn after(&self, path: &str) -> String {
        if self.0.is_empty() {
            return path.to_owned();
        }
        let mut target = format!("{path}?");
        let start = target.len();
        url::form_urlencoded::Serializer::for_suffix(&mut target, start).extend_pairs(&self.0);
        target
    }
}
