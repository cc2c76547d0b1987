//! Completion candidates: built-in commands from clap, everything behind a profile from its describe document.

use clap::{Arg, Command, CommandFactory};
use maas_client::{
    ProfileFile,
    completion::{Candidate, behind_profile, profiles, render},
};

use crate::{args::Cli, out};

/// Prints the candidates for the last of `words`, which may be empty or begun. Never fails, never talks.
pub(super) async fn print(words: &[String]) {
    let file = ProfileFile::of_caller().ok();
    let known = match &file {
        Some(file) => profiles(file).await,
        None => Vec::new(),
    };
    let root = Cli::command();
    let candidates = match (words, &file) {
        ([profile, rest @ ..], Some(file)) if !rest.is_empty() && known.iter().any(|known| known.word == *profile) => {
            behind_profile(file, profile, rest).await
        }
        _ => built_in(&root, words, &known),
    };
    out::raw(render(&candidates));
}

fn built_in(root: &Command, words: &[String], profiles: &[Candidate]) -> Vec<Candidate> {
    let Some((current, before)) = words.split_last() else { return Vec::new() };
    let (mut command, mut path, mut given) = (root, Vec::new(), 0);
    for word in before.iter().filter(|word| !word.starts_with('-')) {
        match command.find_subcommand(word).filter(|_| given == 0) {
            Some(inner) => {
                command = inner;
                path.push(inner.get_name());
            }
            None => given += 1,
        }
    }
    let mut all = Vec::new();
    if current.starts_with('-') {
        all.extend(command.get_arguments().filter(|argument| !argument.is_hide_set()).filter_map(option));
        all.push(Candidate::new("--help", "Print help"));
    } else if given == 0 {
        let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
        all.extend(visible.map(|command| Candidate::new(command.get_name(), text(command.get_about()))));
        if matches!(path[..], [] | ["login" | "logout" | "refresh"]) {
            all.extend_from_slice(profiles);
        }
        all.extend(command.get_positionals().next().into_iter().flat_map(values));
    }
    all.retain(|candidate| candidate.word.starts_with(current.as_str()));
    all
}

fn option(argument: &Arg) -> Option<Candidate> {
    Some(Candidate::new(format!("--{}", argument.get_long()?), text(argument.get_help())))
}

fn values(argument: &Arg) -> impl Iterator<Item = Candidate> {
    argument.get_possible_values().into_iter().map(|value| Candidate::new(value.get_name(), ""))
}

fn text(styled: Option<&clap::builder::StyledStr>) -> String {
    styled.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use expect_test::{Expect, expect};
    use maas_client::completion::{Candidate, render};

    use super::built_in;
    use crate::args::Cli;

    fn check(words: &[&str], expected: Expect) {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let profiles = [Candidate::new("lab", "profile")];
        expected.assert_eq(&render(&built_in(&Cli::command(), &words, &profiles)));
    }

    #[test]
    fn words_of_the_program_are_completed() {
        check(
            &["l"],
            expect![[r#"
            login	Log in to a remote API, and remember its description and cre
            logout	Forget a profile
            list	List profiles
            lab	profile
        "#]],
        );
        check(
            &["config-tls", "e"],
            expect![[r#"
            enable	Enable TLS and switch to a secured mode (https)
        "#]],
        );
        check(
            &["completion", ""],
            expect![[r#"
            bash	
            zsh	
            fish	
        "#]],
        );
        check(
            &["logout", ""],
            expect![[r#"
            lab	profile
        "#]],
        );
        check(
            &["login", "x", "--p"],
            expect![[r#"
            --password-stdin	The password is the first line of stdin; without this you ar
            --pin	Trust the one certificate with this fingerprint, such as sha
        "#]],
        );
        check(&["up", ""], expect![""]);
    }
}
