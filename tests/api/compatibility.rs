//! No client of the last release breaks: the committed document is held against `openapi/baseline.json`, the document
//! of that release. docs/COMPATIBILITY.md says what may change, and how a break is accepted.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::DOCUMENT;

/// Which way a schema's values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// Clients send them: all that was taken must be.
    Sent,
    /// Clients receive them: all that was there must be.
    Received,
}

/// Two documents, and what the newer one breaks.
struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    seen: BTreeSet<(String, String, Way)>,
    breaks: Vec<String>,
}

fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison {
        old,
        new,
        seen: BTreeSet::new(),
        breaks: Vec::new(),
    };
    comparison.operations();
    comparison.names();
    comparison.breaks
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn words(value: &Value) -> BTreeSet<&str> {
    items(value).filter_map(Value::as_str).collect()
}

/// The types that a schema takes; `null` also where it is one of its choices.
fn types(schema: &Value) -> BTreeSet<&str> {
    let mut types = words(&schema["type"]);
    types.extend(schema["type"].as_str());
    types.extend(items(&schema["oneOf"]).filter_map(|choice| choice["type"].as_str()));
    types
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{reference} leads nowhere")),
        None => schema,
    }
}

impl<'a> Comparison<'a> {
    fn report(&mut self, place: &str, what: impl std::fmt::Display) {
        self.breaks.push(format!("{place}: {what}"));
    }

    fn operations(&mut self) {
        let (old, new) = (self.old, self.new);
        for (path, item) in fields(&old["paths"]) {
            for (method, operation) in fields(item) {
                let place = format!("{} {path}", method.to_uppercase());
                match new["paths"][path].get(method) {
                    Some(now) => self.operation(&place, operation, now),
                    None => self.report(&place, "is gone"),
                }
            }
        }
    }

    fn operation(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        for key in ["operationId", "x-required-right", "security"] {
            if old[key] != new[key] {
                self.report(
                    place,
                    format!("{key} changed from {} to {}", old[key], new[key]),
                );
            }
        }
        if words(&old["tags"]) != words(&new["tags"]) {
            self.report(place, "tags changed: clients group operations by them");
        }
        self.parameters(place, &old["parameters"], &new["parameters"]);
        self.request(place, &old["requestBody"], &new["requestBody"]);
        for (status, response) in fields(&old["responses"]) {
            let place = format!("{place} → {status}");
            match new["responses"].get(status) {
                Some(now) => {
                    self.contents(&place, &response["content"], &now["content"], Way::Received)
                }
                None => self.report(&place, "is gone"),
            }
        }
    }

    fn parameters(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        let same =
            |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
        for parameter in items(old) {
            let place = format!("{place} {}", parameter["name"]);
            let Some(now) = items(new).find(|now| same(parameter, now)) else {
                self.report(&place, "is gone");
                continue;
            };
            for key in ["style", "explode"] {
                if parameter[key] != now[key] {
                    self.report(&place, format!("{key} changed"));
                }
            }
            if now["required"] == true && parameter["required"] != true {
                self.report(&place, "became required");
            }
            self.schema(&place, &parameter["schema"], &now["schema"], Way::Sent);
        }
        for parameter in items(new).filter(|parameter| parameter["required"] == true) {
            if !items(old).any(|known| same(known, parameter)) {
                self.report(place, format!("{} is new and required", parameter["name"]));
            }
        }
    }

    fn request(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        let place = format!("{place} body");
        if new["required"] == true && old["required"] != true {
            self.report(&place, "became required");
        }
        self.contents(&place, &old["content"], &new["content"], Way::Sent);
    }

    fn contents(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way) {
        for (media_type, content) in fields(old) {
            match new.get(media_type) {
                Some(now) => self.schema(place, &content["schema"], &now["schema"], way),
                None => self.report(place, format!("{media_type} is gone")),
            }
        }
    }

    /// Named schemas are types of generated clients.
    fn names(&mut self) {
        let (old, new) = (self.old, self.new);
        for (name, _) in fields(&old["components"]["schemas"]) {
            if new["components"]["schemas"].get(name).is_none() {
                self.report(name, "is gone: generated clients have a type of that name");
            }
        }
    }

    fn schema(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way) {
        if let (Some(one), Some(other)) = (old["$ref"].as_str(), new["$ref"].as_str()) {
            if !self.seen.insert((one.to_owned(), other.to_owned(), way)) {
                return;
            }
            if one != other {
                self.report(place, format!("has another type: {other} instead of {one}"));
            }
        }
        let (old, new) = (resolved(self.old, old), resolved(self.new, new));
        self.kind(place, old, new, way);
        self.values(place, old, new, way);
        self.object(place, old, new, way);
        self.choices(place, old, new, way);
        if old["items"].is_object() {
            self.schema(&format!("{place}[]"), &old["items"], &new["items"], way);
        }
    }

    fn kind(&mut self, place: &str, old: &Value, new: &Value, way: Way) {
        let (was, is) = (types(old), types(new));
        let (must, may) = match way {
            Way::Sent => (&was, &is),
            Way::Received => (&is, &was),
        };
        if !must.is_subset(may) && !may.is_empty() {
            self.report(place, format!("was {was:?}, is {is:?}"));
        }
        if old["format"] != new["format"] {
            self.report(place, format!("format changed to {}", new["format"]));
        }
    }

    fn values(&mut self, place: &str, old: &Value, new: &Value, way: Way) {
        let (was, is) = (words(&old["enum"]), words(&new["enum"]));
        let lost: Vec<_> = was.difference(&is).collect();
        if !is.is_empty() && !lost.is_empty() && way == Way::Sent {
            self.report(place, format!("does not take {lost:?} any more"));
        }
        if is.is_empty() != was.is_empty() && (way == Way::Received || was.is_empty()) {
            self.report(place, "is not the closed set it was, or became one");
        }
        if way == Way::Received {
            return;
        }
        for (key, sign) in [
            ("maximum", 1.0),
            ("maxLength", 1.0),
            ("maxItems", 1.0),
            ("minimum", -1.0),
            ("minLength", -1.0),
            ("minItems", -1.0),
        ] {
            let bound = |schema: &Value| schema[key].as_f64().map(|bound| bound * sign);
            let bound = (bound(old), bound(new));
            if matches!(bound, (None, Some(_)))
                || matches!(bound, (Some(was), Some(is)) if is < was)
            {
                self.report(place, format!("{key} became stricter: {}", new[key]));
            }
        }
        for key in ["pattern", "if", "then", "uniqueItems"] {
            if new.get(key).is_some() && old[key] != new[key] {
                self.report(place, format!("{key} is another: {}", new[key]));
            }
        }
    }

    fn object(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way) {
        let (was, is) = (words(&old["required"]), words(&new["required"]));
        let wrong: Vec<_> = match way {
            Way::Sent => is.difference(&was).collect(),
            Way::Received => was.difference(&is).collect(),
        };
        if !wrong.is_empty() {
            let what = match way {
                Way::Sent => "became required",
                Way::Received => "may be missing now",
            };
            self.report(place, format!("{wrong:?} {what}"));
        }
        for (name, property) in fields(&old["properties"]) {
            let place = format!("{place}.{name}");
            match new["properties"].get(name) {
                Some(now) => self.schema(&place, property, now, way),
                None => self.report(&place, "is gone"),
            }
        }
        let (was, is) = (&old["additionalProperties"], &new["additionalProperties"]);
        if *is == json!(false) && *was != json!(false) && way == Way::Sent {
            self.report(place, "takes no other fields any more");
        }
        if was.is_object() {
            self.schema(&format!("{place}.*"), was, is, way);
        }
    }

    /// Choices are held against those of the same name, or else in the same place. New ones may come.
    fn choices(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way) {
        for (index, choice) in items(&old["oneOf"]).enumerate() {
            let same = match choice["$ref"].as_str() {
                Some(name) => items(&new["oneOf"]).find(|now| now["$ref"] == name),
                None => new["oneOf"]
                    .get(index)
                    .filter(|now| types(now) == types(choice)),
            };
            match same {
                Some(now) => self.schema(&format!("{place}({index})"), choice, now, way),
                None if way == Way::Received && choice["type"] == "null" => {}
                None => self.report(place, format!("choice {index} is gone: {choice}")),
            }
        }
    }
}

#[test]
fn clients_of_the_last_release_go_on_working() {
    let baseline = std::fs::read_to_string("openapi/baseline.json").unwrap();
    let broken = breaks(&serde_json::from_str(&baseline).unwrap(), &DOCUMENT);
    assert!(
        broken.is_empty(),
        "clients of the last release break (docs/COMPATIBILITY.md says how to accept that):\n{}",
        broken.join("\n")
    );
}

/// A change of the document: what stands at a pointer becomes something else, or is removed.
fn changed(pointer: &str, value: Option<Value>) -> Value {
    let mut document = DOCUMENT.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/");
    let parent = document
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("nothing at {pointer}"));
    match (parent, value) {
        (Value::Object(fields), Some(value)) => {
            fields.insert(key, value);
        }
        (Value::Object(fields), None) => {
            assert!(fields.remove(&key).is_some(), "nothing at {pointer}");
        }
        (Value::Array(items), Some(value)) if key == "-" => items.push(value),
        (Value::Array(items), None) => {
            items.remove(key.parse().unwrap());
        }
        (parent, _) => panic!("{pointer}: {parent}"),
    }
    document
}

/// Changes of operations: where, to what (`None` removes it), and what is said of it.
fn breaking_operations() -> Vec<(&'static str, Option<Value>, &'static str)> {
    vec![
        ("/paths/~1v1~1tags", None, "GET /v1/tags: is gone"),
        (
            "/paths/~1v1~1tags/get/operationId",
            Some(json!("tags")),
            "operationId changed",
        ),
        ("/paths/~1v1~1tags/get/parameters/0", None, "is gone"),
        (
            "/paths/~1v1~1tags/get/parameters/0/required",
            Some(json!(true)),
            "became required",
        ),
        (
            "/paths/~1v1~1tags/get/parameters/0/schema/maximum",
            Some(json!(50)),
            "maximum became stricter",
        ),
        ("/paths/~1v1~1tags/get/responses/200", None, "is gone"),
        (
            "/paths/~1v1~1tags~1{slug}/get/security",
            Some(json!([{"bearer": []}])),
            "security changed",
        ),
    ]
}

/// The same of schemas.
fn breaking_schemas() -> Vec<(&'static str, Option<Value>, &'static str)> {
    vec![
        (
            "/components/schemas/Tag/properties/name",
            None,
            ".name: is gone",
        ),
        (
            "/components/schemas/Tag/required/0",
            None,
            "may be missing now",
        ),
        (
            "/components/schemas/Tag/properties/name/type",
            Some(json!(["string", "null"])),
            "was {\"string\"}",
        ),
        (
            "/components/schemas/Tag/properties/article_count/type",
            Some(json!("string")),
            "was {\"integer\"}",
        ),
        (
            "/components/schemas/Network/enum/0",
            None,
            "does not take [\"facebook\"]",
        ),
        (
            "/components/schemas/TagInput/required/-",
            Some(json!("slug")),
            "became required",
        ),
        (
            "/components/schemas/TagInput/properties/name/maxLength",
            Some(json!(10)),
            "maxLength became stricter",
        ),
        (
            "/components/schemas/TagPatch/properties/description/type",
            Some(json!("string")),
            "was {",
        ),
        ("/components/schemas/TagRef", None, "TagRef"),
        (
            "/components/schemas/Article/properties/seo/$ref",
            Some(json!("#/components/schemas/Custom")),
            "another type",
        ),
    ]
}

#[test]
fn what_breaks_clients_is_noticed() {
    const SCHEMAS: &str = "/components/schemas";
    let changes = breaking_operations().into_iter().chain(breaking_schemas());
    for (pointer, value, expected) in changes {
        let name = pointer.strip_prefix(SCHEMAS);
        if name.is_some_and(|rest| rest.matches('/').count() == 1) {
            // Nothing may lead there any more.
            let mut document = DOCUMENT.clone();
            document["components"]["schemas"]["Renamed"] =
                document.pointer(pointer).unwrap().clone();
            let text = serde_json::to_string(&document).unwrap();
            let text = text.replace(
                &format!("\"#{pointer}\""),
                "\"#/components/schemas/Renamed\"",
            );
            let found = breaks(&DOCUMENT, &serde_json::from_str(&text).unwrap()).join("\n");
            assert!(found.contains(expected), "{pointer}: {found}");
            continue;
        }
        let found = breaks(&DOCUMENT, &changed(pointer, value)).join("\n");
        assert!(found.contains(expected), "{pointer}: {found}");
    }
}

#[test]
fn what_is_only_added_breaks_nobody() {
    let optional =
        json!({"name": "new", "in": "query", "required": false, "schema": {"type": "string"}});
    for (pointer, value) in [
        (
            "/paths/~1v1~1new",
            json!({"get": {"operationId": "getNew"}}),
        ),
        ("/paths/~1v1~1tags/get/parameters/-", optional),
        (
            "/paths/~1v1~1tags/get/responses/429",
            json!({"description": "Too many."}),
        ),
        ("/components/schemas/New", json!({"type": "object"})),
        (
            "/components/schemas/Tag/properties/new",
            json!({"type": "string"}),
        ),
        ("/components/schemas/Network/enum/-", json!("new")),
        (
            "/components/schemas/TagInput/properties/new",
            json!({"type": "string"}),
        ),
        (
            "/components/schemas/TagInput/properties/name/maxLength",
            json!(1000),
        ),
        (
            "/components/schemas/Block/oneOf/-",
            json!({"type": "object"}),
        ),
    ] {
        let found = breaks(&DOCUMENT, &changed(pointer, Some(value)));
        assert!(found.is_empty(), "{pointer}: {found:#?}");
    }
}
