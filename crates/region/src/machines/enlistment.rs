//! How much strangers may add: machines wait for an operator, who has to look at each of them.

use std::time::Duration;

use maas_authz::OpCtx;
use maas_store::machine;

use crate::{Error, Region, Result};

/// Lets one more machine in that introduces itself.
///
/// # Errors
/// `Unavailable` when so many come at once, from there or in all; `Unready` while too many wait already.
pub(super) async fn admit(region: &Region, ctx: &OpCtx) -> Result<()> {
    if region.gate().enlistments.take(ctx.clock.now(), ctx.request.ip).is_none() {
        let what = "Enlisting so many machines at once".to_owned();
        return Err(Error::Unavailable { what, retry_after: Duration::from_secs(1) });
    }
    let waiting = machine::count_waiting(&mut *region.store().reader().await?).await?;
    if waiting < MOST_WAITING {
        return Ok(());
    }
    Err(Error::Unready(format!(
        "{waiting} enlisted machines wait already: an operator has to accept or delete some of them first."
    )))
}

/// More than anybody racks at once.
const MOST_WAITING: i64 = 1000;
/// How many MAC addresses are taken of a machine that introduces itself.
pub(super) const MOST_MACS: usize = 32;

#[cfg(test)]
mod tests {
    use maas_authz::{Actor, OpCtx};
    use maas_store::{machine::testing::Machine, testing::request};

    use super::*;
    use crate::{
        machines::{NewMachine, create},
        testing::with_region,
    };

    fn new(number: usize) -> NewMachine {
        let mac_addresses = vec![format!("52:54:00:00:{:02x}:{:02x}", number / 256, number % 256)];
        NewMachine { architecture: "amd64".into(), mac_addresses, ..NewMachine::default() }
    }

    #[tokio::test]
    async fn strangers_cannot_fill_the_site_with_machines() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let nobody = OpCtx { actor: Actor::Anonymous, request: request(), clock: site.db.clock.clone() };
            let macs = (0..33).flat_map(|number| new(number).mac_addresses).collect();
            let wide = NewMachine { mac_addresses: macs, ..new(0) };
            let error = create(region, &nobody, wide.clone()).await.unwrap_err().to_string();
            assert_eq!(error, "mac_addresses: A machine that introduces itself may name 32 MAC addresses at most.");
            create(region, &admin, wide).await.unwrap();

            let mut tx = region.store().begin(&region.job_ctx("test")).await.unwrap();
            let waits = Machine { status: 0, power_type: "", ..Machine::default() };
            for number in 1..MOST_WAITING {
                waits.insert(&mut tx, &format!("m{number}")).await;
            }
            tx.commit_quietly().await.unwrap();
            let full = create(region, &nobody, new(100)).await.unwrap_err();
            assert!(
                matches!(&full, Error::Unready(line) if line.starts_with("1000 enlisted machines wait")),
                "{full:?}"
            );
            for number in 0..99 {
                assert!(matches!(create(region, &nobody, new(number)).await, Err(Error::Unready(_))));
            }
            let flooded = create(region, &nobody, new(100)).await.unwrap_err();
            assert_eq!(flooded.to_string(), "Enlisting so many machines at once is not available now");
            create(region, &admin, new(100)).await.unwrap();
        })
        .await;
    }
}
