//! Telling readers' browsers from programs that open pages by themselves.

/// What crawlers, link previews and headless browsers put into their user agents, in lower case.
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

/// Whether a user agent is that of a program that no reader steers, by its own word. A missing one
/// is: browsers always send theirs.
pub fn is_bot(user_agent: &[u8]) -> bool {
    let lower = user_agent.to_ascii_lowercase();
    let lower = String::from_utf8_lossy(&lower);
    // Telephones by a maker of this name.
    let lower = lower.replace("cubot", "");
    lower.trim().is_empty() || WORDS.iter().any(|word| lower.contains(word))
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
