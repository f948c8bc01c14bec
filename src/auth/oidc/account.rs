//! Who comes from the provider, read from what it says of them.

use serde_json::Value;

use super::id_token::{Claims, Untrusted};
use super::settings::ProviderSettings;
use crate::auth::email::Email;
use crate::auth::model::Role;
use crate::text::Line;

/// Most groups that are looked at.
const MOST_GROUPS: usize = 2_000;
/// Most characters of a name.
const MOST_NAME: usize = 120;

/// Somebody whom the provider vouches for.
#[derive(Debug, Clone)]
pub struct Account {
    /// The provider's name, for the audit trail.
    pub provider: String,
    /// Whose word it is.
    pub issuer: String,
    /// Who it is, for good.
    pub subject: String,
    /// Their address, where it is verified and of a domain for which the provider is trusted.
    pub email: Option<Email>,
    /// What the provider calls them.
    pub name: Line<MOST_NAME>,
    /// What their groups make them; `None` when these give no role.
    pub role: Option<Role>,
    /// Whether groups decide at all.
    pub groups_decide: bool,
    /// What somebody becomes whose groups give no role.
    pub default_role: Option<Role>,
}

impl Account {
    /// Of what a provider says.
    ///
    /// # Errors
    /// [`Untrusted::Subject`].
    pub fn of(claims: &Claims, settings: &ProviderSettings) -> Result<Self, Untrusted> {
        let subject = claims.subject()?.to_owned();
        let email = email_of(claims, settings);
        let groups_decide = !settings.roles.is_empty();
        let groups = groups_of(claims, &settings.groups_claim);
        if groups_decide && groups.is_none() {
            tracing::warn!(
                claim = settings.groups_claim,
                "the identity provider said nothing of somebody's groups; is the scope asked for that has them?"
            );
        }
        Ok(Self {
            provider: settings.name.to_string(),
            issuer: settings.issuer.as_str().to_owned(),
            name: name_of(claims, email.as_ref(), &subject),
            subject,
            email,
            role: settings.role_of(&groups.unwrap_or_default()),
            groups_decide,
            default_role: settings.default_role,
        })
    }
}

/// Some providers write booleans as text.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(is) => *is,
        Value::String(text) => text == "true",
        _ => false,
    }
}

/// The address that the provider may speak for: verified by it, and of a trusted domain.
fn email_of(claims: &Claims, settings: &ProviderSettings) -> Option<Email> {
    let email: Email = claims.0.get("email")?.as_str()?.parse().ok()?;
    let is_verified = match claims.0.get("email_verified") {
        Some(verified) => is_true(verified),
        // Entra says whether the domain's owner is verified, in a claim of its own: true, 1 or "1".
        None => {
            let owned = claims.0.get("xms_edov");
            let is_owned = |owned: &Value| is_true(owned) || *owned == 1 || *owned == "1";
            settings.issuer.is_microsoft() && owned.is_some_and(is_owned)
        }
    };
    (is_verified && settings.trusts(&email)).then_some(email)
}

/// `None` when nothing is said of groups. One group may stand there as a text.
fn groups_of(claims: &Claims, claim: &str) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match claims.0.get(claim)? {
        Value::Array(groups) => Some(groups.iter().take(MOST_GROUPS).filter_map(text).collect()),
        one => text(one).map(|group| vec![group]),
    }
}

/// What somebody is called: the first claim that can be a name, shortened to what fits.
fn name_of(claims: &Claims, email: Option<&Email>, subject: &str) -> Line<MOST_NAME> {
    let claimed = ["name", "preferred_username", "nickname"];
    let claimed = claimed
        .iter()
        .filter_map(|name| claims.0.get(*name)?.as_str());
    let local_part = email.and_then(|email| email.as_str().split('@').next());
    let mut names = claimed.chain(local_part).chain([subject]);
    names
        .find_map(|name| {
            let short: String = name.chars().take(MOST_NAME).collect();
            short.parse().ok()
        })
        .unwrap_or_else(|| Line::as_stored("Somebody"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(issuer: &str) -> ProviderSettings {
        ProviderSettings {
            issuer: issuer.parse().unwrap(),
            client_id: "dateline".into(),
            client_secret: None,
            name: "sso".parse().unwrap(),
            scopes: "openid".into(),
            email_domains: vec!["news.example".parse().unwrap()],
            groups_claim: "groups".into(),
            roles: vec![
                "editors=editor".parse().unwrap(),
                "admins=admin".parse().unwrap(),
            ],
            default_role: None,
            api_url: "https://api.example".into(),
            timeout: std::time::Duration::from_secs(1),
        }
    }

    fn account(issuer: &str, claims: Value) -> Account {
        let claims = Claims(claims.as_object().unwrap().clone());
        Account::of(&claims, &settings(issuer)).unwrap()
    }

    #[test]
    fn an_address_counts_when_it_is_verified_and_of_a_trusted_domain() {
        let email = |issuer: &str, mut claims: Value| {
            claims["sub"] = json!("kim");
            let email = account(issuer, claims).email;
            email.map(|email| email.as_str().to_owned())
        };
        let (own, entra) = (
            "https://id.example",
            "https://login.microsoftonline.com/t/v2.0",
        );
        let kim = Some("kim@news.example".to_owned());
        let of = |verified: Value| json!({"email": "Kim@News.example", "email_verified": verified});
        assert_eq!(email(own, of(json!(true))), kim);
        assert_eq!(email(own, of(json!("true"))), kim);
        for no in [
            json!(false),
            json!("false"),
            json!(1),
            json!(null),
            json!("yes"),
            json!([true]),
        ] {
            assert_eq!(email(own, of(no.clone())), None, "{no}");
            assert_eq!(email(entra, of(no.clone())), None, "{no}");
        }
        let unsaid = json!({"email": "kim@news.example"});
        assert_eq!(email(own, unsaid.clone()), None);
        assert_eq!(email(entra, unsaid), None);
        for owned in [json!(true), json!("1"), json!(1)] {
            let claims = json!({"email": "kim@news.example", "xms_edov": owned});
            assert_eq!(email(entra, claims.clone()), kim);
            assert_eq!(email(own, claims), None);
        }
        for wrong in [
            "kim@other.example",
            "kim@news.example.other",
            "news.example",
            "",
            "a b@news.example",
        ] {
            let claims = json!({"email": wrong, "email_verified": true});
            assert_eq!(email(own, claims), None, "{wrong}");
        }
    }

    #[test]
    fn the_highest_role_of_the_groups_counts() {
        let role = |groups: Value| {
            account(
                "https://id.example",
                json!({"sub": "kim", "groups": groups}),
            )
            .role
        };
        assert_eq!(role(json!(["editors"])), Some(Role::Editor));
        assert_eq!(role(json!(["editors", "x", "admins"])), Some(Role::Admin));
        assert_eq!(role(json!("editors")), Some(Role::Editor));
        for none in [
            json!([]),
            json!(["Editors", 7, null]),
            json!(null),
            json!({"editors": 1}),
        ] {
            assert_eq!(role(none.clone()), None, "{none}");
        }
    }

    #[test]
    fn everybody_has_a_name_that_fits() {
        let name = |claims: Value| account("https://id.example", claims).name.into_string();
        assert_eq!(
            name(json!({"sub": "s", "name": " Kim Newcomer "})),
            "Kim Newcomer"
        );
        assert_eq!(
            name(json!({"sub": "s", "name": "", "preferred_username": "kim"})),
            "kim"
        );
        assert_eq!(name(json!({"sub": "s", "name": "a\nb"})), "s");
        assert_eq!(name(json!({"sub": "s", "name": 7})), "s");
        let email = json!({"sub": "s", "email": "kim@news.example", "email_verified": true});
        assert_eq!(name(email), "kim");
        let long = name(json!({"sub": "s", "name": "ä".repeat(500)}));
        assert_eq!(long.chars().count(), 120);
        assert_eq!(name(json!({"sub": " "})), "Somebody");
    }
}
