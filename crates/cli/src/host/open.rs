//! Opens the site of this host for a command on it.

use maas_authz::{Actor, Clock, OpCtx, RequestInfo};
use maas_model::Endpoint;
use maas_region::{Region, RegionConfig};

use super::{
    config::FileConfig,
    place::{Place, login_name},
};
use crate::failure::Failure;

/// The configuration of the site's region, from its file.
///
/// # Errors
/// The file cannot be read, or has problems.
pub(crate) fn region_config(place: &Place, file: &FileConfig) -> Result<RegionConfig, Failure> {
    let mut config = RegionConfig::new(place.data_dir.clone(), file.database_uri(&place.data_dir), region_name(file));
    config.database_password = file.database_password()?;
    config.database_sslmode.clone_from(&file.database_sslmode);
    config.database_sslrootcert.clone_from(&file.database_sslrootcert);
    config.database_sslcert.clone_from(&file.database_sslcert);
    config.database_sslkey.clone_from(&file.database_sslkey);
    config.trusted_proxies.clone_from(&file.trusted_proxies);
    config.maas_url.clone_from(&file.maas_url);
    Ok(config)
}

/// The region's name: as configured, else the host's.
pub(crate) fn region_name(file: &FileConfig) -> String {
    file.region_name.clone().unwrap_or_else(super::names::host_name)
}

/// Opens the site for `command`, after asking whether the caller may and whether the files are safe.
///
/// # Errors
/// Not the owner, no site, unsafe modes, or the database does not answer.
pub(crate) async fn open(place: &Place, command: &str) -> Result<(Region, OpCtx), Failure> {
    place.require_owner(command)?;
    place.require_initialised()?;
    place.check_modes()?;
    let file = FileConfig::read(&place.config)?.unwrap_or_default();
    let region = Region::open(region_config(place, &file)?, Clock::System).await?;
    Ok((region, local_context()))
}

/// The context of a command on this host.
pub(crate) fn local_context() -> OpCtx {
    OpCtx {
        actor: Actor::LocalAdmin { unix_user: login_name() },
        request: RequestInfo {
            trace_id: new_trace_id(),
            ip: None,
            user_agent: format!("maas/{}", env!("CARGO_PKG_VERSION")),
            endpoint: Endpoint::Cli,
            is_secure: true,
        },
        clock: Clock::System,
    }
}

fn new_trace_id() -> String {
    let mut bytes = [0; 16];
    // An id that is all zeros says "no randomness" and stops nothing.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    data_encoding::HEXLOWER.encode(&bytes)
}
