//! `maas apikey`, as MAAS has it, except that a key is readable only when it is made.

use maas_region::{Error, keys};

use super::{open, place::Place};
use crate::{args::ApiKeyArgs, failure::Failure, out};

/// Runs it.
///
/// # Errors
/// MAAS's texts, exit code 1.
pub(crate) async fn run(args: ApiKeyArgs) -> Result<(), Failure> {
    let command = |text: &str| Failure::user(format!("CommandError: {text}"));
    let Some(username) = args.username.as_deref() else {
        return Err(command("You must provide a username with --username."));
    };
    match (args.generate, &args.delete, &args.update) {
        (true, Some(_), _) => return Err(command("Specify one of --generate or --delete.")),
        (true, _, Some(_)) => return Err(command("Specify one of --generate or --update.")),
        (_, Some(_), Some(_)) => return Err(command("Specify one of --delete or --update.")),
        _ => {}
    }
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    let (region, ctx) = open::open(&place, "apikey").await?;
    // Every action asks for the user first, so that a key of somebody else is not found here.
    let owned = keys::list_of(&region, &ctx, username).await.map_err(|error| match error {
        Error::NotFound { .. } => command("User does not exist."),
        other => other.into(),
    })?;
    let token_key = |text: &str| {
        let middle = middle_part(text)?;
        let known = owned.iter().any(|key| key.token_key == middle);
        known.then_some(middle).ok_or_else(|| command("No matching api key found."))
    };
    if args.generate {
        let new = keys::create_for(&region, &ctx, username, args.name.as_deref()).await?;
        out::data(new.text().expose());
    } else if let Some(key) = &args.delete {
        keys::delete(&region, &ctx, &token_key(key)?).await?;
    } else if let Some(key) = &args.update {
        let name = args.name.as_deref().ok_or_else(|| command("Should specify new name for the updated key ."))?;
        keys::rename(&region, &ctx, &token_key(key)?, name).await?;
    } else {
        list(&owned, args.with_names);
    }
    Ok(())
}

fn list(owned: &[keys::ApiKey], with_names: bool) {
    for key in owned {
        let name = if with_names { format!(" {}", key.name) } else { String::new() };
        out::data(format!("{}:{}:********{name}", key.consumer_key, key.token_key));
    }
    if !owned.is_empty() {
        out::talk("hint: a key's secret is shown only when it is made; `--generate` makes another one");
    }
}

fn middle_part(key: &str) -> Result<String, Failure> {
    match *key.split(':').collect::<Vec<_>>() {
        [_, middle, _] => Ok(middle.to_owned()),
        _ => Err(Failure::user(format!(
            "CommandError: Malformed credentials string.  Expected 3 colon-separated items, got '{}'.",
            redact(key)
        ))),
    }
}

/// What was given might hold a secret: only its first part is repeated.
fn redact(key: &str) -> String {
    let first: String = key.chars().take_while(|c| *c != ':').take(18).collect();
    if first.len() == key.len() { first } else { format!("{first}...") }
}

#[cfg(test)]
mod tests {
    use super::middle_part;

    #[test]
    fn only_three_parts_are_a_key() {
        assert_eq!(middle_part("a:b:c").unwrap(), "b");
        let failure = middle_part("abc:secretsecret").unwrap_err();
        assert_eq!(
            failure.message,
            "CommandError: Malformed credentials string.  Expected 3 colon-separated items, got 'abc...'."
        );
    }
}
