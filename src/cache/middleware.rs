//! The outermost middleware: a cached response goes out at once.
//!
//! A request whose path and query are in canonical form and whose response is cached and current is
//! answered before routing, time limits, spans and CORS: there is nothing left for them to do.
//! Everything else goes on to the handlers, which know other spellings of the same question.

use std::future::{Ready, ready};
use std::time::Instant;

use actix_web::Error;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::Method;
use actix_web::web::Data;
use futures_util::TryFutureExt;
use futures_util::future::{Either, MapOk};
use uuid::Uuid;

use super::coding::Coding;
use super::response_cache::ResponseCache;
use crate::http::observe::{request_id, set_request_id};
use crate::http::path_prefix::PathPrefix;

/// Wraps an application whose responses are cached.
pub struct CacheMiddleware(pub Data<ResponseCache>);

impl<S, B> Transform<S, ServiceRequest> for CacheMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = CacheService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(CacheService {
            responses: self.0.clone(),
            service,
        }))
    }
}

/// The middleware of one worker.
pub struct CacheService<S> {
    responses: Data<ResponseCache>,
    service: S,
}

type Left<B> = fn(ServiceResponse<B>) -> ServiceResponse<EitherBody<B>>;

impl<S, B> Service<ServiceRequest> for CacheService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Either<Ready<Result<Self::Response, Error>>, MapOk<S::Future, Left<B>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        match self.kept(&request) {
            Some(response) => Either::Left(ready(Ok(request
                .into_response(response)
                .map_into_right_body()))),
            None => Either::Right(
                self.service
                    .call(request)
                    .map_ok(ServiceResponse::map_into_left_body as Left<B>),
            ),
        }
    }
}

impl<S> CacheService<S> {
    fn kept(&self, request: &ServiceRequest) -> Option<actix_web::HttpResponse<BoxBody>> {
        let method = request.method();
        if !(method == Method::GET || method == Method::HEAD) {
            return None;
        }
        let started = Instant::now();
        let target = request.uri().path_and_query()?.as_str();
        let coding = Coding::accepted(request);
        let answer = self.responses.current(coding, target, started)?;
        self.responses.count_hit();
        let mut response = answer.to_response(request.headers(), self.responses.clock());
        let mut id = Uuid::encode_buffer();
        let id = request_id(request).0.hyphenated().encode_lower(&mut id);
        set_request_id(response.headers_mut(), id);
        if let Some(prefix) = request.app_data::<Data<PathPrefix>>() {
            prefix.add_to(response.headers_mut());
        }
        answer
            .metrics()
            .observe(method, response.status(), started.elapsed());
        tracing::debug!(
            method = %method,
            target,
            status = response.status().as_u16(),
            "answered with what was kept"
        );
        Some(response)
    }
}
