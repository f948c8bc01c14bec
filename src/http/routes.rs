//! Resources as tables of methods: `resource("/v1/tags").get(list).post(create)`.
//!
//! Other methods answer 405 with `Allow` (RFC 9110, section 15.5.6), `OPTIONS` answers 204 with it,
//! and every `GET` is a `HEAD` as well.

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder};

use super::body::{BodyLimit, USUAL_LIMIT};
use crate::problem::{METHOD_NOT_ALLOWED, Problem};

/// One path and what it takes.
pub struct Resource {
    path: &'static str,
    methods: Vec<Method>,
    body: BodySize,
    inner: actix_web::Resource,
}

/// How large the bodies are that a resource takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodySize {
    /// Up to so many bytes.
    UpTo(usize),
    /// As large as the setting allows.
    Largest,
}

/// The path's template of the resource that a request was for, among its data.
#[derive(Debug, Clone, Copy)]
pub struct Template(pub &'static str);

/// A resource at `path` that takes nothing yet.
pub fn resource(path: &'static str) -> Resource {
    Resource {
        path,
        methods: Vec::new(),
        body: BodySize::UpTo(USUAL_LIMIT),
        inner: web::resource(path),
    }
}

macro_rules! method {
    ($name:ident, $method:ident) => {
        /// Takes this method.
        pub fn $name<F, Args>(self, handler: F) -> Self
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            self.on(Method::$method, handler)
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

    method!(post, POST);
    method!(put, PUT);
    method!(patch, PATCH);
    method!(delete, DELETE);

    /// Takes bodies of another size than usual.
    pub fn bodies(mut self, size: BodySize) -> Self {
        self.body = size;
        self
    }

    /// How large the bodies are that it takes.
    pub fn body_size(&self) -> BodySize {
        self.body
    }

    /// The path's template.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// The methods it takes.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// Adds the resource to the application, to be called from the origins that `cors` names, or from
    /// no page at all, and to take at most so many bytes.
    pub fn register(self, config: &mut ServiceConfig, cors: Option<Cors>, largest: usize) {
        let limit = match self.body {
            BodySize::UpTo(bytes) => bytes.min(largest),
            BodySize::Largest => largest,
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
            .app_data(Template(self.path))
            .app_data(BodyLimit(limit))
            .default_service(web::to(move |request: HttpRequest| {
                let allow = allow.clone();
                async move { other_method(&request, allow) }
            }));
        match cors {
            Some(cors) => config.service(resource.wrap(cors)),
            None => config.service(resource),
        };
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
