//! What a share is sent as: JSON, and whatever a page may send to another origin without a CORS preflight
//! (Fetch, "CORS-safelisted request-header"): text, both kinds of form, or bytes without a type.

use std::convert::Infallible;
use std::future::ready;

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest, dev};
use futures_util::future::LocalBoxFuture;
use futures_util::stream;
use multer::Multipart;
use serde_json::{Map, Value, json};

use super::limits::Taken;
use super::model::ShareInput;
use super::public::ShareService;
use crate::http::address::TrustedProxies;
use crate::http::body::{media_type, parse, read};
use crate::problem::{BAD_REQUEST, Problem, UNSUPPORTED_MEDIA_TYPE};
use crate::validation::{cut, from_json};

/// The body of a share. It is only read when the reader's address may send another one.
#[derive(Debug)]
pub struct ShareBody(pub ShareInput, pub Taken);

impl FromRequest for ShareBody {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let taken = match (
            request.app_data::<Data<ShareService>>(),
            request.app_data::<Data<TrustedProxies>>(),
        ) {
            (Some(counting), Some(proxies)) => counting.limits.take(proxies.client(request)),
            _ => Err(Problem::unavailable("The server is starting.")),
        };
        let media_type = media_type(request);
        let content_type = match media_type.as_str() {
            MULTIPART => whole_content_type(request),
            _ => String::new(),
        };
        let bytes = read(request, payload);
        Box::pin(async move {
            let taken = taken?;
            let bytes = bytes.await?;
            let value = match media_type.as_str() {
                "application/json" => parse(&bytes)?,
                "" | "text/plain" => text(&bytes)?,
                "application/x-www-form-urlencoded" => form(&bytes)?,
                MULTIPART => multipart(&content_type, Bytes::clone(&bytes)).await?,
                other => return Err(unsupported(other)),
            };
            Ok(Self(from_json(value)?, taken))
        })
    }
}

const MULTIPART: &str = "multipart/form-data";

fn unsupported(media_type: &str) -> Problem {
    let detail = format!(
        "A share is sent as application/json, text/plain, application/x-www-form-urlencoded or \
         multipart/form-data, or without a Content-Type; it came as \"{}\".",
        cut(media_type, 64)
    );
    Problem::new(&UNSUPPORTED_MEDIA_TYPE, detail)
}

/// With the boundary of parts.
fn whole_content_type(request: &HttpRequest) -> String {
    let value = request.headers().get(header::CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok());
    text.unwrap_or_default().to_owned()
}

/// Text says it as JSON, as lines or pairs of a form (HTML, "text/plain" forms), or is the network's name.
fn text(bytes: &[u8]) -> Result<Value, Problem> {
    let text = String::from_utf8_lossy(bytes);
    match text.trim_start_matches('\u{feff}').trim() {
        "" => Ok(json!({})),
        text if text.starts_with(['{', '[', '"']) => match parse(text.as_bytes())? {
            Value::String(network) => Ok(json!({"network": network})),
            value => Ok(value),
        },
        text if text.contains('=') => form(text.replace(['\r', '\n'], "&").as_bytes()),
        network => Ok(json!({"network": network})),
    }
}

fn form(bytes: &[u8]) -> Result<Value, Problem> {
    let pairs = url::form_urlencoded::parse(bytes);
    object(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())))
}

/// A form in parts (RFC 7578), files included: a `Blob` in a `FormData` is one.
async fn multipart(content_type: &str, bytes: Bytes) -> Result<Value, Problem> {
    let boundary = multer::parse_boundary(content_type).map_err(malformed)?;
    let whole = stream::once(ready(Ok::<_, Infallible>(bytes)));
    let mut parts = Multipart::new(whole, boundary);
    let mut pairs = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(malformed)? {
        let name = part.name().unwrap_or_default().to_owned();
        pairs.push((name, part.text().await.map_err(malformed)?));
    }
    object(pairs)
}

fn malformed(error: multer::Error) -> Problem {
    let detail = format!("The body cannot be read as multipart/form-data: {error}.");
    Problem::new(&BAD_REQUEST, detail)
}

fn object(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Value, Problem> {
    let mut fields = Map::new();
    for (name, value) in pairs {
        if fields.contains_key(&name) {
            let name = cut(&name, 64);
            let detail = format!("The form has the field \"{name}\" twice.");
            return Err(Problem::new(&BAD_REQUEST, detail));
        }
        fields.insert(name, value.into());
    }
    Ok(fields.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_parts(content_type: &str, body: &str) -> Result<Value, Problem> {
        let parts = multipart(content_type, Bytes::copy_from_slice(body.as_bytes()));
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(parts)
    }

    #[test]
    fn text_is_json_or_pairs_or_a_name() {
        let x = json!({"network": "x"});
        for body in [
            "x",
            " x\r\n",
            "\u{feff}x",
            "\"x\"",
            "{\"network\": \"x\"}",
            "network=x",
            "network=x\r\n",
        ] {
            assert_eq!(text(body.as_bytes()).unwrap(), x, "{body}");
        }
        let both = json!({"network": "x", "installation": "i"});
        assert_eq!(text(b"network=x\r\ninstallation=i\r\n").unwrap(), both);
        assert_eq!(text(b"network=x\ninstallation=i\n").unwrap(), both);
        assert_eq!(text(b"network=x&installation=i").unwrap(), both);
        assert_eq!(text(b"").unwrap(), json!({}));
        assert!(text(b"{\"network\":").is_err());
    }

    #[test]
    fn parts_are_fields() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"network\"\r\n\r\nx\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"installation\"; filename=\"blob\"\r\n\
                    Content-Type: text/plain\r\n\r\ni\r\n--b--\r\n";
        let read = read_parts("multipart/form-data; boundary=b", body).unwrap();
        assert_eq!(read, json!({"network": "x", "installation": "i"}));
        assert!(read_parts("multipart/form-data; boundary=other", body).is_err());
        assert!(read_parts("multipart/form-data", body).is_err());
        assert!(read_parts("multipart/form-data; boundary=b", &body[..40]).is_err());
        let twice = body.replace("\"installation\"", "\"network\"");
        assert!(read_parts("multipart/form-data; boundary=b", &twice).is_err());
    }
}
