//! Whose a picture is, as captions say it.

use super::parts::{paragraphs_without, said};
use super::tree::{Kind, NodeId, Tree};
use super::write::collapse;

/// What stands in front of a name that made a picture, in the languages of newsrooms; in lower case.
const LABELS: &[&str] = &[
    "photo",
    "photos",
    "photograph",
    "photographs",
    "photo credit",
    "photography",
    "picture",
    "pictures",
    "image",
    "images",
    "image credit",
    "picture credit",
    "credit",
    "credits",
    "illustration",
    "graphic",
    "foto",
    "fotos",
    "bild",
    "bilder",
    "bildnachweis",
    "grafik",
    "fotografía",
    "imagen",
    "crédit",
    "crédit photo",
    "crédits",
    "crédito",
    "imagem",
    "immagine",
    "zdjęcie",
    "fot",
    "kuva",
    "billede",
    "фото",
    "снимок",
    "写真",
    "图片",
    "사진",
];

/// What stands in front of a name beside that of a photo; alone it begins a caption as well.
const LABELS_BESIDE: &[&str] = &[
    "video",
    "videos",
    "vidéo",
    "vídeo",
    "audio",
    "animation",
    "map",
    "maps",
    "karte",
    "carte",
    "mapa",
    "infographic",
    "infografik",
    "infographie",
    "infografía",
    "montage",
    "видео",
];

/// What stands between a label and a name.
const BY: &[&str] = &["by ", "par ", "via ", "courtesy of ", "courtesy: "];

/// Marks that part a caption from its credit, and credits from each other.
const SEPARATORS: &[char] = &[' ', '|', '/', '·', '•', '–', '—'];

/// Most characters of a credit at the end of a caption: what is longer is a sentence about a photo.
const MOST: usize = 150;

/// Agencies of pictures, in lower case.
const AGENCIES: &[&str] = &[
    "afp",
    "afp photo",
    "alamy",
    "alamy stock photo",
    "anadolu",
    "anadolu agency",
    "anp",
    "ansa",
    "ap",
    "ap photo",
    "apa",
    "belga",
    "bloomberg",
    "canadian press",
    "dpa",
    "efe",
    "epa",
    "epa-efe",
    "getty",
    "getty images",
    "imago",
    "imago images",
    "jiji press",
    "keystone",
    "kyodo",
    "lehtikuva",
    "lusa",
    "magnum photos",
    "ntb",
    "nurphoto",
    "pa",
    "pa images",
    "pa media",
    "pa wire",
    "picture alliance",
    "polaris",
    "redux",
    "reuters",
    "ritzau scanpix",
    "scanpix",
    "shutterstock",
    "sipa",
    "sipa usa",
    "tass",
    "the canadian press",
    "tt",
    "xinhua",
    "yonhap",
    "zuma press",
];

/// Most words of a credit that is all of a caption.
const MOST_WORDS: usize = 10;

/// Whether an element says of itself that it is a credit.
pub(super) fn is_credit(tree: &Tree, id: NodeId) -> bool {
    const PROPERTIES: &[&str] = &[
        "creator",
        "author",
        "copyrightholder",
        "copyrightnotice",
        "credittext",
        "contributor",
    ];
    let property = tree.attribute(id, "itemprop").unwrap_or_default();
    let says_so = |class: &str| {
        let class = class.to_ascii_lowercase();
        ["credit", "copyright", "photographer"]
            .iter()
            .any(|word| class.contains(word))
    };
    PROPERTIES.contains(&property.to_ascii_lowercase().as_str()) || tree.has_class(id, says_so)
}

/// A caption, and the credit in it: an element that says so, or `small` at its end. Several in a row are
/// one credit.
pub(super) fn credited(tree: &Tree, caption: NodeId) -> (Option<String>, Option<String>) {
    let nodes: Vec<NodeId> = tree.children(caption).collect();
    let Some(credit) = credit_in(tree, caption) else {
        return (said(tree, &nodes), None);
    };
    let credits = with_others(tree, credit);
    let text = paragraphs_without(tree, &nodes, &credits).filter(|html| !html.is_empty());
    let by = credits
        .iter()
        .filter(|id| names(tree, **id))
        .filter_map(|id| said(tree, &tree.children(*id).collect::<Vec<_>>()));
    let by = joined(by);
    (text.map(without_separator), by)
}

/// Several credits as one.
pub(super) fn joined(credits: impl Iterator<Item = String>) -> Option<String> {
    let all = credits.collect::<Vec<_>>().join("; ");
    Some(all).filter(|all| !all.is_empty())
}

fn names(tree: &Tree, id: NodeId) -> bool {
    tree.name(id) == "small" || is_credit(tree, id)
}

/// A credit with those that stand beside it, and the marks that part them.
fn with_others(tree: &Tree, credit: NodeId) -> Vec<NodeId> {
    const MOST_BESIDE: usize = 20;
    let parts = |id: NodeId| match tree.kind(id) {
        Kind::Text(text) => text.trim_matches(SEPARATORS).trim().is_empty(),
        Kind::Silent | Kind::Element("br") => true,
        _ => false,
    };
    let run = |next: fn(&Tree, NodeId) -> Option<NodeId>| {
        let beside = std::iter::successors(next(tree, credit), move |id| next(tree, *id));
        let mut run: Vec<NodeId> = beside
            .take(MOST_BESIDE)
            .take_while(|id| names(tree, *id) || parts(*id))
            .collect();
        while run.last().is_some_and(|id| !names(tree, *id)) {
            run.pop();
        }
        run
    };
    let before = run(Tree::before).into_iter().rev();
    before.chain([credit]).chain(run(Tree::next)).collect()
}

/// The credit among the children of a caption or of its last paragraph.
fn credit_in(tree: &Tree, caption: NodeId) -> Option<NodeId> {
    let inner = super::parts::substance(tree, caption);
    let last = inner.last().copied();
    let within = last.filter(|id| tree.name(*id) == "p");
    let of_last = within
        .map(|id| super::parts::substance(tree, id))
        .unwrap_or_default();
    let ends_small = [inner.last(), of_last.last()]
        .into_iter()
        .flatten()
        .copied()
        .find(|id| tree.name(*id) == "small");
    let says_so = inner
        .iter()
        .chain(&of_last)
        .copied()
        .find(|id| is_credit(tree, *id));
    ends_small.or(says_so)
}

/// A caption without the mark that parted it from its credit.
fn without_separator(html: String) -> String {
    html.trim_end_matches(SEPARATORS).to_owned()
}

/// A caption that ends with a credit: "Photo: X", "Photo by X", "(AP Photo/X)". The caption is inline
/// HTML; a credit within an element of it is not looked for.
pub(super) fn split(caption: &str) -> (Option<String>, Option<String>) {
    let whole = || (Some(caption.to_owned()), None);
    let start = label_start(caption)
        .or_else(|| bracket_start(caption))
        .or_else(|| agency_start(caption));
    let Some(start) = start else { return whole() };
    let (text, credit) = caption.split_at(start);
    let credit = credit.trim();
    if credit.chars().count() > MOST || is_open(credit) {
        return whole();
    }
    // A caption that is nothing else may be a sentence that begins with the word.
    if text.trim().is_empty() && credit.split_whitespace().count() > MOST_WORDS {
        return whole();
    }
    let credit = match credit.strip_prefix('(') {
        None => credit,
        Some(inner) => match inner.strip_suffix(')') {
            Some(inner) if !inner.contains(['(', ')']) => inner,
            _ => return whole(),
        },
    };
    let text = without_separator(text.trim_end_matches("<br>").trim().to_owned());
    (
        Some(text).filter(|text| !text.is_empty()),
        Some(credit.to_owned()),
    )
}

/// Where the last label with a name after it begins: at the start of a sentence, of a line or of
/// brackets; where labels with nothing but names follow each other, the first of them.
fn label_start(caption: &str) -> Option<usize> {
    let near = caption
        .char_indices()
        .filter(|(at, _)| caption.len() - at <= 4 * MOST);
    let starts: Vec<usize> = near
        .filter(|(at, c)| *c == '(' || begins(&caption[..*at]))
        .map(|(at, _)| at)
        .collect();
    let labelled = |at: usize, labels| is_labelled(caption[at..].trim_start_matches('('), labels);
    let mut first = starts.iter().copied().rfind(|at| labelled(*at, LABELS))?;
    if caption[first..].starts_with('(') {
        return Some(first);
    }
    let last = first;
    for at in starts.into_iter().rev().filter(|at| *at < last) {
        let is_label = labelled(at, LABELS) || labelled(at, LABELS_BESIDE);
        let fits = caption[at..].trim_end().chars().count() <= MOST;
        if is_label && fits && !is_open(&caption[at..]) && is_name(&caption[at..first]) {
            first = at;
        }
    }
    Some(first)
}

/// Whether a text after a label is a name and no sentence: it does not go on after a full stop that is
/// not one of initials.
fn is_name(text: &str) -> bool {
    const MOST_NAMES: usize = 8;
    let text = text.trim_end_matches(SEPARATORS);
    let text = text.strip_suffix("<br>").unwrap_or(text).trim_end();
    let text = text.strip_suffix('.').unwrap_or(text);
    let ends = |(sentence, _): (&str, &str)| {
        let word = sentence.rsplit(' ').next().unwrap_or_default();
        word.chars().count() > 2
    };
    let stops = text.match_indices(". ").map(|(at, _)| text.split_at(at));
    text.split_whitespace().count() <= MOST_NAMES && !stops.into_iter().any(ends)
}

fn begins(before: &str) -> bool {
    const ENDS: &[char] = &[
        '.', '!', '?', '…', '”', '"', '|', '/', '·', '•', '–', '—', '>', '。', ')',
    ];
    let before = before.trim_end_matches(' ');
    before.is_empty() || before.ends_with(ENDS)
}

fn is_labelled(text: &str, labels: &[&str]) -> bool {
    if let Some(name) = text.strip_prefix('©') {
        return !collapse(name).is_empty();
    }
    let lower: String = text.chars().take(80).flat_map(char::to_lowercase).collect();
    labels.iter().any(|label| {
        lower.strip_prefix(label).is_some_and(|rest| {
            let rest = rest
                .strip_prefix('.')
                .unwrap_or(rest)
                .trim_start_matches(' ');
            let name = rest
                .strip_prefix([':', '：', '/', '©'])
                .or_else(|| BY.iter().find_map(|by| rest.strip_prefix(by)));
            name.is_some_and(|name| !collapse(name.trim_end_matches([')', '.'])).is_empty())
        })
    })
}

/// Where brackets at the end begin that name a photo of an agency.
fn bracket_start(caption: &str) -> Option<usize> {
    let inner = caption.strip_suffix(')')?;
    let start = inner.rfind('(')?;
    let inside = inner[start + 1..].to_lowercase();
    let names = [
        "photo/",
        "photo by",
        "photo courtesy",
        "/getty",
        "/ap",
        "/reuters",
        "/afp",
    ];
    let is_credit =
        names.iter().any(|name| inside.contains(name)) || names_agency(&inside, MOST_NAMES);
    is_credit.then_some(start)
}

/// Where a name and an agency stand at the end, as a sentence of their own: "REUTERS/X", "X/Getty Images".
fn agency_start(caption: &str) -> Option<usize> {
    let near = caption
        .char_indices()
        .filter(|(at, c)| caption.len() - at <= 4 * MOST && !c.is_whitespace());
    let is_start = |at: usize| begins(&caption[..at]) && !caption[at..].starts_with('<');
    near.map(|(at, _)| at)
        .filter(|at| is_start(*at))
        .find(|at| {
            // A caption that is nothing else is short.
            let most = if *at == 0 { MOST_NAMES - 1 } else { MOST_NAMES };
            let text = &caption[*at..];
            is_name(text) && names_agency(&text.to_lowercase(), most)
        })
}

/// Most words of a photographer's name beside that of an agency.
const MOST_NAMES: usize = 4;

/// Whether a text in lower case is made of names, one of them an agency's, with slashes between them.
fn names_agency(text: &str, most: usize) -> bool {
    let text = text.trim().trim_end_matches('.');
    let text = text.strip_prefix("photo ").unwrap_or(text);
    let parts: Vec<&str> = text.split('/').map(str::trim).collect();
    let is_short = |part: &&str| (1..=most).contains(&part.split_whitespace().count());
    parts.len() > 1
        && parts.iter().all(is_short)
        && parts.iter().any(|part| AGENCIES.contains(part))
}

/// Whether elements of HTML begin or end in it without the other, so that it cannot stand alone.
fn is_open(html: &str) -> bool {
    let tags = html.matches('<').count() - html.matches("<br>").count();
    let closing = html.matches("</").count();
    tags != 2 * closing
}
