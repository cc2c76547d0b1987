//! Resource pools: every machine is in exactly one, and roles are given on them.

use maas_authz::{
    NodeFacts, OpCtx,
    action::{EditPools, ViewOwn},
};
use maas_model::{EventType, MachineAction, NodeId, PoolId, Status, UserId};
use maas_store::{
    Audit, Connection, StoreError,
    pool::{self, PoolCountRow, PoolRow},
};
use serde_json::json;

use crate::{Audience, Error, Region, Result, place};

/// A pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    pub id: PoolId,
    pub name: String,
    pub description: String,
}

/// A pool with what is in it, as far as the caller may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolCount {
    pub pool: Pool,
    pub machines: i64,
    pub ready: i64,
}

impl Pool {
    /// Whether it is the one that always exists.
    pub fn is_default(&self) -> bool {
        self.id == pool::DEFAULT
    }
}

/// The pools that the caller may know of, by name.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Pool>> {
    ctx.grant::<ViewOwn>()?;
    visible(&mut *region.store().reader().await?, ctx).await
}

/// The same with the count of machines that the caller sees.
///
/// # Errors
/// `Denied`.
pub async fn list_counted(region: &Region, ctx: &OpCtx) -> Result<Vec<PoolCount>> {
    ctx.grant::<ViewOwn>()?;
    let mut reader = region.store().reader().await?;
    let pools = visible(&mut reader, ctx).await?;
    let me = ctx.actor.user().map(|user| user.id);
    let counts = pool::count_machines(&mut reader, me, Status::Ready.code()).await?;
    let seen: Vec<PoolCountRow> = counts.into_iter().filter(|row| is_seen(ctx, row)).collect();
    let counted = |pool: Pool| {
        let (machines, ready) = seen
            .iter()
            .filter(|row| row.pool_id == pool.id.0)
            .fold((0, 0), |(machines, ready), row| (machines + row.machines, ready + row.in_status));
        PoolCount { pool, machines, ready }
    };
    Ok(pools.into_iter().map(counted).collect())
}

/// One pool by id or name.
///
/// # Errors
/// `NotFound { what: "ResourcePool" }`, also for one that the caller may not know of.
pub async fn lookup(region: &Region, ctx: &OpCtx, id_or_name: &str) -> Result<Pool> {
    ctx.grant::<ViewOwn>()?;
    find(&mut *region.store().reader().await?, ctx, id_or_name).await
}

/// Makes a pool (`EditPools` on the site).
///
/// # Errors
/// `Denied`; `Invalid` under `name`.
pub async fn create(region: &Region, ctx: &OpCtx, name: &str, description: &str) -> Result<Pool> {
    let may = ctx.grant::<EditPools>()?;
    let (name, description) = place::checked(name, description)?;
    let mut tx = region.store().begin(ctx).await?;
    let row = pool::insert(&mut tx, &may, name.as_str(), &description).await.map_err(taken)?;
    let pool = Pool::from(row);
    let details = json!({ "name": pool.name, "description": pool.description });
    tx.commit(audit("pool.create", format!("Created resource pool '{name}'."), &pool).details(details)).await?;
    announce(region, "create", pool.id);
    Ok(pool)
}

/// Renames or describes a pool (`EditPools` on it); what is `None` stays.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid` under `name`.
pub async fn update(
    region: &Region,
    ctx: &OpCtx,
    id_or_name: &str,
    name: Option<&str>,
    description: Option<&str>,
) -> Result<Pool> {
    ctx.grant::<ViewOwn>()?;
    let mut tx = region.store().begin(ctx).await?;
    tx.lock("resource_pool").await?;
    let before = find(&mut tx, ctx, id_or_name).await?;
    let may = ctx.grant_pool::<EditPools>(before.id)?;
    let (name, description) = place::checked(name.unwrap_or(&before.name), description.unwrap_or(&before.description))?;
    if before.is_default() && name.as_str() != before.name {
        return Err(Error::field("name", "This is the default pool, it cannot be renamed."));
    }
    pool::update(&mut tx, &may, name.as_str(), &description).await.map_err(taken)?;
    let after = Pool { id: before.id, name: name.to_string(), description };
    let text = format!("Updated resource pool '{}'.", before.name);
    tx.commit(audit("pool.update", text, &before).details(place::difference(&shown(&before), &shown(&after)))).await?;
    announce(region, "update", after.id);
    Ok(after)
}

/// Deletes an empty pool (`EditPools` on the site), and the bindings on it.
///
/// # Errors
/// `NotFound`, `Denied`; `BadRequest` for the default pool and for one with machines in it.
pub async fn delete(region: &Region, ctx: &OpCtx, id_or_name: &str) -> Result<()> {
    ctx.grant::<ViewOwn>()?;
    let mut tx = region.store().begin(ctx).await?;
    tx.lock("resource_pool").await?;
    let gone = find(&mut tx, ctx, id_or_name).await?;
    let may = ctx.grant::<EditPools>()?;
    if gone.is_default() {
        return Err(Error::BadRequest("This is the default pool, it cannot be deleted.".to_owned()));
    }
    pool::delete(&mut tx, &may, gone.id).await.map_err(|error| match error {
        StoreError::Reference(_) => Error::BadRequest("Pool has machines in it, it cannot be deleted.".to_owned()),
        other => other.into(),
    })?;
    let details = json!({ "name": gone.name, "description": gone.description });
    let text = format!("Deleted resource pool '{}'.", gone.name);
    tx.commit(audit("pool.delete", text, &gone).details(details)).await?;
    announce(region, "delete", gone.id);
    Ok(())
}

async fn visible(connection: &mut Connection, ctx: &OpCtx) -> Result<Vec<Pool>> {
    let pools = ctx.access().visible_pools();
    let rows = pool::list(connection).await?;
    Ok(rows.into_iter().map(Pool::from).filter(|row| pools.has(row.id)).collect())
}

/// A number is an id first, and a name if no pool that the caller may know of has that id.
async fn find(connection: &mut Connection, ctx: &OpCtx, id_or_name: &str) -> Result<Pool> {
    let pools = ctx.access().visible_pools();
    let is_visible = |row: &PoolRow| pools.has(PoolId(row.pool_id));
    let mut row = None;
    if let Ok(id) = id_or_name.parse() {
        row = pool::find(connection, PoolId(id)).await?.filter(is_visible);
    }
    if row.is_none() {
        row = pool::find_named(connection, id_or_name).await?.filter(is_visible);
    }
    row.map(Pool::from).ok_or(NOT_FOUND)
}

fn is_seen(ctx: &OpCtx, row: &PoolCountRow) -> bool {
    let facts =
        NodeFacts { id: NodeId(0), pool: Some(PoolId(row.pool_id)), owner: row.owner_id.map(UserId), is_locked: false };
    ctx.grant_node(MachineAction::View, (), &facts).is_ok()
}

fn shown(pool: &Pool) -> [(&'static str, &str); 2] {
    [("name", &pool.name), ("description", &pool.description)]
}

fn audit(action: &'static str, text: String, pool: &Pool) -> Audit {
    Audit::new(EventType::Settings, action, text).object("pool", pool.id)
}

fn announce(region: &Region, action: &'static str, id: PoolId) {
    region.announce("resourcepool", action, json!(id), Audience::Pool(id));
}

fn taken(error: StoreError) -> Error {
    if error.is_unique("resource_pool.name") {
        return Error::field("name", "Resource pool with this Name already exists.");
    }
    error.into()
}

impl From<PoolRow> for Pool {
    fn from(row: PoolRow) -> Self {
        Self { id: PoolId(row.pool_id), name: row.name, description: row.description }
    }
}

const NOT_FOUND: Error = Error::NotFound { what: "ResourcePool" };

#[cfg(test)]
mod tests {
    use maas_authz::{Access, Action, Actions, role};
    use maas_store::testing::TestNode;

    use super::*;
    use crate::testing::with_region;

    fn text<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn administrators_make_rename_and_delete_pools() {
        with_region(async |site| {
            let (region, admin) = (&site.region, &site.ctx("admin").await);
            let mut heard = region.subscribe();
            let web = create(region, admin, " web ", "For the web").await.unwrap();
            assert_eq!(heard.recv().await.unwrap().audience, Audience::Pool(web.id));
            assert_eq!(site.last_event().await, ("pool.create".into(), "Created resource pool 'web'.".into()));
            let twice = create(region, admin, "web", "").await;
            assert_eq!(text(twice), "name: Resource pool with this Name already exists.");
            assert_eq!(text(create(region, admin, "a/b", "").await), "name: Enter a valid value.");
            let id = web.id.to_string();
            assert_eq!(lookup(region, admin, &id).await.unwrap(), web);
            let db = update(region, admin, "web", Some("db"), None).await.unwrap();
            assert_eq!((db.id, db.name.as_str(), db.description.as_str()), (web.id, "db", "For the web"));
            assert_eq!(site.events().await[0].details, r#"{"after":{"name":"db"},"before":{"name":"web"}}"#);
            let taken = update(region, admin, "db", Some("default"), None).await;
            assert_eq!(text(taken), "name: Resource pool with this Name already exists.");
            let names = |pools: Vec<Pool>| pools.into_iter().map(|pool| pool.name).collect::<Vec<_>>();
            assert_eq!(names(list(region, admin).await.unwrap()), ["db", "default"]);
            assert_eq!(text(delete(region, admin, "0").await), "This is the default pool, it cannot be deleted.");
            let renamed = update(region, admin, "default", Some("x"), None).await;
            assert_eq!(text(renamed), "name: This is the default pool, it cannot be renamed.");
            assert!(update(region, admin, "default", None, Some("y")).await.is_ok());
            delete(region, admin, "db").await.unwrap();
            assert_eq!(text(lookup(region, admin, "db").await), "No ResourcePool matches the given query.");
        })
        .await;
    }

    #[tokio::test]
    async fn a_pool_that_one_may_not_know_of_is_not_there() {
        with_region(async |site| {
            let (region, admin, bob) = (&site.region, &site.ctx("admin").await, site.ctx("bob").await);
            let web = create(region, admin, "web", "").await.unwrap();
            let mut tx = region.store().begin(admin).await.unwrap();
            let (me, other) = (site.id("bob").await, site.id("eve").await);
            for (name, owner, status) in [("a", None, 4), ("b", Some(me), 6), ("c", Some(other), 6)] {
                TestNode { pool: Some(web.id), owner, status, ..TestNode::default() }.insert(&mut tx, name).await;
            }
            tx.commit_quietly().await.unwrap();
            let counted = async |ctx| {
                let pools = list_counted(region, ctx).await.unwrap();
                pools.into_iter().map(|count| (count.pool.name, count.machines, count.ready)).collect::<Vec<_>>()
            };
            let row = |name: &str, machines, ready| (name.to_owned(), machines, ready);
            assert_eq!(counted(admin).await, [row("default", 0, 0), row("web", 3, 1)]);
            assert_eq!(counted(&bob).await, [row("default", 0, 0), row("web", 2, 1)]);
            assert_eq!(text(delete(region, admin, "web").await), "Pool has machines in it, it cannot be deleted.");
            assert!(matches!(delete(region, &bob, "web").await, Err(Error::Denied(_))));

            let nowhere = site.holding(&bob, Access::own_only());
            assert!(list(region, &nowhere).await.unwrap().is_empty());
            for name in ["web", "nothing", "0"] {
                assert_eq!(text(lookup(region, &nowhere, name).await), NOT_FOUND.to_string());
                assert_eq!(text(delete(region, &nowhere, name).await), NOT_FOUND.to_string());
                assert_eq!(text(update(region, &nowhere, name, None, Some("x")).await), NOT_FOUND.to_string());
            }
            let mut access = Access::own_only();
            access.give(role::BUILTIN[1].actions, Some(web.id));
            let operator = site.holding(&bob, access.clone());
            assert_eq!(counted(&operator).await, [row("web", 3, 1)]);
            assert!(matches!(update(region, &operator, "web", Some("x"), None).await, Err(Error::Denied(_))));
            access.give(Actions::of(&[Action::EditPools]), Some(web.id));
            let renamer = site.holding(&bob, access);
            assert_eq!(update(region, &renamer, "web", Some("db"), None).await.unwrap().name, "db");
            assert!(matches!(create(region, &renamer, "x", "").await, Err(Error::Denied(_))));
            assert!(matches!(delete(region, &renamer, "db").await, Err(Error::Denied(_))));
        })
        .await;
    }
}
