//! What can go wrong for somebody at the command line, with the text, the way out and the exit code.
//!
//! Texts that scripts know from MAAS are kept as they are, without a prefix.

use std::{io, path::PathBuf};

/// Why a command of the client failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The words make no sense; `help` is shown before the message.
    #[error("{message}")]
    Usage { help: String, message: String },
    /// A word that is neither `name=value` nor `name@=file`.
    #[error("'{0}' is not a name=value or name@=filename pair")]
    NotAPair(String),
    #[error("cannot read `{path}` for `{name}`")]
    ReadFile {
        name: String,
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("no home directory: the variable HOME is not set, so there is no place for profiles")]
    NoHome,
    #[error("cannot use the profile file {path}")]
    ProfileFile {
        path: PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("profile `{name}` in {path} is damaged: {why}")]
    DamagedProfile { name: String, path: PathBuf, why: String },
    #[error("`{0}` is no profile name: it must not be empty, begin with `-` or `.`, or contain `/`")]
    ProfileName(String),
    #[error("`{text}` is no URL of a MAAS server: {why}")]
    Url { text: String, why: &'static str },
    #[error(
        "that is no API key: expected `consumer:token:secret` as `maas apikey` prints it, or a token that begins with `maas_pat_`"
    )]
    Key,
    #[error("You cannot use both cacerts and insecure arguments.")]
    BothTrusts,
    #[error("cannot read the CA file {path}")]
    CaFile {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("Invalid PEM material")]
    Pem,
    #[error("{0}")]
    Trust(String),
    #[error("Certificate verification failed, use --insecure/-k to disable the certificate check.\n{0}")]
    Certificate(String),
    #[error("cannot talk to {url}: {why}")]
    Unreachable { url: String, why: String },
    #[error("The MAAS server rejected your API key.")]
    KeyRejected,
    #[error("wrong user name or password")]
    PasswordRejected,
    #[error("The MAAS server gave an unexpected response: {0}")]
    Unexpected(u16),
    #[error("{url} sends its callers on to {target}")]
    Moved { url: String, target: String },
    #[error("{url} does not describe an API: {why}")]
    NotDescribed { url: String, why: String },
    #[error("cannot write the output")]
    Output(#[from] io::Error),
}

impl Error {
    /// 1 where MAAS's client says 1 (trust, keys, files, pairs); 2 for words that make no sense and servers out of reach.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotAPair(_)
            | Self::ReadFile { .. }
            | Self::BothTrusts
            | Self::CaFile { .. }
            | Self::Pem
            | Self::Trust(_)
            | Self::Certificate(_)
            | Self::KeyRejected
            | Self::PasswordRejected
            | Self::Moved { .. }
            | Self::Unexpected(_) => 1,
            _ => 2,
        }
    }

    /// What to do next, in one line.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Certificate(_) => {
                "get the site's CA from its administrator (DIR/ca.pem on the region) and pass it with \
                                     --cacerts, or, once they confirm the fingerprint, pass --pin sha256:FINGERPRINT"
                    .to_owned()
            }
            Self::KeyRejected => {
                "copy the whole key, three parts joined by `:`, from the web UI or from `maas apikey` on \
                                  the region"
                    .to_owned()
            }
            Self::Moved { target, .. } => {
                format!("log in again with that address: maas login PROFILE {}", site_of(target))
            }
            Self::NotDescribed { .. } | Self::Unexpected(404) => {
                "the URL of a MAAS server ends in /MAAS, for example https://maas.example:5443/MAAS".to_owned()
            }
            Self::NoHome => "set HOME to a directory of your own".to_owned(),
            Self::DamagedProfile { name, .. } => format!("make it anew: maas login {name} URL"),
            _ => return None,
        };
        Some(hint)
    }

    /// Message, causes and hint as they are shown on stderr.
    pub fn report(&self) -> String {
        let mut text = String::new();
        if let Self::Usage { help, .. } = self
            && !help.is_empty()
        {
            text.push_str(help);
            text.push('\n');
        }
        if !self.is_known_text() {
            text.push_str("error: ");
        }
        text.push_str(&self.to_string());
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            text.push_str(&format!(": {inner}"));
            cause = inner.source();
        }
        text.push('\n');
        if let Some(hint) = self.hint() {
            text.push_str(&format!("hint: {hint}\n"));
        }
        text
    }

    fn is_known_text(&self) -> bool {
        matches!(
            self,
            Self::NotAPair(_)
                | Self::BothTrusts
                | Self::Pem
                | Self::Certificate(_)
                | Self::KeyRejected
                | Self::Unexpected(_)
        )
    }
}

/// `https://host:5443/MAAS` of `https://host:5443/MAAS/api/2.0/describe/`.
fn site_of(url: &str) -> &str {
    url.find("/api/").map_or(url, |at| &url[..at])
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::Error;

    fn check(error: Error, code: u8, expected: Expect) {
        assert_eq!(error.exit_code(), code);
        expected.assert_eq(&error.report());
    }

    #[test]
    fn the_way_out_of_a_failed_verification_is_the_ca() {
        check(
            Error::Certificate("the certificate's issuer is not trusted".into()),
            1,
            expect![[r#"
                Certificate verification failed, use --insecure/-k to disable the certificate check.
                the certificate's issuer is not trusted
                hint: get the site's CA from its administrator (DIR/ca.pem on the region) and pass it with --cacerts, or, once they confirm the fingerprint, pass --pin sha256:FINGERPRINT
            "#]],
        );
    }

    #[test]
    fn a_redirect_names_the_new_address() {
        check(
            Error::Moved {
                url: "http://m:5240/MAAS/api/2.0/describe/".into(),
                target: "https://m:5443/MAAS/api/2.0/describe/".into(),
            },
            1,
            expect![[r#"
                error: http://m:5240/MAAS/api/2.0/describe/ sends its callers on to https://m:5443/MAAS/api/2.0/describe/
                hint: log in again with that address: maas login PROFILE https://m:5443/MAAS
            "#]],
        );
    }

    #[test]
    fn causes_follow_the_message() {
        let source = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        check(
            Error::ReadFile { name: "key".into(), path: "id.pub".into(), source },
            1,
            expect![[r#"
                error: cannot read `id.pub` for `key`: no such file
            "#]],
        );
    }
}
