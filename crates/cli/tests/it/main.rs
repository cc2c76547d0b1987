//! The real program against real clients: each test starts sites of its own and speaks to them from outside.

#![expect(clippy::print_stderr, reason = "tests talk to whoever reads their output")]
#![expect(clippy::disallowed_methods, reason = "clients of a test are no part of the site")]

mod audit;
mod browser;
mod canary;
mod clients;
mod config_tls;
mod crash;
mod cut_off;
mod defects;
mod estate;
mod load;
mod matrix;
mod plain_port;
mod power;
mod privileged;
mod races;
mod refusals;
mod routes;
mod scan;
mod socket;
mod start;

/// The program under test.
const MAAS: &str = env!("CARGO_BIN_EXE_maas");
