//! Bylines that are composed from the names of authors, as newspapers of a language write them.

use crate::names::sort_name;
use crate::text::Language;

/// How a language writes who wrote something.
struct Manner {
    languages: &'static [&'static str],
    /// What stands before the names; empty where papers print the names alone, or where it would depend on
    /// the names' grammar.
    before: &'static str,
    between: &'static str,
    last: &'static str,
}

const fn manner(
    languages: &'static [&'static str],
    before: &'static str,
    last: &'static str,
) -> Manner {
    Manner {
        languages,
        before,
        between: ", ",
        last,
    }
}

/// Languages whose manner is known. Lists are those of the Unicode CLDR, without a comma before the last name.
const MANNERS: &[Manner] = &[
    manner(&["en"], "By ", " and "),
    manner(&["es"], "Por ", " y "),
    manner(&["pt"], "Por ", " e "),
    manner(&["gl"], "Por ", " e "),
    manner(&["ca"], "Per ", " i "),
    manner(&["fr"], "Par ", " et "),
    manner(&["it"], "Di ", " e "),
    manner(&["ro"], "De ", " și "),
    manner(&["de"], "Von ", " und "),
    manner(&["nl"], "Door ", " en "),
    manner(&["da"], "Af ", " og "),
    manner(&["nb", "nn", "no"], "Av ", " og "),
    manner(&["sv"], "Av ", " och "),
    manner(&["fi"], "", " ja "),
    manner(&["hu"], "Írta: ", " és "),
    manner(&["pl"], "", " i "),
    manner(&["cs", "sk"], "", " a "),
    manner(&["tr"], "", " ve "),
    manner(&["ru"], "", " и "),
    manner(&["el"], "", " και "),
    Manner {
        languages: &["zh"],
        before: "",
        between: "、",
        last: "和",
    },
    Manner {
        languages: &["ja"],
        before: "",
        between: "、",
        last: "、",
    },
];

/// Names alone: right in any language.
const UNKNOWN: Manner = manner(&[], "", ", ");

/// "By A, B and C" in a language; empty without names.
pub fn composed(names: &[&str], language: &str) -> String {
    let language: Option<Language> = language.parse().ok();
    let primary = language.as_ref().map_or("", Language::primary);
    let known = MANNERS
        .iter()
        .find(|manner| manner.languages.contains(&primary));
    let Manner {
        before,
        between,
        last,
        ..
    } = known.unwrap_or(&UNKNOWN);
    match names {
        [] => String::new(),
        [one] => format!("{before}{one}"),
        [first @ .., name] => {
            let last = before_vowels(primary, name).unwrap_or(last);
            format!("{before}{}{last}{name}", first.join(between))
        }
    }
}

/// The names of a byline: without the word that a language puts before them.
pub fn names<'a>(byline: &'a str, language: &str) -> &'a str {
    let language: Option<Language> = language.parse().ok();
    let primary = language.as_ref().map_or("", Language::primary);
    let mut known = MANNERS.iter();
    let before = known
        .find(|manner| manner.languages.contains(&primary))
        .map_or("", |manner| manner.before);
    let start = byline.get(..before.len()).unwrap_or_default();
    match start.to_lowercase() == before.to_lowercase() {
        true => byline[before.len()..].trim(),
        false => byline,
    }
}

/// The form that "and" has before a name that begins with its own sound: Spanish "e Isabel", "e Hilario" but
/// "y Ian" and "y Hierro"; Italian "ed Elena".
fn before_vowels(language: &str, name: &str) -> Option<&'static str> {
    let folded = sort_name(name);
    match language {
        "es" => {
            let sounded = folded.strip_prefix('h').unwrap_or(&folded);
            let after = sounded.strip_prefix('i')?.chars().next();
            let is_diphthong = after.is_some_and(|letter| "aeou".contains(letter));
            (!is_diphthong).then_some(" e ")
        }
        "it" => folded.starts_with('e').then_some(" ed "),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_without_what_introduces_them() {
        for (byline, language, expected) in [
            ("By Ana and Luis", "en", "Ana and Luis"),
            ("BY OUR REPORTERS", "en-GB", "OUR REPORTERS"),
            ("Bytown Agency", "en", "Bytown Agency"),
            ("Von Eva", "de", "Eva"),
            ("By Eva", "fi", "By Eva"),
            ("", "en", ""),
        ] {
            assert_eq!(names(byline, language), expected, "{byline}");
        }
    }

    #[test]
    fn names_are_joined_as_the_language_does() {
        for (language, names, byline) in [
            ("en", &["Ana", "Luis"][..], "By Ana and Luis"),
            ("en-GB", &["Ana", "Luis", "Eva"], "By Ana, Luis and Eva"),
            (
                "es",
                &["Ana Pérez", "Luis Gómez"],
                "Por Ana Pérez y Luis Gómez",
            ),
            ("es-419", &["Ana"], "Por Ana"),
            ("es", &["Ana", "Isabel"], "Por Ana e Isabel"),
            ("es", &["Ana", "Íñigo"], "Por Ana e Íñigo"),
            ("es", &["Ana", "Hilario"], "Por Ana e Hilario"),
            ("es", &["Ana", "Ian"], "Por Ana y Ian"),
            ("es", &["Ana", "Hierro"], "Por Ana y Hierro"),
            ("es", &["Isabel", "Yolanda"], "Por Isabel y Yolanda"),
            (
                "pt-BR",
                &["Ana", "Luis", "Isabel"],
                "Por Ana, Luis e Isabel",
            ),
            ("fr", &["Ana", "Luis"], "Par Ana et Luis"),
            ("it", &["Ana", "Luis"], "Di Ana e Luis"),
            ("it", &["Ana", "Elena"], "Di Ana ed Elena"),
            ("de", &["Ana", "Luis"], "Von Ana und Luis"),
            ("nn", &["Ana", "Luis"], "Av Ana og Luis"),
            ("ru", &["Ana", "Luis"], "Ana и Luis"),
            ("zh-Hant", &["甲", "乙", "丙"], "甲、乙和丙"),
            ("ja", &["甲", "乙", "丙"], "甲、乙、丙"),
            ("sw", &["Ana", "Luis", "Eva"], "Ana, Luis, Eva"),
            ("und", &["Ana"], "Ana"),
            ("eng-x-own", &["Ana"], "Ana"),
            ("", &["Ana", "Luis"], "Ana, Luis"),
            ("es", &[], ""),
        ] {
            assert_eq!(composed(names, language), byline, "{language}");
        }
    }

    #[test]
    fn no_language_has_two_manners() {
        let mut all: Vec<&str> = MANNERS
            .iter()
            .flat_map(|manner| manner.languages)
            .copied()
            .collect();
        let known = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), known);
    }
}
