//! A progress handler (`sqlite3_progress_handler`) for connections that another library opens and
//! keeps to itself: SQLite asks it every so often, during each statement, whether to give up.
//!
//! [`opening_with`] runs code that opens a connection. SQLite calls an automatic extension for every
//! connection that is opened (`sqlite3_auto_extension`), on the thread that opens it; the extension
//! gives those that are opened inside of [`opening_with`] the handler. So nothing is asked of the
//! library that opens them, and other connections of the process are left alone.
//!
//! All that is unsafe of Dateline is here.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};

use libsqlite3_sys as ffi;

/// Says whether the statement that is running is to be given up.
pub type GivesUp = dyn Fn() -> bool + Send + Sync;

/// Under this name the handler is kept with its connection, which frees it when it is closed.
const NAME: &CStr = c"dateline progress handler";

thread_local! {
    static OPENING: RefCell<Option<(c_int, Arc<GivesUp>)>> = const { RefCell::new(None) };
}

/// Runs `open`; each connection that it opens on this thread asks `gives_up` about every
/// `instructions` of SQLite's virtual machine, and when it answers `true`, the statement fails with
/// `SQLITE_INTERRUPT`. A handler that panics counts as `true`.
pub fn opening_with<T>(instructions: u16, gives_up: Arc<GivesUp>, open: impl FnOnce() -> T) -> T {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // SAFETY: `extend` has the signature of an extension's entry point, and may be called for
        // every connection for as long as the process lives. It fails for want of memory only, and
        // then connections have no handler, which is what they had before.
        unsafe { ffi::sqlite3_auto_extension(Some(extend)) };
    });
    // Taken back when `open` panics as well.
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            OPENING.set(None);
        }
    }
    OPENING.set(Some((c_int::from(instructions), gives_up)));
    let _reset = Reset;
    open()
}

/// What SQLite calls for each connection that is opened.
unsafe extern "C" fn extend(
    db: *mut ffi::sqlite3,
    _: *mut *mut c_char,
    _: *const ffi::sqlite3_api_routines,
) -> c_int {
    let Ok(opening) = catch_unwind(|| OPENING.with_borrow(Clone::clone)) else {
        return ffi::SQLITE_ERROR;
    };
    let Some((instructions, gives_up)) = opening else {
        return ffi::SQLITE_OK;
    };
    let handler = Box::into_raw(Box::new(gives_up)).cast::<c_void>();
    // SAFETY: `db` is the connection that is being opened. `handler` is a `Box<Arc<GivesUp>>` that
    // belongs to the connection from here on: `free` takes it back when the connection is closed, or
    // at once when it cannot be kept (sqlite3_set_clientdata calls the destructor then).
    let kept = unsafe { ffi::sqlite3_set_clientdata(db, NAME.as_ptr(), handler, Some(free)) };
    if kept != ffi::SQLITE_OK {
        return kept;
    }
    // SAFETY: SQLite calls `ask` only while it runs statements of this connection, and so before it
    // frees what is kept with it.
    unsafe { ffi::sqlite3_progress_handler(db, instructions, Some(ask), handler) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn ask(handler: *mut c_void) -> c_int {
    // SAFETY: `handler` is the `Box<Arc<GivesUp>>` of `extend`, which is not freed yet and is only
    // ever read.
    let gives_up = unsafe { &*handler.cast::<Arc<GivesUp>>() };
    c_int::from(catch_unwind(AssertUnwindSafe(|| gives_up())).unwrap_or(true))
}

unsafe extern "C" fn free(handler: *mut c_void) {
    if handler.is_null() {
        return;
    }
    // SAFETY: `handler` came out of `Box::into_raw` in `extend`, and SQLite calls this once.
    drop(unsafe { Box::from_raw(handler.cast::<Arc<GivesUp>>()) });
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};

    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                           SELECT count(*) FROM n";

    fn open() -> SqliteConnection {
        SqliteConnection::establish(":memory:").unwrap()
    }

    #[test]
    fn a_statement_is_given_up_when_the_handler_says_so() {
        let stop = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&stop);
        let mut connection =
            opening_with(1000, Arc::new(move || asked.load(Ordering::Relaxed)), open);
        let error = connection.batch_execute(ENDLESS).unwrap_err();
        assert_eq!(error.to_string(), "interrupted");
        stop.store(false, Ordering::Relaxed);
        connection.batch_execute("SELECT 1").unwrap();
    }

    #[test]
    fn a_handler_that_panics_gives_up() {
        let mut connection = opening_with(1000, Arc::new(|| panic!("on purpose")), open);
        assert!(connection.batch_execute(ENDLESS).is_err());
    }

    #[test]
    fn other_connections_are_left_alone_and_handlers_are_freed() {
        let handler: Arc<GivesUp> = Arc::new(|| true);
        let first = opening_with(1, Arc::clone(&handler), open);
        let mut other = open();
        let counting = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9999) \
                        SELECT count(*) FROM n";
        other.batch_execute(counting).unwrap();
        assert_eq!(Arc::strong_count(&handler), 2);
        drop(first);
        assert_eq!(Arc::strong_count(&handler), 1);
    }
}
