//! What a server answers that is not ready yet: it listens while it migrates and catches up, so that
//! those who watch it see that it lives, and a port that is taken or a wrong address shows at once.

use std::io;
use std::net::TcpListener;

use actix_web::dev::ServerHandle;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

use crate::http::cors::{EditorialOrigins, is_preflight, preflight_anywhere};
use crate::http::listeners::Listeners;
use crate::http::observe::observe;
use crate::problem::Problem;
use crate::service;

/// Seconds that requests in flight get when the server is ready.
const LAST_REQUESTS: u64 = 1;

/// A server on all addresses that answers `/livez`, and everything else with 503.
pub struct Starting(Vec<ServerHandle>);

impl Starting {
    /// Begins to answer.
    ///
    /// # Errors
    /// When the addresses cannot be listened on.
    pub fn begin(listeners: &Listeners, origins: &EditorialOrigins) -> io::Result<Self> {
        let public = serve(&listeners.public, Some(origins.clone()))?;
        let ops = serve(&listeners.ops, None)?;
        Ok(Self(vec![public, ops]))
    }

    /// Leaves the addresses to the server that is ready.
    pub async fn end(self) {
        for handle in self.0 {
            handle.stop(true).await;
        }
    }
}

/// Serves an address, that of operators without `origins`: no page is to read from it.
fn serve(listener: &TcpListener, origins: Option<EditorialOrigins>) -> io::Result<ServerHandle> {
    let origins = origins.map(Data::new);
    let app = move || {
        let origins = origins.clone();
        App::new()
            .wrap(from_fn(observe))
            .configure(move |config| {
                if let Some(origins) = origins {
                    config.app_data(origins);
                }
            })
            .route("/livez", web::get().to(service::live))
            .default_service(web::to(not_yet))
    };
    let server = HttpServer::new(app)
        .workers(1)
        .disable_signals()
        .shutdown_timeout(LAST_REQUESTS)
        .listen(listener.try_clone()?)?
        .run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok(handle)
}

/// The connection ends, so that the next request meets whoever answers then. A browser that asks what it may
/// send is let through, to be told that.
async fn not_yet(request: HttpRequest) -> Result<HttpResponse, Problem> {
    if is_preflight(request.method(), request.headers()) {
        return Ok(preflight_anywhere());
    }
    let problem =
        Problem::unavailable("The server is starting: it brings its database up to date.");
    let close = header::HeaderValue::from_static("close");
    Err(problem.with_header(header::CONNECTION, close))
}
