//! What developers run now and then: `cargo xtask bench`, `cargo xtask screenshots`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

mod bench;
mod screenshots;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

const USAGE: &str = "usage: cargo xtask bench [region|machines]
                                the release build beside nginx and with 10,000 machines, about five minutes
       cargo xtask screenshots [NAME ...]
                                every page in light, dark and at 360 px, into target/screenshots;
                                with names, the pictures whose names begin so";

fn main() -> ExitCode {
    let task = std::env::args().nth(1).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    match task.as_str() {
        "bench" => runtime.block_on(bench::run(std::env::args().nth(2).as_deref())),
        "screenshots" => runtime.block_on(screenshots::run(std::env::args().skip(2).collect())),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(1)
        }
    }
}

/// Builds the program, and says where it is.
fn build(profile: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "--package", "maas", "--profile", profile]);
    command.args(["--message-format", "json-render-diagnostics"]).current_dir(workspace());
    let output = command.stderr(std::process::Stdio::inherit()).output().expect("cargo can be run");
    assert!(output.status.success(), "the program does not build");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let executable = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back();
    executable.expect("cargo says where it put the program")
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}
