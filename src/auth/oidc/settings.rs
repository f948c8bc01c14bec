//! The identity provider that a newsroom has, and what it is trusted with.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use url::{Host, Url};

use crate::auth::email::Email;
use crate::auth::model::Role;

/// Most bytes of the name of a provider.
const MOST_NAME: usize = 32;

/// An issuer identifier (OpenID Connect Core 1.0, section 2): compared byte by byte, so it is kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where its metadata is (OpenID Connect Discovery 1.0, section 4.1).
    pub fn discovery_url(&self) -> String {
        let base = self.0.trim_end_matches('/');
        format!("{base}/.well-known/openid-configuration")
    }

    /// Whether addresses of this provider may be `http`: it runs on this machine.
    pub fn is_local(&self) -> bool {
        self.0.starts_with("http:")
    }

    /// Whether Microsoft runs it, whose tokens say in another way that an e-mail address is verified.
    pub fn is_microsoft(&self) -> bool {
        const HOSTS: [&str; 3] = [
            "login.microsoftonline.com",
            "login.microsoftonline.us",
            "login.partner.microsoftonline.cn",
        ];
        let url = Url::parse(&self.0).ok();
        let host = url.as_ref().and_then(Url::host_str);
        host.is_some_and(|host| HOSTS.contains(&host))
    }
}

impl FromStr for Issuer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let url = secure_url(text, "https://accounts.google.com")?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err("an issuer has neither ? nor #".into());
        }
        Ok(Self(text.to_owned()))
    }
}

/// A URL that is `https`, or `http` on this machine: nobody in between reads what is sent there.
///
/// # Errors
/// What it takes instead.
pub fn secure_url(text: &str, example: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{error}; it takes {example}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("it cannot name a user; it takes {example}"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(format!(
            "it takes an https URL such as {example}; http only on this machine (127.0.0.1, [::1], localhost)"
        )),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The name of the provider in URLs: lower-case letters, digits and hyphens, at most 32.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderName(String);

impl ProviderName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_known =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || text.len() > MOST_NAME || !text.bytes().all(is_known) {
            return Err(format!(
                "it takes up to {MOST_NAME} lower-case letters, digits and hyphens, such as google"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What this server proves itself to the provider with. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// The secret.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientSecret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(a secret)")
    }
}

/// The domain of e-mail addresses, in lower case: `news.example`. What is below it is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailDomain(String);

impl EmailDomain {
    /// Whether an address is of this domain.
    pub fn has(&self, email: &Email) -> bool {
        let domain = email.as_str().rsplit_once('@').map(|(_, domain)| domain);
        domain == Some(self.0.as_str())
    }
}

impl FromStr for EmailDomain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let domain = text.trim().trim_start_matches('@').to_lowercase();
        let is_one = domain
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-'));
        match is_one {
            true => Ok(Self(domain)),
            false => Err("it takes domains such as news.example, comma-separated".into()),
        }
    }
}

/// The role that a group of the provider gives: `news-editors=editor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRole {
    /// The group, exactly as the provider writes it.
    pub group: String,
    /// What its members are.
    pub role: Role,
}

impl FromStr for GroupRole {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Names of groups may have a `=`, as those of directories do; roles have none.
        let (group, role) = text
            .rsplit_once('=')
            .map(|(group, role)| (group.trim(), role.trim()))
            .filter(|(group, _)| !group.is_empty())
            .ok_or("it takes group=role, comma-separated, such as news-editors=editor")?;
        Ok(Self {
            group: group.to_owned(),
            role: role.parse()?,
        })
    }
}

/// A newsroom's identity provider, and what it decides.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// Who issues ID tokens.
    pub issuer: Issuer,
    /// What the provider calls this server.
    pub client_id: String,
    /// What this server proves itself with; a public client has none and relies on PKCE.
    pub client_secret: Option<ClientSecret>,
    /// Its name in URLs and in the audit trail.
    pub name: ProviderName,
    /// What is asked for, space-separated; `openid` is always asked for.
    pub scopes: String,
    /// Domains in which the provider may say whose an e-mail address is.
    pub email_domains: Vec<EmailDomain>,
    /// The claim that lists somebody's groups.
    pub groups_claim: String,
    /// What groups give; empty where groups decide nothing.
    pub roles: Vec<GroupRole>,
    /// What somebody becomes who comes for the first time without a group that gives a role; without it they cannot
    /// enter.
    pub default_role: Option<Role>,
    /// The address of this server as browsers reach it, without a slash at its end.
    pub api_url: String,
    /// How long the provider may take to answer.
    pub timeout: Duration,
}

impl ProviderSettings {
    /// Where the provider sends browsers back to: `redirect_uri` (RFC 6749, section 3.1.2).
    pub fn redirect_uri(&self) -> String {
        format!("{}/v1/auth/oidc/{}/callback", self.api_url, self.name)
    }

    /// Whether browsers reach this server by TLS.
    pub fn is_secure(&self) -> bool {
        self.api_url.starts_with("https:")
    }

    /// The highest role that groups give; `None` when none of them gives one.
    pub fn role_of(&self, groups: &[String]) -> Option<Role> {
        let gives = |role: &Role| {
            let mut of_role = self.roles.iter().filter(|given| given.role == *role);
            of_role.any(|given| groups.contains(&given.group))
        };
        // The most powerful come first.
        Role::ALL.iter().copied().find(gives)
    }

    /// Whether the provider may say whose an address is.
    pub fn trusts(&self, email: &Email) -> bool {
        self.email_domains.iter().any(|domain| domain.has(email))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_reached_securely_and_kept_as_written() {
        for text in [
            "https://accounts.google.com",
            "https://id.example/realms/news",
            "https://id.example/",
            "http://127.0.0.1:9400",
            "http://localhost:8080/realms/news",
            "http://[::1]:9400",
        ] {
            assert_eq!(text.parse::<Issuer>().unwrap().as_str(), text);
        }
        for wrong in [
            "",
            "id.example",
            "http://id.example",
            "http://127.0.0.1.example",
            "http://localhost.example",
            "ftp://id.example",
            "https://id.example?x",
            "https://id.example#x",
            "https://user@id.example",
            "https://user:secret@id.example",
        ] {
            assert!(wrong.parse::<Issuer>().is_err(), "{wrong}");
        }
        let of = |text: &str| text.parse::<Issuer>().unwrap().discovery_url();
        let discovery = "https://id.example/.well-known/openid-configuration";
        assert_eq!(of("https://id.example/"), discovery);
        assert_eq!(of("https://id.example"), discovery);
    }

    #[test]
    fn only_microsoft_s_own_hosts_are_microsoft() {
        let is = |text: &str| text.parse::<Issuer>().unwrap().is_microsoft();
        assert!(is("https://login.microsoftonline.com/tenant/v2.0"));
        assert!(!is("https://login.microsoftonline.com.example/tenant/v2.0"));
        assert!(!is("https://id.example/login.microsoftonline.com"));
    }

    #[test]
    fn a_domain_is_that_of_an_address_and_not_its_end() {
        let domain: EmailDomain = " @News.example".parse().unwrap();
        let has = |email: &str| domain.has(&email.parse().unwrap());
        assert!(has("kim@news.example"));
        for other in [
            "kim@bad-news.example",
            "kim@desk.news.example",
            "kim@news.example.org",
            "news.example@other.example",
        ] {
            assert!(!has(other), "{other}");
        }
        for wrong in ["", "@", "*", "*.example", "a b", "news..example"] {
            assert!(wrong.parse::<EmailDomain>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_group_gives_a_role() {
        let given: GroupRole = " cn=news,ou=desk = editor ".parse().unwrap();
        assert_eq!(
            (given.group.as_str(), given.role),
            ("cn=news,ou=desk", Role::Editor)
        );
        for wrong in ["", "editors", "=editor", "editors=", "editors=boss"] {
            assert!(wrong.parse::<GroupRole>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        let secret: ClientSecret = "hush".parse().unwrap();
        assert!(!format!("{secret:?}").contains("hush"));
    }
}
