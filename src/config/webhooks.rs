//! Where messages may be sent, and when again.

use clap::Args;
use ipnet::IpNet;

use super::proxy;
use crate::webhooks::schedule::Waits;

/// Sending messages to webhooks.
#[derive(Debug, Clone, Args)]
pub struct WebhookConfig {
    /// Private networks that webhooks may be in, with or without TLS, comma-separated: 10.0.0.0/8
    #[arg(long, env = "DATELINE_WEBHOOK_ALLOW", value_delimiter = ',', value_parser = proxy)]
    pub webhook_allow: Vec<IpNet>,

    /// How long after each failed attempt a message is sent again (seconds, comma-separated); after the last one it is not
    #[arg(long, env = "DATELINE_WEBHOOK_RETRIES", default_value_t = Waits::default())]
    pub webhook_retries: Waits,
}
