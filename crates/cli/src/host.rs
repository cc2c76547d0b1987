//! Commands for the host that a site runs on.

pub(crate) mod access;
pub(crate) mod apikey;
pub(crate) mod audit;
pub(crate) mod changepassword;
pub(crate) mod config;
pub(crate) mod config_tls;
pub(crate) mod createadmin;
pub(crate) mod init;
pub(crate) mod man;
pub(crate) mod names;
pub(crate) mod open;
pub(crate) mod place;
pub(crate) mod prompt;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod status;
pub(crate) mod up;
