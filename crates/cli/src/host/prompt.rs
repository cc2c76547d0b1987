//! Questions at the terminal. The end of input is an answer ("no"), never a loop.

use std::io::{self, BufRead, IsTerminal, Read};

use maas_model::Secret;

use crate::{failure::Failure, out};

/// Asks on stdout and reads one line; `None` at the end of input.
pub(crate) fn line(question: &str) -> Option<String> {
    out::raw(question);
    let mut answer = String::new();
    match io::stdin().lock().read_line(&mut answer) {
        Ok(read) if read > 0 => Some(answer.trim_end_matches(['\r', '\n']).to_owned()),
        _ => None,
    }
}

/// Asks for a password without showing it; from a pipe it reads one line.
///
/// # Errors
/// The end of input, or a terminal that went away.
pub(crate) fn password(question: &str) -> Result<Secret<String>, Failure> {
    if io::stdin().is_terminal() {
        let ask =
            dialoguer::Password::new().with_prompt(question.trim_end_matches([' ', ':'])).allow_empty_password(true);
        return ask.interact().map(Secret::new).map_err(|_| Failure::user("no password was given"));
    }
    line(question).map(Secret::new).ok_or_else(|| Failure::user("no password was given: the input ended"))
}

/// The first line of stdin, for `--password-stdin`.
///
/// # Errors
/// Nothing there, or more than 64 KiB.
pub(crate) fn password_from_stdin() -> Result<Secret<String>, Failure> {
    let mut text = String::new();
    io::stdin()
        .lock()
        .take(65_536)
        .read_to_string(&mut text)
        .map_err(|error| Failure::user(format!("cannot read the password from stdin: {error}")))?;
    first_line(&text, "stdin")
}

/// The first line of a file, for `--password-file`.
///
/// # Errors
/// The file cannot be read, or is empty.
pub(crate) fn password_from_file(path: &std::path::Path) -> Result<Secret<String>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::user(format!("cannot read the password file `{}`: {error}", path.display())))?;
    first_line(&text, &path.display().to_string())
}

fn first_line(text: &str, place: &str) -> Result<Secret<String>, Failure> {
    match text.lines().next() {
        Some(password) if !password.is_empty() => Ok(Secret::new(password.to_owned())),
        _ => Err(Failure::user(format!("no password in `{place}`: its first line is empty"))),
    }
}
