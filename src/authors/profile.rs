//! Where readers find an author.

use std::fmt;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::text::{AbsoluteUrl, Slug};
use crate::validation::{Invalid, Violations, at_most};

/// A page of an author elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"network": "mastodon", "url": "https://social.example.com/@alex"}))]
pub struct SocialLink {
    /// Which network it is on, in lower case: `bluesky`, `mastodon`, `x`. Any is taken, so show a link where you have
    /// no icon.
    pub network: Slug,
    /// The page.
    pub url: AbsoluteUrl,
}

/// Pages of an author elsewhere, at most 20, none twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SocialLinks(pub Vec<SocialLink>);

impl SocialLinks {
    const MOST: usize = 20;
}

impl Deserr<Violations> for SocialLinks {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let links = Vec::<SocialLink>::deserialize_from_value(value, location)?;
        let links = at_most(links, Self::MOST, location)?;
        for (index, link) in links.iter().enumerate() {
            if links[..index].iter().any(|other| other.url == link.url) {
                let invalid = Invalid::new("repeated", "is there already");
                let at = location.push_index(index);
                return Err(Violations::at(at.push_key("url"), invalid));
            }
        }
        Ok(Self(links))
    }
}

impl PartialSchema for SocialLinks {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(Ref::from_schema_name(SocialLink::name()))
            .max_items(Some(Self::MOST))
            .into()
    }
}

impl ToSchema for SocialLinks {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((SocialLink::name().into(), SocialLink::schema()));
        SocialLink::schemas(schemas);
    }
}

/// An e-mail address, of at most 254 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What was accepted when it was written.
    pub fn as_stored(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EmailAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        // What would end the address in a `mailto:` link or in a header has no place in one.
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[]\\,;:\"".contains(c);
        let is_domain = |domain: &str| {
            let labels = domain.split('.');
            domain.contains('.') && labels.into_iter().all(|label| !label.is_empty())
        };
        let well_formed = text.len() <= 254
            && text.chars().all(plain)
            && matches!(text.split_once('@'), Some((name, domain))
                if !name.is_empty() && !domain.contains('@') && is_domain(domain));
        match well_formed {
            true => Ok(Self(text.to_owned())),
            false => Err(Invalid::new(
                "invalid_email",
                "must be an e-mail address such as desk@example.com",
            )),
        }
    }
}

impl Deserr<Violations> for EmailAddress {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        <String as Deserr<Violations>>::deserialize_from_value(value, location)?
            .parse()
            .map_err(|invalid| Violations::at(location, invalid))
    }
}

impl PartialSchema for EmailAddress {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(254))
            .examples(["desk@example.com"])
            .into()
    }
}

impl ToSchema for EmailAddress {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_domain() {
        for good in ["a@b.c", " desk@example.com ", "jürgen+tips@bücher.example"] {
            assert!(good.parse::<EmailAddress>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "@b.c",
            "a@",
            "a@b",
            "a@b.",
            "a@@b.c",
            "a b@c.d",
            "a@b.c,d@e.f",
            "<a@b.c>",
            "mailto:a@b.c",
            "a@b.c\r\nBcc: d@e.f",
        ] {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad:?}");
        }
        let long = format!("{}@example.com", "x".repeat(250));
        assert!(long.parse::<EmailAddress>().is_err());
    }
}
