//! The path of a resource with its parameters, as `utoipa::path` has it.

use std::sync::Arc;

use actix_web::HttpRequest;

/// The path of a request as routes see it: percent-decoded, so that one path is one path however it is
/// written.
pub fn routed_path(request: &HttpRequest) -> &str {
    request.match_info().as_str()
}

/// The path's template of the resource that a request was for, among its data.
#[derive(Debug, Clone)]
pub struct Template(pub Arc<str>);

impl Template {
    /// That of a request; empty where it was for no resource.
    pub fn of(request: &HttpRequest) -> Arc<str> {
        request
            .app_data::<Self>()
            .map_or_else(|| "".into(), |template| Arc::clone(&template.0))
    }

    /// The path of a request as its resource writes it, with `value` in the place of each parameter that it
    /// knows and with the request's own otherwise.
    pub fn fill<'a>(request: &'a HttpRequest, value: impl Fn(&str) -> Option<&'a str>) -> String {
        let Some(Self(template)) = request.app_data() else {
            return request.path().to_owned();
        };
        let own = |name| request.match_info().get(name).unwrap_or_default();
        let mut path = String::with_capacity(request.path().len());
        for part in template.split('{') {
            match part.split_once('}') {
                Some((name, rest)) => {
                    path.push_str(value(name).unwrap_or_else(|| own(name)));
                    path.push_str(rest);
                }
                None => path.push_str(part),
            }
        }
        path
    }
}
