//! Telling readers' browsers and apps from programs that no reader steers, by the name that they give
//! themselves in `User-Agent` (RFC 9110, section 10.1.5).
//!
//! What those programs have in common is the end of a product's name (Googlebot, Baiduspider), a name of
//! their own (facebookexternalhit) or the address of a page about them (`+https://…`). What newspapers and
//! their readers' telephones have in their names is no sign: CSMonitor, TalbotCourier, CUBOT.

use std::str::FromStr;

use crate::validation::cut;

/// What a name ends with that says "program": as the last part of a word, or alone at the end of a
/// product's name. `Baiduspider` and `Sogou web spider/4.0` are two of them, `Spider-Man Daily` is not.
const ENDINGS: &[&str] = &[
    "bot",
    "crawl",
    "crawler",
    "spider",
    "scraper",
    "archiver",
    "validator",
];

/// Words that end like that and say nothing of the kind: surnames, places, telephones, animals.
const NOT_ENDINGS: &[&str] = &[
    "abbot",
    "angebot",
    "aufgebot",
    "cabot",
    "chabot",
    "cubot",
    "gebot",
    "jabot",
    "nightcrawler",
    "rabot",
    "sabot",
    "skyscraper",
    "talbot",
    "thibot",
    "turbot",
    "verbot",
];

/// Programs whose names have another end: those that fetch what a link leads to, that read aloud or for a
/// language model, that watch whether a site is up, that drive a browser.
const NAMES: &[&str] = &[
    "bytespider",
    "externalads",
    "externalagent",
    "externalfetcher",
    "facebookcatalog",
    "facebookexternalhit",
    "feedfetcher",
    "googleother",
    "heritrix",
    "httrack",
    "mediapartners",
    "nagios",
    "pingdom",
    "playwright",
    "ptst",
    "puppeteer",
    "scrapy",
    "selenium",
    "site24x7",
    "slurp",
    "statuscake",
    "uptime",
    "zabbix",
    "zgrab",
];

/// The same of two words, one after the other. A word that is a newspaper's as well says something only
/// with the one before it: `SiteMonitor` and `BingPreview`, but not `DailyMonitor` and
/// `Technology Preview`.
const PAIRS: &[(&str, &str)] = &[
    ("anthropic", "ai"),
    ("availability", "monitor"),
    ("bing", "preview"),
    ("chrome", "lighthouse"),
    ("claude", "user"),
    ("cohere", "ai"),
    ("datadog", "synthetics"),
    ("dotcom", "monitor"),
    ("gpt", "user"),
    ("headless", "chrome"),
    ("inspection", "tool"),
    ("link", "monitor"),
    ("link", "preview"),
    ("network", "monitor"),
    ("page", "monitor"),
    ("perplexity", "user"),
    ("phantom", "js"),
    ("read", "aloud"),
    ("relic", "synthetics"),
    ("server", "monitor"),
    ("site", "monitor"),
    ("uri", "preview"),
    ("url", "preview"),
    ("web", "monitor"),
    ("web", "preview"),
    ("website", "monitor"),
];

/// A name in user agents, as a setting gives it: 2 to 64 printable ASCII characters, in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductName(String);

impl FromStr for ProductName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if is_plain && (2..=64).contains(&text.len()) {
            return Ok(Self(text.to_owned()));
        }
        let shown = cut(text, 64);
        Err(format!(
            "it takes names as user agents have them, such as DailyMonitor: 2 to 64 ASCII characters; not \"{shown}\""
        ))
    }
}

impl ProductName {
    /// Whether a user agent has this name, not as a part of a longer word.
    fn is_in(&self, user_agent: &[u8]) -> bool {
        let name = self.0.as_bytes();
        let is_outside = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        user_agent
            .windows(name.len())
            .enumerate()
            .any(|(at, text)| {
                text.eq_ignore_ascii_case(name)
                    && is_outside(at.checked_sub(1).and_then(|before| user_agent.get(before)))
                    && is_outside(user_agent.get(at + name.len()))
            })
    }
}

/// Whose shares are answered and not counted.
#[derive(Debug, Clone, Default)]
pub struct Bots {
    /// What is none, whatever it is called: the newsroom's own apps.
    own_apps: Vec<ProductName>,
    /// What is one although it does not say so.
    others: Vec<ProductName>,
}

impl Bots {
    /// Those that say so and `others`, but not the newsroom's own apps.
    pub fn new(own_apps: Vec<ProductName>, others: Vec<ProductName>) -> Self {
        Self { own_apps, others }
    }

    /// Whether a user agent is that of a program that no reader steers. A missing one is: browsers and
    /// the libraries that apps are made with always send theirs.
    pub fn have(&self, user_agent: &[u8]) -> bool {
        let user_agent = user_agent.trim_ascii();
        if self.own_apps.iter().any(|app| app.is_in(user_agent)) {
            return false;
        }
        user_agent.is_empty()
            || says_so(user_agent)
            || self.others.iter().any(|bot| bot.is_in(user_agent))
    }
}

fn says_so(user_agent: &[u8]) -> bool {
    let mut before: &[u8] = b"";
    has_page_about_itself(user_agent)
        || parts(user_agent).any(|part| {
            let is_bot = part.is_ending() || part.is_listed(before);
            before = part.text;
            is_bot
        })
}

/// `+https://…`: by convention the address of a page that says what a robot is for.
fn has_page_about_itself(user_agent: &[u8]) -> bool {
    let starts = |text: &[u8], with: &[u8]| {
        let start = text.get(..with.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    user_agent
        .split(|byte| *byte == b'+')
        .skip(1)
        .any(|text| starts(text, b"http://") || starts(text, b"https://"))
}

/// A part of a word of a user agent, as capitals show it: `Uptime` and `Robot`.
struct Part<'a> {
    text: &'a [u8],
    /// Its word as far as it.
    word: &'a [u8],
    /// What comes after its word; `None` within it.
    after: Option<&'a [u8]>,
}

impl Part<'_> {
    /// Whether it, its word, or it after the part before it is a program's name.
    fn is_listed(&self, before: &[u8]) -> bool {
        let is = |text: &[u8], name: &str| text.eq_ignore_ascii_case(name.as_bytes());
        let is_name = |name: &&str| is(self.text, name) || is(self.word, name);
        let is_pair = |(first, second): &(&str, &str)| is(self.text, second) && is(before, first);
        NAMES.iter().any(is_name) || PAIRS.iter().any(is_pair)
    }

    /// Whether it ends a word with what says "program".
    fn is_ending(&self) -> bool {
        let Some(after) = self.after else {
            return false;
        };
        let (text, word) = (without_number(self.text), without_number(self.word));
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let ends = |with: &&&str| {
            let start = text.len().checked_sub(with.len());
            start.is_some_and(|start| text[start..].eq_ignore_ascii_case(with.as_bytes()))
        };
        let Some(ending) = ENDINGS.iter().find(ends) else {
            return false;
        };
        let is_other = |name: &&str| is(name) || text.eq_ignore_ascii_case(name.as_bytes());
        if NOT_ENDINGS.iter().any(is_other) {
            return false;
        }
        // A word for itself may be one of a newspaper's name: "The Robot Report".
        let is_alone = is(ending) || is("robot");
        !is_alone || is("bot") || ends_product(after)
    }
}

/// A word without the version at its end.
fn without_number(word: &[u8]) -> &[u8] {
    let end = word.iter().rposition(|byte| !byte.is_ascii_digit());
    &word[..end.map_or(0, |end| end + 1)]
}

/// Whether a product's name ends before this: its version follows, a comment, or nothing.
fn ends_product(after: &[u8]) -> bool {
    match after.first() {
        Some(b' ') => matches!(after.get(1), None | Some(b'(' | b'+' | b'0'..=b'9')),
        byte => matches!(
            byte,
            None | Some(b'/' | b';' | b')' | b'(' | b',' | b'_' | b'@')
        ),
    }
}

/// The parts of a user agent's words.
struct Parts<'a> {
    user_agent: &'a [u8],
    at: usize,
    word: usize,
}

fn parts(user_agent: &[u8]) -> Parts<'_> {
    Parts {
        user_agent,
        at: 0,
        word: 0,
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let all = self.user_agent;
        while !is_of_word(*all.get(self.at)?) {
            self.at += 1;
            self.word = self.at;
        }
        let start = self.at;
        self.at += part_length(&all[start..]);
        let after = &all[self.at..];
        let part = Part {
            text: &all[start..self.at],
            word: &all[self.word..self.at],
            after: (!after.first().is_some_and(|byte| is_of_word(*byte))).then_some(after),
        };
        Some(part)
    }
}

/// Letters and digits; what is not ASCII is a letter.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// How long a part is that begins here: until the word ends, or before a capital that begins one.
fn part_length(text: &[u8]) -> usize {
    let begins = |at: &usize| {
        let (before, here, next) = (text[at - 1], text[*at], text.get(at + 1));
        let is_capital = here.is_ascii_uppercase();
        !is_of_word(here)
            || is_capital && !before.is_ascii_uppercase()
            || is_capital && next.is_some_and(u8::is_ascii_lowercase)
    };
    (1..text.len()).find(begins).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_by_their_names() {
        for agent in [
            "",
            "  ",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Googlebot-Image/1.0",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/130.0",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)",
            "Mozilla/5.0 (compatible; ClaudeBot/1.0; claudebot@anthropic.com)",
            "Mozilla/5.0 (compatible; ChatGPT-User/1.0)",
            "facebookexternalhit/1.1",
            "facebookcatalog/1.0",
            "meta-externalagent/1.1",
            "Mediapartners-Google",
            "FeedFetcher-Google",
            "Mozilla/5.0 Google-Read-Aloud",
            "Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0 Safari/537.36 Chrome-Lighthouse",
            "Twitterbot/1.0",
            "TelegramBot (like TwitterBot)",
            "Slackbot-LinkExpanding 1.0",
            "Mozilla/5.0 (compatible; Yahoo! Slurp China)",
            "Sogou web spider/4.0",
            "Baiduspider+(a page about it)",
            "ia_archiver",
            "W3C_Validator/1.3",
            "BingPreview/1.0b",
            "SkypeUriPreview/0.5",
            "Google Web Preview",
            "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
            "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
            "PingdomTMS/0.8.5",
            "SiteMonitor/2.0",
            "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/130.0.0.0 Safari/537.36",
            "trendictionbot0.5.0",
            "Robot/1.0",
            "a scraper",
            "Some Bot of mine",
            "Mastodon/4.3.0 (http.rb/5.2.0; +https://social.example/)",
        ] {
            assert!(Bots::default().have(agent.as_bytes()), "{agent}");
        }
    }

    #[test]
    fn readers_browsers_and_apps_are_not_told_by_a_part_of_a_word() {
        for agent in [
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Mozilla/5.0 (Macintosh) AppleWebKit/619.1 Version/18.0 Safari/619.1 Safari Technology Preview",
            "Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG 9) AppleWebKit/537.36 Chrome/130.0 Mobile",
            "Mozilla/5.0 (Linux; Android 13; CUBOT_NOTE_20) AppleWebKit/537.36 Chrome/130.0 Mobile",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) [FBAN/FBIOS;FBAV/480.0]",
            "curl/8.5.0",
            "python-requests/2.32",
            "okhttp/4.9",
            "Dart/3.5 (dart:io)",
            "Newsreader/3 (our own app)",
            "CSMonitor/3.1 (iPhone; iOS 17.5)",
            "Christian Science Monitor/3.1",
            "DailyMonitor/2.4 okhttp/4.9",
            "The Monitor",
            "NewsPreview/2.0",
            "TalbotCourier/1.0 (Android 14)",
            "Port Talbot Magnet/1.0",
            "PortTalbot/1.0",
            "BotswanaGazette/5.0 CFNetwork/1494 Darwin/23",
            "Abbott News/1.0",
            "Abbotsford News/4.1 (iPhone; iOS 18)",
            "Newton Abbot Advertiser/1.0",
            "Robotics Today/2.0",
            "The Robot Report/2.1",
            "SpiderMan Daily/3",
            "Spider-Man Daily/3",
            "Crawley Observer/1",
            "CrawleyObserver/1.2 (Android 14)",
            "Skyscraper/1.0",
            "SkyScraper News/2",
            "Archivers Weekly/1",
            "Lighthouse News/2",
            "Angebot/1.0",
        ] {
            assert!(!Bots::default().have(agent.as_bytes()), "{agent}");
        }
    }

    #[test]
    fn settings_name_more_of_both() {
        let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        let bots = Bots::new(names(&["NewsBot", "The Bot"]), names(&["python-requests"]));
        for agent in [
            "NewsBot/2.0 (Android 14)",
            "newsbot",
            "The Bot/1.0 okhttp/4.9",
        ] {
            assert!(!bots.have(agent.as_bytes()), "{agent}");
        }
        for agent in ["OtherNewsBot/2.0", "NewsBot2", "python-requests/2.32", ""] {
            assert!(bots.have(agent.as_bytes()), "{agent}");
        }
        for wrong in ["", "x", "Zeitung\u{fc}", "a\nb", &"x".repeat(65)] {
            assert!(wrong.parse::<ProductName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn any_bytes_are_a_user_agent() {
        for agent in [
            &b"\xff\xfe"[..],
            b"+",
            b"+http",
            b"A",
            b"aB",
            b"://",
            b"bot\xc3",
        ] {
            let _ = Bots::default().have(agent);
        }
        assert!(Bots::default().have(b"bot"));
    }
}
