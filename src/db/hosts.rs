//! The hosts of a Postgres URL, and what it leaves unsaid.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::{Connection, PgConnection};

/// What libpq is told unless the URL says otherwise: a server that is gone is noticed within seconds.
/// Without them a vanished server is waited for as long as TCP sends again, a quarter of an hour.
const CONNECTION_DEFAULTS: [(&str, &str); 6] = [
    ("connect_timeout", "3"),
    ("tcp_user_timeout", "5000"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "2"),
    ("fallback_application_name", "dateline"),
];

/// A Postgres URL with what it leaves unsaid.
fn with_defaults(url: &str) -> String {
    let (_, query) = url.split_once('?').unwrap_or((url, ""));
    let said = |name: &str| {
        query
            .split('&')
            .any(|parameter| parameter.split('=').next() == Some(name))
    };
    let mut complete = url.to_owned();
    let mut between = if url.contains('?') { '&' } else { '?' };
    for (name, value) in CONNECTION_DEFAULTS {
        if !said(name) {
            complete.push(between);
            complete.push_str(&format!("{name}={value}"));
            between = '&';
        }
    }
    complete
}

/// The hosts of a Postgres URL, tried in turn as libpq does, but beginning with the one that worked last:
/// after a failover each connection would wait for the old primary first. Cheap to clone.
#[derive(Clone)]
pub(super) struct Hosts(Arc<Inner>);

struct Inner {
    /// A URL for each.
    urls: Vec<String>,
    worked_last: AtomicUsize,
}

impl Hosts {
    /// The hosts that a URL names.
    pub(super) fn of(url: &str) -> Self {
        // If libpq is the first to call OpenSSL, that takes itself down when the process exits, under threads that still
        // connect.
        openssl_sys::init();
        let complete = with_defaults(url);
        Self(Arc::new(Inner {
            urls: one_by_one(&complete).unwrap_or_else(|| vec![complete]),
            worked_last: AtomicUsize::new(0),
        }))
    }

    /// Connects to the first that lets it and is what the URL asks for (`target_session_attrs`).
    pub(super) fn connect(&self) -> Result<PgConnection, String> {
        let Inner { urls, worked_last } = &*self.0;
        let first = worked_last.load(Ordering::Relaxed);
        let mut failures = Vec::new();
        for number in (first..urls.len()).chain(0..first) {
            match PgConnection::establish(&urls[number]) {
                Ok(connection) => {
                    worked_last.store(number, Ordering::Relaxed);
                    return Ok(connection);
                }
                Err(error) => failures.push(error.to_string().trim().to_owned()),
            }
        }
        Err(failures.join("; "))
    }
}

/// Parameters that say something of all hosts together.
const OF_ALL_HOSTS: [&str; 5] = [
    "host=",
    "hostaddr=",
    "port=",
    "load_balance_hosts=",
    "target_session_attrs=prefer-standby",
];

/// A URL for each host of a URL with several; `None` when it has one, or says how they belong together.
fn one_by_one(url: &str) -> Option<Vec<String>> {
    let (_, query) = url.split_once('?').unwrap_or((url, ""));
    let says = |parameter: &str| OF_ALL_HOSTS.iter().any(|name| parameter.starts_with(name));
    if query.split('&').any(says) {
        return None;
    }
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    hosts.contains(',').then(|| {
        let of = |host| format!("{scheme}://{user}{host}{path}");
        hosts.split(',').map(of).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_of_a_url_are_tried_one_by_one() {
        assert_eq!(one_by_one("postgres://a:b@db/news?x=1,2"), None);
        assert_eq!(one_by_one("postgres:///news?host=/one,/two"), None);
        let prefers = "postgres://one,two/news?target_session_attrs=prefer-standby";
        assert_eq!(one_by_one(prefers), None);
        assert_eq!(one_by_one("postgres://one,two/news?x=1&port=1,2"), None);
        assert_eq!(
            one_by_one("postgres://desk:s%40me@one,two:5433/news?target_session_attrs=read-write"),
            Some(vec![
                "postgres://desk:s%40me@one/news?target_session_attrs=read-write".into(),
                "postgres://desk:s%40me@two:5433/news?target_session_attrs=read-write".into(),
            ])
        );
        assert_eq!(
            one_by_one("postgres://one,two"),
            Some(vec!["postgres://one".into(), "postgres://two".into()])
        );
    }

    #[test]
    fn what_a_url_says_of_timeouts_stands() {
        let complete = with_defaults("postgres://db/news");
        assert!(
            complete.starts_with("postgres://db/news?connect_timeout=3&tcp_user_timeout=5000&")
        );
        let complete = with_defaults("postgres://db/news?sslmode=require&connect_timeout=9");
        assert!(complete.starts_with(
            "postgres://db/news?sslmode=require&connect_timeout=9&tcp_user_timeout=5000&"
        ));
        assert_eq!(complete.matches("connect_timeout").count(), 1);
    }
}
