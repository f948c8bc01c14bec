//! What came of a batch.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::articles::store::batch::Written;
use crate::db::{Id, StoreError};
use crate::etag;
use crate::problem::{Problem, ProblemDocument};
use crate::validation::{Violations, Warning};

/// What came of one operation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "index": 0, "status": 201, "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11",
    "slug": "harbour-cities-agree-on-a-flood-fund", "version": 1, "etag": "\"v1\"", "problem": null, "warnings": []
}))]
pub struct BatchResult {
    /// The operation's place in the batch, from 0.
    pub index: usize,
    /// The HTTP status that it would have got as a request of its own.
    #[schema(minimum = 200, maximum = 599)]
    pub status: u16,
    /// The article's key; null where none was created.
    pub id: Option<Id>,
    /// Its name in URLs after the operation; null where it was not made, and for callers who may not read articles.
    pub slug: Option<String>,
    /// Its version after the operation; null where it was not made.
    pub version: Option<i64>,
    /// What `if_match` takes next: the version after the operation, and with status 412 the one that stands.
    pub etag: Option<String>,
    /// Why it was not made.
    #[schema(value_type = Option<ProblemDocument>)]
    pub problem: Option<serde_json::Value>,
    /// What is not as it was sent.
    pub warnings: Vec<Warning>,
}

/// What came of all operations, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArticleBatchReceipt {
    /// How many were made.
    pub succeeded: usize,
    /// How many were not.
    pub failed: usize,
    /// What came of each.
    #[schema(value_type = Vec<BatchResult>)]
    pub results: Vec<serde_json::Value>,
}

impl ArticleBatchReceipt {
    /// Of the results of all operations.
    pub fn of(results: Vec<serde_json::Value>) -> Self {
        let is_made = |result: &&serde_json::Value| {
            let status = Made::deserialize(*result).map_or(0, |made| made.status);
            (200..300).contains(&status)
        };
        let succeeded = results.iter().filter(is_made).count();
        Self {
            succeeded,
            failed: results.len() - succeeded,
            results,
        }
    }
}

#[derive(Deserialize)]
struct Made {
    status: u16,
}

impl BatchResult {
    /// Of an operation that was made.
    pub fn made(index: usize, status: u16, written: Written, warnings: Violations) -> Self {
        Self {
            index,
            status,
            id: Some(written.id),
            slug: Some(written.slug),
            version: Some(written.version),
            etag: Some(etag::of_version(written.version)),
            problem: None,
            warnings: warnings.into_warnings(),
        }
    }

    /// Of an operation that was not made, on this article where it names one. `pointer` is where in the operation
    /// violations point into; `None` where they point elsewhere.
    pub fn refused(
        index: usize,
        id: Option<Id>,
        error: StoreError,
        pointer: Option<&'static str>,
    ) -> Self {
        let etag = match &error {
            StoreError::VersionMismatch { current } | StoreError::WeakVersion { current } => {
                Some(etag::of_version(*current))
            }
            _ => None,
        };
        let mut problem = Problem::from(error);
        if let Some(pointer) = pointer {
            problem = problem.of_one_operation(index, pointer);
        }
        Self {
            id,
            etag,
            ..Self::wrong(index, problem)
        }
    }

    /// Of an operation that could not be read; violations point into the body.
    pub fn wrong(index: usize, problem: impl Into<Problem>) -> Self {
        let problem = problem.into();
        Self {
            index,
            status: problem.kind().status,
            id: None,
            slug: None,
            version: None,
            etag: None,
            problem: serde_json::to_value(problem.document(None)).ok(),
            warnings: Vec::new(),
        }
    }
}
