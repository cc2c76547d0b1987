//! `maas logout`, `maas list`, `maas refresh`

use std::io::IsTerminal;

use maas_client::{
    Error, ProfileFile,
    args::{ListArgs, LogoutArgs, RefreshArgs},
    list::{ListFormat, render},
    refresh::refresh as refresh_profile,
};

use super::fail;
use crate::out;

/// Forgets a profile. One that is not there is forgotten already.
///
/// # Errors
/// [`Error::Usage`] when there never was a login.
pub(super) async fn log_out(args: LogoutArgs) -> Result<(), Error> {
    let file = ProfileFile::of_caller()?;
    if !file.exists() {
        return Err(nobody_logged_in(&file));
    }
    file.remove(&args.profile).await?;
    Ok(())
}

/// Shows the profiles.
///
/// # Errors
/// [`Error::ProfileFile`] and the like.
pub(super) async fn list(args: ListArgs) -> Result<(), Error> {
    let profiles = ProfileFile::of_caller()?.list().await?;
    let is_terminal = std::io::stdout().is_terminal();
    let format = match (args.json, args.table) {
        (true, _) => ListFormat::Json,
        (_, true) => ListFormat::Table,
        _ => ListFormat::Lines,
    };
    let show_keys = args.show_keys || (format == ListFormat::Lines && !is_terminal);
    if profiles.is_empty() && is_terminal && !args.json {
        out::talk("no profiles yet: maas login PROFILE URL");
        return Ok(());
    }
    out::raw(render(&profiles, format, show_keys));
    Ok(())
}

/// Reads the descriptions anew, of one server after the other; one that fails does not stop the rest.
///
/// # Errors
/// [`Error::Usage`] for an unknown profile, [`Error::ProfileFile`] and the like.
pub(super) async fn refresh(args: RefreshArgs) -> Result<u8, Error> {
    let file = ProfileFile::of_caller()?;
    let mut profiles = file.list().await?;
    if let Some(name) = args.profiles.iter().find(|name| profiles.iter().all(|profile| profile.name != **name)) {
        let message = format!("there is no profile `{name}`\nhint: `maas list` shows the profiles");
        return Err(Error::Usage { help: String::new(), message });
    }
    profiles.retain(|profile| args.profiles.is_empty() || args.profiles.contains(&profile.name));
    let mut code = 0;
    for profile in profiles {
        let name = profile.name.clone();
        if let Err(error) = refresh_profile(&file, profile, args.insecure).await {
            out::talk(format!("profile `{name}` was not refreshed:"));
            code = fail(&error).max(code);
        }
    }
    Ok(code)
}

fn nobody_logged_in(file: &ProfileFile) -> Error {
    let message = format!("no profiles yet, {} does not exist\nhint: maas login PROFILE URL", file.path().display());
    Error::Usage { help: String::new(), message }
}
