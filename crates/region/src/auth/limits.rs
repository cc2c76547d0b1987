//! The settings that bound passwords and sessions.

use std::time::Duration;

use crate::{Region, Result, settings};

/// How long sessions live and passwords are.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) session_length: Duration,
    pub(crate) session_idle: Duration,
    pub(crate) password_minimum: usize,
    pub(crate) site_name: String,
}

impl Limits {
    pub(crate) async fn read(region: &Region) -> Result<Self> {
        let seconds = |number: i64| Duration::from_secs(number.unsigned_abs());
        Ok(Self {
            session_length: seconds(settings::number(region, "session_length").await?),
            session_idle: seconds(settings::number(region, "session_idle_limit").await?),
            password_minimum: settings::number(region, "password_minimum_length").await?.unsigned_abs() as usize,
            site_name: settings::value(region, "maas_name").await?.as_str().unwrap_or_default().to_owned(),
        })
    }
}
