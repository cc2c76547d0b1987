//! `maas changepassword`, as MAAS has it.

use maas_model::Secret;
use maas_region::{Error, users};

use super::{
    open,
    place::{Place, login_name},
    prompt,
};
use crate::{args::ChangePasswordArgs, failure::Failure, out};

/// Runs it.
///
/// # Errors
/// An unknown user, passwords that differ three times, a password that does not do.
pub(crate) async fn run(args: ChangePasswordArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    let (region, ctx) = open::open(&place, "changepassword").await?;
    let username = args.username.clone().unwrap_or_else(login_name);
    match users::lookup(&region, &ctx, &username).await {
        Err(Error::NotFound { .. }) => {
            return Err(Failure::user(format!("CommandError: user '{username}' does not exist")));
        }
        other => other?,
    };
    let password = if args.password_stdin { prompt::password_from_stdin()? } else { ask(&username)? };
    users::reset_password(&region, &ctx, &username, password, args.revoke_keys).await?;
    out::data(format!("Password changed successfully for user '{username}'"));
    if !args.revoke_keys {
        out::talk("note: API keys and tokens of this user stay valid; `--revoke-keys` deletes them");
    }
    Ok(())
}

fn ask(username: &str) -> Result<Secret<String>, Failure> {
    out::data(format!("Changing password for user '{username}'"));
    for _ in 0..3 {
        let password = prompt::password("Password: ")?;
        if password.expose().is_empty() {
            return Err(Failure::user("CommandError: aborted"));
        }
        if password.expose() == prompt::password("Password (again): ")?.expose() {
            return Ok(password);
        }
        out::data("Passwords do not match. Please try again.");
    }
    Err(Failure::user(format!("CommandError: Aborting password change for user '{username}' after 3 attempts")))
}
