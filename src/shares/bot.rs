//! Telling readers' browsers from programs that open pages by themselves.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// What crawlers, link previews and monitors put into their user agents, in lower case.
/// Those that say what they are do so with one of these words; those that do not cannot be told by
/// any list.
const WORDS: &[&str] = &[
    "bot",
    "crawl",
    "spider",
    "slurp",
    "scrape",
    "archiver",
    "facebookexternalhit",
    "facebookcatalog",
    "meta-externalagent",
    "mediapartners-google",
    "feedfetcher",
    "google-read-aloud",
    "lighthouse",
    "pingdom",
    "preview",
    "monitor",
    "validator",
];

/// Telephones by a maker of this name.
const PHONE: &str = "cubot";

static FOUND: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        // Of words that begin at the same place or within each other, the first of the list.
        .match_kind(aho_corasick::MatchKind::LeftmostFirst)
        .build([PHONE].iter().chain(WORDS))
        .expect("a short list of words")
});

/// Whether a user agent is that of a program that no reader steers, by its own word. A missing one
/// is: browsers always send theirs.
pub fn is_bot(user_agent: &[u8]) -> bool {
    user_agent.trim_ascii().is_empty()
        || FOUND
            .find_iter(user_agent)
            .any(|found| found.pattern().as_usize() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bots_are_told_by_their_word() {
        for agent in [
            "",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "facebookexternalhit/1.1",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)",
            "Mozilla/5.0 (compatible; Yahoo! Slurp)",
            "Slackbot-LinkExpanding 1.0",
        ] {
            assert!(is_bot(agent.as_bytes()), "{agent}");
        }
        for agent in [
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG 9) AppleWebKit/537.36 Chrome/130.0 Mobile",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) [FBAN/FBIOS;FBAV/480.0]",
            "curl/8.5.0",
            "Newsreader/3 (our own app)",
        ] {
            assert!(!is_bot(agent.as_bytes()), "{agent}");
        }
    }
}
