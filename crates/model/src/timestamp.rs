//! Instants, as the database keeps them and as clients read them.

use std::time::Duration;

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// An instant in UTC, in microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since 1970-01-01T00:00:00Z.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant, `span` later; saturates.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.as_micros().try_into().unwrap_or(i64::MAX)))
    }

    /// This instant, `span` earlier; saturates.
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span.as_micros().try_into().unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to here, zero when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0).try_into().unwrap_or(0))
    }

    /// ISO 8601 with milliseconds and `Z`, no fraction when it is zero: `2026-08-21T21:37:09.123Z`.
    pub fn iso(self) -> String {
        let items: &[BorrowedFormatItem<'_>] = if self.0.rem_euclid(1_000_000) == 0 {
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z")
        } else {
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z")
        };
        self.format(items)
    }

    /// As API 2.0 prints event times: `Fri, 07 Dec. 2018 20:11:08`, English, UTC.
    pub fn event_format(self) -> String {
        self.format(format_description!(
            "[weekday repr:short], [day] [month repr:short]. [year] [hour]:[minute]:[second]"
        ))
    }

    /// As HTTP dates (RFC 9110, section 5.6.7): `Fri, 07 Dec 2018 20:11:08 GMT`.
    pub fn http_date(self) -> String {
        self.format(format_description!(
            "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
        ))
    }

    /// As people read it in pages and tables: `2026-08-21 21:37:09 UTC`.
    pub fn human(self) -> String {
        self.format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC"))
    }

    /// Parses RFC 3339, or a bare date (midnight UTC).
    pub fn parse(text: &str) -> Option<Self> {
        use time::format_description::well_known::Rfc3339;
        let full = OffsetDateTime::parse(text, &Rfc3339).ok();
        let moment = full.or_else(|| OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339).ok())?;
        i64::try_from(moment.unix_timestamp_nanos() / 1000).ok().map(Self)
    }

    fn format(self, items: &[BorrowedFormatItem<'_>]) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1000)
            .ok()
            .and_then(|moment| moment.format(items).ok())
            .unwrap_or_else(|| self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn formats_as_clients_expect() {
        let moment = Timestamp::from_micros(1_544_213_468_123_456);
        assert_eq!(moment.event_format(), "Fri, 07 Dec. 2018 20:11:08");
        assert_eq!(moment.iso(), "2018-12-07T20:11:08.123Z");
        assert_eq!(Timestamp::from_secs(1_544_213_468).iso(), "2018-12-07T20:11:08Z");
        assert_eq!(Timestamp::parse("2018-12-07T20:11:08.123456Z"), Some(moment));
        assert_eq!(Timestamp::parse("2018-12-07").map(Timestamp::iso).as_deref(), Some("2018-12-07T00:00:00Z"));
    }
}
