//! The language of Ghost's parameter `filter`: `tag:world+published_at:>2026-01-01`. `,` means or, and `+`, which binds tighter, and.

use std::iter::Peekable;
use std::str::Chars;

/// Most characters of a filter.
const MOST: usize = 2_000;
/// How deep brackets may stand in brackets.
const DEEPEST: usize = 10;

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// All of these.
    And(Vec<Expression>),
    /// Any of these.
    Or(Vec<Expression>),
    /// One property.
    Term(Term),
}

/// What is said of a property.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// Which: `tag`, `published_at`, `authors.slug`.
    pub property: String,
    /// How it is compared.
    pub operator: Operator,
    /// Whether the opposite is meant.
    pub is_negated: bool,
    /// With what.
    pub value: Value,
}

/// How a property is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// It is that.
    Equal,
    /// It is larger.
    Greater,
    /// It is that or larger.
    GreaterOrEqual,
    /// It is smaller.
    Less,
    /// It is that or smaller.
    LessOrEqual,
    /// It contains that, begins or ends with it.
    Contains,
}

/// What a property is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A word, a quoted text, or a number.
    Text(String),
    /// `now-7d`: so many seconds before now; after it, when negative.
    Before(i64),
    /// `[a,b]`: any of these.
    Any(Vec<Value>),
    /// `[a+b]`: all of these.
    All(Vec<Value>),
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    depth: usize,
}

/// Reads a filter.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse(text: &str) -> Result<Expression, String> {
    if text.chars().count() > MOST {
        return Err(format!("A filter has at most {MOST} characters."));
    }
    let mut parser = Parser {
        rest: text.chars().peekable(),
        depth: 0,
    };
    let expression = parser.or()?;
    match parser.next_sign() {
        None => Ok(expression),
        Some(found) => Err(format!("The filter cannot have \"{found}\" there.")),
    }
}

impl Parser<'_> {
    /// The next character that is no space, which stays.
    fn next_sign(&mut self) -> Option<char> {
        while self.rest.peek().is_some_and(|c| c.is_whitespace()) {
            self.rest.next();
        }
        self.rest.peek().copied()
    }

    fn takes(&mut self, wanted: char) -> bool {
        let is_there = self.next_sign() == Some(wanted);
        if is_there {
            self.rest.next();
        }
        is_there
    }

    fn expects(&mut self, wanted: char) -> Result<(), String> {
        if self.takes(wanted) {
            return Ok(());
        }
        Err(match self.next_sign() {
            Some(found) => format!("The filter has \"{found}\" where \"{wanted}\" belongs."),
            None => format!("The filter ends where \"{wanted}\" belongs."),
        })
    }

    fn or(&mut self) -> Result<Expression, String> {
        let mut all = vec![self.and()?];
        while self.takes(',') {
            all.push(self.and()?);
        }
        Ok(match all.len() {
            1 => all.remove(0),
            _ => Expression::Or(all),
        })
    }

    fn and(&mut self) -> Result<Expression, String> {
        let mut all = vec![self.part()?];
        while self.takes('+') {
            all.push(self.part()?);
        }
        Ok(match all.len() {
            1 => all.remove(0),
            _ => Expression::And(all),
        })
    }

    fn part(&mut self) -> Result<Expression, String> {
        if !self.takes('(') {
            return self.term().map(Expression::Term);
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("The filter's brackets stand too deep.".to_owned());
        }
        let inner = self.or()?;
        self.expects(')')?;
        self.depth -= 1;
        Ok(inner)
    }

    fn term(&mut self) -> Result<Term, String> {
        let property = self.word(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        if property.is_empty() {
            return Err("The filter must name a property, as in tag:world.".to_owned());
        }
        self.expects(':')?;
        let is_negated = self.takes('-');
        let operator = match self.next_sign() {
            Some(sign @ ('>' | '<')) => {
                self.rest.next();
                // No space may stand between.
                let or_equal = self.rest.next_if_eq(&'=').is_some();
                match (sign, or_equal) {
                    ('>', false) => Operator::Greater,
                    ('>', true) => Operator::GreaterOrEqual,
                    (_, false) => Operator::Less,
                    (_, true) => Operator::LessOrEqual,
                }
            }
            Some('~') => {
                self.rest.next();
                let _ = self.rest.next_if(|c| matches!(c, '^' | '$'));
                Operator::Contains
            }
            _ => Operator::Equal,
        };
        let value = match self.takes('[') {
            true => self.list()?,
            false => self.value()?,
        };
        Ok(Term {
            property,
            operator,
            is_negated,
            value,
        })
    }

    fn list(&mut self) -> Result<Value, String> {
        let mut values = vec![self.value()?];
        let mut is_all = false;
        loop {
            if self.takes(']') {
                break;
            }
            match self.next_sign() {
                Some(',') if !is_all => {}
                Some('+') if is_all || values.len() == 1 => is_all = true,
                _ => return Err("The filter's list must end with \"]\".".to_owned()),
            }
            self.rest.next();
            values.push(self.value()?);
        }
        Ok(match is_all {
            true => Value::All(values),
            false => Value::Any(values),
        })
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.next_sign() {
            Some('\'') => {
                self.rest.next();
                self.quoted().map(Value::Text)
            }
            Some('"') => Err("The filter takes texts in single quotes.".to_owned()),
            Some('-') | None => Err("The filter lacks a value.".to_owned()),
            Some(_) => {
                let is_part = |c: char| !c.is_whitespace() && !"'\"+,()><=[]~".contains(c);
                let word = self.word(is_part);
                match word.as_str() {
                    "" => Err("The filter lacks a value.".to_owned()),
                    "null" | "NULL" | "Null" => Ok(Value::Null),
                    "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
                    "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
                    "now" => self.relative(),
                    word => Ok(relative(word).unwrap_or_else(|| Value::Text(word.to_owned()))),
                }
            }
        }
    }

    /// `now`, or `now+7d`, whose sign ends a word elsewhere.
    fn relative(&mut self) -> Result<Value, String> {
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('+') {
            return Ok(Value::Before(0));
        }
        let amount: String = ahead
            .by_ref()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        match span(&amount) {
            Some(seconds) => {
                self.rest.nth(amount.chars().count());
                Ok(Value::Before(-seconds))
            }
            // Another part of the filter.
            None => Ok(Value::Before(0)),
        }
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some('\'') => return Ok(text),
                Some('\\') => match self.rest.next() {
                    Some(c @ ('\'' | '"' | '\\')) => text.push(c),
                    Some(c) => text.extend(['\\', c]),
                    None => break,
                },
                Some(c) => text.push(c),
                None => break,
            }
        }
        Err("The filter's text must end with a single quote.".to_owned())
    }

    fn word(&mut self, is_part: impl Fn(char) -> bool) -> String {
        let mut word = String::new();
        self.next_sign();
        while let Some(c) = self.rest.next_if(|c| is_part(*c)) {
            word.push(c);
        }
        word
    }
}

/// `now-7d`.
fn relative(word: &str) -> Option<Value> {
    span(word.strip_prefix("now-")?).map(Value::Before)
}

/// A span of time in seconds: `7d`.
fn span(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 24 * 3_600,
        'w' => 7 * 24 * 3_600,
        'M' => 30 * 24 * 3_600,
        'y' => 365 * 24 * 3_600,
        _ => return None,
    };
    // Longer ago than anything was published.
    (0..=200_000).contains(&number).then_some(number * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn term(property: &str, value: Value) -> Expression {
        Expression::Term(Term {
            property: property.into(),
            operator: Operator::Equal,
            is_negated: false,
            value,
        })
    }

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let (a, b, c) = (
            term("a", text("1")),
            term("b", text("2")),
            term("c", text("3")),
        );
        let and = Expression::And(vec![b.clone(), c.clone()]);
        assert_eq!(
            parse("a:1,b:2+c:3"),
            Ok(Expression::Or(vec![a.clone(), and]))
        );
        let or = Expression::Or(vec![a, b]);
        assert_eq!(parse("(a:1, b:2) + c:3"), Ok(Expression::And(vec![or, c])));
    }

    #[test]
    fn values_are_words_texts_lists_and_times() {
        for (filter, value) in [
            ("a:x-y.z", text("x-y.z")),
            ("a:'x y, \\'z\\''", text("x y, 'z'")),
            ("a:null", Value::Null),
            ("a:TRUE", Value::Bool(true)),
            ("a:[x,y]", Value::Any(vec![text("x"), text("y")])),
            ("a:[x+y]", Value::All(vec![text("x"), text("y")])),
            ("a:now-7d", Value::Before(7 * 24 * 3_600)),
            ("a:now+1h", Value::Before(-3_600)),
            ("a:2026-01-01", text("2026-01-01")),
            ("a:'2026-01-01 00:00:00'", text("2026-01-01 00:00:00")),
        ] {
            assert_eq!(parse(filter), Ok(term("a", value)), "{filter}");
        }
        let Ok(Expression::Term(term)) = parse("published_at:>=2026-01-01") else {
            panic!("one term");
        };
        assert_eq!(
            (term.operator, term.is_negated),
            (Operator::GreaterOrEqual, false)
        );
        let Ok(Expression::Term(term)) = parse("tags.slug:-[a,b]") else {
            panic!("one term");
        };
        assert!(term.is_negated);
        let both = parse("published_at:<now+tag:a").unwrap();
        assert!(matches!(both, Expression::And(parts) if parts.len() == 2));
    }

    #[test]
    fn what_is_no_filter_is_an_error() {
        for filter in [
            "",
            "a",
            "a:",
            ":a",
            "a:b+",
            "a:b,",
            "(a:b",
            "a:b)",
            "a:[b",
            "a:[b+c,d]",
            "a:'b",
            "a:\"b\"",
            "a:-",
            "a:>",
            "a b:c",
            "a:b c:d",
        ] {
            assert!(parse(filter).is_err(), "{filter}");
        }
        assert!(parse(&"(".repeat(100)).is_err());
        assert!(parse(&"a:b+".repeat(1_000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(filter in "[a-z:+,()\\[\\]'~<>=\\- .0-9\\\\]{0,40}") {
            let _ = parse(&filter);
        }
    }
}
