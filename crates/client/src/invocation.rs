//! The words behind `maas PROFILE`: which action, on what, with which values.

use crate::{
    Error,
    command_tree::{ActionCommand, CommandTree, ResourceCommand},
    fields::{Field, FieldValue},
    help::{action_help, profile_help, resource_help, usage},
};

/// Who is asked, for texts.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub profile: &'a str,
    pub url: &'a str,
    /// Columns for help.
    pub width: usize,
}

/// What the words mean.
#[derive(Clone, Debug)]
pub enum Parsed<'a> {
    Help(String),
    Call(Invocation<'a>),
}

/// One call to make.
#[derive(Clone, Debug)]
pub struct Invocation<'a> {
    pub resource: &'a ResourceCommand,
    pub action: &'a ActionCommand,
    /// Path variables with their values.
    pub path: Vec<(String, String)>,
    pub fields: Vec<Field>,
    pub options: Options,
}

/// Switches, wherever they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub help: bool,
    pub debug: bool,
    pub insecure: bool,
    pub json: bool,
    pub table: bool,
    pub columns: Vec<String>,
}

/// Reads the words behind the profile's name.
///
/// # Errors
/// [`Error::Usage`] with the help that fits, or what [`Field::parse`] gives.
pub fn parse<'a>(tree: &'a CommandTree, asked: Asked<'_>, words: &[String]) -> Result<Parsed<'a>, Error> {
    let (options, words, unknown) = split(words);
    let top = || profile_help(asked.profile, asked.url, tree, asked.width);
    let Some((word, words)) = words.split_first() else {
        return if options.help { Ok(Parsed::Help(top())) } else { Err(wrong(top(), missing("COMMAND"))) };
    };
    let resource =
        tree.find(word).map_err(|near| wrong(top_line(asked), no_such("command", word, near, asked.profile)))?;
    let middle = || resource_help(asked.profile, resource, asked.width);
    let Some((word, words)) = words.split_first() else {
        return if options.help { Ok(Parsed::Help(middle())) } else { Err(wrong(middle(), missing("ACTION"))) };
    };
    let whole = format!("{} {}", asked.profile, resource.word);
    let action =
        resource.find(word).map_err(|near| wrong(resource_line(&whole), no_such("action", word, near, &whole)))?;
    if options.help {
        return Ok(Parsed::Help(action_help(asked.profile, resource, action, asked.width)));
    }
    let fail = |message: String| wrong(usage(asked.profile, resource, action), message);
    if !unknown.is_empty() {
        return Err(fail(format!("unrecognized arguments: {}", unknown.join(" "))));
    }
    if words.len() < resource.params.len() {
        return Err(fail(missing(&resource.params[words.len()..].join(", "))));
    }
    let (values, rest) = words.split_at(resource.params.len());
    let path = resource.params.iter().cloned().zip(values.iter().cloned()).collect();
    if !rest.is_empty() && !action.doc.takes_data {
        return Err(fail(format!("unrecognized arguments: {}", rest.join(" "))));
    }
    let fields = fields(resource, action, rest)?;
    if is_key_import(resource, action) && !fields.iter().any(|field| field.name == "keysource") {
        return Err(fail(missing("keysource")));
    }
    Ok(Parsed::Call(Invocation { resource, action, path, fields, options }))
}

fn fields(resource: &ResourceCommand, action: &ActionCommand, words: &[String]) -> Result<Vec<Field>, Error> {
    let is_import = is_key_import(resource, action);
    let field = |word: &String| {
        if is_import && !word.contains('=') {
            return Ok(Field { name: "keysource".to_owned(), value: FieldValue::Text(word.clone()) });
        }
        Field::parse(word, &resource.word, action)
    };
    words.iter().map(field).collect()
}

/// `sshkeys import lp:al` names its one value by its place.
fn is_key_import(resource: &ResourceCommand, action: &ActionCommand) -> bool {
    resource.word == "sshkeys" && action.word == "import"
}

/// Switches, the other words, and what looks like a switch and is none. `--` ends the switches.
fn split(words: &[String]) -> (Options, Vec<String>, Vec<String>) {
    let (mut options, mut others, mut unknown) = (Options::default(), Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--" => others.extend(words.by_ref().cloned()),
            "--help" => options.help = true,
            "--debug" => options.debug = true,
            "--insecure" => options.insecure = true,
            "--json" => options.json = true,
            "--table" => options.table = true,
            "--columns" => options.columns = words.next().map(|list| columns(list)).unwrap_or_default(),
            long if long.starts_with("--columns=") => options.columns = columns(&long["--columns=".len()..]),
            short if is_short(short) => short.chars().skip(1).for_each(|letter| match letter {
                'h' => options.help = true,
                'd' => options.debug = true,
                _ => options.insecure = true,
            }),
            dashed if dashed.starts_with('-') && dashed.len() > 1 => unknown.push(dashed.to_owned()),
            _ => others.push(word.clone()),
        }
    }
    options.table |= !options.columns.is_empty();
    (options, others, unknown)
}

fn is_short(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-') && word[1..].chars().all(|letter| "hdk".contains(letter))
}

fn columns(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn missing(names: &str) -> String {
    format!("the following arguments are required: {names}")
}

fn no_such(kind: &str, word: &str, near: Option<&str>, before: &str) -> String {
    let near = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    format!(
        "`{word}` is no {kind} of `maas {before}`{near}\nhint: maas {before} --help lists them; `maas refresh` reads them anew"
    )
}

fn top_line(asked: Asked<'_>) -> String {
    format!("usage: maas {} [-h] COMMAND ...\n", asked.profile)
}

fn resource_line(before: &str) -> String {
    format!("usage: maas {before} [-h] ACTION ...\n")
}

fn wrong(help: String, message: String) -> Error {
    Error::Usage { help, message }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{Asked, Parsed, parse};
    use crate::command_tree::CommandTree;

    fn run(line: &str) -> String {
        let tree = CommandTree::new(&serde_json::from_str(include_str!("../tests/describe.json")).unwrap(), true);
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let asked = Asked { profile: "p", url: "http://m/MAAS/api/2.0/", width: 80 };
        match parse(&tree, asked, &words) {
            Err(error) => format!("exit {}\n{}", error.exit_code(), error.report()),
            Ok(Parsed::Help(text)) => format!("help: {}", text.lines().next().unwrap()),
            Ok(Parsed::Call(call)) => {
                format!(
                    "{} {} {:?} {:?} {:?}",
                    call.resource.word, call.action.word, call.path, call.fields, call.options
                )
            }
        }
    }

    fn check(line: &str, expected: Expect) {
        expected.assert_eq(&run(line));
    }

    #[test]
    fn words_become_a_call() {
        check(
            "user -k read bob -d",
            expect![[
                r#"user read [("username", "bob")] [] Options { help: false, debug: true, insecure: true, json: false, table: false, columns: [] }"#
            ]],
        );
        check(
            "users create username=bob email= --columns username,pool.name",
            expect![[
                r#"users create [] [Field { name: "username", value: Text("bob") }, Field { name: "email", value: Text("") }] Options { help: false, debug: false, insecure: false, json: false, table: true, columns: ["username", "pool.name"] }"#
            ]],
        );
        check(
            "sshkeys import lp:al",
            expect![[
                r#"sshkeys import [] [Field { name: "keysource", value: Text("lp:al") }] Options { help: false, debug: false, insecure: false, json: false, table: false, columns: [] }"#
            ]],
        );
        check(
            "user read -- -bob",
            expect![[
                r#"user read [("username", "-bob")] [] Options { help: false, debug: false, insecure: false, json: false, table: false, columns: [] }"#
            ]],
        );
    }

    #[test]
    fn help_is_for_the_deepest_word() {
        check("--help", expect!["help: usage: maas p [-h] COMMAND ..."]);
        check("users -h", expect!["help: usage: maas p users [-h] ACTION ..."]);
        check(
            "-h users create",
            expect!["help: usage: maas p users create [-h] [-d] [-k] [--json | --table] [name=value ...]"],
        );
    }

    #[test]
    fn mistakes_are_named() {
        check(
            "users raed",
            expect![[r#"
            exit 2
            usage: maas p users [-h] ACTION ...

            error: `raed` is no action of `maas p users`, did you mean `read`?
            hint: maas p users --help lists them; `maas refresh` reads them anew
        "#]],
        );
        check(
            "usres read",
            expect![[r#"
            exit 2
            usage: maas p [-h] COMMAND ...

            error: `usres` is no command of `maas p`, did you mean `users`?
            hint: maas p --help lists them; `maas refresh` reads them anew
        "#]],
        );
        check(
            "users whoami x=1",
            expect![[r#"
            exit 2
            usage: maas p users whoami [-h] [-d] [-k] [--json | --table]

            error: unrecognized arguments: x=1
        "#]],
        );
        check(
            "user read",
            expect![[r#"
            exit 2
            usage: maas p user read [-h] [-d] [-k] [--json | --table] username

            error: the following arguments are required: username
        "#]],
        );
        check(
            "users create username",
            expect![[r#"
            exit 1
            'username' is not a name=value or name@=filename pair
        "#]],
        );
        check(
            "users read --frobnicate",
            expect![[r#"
            exit 2
            usage: maas p users read [-h] [-d] [-k] [--json | --table]

            error: unrecognized arguments: --frobnicate
        "#]],
        );
        check(
            "sshkeys import",
            expect![[r#"
            exit 2
            usage: maas p sshkeys import [-h] [-d] [-k] [--json | --table] [name=value ...]

            error: the following arguments are required: keysource
        "#]],
        );
        check(
            "user",
            expect![[r#"
            exit 2
            usage: maas p user [-h] ACTION ...

            One account.

            actions:
              delete  Remove an account
              read    Show an account

            Try `maas p user ACTION --help` for what an action takes.

            error: the following arguments are required: ACTION
        "#]],
        );
    }
}
