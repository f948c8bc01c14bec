//! Where objects are kept, as a setting names it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::{percent_decode_str, utf8_percent_encode};
use thiserror::Error;
use url::{Url, form_urlencoded};

use super::signature::IN_PATH;

/// Most bytes of a prefix, so that it and a key make a key of S3, which has at most 1024.
const MOST_OF_PREFIX: usize = 500;

/// Where a store is: `/var/lib/dateline/media`, `media`, `file:///var/lib/dateline/media` or
/// `s3://bucket/prefix?endpoint=https://…&region=…&path_style=true`. Its text never has a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A directory; a relative path is one below the working directory.
    Directory(PathBuf),
    /// A bucket of S3 or of something that answers like it.
    S3(Bucket),
}

/// A part of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The bucket's name.
    pub name: String,
    /// What all keys begin with, without slashes at its ends; empty for the whole bucket.
    pub prefix: String,
    /// The server, `http` or `https`, without a path; `None` for AWS.
    pub endpoint: Option<Url>,
    /// The region that requests are signed for; `None` when the environment says it.
    pub region: Option<String>,
    /// Whether the bucket is in the path and not in the host's name; `None` for what the server most likely wants.
    pub path_style: Option<bool>,
}

/// Why a text names no place for objects. The sentences are for operators, and quote no secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LocationError {
    /// There is no text.
    #[error("it is empty: give a directory or s3://bucket/prefix")]
    Empty,
    /// It is a URL of another kind.
    #[error("{0}:// is not known: give a directory, file:///directory or s3://bucket/prefix")]
    Scheme(String),
    /// Nothing stands after `s3://`.
    #[error("it names no bucket: s3://bucket/prefix")]
    NoBucket,
    /// A bucket cannot be called so.
    #[error("{0:?} is no name of a bucket: 3 to 63 letters, digits, dots, underscores and hyphens")]
    BucketName(String),
    /// It has a user's name or a password.
    #[error(
        "it must not have credentials in it: give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )]
    Userinfo,
    /// It has a `#`.
    #[error("it must not have a # in it")]
    Fragment,
    /// It has a parameter that means nothing here.
    #[error("the parameter {0:?} is not known: there are endpoint, region and path_style")]
    UnknownParameter(String),
    /// It has a parameter twice.
    #[error("the parameter {0:?} is given twice")]
    Twice(String),
    /// The endpoint is not the address of a server.
    #[error("the endpoint {0:?} is not http:// or https:// with a host and nothing after it")]
    Endpoint(String),
    /// The region is not a word.
    #[error("the region {0:?} is not letters, digits and hyphens")]
    Region(String),
    /// `path_style` is neither `true` nor `false`.
    #[error("path_style is {0:?}: it can be true or false")]
    PathStyle(String),
    /// The prefix cannot be a part of keys.
    #[error("the prefix {0:?} has a part that is empty, . or .., or is longer than 500 bytes")]
    Prefix(String),
    /// It is a `file:` URL without a path of this machine.
    #[error("{0:?} is not the URL of a directory on this machine: file:///directory")]
    File(String),
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        if text.is_empty() {
            return Err(LocationError::Empty);
        }
        match text.split_once("://") {
            Some(("s3", rest)) => Ok(Self::S3(bucket(rest)?)),
            Some(("file", _)) => directory(text).map(Self::Directory),
            // A path may have a colon in it, but not where a URL has it.
            Some((scheme, _)) if !scheme.contains(['/', '.']) => {
                Err(LocationError::Scheme(scheme.to_owned()))
            }
            _ => Ok(Self::Directory(PathBuf::from(text))),
        }
    }
}

fn directory(text: &str) -> Result<PathBuf, LocationError> {
    let url = Url::parse(text).ok();
    let url = url.filter(|url| url.query().is_none() && url.fragment().is_none());
    let path = url.and_then(|url| url.to_file_path().ok());
    path.ok_or_else(|| LocationError::File(text.to_owned()))
}

fn bucket(rest: &str) -> Result<Bucket, LocationError> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (name, prefix) = path.split_once('/').unwrap_or((path, ""));
    if name.contains('@') {
        return Err(LocationError::Userinfo);
    }
    if rest.contains('#') {
        return Err(LocationError::Fragment);
    }
    let mut bucket = Bucket {
        name: bucket_name(name)?,
        prefix: prefix_of_keys(prefix)?,
        endpoint: None,
        region: None,
        path_style: None,
    };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "endpoint" => once(&name, &mut bucket.endpoint, endpoint(&value)?)?,
            "region" => once(&name, &mut bucket.region, region(&value)?)?,
            "path_style" => once(&name, &mut bucket.path_style, path_style(&value)?)?,
            _ => return Err(LocationError::UnknownParameter(name.into_owned())),
        }
    }
    Ok(bucket)
}

fn once<T>(name: &str, place: &mut Option<T>, value: T) -> Result<(), LocationError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(LocationError::Twice(name.to_owned())),
    }
}

fn bucket_name(name: &str) -> Result<String, LocationError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    // Dots at the ends or two of them would be steps of a path.
    let has_steps = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    if name.is_empty() {
        return Err(LocationError::NoBucket);
    }
    if !(3..=63).contains(&name.len()) || !name.bytes().all(is_allowed) || has_steps {
        return Err(LocationError::BucketName(name.to_owned()));
    }
    Ok(name.to_owned())
}

fn prefix_of_keys(text: &str) -> Result<String, LocationError> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let refused = || LocationError::Prefix(text.to_owned());
    let prefix = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| refused())?;
    let is_allowed =
        |part: &str| !matches!(part, "" | "." | "..") && !part.chars().any(char::is_control);
    if prefix.len() > MOST_OF_PREFIX || !(prefix.is_empty() || prefix.split('/').all(is_allowed)) {
        return Err(refused());
    }
    Ok(prefix.into_owned())
}

fn endpoint(text: &str) -> Result<Url, LocationError> {
    let refused = || LocationError::Endpoint(text.to_owned());
    let url = Url::parse(text);
    // Before anything that quotes it.
    let has_userinfo = |url: &Url| !url.username().is_empty() || url.password().is_some();
    if url.as_ref().is_ok_and(has_userinfo) || text.contains('@') {
        return Err(LocationError::Userinfo);
    }
    let url = url.map_err(|_| refused())?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !is_bare {
        return Err(refused());
    }
    Ok(url)
}

fn region(text: &str) -> Result<String, LocationError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !(1..=64).contains(&text.len()) || !text.bytes().all(is_allowed) {
        return Err(LocationError::Region(text.to_owned()));
    }
    Ok(text.to_owned())
}

fn path_style(text: &str) -> Result<bool, LocationError> {
    let value = text.parse();
    value.map_err(|_| LocationError::PathStyle(text.to_owned()))
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => path.display().fmt(formatter),
            Self::S3(bucket) => bucket.fmt(formatter),
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "s3://{}", self.name)?;
        if !self.prefix.is_empty() {
            write!(formatter, "/{}", utf8_percent_encode(&self.prefix, IN_PATH))?;
        }
        let endpoint = self.endpoint.as_ref();
        let endpoint = endpoint.map(|url| url.as_str().trim_end_matches('/').to_owned());
        let parameters = [
            ("endpoint", endpoint),
            ("region", self.region.clone()),
            ("path_style", self.path_style.map(|value| value.to_string())),
        ];
        let given = parameters
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)));
        for (index, (name, value)) in given.enumerate() {
            let sign = if index == 0 { '?' } else { '&' };
            write!(formatter, "{sign}{name}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Location, LocationError> {
        text.parse()
    }

    #[test]
    fn a_path_and_a_file_url_are_directories() {
        for (text, path) in [
            ("/var/lib/dateline/media", "/var/lib/dateline/media"),
            ("media", "media"),
            ("./s3:", "./s3:"),
            ("a/b://c", "a/b://c"),
            ("file:///var/lib/my%20media", "/var/lib/my media"),
        ] {
            assert_eq!(parsed(text), Ok(Location::Directory(path.into())), "{text}");
        }
    }

    #[test]
    fn what_a_bucket_is_printed_as_is_parsed_to_the_same() {
        for text in [
            "s3://media",
            "s3://media/a/b",
            "s3://media/a%20b/%2B%3F%23",
            "s3://my.media/x?endpoint=https://s3.example.org:9000&region=eu-west-1&path_style=true",
            "s3://media?endpoint=http://127.0.0.1:9000",
        ] {
            let location = parsed(text).unwrap();
            assert_eq!(location.to_string(), text);
            assert_eq!(parsed(&location.to_string()), Ok(location));
        }
        let Ok(Location::S3(bucket)) = parsed("s3://media/%C3%A4%20+/?region=x") else {
            panic!("a bucket was expected")
        };
        assert_eq!(bucket.prefix, "ä +");
        assert_eq!(bucket.region.as_deref(), Some("x"));
    }

    #[test]
    fn what_names_no_place_is_refused_with_a_reason() {
        use LocationError as Error;
        let text = |text: &str| text.to_owned();
        for (given, error) in [
            ("", Error::Empty),
            ("gs://bucket", Error::Scheme(text("gs"))),
            ("https://bucket", Error::Scheme(text("https"))),
            ("s3://", Error::NoBucket),
            ("s3:///prefix", Error::NoBucket),
            ("s3://ab", Error::BucketName(text("ab"))),
            ("s3://a..b", Error::BucketName(text("a..b"))),
            ("s3://key:secret@bucket", Error::Userinfo),
            ("s3://bucket?endpoint=https://a:b@c", Error::Userinfo),
            ("s3://bucket?endpoint=a:b@c", Error::Userinfo),
            ("s3://bucket#x", Error::Fragment),
            ("s3://bucket?acl=x", Error::UnknownParameter(text("acl"))),
            (
                "s3://bucket?region=a&region=a",
                Error::Twice(text("region")),
            ),
            ("s3://bucket?region=", Error::Region(text(""))),
            (
                "s3://bucket?endpoint=ftp://x",
                Error::Endpoint(text("ftp://x")),
            ),
            (
                "s3://bucket?endpoint=https://x/y",
                Error::Endpoint(text("https://x/y")),
            ),
            ("s3://bucket?path_style=1", Error::PathStyle(text("1"))),
            ("s3://bucket/a/../b", Error::Prefix(text("a/../b"))),
            ("s3://bucket/%2e%2e", Error::Prefix(text("%2e%2e"))),
            ("s3://bucket//a", Error::Prefix(text("/a"))),
            ("s3://bucket/%ff", Error::Prefix(text("%ff"))),
            (
                "file://server/share",
                Error::File(text("file://server/share")),
            ),
        ] {
            assert_eq!(parsed(given), Err(error), "{given}");
        }
    }

    #[test]
    fn no_error_quotes_a_password() {
        for text in [
            "s3://key:hush@bucket",
            "s3://bucket?endpoint=https://key:hush@host",
            "s3://bucket?endpoint=https://key:hush@host/path",
        ] {
            let error = parsed(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hush"), "{text}");
        }
    }
}
