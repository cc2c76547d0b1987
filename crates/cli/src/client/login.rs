//! `maas login`

use std::{fs, path::Path};

use maas_client::{
    Error, Profile, ProfileFile,
    args::LoginArgs,
    login::{self, Login, Proof},
};

use super::terminal::{ask_secret, secret_from_stdin};
use crate::out;

/// Asks for what is missing, logs in and says so.
///
/// # Errors
/// [`Error`] by cause; nothing is kept then.
pub(super) async fn run(args: LoginArgs) -> Result<(), Error> {
    let file = ProfileFile::of_caller()?;
    Profile::check_name(&args.profile)?;
    if args.insecure && args.cacerts.is_some() {
        return Err(Error::BothTrusts);
    }
    let cacerts = args.cacerts.as_deref().map(read_ca).transpose()?;
    let proof = proof(&args).await?;
    let is_anonymous = matches!(proof, Proof::Anonymous);
    let request = Login {
        profile: args.profile,
        url: args.url,
        proof,
        cacerts,
        pin: args.pin,
        with_system_roots: args.with_system_roots,
        insecure: args.insecure,
    };
    let is_insecure = request.insecure;
    let profile = login::login(&file, request).await?;
    if is_insecure && profile.url.starts_with("https:") {
        out::talk("warning: the server's certificate was not checked, and this is not remembered for later commands");
    }
    if profile.url.starts_with("http:") && !is_anonymous && !is_loopback(&profile.url) {
        out::talk("warning: http sends the key in clear over the network; use the https URL if the server has one");
    }
    if file.is_open_to_others() {
        out::talk(format!("warning: others on this host may read your keys: chmod 600 {}", file.path().display()));
    }
    out::raw(login::success_text(&profile));
    Ok(())
}

async fn proof(args: &LoginArgs) -> Result<Proof, Error> {
    if let Some(username) = &args.username {
        let password = match args.password_stdin {
            true => secret_from_stdin("the password is its first line").await?,
            false => ask_secret("Password", "pass --password-stdin to read it there").await?,
        };
        return Ok(Proof::Password { username: username.clone(), password, consumer: consumer(&args.profile) });
    }
    let key = match args.key.as_deref() {
        Some("-") => secret_from_stdin("the API key is its first line").await?,
        Some(key) => key.to_owned().into(),
        None => ask_secret("API key (leave empty for anonymous access)", "give the key as third word, or `-`").await?,
    };
    match key.expose().trim() {
        "" => Ok(Proof::Anonymous),
        key => key.parse().map(Proof::Key),
    }
}

/// What the new API key is called: another login on this host as another profile must not replace it.
fn consumer(profile: &str) -> String {
    let user = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    let host = nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("maas {profile} {user}@{host}")
}

fn read_ca(path: &Path) -> Result<String, Error> {
    let bytes = fs::read(path).map_err(|source| Error::CaFile { path: path.to_owned(), source })?;
    String::from_utf8(bytes).map_err(|_| Error::Pem)
}

fn is_loopback(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or_default();
    host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]")
}
