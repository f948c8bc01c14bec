//! Logs, to standard error: written by a thread of their own, so that no request waits for whoever reads
//! them, and none fails when nobody can.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// Lines that wait to be written; more are lost.
const WAITING: usize = 20_000;

static UNWRITTEN: AtomicU64 = AtomicU64::new(0);
static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// How many lines were lost since the process started: standard error could not be written, or lines
/// came faster than it took them.
pub fn lost_lines() -> u64 {
    let dropped = DROPPED.get().map_or(0, ErrorCounter::dropped_lines);
    UNWRITTEN.load(Ordering::Relaxed) + dropped as u64
}

static PANICS: AtomicU64 = AtomicU64::new(0);

/// How often the code was mistaken since [`count_panics`].
pub fn panics() -> u64 {
    PANICS.load(Ordering::Relaxed)
}

/// Panics are counted and logged from here on, wherever they happen.
pub fn count_panics() {
    std::panic::set_hook(Box::new(|panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%panic, "a mistake in the code ended what was going on");
    }));
}

/// Standard error, whose failures are counted and are nobody's concern otherwise.
struct StandardError;

impl Write for StandardError {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if io::stderr().write_all(line).is_err() {
            UNWRITTEN.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = io::stderr().flush();
        Ok(())
    }
}

/// What is still waiting is written when this is dropped.
pub struct Logging {
    _written: WorkerGuard,
    #[cfg(feature = "otlp")]
    _sent: Option<crate::trace::otlp::Exporter>,
}

/// Begins to log what a filter lets through: pretty on a terminal, JSON lines otherwise. With the feature
/// `otlp`, spans go to a collector as well, where one is named.
pub fn to_standard_error(filter: EnvFilter) -> Logging {
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING)
        .lossy(true)
        .thread_name("dateline-log")
        .finish(StandardError);
    let _ = DROPPED.set(writer.error_counter());
    let lines = tracing_subscriber::fmt::layer()
        .log_internal_errors(false)
        .with_writer(writer);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if io::stderr().is_terminal() {
        lines.with_filter(filter).boxed()
    } else {
        let json = lines.json().flatten_event(true).with_ansi(false);
        json.with_filter(filter).boxed()
    };
    let subscriber = tracing_subscriber::registry().with(lines);
    #[cfg(feature = "otlp")]
    let sent = {
        let (sent, tracer) = crate::trace::otlp::Exporter::begin().unzip();
        let spans = tracer.map(|tracer| {
            let ours = tracing_subscriber::filter::Targets::new()
                .with_target("dateline", tracing::Level::DEBUG);
            tracing_opentelemetry::layer()
                .with_tracer(tracer)
                .with_filter(ours)
        });
        let _ = subscriber.with(spans).try_init();
        sent
    };
    // A second subscriber of one process, as in tests, is none.
    #[cfg(not(feature = "otlp"))]
    let _ = subscriber.try_init();
    Logging {
        _written: guard,
        #[cfg(feature = "otlp")]
        _sent: sent,
    }
}

/// Says something on standard output. Whether anybody reads it is not the program's concern.
pub fn say(text: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// How long a warning that repeats is not said again.
const SILENCE: Duration = Duration::from_secs(60);

/// A warning that may come hundreds of times a minute, and is said once, with how often it came since.
#[derive(Debug, Default)]
pub struct Repeated(Mutex<Option<(Instant, u64)>>);

impl Repeated {
    /// A warning that has not been said.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Says it, or counts it when it was said a while ago.
    pub fn warn(&self, text: &str) {
        if let Some(repeated) = self.due(Instant::now()) {
            tracing::warn!(repeated, "{text}");
        }
    }

    /// How often it came since it was last said, when it is to be said again.
    fn due(&self, now: Instant) -> Option<u64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *last {
            Some((said, unsaid)) if now.saturating_duration_since(*said) < SILENCE => {
                *unsaid += 1;
                None
            }
            last => last
                .replace((now, 0))
                .map_or(Some(0), |(_, unsaid)| Some(unsaid)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_that_repeats_is_said_once_a_minute_with_a_count() {
        let repeated = Repeated::new();
        let start = Instant::now();
        let at = |seconds| repeated.due(start + Duration::from_secs(seconds));
        assert_eq!(at(0), Some(0));
        for second in 1..60 {
            assert_eq!(at(second), None);
        }
        assert_eq!(at(60), Some(59));
        assert_eq!(at(61), None);
    }
}
