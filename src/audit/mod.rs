//! The audit trail: who did what, as the event log has it.
//!
//! - [`model`] – an entry as administrators see it
//! - [`kinds`] – what can happen
//! - [`filter`] – what the list can be narrowed to
//! - [`params`] – what calls take
//! - [`store`] – reading the log
//! - [`verify`] – whether the log's hash chain holds, and where it does not
//! - [`editorial`] – handlers for administrators and tools

pub mod editorial;
pub mod filter;
pub mod kinds;
pub mod model;
pub mod params;
pub mod store;
pub mod verify;

crate::operations! {
    editorial::list_audit_entries,
    editorial::export_audit_entries,
}
