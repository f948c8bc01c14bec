//! Words as they belong together.
//!
//! What a hyphen, an apostrophe or a dot joins is found by its parts and as one word: `e-mail`,
//! `COVID-19`, `Hawaiʻi` and `Node.js` are `email`, `covid19`, `hawaii` and `nodejs` as well. So a
//! text has two rows of words, as they are written and joined, and a phrase may stand in either. In the
//! joined row umlauts are spelled out (`zuerich`).
//!
//! Initials are one word (`U.S.`, `J. K.`), and so are names with signs ([`signs`](super::signs)).

use super::signs::{is_sign, with_signs};
use super::words::{Word, is_hangul, is_unparted, kept, words};
use crate::characters::{is_apostrophe, is_hyphen, is_ignorable};

/// Most words that are joined to one; most initials that are.
const MAX_PARTS: usize = 8;
/// Most parts of a long compound that are found joined without the others.
const MAX_PARTS_WITHIN: usize = 6;
/// Words on either side of a joined one that a phrase with it may have.
const BESIDE: usize = 2;

/// One word, or several that are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its words as they are written, at least one.
    words: Vec<Word>,
    /// All of it as one word, where that is another one.
    joined: Option<Word>,
    /// What it is found by besides, but not in phrases.
    within: Vec<Word>,
}

/// A text as searches know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading(Vec<Token>);

impl Reading {
    /// Reads a text.
    pub fn new(text: &str) -> Self {
        Self(compounds(text, initials(text, names(text, words(text)))))
    }

    /// The words as they are written.
    pub fn written(&self) -> Vec<&Word> {
        self.0.iter().flat_map(|token| &token.words).collect()
    }

    /// The words joined where they can be.
    pub fn joined(&self) -> Vec<&Word> {
        let row = self.row_of_joined();
        row.into_iter().map(|(word, _)| word).collect()
    }

    /// The parts of the joined row that are not as written, with a few words on either side.
    pub fn excerpts_of_joined(&self) -> Vec<Vec<&Word>> {
        let row = self.row_of_joined();
        let mut excerpts: Vec<Vec<&Word>> = Vec::new();
        // Up to where the row has been taken.
        let mut taken = 0;
        for (at, _) in row.iter().enumerate().filter(|(_, (_, other))| *other) {
            let from = at.saturating_sub(BESIDE).max(taken);
            let to = (at + BESIDE + 1).min(row.len());
            let words = row[from..to].iter().map(|(word, _)| *word);
            match excerpts.last_mut() {
                Some(last) if from == taken => last.extend(words),
                _ => excerpts.push(words.collect()),
            }
            taken = to;
        }
        excerpts
    }

    /// What is found besides, each by itself.
    pub fn within(&self) -> impl Iterator<Item = &Word> {
        self.0.iter().flat_map(|token| &token.within)
    }

    /// All rows that a term may be found in.
    pub fn rows(&self) -> Vec<Vec<&Word>> {
        let mut rows = vec![self.written()];
        rows.extend(self.excerpts_of_joined());
        rows.extend(self.within().map(|word| vec![word]));
        rows
    }

    /// The joined row; of each word whether it is not as written.
    fn row_of_joined(&self) -> Vec<(&Word, bool)> {
        let row = self.0.iter().flat_map(|token| match &token.joined {
            Some(joined) => vec![(joined, true)],
            None => token.words.iter().map(|word| (word, false)).collect(),
        });
        row.collect()
    }
}

impl From<Word> for Token {
    fn from(word: Word) -> Self {
        let joined = word.spelled.clone().map(|folded| Word {
            folded,
            spelled: None,
            bytes: word.bytes.clone(),
        });
        Self {
            words: vec![word],
            joined,
            within: Vec::new(),
        }
    }
}

/// Words with the signs that belong to them.
fn names(text: &str, words: Vec<Word>) -> Vec<Token> {
    let named = |word| {
        let (word, plain) = with_signs(text, word);
        Token {
            within: plain.into_iter().collect(),
            ..word.into()
        }
    };
    words.into_iter().map(named).collect()
}

/// What stands between two tokens; `None` when they share a character.
fn between<'a>(text: &'a str, one: &Token, next: &Token) -> Option<&'a str> {
    text.get(one.end()..next.start())
}

impl Token {
    fn start(&self) -> usize {
        self.words.first().map_or(0, |word| word.bytes.start)
    }

    fn end(&self) -> usize {
        self.words.last().map_or(0, |word| word.bytes.end)
    }

    /// Whether it is one letter of a script that has initials.
    fn is_initial(&self) -> bool {
        let mut letters = self.words.iter().flat_map(|word| word.folded.chars());
        let letter = letters.next();
        letter.is_some_and(|c| c.is_alphabetic() && !is_unparted(c) && !is_hangul(c))
            && letters.next().is_none()
    }
}

/// Puts letters together that only dots part, or dots and spaces.
fn initials(text: &str, tokens: Vec<Token>) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut run: Vec<Token> = Vec::new();
    let mut parted = None;
    for token in tokens {
        let dots = run.last().filter(|_| run.len() < MAX_PARTS);
        let dots = dots.and_then(|last| dots_between(text, last, &token));
        // `C. U.S.` is a letter at the end of a sentence, and two.
        if dots.is_none() || (run.len() > 1 && dots != parted) {
            found.extend(one_word(text, std::mem::take(&mut run)));
        }
        parted = dots;
        match token.is_initial() {
            true => run.push(token),
            false => found.push(token),
        }
    }
    found.extend(one_word(text, run));
    found
}

/// How two initials are parted: `U.S`, or `J. K.` where the second has a dot and nothing after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dots {
    Close,
    Spaced,
}

fn dots_between(text: &str, one: &Token, next: &Token) -> Option<Dots> {
    if !next.is_initial() {
        return None;
    }
    match between(text, one, next)? {
        "." => Some(Dots::Close),
        ". " | ".\u{a0}" | ".\u{202f}" => {
            // Each is a word for itself, or somebody who types one of them would not find it.
            let before = text[..one.start()].chars().next_back();
            let after = text[next.end()..].strip_prefix('.')?.chars().next();
            let belongs = |c: char| c.is_alphanumeric() || joins(c);
            let is_alone = !before.is_some_and(belongs) && !after.is_some_and(belongs);
            is_alone.then_some(Dots::Spaced)
        }
        _ => None,
    }
}

fn one_word(text: &str, run: Vec<Token>) -> Option<Token> {
    if run.len() < 2 {
        return run.into_iter().next();
    }
    let within: Vec<Word> = run.into_iter().flat_map(|token| token.words).collect();
    let mut word = join(&within, |word| &word.folded);
    // The last dot is theirs as well.
    word.bytes.end += usize::from(text[word.bytes.end..].starts_with('.'));
    Some(Token {
        within,
        ..word.into()
    })
}

/// Words as one.
fn join(parts: &[Word], text: impl Fn(&Word) -> &str) -> Word {
    let start = parts.first().map_or(0, |word| word.bytes.start);
    let end = parts.last().map_or(start, |word| word.bytes.end);
    Word {
        folded: kept(parts.iter().map(text).collect()),
        spelled: None,
        bytes: start..end,
    }
}

/// Puts words together that a hyphen, an apostrophe or a dot joins.
fn compounds(text: &str, tokens: Vec<Token>) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut parts = 0;
    for token in tokens {
        match found.last_mut() {
            Some(last) if parts < MAX_PARTS && are_joined(text, last, &token) => {
                parts += 1;
                last.within.extend(token.within);
                last.words.extend(token.words);
            }
            _ => {
                parts = 1;
                found.push(token);
            }
        }
    }
    found.iter_mut().for_each(Token::compound);
    found
}

/// Whether a sign between two words joins them.
fn joins(sign: char) -> bool {
    is_apostrophe(sign) || is_hyphen(sign) || matches!(sign, '.' | '·' | '\u{2027}')
}

fn are_joined(text: &str, one: &Token, next: &Token) -> bool {
    let Some(between) = between(text, one, next) else {
        return false;
    };
    let mut signs = between.chars().filter(|c| !is_ignorable(*c));
    let sign = signs.next().is_some_and(joins) && signs.next().is_none();
    let last = one.words.last().and_then(|word| word.folded.chars().last());
    let first = next
        .words
        .first()
        .and_then(|word| word.folded.chars().next());
    let (Some(last), Some(first)) = (last, first) else {
        return false;
    };
    let is_sharp = next.words.iter().any(|word| word.folded.ends_with('＃'));
    // 3.14 and 2019-20 are numbers, not one.
    let numbers = last.is_numeric() && first.is_numeric();
    let apart = |c: char| is_unparted(c) || is_sign(c);
    sign && !numbers
        && !is_sharp
        && !apart(last)
        && !apart(first)
        && is_hangul(last) == is_hangul(first)
}

impl Token {
    /// What several words are as one, and each few of them.
    fn compound(&mut self) {
        let parts = &self.words;
        if parts.len() < 2 {
            return;
        }
        let spelled = join(parts, Word::spelled_out);
        let plain = |parts: &[Word]| join(parts, |word| &word.folded);
        let mut within = Vec::new();
        within.extend(
            parts
                .iter()
                .filter_map(|word| Token::from(word.clone()).joined),
        );
        for count in 2..=parts.len() {
            if count > MAX_PARTS_WITHIN && count < parts.len() {
                continue;
            }
            for some in parts.windows(count) {
                within.push(plain(some));
                within.push(join(some, Word::spelled_out));
            }
        }
        within.dedup();
        within.retain(|word| word.folded != spelled.folded);
        self.within.extend(within);
        self.joined = Some(spelled);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::query::Query;

    fn rows(text: &str) -> (String, String, Vec<String>) {
        let reading = Reading::new(text);
        let row = |words: Vec<&Word>| {
            let words: Vec<&str> = words.into_iter().map(|word| word.folded.as_str()).collect();
            words.join(" ")
        };
        let within = reading.within().map(|word| word.folded.clone()).collect();
        (row(reading.written()), row(reading.joined()), within)
    }

    #[test]
    fn words_are_joined_where_a_sign_joins_them() {
        for (text, written, joined, within) in [
            ("An e-mail", "an e mail", "an email", vec![]),
            ("COVID‑19", "covid 19", "covid19", vec![]),
            ("Hawaiʻi", "hawai i", "hawaii", vec![]),
            (
                "O’Neill’s",
                "o neill s",
                "oneills",
                vec!["oneill", "neills"],
            ),
            ("Node.js", "node js", "nodejs", vec![]),
            (
                "The U.S. signs",
                "the us signs",
                "the us signs",
                vec!["u", "s"],
            ),
            ("N.A.T.O.", "nato", "nato", vec!["n", "a", "t", "o"]),
            ("J. K. Rowling", "jk rowling", "jk rowling", vec!["j", "k"]),
            (
                "Vitamin C. U.S. A. Lee",
                "vitamin c us a lee",
                "vitamin c us a lee",
                vec!["u", "s"],
            ),
            ("plan B. A day", "plan b a day", "plan b a day", vec![]),
            ("U.S.-led", "us led", "usled", vec!["u", "s"]),
            ("Ph.D.", "ph d", "phd", vec![]),
            (
                "C++, C# and F♯; a.C",
                "c＋＋ c＃ and f＃ ac",
                "c＋＋ c＃ and f＃ ac",
                vec!["a", "c"],
            ),
            ("C++17", "c＋＋ 17", "c＋＋ 17", vec![]),
            (
                "the .NET way",
                "the ．net way",
                "the ．net way",
                vec!["net"],
            ),
            ("so ...next", "so next", "so next", vec![]),
            ("Zürich", "zurich", "zuerich", vec![]),
            (
                "Süd-Tirol",
                "sud tirol",
                "suedtirol",
                vec!["sued", "sudtirol"],
            ),
            ("3.14, 2019-20", "3 14 2019 20", "3 14 2019 20", vec![]),
            ("one - two -- x", "one two x", "one two x", vec![]),
            (
                "東-京 A-가 C#-x",
                "東 京 a 가 c＃ x",
                "東 京 a 가 c＃ x",
                vec![],
            ),
            ("#MeToo 5+", "metoo 5", "metoo 5", vec![]),
        ] {
            let within: Vec<String> = within.iter().map(ToString::to_string).collect();
            assert_eq!(
                rows(text),
                (written.into(), joined.into(), within),
                "{text}"
            );
        }
    }

    #[test]
    fn a_long_compound_has_few_words() {
        let long = vec!["ab"; 1_000].join("-");
        let reading = Reading::new(&long);
        assert_eq!(reading.written().len(), 1_000);
        assert!(reading.within().count() < 30 * 125);
        let initials = "a.".repeat(1_000);
        assert!(Reading::new(&initials).rows().len() < 20_000);
    }

    #[test]
    fn what_is_joined_stands_among_its_neighbours() {
        let reading =
            Reading::new("one two three e-mail four five six seven eight nine COVID-19 ten");
        let excerpts: Vec<Vec<&str>> = reading
            .excerpts_of_joined()
            .iter()
            .map(|row| row.iter().map(|word| word.folded.as_str()).collect())
            .collect();
        assert_eq!(
            excerpts,
            [
                vec!["two", "three", "email", "four", "five"],
                vec!["eight", "nine", "covid19", "ten"],
            ]
        );
        assert_eq!(
            Reading::new("e-mail a b c COVID-19")
                .excerpts_of_joined()
                .len(),
            1
        );
    }

    #[test]
    fn spellings_find_each_other() {
        for (text, typed) in [
            ("Hawaiʻi volcano", "Hawaii"),
            ("Hawaiʻi volcano", "Hawai'i"),
            ("Hawaii volcano", "Hawaiʻi"),
            ("Hawai’i’s volcano", "hawaii"),
            ("Hawaiʻi volcano", "\"hawaii volcano\""),
            ("An e-mail warning", "\"email warning\""),
            ("An email warning", "\"e-mail warning\""),
            ("an e mail", "e-mail"),
            ("long-term", "long term"),
            ("US troops", "U.S."),
            ("U.S. troops", "\"us troops\""),
            ("J. D. Vance", "JD Vance"),
            ("J.D. Vance", "J. D. Vance"),
            ("Stadt Zürich", "\"Stadt Zuerich\""),
            ("Stadt Zürich", "\"stadt zurich\""),
            ("Zuerich", "Zürich"),
            ("Aarhus", "Århus"),
            ("COVID-19-related", "covid19"),
            ("O’Neill’s", "oneill"),
            ("서울시가 예산안을", "예산안"),
            ("AI가", "AI"),
            ("the .NET way", ".net"),
            ("the .NET way", "net"),
            ("Ukraine’s Комп'ютер", "комп’ютер"),
            ("New York-based", "\"new york\""),
        ] {
            let reading = Reading::new(text);
            for term in Query::parse(typed).wanted {
                assert!(term.is_in(&reading), "{typed} in {text}");
            }
        }
        for (text, typed) in [
            ("Vitamin C", "C++"),
            ("Vitamin C", "C#"),
            ("C++ and C#", "C"),
            ("a net profit", ".net"),
            ("a blue poem", "blu"),
            ("각", "가"),
            ("서울시", "서"),
            ("3.14", "314"),
        ] {
            let reading = Reading::new(text);
            let found = Query::parse(typed)
                .wanted
                .iter()
                .all(|term| term.is_in(&reading));
            assert!(!found, "{typed} in {text}");
        }
    }

    proptest! {
        #[test]
        fn readings_are_plain_and_know_where_they_stand(
            text in "\\PC{0,60}|[a-cZü.'’ʻ+#& -]{0,40}",
        ) {
            for word in Reading::new(&text).rows().concat() {
                prop_assert!(!word.folded.is_empty() && word.folded.len() <= 80);
                prop_assert!(word.folded.chars().all(|c| !c.is_ascii() || c.is_ascii_lowercase() || c.is_ascii_digit()));
                prop_assert!(text.get(word.bytes.clone()).is_some());
            }
        }

        #[test]
        fn every_text_finds_itself(text in "\\PC{0,40}|[a-cZü.'’ʻ+#가나힣 -]{0,40}") {
            let reading = Reading::new(&text);
            let quoted = text.replace(['"', '“', '”', '„', '‟', '«', '»', '*'], " ");
            for term in Query::parse(&format!("\"{quoted}\"")).wanted {
                prop_assert!(term.is_in(&Reading::new(&quoted)), "{term:?}");
            }
            for word in reading.rows().concat() {
                let typed = Query::parse(&word.folded);
                prop_assert!(typed.wanted.iter().all(|term| term.is_in(&reading)), "{word:?}");
            }
        }
    }
}
