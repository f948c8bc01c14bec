//! Counting shares together: whoever reports one while others are being written waits for the next
//! transaction, which writes all that have gathered. So a share costs a part of a commit, and the
//! more there are the smaller the part.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::model::ShareReceipt;
use super::store::{self, Share};
use crate::db::{Database, Id, StoreError, StoreResult, Timestamp};

/// Most shares of one transaction.
const BATCH: usize = 1000;
/// Most shares that wait. More are turned away, so that memory stays bounded.
const WAITING: usize = 20_000;

type Answer = oneshot::Sender<Option<ShareReceipt>>;

/// Counts shares. Cheap to clone.
#[derive(Clone)]
pub struct Counter {
    waiting: mpsc::Sender<(Share, Answer)>,
    database: Database,
}

impl Counter {
    /// Counts in a database, until the last handle is gone and all that waited is written, which
    /// is when the task ends.
    pub fn open(database: Database) -> (Self, JoinHandle<()>) {
        let (waiting, taken) = mpsc::channel(WAITING);
        let task = actix_web::rt::spawn(write(database.clone(), taken));
        (Self { waiting, database }, task)
    }

    /// Counts a share; answers when that is durable.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when too many wait, or when they could not be written.
    pub async fn count(&self, share: Share) -> StoreResult<ShareReceipt> {
        let (answer, answered) = oneshot::channel();
        self.waiting
            .try_send((share, answer))
            .map_err(|_| StoreError::Unavailable("too many shares wait to be counted".into()))?;
        answered
            .await
            .ok()
            .flatten()
            .ok_or_else(|| StoreError::Unavailable("the share could not be counted".into()))
    }

    /// The answer to who is not counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_none(&self, article: Id) -> StoreResult<ShareReceipt> {
        let shares = self
            .database
            .read(move |connection| store::of_article(connection, article))
            .await?;
        Ok(ShareReceipt {
            counted: false,
            shares,
        })
    }
}

async fn write(database: Database, mut waiting: mpsc::Receiver<(Share, Answer)>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let (shares, answers): (Vec<Share>, Vec<Answer>) = batch.drain(..).unzip();
        let written = database
            .write(move |connection| {
                let (counted, counts) = store::count(connection, &shares, Timestamp::now())?;
                Ok((shares, counted, counts))
            })
            .await;
        match written {
            Ok((shares, counted, counts)) => {
                for ((share, counted), answer) in shares.iter().zip(counted).zip(answers) {
                    let shares = counts.get(&share.article).cloned().unwrap_or_default();
                    // Nobody may wait for it any more.
                    let _ = answer.send(Some(ShareReceipt { counted, shares }));
                }
            }
            Err(error) => {
                tracing::error!(?error, "{} shares were not counted", answers.len());
                drop(answers);
                // What is wrong with the database will not be over at once.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
