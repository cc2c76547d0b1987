//! `Strict-Transport-Security`, raised slowly: nothing in the first day, then five minutes, then what the setting says.
//!
//! The header holds for the host on all its ports and for as long as it says, so that an early or long promise locks people
//! out when TLS is taken off again. Setting `tls_hsts_max_age` to 0 sends `max-age=0`, which takes the promise back.

use std::time::Duration;

use maas_model::Timestamp;
use maas_store::tls_generation::StateRow;

use crate::{Region, Result, settings};

/// What the header depends on besides the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hsts {
    enabled_since: Option<Timestamp>,
    max_age: i64,
    include_subdomains: bool,
}

/// The value of the header for an answer over TLS now, if one is to be sent.
pub fn hsts_header(region: &Region) -> Option<String> {
    region.site().tls.hsts().header(region.clock().now())
}

impl Hsts {
    /// Reads what is in force.
    pub(crate) async fn read(region: &Region, state: &StateRow) -> Result<Self> {
        Ok(Self {
            enabled_since: state.enabled_since_us.map(Timestamp::from_micros),
            max_age: settings::number(region, "tls_hsts_max_age").await?,
            include_subdomains: settings::is_on(region, "tls_hsts_include_subdomains").await?,
        })
    }

    fn header(self, now: Timestamp) -> Option<String> {
        let is_settled = now.since(self.enabled_since?) >= SETTLING;
        if !is_settled && self.max_age > 0 {
            return None;
        }
        let subdomains = if self.include_subdomains && self.max_age > 0 { "; includeSubDomains" } else { "" };
        Some(format!("max-age={}{subdomains}", self.max_age))
    }
}

const SETTLING: Duration = Duration::from_secs(24 * 3600);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use maas_model::Timestamp;

    use super::Hsts;

    #[test]
    fn the_promise_is_raised_slowly_and_can_be_taken_back() {
        let start = Timestamp::from_secs(1_700_000_000);
        let at = |hours: u64| start.plus(Duration::from_secs(hours * 3600));
        let mut hsts = Hsts { enabled_since: Some(start), max_age: 300, include_subdomains: false };
        assert_eq!(hsts.header(at(23)), None);
        assert_eq!(hsts.header(at(24)).as_deref(), Some("max-age=300"));
        hsts.max_age = 86_400;
        hsts.include_subdomains = true;
        assert_eq!(hsts.header(at(25)).as_deref(), Some("max-age=86400; includeSubDomains"));
        hsts.max_age = 0;
        assert_eq!(hsts.header(at(1)).as_deref(), Some("max-age=0"));
        hsts.enabled_since = None;
        assert_eq!(hsts.header(at(99)), None);
    }
}
