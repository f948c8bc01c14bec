//! E-mail addresses to sign in with.

use std::fmt;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use utoipa::ToSchema;

use crate::validation::{Invalid, Violations};

/// An e-mail address in lower case, by which addresses are compared: at most 254 bytes, with something on either side
/// of its @.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = Email, max_length = 254, example = "kim@example.com")]
pub struct Email(String);

impl Email {
    /// The longest address that can be delivered to (RFC 5321), in bytes.
    pub const MAX: usize = 254;

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim().to_lowercase();
        let is_one = text.len() <= Self::MAX
            && !text.chars().any(|c| c.is_whitespace() || c.is_control())
            && matches!(text.rsplit_once('@'), Some((name, domain)) if !name.is_empty() && !domain.is_empty());
        if !is_one {
            let detail = "must be an e-mail address such as desk@example.com";
            return Err(Invalid::new("invalid_email", detail));
        }
        Ok(Self(text))
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Deserr<Violations> for Email {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        <String as Deserr<Violations>>::deserialize_from_value(value, location)?
            .parse()
            .map_err(|invalid| Violations::at(location, invalid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_in_lower_case() {
        let email: Email = " Kim@Example.COM ".parse().unwrap();
        assert_eq!(email.as_str(), "kim@example.com");
        for wrong in [
            "",
            "kim",
            "@example.com",
            "kim@",
            "a b@example.com",
            "a\n@b",
        ] {
            assert!(wrong.parse::<Email>().is_err(), "{wrong:?}");
        }
        assert!(
            format!("{}@example.com", "x".repeat(250))
                .parse::<Email>()
                .is_err()
        );
    }
}
