//! The cache of responses.

use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use quick_cache::sync::{Cache, DefaultLifecycle, EntryAction, EntryResult, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, Equivalent, Weighter};

use super::coding::Coding;
use super::response::{CachedResponse, Lookup, Made, Payload, Policy};
use crate::clock::Clock;
use crate::db::connection_pool::Cost;
use crate::db::{Connection, Database, StoreResult, next_visibility_change};
use crate::http::params::CanonicalTarget;
use crate::http::redirect::moved;
use crate::http::template::{Template, routed_path};
use crate::metrics::{CacheMetrics, Metrics};
use crate::problem::{NOT_FOUND, Problem, RETRACTED};

/// About the bytes of one response: how large the table begins.
const TYPICAL_BYTES: u64 = 4096;

/// How long it takes at most until the first failure is known to be an outage: a refused connection.
const TO_KNOW: Duration = Duration::from_millis(250);

/// What kind of response it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One article.
    Article,
    /// A list of articles.
    ArticleList,
    /// A list of articles with their share counts, or in the order of these.
    ArticleListWithShares,
    /// A tag or an author, or a list of them.
    Name,
    /// Share counts, alone or with articles.
    Shares,
    /// What trends.
    Trending,
}

impl Kind {
    /// Whether it changes when the clock makes any article public or ends that: here, where it is kept, and in caches
    /// on the way. One article says itself when it ends.
    fn follows_the_clock(self) -> bool {
        self != Self::Article
    }
}

/// What caches on the way are told, for each kind of response.
#[derive(Debug, Clone)]
pub struct Policies {
    /// One article.
    pub article: Policy,
    /// A list of articles.
    pub article_list: Policy,
    /// A tag or an author, or a list of them.
    pub name: Policy,
    /// Share counts, alone or with articles.
    pub shares: Policy,
    /// How old a count may be.
    pub shares_age: Duration,
    /// What trends.
    pub trending: Policy,
    /// How old what trends may be.
    pub trending_age: Duration,
    /// `Cache-Control` of what is not there.
    pub missing: HeaderValue,
    /// How long a cached response may go out that cannot be checked, while the database is away.
    pub stale_if_error: Duration,
}

impl Policies {
    fn of(&self, kind: Kind) -> &Policy {
        match kind {
            Kind::Article => &self.article,
            Kind::ArticleList => &self.article_list,
            Kind::Name => &self.name,
            Kind::Shares | Kind::ArticleListWithShares => &self.shares,
            Kind::Trending => &self.trending,
        }
    }

    /// What is not there, or not any more, is so for a while: caches that have something else keep this
    /// instead. It says the same of every slug, and to every coding and origin.
    fn missing(&self, path: &str, problem: Problem) -> Problem {
        if ![&NOT_FOUND, &RETRACTED].contains(&problem.kind()) {
            return problem;
        }
        let problem = problem.with_header(header::CACHE_CONTROL, self.missing.clone());
        match self.purge_key(path) {
            Some((name, key)) => problem.with_header(name, key),
            None => problem,
        }
    }

    /// The header with the key of all that a path is one of, for responses that show nothing themselves: something else may
    /// take the path.
    fn purge_key(&self, path: &str) -> Option<(HeaderName, HeaderValue)> {
        let (name, _) = self.article.purge_by()?;
        let key = match path.split('/').nth(2) {
            Some("tags") => "tags",
            Some("authors") => "authors",
            Some("collections") => "collections",
            _ => "articles",
        };
        Some((name.clone(), HeaderValue::from_static(key)))
    }

    /// How old a response may be that shares change, which have no cache tags.
    fn age(&self, kind: Kind) -> Option<Duration> {
        match kind {
            Kind::Article | Kind::ArticleList | Kind::Name => None,
            Kind::Shares | Kind::ArticleListWithShares => Some(self.shares_age),
            Kind::Trending => Some(self.trending_age),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    coding: Coding,
    target: Box<str>,
}

/// A key that is only looked up.
struct KeyRef<'a> {
    coding: Coding,
    target: &'a str,
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.coding.hash(state);
        self.target.hash(state);
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.coding == key.coding && *self.target == *key.target
    }
}

/// `None` stands for a moment where a response was waited for and none came about.
type Kept = Option<Arc<CachedResponse>>;

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Kept> for ByBytes {
    fn weight(&self, key: &Key, kept: &Kept) -> u64 {
        64 + key.target.len() as u64 + kept.as_ref().map_or(1, |answer| answer.bytes())
    }
}

/// The public responses of one process.
pub struct ResponseCache {
    kept: Option<Cache<Key, Kept, ByBytes>>,
    database: Database,
    clock: Clock,
    policies: Policies,
    metrics: actix_web::web::Data<Metrics>,
    counts: CacheMetrics,
}

type Guard<'a> =
    PlaceholderGuard<'a, Key, Kept, ByBytes, DefaultHashBuilder, DefaultLifecycle<Key, Kept>>;

/// The making of a response that others wait for.
struct Flight<'a> {
    guard: Option<Guard<'a>>,
    /// What there was before: it is there again when no other one comes of it, and when its client leaves.
    outdated: Option<Arc<CachedResponse>>,
}

impl Flight<'_> {
    fn lands(mut self, answer: Arc<CachedResponse>) {
        if let Some(guard) = self.guard.take() {
            let _ = guard.insert(Some(answer));
        }
    }

    /// Those who waited ask for themselves, at the same time.
    fn lands_empty(mut self, kept: &Cache<Key, Kept, ByBytes>, key: &Key) {
        if let Some(guard) = self.guard.take() {
            let _ = guard.insert(None);
            kept.remove_if(key, Option::is_none);
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if let (Some(guard), Some(outdated)) = (self.guard.take(), self.outdated.take()) {
            let _ = guard.insert(Some(outdated));
        }
    }
}

/// What one who asks does about a response.
enum Claim<'a> {
    /// Sends it: it is current.
    Current(Arc<CachedResponse>),
    /// Makes it; others wait.
    Ours(Flight<'a>),
    /// Makes one for itself: the one that was waited for did not come about, or is not current.
    None,
}

/// A question that a public GET asks.
pub struct CacheRequest {
    route: Arc<str>,
    kind: Kind,
    cost: Cost,
    target: String,
    fast_path: Option<Quickly>,
}

impl CacheRequest {
    /// A request for a kind of response, by its path and query in canonical form.
    pub fn new(request: &HttpRequest, kind: Kind, target: &CanonicalTarget) -> Self {
        Self {
            route: Template::of(request),
            kind,
            cost: Cost::Low,
            target: target.to_string(),
            fast_path: None,
        }
    }

    /// With what answering it may cost: little unless something is said.
    pub fn costs(mut self, cost: Cost) -> Self {
        self.cost = cost;
        self
    }

    /// With a way to the response that is tried first. It must read nothing before it is polled.
    pub fn fast_path(mut self, way: impl Future<Output = Option<Payload>> + 'static) -> Self {
        self.fast_path = Some(Box::pin(way));
        self
    }
}

/// Answers, or leaves it to the work that comes with a request.
type Quickly = Pin<Box<dyn Future<Output = Option<Payload>>>>;

/// A response, or the slug that what was asked for has now.
type MadeOrMoved = Result<Arc<CachedResponse>, String>;

impl ResponseCache {
    /// A cache of responses from a database, of up to so many bytes; 0 caches none.
    pub fn new(
        database: Database,
        bytes: u64,
        clock: Clock,
        policies: Policies,
        metrics: actix_web::web::Data<Metrics>,
    ) -> Self {
        let items = usize::try_from(bytes / TYPICAL_BYTES).unwrap_or(usize::MAX);
        Self {
            kept: (bytes > 0).then(|| Cache::with_weighter(items, bytes, ByBytes)),
            database,
            clock,
            policies,
            counts: metrics.cache().clone(),
            metrics,
        }
    }

    /// The bytes and the number of cached responses.
    pub fn size(&self) -> (u64, u64) {
        self.kept
            .as_ref()
            .map_or((0, 0), |kept| (kept.weight(), kept.len() as u64))
    }

    /// The cached response to a path and query in canonical form, when it is current.
    pub(super) fn current(
        &self,
        coding: Coding,
        target: &str,
        now: Instant,
    ) -> Option<Arc<CachedResponse>> {
        let kept = self.kept.as_ref()?;
        let changes = self.database.changes();
        if !changes.is_lease_valid(now) {
            return None;
        }
        let answer = kept.get(&KeyRef { coding, target })??;
        answer
            .is_current(changes, self.clock.at(now))
            .then_some(answer)
    }

    /// The response to a path and query that goes out while the database is away, when there is one that
    /// may: nothing is known to have happened to it, and it is not in doubt for too long.
    fn stale(&self, request: &HttpRequest, coding: Coding, target: &str) -> Option<HttpResponse> {
        let answer = self.kept.as_ref()?.get(&KeyRef { coding, target })??;
        let now = Instant::now();
        let since = answer.in_doubt_since(self.database.changes(), now)?;
        let age = now.saturating_duration_since(since);
        if age > self.policies.stale_if_error || self.policies.stale_if_error.is_zero() {
            return None;
        }
        self.counts.stale.inc();
        Some(answer.to_stale_response(request.headers(), since, &self.clock))
    }

    /// The clock by which responses run out.
    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Counts a response from the cache.
    pub(super) fn count_hit(&self) {
        self.counts.hits.inc();
    }

    /// Answers a public GET with the cached response, or with what `work` finds, which is cached then. Of
    /// simultaneous requests for the same, one does the work.
    ///
    /// # Errors
    /// What `work` returns, or `unavailable`.
    pub async fn answer(
        &self,
        request: &HttpRequest,
        wanted: CacheRequest,
        work: impl FnOnce(&mut Connection) -> Result<Lookup, Problem> + Clone + Send + 'static,
    ) -> Result<HttpResponse, Problem> {
        self.find(request, wanted, work)
            .await
            .map_err(|problem| self.policies.missing(routed_path(request), problem))
    }

    fn moved(&self, request: &HttpRequest, slug: &str) -> HttpResponse {
        let mut response = moved(request, slug);
        if let Some((name, key)) = self.policies.purge_key(routed_path(request)) {
            response.headers_mut().insert(name, key);
        }
        response
    }

    async fn find(
        &self,
        request: &HttpRequest,
        wanted: CacheRequest,
        work: impl FnOnce(&mut Connection) -> Result<Lookup, Problem> + Clone + Send + 'static,
    ) -> Result<HttpResponse, Problem> {
        let coding = Coding::accepted(request);
        let target = self.kept.as_ref().map(|_| wanted.target.clone());
        let stale = || self.stale(request, coding, target.as_deref()?);
        let health = self.database.health();
        if health.is_away()
            && let Some(stale) = stale()
        {
            return Ok(stale);
        }
        match self.find_current(request, wanted, coding, work).await {
            // Whoever finds it out first waits until it is known: only then may what is old go out.
            Err(problem) if problem.is_failure() => {
                let is_away = health.is_away()
                    || problem.is_outage()
                        && tokio::time::timeout(TO_KNOW, health.away()).await.is_ok();
                is_away.then(stale).flatten().ok_or(problem)
            }
            outcome => outcome,
        }
    }

    async fn find_current(
        &self,
        request: &HttpRequest,
        wanted: CacheRequest,
        coding: Coding,
        work: impl FnOnce(&mut Connection) -> Result<Lookup, Problem> + Clone + Send + 'static,
    ) -> Result<HttpResponse, Problem> {
        let is_lease_valid = self.database.changes().is_lease_valid(Instant::now());
        let Some(kept) = self.kept.as_ref().filter(|_| is_lease_valid) else {
            self.counts.bypassed.inc();
            return match self.make(wanted, coding, work).await? {
                Ok(answer) => Ok(answer.to_response(request.headers(), &self.clock)),
                Err(slug) => Ok(self.moved(request, &slug)),
            };
        };
        if let Some(answer) = self.current(coding, &wanted.target, Instant::now()) {
            self.counts.hits.inc();
            return Ok(answer.to_response(request.headers(), &self.clock));
        }
        let key = Key {
            coding,
            target: wanted.target.as_str().into(),
        };
        let flight = match self.claim(kept, &key).await {
            Claim::Current(answer) => {
                self.counts.hits.inc();
                return Ok(answer.to_response(request.headers(), &self.clock));
            }
            Claim::Ours(flight) => Some(flight),
            Claim::None => None,
        };
        self.counts.misses.inc();
        let made = self.make(wanted, coding, work).await;
        if let Some(flight) = flight {
            match &made {
                Ok(Ok(answer)) => flight.lands(Arc::clone(answer)),
                // It is where it was: not there.
                Ok(Err(_)) => flight.lands_empty(kept, &key),
                Err(problem) if !problem.is_failure() => flight.lands_empty(kept, &key),
                // What there was stays, in case the database is away.
                Err(_) if flight.outdated.is_some() => drop(flight),
                Err(_) => flight.lands_empty(kept, &key),
            }
        }
        match made? {
            Ok(answer) => Ok(answer.to_response(request.headers(), &self.clock)),
            Err(slug) => Ok(self.moved(request, &slug)),
        }
    }

    /// What is to be done about a response that was not current a moment ago: of those who ask at the same
    /// time one makes another, and the rest wait for it.
    async fn claim<'a>(&self, kept: &'a Cache<Key, Kept, ByBytes>, key: &Key) -> Claim<'a> {
        let (changes, now) = (self.database.changes(), self.clock.now());
        // Taken out and claimed in one step: one who only took it out could not put it back.
        let claimed = kept.entry(key, Some(Duration::ZERO), |_, kept| match kept {
            Some(answer) if answer.is_current(changes, now) => {
                EntryAction::Retain(Arc::clone(answer))
            }
            _ => EntryAction::ReplaceWithGuard,
        });
        let (guard, outdated) = match claimed {
            EntryResult::Retained(answer) => return Claim::Current(answer),
            EntryResult::Replaced(guard, outdated) => {
                self.counts.outdated.inc();
                (guard, outdated)
            }
            EntryResult::Vacant(guard) => (guard, None),
            EntryResult::Removed(..) | EntryResult::Timeout => {
                match kept.get_value_or_guard_async(key).await {
                    Ok(Some(answer)) if answer.is_current(changes, self.clock.now()) => {
                        return Claim::Current(answer);
                    }
                    Ok(_) => return Claim::None,
                    Err(guard) => (guard, None),
                }
            }
        };
        Claim::Ours(Flight {
            guard: Some(guard),
            // Only where it could go out should no other be made.
            outdated: outdated
                .filter(|answer| answer.in_doubt_since(changes, Instant::now()).is_some()),
        })
    }

    /// What the replica says, when it may be asked. What fails there, such as a query that is in the way of
    /// the replay, or what another process has written meanwhile, need not fail on the primary.
    async fn read_on_replica(
        &self,
        cost: Cost,
        work: impl FnOnce(&mut Connection) -> StoreResult<Result<MadeOrMoved, Problem>>
        + Clone
        + Send
        + 'static,
    ) -> Option<Result<MadeOrMoved, Problem>> {
        match self.database.read_on_replica(cost, work).await {
            Some(Ok(outcome)) if !outcome.as_ref().is_err_and(Problem::is_of_this_copy) => {
                self.counts.replica.inc();
                Some(outcome)
            }
            _ => {
                self.counts.not_replica.inc();
                None
            }
        }
    }

    /// Reads and renders; `Err` is the path that it moved to.
    async fn make(
        &self,
        wanted: CacheRequest,
        coding: Coding,
        work: impl FnOnce(&mut Connection) -> Result<Lookup, Problem> + Clone + Send + 'static,
    ) -> Result<MadeOrMoved, Problem> {
        // Before anything is read: whatever is written from here on is noticed.
        let after = self.database.changes().sequence();
        let asked = self.clock.now();
        let (kind, cost) = (wanted.kind, wanted.cost);
        let age = self.policies.age(kind);
        let policy = self.policies.of(kind).clone();
        let metrics = self.metrics.route(wanted.route);
        let keeps = self.kept.is_some();
        if let Some(fast_path) = wanted.fast_path
            && let Some(rendered) = fast_path.await
        {
            let made = Made {
                after,
                until: None,
                appears: None,
                aging_since: None,
            };
            let own = rendered.changes_in();
            let made = made.at_latest(own.and_then(|lasts| asked.checked_add(lasts)));
            return Ok(Ok(Arc::new(CachedResponse::new(
                rendered, coding, &policy, made, metrics,
            ))));
        }
        let work = move |connection: &mut Connection| {
            // Asked before the rest, so that nothing can become public, or cease to be, in between.
            let appears = match kind.follows_the_clock() {
                true => next_visibility_change(connection)?,
                false => None,
            };
            let lasts = appears.into_iter().chain(age.filter(|_| keeps)).min();
            let made = Made {
                after,
                until: lasts.and_then(|lasts| asked.checked_add(lasts)),
                appears: appears.and_then(|lasts| asked.checked_add(lasts)),
                aging_since: (keeps && age.is_some()).then_some(asked),
            };
            Ok(work(connection).map(|found| match found {
                Lookup::Here(rendered) => {
                    let own = rendered.changes_in();
                    let made = made.at_latest(own.and_then(|lasts| asked.checked_add(lasts)));
                    Ok(Arc::new(CachedResponse::new(
                        rendered, coding, &policy, made, metrics,
                    )))
                }
                Lookup::Moved(slug) => Err(slug),
            }))
        };
        // Whoever has just shared may look at the count, and counts have no cache tags.
        if self.database.has_replica()
            && age.is_none()
            && let Some(outcome) = self.read_on_replica(cost, work.clone()).await
        {
            return outcome;
        }
        match kind {
            Kind::Article => self.database.read_shortly(work).await?,
            _ => self.database.read_within(cost, work).await?,
        }
    }
}
