//! What of Ghost's language is understood: what lists here can be narrowed by. The rest is refused by name.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::nql::{Expression, Operator, Term, Value, parse};
use crate::articles::model::{ArticleFilter, ArticleSort};
use crate::db::Timestamp;
use crate::text::Slug;

/// Which articles a filter leaves: `None` when it can leave none.
pub type Narrowed = Option<ArticleFilter>;

/// Reads a filter of posts.
///
/// # Errors
/// What is not understood, in words.
pub fn of_posts(text: Option<&str>, now: Timestamp) -> Result<Narrowed, String> {
    let Some(text) = text else {
        return Ok(Some(ArticleFilter::default()));
    };
    let parts = match parse(text)? {
        Expression::And(parts) => parts,
        one => vec![one],
    };
    let mut filter = ArticleFilter::default();
    for part in parts {
        let is_possible = match part {
            Expression::Term(term) => narrow(&mut filter, &term, now)?,
            Expression::Or(parts) => any_of(&mut filter, &parts)?,
            Expression::And(_) => return Err(unsupported("brackets within brackets")),
        };
        if !is_possible {
            return Ok(None);
        }
    }
    Ok(Some(filter))
}

fn unsupported(what: &str) -> String {
    not_understood("filter", what)
}

fn not_understood(part: &str, what: &str) -> String {
    format!("The {part} has {what}, which this server does not understand.")
}

/// What a property names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Tag,
    Section,
    Author,
    Slug,
    Id,
}

fn named(property: &str) -> Option<Named> {
    Some(match property {
        "tag" | "tags" | "tag.slug" | "tags.slug" => Named::Tag,
        "primary_tag" | "primary_tag.slug" => Named::Section,
        "author" | "authors" | "author.slug" | "authors.slug" => Named::Author,
        "slug" => Named::Slug,
        "id" => Named::Id,
        _ => return None,
    })
}

/// `tag:a,tag:b`: several values of one property.
fn any_of(filter: &mut ArticleFilter, parts: &[Expression]) -> Result<bool, String> {
    let mut values = Vec::new();
    let mut property = None;
    for part in parts {
        let term = match part {
            Expression::Term(term) if !term.is_negated && term.operator == Operator::Equal => term,
            _ => return Err(unsupported("\",\" (or) between different things")),
        };
        if *property.get_or_insert(named(&term.property)) != named(&term.property) {
            return Err(unsupported("\",\" (or) between different properties"));
        }
        match &term.value {
            Value::Any(some) => values.extend(some.iter().cloned()),
            one => values.push(one.clone()),
        }
    }
    match property.flatten() {
        Some(named) => name(filter, named, false, &Value::Any(values)),
        None => Err(unsupported("\",\" (or) between such properties")),
    }
}

/// Narrows a filter by a term; returns whether anything can be left.
fn narrow(filter: &mut ArticleFilter, term: &Term, now: Timestamp) -> Result<bool, String> {
    if let Some(named) = named(&term.property) {
        return match term.operator {
            Operator::Equal => name(filter, named, term.is_negated, &term.value),
            _ => Err(unsupported(&format!(
                "a comparison of \"{}\"",
                term.property
            ))),
        };
    }
    let is = |wanted: &str| {
        matches!(&term.value, Value::Text(text) if text == wanted)
            && term.operator == Operator::Equal
    };
    match term.property.as_str() {
        // All that is public is that.
        "visibility" => Ok(is("public") != term.is_negated),
        "status" => Ok(is("published") != term.is_negated),
        "type" => Ok(is("post") != term.is_negated),
        // Nothing is.
        "featured" => Ok((term.value == Value::Bool(true)) == term.is_negated),
        "published_at" | "created_at" => published(filter, term, now),
        "updated_at" => updated(filter, term, now),
        other => Err(unsupported(&format!("the property \"{other}\""))),
    }
}

/// The texts of a value: one, or those of a list.
fn texts<'a>(value: &'a Value) -> Result<Vec<&'a str>, String> {
    let values = match value {
        Value::Any(values) | Value::All(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    let text = |value: &'a Value| match value {
        Value::Text(text) => Ok(String::as_str(text)),
        _ => Err(unsupported("a value that is no text")),
    };
    values.iter().map(text).collect()
}

fn name(
    filter: &mut ArticleFilter,
    named: Named,
    is_negated: bool,
    value: &Value,
) -> Result<bool, String> {
    // `primary_tag:-null` is true of all that have one, and nearly all have.
    if *value == Value::Null {
        return Ok(is_negated);
    }
    let texts = texts(value)?;
    let is_all = matches!(value, Value::All(_));
    if named == Named::Id {
        let ids: Vec<_> = texts.iter().filter_map(|text| text.parse().ok()).collect();
        let is_possible = is_negated || !ids.is_empty() && filter.ids.is_empty();
        match is_negated {
            true => filter.exclude_ids.extend(ids),
            false => filter.ids = ids,
        }
        return Ok(is_possible);
    }
    // What is no slug names nothing.
    let slugs: Vec<Slug> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    if slugs.is_empty() || is_all && slugs.len() < texts.len() {
        return Ok(is_negated);
    }
    if slugs.len() > 100 || named != Named::Slug && slugs.len() > 20 {
        return Err(unsupported("too many values"));
    }
    match (named, is_negated) {
        (Named::Tag, false) if is_all => {
            filter.tags.extend(slugs.into_iter().map(|slug| vec![slug]))
        }
        (Named::Tag, false) => filter.tags.push(slugs),
        (Named::Tag, true) => filter.without.tags.extend(slugs),
        (Named::Section, true) => filter.without.sections.extend(slugs),
        (Named::Author, true) => filter.without.authors.extend(slugs),
        (Named::Slug, true) => filter.exclude.extend(slugs),
        (Named::Section, false) if filter.sections.is_empty() && !is_all => filter.sections = slugs,
        (Named::Author, false) if filter.authors.is_empty() && (!is_all || slugs.len() == 1) => {
            filter.authors = slugs;
        }
        (Named::Slug, false) if filter.slugs.is_empty() && !is_all => filter.slugs = slugs,
        _ => {
            return Err(unsupported(
                "several authors, sections or slugs of one post",
            ));
        }
    }
    if filter.tags.len() > 5 {
        return Err(unsupported("more than five tags of one post"));
    }
    Ok(true)
}

/// The instant that a value stands for.
fn instant(value: &Value, now: Timestamp) -> Result<Timestamp, String> {
    match value {
        Value::Before(seconds) => Ok(now.plus(chrono::Duration::seconds(-seconds))),
        Value::Text(text) => date(text).ok_or_else(|| unsupported(&format!("the time \"{text}\""))),
        _ => Err(unsupported("a time that is none")),
    }
}

/// A date, or a date and a time in UTC unless it says otherwise.
fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let naive = [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S%.f",
    ]
    .iter()
    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let day = || {
        let text = match text.len() {
            4 => format!("{text}-01-01"),
            7 => format!("{text}-01"),
            _ => text.to_owned(),
        };
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok()?;
        day.and_hms_opt(0, 0, 0)
    };
    let instant: DateTime<Utc> = naive.or_else(day)?.and_utc();
    let instant = Timestamp::from(instant);
    (Timestamp::EARLIEST..=Timestamp::LATEST)
        .contains(&instant)
        .then_some(instant)
}

/// Bounds are exclusive here: one millisecond more or less makes them inclusive.
fn published(filter: &mut ArticleFilter, term: &Term, now: Timestamp) -> Result<bool, String> {
    if term.is_negated {
        return Err(unsupported("a negated time"));
    }
    let at = instant(&term.value, now)?;
    let millisecond = chrono::Duration::milliseconds(1);
    let later =
        |bound: Option<Timestamp>, at: Timestamp| Some(bound.map_or(at, |bound| bound.max(at)));
    let earlier =
        |bound: Option<Timestamp>, at: Timestamp| Some(bound.map_or(at, |bound| bound.min(at)));
    match term.operator {
        Operator::Greater => filter.published_after = later(filter.published_after, at),
        Operator::GreaterOrEqual => {
            filter.published_after = later(filter.published_after, at.plus(-millisecond));
        }
        Operator::Less => filter.published_before = earlier(filter.published_before, at),
        Operator::LessOrEqual => {
            filter.published_before = earlier(filter.published_before, at.plus(millisecond));
        }
        Operator::Equal => {
            filter.published_after = later(filter.published_after, at.plus(-millisecond));
            filter.published_before = earlier(filter.published_before, at.plus(millisecond));
        }
        Operator::Contains => return Err(unsupported("a part of a time")),
    }
    Ok(true)
}

fn updated(filter: &mut ArticleFilter, term: &Term, now: Timestamp) -> Result<bool, String> {
    let at = instant(&term.value, now)?;
    let after = match (term.operator, term.is_negated) {
        (Operator::Greater, false) => at,
        (Operator::GreaterOrEqual, false) => at.plus(chrono::Duration::milliseconds(-1)),
        _ => {
            return Err(unsupported(
                "another comparison of \"updated_at\" than > and >=",
            ));
        }
    };
    filter.updated_after = Some(filter.updated_after.map_or(after, |bound| bound.max(after)));
    Ok(true)
}

/// The order of posts.
///
/// # Errors
/// What is not understood, in words.
pub fn order_of_posts(text: Option<&str>, filter: &ArticleFilter) -> Result<ArticleSort, String> {
    let Some(text) = text else {
        return Ok(filter.usual_sort());
    };
    for part in text.split(',') {
        let mut words = part.split_whitespace();
        let property = words.next().unwrap_or_default().to_ascii_lowercase();
        let is_upwards = !words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case("desc"));
        return Ok(match (property.as_str(), is_upwards) {
            // All have the same.
            ("featured" | "visibility" | "status" | "", _) => continue,
            ("published_at" | "created_at", false) => ArticleSort::NewestFirst,
            ("published_at" | "created_at", true) => ArticleSort::OldestFirst,
            ("updated_at", false) => ArticleSort::LastUpdatedFirst,
            ("updated_at", true) => ArticleSort::LastUpdatedLast,
            (other, _) => {
                return Err(not_understood("request", &format!("the order \"{other}\"")));
            }
        });
    }
    Ok(filter.usual_sort())
}

/// Whether tags or authors are wanted by how many articles they have, most first, and not by name.
///
/// # Errors
/// What is not understood, in words.
pub fn is_by_count(text: Option<&str>) -> Result<bool, String> {
    let order = text.unwrap_or("name").to_ascii_lowercase();
    match order.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["name"] | ["name", "asc"] => Ok(false),
        ["count.posts", "desc"] => Ok(true),
        _ => Err(not_understood("request", &format!("the order \"{order}\""))),
    }
}

/// Which tags or authors a filter names: all of them, or these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// All.
    All,
    /// Those with these slugs.
    Slugs(Vec<Slug>),
    /// Those with these ids.
    Ids(Vec<crate::db::Id>),
}

/// Reads a filter of tags or authors.
///
/// # Errors
/// What is not understood, in words.
pub fn of_names(text: Option<&str>) -> Result<Names, String> {
    let Some(text) = text else {
        return Ok(Names::All);
    };
    let parts = match parse(text)? {
        Expression::And(parts) => parts,
        one => vec![one],
    };
    let mut names = Names::All;
    for part in parts {
        let Expression::Term(term) = part else {
            return Err(unsupported("\",\" (or)"));
        };
        let is_plain = term.operator == Operator::Equal && !term.is_negated;
        match term.property.as_str() {
            "visibility" if is_plain && term.value == Value::Text("public".into()) => {}
            "slug" if is_plain && names == Names::All => {
                let slugs = texts(&term.value)?.into_iter();
                names = Names::Slugs(slugs.filter_map(|text| text.parse().ok()).collect());
            }
            "id" if is_plain && names == Names::All => {
                let ids = texts(&term.value)?.into_iter();
                names = Names::Ids(ids.filter_map(|text| text.parse().ok()).collect());
            }
            other => {
                return Err(unsupported(&format!(
                    "the property \"{other}\" in this way"
                )));
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Narrowed {
        of_posts(Some(text), Timestamp::UNIX_EPOCH).unwrap()
    }

    fn slugs(texts: &[&str]) -> Vec<Slug> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn what_lists_can_be_narrowed_by_is_understood() {
        let filter = read("tag:world+published_at:>2026-01-01+author:-alex").unwrap();
        assert_eq!(filter.tags, [slugs(&["world"])]);
        assert_eq!(filter.without.authors, slugs(&["alex"]));
        assert_eq!(
            filter.published_after.unwrap().to_string(),
            "2026-01-01T00:00:00.000Z"
        );
        assert_eq!(read("tags:[a1,b1]").unwrap().tags, [slugs(&["a1", "b1"])]);
        assert_eq!(
            read("tags:[a1+b1]").unwrap().tags,
            [slugs(&["a1"]), slugs(&["b1"])]
        );
        assert_eq!(read("tag:a1,tag:b1").unwrap().tags, [slugs(&["a1", "b1"])]);
        assert_eq!(
            read("(tag:a1,tag:b1)+slug:-x1").unwrap().exclude,
            slugs(&["x1"])
        );
        assert_eq!(
            read("published_at:<=now-1d")
                .unwrap()
                .published_before
                .unwrap()
                .to_string(),
            "1969-12-31T00:00:00.001Z"
        );
        for all in [
            "visibility:public",
            "featured:false",
            "status:published",
            "primary_tag:-null",
            "id:-x",
        ] {
            assert!(read(all).is_some(), "{all}");
        }
        for none in [
            "featured:true",
            "visibility:members",
            "tag:'no slug'",
            "id:x",
            "status:draft",
        ] {
            assert!(read(none).is_none(), "{none}");
        }
    }

    #[test]
    fn the_rest_is_refused_by_name() {
        for (text, named) in [
            ("title:~'flood'", "title"),
            ("tag:a1,author:b1", "different properties"),
            ("tag:>a1", "tag"),
            ("published_at:-now", "negated"),
            ("published_at:soon", "soon"),
            ("email:x", "email"),
            ("author:a1+author:b1", "several authors"),
            ("primary_author:a1", "primary_author"),
        ] {
            let reason = of_posts(Some(text), Timestamp::UNIX_EPOCH).unwrap_err();
            assert!(reason.contains(named), "{text}: {reason}");
        }
    }
}
