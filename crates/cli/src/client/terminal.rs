//! The terminal: is there one, how wide is it, and how is a secret asked for.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    process,
};

use dialoguer::{Password, console::Term};
use maas_client::{Console, Error};
use maas_model::Secret;
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};

/// How the terminal was before a question hid what is typed.
pub(super) struct Screen(Option<Termios>);

impl Screen {
    /// Remembers it.
    pub(super) fn remember() -> Self {
        Self(tcgetattr(io::stdin()).ok())
    }

    /// Puts it back and ends the process at once: a thread that waits for an answer would keep it.
    pub(super) fn leave(&self, code: i32) -> ! {
        if let Some(settings) = &self.0 {
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, settings);
        }
        process::exit(code)
    }
}

/// The two writers with what is known of stdout.
pub(super) fn console<'a>(out: &'a mut dyn Write, err: &'a mut dyn Write) -> Console<'a> {
    let is_terminal = io::stdout().is_terminal();
    let width = if is_terminal { usize::from(Term::stdout().size().1).clamp(40, 100) } else { 80 };
    Console { out, err, is_terminal, width }
}

/// Asks for a secret without showing it; where stdin is no terminal, its first line is the answer.
///
/// # Errors
/// [`Error::Usage`] when there is no answer; `instead` says how to give it otherwise.
pub(super) async fn ask_secret(question: &'static str, instead: &'static str) -> Result<Secret<String>, Error> {
    let ask = move || {
        if !io::stdin().is_terminal() {
            return first_line(instead);
        }
        let prompt = Password::new().with_prompt(question).allow_empty_password(true).report(false);
        prompt.interact().map(Secret::new).map_err(|_| nothing(instead))
    };
    tokio::task::spawn_blocking(ask).await.unwrap_or_else(|_| Err(nothing(instead)))
}

/// The first line of stdin.
///
/// # Errors
/// [`Error::Usage`] when it is empty.
pub(super) async fn secret_from_stdin(instead: &'static str) -> Result<Secret<String>, Error> {
    let read = tokio::task::spawn_blocking(move || first_line(instead)).await;
    let line = read.unwrap_or_else(|_| Err(nothing(instead)))?;
    if line.expose().is_empty() { Err(nothing(instead)) } else { Ok(line) }
}

fn first_line(instead: &'static str) -> Result<Secret<String>, Error> {
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(read) if read > 0 => Ok(Secret::new(line.trim_end_matches(['\r', '\n']).to_owned())),
        _ => Err(nothing(instead)),
    }
}

fn nothing(instead: &str) -> Error {
    Error::Usage { help: String::new(), message: format!("nothing was given on stdin: {instead}") }
}
