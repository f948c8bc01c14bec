//! The sections that webhooks are told of.

use crate::db::{Resource, StoreResult};
use crate::events::{Change, Event, NameEvent, Projection};
use crate::webhooks::store::sections;

/// Lets webhooks go on with what a section was merged into: nothing else leads there once its slug is given away.
pub(super) struct WebhookSections;

impl Projection for WebhookSections {
    fn name(&self) -> &'static str {
        "webhook_sections"
    }

    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()> {
        match event {
            Event::Name {
                event: NameEvent::Merged(into),
                of: Resource::Tag,
                id,
                ..
            } => sections::follow_merge(change.connection, *id, *into),
            _ => Ok(()),
        }
    }
}
