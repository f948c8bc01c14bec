//! What articles show of the newsroom's media.

use crate::articles::store::media_uses;
use crate::db::StoreResult;
use crate::events::{Change, Event, Projection};
use crate::media::store::write::{IS_SHOWN_OTHERWISE, RESOURCE};

/// Writes articles again when an item that they show says something else. That is an edit of each of them, so that all
/// that follows from one follows.
pub(super) struct MediaUses;

impl Projection for MediaUses {
    fn name(&self) -> &'static str {
        "media_uses"
    }

    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()> {
        match event {
            Event::Desk(event)
                if event.resource == RESOURCE && event.detail[IS_SHOWN_OTHERWISE] == true =>
            {
                media_uses::refresh(change, event.id)
            }
            _ => Ok(()),
        }
    }
}
