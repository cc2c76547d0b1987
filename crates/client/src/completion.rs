//! Candidates for the word that is being typed, from the profiles and their descriptions, and the shells' side of it.

use crate::{
    ProfileFile,
    command_tree::{ActionCommand, CommandTree, ResourceCommand},
    help::OPTIONS,
};

/// A word that fits, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub word: String,
    pub help: String,
}

impl Candidate {
    /// A candidate.
    pub fn new(word: impl Into<String>, help: impl Into<String>) -> Self {
        Self { word: word.into(), help: help.into() }
    }
}

/// The profiles as first words. Nothing when their file cannot be read: completion never complains.
pub async fn profiles(file: &ProfileFile) -> Vec<Candidate> {
    let names = file.names().await.unwrap_or_default();
    names.into_iter().map(|name| Candidate::new(name, "profile")).collect()
}

/// Candidates for the last of the words behind a profile's name.
pub async fn behind_profile(file: &ProfileFile, profile: &str, words: &[String]) -> Vec<Candidate> {
    match file.find(profile).await {
        Ok(Some(profile)) => in_tree(&profile.commands(), words),
        _ => Vec::new(),
    }
}

/// Candidates for the last of `words`.
pub fn in_tree(tree: &CommandTree, words: &[String]) -> Vec<Candidate> {
    let Some((current, before)) = words.split_last() else { return Vec::new() };
    let before: Vec<&str> = before.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let all = match before[..] {
        _ if current.starts_with('-') => options(),
        [] => tree.resources.iter().map(|r| Candidate::new(&r.word, &r.title)).collect(),
        [resource] => actions(tree, resource),
        [resource, action, ref given @ ..] => parameters(tree, resource, action, given),
    };
    all.into_iter().filter(|candidate| candidate.word.starts_with(current.as_str())).collect()
}

/// One candidate a line: the word, a tab, what it means.
pub fn render(candidates: &[Candidate]) -> String {
    let line = |candidate: &Candidate| {
        let help: String =
            candidate.help.chars().take(60).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        format!("{}\t{help}\n", candidate.word)
    };
    candidates.iter().map(line).collect()
}

fn actions(tree: &CommandTree, resource: &str) -> Vec<Candidate> {
    let Ok(resource) = tree.find(resource) else { return Vec::new() };
    resource.actions.iter().map(|action| Candidate::new(&action.word, &action.doc.title)).collect()
}

fn parameters(tree: &CommandTree, resource: &str, action: &str, given: &[&str]) -> Vec<Candidate> {
    let Some((resource, action)) = both(tree, resource, action) else { return Vec::new() };
    if given.len() < resource.params.len() {
        return Vec::new();
    }
    let candidate = |param: &maas_wire::Documented| Candidate::new(format!("{}=", param.name), &param.help);
    action.doc.params.iter().map(candidate).collect()
}

fn both<'a>(tree: &'a CommandTree, resource: &str, action: &str) -> Option<(&'a ResourceCommand, &'a ActionCommand)> {
    let resource = tree.find(resource).ok()?;
    Some((resource, resource.find(action).ok()?))
}

fn options() -> Vec<Candidate> {
    let long = |names: &'static str| names.split([',', ' ']).find(|name| name.starts_with("--"));
    OPTIONS.iter().filter_map(|(names, help)| Some(Candidate::new(long(names)?, *help))).collect()
}

/// The shells that have a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    /// The text to source. It asks `maas __complete` for candidates.
    pub fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("completion/maas.bash"),
            Self::Zsh => include_str!("completion/maas.zsh"),
            Self::Fish => include_str!("completion/maas.fish"),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{in_tree, render};
    use crate::command_tree::CommandTree;

    fn check(words: &[&str], expected: Expect) {
        let tree = CommandTree::new(&serde_json::from_str(include_str!("../tests/describe.json")).unwrap(), true);
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        expected.assert_eq(&render(&in_tree(&tree, &words)));
    }

    #[test]
    fn every_place_has_its_candidates() {
        check(
            &["us"],
            expect![[r#"
            user	One account.
            user-group	One group.
            users	All accounts.
        "#]],
        );
        check(
            &["users", ""],
            expect![[r#"
            create	Add an account
            read	List accounts
            whoami	Show the caller
        "#]],
        );
        check(
            &["-k", "users", "create", "e"],
            expect![[r#"
            email=	Mail address.
        "#]],
        );
        check(&["user", "delete", ""], expect![""]);
        check(
            &["user", "delete", "bob", ""],
            expect![[r#"
            transfer_resources_to=	New owner.
        "#]],
        );
        check(
            &["users", "--in"],
            expect![[r#"
            --insecure	Do not check the server's certificate, this time.
        "#]],
        );
        check(&["nonsense", ""], expect![""]);
    }
}
