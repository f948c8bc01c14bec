//! Closed sets of words, as the OpenAPI document says them.

use std::fmt::Debug;

use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

/// The schema of a closed set: its words. Where one of them is no name in programming languages, the names of the
/// values say how generators may call them (`x-enum-varnames`).
pub fn schema<T: Debug>(words: &[(&str, T)], about: &str) -> RefOr<Schema> {
    let begins_with_letter = |(word, _): &(&str, T)| word.starts_with(|c: char| c.is_alphabetic());
    let mut schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(about))
        .enum_values(Some(words.iter().map(|(word, _)| *word)));
    if !words.iter().all(begins_with_letter) {
        let names: Vec<String> = words
            .iter()
            .map(|(_, value)| format!("{value:?}"))
            .collect();
        let names = ExtensionsBuilder::new()
            .add("x-enum-varnames", names)
            .build();
        schema = schema.extensions(Some(names));
    }
    schema.into()
}

/// Says of a type that it is one of the words of a table, with what it means.
#[macro_export]
macro_rules! closed_set {
    ($type:ty, $words:expr, $about:literal) => {
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::words::schema($words, $about)
            }
        }

        impl utoipa::ToSchema for $type {}
    };
}
