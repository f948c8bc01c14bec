//! Reading query parameters: each handler's are a type, everything else is refused.

use std::fmt;
use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;

pub use super::canonical::{CanonicalQuery, CanonicalTarget};
use crate::http::hints;
use crate::http::template::Template;
use crate::problem::{INVALID_PARAMETER, Problem};
use crate::validation::Invalid;

/// The parameter that takes what someone typed to search for.
const SEARCH: &str = "q";

/// Most items of a page.
const MOST_ITEMS: i64 = 100;

/// How many items a page has when nothing is said.
const USUAL_LIMIT: i64 = 20;

/// Most characters of a part of a name that is looked for: those of the longest name.
const MOST_NAME_CHARACTERS: usize = 200;

/// The raw parameters of one request, taken out one by one, and what was read of them.
///
/// Every method that takes a parameter out notes what it returned. Two requests whose notes are equal
/// were therefore given equal values, whatever their spelling: the notes are the key under which a
/// response is cached.
///
/// An empty value is never read as a parameter that was left out: it is refused, but for a text to
/// search for, which may be empty.
#[derive(Debug)]
pub struct Params {
    left: Vec<(String, String)>,
    read: Vec<(String, String)>,
}

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
    fn parse(query: &str) -> Self {
        Self {
            left: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            read: Vec::new(),
        }
    }

    /// Every value of a parameter, in order.
    fn take(&mut self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        self.left.retain_mut(|(key, value)| {
            let matches = key == name;
            if matches {
                found.push(std::mem::take(value));
            }
            !matches
        });
        found
    }

    /// The values of a parameter that databases are asked for.
    fn take_text(&mut self, name: &str) -> Result<Vec<String>, Problem> {
        let found = self.take(name);
        // What is not UTF-8 was replaced; what no database can store ends here as well.
        if found
            .iter()
            .any(|value| value.contains(['\0', char::REPLACEMENT_CHARACTER]))
        {
            return Err(Problem::parameter(
                name,
                "must be UTF-8 text without U+0000",
            ));
        }
        Ok(found)
    }

    fn note(&mut self, name: &str, value: &str) {
        self.read.push((name.to_owned(), value.to_owned()));
    }

    fn single(name: &str, mut found: Vec<String>) -> Result<Option<String>, Problem> {
        if found.len() > 1 {
            return Err(Problem::parameter(name, "may stand only once"));
        }
        Ok(found.pop())
    }

    /// The value of a parameter that stands at most once, not noted yet.
    fn value(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let found = self.take_text(name)?;
        match Self::single(name, found)? {
            Some(text) if text.is_empty() => Err(empty(name)),
            found => Ok(found),
        }
    }

    /// Leaves a parameter unread: it changes nothing.
    pub fn ignore(&mut self, name: &str) {
        self.take(name);
    }

    /// The text of a parameter that stands at most once.
    ///
    /// # Errors
    /// `invalid-parameter` when it is repeated or empty.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let found = self.value(name)?;
        if let Some(text) = &found {
            self.note(name, text);
        }
        Ok(found)
    }

    /// Part of a name that is looked for, of at most 200 characters, which no name exceeds. Any text is
    /// one, and an empty one finds nothing.
    ///
    /// # Errors
    /// `invalid-parameter` when it is repeated or longer.
    pub fn part_of_name(&mut self) -> Result<Option<String>, Problem> {
        let found = self.search()?;
        let too_long = |text: &String| text.chars().nth(MOST_NAME_CHARACTERS).is_some();
        if found.as_ref().is_some_and(too_long) {
            return Err(Problem::parameter(
                SEARCH,
                format!("must have at most {MOST_NAME_CHARACTERS} characters"),
            ));
        }
        Ok(found)
    }

    /// What someone typed to search for, in which nothing is wrong. A blank text is one.
    ///
    /// # Errors
    /// `invalid-parameter` when it is repeated.
    pub fn search(&mut self) -> Result<Option<String>, Problem> {
        let found = self.take(SEARCH);
        let found = Self::single(SEARCH, found)?;
        if let Some(text) = &found {
            self.note(SEARCH, text);
        }
        Ok(found)
    }

    /// A parameter parsed as `T`, and noted as that writes it.
    ///
    /// # Errors
    /// `invalid-parameter` when it is repeated, empty, or cannot be parsed.
    pub fn one<T: FromStr<Err: Reason> + fmt::Display>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.value(name)? else {
            return Ok(None);
        };
        let value: T =
            parse(&text).map_err(|error: T::Err| Problem::parameter(name, error.reason()))?;
        self.note(name, &value.to_string());
        Ok(Some(value))
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
        let found = self.take_text(name)?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        self.split(name, &found.join(","), most)
    }

    /// A parameter that may be repeated, each value a comma-separated group whose parts are parsed as
    /// `T`.
    ///
    /// # Errors
    /// `invalid-parameter` when a part cannot be parsed, a group is empty, or there are more groups
    /// than `most_groups` or more parts in all than `most`.
    pub fn groups<T: FromStr<Err: Reason>>(
        &mut self,
        name: &str,
        most_groups: usize,
        most: usize,
    ) -> Result<Vec<Vec<T>>, Problem> {
        let found = self.take_text(name)?;
        if found.len() > most_groups {
            return Err(Problem::parameter(
                name,
                format!("may stand at most {most_groups} times"),
            ));
        }
        let mut groups = Vec::with_capacity(found.len());
        let mut room = most;
        for group in &found {
            let parts = self.split(name, group, most)?;
            room = room.checked_sub(parts.len()).ok_or_else(|| {
                Problem::parameter(name, format!("takes at most {most} values in all"))
            })?;
            groups.push(parts);
        }
        Ok(groups)
    }

    /// The comma-separated parts of one value, each parsed as `T`.
    fn split<T: FromStr<Err: Reason>>(
        &mut self,
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
            return Err(empty(name));
        }
        if parts.len() > most {
            return Err(Problem::parameter(
                name,
                format!("takes at most {most} values, got {}", parts.len()),
            ));
        }
        self.note(name, &parts.join(","));
        parts
            .into_iter()
            .map(|part| {
                part.parse()
                    .map_err(|error: T::Err| Problem::parameter(name, error.reason()))
            })
            .collect()
    }

    /// A yes-or-no parameter; no when it is left out.
    ///
    /// # Errors
    /// `invalid-parameter` when it is neither `true` nor `false`, empty included.
    pub fn flag(&mut self, name: &str) -> Result<bool, Problem> {
        self.flag_or(name, false)
    }

    /// The same, with what is so when nothing is said.
    ///
    /// # Errors
    /// As [`flag`](Self::flag).
    pub fn flag_or(&mut self, name: &str, usual: bool) -> Result<bool, Problem> {
        let Some(text) = self.value(name)? else {
            return Ok(usual);
        };
        let flag = match text.as_str() {
            "true" => true,
            "false" => false,
            _ => return Err(Problem::parameter(name, "must be true or false")),
        };
        if flag != usual {
            self.note(name, &text);
        }
        Ok(flag)
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

    /// A whole number from 1 to `most`, or `usual` when nothing is said.
    ///
    /// # Errors
    /// `invalid-parameter` for anything else.
    pub fn number_or(&mut self, name: &str, usual: i64, most: i64) -> Result<i64, Problem> {
        let Some(text) = self.value(name)? else {
            return Ok(usual);
        };
        let number = text
            .parse()
            .ok()
            .filter(|number| (1..=most).contains(number));
        let number = number.ok_or_else(|| {
            Problem::parameter(name, format!("must be a whole number from 1 to {most}"))
        })?;
        if number != usual {
            self.note(name, &number.to_string());
        }
        Ok(number)
    }

    /// How many items a page has: 1 to 100, 20 when nothing is said.
    ///
    /// # Errors
    /// `invalid-parameter` for anything else.
    pub fn limit(&mut self) -> Result<i64, Problem> {
        self.limit_or(USUAL_LIMIT)
    }

    /// The same, with as many as given when nothing is said.
    ///
    /// # Errors
    /// As [`limit`](Self::limit).
    pub fn limit_or(&mut self, usual: i64) -> Result<i64, Problem> {
        self.number_or("limit", usual, MOST_ITEMS)
    }

    /// What was read, in canonical form; refuses what is left.
    fn finish<T: IntoParams>(mut self) -> Result<CanonicalQuery, Problem> {
        if let Some(problem) = self.unknown::<T>() {
            return Err(problem);
        }
        // Stable: repeated ones stay in their order.
        self.read.sort_by(|left, right| left.0.cmp(&right.0));
        Ok(CanonicalQuery(self.read))
    }

    /// That a name which is left is not known.
    fn unknown<T: IntoParams>(&self) -> Option<Problem> {
        if self.left.is_empty() {
            return None;
        }
        let documented = T::into_params(|| None);
        let known: Vec<&str> = documented.iter().map(|param| param.name.as_str()).collect();
        let is_unknown = |(name, _): &&(String, String)| !known.contains(&name.as_str());
        let (name, _) = self.left.iter().find(is_unknown)?;
        let sentence = if known.is_empty() {
            format!(
                "\"{}\" is not a known parameter; there are none here",
                name.chars().take(64).collect::<String>()
            )
        } else {
            hints::unknown_parameter(name, &known)
        };
        Some(Problem::new(&INVALID_PARAMETER, format!("{sentence}.")))
    }
}

/// That a parameter has no value. What it was to choose from must not be read as everything, nor what it
/// was to narrow as a list of all.
fn empty(name: &str) -> Problem {
    Problem::parameter(name, "is empty; give it a value, or leave it out")
}

/// A value as `T`. Forms write a space as `+`, so a `+` that was not encoded (`%2B`) arrives as a space:
/// where the value means something with the `+` only, it is that.
fn parse<T: FromStr>(text: &str) -> Result<T, T::Err> {
    text.parse().or_else(|error| {
        let with_plus = text
            .rsplit_once(' ')
            .map(|(head, tail)| format!("{head}+{tail}"));
        with_plus.and_then(|text| text.parse().ok()).ok_or(error)
    })
}

fn choose<T: Copy>(name: &str, text: &str, choices: &[(&str, T)]) -> Result<T, Problem> {
    choices
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, choice)| *choice)
        .ok_or_else(|| {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            Problem::parameter(name, Invalid::word("value", text, &words).reason())
        })
}

/// Why a text could not be parsed, as the end of a sentence.
pub trait Reason {
    /// The words.
    fn reason(&self) -> String;
}

impl Reason for Invalid {
    fn reason(&self) -> String {
        match self.code {
            "unknown_value" => format!("is wrong: {self}"),
            _ => self.detail.clone(),
        }
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
        ready(read(request.query_string()).map(|(params, _)| Self(params)))
    }
}

/// The query parameters of a request as `T`, and in canonical form: the key under which the response
/// is cached.
#[derive(Debug)]
pub struct KeyedQuery<T> {
    /// What they say.
    pub params: T,
    /// What was asked for, in canonical form.
    pub canonical: CanonicalTarget,
}

impl<T: FromParams> FromRequest for KeyedQuery<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(|(params, query)| {
            let path = Template::fill(request, |_| None);
            let canonical = CanonicalTarget { path, query };
            Self { params, canonical }
        }))
    }
}

fn read<T: FromParams>(query: &str) -> Result<(T, CanonicalQuery), Problem> {
    let mut params = Params::parse(query);
    match T::from_params(&mut params) {
        Ok(value) => Ok((value, params.finish::<T>()?)),
        // A name that is not known may be why another one seems to be missing.
        Err(problem) => Err(params.unknown::<T>().unwrap_or(problem)),
    }
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

    use crate::articles::model::ArticleFilter;
    use crate::articles::params::ArticleListParams;
    use proptest::prelude::*;

    type ListParams = Both<ArticleListParams, ArticleFilter>;

    fn canonical(query: &str) -> String {
        let (_, canonical) = read::<ListParams>(query).unwrap();
        canonical.after("/v1/articles")
    }

    #[test]
    fn all_spellings_of_a_query_are_one() {
        assert_eq!(canonical(""), "/v1/articles");
        assert_eq!(canonical("limit=20&count=false"), "/v1/articles");
        let one = canonical("tag=a,b&limit=5&tag=c");
        assert_eq!(one, "/v1/articles?limit=5&tag=a%2Cb&tag=c");
        assert_eq!(canonical("%74ag=a%2cb&tag=c&limit=5"), one);
        assert_eq!(canonical("limit=05&tag=a%2C,+b&tag=c"), one);
        assert_ne!(canonical("tag=c&tag=a,b&limit=5"), one);
        let (_, next) = read::<ListParams>("tag=c&cursor=x").unwrap();
        assert_eq!(next.with("cursor", "y").after("/"), "/?cursor=y&tag=c");
    }

    #[test]
    fn nothing_is_not_the_same_as_left_out() {
        assert_eq!(canonical("q="), "/v1/articles?q=");
        assert_eq!(canonical("q=+"), "/v1/articles?q=+");
        for empty in [
            "limit=",
            "cursor",
            "count=",
            "sort=",
            "language=",
            "updated_after=",
            "ids=",
            "tag=,",
        ] {
            let problem = read::<ListParams>(empty).unwrap_err().to_string();
            assert!(problem.contains("is empty"), "{empty}: {problem}");
        }
    }

    #[test]
    fn a_plus_that_was_not_encoded_is_read() {
        for offset in ["%2B01:00", "+01:00", "%2b01:00"] {
            assert_eq!(
                canonical(&format!("published_after=2026-03-01T01:00:00{offset}")),
                "/v1/articles?published_after=2026-03-01T00%3A00%3A00.000Z"
            );
        }
        for wrong in [
            "2026-03-01T00:00:00+",
            "2026-03-01+01:00",
            "+2026",
            "now+01:00",
        ] {
            assert!(
                read::<ListParams>(&format!("published_after={wrong}")).is_err(),
                "{wrong}"
            );
        }
        assert_eq!(canonical("language=PT-br"), "/v1/articles?language=pt-BR");
    }

    /// What a query says, whatever its spelling.
    fn meaning(query: &str) -> Option<String> {
        let (params, _) = read::<ListParams>(query).ok()?;
        Some(format!("{params:?}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Equal keys mean the same, and a key that is read as a query is its own key.
        #[test]
        fn a_key_means_what_was_asked(pairs in proptest::collection::vec((
            proptest::sample::select(vec![
                "limit", "cursor", "count", "sort", "include", "fields", "tag", "author",
                "language", "published_after", "slugs", "q",
            ]),
            proptest::sample::select(vec![
                "", "+", "a", "a,b", ",a,,b,", "%61", "20", "020", "5", "true", "false", "-shares",
                "relevance", "given", "body", "slug", "en", "PT-br", "2026-03-01T00:00:00Z",
                "2026-03-01T00:00:00+01:00", "a&b", "\"a", "%00",
            ]),
        ), 0..6)) {
            let query: Vec<String> =
                pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let query = query.join("&");
            if let Some(said) = meaning(&query) {
                let target = canonical(&query);
                let again = target.split_once('?').map_or("", |(_, query)| query);
                prop_assert_eq!(canonical(again), target.clone(), "{}", query);
                prop_assert_eq!(meaning(again), Some(said), "{}", query);
            }
        }
    }
}
