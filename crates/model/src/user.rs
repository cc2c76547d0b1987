//! Users: names, addresses and the built-in roles.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Names that the system keeps for itself, whatever the letter case.
pub const RESERVED: [&str; 2] = ["MAAS", "maas-init-node"];

/// A checked user name: 1 to 150 letters, digits and `@ . + - _`, not reserved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Username(String);

impl Username {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which names that differ only in case are the same name.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a user name or e-mail address was refused; the text is what clients of API 2.0 know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.")]
    Characters,
    #[error("Ensure this value has at most 150 characters.")]
    TooLong,
    #[error("This field is required.")]
    Empty,
    #[error("This username is reserved for the system.")]
    Reserved,
    #[error("Enter a valid email address.")]
    Email,
}

impl FromStr for Username {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if !text.chars().all(|c| c.is_alphanumeric() || "@.+-_".contains(c)) {
            return Err(NameError::Characters);
        }
        if text.chars().count() > 150 {
            return Err(NameError::TooLong);
        }
        // `.` and `..` are path segments that clients fold away, so such a user could not be addressed.
        if text.chars().all(|c| c == '.') {
            return Err(NameError::Characters);
        }
        if RESERVED.iter().any(|name| name.eq_ignore_ascii_case(text)) {
            return Err(NameError::Reserved);
        }
        Ok(Self(text.to_owned()))
    }
}

/// A checked e-mail address: something, `@`, something, no blanks, at most 254 characters. The domain is lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (local, domain) = text.rsplit_once('@').ok_or(NameError::Email)?;
        let bad = |c: char| c.is_whitespace() || c.is_control();
        if local.is_empty() || domain.is_empty() || text.chars().any(bad) || text.chars().count() > 254 {
            return Err(NameError::Email);
        }
        Ok(Self(format!("{local}@{}", domain.to_lowercase())))
    }
}

/// What a user may do on the whole site. The pools' roles join these when there are machines to bind them to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Administrator,
    /// Own keys and preferences; reads what everyone may read.
    User,
}

impl Role {
    /// All roles, most powerful first.
    pub const ALL: [Self; 2] = [Self::Administrator, Self::User];

    /// As stored and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::User => "user",
        }
    }

    /// The word that MAAS's audit texts use: `Created admin 'bob'.`
    pub const fn audit_word(self) -> &'static str {
        match self {
            Self::Administrator => "admin",
            Self::User => "user",
        }
    }

    /// The word that MAAS's security log uses.
    pub const fn log_word(self) -> &'static str {
        match self {
            Self::Administrator => "Admin",
            Self::User => "User",
        }
    }

    /// From MAAS's one flag.
    pub const fn from_superuser(is_superuser: bool) -> Self {
        if is_superuser { Self::Administrator } else { Self::User }
    }

    /// MAAS's one flag.
    pub const fn is_superuser(self) -> bool {
        matches!(self, Self::Administrator)
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| format!("unknown role `{text}`"))
    }
}

/// What a bearer token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenScope {
    /// Reads only.
    ReadOnly,
    /// Everything that its owner may do.
    All,
}

impl TokenScope {
    /// As stored, shown and given by clients.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::All => "all",
        }
    }
}

impl FromStr for TokenScope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "read-only" => Ok(Self::ReadOnly),
            "all" => Ok(Self::All),
            other => Err(format!("unknown scope `{other}`: use `read-only` or `all`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Email, NameError, Username};

    #[test]
    fn usernames_follow_the_rule() {
        for good in ["bob", "a", "Żółw", "x@y.z", "a+b-c_d.e"] {
            assert!(good.parse::<Username>().is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", NameError::Empty),
            ("a/b", NameError::Characters),
            ("a b", NameError::Characters),
            ("..", NameError::Characters),
            ("maas", NameError::Reserved),
            ("MAAS-Init-Node", NameError::Reserved),
        ] {
            assert_eq!(bad.parse::<Username>(), Err(why), "{bad}");
        }
        assert_eq!("x".repeat(151).parse::<Username>(), Err(NameError::TooLong));
    }

    #[test]
    fn email_is_permissive_and_folds_the_domain() {
        assert_eq!("Bob@Example.ORG".parse::<Email>().unwrap().as_str(), "Bob@example.org");
        for bad in ["bob", "@x", "a@", "a b@c", "a@b\n"] {
            assert_eq!(bad.parse::<Email>(), Err(NameError::Email), "{bad}");
        }
    }
}
