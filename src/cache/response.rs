//! Responses ready to be sent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    self, HeaderMap, HeaderName, HeaderValue, HttpDate, TryIntoHeaderValue,
};
use actix_web::web::Bytes;
use serde::Serialize;

use super::coding::Coding;
use crate::clock::Clock;
use crate::db::Timestamp;
use crate::db::changes::{CacheTagKey, ChangeTracker};
use crate::etag;
use crate::http::conditional::{modified_since, none_match_names};
use crate::http::cors::{CACHE_STATUS, for_any_origin};
use crate::http::fields::Selection;
use crate::http::observe::NO_SNIFF;
use crate::http::page::List;
use crate::metrics::RouteMetrics;
use crate::problem::{INTERNAL, Problem};

/// `Cache-Control` of what goes out although it may have changed.
const STALE: HeaderValue = HeaderValue::from_static("public, max-age=0");

/// What a public GET found.
pub enum Lookup {
    /// What was asked for.
    Here(Payload),
    /// It has another slug now.
    Moved(String),
}

/// What was asked for, and what it was made of.
pub struct Payload {
    content_type: &'static str,
    bytes: Vec<u8>,
    depends_on: Vec<CacheTagKey>,
    last_modified: Option<Timestamp>,
    purge_keys: Vec<String>,
    link: Option<String>,
    changes_in: Option<Duration>,
}

impl Payload {
    /// A value as JSON.
    ///
    /// # Errors
    /// `internal` when it cannot be written as JSON: a mistake in the code.
    pub fn json(value: &impl Serialize) -> Result<Self, Problem> {
        serde_json::to_vec(value)
            .map(Self::of_json)
            .map_err(unwritable)
    }

    /// A value as JSON, of which only these fields are wanted.
    ///
    /// # Errors
    /// As [`json`](Self::json).
    pub fn part(value: &impl Serialize, fields: Option<&Selection>) -> Result<Self, Problem> {
        match fields {
            None => Self::json(value),
            Some(fields) => Self::json(&chosen(value, fields)?),
        }
    }

    /// A page of a list, of whose items only these fields are wanted.
    ///
    /// # Errors
    /// As [`json`](Self::json).
    pub fn page(list: &List<impl Serialize>, fields: Option<&Selection>) -> Result<Self, Problem> {
        let Some(fields) = fields else {
            return Self::json(list);
        };
        let data = list.data.iter().map(|item| chosen(item, fields));
        Self::json(&List {
            data: data.collect::<Result<Vec<_>, _>>()?,
            page: list.page.clone(),
        })
    }

    /// JSON that is written already.
    pub fn of_json(json: Vec<u8>) -> Self {
        Self::of("application/json", json)
    }

    /// Something of a media type, written already.
    pub fn of(content_type: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            content_type,
            bytes,
            depends_on: Vec::new(),
            last_modified: None,
            purge_keys: Vec::new(),
            link: None,
            changes_in: None,
        }
    }

    /// An object whose `data` are values that are written already, and whose other members are those
    /// of another object.
    ///
    /// # Errors
    /// `internal` when these cannot be written as JSON: a mistake in the code.
    pub fn list(data: &[Vec<u8>], others: &impl Serialize) -> Result<Self, Problem> {
        let bytes: usize = data.iter().map(|item| item.len() + 1).sum();
        let mut json = Vec::with_capacity(bytes + 300);
        json.extend_from_slice(b"{\"data\":[");
        for (index, item) in data.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            json.extend_from_slice(item);
        }
        json.push(b']');
        let mut others = Self::json(others)?.bytes;
        if others.len() > b"{}".len() {
            others[0] = b',';
            json.extend(others);
        } else {
            json.push(b'}');
        }
        Ok(Self::of_json(json))
    }

    /// What it was made of: all whose change changes it.
    pub fn depends_on(
        mut self,
        cache_tags: impl IntoIterator<Item = impl Into<CacheTagKey>>,
    ) -> Self {
        self.depends_on
            .extend(cache_tags.into_iter().map(Into::into));
        self
    }

    /// When all that it shows was last changed.
    pub fn last_modified(mut self, instant: Option<Timestamp>) -> Self {
        self.last_modified = instant;
        self
    }

    /// In how long the clock alone changes it, counted from before it was read; besides the changes that all
    /// responses of its kind follow.
    pub fn changing_in(mut self, lasts: Option<Duration>) -> Self {
        self.changes_in = lasts;
        self
    }

    /// The same, as it was said.
    pub(super) fn changes_in(&self) -> Option<Duration> {
        self.changes_in
    }

    /// What a CDN can purge it by.
    pub fn purge_key(mut self, key: String) -> Self {
        self.purge_keys.push(key);
        self
    }

    /// The `Link` header (RFC 8288).
    pub fn link(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }
}

/// An instant as headers have it.
fn in_seconds(instant: Timestamp) -> Option<SystemTime> {
    let seconds = u64::try_from(instant.utc().timestamp()).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

fn chosen(value: &impl Serialize, fields: &Selection) -> Result<serde_json::Value, Problem> {
    let whole = serde_json::to_value(value).map_err(unwritable)?;
    Ok(fields.apply(whole))
}

fn unwritable(error: serde_json::Error) -> Problem {
    tracing::error!(%error, "an answer could not be written as JSON");
    Problem::new(&INTERNAL, INTERNAL.meaning)
}

/// How responses of one kind are to be stored by caches on their way (RFC 9111).
#[derive(Debug, Clone)]
pub struct Policy {
    max_age: u32,
    shared_max_age: Option<u32>,
    others: String,
    cache_control: HeaderValue,
    purge_header: Option<PurgeHeader>,
}

/// The header that names what a CDN can purge by, and what stands between two names.
pub type PurgeHeader = (HeaderName, &'static str);

impl Policy {
    /// For browsers so many seconds; for shared caches others, where that is said; `others` are the other
    /// directives.
    pub fn new(
        max_age: u32,
        shared_max_age: Option<u32>,
        others: String,
        purge_header: Option<PurgeHeader>,
    ) -> Self {
        Self {
            cache_control: cache_control(max_age, shared_max_age, &others),
            max_age,
            shared_max_age,
            others,
            purge_header,
        }
    }

    /// The same for at most so many seconds; `None` where nothing is to be cut.
    fn at_most(&self, seconds: u64) -> Option<HeaderValue> {
        let longest = self.shared_max_age.unwrap_or(0).max(self.max_age);
        let most = u32::try_from(seconds).ok().filter(|most| *most < longest)?;
        let shared = self.shared_max_age.map(|age| age.min(most));
        // What is stale then must not be shown while it is fetched anew.
        let others: Vec<&str> = self
            .others
            .split(", ")
            .filter(|directive| !directive.starts_with("stale-while-revalidate"))
            .collect();
        Some(cache_control(
            self.max_age.min(most),
            shared,
            &others.join(", "),
        ))
    }

    /// The header that names what a CDN can purge by.
    pub fn purge_by(&self) -> Option<&PurgeHeader> {
        self.purge_header.as_ref()
    }

    /// The header that says what a response is purged by, where there is one.
    fn purge_header(&self, keys: &[String]) -> Option<(HeaderName, HeaderValue)> {
        let (name, between) = self.purge_header.as_ref().filter(|_| !keys.is_empty())?;
        let keys = HeaderValue::try_from(keys.join(between)).ok()?;
        Some((name.clone(), keys))
    }
}

fn cache_control(max_age: u32, shared_max_age: Option<u32>, others: &str) -> HeaderValue {
    let shared = shared_max_age.map_or_else(String::new, |seconds| format!(", s-maxage={seconds}"));
    let others = if others.is_empty() {
        String::new()
    } else {
        format!(", {others}")
    };
    let text = format!("public, max-age={max_age}{shared}{others}");
    HeaderValue::try_from(text).expect("digits and letters")
}

/// A response to a public GET: everything but what differs from request to request.
pub struct CachedResponse {
    body: Bytes,
    etag: HeaderValue,
    last_modified: Option<SystemTime>,
    /// Sent with 200 and 304 alike.
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Sent with 200.
    of_representation: Vec<(HeaderName, HeaderValue)>,
    depends_on: Box<[CacheTagKey]>,
    /// The write that it was known to be current after.
    current_after: AtomicU64,
    /// When it was made.
    made: Instant,
    /// How many seconds later it was last known to be current.
    current_for: AtomicU64,
    /// When the clock alone changes it.
    until: Option<Instant>,
    /// When the clock changes what is public, and so the list that it is: no cache is to have it from then
    /// on.
    appears: Option<Box<(Instant, Policy)>>,
    /// When it was read, where it goes out although something may have changed since: caches on the
    /// way count its age from then.
    aging_since: Option<Instant>,
    metrics: RouteMetrics,
}

/// When a response was made, and how long it can last.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    /// The last write known before it was read.
    pub after: u64,
    /// When the clock alone changes it.
    pub until: Option<Instant>,
    /// When the clock changes what is public, of lists.
    pub appears: Option<Instant>,
    /// Since when it ages: of counts, which are not marked.
    pub aging_since: Option<Instant>,
}

impl Made {
    /// Changed by the clock at this instant at the latest.
    pub fn at_latest(self, instant: Option<Instant>) -> Self {
        let sooner = |known: Option<Instant>| known.into_iter().chain(instant).min();
        Self {
            until: sooner(self.until),
            appears: sooner(self.appears),
            ..self
        }
    }
}

impl CachedResponse {
    /// A response in a coding, or as it is when coding it is not worth it.
    pub fn new(
        rendered: Payload,
        coding: Coding,
        policy: &Policy,
        made: Made,
        metrics: RouteMetrics,
    ) -> Self {
        let mut tag = etag::of_bytes(&rendered.bytes);
        let mut of_representation = vec![(
            header::CONTENT_TYPE,
            HeaderValue::from_static(rendered.content_type),
        )];
        let coded = coding.code(&rendered.bytes);
        if let (Some(_), Some(name)) = (&coded, coding.name()) {
            of_representation.push((header::CONTENT_ENCODING, HeaderValue::from_static(name)));
            // Strong: other bytes are another representation (RFC 9110, section 8.8.3.3).
            tag.insert_str(tag.len() - 1, &format!("-{name}"));
        }
        let etag = HeaderValue::try_from(tag).expect("an ETag is ASCII");
        let mut headers = vec![
            (header::ETAG, etag.clone()),
            (header::CACHE_CONTROL, policy.cache_control.clone()),
            (header::VARY, HeaderValue::from_static("Accept-Encoding")),
        ];
        headers.extend(for_any_origin());
        headers.push((header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF));
        let last_modified = rendered.last_modified.and_then(in_seconds);
        if let Some(instant) = last_modified
            && let Ok(date) = HttpDate::from(instant).try_into_value()
        {
            headers.push((header::LAST_MODIFIED, date));
        }
        headers.extend(policy.purge_header(&rendered.purge_keys));
        if let Some(Ok(link)) = rendered.link.map(HeaderValue::try_from) {
            of_representation.push((header::LINK, link));
        }
        let mut depends_on = rendered.depends_on;
        depends_on.sort_unstable();
        depends_on.dedup();
        Self {
            // What a growing buffer had to spare would be kept uncounted.
            body: coded.unwrap_or(rendered.bytes).into_boxed_slice().into(),
            etag,
            last_modified,
            headers,
            of_representation,
            depends_on: depends_on.into_boxed_slice(),
            current_after: AtomicU64::new(made.after),
            made: Instant::now(),
            current_for: AtomicU64::new(0),
            until: made.until,
            appears: made
                .appears
                .map(|instant| Box::new((instant, policy.clone()))),
            aging_since: made.aging_since,
            metrics,
        }
    }

    /// Since when it may not be what the database would say, at an instant of the machine's at which the
    /// database does not answer; `None` when it is known to be something else, and when that cannot be
    /// known.
    pub fn in_doubt_since(&self, changes: &ChangeTracker, now: Instant) -> Option<Instant> {
        let after = self.current_after.load(Ordering::Acquire);
        if changes.known_touched_since(&self.depends_on, after) {
            return None;
        }
        let current_for = Duration::from_secs(self.current_for.load(Ordering::Relaxed));
        let seen = self.made + current_for;
        if changes.untouched_since(&self.depends_on, after).is_none() {
            return Some(seen);
        }
        // Nothing happened to it for as long as writes were heard of.
        let known = changes.known_since().min(now);
        Some(seen.max(self.until.map_or(known, |until| until.min(known))))
    }

    /// Whether what it shows is still so.
    pub fn is_current(&self, changes: &ChangeTracker, now: Instant) -> bool {
        let is_current = self.is_unchanged(changes, now);
        if is_current {
            let seconds = now.saturating_duration_since(self.made).as_secs();
            // Read first: a response that goes out thousands of times a second is written to once.
            if self.current_for.load(Ordering::Relaxed) < seconds {
                self.current_for.store(seconds, Ordering::Relaxed);
            }
        }
        is_current
    }

    fn is_unchanged(&self, changes: &ChangeTracker, now: Instant) -> bool {
        if self.until.is_some_and(|until| until <= now) {
            return false;
        }
        let after = self.current_after.load(Ordering::Acquire);
        if changes.sequence() == after {
            return true;
        }
        match changes.untouched_since(&self.depends_on, after) {
            Some(checked) => {
                self.current_after.fetch_max(checked, Ordering::AcqRel);
                true
            }
            None => false,
        }
    }

    /// About the memory that it takes.
    pub fn bytes(&self) -> u64 {
        let headers: usize = self
            .headers
            .iter()
            .chain(&self.of_representation)
            .map(|(_, value)| 80 + value.len())
            .sum();
        (300 + self.body.len() + headers + size_of_val(&*self.depends_on)) as u64
    }

    /// What its route counts.
    pub fn metrics(&self) -> &RouteMetrics {
        &self.metrics
    }

    /// The response to one request while the database is away: marked as what may have changed since an
    /// instant, so that no cache on the way keeps it (RFC 9111, section 4.2.4; RFC 9211).
    pub fn to_stale_response(
        &self,
        request: &HeaderMap,
        since: Instant,
        clock: &Clock,
    ) -> HttpResponse {
        let mut response = self.to_response(request, clock);
        let seconds = since.elapsed().as_secs_f64().ceil() as u64;
        let status = format!("dateline; hit; ttl=-{seconds}; detail=database-away");
        let headers = response.headers_mut();
        headers.insert(header::AGE, HeaderValue::from(seconds));
        headers.insert(header::CACHE_CONTROL, STALE);
        if let Ok(status) = HeaderValue::try_from(status) {
            headers.insert(CACHE_STATUS, status);
        }
        response
    }

    /// `Cache-Control`, where it ends sooner than usual, for a response of so many seconds of age.
    fn until_it_appears(&self, age: u64, clock: &Clock) -> Option<HeaderValue> {
        let (instant, policy) = &**self.appears.as_ref()?;
        let left = instant.saturating_duration_since(clock.now()).as_secs();
        policy.at_most(left + age)
    }

    /// The response to one request: 304 where the client has it already (RFC 9110, section 13).
    pub fn to_response(&self, request: &HeaderMap, clock: &Clock) -> HttpResponse {
        let unchanged = match request.get(header::IF_NONE_MATCH) {
            Some(tag) => tag == self.etag || none_match_names(request, &self.etag),
            None => !modified_since(request, self.last_modified),
        };
        let mut response = if unchanged {
            HttpResponse::with_body(StatusCode::NOT_MODIFIED, BoxBody::new(()))
        } else {
            HttpResponse::with_body(StatusCode::OK, BoxBody::new(self.body.clone()))
        };
        let headers = response.headers_mut();
        for (name, value) in &self.headers {
            headers.append(name.clone(), value.clone());
        }
        let mut age = 0;
        if let Some(since) = self.aging_since {
            age = since.elapsed().as_secs_f64().ceil() as u64;
            headers.append(header::AGE, HeaderValue::from(age));
        }
        if let Some(cache_control) = self.until_it_appears(age, clock) {
            headers.insert(header::CACHE_CONTROL, cache_control);
        }
        if !unchanged {
            for (name, value) in &self.of_representation {
                headers.append(name.clone(), value.clone());
            }
        }
        response
    }
}
