//! Resources, made of operations that say their own paths and methods.
//!
//! A module names its handlers in [`operations!`](crate::operations); routes, the OpenAPI document and cache keys
//! all take the path from the `utoipa::path` above a handler.
//!
//! Other methods answer 405 with `Allow` (RFC 9110, section 15.5.6), `OPTIONS` answers 204 with it,
//! and every `GET` is a `HEAD` as well.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder};
use utoipa::openapi::HttpMethod;

use super::body::{BodyLimit, USUAL_LIMIT};
use super::template::Template;
use crate::problem::{METHOD_NOT_ALLOWED, Problem};

/// One path and what it takes.
pub struct Resource {
    path: Arc<str>,
    methods: Vec<Method>,
    body: BodySize,
    operations: Vec<(Method, String)>,
    inner: actix_web::Resource,
}

/// The ids of a resource's operations by their methods, among its data.
#[derive(Debug, Clone)]
pub struct OperationIds(Arc<[(Method, String)]>);

impl OperationIds {
    /// The id of the operation that a request is for; empty where it is for none.
    pub fn of(request: &HttpRequest) -> String {
        let wanted = match request.method() {
            &Method::HEAD => &Method::GET,
            method => method,
        };
        let all = request.app_data::<Self>().into_iter();
        let mut all = all.flat_map(|ids| ids.0.iter());
        let found = all.find(|(method, _)| method == wanted);
        found.map_or_else(String::new, |(_, id)| id.clone())
    }
}

/// How large the bodies are that a resource takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodySize {
    /// Up to so many bytes.
    UpTo(usize),
    /// As large as the setting allows.
    Largest,
    /// As large as the setting allows of so many.
    OfMany(usize),
    /// A file, as large as the setting for files allows: it is not read into memory.
    File,
}

/// A resource at `path` that takes nothing yet. One whose path ends with a slash is there without it too.
pub fn resource(path: &str) -> Resource {
    let mut spellings = vec![path];
    spellings.extend(path.strip_suffix('/').filter(|rest| !rest.is_empty()));
    Resource {
        path: path.into(),
        methods: Vec::new(),
        body: BodySize::UpTo(USUAL_LIMIT),
        operations: Vec::new(),
        inner: web::resource(spellings),
    }
}

/// The resources of a module, as its operations make them.
#[derive(Default)]
pub struct Resources(Vec<Resource>);

impl Resources {
    /// With an operation, where `P` says; of the bodies of its resource the usual size unless one is given.
    pub fn with<P, F, Args>(mut self, handler: F, body: Option<BodySize>) -> Self
    where
        P: utoipa::Path,
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let path = P::path();
        let known = self.0.iter().position(|known| *known.path == *path);
        let mut resource = match known {
            Some(index) => self.0.remove(index),
            None => resource(&path),
        };
        resource.body = body.unwrap_or(resource.body);
        let id = P::operation().operation_id.unwrap_or_default();
        for method in P::methods() {
            let method = method_of(method);
            resource.operations.push((method.clone(), id.clone()));
            resource = match method {
                Method::GET => resource.get(handler.clone()),
                method => resource.on(method, handler.clone()),
            };
        }
        self.0.insert(known.unwrap_or(self.0.len()), resource);
        self
    }

    /// All of them, in the order in which they were named.
    pub fn finish(self) -> Vec<Resource> {
        self.0
    }
}

fn method_of(documented: HttpMethod) -> Method {
    match documented {
        HttpMethod::Get => Method::GET,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Trace => Method::TRACE,
    }
}

/// Names the operations of a module, each with the [`BodySize`] of its resource if that is not the usual one:
/// makes `resources`, which serves them, and `document`, which describes them.
#[macro_export]
macro_rules! operations {
    ($($module:ident::$handler:ident $(($body:expr))?),* $(,)?) => {
        /// The resources of this module.
        pub fn resources() -> Vec<$crate::http::routes::Resource> {
            pastey::paste! {
                $crate::http::routes::Resources::default()
                    $(.with::<$module::[<__path_ $handler>], _, _>(
                        $module::$handler, None $(.or(Some($body)))?
                    ))*
                    .finish()
            }
        }

        /// Their part of the OpenAPI document.
        pub fn document() -> utoipa::openapi::OpenApi {
            #[derive(utoipa::OpenApi)]
            #[openapi(paths($($module::$handler),*))]
            struct Document;
            <Document as utoipa::OpenApi>::openapi()
        }
    };
}

impl Resource {
    fn on<F, Args>(mut self, method: Method, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.inner = self
            .inner
            .route(web::route().method(method.clone()).to(handler));
        self.methods.push(method);
        self
    }

    /// Takes GET and HEAD.
    pub fn get<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::GET, handler.clone())
            .on(Method::HEAD, handler)
    }

    /// How large the bodies are that it takes.
    pub fn body_size(&self) -> BodySize {
        self.body
    }

    /// The path's template.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The methods it takes.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// Adds the resource to the application, to take at most so many bytes.
    pub fn register(self, config: &mut ServiceConfig, largest: usize) {
        let limit = match self.body {
            BodySize::UpTo(bytes) => bytes.min(largest),
            BodySize::Largest => largest,
            BodySize::OfMany(number) => largest.saturating_mul(number),
            BodySize::File => USUAL_LIMIT,
        };
        let allow = self
            .methods
            .iter()
            .map(Method::as_str)
            .chain(["OPTIONS"])
            .collect::<Vec<_>>()
            .join(", ");
        let allow = HeaderValue::try_from(allow).expect("method names are ASCII");
        let resource = self
            .inner
            .app_data(Template(Arc::clone(&self.path)))
            .app_data(BodyLimit(limit))
            .app_data(OperationIds(self.operations.into()))
            .default_service(web::to(move |request: HttpRequest| {
                let allow = allow.clone();
                async move { other_method(&request, allow) }
            }));
        config.service(resource);
    }
}

fn other_method(request: &HttpRequest, allow: HeaderValue) -> HttpResponse {
    if request.method() == Method::OPTIONS {
        return HttpResponse::NoContent()
            .insert_header((header::ALLOW, allow))
            .finish();
    }
    let taken = allow.to_str().unwrap_or_default();
    let detail = format!("{} is not taken here; {taken} are.", request.method());
    // The error travels with the response, so that the request's id can be added to it.
    HttpResponse::from_error(
        Problem::new(&METHOD_NOT_ALLOWED, detail).with_header(header::ALLOW, allow),
    )
}
