//! Changing part of a resource: JSON merge patch (RFC 7396).

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::Serialize;
use serde_json::Map;

use crate::validation::{AS_WRITTEN, Violations, from_json, object};

/// A patch, not yet applied to anything.
#[derive(Debug, Clone, Default)]
pub struct MergePatch(Map<String, serde_json::Value>);

impl Deserr<Violations> for MergePatch {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        // Anything but an object would replace the whole resource.
        object(value, location).map(Self)
    }
}

impl MergePatch {
    /// A patch of these top-level fields.
    pub fn of(fields: Map<String, serde_json::Value>) -> Self {
        Self(fields)
    }

    /// Takes a top-level field out of the patch.
    pub fn take(&mut self, field: &str) -> Option<serde_json::Value> {
        self.0.shift_remove(field)
    }

    /// Whether it changes or removes a top-level field.
    pub fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Its top-level fields.
    pub fn members(&mut self) -> &mut Map<String, serde_json::Value> {
        &mut self.0
    }

    /// The patched document, read as `T` with all its rules. A null for a name that `T` does not have is
    /// refused as any other value is, at any depth.
    ///
    /// # Errors
    /// Everything that is wrong with the document after the patch.
    pub fn apply<T: Deserr<Violations>>(self, current: &impl Serialize) -> Result<T, Violations> {
        let mut document = serde_json::to_value(current).unwrap_or_default();
        if let serde_json::Value::Object(document) = &mut document {
            for (name, value) in self.0 {
                merge_member(document, name, value, Some(AS_WRITTEN));
            }
        }
        from_json(document)
    }
}

impl MergePatch {
    /// The document in which each top-level field has taken the place of the present one as a whole, read as `T`
    /// with all its rules.
    ///
    /// # Errors
    /// Everything that is wrong with that document.
    pub fn replace_in<T: Deserr<Violations>>(
        self,
        current: &impl Serialize,
    ) -> Result<T, Violations> {
        let mut document = serde_json::to_value(current).unwrap_or_default();
        if let serde_json::Value::Object(document) = &mut document {
            document.extend(self.0);
        }
        from_json(document)
    }
}

/// Merges one member of a patch into an object (RFC 7396, section 2), except that a null for what is not
/// there stays: where it is a name that is known, it means nothing, and where it is not, whoever reads the
/// document finds it. Below a member that is kept as it was written no name is unknown, so there it goes.
fn merge_member(
    target: &mut Map<String, serde_json::Value>,
    name: String,
    patch: serde_json::Value,
    as_written: Option<&str>,
) {
    use serde_json::Value;
    if as_written == Some(name.as_str()) && !patch.is_null() {
        json_patch::merge(target.entry(name).or_insert(Value::Null), &patch);
        return;
    }
    match patch {
        Value::Null if target.contains_key(&name) => {
            target.shift_remove(&name);
        }
        Value::Object(members) => {
            let slot = target.entry(name).or_insert(Value::Null);
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            if let Value::Object(below) = slot {
                for (name, value) in members {
                    // Such a member stands at the first level only.
                    merge_member(below, name, value, None);
                }
            }
        }
        value => {
            target.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::articles::input::ArticleInput;
    use serde_json::json;

    fn applied(patch: serde_json::Value) -> Result<ArticleInput, Violations> {
        let current: ArticleInput = from_json(json!({
            "headline": "H", "standfirst": "S", "seo": {"title": "T"},
            "lead_image": {"url": "/a.jpg", "credit": "C", "focal_point": {"x": 0.5, "y": 0.5}},
            "custom": {"a": {"b": 1}, "c": 2}
        }))
        .unwrap();
        from_json::<MergePatch>(patch)?.apply(&current)
    }

    #[test]
    fn null_removes_what_is_there_and_nothing_else() {
        let after = applied(json!({
            "standfirst": null, "kicker": null, "seo": {"title": null, "description": null},
            "lead_image": {"credit": null, "alt": null},
            "custom": {"a": {"b": null, "x": null}, "y": null, "z": {"null": null}}
        }))
        .unwrap();
        assert_eq!(after.standfirst, None);
        assert_eq!(after.seo.title, None);
        assert_eq!(after.lead_image.unwrap().credit, None);
        let custom = serde_json::to_value(after.custom).unwrap();
        assert_eq!(custom, json!({"a": {}, "c": 2, "z": {}}));
        assert_eq!(
            applied(json!({"lead_image": null})).unwrap().lead_image,
            None
        );
        let custom = applied(json!({"custom": null})).unwrap().custom;
        assert_eq!(custom.0.len(), 0);
    }

    #[test]
    fn null_for_an_unknown_name_is_refused_at_any_depth() {
        for (patch, pointer) in [
            (json!({"lead_imgae": null}), "/lead_imgae"),
            (json!({"embargo_until": null}), "/embargo_until"),
            (json!({"": null}), "/"),
            (json!({"seo": {"titel": null}}), "/seo/titel"),
            (
                json!({"lead_image": {"focal_point": {"z": null}}}),
                "/lead_image/focal_point/z",
            ),
            (
                json!({"lead_image": {"custom": null}}),
                "/lead_image/custom",
            ),
            (json!({"seo": {"": null}}), "/seo/"),
        ] {
            let wrong = applied(patch.clone()).unwrap_err();
            assert_eq!(wrong.listed()[0].pointer, pointer, "{patch}");
            assert_eq!(wrong.listed()[0].code, "unknown_field", "{patch}");
        }
    }
}
