//! The settings of sign-in by an identity provider.

use std::time::Duration;

use clap::Args;

use crate::auth::model::Role;
use crate::auth::oidc::settings::{
    ClientSecret, EmailDomain, GroupRole, Issuer, ProviderName, ProviderSettings, secure_url,
};

/// The newsroom's identity provider (OpenID Connect).
#[derive(Debug, Clone, Args)]
pub struct OidcConfig {
    /// Issuer of the newsroom's identity provider (OpenID Connect), such as `https://accounts.google.com`; people sign
    /// in with passwords alone when not set
    #[arg(long, env = "DATELINE_OIDC_ISSUER", requires_all = ["oidc_client_id", "oidc_api_url"])]
    pub oidc_issuer: Option<Issuer>,

    /// What the identity provider calls this server (client id)
    #[arg(long, env = "DATELINE_OIDC_CLIENT_ID")]
    pub oidc_client_id: Option<String>,

    /// What this server proves itself to the identity provider with; a public client has none
    #[arg(long, env = "DATELINE_OIDC_CLIENT_SECRET", hide_env_values = true)]
    pub oidc_client_secret: Option<ClientSecret>,

    /// Address of this server as browsers reach it, with its path prefix: the identity provider sends them back to
    /// /v1/auth/oidc/NAME/callback below it
    #[arg(long, env = "DATELINE_OIDC_API_URL", value_parser = api_url)]
    pub oidc_api_url: Option<String>,

    /// Name of the identity provider in URLs and in the audit trail
    #[arg(long, env = "DATELINE_OIDC_PROVIDER", default_value = "sso")]
    pub oidc_provider: ProviderName,

    /// What the identity provider is asked for (scopes, separated by spaces)
    #[arg(
        long,
        env = "DATELINE_OIDC_SCOPES",
        default_value = "openid email profile"
    )]
    pub oidc_scopes: String,

    /// Domains in which the identity provider may say whose an e-mail address is, comma-separated; when not set,
    /// nobody who is new to it can enter
    #[arg(long, env = "DATELINE_OIDC_EMAIL_DOMAINS", value_delimiter = ',')]
    pub oidc_email_domains: Vec<EmailDomain>,

    /// Claim in which the identity provider lists somebody's groups
    #[arg(long, env = "DATELINE_OIDC_GROUPS_CLAIM", default_value = "groups")]
    pub oidc_groups_claim: String,

    /// Roles that groups of the identity provider give at each sign-in, comma-separated:
    /// news-editors=editor,news-admins=admin
    #[arg(long, env = "DATELINE_OIDC_ROLES", value_delimiter = ',')]
    pub oidc_roles: Vec<GroupRole>,

    /// Role of those who come for the first time and have no group that gives one: admin, editor, author or viewer;
    /// when not set, only people enter who were invited, or have such a group
    #[arg(long, env = "DATELINE_OIDC_DEFAULT_ROLE")]
    pub oidc_default_role: Option<Role>,

    /// How long the identity provider may take to answer (seconds)
    #[arg(long, env = "DATELINE_OIDC_TIMEOUT", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub oidc_timeout: u64,
}

impl OidcConfig {
    /// The provider; `None` when none is set.
    pub fn provider(&self) -> Option<ProviderSettings> {
        Some(ProviderSettings {
            issuer: self.oidc_issuer.clone()?,
            client_id: self.oidc_client_id.clone()?,
            client_secret: self.oidc_client_secret.clone(),
            name: self.oidc_provider.clone(),
            scopes: self.oidc_scopes.clone(),
            email_domains: self.oidc_email_domains.clone(),
            groups_claim: self.oidc_groups_claim.clone(),
            roles: self.oidc_roles.clone(),
            default_role: self.oidc_default_role,
            api_url: self.oidc_api_url.clone()?,
            timeout: Duration::from_secs(self.oidc_timeout),
        })
    }
}

/// The address of this server, without a slash at its end.
fn api_url(text: &str) -> Result<String, String> {
    let url = secure_url(text.trim(), "https://api.news.example")?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it has neither ? nor #".into());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}
