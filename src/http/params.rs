//! Reading query parameters: each handler's are a type, everything else is refused.

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;

use crate::problem::{INVALID_PARAMETER, Problem};
use crate::validation::unknown;

/// The parameter that takes what someone typed to search for.
const SEARCH: &str = "q";

/// The raw parameters of one request, taken out one by one.
#[derive(Debug)]
pub struct Params(Vec<(String, String)>);

/// A type that reads itself out of a query string. Its [`IntoParams`] is both the documentation
/// and the list of names that are known.
pub trait FromParams: IntoParams + Sized {
    /// Takes what it knows out of `params`.
    ///
    /// # Errors
    /// `invalid-parameter` naming the parameter.
    fn from_params(params: &mut Params) -> Result<Self, Problem>;
}

impl Params {
    fn parse(query: &str) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        for (name, value) in pairs.iter().filter(|(name, _)| name != SEARCH) {
            // What is not UTF-8 was replaced; what no database can store ends here as well.
            if value.contains(['\0', char::REPLACEMENT_CHARACTER]) || name.contains('\0') {
                let name: String = name.chars().take(64).collect();
                return Err(Problem::parameter(
                    &name.replace('\0', "\\0"),
                    "must be UTF-8 text without U+0000",
                ));
            }
        }
        Ok(Self(pairs))
    }

    /// Every value of a parameter that may be repeated.
    pub fn all(&mut self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        self.0.retain_mut(|(key, value)| {
            let matches = key == name;
            if matches {
                found.push(std::mem::take(value));
            }
            !matches
        });
        found
    }

    /// The text of a parameter that stands at most once. An empty value is no value.
    ///
    /// # Errors
    /// `invalid-parameter` when it is repeated.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let mut found = self.all(name);
        if found.len() > 1 {
            return Err(Problem::parameter(name, "may stand only once"));
        }
        Ok(found.pop().filter(|text| !text.is_empty()))
    }

    /// What someone typed to search for, in which nothing is wrong. A blank text is one.
    ///
    /// # Errors
    /// `invalid-parameter` when it is repeated.
    pub fn search(&mut self) -> Result<Option<String>, Problem> {
        let mut found = self.all(SEARCH);
        if found.len() > 1 {
            return Err(Problem::parameter(SEARCH, "may stand only once"));
        }
        Ok(found.pop())
    }

    /// A parameter parsed as `T`.
    ///
    /// # Errors
    /// `invalid-parameter` when it is repeated or cannot be parsed.
    pub fn one<T: FromStr<Err: Reason>>(&mut self, name: &str) -> Result<Option<T>, Problem> {
        self.text(name)?
            .map(|text| {
                text.parse()
                    .map_err(|error: T::Err| Problem::parameter(name, error.reason()))
            })
            .transpose()
    }

    /// A comma-separated parameter, each part parsed as `T`; repeated ones are joined.
    ///
    /// # Errors
    /// `invalid-parameter` when a part cannot be parsed, or there is none or more than `most`.
    pub fn list<T: FromStr<Err: Reason>>(
        &mut self,
        name: &str,
        most: usize,
    ) -> Result<Vec<T>, Problem> {
        let found = self.all(name);
        if found.is_empty() {
            return Ok(Vec::new());
        }
        Self::split(name, &found.join(","), most)
    }

    /// The comma-separated parts of one value, each parsed as `T`.
    ///
    /// # Errors
    /// `invalid-parameter` when a part cannot be parsed, or there is none or more than `most`.
    pub fn split<T: FromStr<Err: Reason>>(
        name: &str,
        value: &str,
        most: usize,
    ) -> Result<Vec<T>, Problem> {
        let parts: Vec<&str> = value
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        if parts.is_empty() {
            // An empty choice means nothing, and must not be read as everything.
            return Err(Problem::parameter(
                name,
                "is empty; leave it out where nothing is to be chosen",
            ));
        }
        if parts.len() > most {
            return Err(Problem::parameter(
                name,
                format!("takes at most {most} values, got {}", parts.len()),
            ));
        }
        parts
            .into_iter()
            .map(|part| {
                part.parse()
                    .map_err(|error: T::Err| Problem::parameter(name, error.reason()))
            })
            .collect()
    }

    /// A yes-or-no parameter.
    ///
    /// # Errors
    /// `invalid-parameter` when it is neither `true` nor `false`.
    pub fn flag(&mut self, name: &str) -> Result<bool, Problem> {
        match self.text(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::parameter(name, "must be true or false")),
        }
    }

    /// A parameter that is one of a few words.
    ///
    /// # Errors
    /// `invalid-parameter` with the words that are taken.
    pub fn choice<T: Copy>(
        &mut self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        choose(name, &text, choices).map(Some)
    }

    /// A comma-separated parameter whose parts are each one of a few words.
    ///
    /// # Errors
    /// `invalid-parameter` with the words that are taken.
    pub fn choices<T: Copy>(
        &mut self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Vec<T>, Problem> {
        self.list::<String>(name, 20)?
            .iter()
            .map(|text| choose(name, text, choices))
            .collect()
    }

    /// How many items a page has: 1 to 100, 20 when nothing is said.
    ///
    /// # Errors
    /// `invalid-parameter` for anything else.
    pub fn limit(&mut self) -> Result<i64, Problem> {
        let Some(text) = self.text("limit")? else {
            return Ok(20);
        };
        match text.parse::<u8>() {
            Ok(limit @ 1..=100) => Ok(limit.into()),
            _ => Err(Problem::parameter(
                "limit",
                "must be a whole number from 1 to 100",
            )),
        }
    }

    /// Refuses what is left.
    fn finish<T: IntoParams>(self) -> Result<(), Problem> {
        let Some((name, _)) = self.0.first() else {
            return Ok(());
        };
        let documented = T::into_params(|| None);
        let known: Vec<&str> = documented.iter().map(|param| param.name.as_str()).collect();
        let sentence = if known.is_empty() {
            format!(
                "\"{}\" is not a known parameter; there are none here",
                name.chars().take(64).collect::<String>()
            )
        } else {
            unknown("parameter", name, &known)
        };
        Err(Problem::new(&INVALID_PARAMETER, format!("{sentence}.")))
    }
}

fn choose<T: Copy>(name: &str, text: &str, choices: &[(&str, T)]) -> Result<T, Problem> {
    choices
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, choice)| *choice)
        .ok_or_else(|| {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            Problem::parameter(
                name,
                format!("is wrong: {}", unknown("value", text, &words)),
            )
        })
}

/// Why a text could not be parsed, as the end of a sentence.
pub trait Reason {
    /// The words.
    fn reason(&self) -> String;
}

impl Reason for crate::validation::Invalid {
    fn reason(&self) -> String {
        self.detail.clone()
    }
}

impl Reason for String {
    fn reason(&self) -> String {
        self.clone()
    }
}

impl Reason for std::convert::Infallible {
    fn reason(&self) -> String {
        String::new()
    }
}

impl Reason for uuid::Error {
    fn reason(&self) -> String {
        "must be UUIDs".into()
    }
}

/// The query parameters of a request as `T`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: FromParams> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(Self))
    }
}

/// The query parameters of a request as `T`, and in canonical form: the key under which the answer
/// is kept.
#[derive(Debug)]
pub struct KeyedQuery<T> {
    /// What they say.
    pub params: T,
    /// How they are written.
    pub canonical: CanonicalQuery,
}

impl<T: FromParams> FromRequest for KeyedQuery<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = request.query_string();
        ready(read(query).map(|params| Self {
            params,
            canonical: CanonicalQuery::of(query),
        }))
    }
}

/// A query in the form that all its spellings share: parameters by name, repeated ones in their
/// order, without those that say nothing, encoded as forms are (as `URLSearchParams` does).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CanonicalQuery(Vec<(String, String)>);

impl CanonicalQuery {
    fn of(query: &str) -> Self {
        if query.is_empty() {
            return Self::default();
        }
        let says_nothing = |name: &str, value: &str| {
            value.is_empty() || matches!((name, value), ("limit", "20") | ("count", "false"))
        };
        let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .filter(|(name, value)| !says_nothing(name, value))
            .collect();
        pairs.sort_by(|left, right| left.0.cmp(&right.0));
        Self(pairs)
    }

    /// The same with another value of a parameter.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut pairs = self.0.clone();
        pairs.retain(|(known, _)| known != name);
        let place = pairs.partition_point(|(known, _)| known.as_str() < name);
        pairs.insert(place, (name.to_owned(), value.to_owned()));
        Self(pairs)
    }

    /// A path with this query.
    pub fn after(&self, path: &str) -> String {
        if self.0.is_empty() {
            return path.to_owned();
        }
        let mut target = format!("{path}?");
        let start = target.len();
        url::form_urlencoded::Serializer::for_suffix(&mut target, start).extend_pairs(&self.0);
        target
    }
}

fn read<T: FromParams>(query: &str) -> Result<T, Problem> {
    let mut params = Params::parse(query)?;
    let value = T::from_params(&mut params)?;
    params.finish::<T>()?;
    Ok(value)
}

/// Two sets of parameters that a handler takes together.
#[derive(Debug)]
pub struct Both<A, B>(pub A, pub B);

impl<A: IntoParams, B: IntoParams> IntoParams for Both<A, B> {
    fn into_params(
        parameter_in_provider: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
    ) -> Vec<utoipa::openapi::path::Parameter> {
        let mut params = A::into_params(&parameter_in_provider);
        params.extend(B::into_params(&parameter_in_provider));
        params
    }
}

impl<A: FromParams, B: FromParams> FromParams for Both<A, B> {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self(A::from_params(params)?, B::from_params(params)?))
    }
}

/// No parameters at all.
#[derive(Debug, IntoParams)]
pub struct NoParams {}

impl FromParams for NoParams {
    fn from_params(_: &mut Params) -> Result<Self, Problem> {
        Ok(Self {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_query_are_one() {
        let canonical = |query| CanonicalQuery::of(query).after("/v1/articles");
        assert_eq!(canonical(""), "/v1/articles");
        assert_eq!(canonical("limit=20&cursor=&count=false"), "/v1/articles");
        let one = canonical("tag=a,b&limit=5&tag=c");
        assert_eq!(one, "/v1/articles?limit=5&tag=a%2Cb&tag=c");
        assert_eq!(canonical("%74ag=a%2cb&tag=c&limit=5"), one);
        assert_eq!(canonical("limit=5&tag=a%2Cb&tag=c"), one);
        assert_ne!(canonical("tag=c&tag=a,b&limit=5"), one);
        let next = CanonicalQuery::of("tag=c&cursor=x").with("cursor", "y");
        assert_eq!(next.after("/"), "/?cursor=y&tag=c");
    }
}
