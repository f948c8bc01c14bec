//! Closed sets of words: how they are read and written, and how the OpenAPI document says them.

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

/// Defines a closed set of words with what they mean: an enum that is read and written as its words, in JSON, in queries and
/// on the command line, and whose schema lists the meanings. A word may have others that are read as it (`"x" | "twitter"`).
///
/// It takes the enum, what a refusal calls one of its values, what the enum is, and each value with its word and meaning.
#[macro_export]
macro_rules! word_set {
    (
        $type:ident, $what:literal, $about:literal;
        $($name:ident = $word:literal $(| $other:literal)*, $meaning:literal;)*
    ) => {
        #[doc = $about]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $(#[doc = $meaning] $name,)*
        }

        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            const WORDS: &[&str] = &[$($word),*];

            /// Its word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::validation::Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word $(| $other)* => Ok(Self::$name),)*
                    _ => Err($crate::validation::Invalid::word($what, text, Self::WORDS)),
                }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl deserr::Deserr<$crate::validation::Violations> for $type {
            fn deserialize_from_value<V: deserr::IntoValue>(
                value: deserr::Value<V>,
                location: deserr::ValuePointerRef,
            ) -> Result<Self, $crate::validation::Violations> {
                use $crate::validation::Violations;
                <String as deserr::Deserr<Violations>>::deserialize_from_value(value, location)?
                    .parse()
                    .map_err(|invalid| Violations::at(location, invalid))
            }
        }

        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let meanings = [$(concat!("\n- `", $word, "`: ", $meaning)),*].concat();
                let about = format!("{}\n{meanings}", $about);
                $crate::words::schema(&[$(($word, Self::$name)),*], &about)
            }
        }

        impl utoipa::ToSchema for $type {}
    };
}
