//! The handler.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;

use super::input::{ArticleBatch, Operation};
use super::results::{ArticleBatchReceipt, BatchResult};
use crate::articles::editorial::WriteParams;
use crate::articles::store::batch::{self, Asking, Written};
use crate::articles::telling::EditorialRules;
use crate::auth::guard::{Allowed, ArticlesWrite};
use crate::auth::model::Right;
use crate::db::{StoreError, StoreResult};
use crate::events::Change;
use crate::http::body::JsonBody;
use crate::http::params::Query;
use crate::idempotency::writer::{Replied, Writing};
use crate::idempotency::{EditorialWriter, Reply};
use crate::problem::{Problem, ProblemDocument};
use crate::validation::Violations;

/// Most operations in one transaction of a batch that is not atomic, and how long they may take: others write in between.
pub const AT_ONCE: usize = 50;
const LONGEST: Duration = Duration::from_millis(15);

/// Create and change many articles
///
/// Up to 500 operations, in order. Each is what a request of its own would be, with its own status in `results`: one that
/// fails leaves nothing, and the others stand; the response is 200 then too. With `"atomic": true` all are
/// made in one transaction or none, and the response is the problem of the first that fails, named by `operation`.
///
/// Operations need the rights that requests of their own need. Send an `Idempotency-Key`: a batch that is sent again
/// after it was interrupted goes on where it ended, and no article comes twice.
#[utoipa::path(
    post, path = "/v1/editorial/articles/batch", operation_id = "writeArticles", tag = "editorial articles",
    security(("bearer" = ["articles:write"])), params(WriteParams), request_body = ArticleBatch,
    responses(
        (status = 200, description = "What came of each operation.", body = ArticleBatchReceipt),
        (status = 404, description = "Of an atomic batch: there is no such article.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Of an atomic batch: a slug is taken, or a step is not possible.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 412, description = "Of an atomic batch: an article was changed since it was read.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn write_articles(
    Allowed(caller, (Query(params), JsonBody(batch)), _): Allowed<
        ArticlesWrite,
        (Query<WriteParams>, JsonBody<ArticleBatch>),
    >,
    writer: EditorialWriter,
    rules: Data<EditorialRules>,
) -> Result<HttpResponse, Problem> {
    let asked = Arc::new(Asked {
        operations: read(batch.operations, params.create_missing),
        reads: caller.may(Right::ArticlesRead),
        asking: Asking {
            caller: caller.clone(),
            rules: **rules,
        },
    });
    if batch.is_atomic {
        asked.all_read()?;
    }
    let writing = writer.begin(&caller)?;
    let (results, is_replayed) = match batch.is_atomic {
        true => write_all(&writing, asked).await?,
        false => write_each(&writing, asked).await?,
    };
    let receipt = ArticleBatchReceipt::of(results);
    Ok(Reply::json(StatusCode::OK, &receipt)?.into_response(is_replayed))
}

/// A batch that has been read.
struct Asked {
    operations: Vec<Result<Operation, Violations>>,
    /// Whether the caller may read articles.
    reads: bool,
    asking: Asking,
}

fn read(
    operations: Vec<Result<Operation, Violations>>,
    create_missing: bool,
) -> Vec<Result<Operation, Violations>> {
    let operations = operations.into_iter().enumerate();
    operations
        .map(|(index, operation)| {
            let read = operation?.read(create_missing);
            read.map_err(|wrong| wrong.under(&format!("/operations/{index}")))
        })
        .collect()
}

impl Asked {
    /// That nothing is wrong with any operation.
    fn all_read(&self) -> Result<(), Violations> {
        let mut wrong = Violations::default();
        for found in self
            .operations
            .iter()
            .filter_map(|read| read.as_ref().err())
        {
            wrong.append(found.clone());
        }
        wrong.into_result()
    }

    /// What came of an operation that was made.
    fn made(&self, index: usize, operation: &Operation, written: Written) -> BatchResult {
        let is_new = operation.creates();
        let status = if is_new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let mut result = BatchResult::made(index, status.as_u16(), written, operation.warnings());
        result.slug = result.slug.filter(|_| self.reads || is_new);
        result
    }

    /// Makes some operations from one on, each for itself, for a while.
    fn make_some(&self, change: &mut Change<'_>, from: usize) -> StoreResult<Vec<BatchResult>> {
        batch::begin(change)?;
        let begun = Instant::now();
        let mut results = Vec::new();
        for (index, read) in self.operations.iter().enumerate().skip(from).take(AT_ONCE) {
            results.push(match read {
                Err(wrong) => BatchResult::wrong(index, wrong.clone()),
                Ok(operation) => {
                    let make = |change: &mut Change<'_>| {
                        batch::make(change, operation.clone(), &self.asking)
                    };
                    match change.apart(make)? {
                        Ok(written) => self.made(index, operation, written),
                        Err(refused) => BatchResult::refused(
                            index,
                            operation.article(),
                            refused,
                            operation.pointer(),
                        ),
                    }
                }
            });
            if begun.elapsed() > LONGEST {
                break;
            }
        }
        Ok(results)
    }

    /// Makes all operations, or fails with the first that cannot be made.
    fn make_all(&self, change: &mut Change<'_>) -> StoreResult<Vec<BatchResult>> {
        batch::begin(change)?;
        let mut results = Vec::new();
        for (index, read) in self.operations.iter().enumerate() {
            let operation = read.clone().map_err(StoreError::Invalid)?;
            let made = batch::make(change, operation.clone(), &self.asking)
                .and_then(|written| change.follow().map(|()| written));
            let written = made.map_err(|error| match error.is_refusal() {
                true => StoreError::Operation {
                    index,
                    pointer: operation.pointer(),
                    error: Box::new(error),
                },
                false => error,
            })?;
            results.push(self.made(index, &operation, written));
        }
        Ok(results)
    }
}

type Results = (Vec<serde_json::Value>, bool);

async fn write_all(writing: &Writing, asked: Arc<Asked>) -> Result<Results, Problem> {
    let Replied { reply, is_replayed } = writing
        .part(
            0,
            move |change| asked.make_all(change),
            |_, results| Reply::json(StatusCode::OK, &results),
        )
        .await?;
    Ok((reply.read()?, is_replayed))
}

async fn write_each(writing: &Writing, asked: Arc<Asked>) -> Result<Results, Problem> {
    let (mut results, mut are_replayed) = (Vec::<serde_json::Value>::new(), true);
    let mut part = 0;
    while results.len() < asked.operations.len() {
        let (from, asked) = (results.len(), Arc::clone(&asked));
        let Replied { reply, is_replayed } = writing
            .part(
                part,
                move |change| asked.make_some(change, from),
                |_, results| Reply::json(StatusCode::OK, &results),
            )
            .await?;
        results.append(&mut reply.read()?);
        are_replayed &= is_replayed;
        part += 1;
    }
    Ok((results, are_replayed))
}
