//! What fails and what is refused, in the log and in the audit log. Rows are bounded in rate, per source and in all, since
//! whoever knocks should not be able to fill the disk; what was left out is counted in the next row.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use maas_authz::{Actor, OpCtx, RequestInfo};
use maas_model::{EventType, Outcome, Role, Timestamp};
use maas_store::Audit;
use serde_json::json;

use super::throttle::source_of;
use crate::Region;

/// How often a source may cause something that costs us.
pub(crate) struct Budget {
    per_source: Rate,
    in_all: Rate,
    buckets: Mutex<Buckets>,
}

#[derive(Default)]
struct Buckets {
    all: Bucket,
    sources: HashMap<Option<IpAddr>, Bucket>,
}

/// A token bucket; tokens are counted as microseconds of credit spent.
#[derive(Clone, Copy, Default)]
struct Bucket {
    spent_us: i64,
    at: Option<Timestamp>,
    left_out: u64,
}

impl Budget {
    /// For audit rows of refusals: thirty at once and then one every two seconds; in all, two hundred and ten a second.
    pub(crate) fn rows() -> Self {
        Self::new(Rate { us_each: 2_000_000, burst: 30 }, Rate { us_each: 100_000, burst: 200 })
    }

    /// For credentials that turn out wrong, each of which costs a look into the database: a hundred, then ten a second.
    pub(crate) fn wrong_credentials() -> Self {
        Self::new(Rate { us_each: 100_000, burst: 100 }, Rate { us_each: 100, burst: 10_000 })
    }

    /// For machines that introduce themselves: a hundred, then one a second; in all, five hundred, then ten a second.
    pub(crate) fn enlistments() -> Self {
        Self::new(Rate { us_each: 1_000_000, burst: 100 }, Rate { us_each: 100_000, burst: 500 })
    }

    fn new(per_source: Rate, in_all: Rate) -> Self {
        Self { per_source, in_all, buckets: Mutex::default() }
    }

    /// Whether the next [`Budget::take`] would be refused.
    pub(crate) fn is_spent(&self, now: Timestamp, ip: Option<IpAddr>) -> bool {
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.sources.get(&ip.map(source_of)).is_some_and(|bucket| !{ *bucket }.take(now, self.per_source))
    }

    /// Whether it may be done now; then says how many were left out before it.
    pub(crate) fn take(&self, now: Timestamp, ip: Option<IpAddr>) -> Option<u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.sources.len() >= MOST_SOURCES {
            buckets.sources.clear();
        }
        let mut all = buckets.all;
        let source = buckets.sources.entry(ip.map(source_of)).or_default();
        if !source.take(now, self.per_source) || !all.take(now, self.in_all) {
            source.left_out += 1;
            return None;
        }
        let left_out = std::mem::take(&mut source.left_out);
        buckets.all = all;
        Some(left_out)
    }
}

impl Bucket {
    fn take(&mut self, now: Timestamp, rate: Rate) -> bool {
        let passed = now.since(self.at.unwrap_or(now)).as_micros().try_into().unwrap_or(i64::MAX);
        self.at = Some(now);
        self.spent_us = self.spent_us.saturating_sub(passed).max(0);
        let is_free = self.spent_us + rate.us_each <= rate.us_each * rate.burst;
        self.spent_us += if is_free { rate.us_each } else { 0 };
        is_free
    }
}

/// Writes the audit row of a denied or refused request (`Denied <METHOD> <path>.`), bounded in rate per source.
pub async fn record_denied(region: &Region, ctx: &OpCtx, method: &str, path: &str, reason: &str) {
    let who = ctx.actor.label();
    let role = ctx.actor.user().map_or("", |user| user.role().log_word());
    let ip = ctx.request.ip.map(tracing::field::display);
    tracing::warn!(
        target: "security", r#type = "security", user_id = who, role, request_remote_ip = ip,
        useragent = ctx.request.user_agent, request_method = method, request_path = path,
        trace_id = ctx.request.trace_id, reason, "AUTHZ_fail"
    );
    let path: String = path.chars().take(LONGEST_PATH).collect();
    let audit = Audit::new(EventType::Authorisation, "request.denied", format!("Denied {method} {path}."));
    record(region, ctx, audit.outcome(Outcome::Denied), json!({ "reason": reason })).await;
}

/// The row of a failed login. A name that is no account's is not kept, since people type passwords there.
pub(crate) async fn record_failed_login(region: &Region, ctx: &OpCtx, name: &str, user: Option<&Known>, reason: &str) {
    let audit = match user {
        Some(known) => Audit::new(EventType::Authorisation, "login", format!("Failed login for '{}'.", known.username))
            .object("user", known.id)
            .user(Some(known.id), &known.username),
        None => Audit::new(EventType::Authorisation, "login", "Failed login for an unknown user."),
    };
    let name_hash = user.is_none().then(|| region.gate().name_key.hex(name.as_bytes())[..16].to_owned());
    log_login(&ctx.request, user, "AUTHN_login_unsuccessful");
    record(region, ctx, audit.outcome(Outcome::Failed), json!({ "reason": reason, "name_hash": name_hash })).await;
}

/// The row of a key or token that was refused; `key` is its public part, and only if there is such a key.
pub(crate) async fn record_rejected(region: &Region, ctx: &OpCtx, what: &str, key: Option<&str>, reason: &str) {
    let ip = ctx.request.ip.map(tracing::field::display);
    tracing::warn!(
        target: "security", r#type = "security", request_remote_ip = ip, useragent = ctx.request.user_agent,
        trace_id = ctx.request.trace_id, reason, "AUTHN_authentication_failed"
    );
    let description = match key {
        Some(key) => format!("Rejected {what} '{key}'."),
        None => format!("Rejected an unknown {what}."),
    };
    let audit = Audit::new(EventType::Authorisation, "authenticate", description).outcome(Outcome::Failed);
    record(region, ctx, audit, json!({ "reason": reason })).await;
}

/// The account that a failed login was about.
pub(crate) struct Known {
    pub(crate) id: maas_model::UserId,
    pub(crate) username: String,
    pub(crate) role: Role,
}

/// A line of the security log about a login.
pub(crate) fn log_login(request: &RequestInfo, user: Option<&Known>, event: &'static str) {
    tracing::info!(
        target: "security", r#type = "security", user_id = user.map_or("", |user| user.username.as_str()),
        role = user.map_or("", |user| user.role.log_word()), useragent = request.user_agent,
        request_remote_ip = request.ip.map(tracing::field::display), trace_id = request.trace_id, "{event}"
    );
}

/// A failure to write it down must not turn a refusal into something else; the log still has the line.
async fn record(region: &Region, ctx: &OpCtx, audit: Audit, mut details: serde_json::Value) {
    let Some(left_out) = region.gate().rows.take(ctx.clock.now(), ctx.request.ip) else { return };
    if left_out > 0 {
        details["left_out_before"] = left_out.into();
    }
    let written = async { region.store().begin(ctx).await?.commit_refusal(audit.details(details)).await };
    if let Err(error) = written.await {
        tracing::warn!(error = &error as &dyn std::error::Error, "cannot write the audit row of a refusal");
    }
}

/// An anonymous context for a request that has not shown who it is.
pub(crate) fn anonymous(region: &Region, request: &RequestInfo) -> OpCtx {
    OpCtx { actor: Actor::Anonymous, request: request.clone(), clock: region.clock().clone() }
}

#[derive(Clone, Copy)]
struct Rate {
    us_each: i64,
    burst: i64,
}

const MOST_SOURCES: usize = 20_000;
const LONGEST_PATH: usize = 200;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_source_that_knocks_on_and_on_fills_nothing() {
        let budget = Budget::rows();
        let ip = Some([192, 0, 2, 1].into());
        let now = Timestamp::from_secs(0);
        assert_eq!((0..100).filter(|_| budget.take(now, ip).is_some()).count(), 30);
        assert_eq!(budget.take(now, None), Some(0), "others are heard");
        assert_eq!(budget.take(now.plus(Duration::from_secs(2)), ip), Some(70));
        assert_eq!(budget.take(now.plus(Duration::from_secs(2)), ip), None);
    }
}
