//! Schemas in the form that client generators read best.
//!
//! A generator makes a type of each named schema. So an object is one object and not the sum of several, what can be
//! null says so once, and what is only a text with a bound has no name.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::{reachable, reference, referred, visit};

/// Puts texts, numbers and lists that have a name in the places that refer to them: `Line300` tells a client
/// nothing, and a nullable reference to a text is a class of its own to some generators. Closed sets keep theirs. What
/// is another schema under a second name is that schema.
pub fn inline_plain(document: &mut Value) {
    // A list's items may be plain themselves.
    for kinds in [&["string", "integer", "number", "boolean"][..], &["array"]] {
        let schemas = document["components"]["schemas"].as_object();
        let plain: Map<String, Value> = schemas
            .into_iter()
            .flatten()
            .filter(|(_, schema)| {
                let kind = schema["type"].as_str().unwrap_or_default();
                let is_alias = schema.get("$ref").is_some();
                is_alias || kinds.contains(&kind) && schema.get("enum").is_none()
            })
            .map(|(name, schema)| (name.clone(), schema.clone()))
            .collect();
        visit(document, &mut |value| {
            if let Some(schema) = referred(value).and_then(|name| plain.get(name)) {
                let own = value.as_object().cloned().unwrap_or_default();
                *value = schema.clone();
                extend(value, own.into_iter().filter(|(key, _)| key != "$ref"));
            }
        });
    }
}

/// Makes one object of schemas that are the sum of several.
pub fn flatten(document: &mut Value) {
    visit(document, &mut describe_in_place);
    let names: Vec<String> = schemas(document).keys().cloned().collect();
    for name in names {
        let schema = &document["components"]["schemas"][&name];
        if schema.get("allOf").is_some() {
            let whole = flattened(document, schema);
            document["components"]["schemas"][name] = whole;
        }
    }
}

/// A schema that stands in its place says what that place says of it: not the sum of both.
fn describe_in_place(value: &mut Value) {
    let Some([schema, place]) = value["allOf"].as_array().map(Vec::as_slice) else {
        return;
    };
    let only_describes = |fields: &Map<String, Value>| {
        let known = ["type", "description"];
        fields.keys().all(|key| known.contains(&key.as_str()))
    };
    if place.as_object().is_some_and(only_describes) {
        let (mut schema, about) = (schema.clone(), place["description"].clone());
        schema["description"] = about;
        *value = schema;
    }
}

fn flattened(document: &Value, schema: &Value) -> Value {
    if let Some(name) = referred(schema) {
        return flattened(document, &document["components"]["schemas"][name]);
    }
    let Some(parts) = schema["allOf"].as_array() else {
        return schema.clone();
    };
    let (mut required, mut properties) = (Vec::new(), Map::new());
    for part in parts {
        let part = flattened(document, part);
        required.extend(part["required"].as_array().into_iter().flatten().cloned());
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
    }
    let mut whole = json!({"type": "object", "required": required, "properties": properties});
    let own = schema.as_object().cloned().unwrap_or_default();
    extend(
        &mut whole,
        own.into_iter().filter(|(key, _)| key != "allOf"),
    );
    whole
}

/// Says of everything that can be null that it can, once: of a plain value in its type, of anything else with a second
/// choice.
pub fn nullable_once(document: &mut Value) {
    visit(document, &mut |value| {
        let Some(choices) = value["oneOf"].as_array() else {
            return;
        };
        let is_null = |choice: &Value| choice["type"] == "null";
        let [one, other] = choices.as_slice() else {
            return;
        };
        let inner = match (is_null(one), is_null(other)) {
            (true, false) => other.clone(),
            (false, true) => one.clone(),
            _ => return,
        };
        let own = value.as_object().cloned().unwrap_or_default();
        *value = nullable(inner);
        extend(value, own.into_iter().filter(|(key, _)| key != "oneOf"));
    });
}

/// A schema that takes null as well.
pub(super) fn nullable(mut schema: Value) -> Value {
    match &schema["type"] {
        Value::String(kind) if kind != "null" && schema.get("oneOf").is_none() => {
            schema["type"] = json!([kind, "null"]);
            if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
                words.push(Value::Null);
            }
            schema
        }
        Value::Array(_) => schema,
        _ if takes_null(&schema) => schema,
        _ => {
            let fields = schema.as_object_mut();
            let description = fields.and_then(|fields| fields.shift_remove("description"));
            let mut schema = json!({"oneOf": [schema, {"type": "null"}]});
            extend(
                &mut schema,
                description.map(|text| ("description".into(), text)),
            );
            schema
        }
    }
}

/// A schema that may be a choice of null, without that choice.
pub(super) fn without_null(schema: Value) -> Value {
    let choices = schema["oneOf"].as_array();
    let other = choices.and_then(|all| all.iter().find(|choice| choice["type"] != "null"));
    other
        .filter(|_| takes_null(&schema))
        .cloned()
        .unwrap_or(schema)
}

pub(super) fn takes_null(schema: &Value) -> bool {
    let choices = schema["oneOf"].as_array();
    choices.is_some_and(|choices| choices.iter().any(|choice| choice["type"] == "null"))
}

/// Removes schemas, headers and examples that nothing leads to.
pub fn remove_unused(document: &mut Value) {
    let mut paths = document["paths"].take();
    let mut used = Vec::new();
    reachable(document, &paths, &mut used);
    let used: Vec<String> = used.into_iter().map(str::to_owned).collect();
    schemas(document).retain(|name, _| used.contains(name));
    let mut references = HashSet::new();
    visit(&mut paths, &mut |value| {
        let reference = value.get("$ref").and_then(Value::as_str);
        references.extend(reference.map(str::to_owned));
    });
    for kind in ["headers", "examples"] {
        if let Some(all) = document["components"][kind].as_object_mut() {
            all.retain(|name, _| references.contains(&format!("#/components/{kind}/{name}")));
        }
    }
    document["paths"] = paths;
}

/// The schemas of the document.
pub(super) fn schemas(document: &mut Value) -> &mut Map<String, Value> {
    document["components"]["schemas"]
        .as_object_mut()
        .expect("the document has schemas")
}

/// Sets fields of an object.
pub(super) fn extend(value: &mut Value, fields: impl IntoIterator<Item = (String, Value)>) {
    if let Some(object) = value.as_object_mut() {
        object.extend(fields);
    }
}

/// Whether a schema is of objects whose fields it names.
pub(super) fn is_object(schema: &Value) -> bool {
    schema["type"] == "object" && schema["properties"].is_object()
}

/// A reference to a schema, with what its place says of it.
pub(super) fn renamed(value: &Value, name: &str) -> Value {
    let mut new = reference(name);
    let own = value.as_object().cloned().unwrap_or_default();
    extend(&mut new, own.into_iter().filter(|(key, _)| key != "$ref"));
    new
}
