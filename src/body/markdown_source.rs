//! Markdown → HTML, not yet sanitised: CommonMark with tables, strikethrough, footnotes and bare addresses
//! as links.

use std::collections::HashMap;
use std::ops::Range;

use linkify::{LinkFinder, LinkKind};
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::bounds::{self, MAX_CELLS, MAX_DEPTH};
use super::normalise::shown;
use super::write::collapse;
use crate::validation::{Violation, Violations};

/// Markdown as HTML, and what an editor should know of it.
pub(super) fn to_html(markdown: &str) -> Result<(String, Violations), Violation> {
    let mut warnings = Violations::default();
    let (front_matter, markdown) = without_front_matter(markdown);
    if let Some(front_matter) = front_matter {
        let detail = format!(
            "the front matter {} is not shown to readers; fields of the article have what it says",
            shown(&collapse(front_matter))
        );
        warnings.push(Violation::whole("hidden_text_removed", detail));
    }
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let mut too_deep = false;
    let mut open = 0_usize;
    let mut cells = 0_usize;
    let mut columns = 0;
    let parser = Parser::new_ext(markdown, options).into_offset_iter();
    let events = parser.take_while(|(event, range)| {
        match event {
            Event::Start(tag) => {
                open += 1;
                cells += usize::from(*tag == Tag::TableCell);
                match tag {
                    Tag::Table(alignments) => columns = alignments.len(),
                    Tag::TableRow if cells_of(&markdown[range.clone()]) > columns => {
                        let row = shown(markdown[range.clone()].trim());
                        let detail = format!(
                            "the row {row} has more cells than its table has columns; those are left out"
                        );
                        warnings.push(Violation::whole("words_removed", detail));
                    }
                    _ => {}
                }
            }
            Event::End(_) => open = open.saturating_sub(1),
            _ => {}
        }
        too_deep = open > MAX_DEPTH;
        !too_deep && cells <= MAX_CELLS
    });
    let events = Footnotes::default().placed(with_links(events));
    if too_deep {
        return Err(bounds::too_deep());
    }
    if cells > MAX_CELLS {
        return Err(bounds::too_many_cells());
    }
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events.into_iter());
    Ok((html, warnings))
}

/// How many cells a row of a table is written with; a backslash keeps a bar in its cell.
fn cells_of(row: &str) -> usize {
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    let mut bars = 0;
    let (mut is_escaped, mut ends_with_bar) = (false, false);
    for c in row.chars() {
        ends_with_bar = c == '|' && !is_escaped;
        bars += usize::from(ends_with_bar);
        is_escaped = c == '\\' && !is_escaped;
    }
    bars + 1 - usize::from(ends_with_bar)
}

/// What static site generators read before a text, between lines of `---` (YAML) or `+++` (TOML), and the text.
fn without_front_matter(markdown: &str) -> (Option<&str>, &str) {
    let none = (None, markdown);
    let Some((mark, rest)) = markdown.split_once('\n') else {
        return none;
    };
    let (mark, between) = match mark.trim_end() {
        "---" => ("---", ':'),
        "+++" => ("+++", '='),
        _ => return none,
    };
    let mut end = 0;
    let mut names = 0;
    for line in rest.split_inclusive('\n') {
        let text = line.trim_end();
        if text == mark || mark == "---" && text == "..." {
            let is_any = names > 0;
            let text = &rest[end + line.len()..];
            return if is_any {
                (Some(&rest[..end]), text)
            } else {
                none
            };
        }
        let name = text.split_once(between).map(|(name, _)| name.trim());
        let is_name = name.is_some_and(|name| {
            let known = |c: char| c.is_alphanumeric() || "_-.\"".contains(c);
            !name.is_empty() && name.chars().all(known)
        });
        names += usize::from(is_name && !text.starts_with(' '));
        // Lists, what goes on in the next line, comments, sections of TOML.
        let goes_on = text.is_empty() || text.starts_with([' ', '\t', '-', '#', '[', ']', '}']);
        if !is_name && !goes_on {
            return none;
        }
        end += line.len();
    }
    none
}

// --- Bare addresses -----------------------------------------------------------------------------------

/// Makes links of addresses in the text. What the parser took apart is put together first; where a
/// backslash stands between, the writer wanted it apart.
fn with_links<'a>(events: impl Iterator<Item = (Event<'a>, Range<usize>)>) -> Vec<Event<'a>> {
    let mut all = Vec::new();
    let mut text: Option<(String, usize)> = None;
    let mut closed = 0_usize;
    for (event, range) in events {
        match event {
            Event::Text(part) => match &mut text {
                Some((before, end)) if *end == range.start => {
                    before.push_str(&part);
                    *end = range.end;
                }
                _ => {
                    finish(
                        text.replace((part.into_string(), range.end)),
                        closed,
                        &mut all,
                    );
                }
            },
            event => {
                finish(text.take(), closed, &mut all);
                match &event {
                    Event::Start(tag) if keeps_addresses(&tag.to_end()) => closed += 1,
                    Event::End(tag) if keeps_addresses(tag) => closed = closed.saturating_sub(1),
                    _ => {}
                }
                all.push(event);
            }
        }
    }
    finish(text, closed, &mut all);
    all
}

/// Within links, pictures and code, an address is only text.
fn keeps_addresses(tag: &TagEnd) -> bool {
    matches!(tag, TagEnd::Link | TagEnd::Image | TagEnd::CodeBlock)
}

fn finish(text: Option<(String, usize)>, closed: usize, all: &mut Vec<Event<'_>>) {
    let Some((text, _)) = text else { return };
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    if closed > 0 || !text.contains("://") {
        all.push(Event::Text(text.into()));
        return;
    }
    for span in finder.spans(&text) {
        let part: CowStr<'_> = span.as_str().to_owned().into();
        let is_web = part.starts_with("http://") || part.starts_with("https://");
        if span.kind().is_none() || !is_web {
            all.push(Event::Text(part));
            continue;
        }
        let link = Tag::Link {
            link_type: LinkType::Autolink,
            dest_url: part.clone(),
            title: "".into(),
            id: "".into(),
        };
        all.extend([
            Event::Start(link),
            Event::Text(part),
            Event::End(TagEnd::Link),
        ]);
    }
}

// --- Footnotes ----------------------------------------------------------------------------------------

/// Footnotes, which become a numbered list at the end, in the order in which the text refers to them,
/// with links there and back.
#[derive(Default)]
struct Footnotes<'a> {
    numbers: HashMap<String, usize>,
    names: Vec<String>,
    notes: HashMap<String, Vec<Event<'a>>>,
    references: HashMap<String, usize>,
}

impl<'a> Footnotes<'a> {
    fn placed(mut self, events: Vec<Event<'a>>) -> Vec<Event<'a>> {
        let mut text = Vec::with_capacity(events.len());
        let mut open: Option<String> = None;
        for event in events {
            match event {
                Event::Start(Tag::FootnoteDefinition(name)) => open = Some(name.to_string()),
                Event::End(TagEnd::FootnoteDefinition) => open = None,
                event => {
                    let event = match event {
                        Event::FootnoteReference(name) => self.reference(&name),
                        event => event,
                    };
                    match &open {
                        Some(name) => self.notes.entry(name.clone()).or_default().push(event),
                        None => text.push(event),
                    }
                }
            }
        }
        text.extend(self.list());
        text
    }

    fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), self.names.len());
        self.names.len()
    }

    fn reference(&mut self, name: &str) -> Event<'a> {
        let number = self.number(name);
        let count = self.references.entry(name.to_owned()).or_default();
        *count += 1;
        let id = match *count {
            1 => format!(" id=\"fnref-{number}\""),
            _ => String::new(),
        };
        let html = format!("<sup{id}><a href=\"#fn-{number}\">{number}</a></sup>");
        Event::InlineHtml(html.into())
    }

    fn list(mut self) -> Vec<Event<'a>> {
        let mut unnamed: Vec<String> = self.notes.keys().cloned().collect();
        unnamed.sort();
        // A note that nothing refers to is read all the same.
        for name in unnamed {
            self.number(&name);
        }
        let mut events = Vec::new();
        for (index, name) in self.names.iter().enumerate() {
            let number = index + 1;
            let mut note = self.notes.remove(name).unwrap_or_default();
            if note.is_empty() {
                note.push(Event::Text(name.clone().into()));
            }
            if self.references.contains_key(name) {
                add_way_back(&mut note, number);
            }
            events.push(html(format!("<li id=\"fn-{number}\">")));
            events.append(&mut note);
            events.push(html("</li>".into()));
        }
        if !events.is_empty() {
            events.insert(0, html("<ol>".into()));
            events.push(html("</ol>".into()));
        }
        events
    }
}

fn html<'a>(html: String) -> Event<'a> {
    Event::Html(html.into())
}

/// Puts the link back at the end of the note's last paragraph.
fn add_way_back(note: &mut Vec<Event<'_>>, number: usize) {
    let link = format!(" <a href=\"#fnref-{number}\">↩</a>");
    let at = match note.last() {
        Some(Event::End(TagEnd::Paragraph)) => note.len() - 1,
        _ => note.len(),
    };
    note.insert(at, Event::InlineHtml(link.into()));
}
