//! Daily checkpoints of the audit chain, in a file beside the database and signed with the site's key: who can write to the
//! database alone cannot make up a whole new chain, nor cut off its end, without being seen.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    time::Duration,
};

use maas_model::{EventId, Timestamp};
use maas_store::{Connection, event};

use super::Verified;
use crate::{Error, Region, Result, site_key::Subkey};

/// One line of the file: when, up to which row, that row's hash, and the signature over these.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Checkpoint {
    at: Timestamp,
    id: i64,
    hash: String,
}

/// Writes a checkpoint whenever the last one is a day old. Does not return.
pub(crate) async fn run(region: &Region) {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = write_if_due(region).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot write a checkpoint of the audit log");
        }
    }
}

/// Writes a checkpoint if the last one is a day old and there are new rows.
pub(super) async fn write_if_due(region: &Region) -> Result<()> {
    let lines = read(region)?;
    let last = lines.last().and_then(|line| Checkpoint::parse(line, &key(region)));
    let now = region.clock().now();
    if last.as_ref().is_some_and(|last| now.since(last.at) < EVERY) {
        return Ok(());
    }
    let (id, hash) = event::head(&mut *region.store().reader().await?).await?;
    if id <= last.map_or(0, |last| last.id) {
        return Ok(());
    }
    let line = Checkpoint { at: now, id, hash }.line(&key(region));
    append(region, &line).map_err(|error| failed(region, "write", error))
}

/// The first checkpoint that the log does not agree with.
pub(super) async fn disagreement(region: &Region, connection: &mut Connection) -> Result<Option<Verified>> {
    let file = path(region);
    for (index, line) in read(region)?.iter().enumerate() {
        let Some(point) = Checkpoint::parse(line, &key(region)) else {
            let why = format!("line {} of `{}` was changed or is not of this site", index + 1, file.display());
            return Ok(Some(Verified::Broken { at: EventId(0), why }));
        };
        let found = event::hash_of(connection, point.id).await?;
        if found.as_deref() != Some(&point.hash) {
            let what = if found.is_some() { "is not the row that was" } else { "is missing, which was" };
            let why = format!("row {} {what} there on {} by `{}`", point.id, point.at.human(), file.display());
            return Ok(Some(Verified::Broken { at: EventId(point.id), why }));
        }
    }
    Ok(None)
}

impl Checkpoint {
    fn line(&self, key: &Subkey) -> String {
        let text = format!("{} {} {}", self.at.micros(), self.id, self.hash);
        format!("{text} {}\n", key.hex(text.as_bytes()))
    }

    /// Nothing unless the signature fits.
    fn parse(line: &str, key: &Subkey) -> Option<Self> {
        let (text, signature) = line.rsplit_once(' ')?;
        if !key.is_hash_of(signature, text.as_bytes()) {
            return None;
        }
        let mut parts = text.split(' ');
        let at = Timestamp::from_micros(parts.next()?.parse().ok()?);
        Some(Self { at, id: parts.next()?.parse().ok()?, hash: parts.next()?.to_owned() })
    }
}

fn read(region: &Region) -> Result<Vec<String>> {
    match fs::read_to_string(path(region)) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(region, "read", error)),
    }
}

fn append(region: &Region, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path(region))?;
    file.write_all(line.as_bytes())?;
    file.sync_all()
}

fn failed(region: &Region, what: &str, error: io::Error) -> Error {
    Error::internal(format!("cannot {what} `{}`: {error}", path(region).display()))
}

fn path(region: &Region) -> PathBuf {
    region.config().data_dir.join("audit.checkpoints")
}

fn key(region: &Region) -> Subkey {
    region.site_key().subkey("audit-checkpoint")
}

const EVERY: Duration = Duration::from_secs(24 * 3600);
const LOOK_EVERY: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use maas_model::EventType;
    use maas_store::Audit;

    use super::*;
    use crate::testing::{TestRegion, with_region};

    async fn verified(site: &TestRegion) -> Verified {
        super::super::verify(&site.region, &site.ctx("admin").await).await.unwrap()
    }

    async fn add(site: &TestRegion, text: &str) {
        let tx = site.region.store().begin(&site.region.job_ctx("test")).await.unwrap();
        tx.commit(Audit::new(EventType::Settings, "test", text)).await.unwrap();
    }

    #[tokio::test]
    async fn a_chain_made_up_anew_is_found_out() {
        with_region(async |site| {
            add(site, "first").await;
            write_if_due(&site.region).await.unwrap();
            write_if_due(&site.region).await.unwrap();
            let lines = read(&site.region).unwrap();
            assert_eq!(lines.len(), 1, "once a day");
            assert!(matches!(verified(site).await, Verified::Whole { .. }));
            let mut tx = site.region.store().begin(&site.region.job_ctx("test")).await.unwrap();
            event::testing::forget_all(&mut tx).await.unwrap();
            tx.commit_quietly().await.unwrap();
            for number in 0..10 {
                add(site, &format!("made up {number}")).await;
            }
            let Verified::Broken { at, why } = verified(site).await else { panic!("it was found whole") };
            assert!(why.contains("is not the row that was there on"), "{at}: {why}");
            let forged = lines[0].replace(' ', " 1");
            fs::write(path(&site.region), forged + "\n").unwrap();
            assert!(matches!(verified(site).await, Verified::Broken { why, .. } if why.starts_with("line 1")));
        })
        .await;
    }
}
