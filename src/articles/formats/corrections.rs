//! Corrections as HTML, where a format has no place of its own for them.

use super::published::Published;
use crate::articles::parts::CorrectionKind;
use crate::body::escape;
use crate::text::Language;

/// What corrections are called, by language: correction, clarification, update.
const KINDS: &[(&str, [&str; 3])] = &[
    ("en", ["Correction", "Clarification", "Update"]),
    ("de", ["Berichtigung", "Klarstellung", "Aktualisierung"]),
    ("es", ["Corrección", "Aclaración", "Actualización"]),
    ("fr", ["Rectificatif", "Précision", "Mise à jour"]),
    ("it", ["Correzione", "Precisazione", "Aggiornamento"]),
    ("nl", ["Correctie", "Verduidelijking", "Update"]),
    ("pt", ["Correção", "Esclarecimento", "Atualização"]),
];

/// The corrections of an article as HTML, to stand above its body.
pub fn corrections(article: &Published) -> String {
    if article.details.corrections.is_empty() {
        return String::new();
    }
    let language: Option<Language> = article.summary.language.parse().ok();
    let primary = language.as_ref().map_or("", Language::primary);
    let known = KINDS.iter().find(|(language, _)| *language == primary);
    let (_, [correction, clarification, update]) = known.unwrap_or(&KINDS[0]);
    let each = article.details.corrections.iter().map(|one| {
        let kind = match one.kind {
            CorrectionKind::Correction => correction,
            CorrectionKind::Clarification => clarification,
            CorrectionKind::Update => update,
        };
        let (day, text) = (one.published_at.utc().format("%F"), escape(&one.text));
        format!("<p><strong>{kind} ({day}):</strong> {text}</p>")
    });
    each.collect()
}
