//! The one binary: region, host commands and API client.

use std::process::ExitCode;

use clap::Parser;

mod args;
mod client;
mod failure;
mod host;
mod log;
mod out;

use args::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out::talk(format!("error: cannot start: {error}"));
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(run(cli.command)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            for line in failure.to_string().lines() {
                out::talk(if line.starts_with("hint: ") { line.to_owned() } else { format!("error: {line}") });
            }
            ExitCode::from(failure.code)
        }
    }
}

async fn run(command: Command) -> Result<u8, Failure> {
    if !matches!(command, Command::Up(_) | Command::Run(_)) {
        log::start_for_command();
    }
    match command {
        Command::Up(args) => host::up::up(args).await?,
        Command::Init(args) => host::init::run(args).await?,
        Command::Run(args) => host::up::run(args).await?,
        Command::Status(args) => host::status::run(args).await?,
        Command::Createadmin(args) => host::createadmin::run(args).await?,
        Command::Changepassword(args) => host::changepassword::run(args).await?,
        Command::Apikey(args) => host::apikey::run(args).await?,
        Command::ConfigTls(args) => host::config_tls::run(args.command).await?,
        Command::Audit(args) => host::audit::run(args.command).await?,
        Command::Simulate(args) => host::simulate::run(args).await?,
        Command::Access(args) => host::access::run(args).await?,
        Command::Policy => out::raw(maas_authz::policy::print()),
        Command::Man { dir } => host::man::write(&dir)?,
        other => return Ok(client::run(other).await),
    }
    Ok(0)
}
