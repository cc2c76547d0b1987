//! Manual pages, written from the same table as the help.

use std::path::Path;

use clap::CommandFactory;

use crate::{args::Cli, failure::Failure};

/// Writes `maas.1` and a page for each command into `dir`.
///
/// # Errors
/// The directory cannot be written to.
pub(crate) fn write(dir: &Path) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::user(format!("cannot write to `{}`: {error}", dir.display()));
    std::fs::create_dir_all(dir).map_err(cannot)?;
    clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), dir).map_err(cannot)
}
