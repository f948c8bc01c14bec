//! Reading by key, together: whoever asks while a read is under way waits, and all who waited are
//! answered by the next one. A server that is asked for many things at once gets a few queries for
//! many of them, one that is asked now and then a query for each.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::error::StoreResult;
use super::{Connection, Database};
use crate::log::Repeated;

/// Reads that are under way at once.
const UNDER_WAY: usize = 2;
static LOG: Repeated = Repeated::new();

/// Most keys of one read.
const MOST: usize = 32;
/// Most reads in one go: then others get the connection first.
const IN_ONE_GO: usize = 64;

type Read<K, V> = dyn Fn(&mut Connection, &[K]) -> StoreResult<HashMap<K, V>> + Send + Sync;
type Answered<V> = oneshot::Sender<Option<V>>;

/// Values of a database by key.
pub struct BatchLoader<K, V> {
    database: Database,
    read: Box<Read<K, V>>,
    waiting: Mutex<Waiting<K, V>>,
}

struct Waiting<K, V> {
    asked: Vec<(K, Answered<V>)>,
    under_way: usize,
}

impl<K, V> BatchLoader<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Values that `read` finds by their keys.
    pub fn new(
        database: Database,
        read: impl Fn(&mut Connection, &[K]) -> StoreResult<HashMap<K, V>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            database,
            read: Box::new(read),
            waiting: Mutex::new(Waiting {
                asked: Vec::new(),
                under_way: 0,
            }),
        }
    }

    /// The value of a key as it is after this call began; `None` when there is none, or when it could
    /// not be read: who needs to know which asks the database.
    pub async fn get(self: &Arc<Self>, key: K) -> Option<V> {
        let (answered, answer) = oneshot::channel();
        let begins = self.locked(|waiting| {
            waiting.asked.push((key, answered));
            let begins = waiting.under_way < UNDER_WAY;
            waiting.under_way += usize::from(begins);
            begins
        });
        if begins {
            // It is over when nobody waits for the read any more, though its thread may hang.
            let (turn, loader) = (Turn(Arc::clone(self)), Arc::clone(self));
            tokio::spawn(async move {
                loop {
                    let loader = Arc::clone(&loader);
                    let read = move |connection: &mut Connection| Ok(loader.read_some(connection));
                    match turn.0.database.read(read).await {
                        Ok(true) => {}
                        Ok(false) => return,
                        Err(error) => {
                            LOG.warn(&format!("reading together: {}", error.reason()));
                            return;
                        }
                    }
                }
            });
        }
        tokio::select! {
            answer = answer => answer.ok().flatten(),
            // The one that reads may be held up for long.
            _ = self.database.health().away() => None,
        }
    }

    /// Reads on the thread that it has while somebody waits, for a while; returns whether to go on.
    fn read_some(&self, connection: &mut Connection) -> bool {
        for _ in 0..IN_ONE_GO {
            let batch: Vec<(K, Answered<V>)> = self.locked(|waiting| {
                let some = waiting.asked.len().min(MOST);
                waiting.asked.drain(..some).collect()
            });
            if batch.is_empty() {
                return false;
            }
            let mut keys: Vec<K> = Vec::with_capacity(batch.len());
            for (key, _) in &batch {
                if !keys.contains(key) {
                    keys.push(key.clone());
                }
            }
            match (self.read)(connection, &keys) {
                Ok(found) => {
                    for (key, answered) in batch {
                        // Nobody may wait for it any more.
                        let _ = answered.send(found.get(&key).cloned());
                    }
                }
                Err(error) => {
                    LOG.warn(&format!("reading together: {}", error.reason()));
                    return false;
                }
            }
        }
        true
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Waiting<K, V>) -> T) -> T {
        work(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One read that is under way, from when it is asked for to its end, whatever that is.
struct Turn<K, V>(Arc<BatchLoader<K, V>>);

impl<K, V> Drop for Turn<K, V> {
    fn drop(&mut self) {
        let mut waiting = self
            .0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        waiting.under_way -= 1;
        if waiting.under_way == 0 {
            // Nobody would read for them: they ask for themselves.
            waiting.asked.clear();
        }
    }
}
