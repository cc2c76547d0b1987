//! `maas simulate`: invented machines on the site of this host, for benches, demos and pictures.

use std::io::IsTerminal;

use maas_region::simulate::{self, Plan};

use super::{open, place::Place};
use crate::{args::SimulateArgs, failure::Failure, out};

/// Fills the site.
///
/// # Errors
/// Not the owner, no site, or a site with machines in it.
pub(crate) async fn run(args: SimulateArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    let (region, ctx) = open::open(&place, "simulate").await?;
    let plan = Plan { machines: args.machines, pools: args.pools.max(1), seed: args.seed, adds: args.add };
    let is_watched = std::io::stderr().is_terminal();
    let told = |count: usize| {
        if is_watched && (count.is_multiple_of(TELL_EACH) || count == args.machines) {
            out::talk(format!("{count} of {} machines", args.machines));
        }
    };
    let made = simulate::run(&region, &ctx, &plan, told).await;
    region.shutdown().await;
    made?;
    out::data(format!("made {} machines in {} pools", args.machines, plan.pools));
    Ok(())
}

const TELL_EACH: usize = 1000;
