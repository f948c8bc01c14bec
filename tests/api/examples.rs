//! The examples of the OpenAPI document work against the sample newsroom as they stand.

use serde_json::{Value, json};

use crate::harness::DOCUMENT;
use crate::process::Demo;

/// A parameter as a client sends it.
fn text(parameter: &Value, example: &Value) -> String {
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let joined = match example.as_array() {
        Some(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        None => plain(example),
    };
    let encoded: String = url::form_urlencoded::byte_serialize(joined.as_bytes()).collect();
    match parameter["in"] == "path" {
        true => encoded,
        false => format!("{}={encoded}", parameter["name"].as_str().unwrap()),
    }
}

/// An operation's address with the examples of what it needs, and with those of all that it takes.
fn addresses(path: &str, operation: &Value) -> Option<[String; 2]> {
    let (mut path, mut needed, mut all) = (path.to_owned(), Vec::new(), Vec::new());
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let example = parameter
            .get("example")
            .or(parameter["schema"]["examples"].get(0));
        let name = parameter["name"].as_str().unwrap();
        match (parameter["in"].as_str().unwrap(), example) {
            ("path", example) => {
                path = path.replace(&format!("{{{name}}}"), &text(parameter, example?))
            }
            ("query", Some(example)) => {
                let part = text(parameter, example);
                if parameter["required"] == true {
                    needed.push(part.clone());
                }
                all.push(part);
            }
            _ => {}
        }
    }
    Some([needed, all].map(|query| format!("{path}?{}", query.join("&"))))
}

#[test]
fn examples_find_something_in_the_sample_newsroom() {
    let demo = Demo::start();
    let token = demo.token();
    let mut tried = 0;
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        let Some(operation) = item.get("get") else {
            continue;
        };
        // It has no identity provider either, and its files have other names each time.
        // Its months are those of when it was started, and it has no key for search engines. Streams never end.
        if path.starts_with("/v1/auth/oidc/")
            || path.ends_with("/events")
            || path.starts_with("/media/")
            || ["{month}", "{key}"].iter().any(|name| path.contains(name))
        {
            continue;
        }
        for address in addresses(path, operation).into_iter().flatten() {
            let address = address.trim_end_matches('?');
            let (status, reply) = demo.server.ask("GET", address, &token, None);
            assert_eq!(status, 200, "{address}: {reply}");
            // The sample newsroom has no tools and no webhooks, and its pictures are its own for ever.
            if let Some(data) = reply["data"].as_array()
                && !["/v1/editorial/tokens", "/v1/editorial/webhooks"].contains(&path.as_str())
                && !address.contains("rights_expire_before=")
            {
                assert!(!data.is_empty(), "{address} finds nothing");
            }
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried}");
}

#[test]
fn examples_of_what_is_sent_are_taken() {
    let demo = Demo::start();
    let token = demo.token();
    for (path, method, created) in [
        ("/v1/editorial/articles", "POST", 201),
        ("/v1/editorial/tags", "POST", 201),
        ("/v1/editorial/authors", "POST", 201),
        ("/v1/editorial/shares/external", "POST", 200),
        ("/v1/articles/{slug}/shares", "POST", 200),
    ] {
        let operation = &DOCUMENT["paths"][path][method.to_lowercase()];
        let content = &operation["requestBody"]["content"]["application/json"];
        let name = content["schema"]["$ref"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap();
        let schema = &DOCUMENT["components"]["schemas"][name];
        let example = match &schema["example"] {
            Value::Null => {
                json!({"counts": [DOCUMENT["components"]["schemas"]["ExternalCountInput"]["example"]]})
            }
            example => example.clone(),
        };
        let [address, _] = addresses(path, operation).unwrap();
        let (status, reply) =
            demo.server
                .ask(method, address.trim_end_matches('?'), &token, Some(example));
        assert_eq!(status, created, "{path}: {reply}");
    }
}
