//! The client's commands as clap sees them.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::completion::Shell;

/// `maas login`
#[derive(Args, Clone, Debug)]
pub struct LoginArgs {
    /// The name by which you will refer to this server and these credentials
    #[arg(value_name = "PROFILE")]
    pub profile: String,
    /// The URL of the server, such as `https://maas.example:5443/MAAS`
    #[arg(value_name = "URL", value_hint = ValueHint::Url)]
    pub url: String,
    /// The API key or token; `-` reads it from stdin, so that it is not in the process list. Without it you are asked
    #[arg(value_name = "KEY", conflicts_with = "username")]
    pub key: Option<String>,
    /// Log in as this user instead, and keep an API key made for it
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,
    /// The password is the first line of stdin; without this you are asked
    #[arg(long, requires = "username")]
    pub password_stdin: bool,
    /// Trust the CA in this PEM file; it is kept in the profile and replaces the system's authorities for it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub cacerts: Option<PathBuf>,
    /// Trust the system's authorities beside `--cacerts`
    #[arg(long, requires = "cacerts")]
    pub with_system_roots: bool,
    /// Trust the one certificate with this fingerprint, such as sha256:AB:CD:..; it is kept in the profile
    #[arg(long, value_name = "FINGERPRINT", conflicts_with = "cacerts")]
    pub pin: Option<String>,
    /// Do not check the server's certificate, this time; not kept in the profile
    #[arg(short = 'k', long)]
    pub insecure: bool,
}

/// `maas logout`
#[derive(Args, Clone, Debug)]
pub struct LogoutArgs {
    /// The profile to forget. Its key stays valid: delete it on the server to end it
    #[arg(value_name = "PROFILE")]
    pub profile: String,
}

/// `maas list`
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Print JSON
    #[arg(long, conflicts_with = "table")]
    pub json: bool,
    /// Print a table
    #[arg(long)]
    pub table: bool,
    /// Print whole keys also to a terminal, in tables and in JSON. Plain lines into a file or pipe always have them
    #[arg(long)]
    pub show_keys: bool,
}

/// `maas refresh`
#[derive(Args, Clone, Debug)]
pub struct RefreshArgs {
    /// The profiles to refresh (default: all)
    #[arg(value_name = "PROFILE")]
    pub profiles: Vec<String>,
    /// Do not check the servers' certificates, this time
    #[arg(short = 'k', long)]
    pub insecure: bool,
}

/// `maas completion`
#[derive(Args, Clone, Copy, Debug)]
pub struct CompletionArgs {
    /// Which shell's
    #[arg(value_enum)]
    pub shell: Shell,
}

impl ValueEnum for Shell {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Bash, Self::Zsh, Self::Fish]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }))
    }
}
