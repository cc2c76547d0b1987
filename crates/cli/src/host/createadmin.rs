//! `maas createadmin`, as MAAS has it, with the password kept out of the process list.

use maas_authz::OpCtx;
use maas_model::{Role, Secret};
use maas_region::{Error, Region, users};

use super::{open, place::Place, prompt};
use crate::{args::CreateAdminArgs, failure::Failure, out};

/// Runs it.
///
/// # Errors
/// MAAS's texts, exit code 1.
pub(crate) async fn run(args: CreateAdminArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    let (region, ctx) = open::open(&place, "createadmin").await?;
    let asks = args.username.is_none() || !has_password(&args) || args.email.is_none();
    let username = match args.username.clone() {
        Some(name) => name,
        None => ask("Username: ")
            .ok_or_else(|| Failure::user("EmptyUsername: You must input a username or provide it with --username."))?,
    };
    let password = password(&args)?;
    let email = match args.email.clone() {
        Some(email) => email,
        None => ask("Email: ")
            .ok_or_else(|| Failure::user("EmptyEmail: You must input an email or provide it with --email"))?,
    };
    let import = match args.ssh_import.clone() {
        Some(source) => Some(source),
        None if asks => ask("Import SSH keys [] (lp:user-id or gh:user-id): "),
        None => None,
    };
    create(&region, &ctx, username, email, password, import).await
}

async fn create(
    region: &Region,
    ctx: &OpCtx,
    username: String,
    email: String,
    password: Secret<String>,
    import: Option<String>,
) -> Result<(), Failure> {
    let ssh_import = import.as_deref().map(import_source).transpose()?;
    let new = users::CreateUser {
        username,
        email,
        full_name: String::new(),
        password,
        role: Role::Administrator,
        ssh_keys: None,
        ssh_import,
    };
    users::create(region, ctx, new).await.map_err(with_name)?;
    Ok(())
}

/// The source in full, `lp:<id>` or `gh:<id>`.
fn import_source(source: &str) -> Result<String, Failure> {
    match source.split_once(':') {
        Some(("lp" | "gh", id)) if is_id(id) => Ok(source.to_owned()),
        None if is_id(source) => {
            out::data("SSH import protocol was not entered.  Using Launchpad protocol (default).");
            Ok(format!("lp:{source}"))
        }
        _ if source.starts_with("lp") || source.starts_with("gh") => Err(Failure::user(
            "SSHKeysError: The protocol or user-id entered is not in a correct format. Your SSH keys will not be imported.",
        )),
        _ => Err(Failure::user(
            "SSHKeysError: The input entered is not in a correct format. Your SSH keys will not be imported.",
        )),
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.+-".contains(c))
}

fn has_password(args: &CreateAdminArgs) -> bool {
    args.password.is_some() || args.password_file.is_some() || args.password_stdin
}

fn password(args: &CreateAdminArgs) -> Result<Secret<String>, Failure> {
    if let Some(password) = &args.password {
        return Ok(Secret::new(password.clone()));
    }
    if let Some(path) = &args.password_file {
        return if path.as_os_str() == "-" { prompt::password_from_stdin() } else { prompt::password_from_file(path) };
    }
    if args.password_stdin {
        return prompt::password_from_stdin();
    }
    let password = prompt::password("Password: ")?;
    if password.expose().is_empty() {
        return Err(Failure::user("InconsistentPassword: Passwords cannot be empty"));
    }
    if password.expose() != prompt::password("Again: ")?.expose() {
        return Err(Failure::user("InconsistentPassword: Passwords do not match"));
    }
    Ok(password)
}

fn ask(question: &str) -> Option<String> {
    prompt::line(question).map(|answer| answer.trim().to_owned()).filter(|answer| !answer.is_empty())
}

/// MAAS names a taken name or address so; here with the field that is really taken.
fn with_name(error: Error) -> Failure {
    if let Error::BadRequest(reason) = &error
        && reason.contains("SSH keys")
    {
        return Failure::user(format!("SSHKeysError: Importing SSH keys failed.\n{reason}"));
    }
    if let Error::Invalid(fields) = &error {
        let taken = |field: &str| {
            fields.get(field).is_some_and(|texts| texts.iter().any(|text| text.contains("already exists")))
        };
        if taken("username") {
            return Failure::user("AlreadyExistingUser: A user with that username already exists.");
        }
        if taken("email") {
            return Failure::user("AlreadyExistingUser: A user with that email already exists.");
        }
    }
    let failure = Failure::from(error);
    Failure { message: format!("CommandError: {}", failure.message), ..failure }
}
