//! Changing part of a resource: JSON merge patch (RFC 7396).

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::Serialize;

use crate::validation::{Violations, from_json, object};

/// A patch, not yet applied to anything.
#[derive(Debug, Clone)]
pub struct MergePatch(serde_json::Value);

impl Deserr<Violations> for MergePatch {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        // Anything but an object would replace the whole resource.
        object(value, location).map(|patch| Self(patch.into()))
    }
}

impl MergePatch {
    /// Takes a top-level field out of the patch.
    pub fn take(&mut self, field: &str) -> Option<serde_json::Value> {
        self.0.as_object_mut()?.shift_remove(field)
    }

    /// The patched document, read as `T` with all its rules.
    ///
    /// # Errors
    /// Everything that is wrong with the document after the patch.
    pub fn apply<T: Deserr<Violations>>(self, current: &impl Serialize) -> Result<T, Violations> {
        let mut document = serde_json::to_value(current).unwrap_or_default();
        json_patch::merge(&mut document, &self.0);
        from_json(document)
    }
}
