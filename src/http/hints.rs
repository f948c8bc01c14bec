//! What was probably meant by a parameter that is not known: a name that is written otherwise, a typing
//! mistake, or the name that other APIs have for the same.

use crate::validation::{near_miss, unknown_but};

/// Our names, each with those that other APIs have for it, in lower case and without what parts their words.
/// Where one can mean several things, the first that the operation has is meant.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "limit",
        "perpage pagesize pagelimit size rows max maxresults num number take first top postsperpage \
         hitsperpage results pagefirst",
    ),
    (
        "cursor",
        "page pagenumber pageno paged pagetoken nextpagetoken pagecursor pageafter pageoffset \
         offset skip startingafter startindex continuation continue nextcursor marker scroll",
    ),
    (
        "sort",
        "order orderby ordering sortby sortorder sortorderby orderdirection sortdirection direction \
         sorting",
    ),
    (
        "count",
        "total withcount totalcount includecount includetotal counttotal withtotal",
    ),
    (
        "section",
        "category categories categoryname categoryslug cat desk channel rubric sections department \
         sectionid sectionname",
    ),
    (
        "tag",
        "tags topic topics keyword keywords label labels tagslug taxonomy subject subjects tagid \
         tagname hashtag",
    ),
    (
        "author",
        "authors byline writer writers contributor contributors creator user authorslug authorname \
         authorid createdby",
    ),
    (
        "language",
        "lang languages locale hl lng languagecode acceptlanguage",
    ),
    (
        "q",
        "query search s term searchterm searchquery text find fulltext phrase word keyword keywords",
    ),
    (
        "published_after",
        "from since after start startdate starttime fromdate datefrom mindate publishedsince \
         publishedfrom publishedatafter publishedatgte publishedatgt publishedatmin dategte \
         dateafter begin begindate",
    ),
    (
        "published_before",
        "to until before end enddate endtime todate dateto maxdate publisheduntil publishedto \
         publishedatbefore publishedatlte publishedatlt publishedatmax datelte datebefore",
    ),
    (
        "updated_after",
        "modifiedafter modifiedsince updatedsince changedsince changedafter updatedatafter \
         updatedatgte updatedatgt updatedfrom modified lastmodified since",
    ),
    ("from", "since after start startdate fromdate begin"),
    ("to", "until before end enddate todate"),
    (
        "history",
        "interval granularity resolution step groupby bucket",
    ),
    (
        "window",
        "period range timeframe timerange timespan hours days since",
    ),
    (
        "by",
        "facet facets groupby aggregate aggregations field type",
    ),
    ("kind", "type taxonomy category"),
    ("slugs", "slug names slugin"),
    ("ids", "id uuid uuids postin idin guid"),
    (
        "include",
        "embed expand with populate extend relations showfields show append includes showelements",
    ),
    (
        "fields",
        "field select only attributes columns props properties projection fl",
    ),
    (
        "body_format",
        "format bodytype contentformat bodyas render outputformat",
    ),
    ("network", "platform channel service networks"),
    ("status", "state statuses poststatus"),
];

/// What to know besides the name.
const ADVICE: &[(&str, &str)] = &[
    (
        "cursor",
        "Pages are turned with the next_cursor of the page before",
    ),
    (
        "sort",
        "A - before its value turns the order round, as in sort=-published_at",
    ),
];

/// The sentence for a parameter that is not known, with the one that was probably meant.
pub fn unknown_parameter(name: &str, known: &[&str]) -> String {
    let (outer, inner) = parts(name);
    let meant = meant(outer, inner, known);
    let mut sentence = unknown_but("parameter", name, meant, known);
    let in_brackets = inner.is_some() && meant.is_some_and(|meant| meant == outer);
    if in_brackets {
        sentence.push_str(". Names have no brackets; commas part several values");
    } else if let Some((_, advice)) = ADVICE.iter().find(|(about, _)| Some(*about) == meant) {
        sentence.push_str(". ");
        sentence.push_str(advice);
    }
    sentence
}

/// A name and what stands behind it in brackets: `tag[]`, `filter[tag]`, `page[size]`.
fn parts(name: &str) -> (&str, Option<&str>) {
    match name.split_once('[') {
        Some((outer, inner)) => (outer, Some(inner.split(']').next().unwrap_or_default())),
        None => (name, None),
    }
}

fn meant<'a>(outer: &str, inner: Option<&str>, known: &[&'a str]) -> Option<&'a str> {
    // Long noise is no name.
    if outer.len() + inner.map_or(0, str::len) > 64 {
        return None;
    }
    let joined = inner.map(|inner| format!("{outer}{inner}"));
    let words = [joined.as_deref(), Some(outer), inner];
    let mut words = words.into_iter().flatten().map(compact);
    words
        .find_map(|word| written_otherwise(&word, known).or_else(|| called_elsewhere(&word, known)))
        .or_else(|| mistyped(outer, known))
        .or_else(|| mistyped(inner?, known))
}

fn mistyped<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    // One letter is near any other.
    (word.chars().count() > 1)
        .then(|| near_miss(&word.to_lowercase(), known))
        .flatten()
}

/// Letters and digits alone, in lower case.
fn compact(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_ascii_alphanumeric());
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

fn written_otherwise<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known.iter().find(|name| compact(name) == word).copied()
}

fn called_elsewhere<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let meanings = ELSEWHERE
        .iter()
        .filter(|(_, names)| names.split(' ').any(|name| name == word));
    meanings
        .filter_map(|(ours, _)| known.iter().find(|name| *name == ours))
        .next()
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &[&str] = &[
        "limit",
        "cursor",
        "count",
        "sort",
        "include",
        "body_format",
        "fields",
        "tag",
        "author",
        "section",
        "language",
        "published_after",
        "published_before",
        "updated_after",
        "slugs",
        "ids",
        "q",
    ];

    #[test]
    fn what_was_meant_is_named() {
        for (name, meant) in [
            ("limt", "limit"),
            ("LIMIT", "limit"),
            ("tag[]", "tag"),
            ("tag[0]", "tag"),
            ("tag[in]", "tag"),
            ("tags[]", "tag"),
            ("tga[]", "tag"),
            ("ids[]", "ids"),
            ("filter[tag]", "tag"),
            ("filter[category]", "section"),
            ("fields[articles]", "fields"),
            ("page[size]", "limit"),
            ("page[number]", "cursor"),
            ("page", "cursor"),
            ("per_page", "limit"),
            ("perPage", "limit"),
            ("per-page", "limit"),
            ("offset", "cursor"),
            ("order_by", "sort"),
            ("category", "section"),
            ("publishedAfter", "published_after"),
            ("published-after", "published_after"),
            ("published_at[gte]", "published_after"),
            ("published_at_lte", "published_before"),
            ("modified_after", "updated_after"),
            ("lang", "language"),
            ("search", "q"),
            ("s", "q"),
            ("_embed", "include"),
            ("_fields", "fields"),
            ("post__in", "ids"),
            ("show-fields", "include"),
        ] {
            let sentence = unknown_parameter(name, LIST);
            assert!(
                sentence.contains(&format!("did you mean \"{meant}\"?")),
                "{name}: {sentence}"
            );
        }
    }

    #[test]
    fn noise_means_nothing_and_nothing_is_named_that_is_not_there() {
        let brackets = "[".repeat(10_000);
        for name in [
            "wibble",
            "",
            "[",
            "[]",
            "]",
            "\u{0}",
            "🎉[🎉]",
            &brackets,
            &"tag".repeat(10_000),
        ] {
            let sentence = unknown_parameter(name, LIST);
            assert!(!sentence.contains("did you mean"), "{sentence}");
        }
        assert!(!unknown_parameter("page", &["limit"]).contains("did you mean"));
        assert!(unknown_parameter("since", &["history", "from", "to"]).contains("\"from\"?"));
        for (ours, names) in ELSEWHERE {
            for name in names.split(' ') {
                assert_eq!(compact(name), name, "{ours}");
                assert_ne!(compact(ours), name);
            }
        }
    }
}
