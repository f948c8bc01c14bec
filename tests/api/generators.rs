//! The OpenAPI document has the form that generators of clients read, as far as that can be seen without any of them;
//! `tests/clients/check` runs them.

use std::collections::{BTreeMap, BTreeSet};

use dateline::articles::model::ArticleSort;
use dateline::auth::model::Right;
use dateline::shares::model::Network;
use serde_json::{Value, json};

use crate::harness::DOCUMENT;
use crate::schemas::schemas;

fn visit(value: &Value, look: &mut impl FnMut(&Value)) {
    look(value);
    match value {
        Value::Object(fields) => fields.values().for_each(|field| visit(field, look)),
        Value::Array(items) => items.iter().for_each(|item| visit(item, look)),
        _ => {}
    }
}

#[test]
fn schemas_have_the_form_that_generators_read() {
    let mut references = BTreeSet::new();
    visit(&DOCUMENT, &mut |value| {
        references.extend(value["$ref"].as_str().map(str::to_owned));
        assert!(value.get("allOf").is_none(), "a sum of objects: {value}");
        if let Some(choices) = value["oneOf"].as_array()
            && value.get("required").is_none()
        {
            let nulls = choices
                .iter()
                .filter(|choice| choice["type"] == "null")
                .count();
            let nested = choices.iter().any(|choice| choice.get("oneOf").is_some());
            assert!(nulls <= 1 && !nested, "null twice: {value}");
            assert!(
                value.get("properties").is_none(),
                "choices beside fields: {value}"
            );
        }
    });
    for (name, schema) in schemas() {
        assert!(
            references.contains(&format!("#/components/schemas/{name}")),
            "{name} is not used"
        );
        let kind = &schema["type"];
        assert!(
            schema["properties"].is_object()
                || schema["enum"].is_array()
                || schema["oneOf"].is_array()
                || *kind == "object",
            "{name} names something plain: {schema}"
        );
    }
}

/// Go has one namespace for the constants of all closed sets, and for types.
#[test]
fn no_two_named_closed_sets_have_a_word_in_common() {
    let mut constants: BTreeMap<String, &str> = BTreeMap::new();
    for (name, schema) in schemas() {
        let given = schema.get("x-enum-varnames");
        let words = given.unwrap_or(&schema["enum"]).as_array();
        for word in words.into_iter().flatten() {
            let word = word.as_str().unwrap();
            let constant = given.map_or_else(|| word.to_uppercase(), |_| word.to_owned());
            if let Some(other) = constants.insert(constant.clone(), name) {
                panic!(
                    "{other} and {name} both have {constant}: inline the one of them that is used once"
                );
            }
        }
    }
}

#[test]
fn lists_refer_to_their_items() {
    for (path, items) in [
        ("/v1/articles", "ArticleSummary"),
        ("/v1/trending", "ArticleSummary"),
        ("/v1/articles/{slug}/related", "ArticleSummary"),
        ("/v1/tags", "Tag"),
        ("/v1/authors", "Author"),
        ("/v1/editorial/articles", "EditorialArticleSummary"),
    ] {
        let content = &DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"];
        let list = content["application/json"]["schema"]["$ref"]
            .as_str()
            .unwrap();
        let list = list.rsplit('/').next().unwrap();
        let items_are = &schemas()[list]["properties"]["data"]["items"];
        assert_eq!(
            *items_are,
            json!({"$ref": format!("#/components/schemas/{items}")}),
            "{path}"
        );
    }
    for name in [
        "ArticlePage",
        "TagPage",
        "AuthorPage",
        "EditorialArticlePage",
    ] {
        assert!(schemas().contains_key(name), "{name}");
    }
}

#[test]
fn what_is_sent_is_closed_and_what_is_received_is_open() {
    for (name, schema) in schemas() {
        let is_sent = name.ends_with("Input") || name.ends_with("Patch");
        if schema["properties"].is_object() && is_sent {
            assert_eq!(schema["additionalProperties"], false, "{name}");
        }
    }
    for name in [
        "Article",
        "ArticleSummary",
        "LeadImage",
        "Seo",
        "Tag",
        "Problem",
        "PageInfo",
    ] {
        assert!(
            schemas()[name].get("additionalProperties").is_none(),
            "{name}"
        );
    }
}

#[test]
fn what_tells_choices_apart_names_each_of_them() {
    visit(&DOCUMENT, &mut |value| {
        let Some(mapping) = value.pointer("/discriminator/mapping") else {
            return;
        };
        let property = value["discriminator"]["propertyName"].as_str().unwrap();
        let choices = value["oneOf"].as_array().unwrap();
        assert_eq!(mapping.as_object().unwrap().len(), choices.len(), "{value}");
        for (word, target) in mapping.as_object().unwrap() {
            assert!(
                choices.contains(&json!({ "$ref": target })),
                "{word}: {value}"
            );
            let schema = &schemas()[target.as_str().unwrap().rsplit('/').next().unwrap()];
            assert_eq!(
                schema["properties"][property]["enum"],
                json!([word]),
                "{word}"
            );
        }
    });
}

#[test]
fn closed_sets_are_enums_and_comma_lists_are_arrays() {
    let parameter = |path: &str, name: &str| {
        let all = DOCUMENT["paths"][path]["get"]["parameters"]
            .as_array()
            .unwrap();
        all.iter()
            .find(|parameter| parameter["name"] == name)
            .unwrap()
            .clone()
    };
    let words = |schema: &Value| {
        let name = schema["$ref"]
            .as_str()
            .and_then(|reference| reference.rsplit('/').next());
        let schema = name.map_or(schema, |name| &schemas()[name]);
        schema["enum"].as_array().map_or(0, Vec::len)
    };
    for (path, name, count) in [
        ("/v1/articles", "sort", ArticleSort::ALL.len()),
        ("/v1/articles", "body_format", 4),
        ("/v1/articles/facets", "by", 4),
        ("/v1/trending", "window", 5),
        ("/v1/trending", "network", Network::ALL.len()),
        ("/v1/tags", "kind", 7),
        ("/v1/tags", "sort", 3),
        ("/v1/articles/{slug}/shares", "history", 2),
        ("/v1/editorial/shares/overview", "window", 5),
    ] {
        assert_eq!(
            words(&parameter(path, name)["schema"]),
            count,
            "{path} {name}"
        );
    }
    for (path, name, count) in [
        ("/v1/articles", "include", 8),
        ("/v1/articles", "fields", 0),
        ("/v1/articles", "author", 0),
        ("/v1/articles", "section", 0),
        ("/v1/articles", "slugs", 0),
        ("/v1/articles", "ids", 0),
        ("/v1/articles/{slug}", "include", 7),
        ("/v1/shares", "slugs", 0),
        ("/v1/editorial/articles", "status", 6),
        ("/v1/editorial/articles", "tag", 0),
    ] {
        let parameter = parameter(path, name);
        assert_eq!(
            (
                &parameter["style"],
                &parameter["explode"],
                &parameter["schema"]["type"]
            ),
            (&json!("form"), &json!(false), &json!("array")),
            "{path} {name}"
        );
        assert_eq!(words(&parameter["schema"]["items"]), count, "{path} {name}");
    }
    for (schema, property, count) in [
        ("Problem", "type", 20),
        ("Me", "kind", 2),
        ("Tokens", "token_type", 1),
    ] {
        assert!(
            words(&schemas()[schema]["properties"][property]) >= count,
            "{schema} {property}"
        );
    }
    assert_eq!(
        words(&schemas()["Me"]["properties"]["rights"]["items"]),
        Right::ALL.len()
    );
}
