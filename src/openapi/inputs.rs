//! What is sent: objects that take no other fields, apart from those that are received, and merge patches of them.

use serde_json::{Map, Value, json};

use super::shape::{extend, is_object, nullable, renamed, schemas, takes_null, without_null};
use super::{SCHEMAS, each_operation, reachable, referred, visit};

/// What fields of an object depend on each other. Said with `if` and `then`: generators read past it, and of choices
/// beside the fields they make classes without any.
pub fn say_conditions(document: &mut Value) {
    let named = |name: &str| json!({"required": [name], "properties": {name: {"type": "string"}}});
    let conditions = [
        (
            "ExternalCountInput",
            json!({"type": "object"}),
            json!({"oneOf": [named("id"), named("slug"), named("url")]}),
        ),
        (
            "ObservedInput",
            json!({"properties": {"external": {"type": "integer"}}}),
            named("observed_at"),
        ),
    ];
    for (name, condition, then) in conditions {
        if let Some(schema) = schemas(document).get_mut(name) {
            extend(
                schema,
                [("if".to_owned(), condition), ("then".to_owned(), then)],
            );
        }
    }
}

/// Gives objects that are both sent and received two schemas. What is sent may leave fields out and takes no unknown
/// ones; what is received has all its fields, and may get more of them.
pub fn separate(document: &mut Value) {
    let (sent, received) = directions(document);
    let both: Vec<&String> = sent
        .iter()
        .filter(|name| received.contains(name))
        .filter(|name| {
            let schema = &document["components"]["schemas"][name.as_str()];
            is_object(schema) || schema["oneOf"].is_array()
        })
        .collect();
    for name in &both {
        let mut copy = document["components"]["schemas"][name.as_str()].clone();
        if let Some(required) = copy.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|field| !UNLESS.contains(&(name, field.as_str().unwrap_or_default())));
        }
        schemas(document).insert(format!("{name}Input"), copy);
        require_all(&mut document["components"]["schemas"][name.as_str()]);
    }
    for name in &received {
        let schema = &mut document["components"]["schemas"][name];
        visit(schema, &mut open);
    }
    let sent: Vec<String> = sent.iter().map(|name| input_name(&both, name)).collect();
    for name in &sent {
        let schema = &mut document["components"]["schemas"][name];
        visit(schema, &mut |value| {
            if let Some(name) = referred(value) {
                let name = input_name(&both, name);
                *value = renamed(value, &name);
            }
            if let Some(mapping) = value.pointer_mut("/discriminator/mapping") {
                refer_to_inputs(mapping, &both);
            }
            close(value);
        });
    }
}

/// What tells the choices apart names the schemas of what is sent as well.
fn refer_to_inputs(mapping: &mut Value, both: &[&String]) {
    for target in mapping
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        let name = target.as_str().and_then(|url| url.strip_prefix(SCHEMAS));
        if let Some(name) = name {
            *target = format!("{SCHEMAS}{}", input_name(both, name)).into();
        }
    }
}

/// What is needed to be sent unless another field says it: of which schema.
const UNLESS: &[(&str, &str)] = &[("LeadImage", "url")];

/// The server writes all fields of an object, those that say nothing as null; but for those that cannot be null, which are
/// left out then.
fn require_all(schema: &mut Value) {
    let Some(fields) = schema["properties"].as_object() else {
        return;
    };
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let is_there = |name: &str, field: &Value| {
        required.iter().any(|known| known == name) || may_be_null(field)
    };
    let there = fields.iter().filter(|(name, field)| is_there(name, field));
    let names: Vec<String> = there.map(|(name, _)| name.clone()).collect();
    if let Some(example) = schema.get_mut("example").and_then(Value::as_object_mut) {
        for name in &names {
            example.entry(name.clone()).or_insert(Value::Null);
        }
    }
    schema["required"] = json!(names);
}

fn may_be_null(schema: &Value) -> bool {
    let kinds = schema["type"].as_array();
    takes_null(schema) || kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"))
}

fn input_name(both: &[&String], name: &str) -> String {
    match both.iter().any(|known| *known == name) {
        true => format!("{name}Input"),
        false => name.to_owned(),
    }
}

/// An object takes the fields it names, unless it says something else.
fn close(schema: &mut Value) {
    if is_object(schema) && schema.get("additionalProperties").is_none() {
        schema["additionalProperties"] = json!(false);
    }
}

/// An object that is received may get more fields, whatever its type takes when it is read.
fn open(schema: &mut Value) {
    if schema["additionalProperties"] == json!(false)
        && let Some(fields) = schema.as_object_mut()
    {
        fields.shift_remove("additionalProperties");
    }
}

/// The names of schemas that requests lead to, and of those that responses lead to.
fn directions(document: &Value) -> (Vec<String>, Vec<String>) {
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    let items = document["paths"].as_object().into_iter().flatten();
    for operation in items.flat_map(|(_, item)| item.as_object().into_iter().flatten()) {
        reachable(document, &operation.1["requestBody"], &mut sent);
        reachable(document, &operation.1["responses"], &mut received);
    }
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    (owned(sent), owned(received))
}

/// What may be left out when something is created, because it is made then, and cannot be removed: of which schema.
const KEPT: &[(&str, &str)] = &[("ArticleInput", "slug"), ("LeadImageInput", "url")];

/// What is no part of what is changed, and so no patch: of which schema.
const WHOLE: &[(&str, &str)] = &[("ArticleInput", "correction")];

/// A merge patch has the fields of what it changes, none of them required, and null removes those that may be missing
/// (RFC 7396); objects within are patched in the same way.
pub fn add_patches(document: &mut Value) {
    let mut wanted = Vec::new();
    for (_, method, operation) in each_operation(document) {
        if method != "patch" {
            continue;
        }
        visit(&mut operation["requestBody"], &mut |value| {
            if let Some(name) = referred(value) {
                let name = name.to_owned();
                *value = renamed(value, &patch_name(&name));
                wanted.push(name);
            }
        });
    }
    let whole = schemas(document).clone();
    for name in wanted {
        add_patch(&whole, &name, schemas(document));
    }
}

fn patch_name(name: &str) -> String {
    format!("{}Patch", name.trim_end_matches("Input"))
}

fn add_patch(whole: &Map<String, Value>, name: &str, patches: &mut Map<String, Value>) {
    let Some(schema) = whole.get(name) else {
        return;
    };
    let mut patch = schema.clone();
    let required: Vec<Value> = patch["required"].as_array().cloned().unwrap_or_default();
    let fields = patch["properties"].as_object_mut().into_iter().flatten();
    for (field, value) in fields {
        visit(value, &mut |value| {
            let Some(inner) = referred(value).map(str::to_owned) else {
                return;
            };
            if WHOLE.contains(&(name, field.as_str())) {
                return;
            }
            if whole.get(&inner).is_some_and(is_object) {
                *value = renamed(value, &patch_name(&inner));
                add_patch(whole, &inner, patches);
            }
        });
        if KEPT.contains(&(name, field.as_str())) {
            *value = without_null(value.take());
        } else if !required.iter().any(|name| name == field) {
            *value = nullable(value.take());
        }
    }
    let about = format!(
        "Changes a part of `{name}`: a merge patch (RFC 7396). What is left out stays; null removes."
    );
    if let Some(patch) = patch.as_object_mut() {
        patch.retain(|key, _| !matches!(key.as_str(), "required" | "example" | "default"));
    }
    extend(&mut patch, [("description".into(), about.into())]);
    patches.insert(patch_name(name), patch);
}
