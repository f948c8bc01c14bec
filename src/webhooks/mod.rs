//! Telling other programs what has happened, until they have taken it: signed as Standard Webhooks has it, tried again by a table,
//! at least once.
//!
//! - [`model`] – webhooks, deliveries and attempts as those see them who manage them
//! - [`input`] – webhooks as they are written
//! - [`signature`] – secrets, and what is signed with them
//! - [`sender`] – one attempt
//! - [`schedule`] – when the next one is made, and when a webhook is given up
//! - [`dispatcher`] – following the log, and sending
//! - [`editorial`], [`deliveries`] – handlers
//! - [`store`] – webhooks, what is sent to them, and what came of it

pub mod deliveries;
pub mod dispatcher;
pub mod editorial;
pub mod input;
pub mod model;
pub mod schedule;
pub mod sender;
pub mod signature;
pub mod store;

crate::operations! {
    editorial::list_webhooks,
    editorial::create_webhook,
    editorial::read_webhook,
    editorial::edit_webhook,
    editorial::delete_webhook,
    editorial::rotate_webhook_secret,
    editorial::test_webhook,
    editorial::replay_webhook,
    deliveries::list_webhook_deliveries,
    deliveries::read_webhook_delivery,
    deliveries::retry_webhook_delivery,
}
