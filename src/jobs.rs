//! What a server does besides answering: it renders again what a changed name is in, keeps the order and
//! the history of shares, and sweeps up what has run out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::Data;

use crate::articles::store::working_copies::publishing;
use crate::articles::store::{expiry, locks, media_uses, revisions, trash};
use crate::articles::telling::EditorialRules;
use crate::auth::jwt::Signer;
use crate::auth::store::{links, provider_sign_ins, sessions};
use crate::auth::throttle::LoginThrottle;
use crate::db::{Connection, Database, StoreError, Timestamp, month_counts};
use crate::events::{Change, Origin, Writer, log};
use crate::idempotency::store as replies;
use crate::keys::{self, Purpose};
use crate::log::Repeated;
use crate::projections::{self, read_model, rebuild};
use crate::shares::public::ShareService;
use crate::shares::store::{counting, downsampling, rollups, totals};
use crate::shares::time::Granularity;
use crate::webhooks::store::dispatch;

/// How often what has run out is swept up and changed keys are noticed.
const SWEEPING: Duration = Duration::from_secs(60);

/// How often what was shared is put in its place among the most shared.
const PLACING: Duration = Duration::from_secs(2);

/// Shares that no process has added to the counts for so long were left behind by one that was killed.
const LEFT_BEHIND: chrono::Duration = chrono::Duration::seconds(2);

/// Articles that were shared since the hour of so long ago are looked at for that.
const PLACED_SINCE: chrono::Duration = chrono::Duration::hours(1);

/// How far back rollups are brought up to what was shared at first.
const ROLLED_UP_SINCE: chrono::Duration = chrono::Duration::hours(3);

/// Rolling up takes at most one part in so many of the time.
const ROLLING_UP: u32 = 10;

/// Articles that are put in their places in one transaction.
const AT_ONCE: usize = 1000;

/// Versions that are looked at for thinning in one transaction.
const THINNED: i64 = 200;
/// Articles that are deleted for good in one transaction.
const TRASH_AT_ONCE: i64 = 20;

/// How long what did not come about waits until it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// While the database is away each of these fails every second: said once a minute.
fn put_off(what: &str, error: &StoreError) {
    static LOG: Repeated = Repeated::new();
    LOG.warn(&format!("{what} was put off: {}", error.reason()));
}

/// Rebuilds projections that an older version of the code has made, a batch at a time.
pub fn rebuild(database: &Data<Database>) {
    let database = database.clone();
    actix_web::rt::spawn(async move {
        for projection in projections::kept() {
            let mut rows = 0;
            loop {
                let step = move |connection: &mut Connection| rebuild::step(connection, projection);
                match database.write(step).await {
                    Ok(Some(some)) => rows += some,
                    Ok(None) => break,
                    Err(error) => {
                        put_off("rebuilding", &error);
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            }
            if rows > 0 {
                tracing::info!(projection = projection.name(), rows, "rebuilt");
            }
        }
    });
}

/// Renders again what shows a tag or an author that was changed: at once when that happened here, and
/// now and then in case the process where it happened is gone.
pub fn render(database: &Data<Database>) {
    let database = database.clone();
    actix_web::rt::spawn(async move {
        loop {
            let wait = match read_model::catch_up(&database).await {
                Ok(()) => SWEEPING,
                Err(error) => {
                    put_off("rendering again", &error);
                    AGAIN
                }
            };
            let _ = tokio::time::timeout(wait, database.names_changed()).await;
        }
    });
}

/// Records in the event log that articles have appeared or expired whose time has come, and publishes working copies
/// whose time has, within a second of it; writes articles again that show items of the media which say something else by
/// now, where these were too many for the change itself. It asks when the next one is due when another one is scheduled, when another
/// process writes, and not otherwise.
pub fn follow_the_clock(database: &Data<Database>, writer: &Writer, rules: EditorialRules) {
    let (database, writer) = (database.clone(), writer.clone());
    actix_web::rt::spawn(async move {
        loop {
            let mut wait = match do_what_is_due(&database, &writer, rules).await {
                Ok(wait) => wait.min(SWEEPING),
                Err(error) => {
                    put_off("what the clock has brought", &error);
                    AGAIN
                }
            };
            if let Err(error) = media_uses::catch_up(&database, &writer, rules).await {
                put_off("writing articles with changed media again", &error);
                wait = wait.min(AGAIN);
            }
            let _ = tokio::time::timeout(wait, database.changes().scheduled()).await;
        }
    });
}

/// Records what has appeared and expired, and publishes working copies; returns how long it is until the next one.
async fn do_what_is_due(
    database: &Database,
    writer: &Writer,
    rules: EditorialRules,
) -> Result<Duration, StoreError> {
    loop {
        match database.read(log::next).await? {
            None => return Ok(SWEEPING),
            Some(milliseconds @ 1..) => {
                return Ok(Duration::from_millis(milliseconds.unsigned_abs()));
            }
            Some(_) => {
                writer
                    .change(Origin::SYSTEM, expiry::follow_the_clock, |_, _| Ok(()))
                    .await?;
                publish_working_copies(database, writer, rules).await?;
            }
        };
    }
}

/// Publishes working copies whose time has come, each in a change of its own, of whoever scheduled it.
///
/// # Errors
/// When the database fails.
pub async fn publish_working_copies(
    database: &Database,
    writer: &Writer,
    rules: EditorialRules,
) -> Result<(), StoreError> {
    for due in database.read(publishing::due).await? {
        let origin = Origin {
            actor: due.scheduled_by,
            request: None,
        };
        let publish = move |change: &mut Change<'_>| publishing::publish_due(change, &due, &rules);
        writer.change(origin, publish, |_, ()| Ok(())).await?;
    }
    Ok(())
}

/// Thins out the saved versions of drafts that are older than so many days; none where that is 0.
pub fn thin_revisions(database: &Data<Database>, days: u32) {
    if days == 0 {
        return;
    }
    let database = database.clone();
    actix_web::rt::spawn(async move {
        let mut interval = tokio::time::interval(SWEEPING);
        loop {
            interval.tick().await;
            let before = Timestamp::now().plus(-chrono::Duration::days(days.into()));
            if let Err(error) = thin(&database, before).await {
                put_off("thinning revisions", &error);
            }
        }
    });
}

async fn thin(database: &Database, before: Timestamp) -> Result<(), StoreError> {
    // In batches, between which others write.
    while database
        .read(move |connection| revisions::is_thinning_due(connection, before))
        .await?
    {
        database
            .write(move |connection| revisions::thin(connection, before, THINNED))
            .await?;
    }
    Ok(())
}

/// Puts what was shared in its place among the most shared, folds old hours into days, and forgets
/// whoever sent shares a while ago.
pub fn keep_shares(database: &Data<Database>, shares: &Data<ShareService>, hourly_days: u32) {
    let database = database.clone();
    // Not kept alive by this: that counting has ended is known by the last handle.
    let shares = Arc::downgrade(&shares.clone().into_inner());
    actix_web::rt::spawn(async move {
        let mut keeping = Keeping::default();
        let mut interval = tokio::time::interval(PLACING);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            let Some(shares) = shares.upgrade() else {
                return;
            };
            shares.limits.forget_the_idle();
            drop(shares);
            if let Err(error) = keeping.keep(&database, hourly_days).await {
                put_off("keeping the order of shares", &error);
            }
        }
    });
}

/// How far shares are kept in order.
struct Keeping {
    /// Articles that were shared since then may not be in their places.
    since: Timestamp,
    rolled_up: RolledUp,
}

impl Default for Keeping {
    fn default() -> Self {
        Self {
            // Also what was shared when the server last ended.
            since: Timestamp::EARLIEST,
            rolled_up: RolledUp::default(),
        }
    }
}

impl Keeping {
    async fn keep(&mut self, database: &Database, hourly_days: u32) -> Result<(), StoreError> {
        let now = Timestamp::now();
        keep_totals(database, self.since).await?;
        self.rolled_up.keep(database, self.since).await?;
        // The hour before as well: it may have ended while this went on.
        self.since = Granularity::Hour.containing(now.plus(-PLACED_SINCE));
        downsample_hours(
            database,
            now.plus(-chrono::Duration::days(hourly_days.into())),
        )
        .await
    }
}

async fn keep_totals(database: &Database, since: Timestamp) -> Result<(), StoreError> {
    // Every process brings counts up to what it wrote itself, unless it was killed.
    let before = Timestamp::now().plus(-LEFT_BEHIND);
    if database
        .read(move |connection| counting::is_behind(connection, before))
        .await?
    {
        database.write(counting::apply).await?;
    }
    let outdated = database
        .read(move |connection| totals::outdated(connection, since))
        .await?;
    for some in outdated.chunks(AT_ONCE) {
        let some = some.to_vec();
        database
            .write(move |connection| totals::place(connection, &some))
            .await?;
    }
    Ok(())
}

/// How far rollups have come.
struct RolledUp {
    /// As many batches of shares as they have.
    batches: i64,
    /// Not before: a busy hour takes long.
    not_before: Instant,
}

impl Default for RolledUp {
    fn default() -> Self {
        Self {
            batches: -1,
            not_before: Instant::now(),
        }
    }
}

impl RolledUp {
    /// Brings rollups up to the buckets, where these have changed.
    async fn keep(&mut self, database: &Database, since: Timestamp) -> Result<(), StoreError> {
        // Those of before were made when the server started.
        let since = since.max(Timestamp::now().plus(-ROLLED_UP_SINCE));
        let batches = database.read(rollups::batches).await?;
        let begun = Instant::now();
        if batches == self.batches || begun < self.not_before {
            return Ok(());
        }
        let recent = database
            .read(move |connection| rollups::recent(connection, since))
            .await;
        // Also when it failed: then it took as long.
        self.not_before = begun + begun.elapsed() * ROLLING_UP;
        let recent = recent?;
        database
            .write(move |connection| rollups::keep(connection, &recent))
            .await?;
        self.batches = batches;
        Ok(())
    }
}

async fn downsample_hours(database: &Database, before: Timestamp) -> Result<(), StoreError> {
    while database
        .read(move |connection| downsampling::is_due(connection, before))
        .await?
        && database
            .write(move |connection| downsampling::downsample(connection, before))
            .await?
    {}
    Ok(())
}

/// Sweeps up what has run out and takes over keys that were rotated by another process.
pub fn sweep(database: &Data<Database>, signer: &Data<Signer>, throttle: &Data<LoginThrottle>) {
    let (database, signer, throttle) = (database.clone(), signer.clone(), throttle.clone());
    actix_web::rt::spawn(async move {
        let mut interval = tokio::time::interval(SWEEPING);
        // The first tick is immediate; nothing has changed since the start.
        interval.tick().await;
        loop {
            interval.tick().await;
            throttle.forget_the_idle();
            let kept = database
                .write(|connection| {
                    counting::forget_visitors(connection, Timestamp::now())?;
                    sessions::forget_expired(connection)?;
                    links::forget_expired(connection)?;
                    provider_sign_ins::forget_expired(connection)?;
                    locks::forget_expired(connection)?;
                    month_counts::sum_up(connection)?;
                    keys::find(connection, Purpose::AccessTokens)
                })
                .await;
            match kept {
                Ok(keys) => signer.replace_keys(keys),
                Err(error) => put_off("sweeping", &error),
            }
            if let Err(error) = forget_replies(&database).await {
                put_off("forgetting responses of idempotency keys", &error);
            }
            if let Err(error) = forget_deliveries(&database).await {
                put_off("forgetting what was sent to webhooks", &error);
            }
        }
    });
}

/// Forgets the responses of idempotency keys that have run out, some in each transaction.
async fn forget_replies(database: &Database) -> Result<(), StoreError> {
    while database.write(replies::forget).await? {}
    Ok(())
}

/// Forgets what was sent to webhooks long ago, some in each transaction.
async fn forget_deliveries(database: &Database) -> Result<(), StoreError> {
    while database.write(dispatch::forget).await? {}
    Ok(())
}

/// Deletes for good what has been in the trash for so many days; 0 deletes nothing.
pub fn empty_trash(database: &Data<Database>, writer: &Writer, days: u32) {
    if days == 0 {
        return;
    }
    let (database, writer) = (database.clone(), writer.clone());
    let kept = chrono::Duration::days(days.into());
    actix_web::rt::spawn(async move {
        let mut interval = tokio::time::interval(SWEEPING);
        loop {
            interval.tick().await;
            let before = Timestamp::now().plus(-kept);
            if let Err(error) = delete_before(&database, &writer, before).await {
                put_off("emptying the trash", &error);
            }
        }
    });
}

/// Deletes what was thrown away before an instant, some at a time. It writes nothing where there is nothing.
async fn delete_before(
    database: &Database,
    writer: &Writer,
    before: Timestamp,
) -> Result<(), StoreError> {
    while database
        .read(move |connection| trash::is_any_before(connection, before))
        .await?
    {
        let delete = move |change: &mut Change<'_>| trash::empty(change, before, TRASH_AT_ONCE);
        writer.change(Origin::SYSTEM, delete, |_, _| Ok(())).await?;
    }
    Ok(())
}
