//! Believable machines for benches, demos and pictures: racks of servers as sites have them, with a past. For development
//! only; the same numbers make the same machines.

use std::time::Duration;

use maas_authz::{Clock, OpCtx, action::EditIdentities};
use maas_model::{MachineAction, NodeId, PoolId, SystemId, Timestamp, UserId, ZoneId, filter::NodeFilter};
use maas_store::{
    Tx,
    node::{self, NodeRow},
    tag,
    user::{self, NewUser},
};

use crate::{
    Error, Region, Result,
    machines::{self, set_hardware},
    nodes::{self, facts},
    pools, script_results, tags, zones,
};

mod history;
mod random;
mod scripts;
mod server;

use random::Random;
use server::{Life, Server};

/// How much to make.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub machines: usize,
    pub pools: usize,
    /// Other numbers, other machines.
    pub seed: u64,
    /// Add to a site that has machines already.
    pub adds: bool,
}

/// Fills the site; `progress` hears how many machines there are after each batch.
///
/// # Errors
/// `Conflict` for a site that has machines, unless the plan adds; those of the database.
pub async fn run(region: &Region, ctx: &OpCtx, plan: &Plan, progress: impl Fn(usize)) -> Result<()> {
    ctx.grant::<EditIdentities>()?;
    let found = machines::count(region, ctx, &NodeFilter::default()).await?;
    if found > 0 && !plan.adds {
        let line = format!("This site has {found} machines already; give `--add` to put invented ones beside them.");
        return Err(Error::Conflict(line));
    }
    let places = Places::make(region, ctx, plan).await?;
    let offset = usize::try_from(found).unwrap_or_default();
    for start in (0..plan.machines).step_by(BATCH) {
        let end = (start + BATCH).min(plan.machines);
        make(region, ctx, plan, &places, offset + start..offset + end).await?;
        progress(end);
    }
    Ok(())
}

/// Where the machines stand and whose they are.
struct Places {
    pools: Vec<PoolId>,
    zones: Vec<ZoneId>,
    users: Vec<UserId>,
    tags: Vec<tags::Tag>,
}

impl Places {
    async fn make(region: &Region, ctx: &OpCtx, plan: &Plan) -> Result<Self> {
        let mut made = Self { pools: vec![PoolId(0)], zones: vec![ZoneId(1)], users: Vec::new(), tags: Vec::new() };
        let catalog = nodes::catalog(region).await?;
        for number in 1..plan.pools {
            let name = pool_name(number);
            let pool = match catalog.pool_named(&name) {
                Some(known) => known.id,
                None => pools::create(region, ctx, &name, "Invented for a demonstration").await?.id,
            };
            made.pools.push(pool);
        }
        for name in ["row-a", "row-b", "row-c"] {
            let zone = match catalog.zone_named(name) {
                Some(known) => known.id,
                None => zones::create(region, ctx, name, "A row of racks").await?.id,
            };
            made.zones.push(zone);
        }
        for (name, comment) in TAGS {
            let tag = match tags::lookup(region, ctx, name).await {
                Ok(known) => known,
                Err(_) => {
                    let text = |text: &str| Some(text.to_owned());
                    let new = tags::TagChange { name: text(name), comment: text(comment), ..Default::default() };
                    tags::create(region, ctx, new).await?
                }
            };
            made.tags.push(tag);
        }
        made.users = make_users(region, ctx).await?;
        Ok(made)
    }
}

/// People without a password, who own machines.
async fn make_users(region: &Region, ctx: &OpCtx) -> Result<Vec<UserId>> {
    let may = ctx.grant::<EditIdentities>()?;
    let mut made = Vec::new();
    let mut tx = region.store().begin(ctx).await?;
    for name in USERS {
        let id = match user::find(&mut tx, name).await? {
            Some(known) => UserId(known.user_id),
            None => {
                let new = NewUser {
                    username: name,
                    username_folded: name,
                    email: None,
                    full_name: "",
                    password_hash: None,
                    role: "user",
                    is_system: false,
                };
                user::insert(&mut tx, &may, &new).await?
            }
        };
        made.push(id);
    }
    let text = "Invented users for a demonstration.";
    tx.commit(maas_store::Audit::new(maas_model::EventType::Authorisation, "simulate", text)).await?;
    Ok(made)
}

async fn make(
    region: &Region,
    ctx: &OpCtx,
    plan: &Plan,
    places: &Places,
    numbers: std::ops::Range<usize>,
) -> Result<()> {
    let now = region.clock().now();
    let mut past = ctx.clone();
    // The events of a batch carry one time; later batches are of later days.
    let share = numbers.start as f64 / plan.machines.max(1) as f64;
    past.clock = Clock::manual(now.minus(PAST.mul_f64(1.0 - share.min(1.0))));
    let mut tx = region.store().begin(&past).await?;
    let (mut events, mut made) = (Vec::new(), Vec::new());
    for number in numbers {
        let mut random = Random::new(plan.seed ^ (number as u64).wrapping_mul(0x9e37_79b9));
        let server = Server::invent(number, &mut random);
        let row = insert(&mut tx, now, places, number, &server, &mut random).await?;
        let facts = facts(&row);
        let may = past.grant_node(MachineAction::Edit, row, &facts).map_err(|_| Error::internal("not the host"))?;
        set_hardware(&mut tx, &may, &server.hardware).await?;
        for tag in places.tags.iter().filter(|tag| server.tags.contains(&tag.name.as_str())) {
            tag::give(&mut tx, &may, tag.id).await?;
        }
        for set in scripts::of(server.life, past.clock.now()) {
            script_results::insert(&mut tx, &may, set).await?;
        }
        if server.life == Life::Deployed && random.chance(8) {
            node::set_lock(&mut tx, &may, true).await?;
        }
        made.push(NodeId(may.row().node_id));
        events.extend(history::of(may.row(), server.life));
    }
    node::refresh_tag_names(&mut tx, &made).await?;
    Ok(tx.commit_nodes(events).await?)
}

async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    places: &Places,
    number: usize,
    server: &Server,
    random: &mut Random,
) -> Result<NodeRow> {
    let mut system_id = random.system_id();
    while node::find(tx, system_id.as_str()).await?.is_some() {
        system_id = random.system_id();
    }
    let owner = server.life.is_owned().then(|| random.pick(&places.users).0);
    let status = server.life.status();
    let is_deployed = server.life == Life::Deployed;
    Ok(node::insert(
        tx,
        &NodeRow {
            system_id: SystemId::as_str(&system_id).to_owned(),
            hostname: server.hostname.clone(),
            description: server.description.clone(),
            owner_id: owner,
            pool_id: Some(places.pools[number % places.pools.len()].0),
            zone_id: random.pick(&places.zones).0,
            status: status.code(),
            previous_status: server.life.previous().code(),
            status_message: status.label().to_owned(),
            error_description: server.life.error().to_owned(),
            is_commissioned: i64::from(server.life != Life::New),
            netboot: i64::from(!is_deployed),
            osystem: if is_deployed { "ubuntu" } else { "" }.to_owned(),
            distro_series: if is_deployed { *random.pick(&["noble", "jammy", "noble"]) } else { "" }.to_owned(),
            hwe_kernel: if is_deployed { "ga-24.04" } else { "" }.to_owned(),
            owner_data: if is_deployed { server.annotations.to_string() } else { "{}".to_owned() },
            deployed_us: is_deployed.then(|| now.minus(Duration::from_secs(random.below(5_000_000))).micros()),
            architecture: "amd64/generic".to_owned(),
            power_type: "manual".to_owned(),
            power_state: if is_deployed { "on" } else { "off" }.to_owned(),
            power_state_us: Some(now.micros()),
            ..NodeRow::blank()
        },
    )
    .await?)
}

/// `web`, `db`..., and when these are used up `pool-12`.
fn pool_name(number: usize) -> String {
    match POOLS.get(number - 1) {
        Some(name) => (*name).to_owned(),
        None => format!("pool-{number}"),
    }
}

const BATCH: usize = 100;
const PAST: Duration = Duration::from_secs(60 * 24 * 3600);
const POOLS: [&str; 8] = ["web", "db", "ci", "storage", "gpu", "lab", "edge", "spare"];
const USERS: [&str; 6] = ["alice", "bilal", "chiara", "dmitri", "eun-ji", "farah"];
const TAGS: [(&str, &str); 5] = [
    ("gpu", "Has an accelerator"),
    ("nvme", "All disks are NVMe"),
    ("big-memory", "512 GiB and more"),
    ("100g", "Has a 100 Gbit/s interface"),
    ("old", "To be replaced"),
];

#[cfg(test)]
mod tests {
    use maas_model::filter::NodeFilter;

    use super::{Plan, run};
    use crate::{Error, machines, machines::Page, testing::with_region};

    #[tokio::test]
    async fn the_same_numbers_make_the_same_machines_and_only_where_there_are_none() {
        with_region(async |site| {
            let ctx = site.region.job_ctx("test");
            let plan = Plan { machines: 30, pools: 3, seed: 1, adds: false };
            run(&site.region, &ctx, &plan, |_| {}).await.unwrap();
            let page = Page { limit: 100, ..Page::default() };
            let made = machines::list(&site.region, &ctx, &NodeFilter::default(), &page).await.unwrap();
            assert_eq!((made.len(), made[0].hostname.as_str()), (30, "web-r01-u01"));
            assert!(
                made.iter().any(|machine| machine.owner.is_some())
                    && made.iter().any(|machine| !machine.tags.is_empty())
            );
            assert!(made.iter().all(|machine| machine.disk_count > 0 && machine.storage_bytes > 0));
            let again = run(&site.region, &ctx, &plan, |_| {}).await;
            assert!(matches!(again, Err(Error::Conflict(line)) if line.contains("--add")));
            run(&site.region, &ctx, &Plan { machines: 5, adds: true, ..plan }, |_| {}).await.unwrap();
            assert_eq!(machines::count(&site.region, &ctx, &NodeFilter::default()).await.unwrap(), 35);
        })
        .await;
    }
}
