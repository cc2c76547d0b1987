//! Help of the commands that a describe document makes.

use crate::command_tree::{ActionCommand, CommandTree, ResourceCommand};

/// `maas PROFILE --help`
pub fn profile_help(profile: &str, url: &str, tree: &CommandTree, width: usize) -> String {
    let mut text = format!("usage: maas {profile} [-h] COMMAND ...\n\n");
    text.push_str(&format!("Talk to the MAAS server at {url}\n\ncommands:\n"));
    push_rows(&mut text, tree.resources.iter().map(|r| (r.word.as_str(), r.title.clone())), width);
    text.push_str(&format!("\nTry `maas {profile} COMMAND --help` for the actions of a command.\n"));
    text
}

/// `maas PROFILE RESOURCE --help`
pub fn resource_help(profile: &str, resource: &ResourceCommand, width: usize) -> String {
    let mut text = format!("usage: maas {profile} {} [-h] ACTION ...\n\n", resource.word);
    push_paragraphs(&mut text, &resource.title, width);
    push_paragraphs(&mut text, &resource.description, width);
    text.push_str("actions:\n");
    push_rows(&mut text, resource.actions.iter().map(|a| (a.word.as_str(), a.doc.title.clone())), width);
    text.push_str(&format!("\nTry `maas {profile} {} ACTION --help` for what an action takes.\n", resource.word));
    text
}

/// `maas PROFILE RESOURCE ACTION --help`
pub fn action_help(profile: &str, resource: &ResourceCommand, action: &ActionCommand, width: usize) -> String {
    let mut text = usage(profile, resource, action);
    text.push('\n');
    push_paragraphs(&mut text, &action.doc.title, width);
    push_paragraphs(&mut text, &action.doc.description, width);
    if !resource.params.is_empty() {
        text.push_str("arguments:\n");
        let rows =
            resource.params.iter().map(|name| (name.as_str(), format!("Which {}.", resource.word.replace('-', " "))));
        push_rows(&mut text, rows, width);
        text.push('\n');
    }
    if !action.doc.params.is_empty() {
        text.push_str("parameters:\n");
        let rows: Vec<(String, String)> = action
            .doc
            .params
            .iter()
            .map(|param| {
                let need = if param.is_required { "required" } else { "optional" };
                let kind = if param.kind.is_empty() { need.to_owned() } else { format!("{}, {need}", param.kind) };
                (format!("{}=", param.name), format!("({kind}) {}", param.help))
            })
            .collect();
        push_rows(&mut text, rows.iter().map(|(name, text)| (name.as_str(), text.clone())), width);
        let more = "Give them as name=value, or as name@=FILE to send what is in a file. Repeat a name to make a list.";
        text.push_str(&format!("\n{}\n\n", wrap(more, width, "")));
    }
    text.push_str("options:\n");
    push_rows(&mut text, OPTIONS.iter().map(|(name, help)| (*name, (*help).to_owned())), width);
    text
}

/// The first lines of an action's help.
pub fn usage(profile: &str, resource: &ResourceCommand, action: &ActionCommand) -> String {
    let mut text = format!("usage: maas {profile} {} {} [-h] [-d] [-k] [--json | --table]", resource.word, action.word);
    for name in &resource.params {
        text.push_str(&format!(" {name}"));
    }
    if action.doc.takes_data {
        text.push_str(" [name=value ...]");
    }
    text.push('\n');
    text
}

/// Breaks a text between words into lines of at most `width` columns, joined by a line end and `indent`.
pub fn wrap(text: &str, width: usize, indent: &str) -> String {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join(&format!("\n{indent}"))
}

fn push_paragraphs(text: &mut String, paragraphs: &str, width: usize) {
    for paragraph in paragraphs.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        text.push_str(&wrap(paragraph, width, ""));
        text.push_str("\n\n");
    }
}

fn push_rows<'a>(text: &mut String, rows: impl Iterator<Item = (&'a str, String)>, width: usize) {
    let rows: Vec<(&str, String)> = rows.collect();
    let longest = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(LONGEST_NAME);
    let indent = " ".repeat(longest + 4);
    let room = width.saturating_sub(indent.len()).max(20);
    for (name, help) in rows {
        let gap = if name.chars().count() > longest { format!("\n{indent}") } else { "  ".to_owned() };
        let row = format!("  {name:longest$}{gap}{}", wrap(&help, room, &indent));
        text.push_str(row.trim_end());
        text.push('\n');
    }
}

const LONGEST_NAME: usize = 30;

/// What every action takes.
pub const OPTIONS: &[(&str, &str)] = &[
    ("-h, --help", "Show this help."),
    ("-d, --debug", "Show the certificate, the status and the headers of the answer on stderr."),
    ("-k, --insecure", "Do not check the server's certificate, this time."),
    ("--json", "Print the answer alone, as indented JSON."),
    ("--table", "Print the answer as a table."),
    ("--columns A,B.C", "Columns of the table."),
];

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{action_help, profile_help, resource_help, wrap};
    use crate::command_tree::CommandTree;

    fn tree() -> CommandTree {
        CommandTree::new(&serde_json::from_str(include_str!("../tests/describe.json")).unwrap(), true)
    }

    fn check(text: String, expected: Expect) {
        expected.assert_eq(&text);
    }

    #[test]
    fn a_profile_lists_its_commands() {
        check(
            profile_help("p", "https://m:5443/MAAS/api/2.0/", &tree(), 80),
            expect![[r#"
            usage: maas p [-h] COMMAND ...

            Talk to the MAAS server at https://m:5443/MAAS/api/2.0/

            commands:
              account     The caller's own API keys.
              events      What happened.
              files       Files of the caller.
              maas        Settings of the site.
              sshkeys     SSH keys of the caller.
              user        One account.
              user-group  One group.
              users       All accounts.
              version     Version.

            Try `maas p COMMAND --help` for the actions of a command.
        "#]],
        );
    }

    #[test]
    fn without_a_key_only_public_commands_are_listed() {
        let description = serde_json::from_str(include_str!("../tests/describe.json")).unwrap();
        check(
            profile_help("p", "http://m/MAAS/api/2.0/", &CommandTree::new(&description, false), 80),
            expect![[r#"
            usage: maas p [-h] COMMAND ...

            Talk to the MAAS server at http://m/MAAS/api/2.0/

            commands:
              version  Version.

            Try `maas p COMMAND --help` for the actions of a command.
        "#]],
        );
    }

    #[test]
    fn a_resource_lists_its_actions() {
        check(
            resource_help("p", tree().find("sshkeys").unwrap(), 80),
            expect![[r#"
            usage: maas p sshkeys [-h] ACTION ...

            SSH keys of the caller.

            They are put on the machines that the caller deploys.

            actions:
              create  Add a key
              import  Import keys
              read    List keys

            Try `maas p sshkeys ACTION --help` for what an action takes.
        "#]],
        );
    }

    #[test]
    fn an_action_shows_its_parameters() {
        let tree = tree();
        let users = tree.find("users").unwrap();
        check(
            action_help("p", users, users.find("create").unwrap(), 60),
            expect![[r#"
            usage: maas p users create [-h] [-d] [-k] [--json | --table] [name=value ...]

            Add an account

            Adds it.

            parameters:
              username=      (String, required) Login name.
              email=         (String, required) Mail address.
              password=      (String, required) First password.
              is_superuser=  (Boolean, required) Whether it is an
                             administrator: `0` or `1`.

            Give them as name=value, or as name@=FILE to send what is in
            a file. Repeat a name to make a list.

            options:
              -h, --help       Show this help.
              -d, --debug      Show the certificate, the status and the
                               headers of the answer on stderr.
              -k, --insecure   Do not check the server's certificate,
                               this time.
              --json           Print the answer alone, as indented JSON.
              --table          Print the answer as a table.
              --columns A,B.C  Columns of the table.
        "#]],
        );
        let user = tree.find("user").unwrap();
        check(
            action_help("p", user, user.find("delete").unwrap(), 100),
            expect![[r#"
            usage: maas p user delete [-h] [-d] [-k] [--json | --table] username [name=value ...]

            Remove an account

            Removes it.

            arguments:
              username  Which user.

            parameters:
              transfer_resources_to=  (String, optional) New owner.

            Give them as name=value, or as name@=FILE to send what is in a file. Repeat a name to make a list.

            options:
              -h, --help       Show this help.
              -d, --debug      Show the certificate, the status and the headers of the answer on stderr.
              -k, --insecure   Do not check the server's certificate, this time.
              --json           Print the answer alone, as indented JSON.
              --table          Print the answer as a table.
              --columns A,B.C  Columns of the table.
        "#]],
        );
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("aa bb  cc ddddddd", 5, "> "), "aa bb\n> cc\n> ddddddd");
    }
}
