//! The client's commands: what clap read and what the terminal says, handed to `maas-client`.

mod completion;
mod login;
mod profiles;
mod terminal;

use maas_client::{Error, ProfileFile, profile_command, words::closest};

use crate::{
    args::{Cli, Command},
    out,
};

/// Carries out a command of the client, or the words of a profile, and returns the exit code. Ctrl-C ends it with 1.
pub(crate) async fn run(command: Command) -> u8 {
    let screen = terminal::Screen::remember();
    tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => screen.leave(1),
        done = carry_out(command) => match done {
            Ok(code) => code,
            Err(error) => fail(&error),
        },
    }
}

async fn carry_out(command: Command) -> Result<u8, Error> {
    match command {
        Command::Login(args) => login::run(args).await?,
        Command::Logout(args) => profiles::log_out(args).await?,
        Command::List(args) => profiles::list(args).await?,
        Command::Refresh(args) => return profiles::refresh(args).await,
        Command::Completion(args) => out::raw(args.shell.script()),
        Command::Complete { words } => completion::print(&words).await,
        Command::Profile(words) => return run_profile(&words).await,
        _ => {
            let message = "that is no command of the client".to_owned();
            return Err(Error::Usage { help: String::new(), message });
        }
    }
    Ok(0)
}

/// `maas PROFILE RESOURCE ACTION ...`
async fn run_profile(words: &[String]) -> Result<u8, Error> {
    let Some((name, words)) = words.split_first() else { return Ok(2) };
    let file = ProfileFile::of_caller()?;
    let Some(profile) = file.find(name).await? else { return Err(unknown(&file, name).await) };
    profile_command::run(&profile, words, &mut terminal::console(&mut std::io::stdout(), &mut std::io::stderr())).await
}

/// Neither a command nor a profile.
async fn unknown(file: &ProfileFile, name: &str) -> Error {
    let profiles = file.names().await.unwrap_or_default();
    let root = <Cli as clap::CommandFactory>::command();
    let commands = root.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    let near = closest(name, profiles.iter().map(String::as_str).chain(commands));
    let near = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    let message = format!(
        "`{name}` is neither a command nor a profile{near}\nhint: `maas --help` shows the commands, `maas list` the profiles"
    );
    Error::Usage { help: String::new(), message }
}

/// Says what went wrong. A reader that went away before the end is no failure.
pub(crate) fn fail(error: &Error) -> u8 {
    if let Error::Output(error) = error
        && error.kind() == std::io::ErrorKind::BrokenPipe
    {
        return 0;
    }
    out::talk(error.report().trim_end());
    error.exit_code()
}
