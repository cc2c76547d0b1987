//! The names of what nodes point at: pools, zones, domains, users. Small and read all the time, so they are kept in
//! memory while nothing of them changes.

use std::{collections::HashMap, sync::Arc};

use maas_model::{DomainId, PoolId, UserId, ZoneId};
use maas_store::node::NodeRow;

use crate::{Region, Result, pools::Pool, zones::Zone};

/// A DNS domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    pub id: DomainId,
    pub name: String,
    pub is_authoritative: bool,
    pub ttl: Option<i64>,
}

/// The names as they were at one count of changes.
#[derive(Debug, Default)]
pub struct Catalog {
    pub(super) changes: u64,
    pools: HashMap<PoolId, Arc<Pool>>,
    zones: HashMap<ZoneId, Arc<Zone>>,
    domains: HashMap<DomainId, Arc<Domain>>,
    users: HashMap<UserId, Arc<str>>,
}

impl Catalog {
    /// A pool by id.
    pub fn pool(&self, id: PoolId) -> Option<Arc<Pool>> {
        self.pools.get(&id).cloned()
    }

    /// All pools, in no order.
    pub fn pools(&self) -> impl Iterator<Item = &Arc<Pool>> {
        self.pools.values()
    }

    /// All zones, in no order.
    pub fn zones(&self) -> impl Iterator<Item = &Arc<Zone>> {
        self.zones.values()
    }

    /// All domains, in no order.
    pub fn domains(&self) -> impl Iterator<Item = &Arc<Domain>> {
        self.domains.values()
    }

    /// Whether it knows all that a row points at.
    pub(super) fn covers(&self, row: &NodeRow) -> bool {
        self.domains.contains_key(&DomainId(row.domain_id))
            && self.zones.contains_key(&ZoneId(row.zone_id))
            && row.pool_id.is_none_or(|id| self.pools.contains_key(&PoolId(id)))
            && row.owner_id.is_none_or(|id| self.users.contains_key(&UserId(id)))
    }

    /// A pool by name.
    pub fn pool_named(&self, name: &str) -> Option<Arc<Pool>> {
        self.pools.values().find(|pool| pool.name == name).cloned()
    }

    /// A zone by id.
    pub fn zone(&self, id: ZoneId) -> Option<Arc<Zone>> {
        self.zones.get(&id).cloned()
    }

    /// A zone by name.
    pub fn zone_named(&self, name: &str) -> Option<Arc<Zone>> {
        self.zones.values().find(|zone| zone.name == name).cloned()
    }

    /// A domain by id.
    pub fn domain(&self, id: DomainId) -> Option<Arc<Domain>> {
        self.domains.get(&id).cloned()
    }

    /// A domain by name.
    pub fn domain_named(&self, name: &str) -> Option<Arc<Domain>> {
        self.domains.values().find(|domain| domain.name == name).cloned()
    }

    /// A user's name.
    pub fn username(&self, id: UserId) -> Option<Arc<str>> {
        self.users.get(&id).cloned()
    }
}

/// The catalog as of now.
pub(super) async fn read(region: &Region) -> Result<Arc<Catalog>> {
    let changes = region.change_count();
    if let Some(known) = region.catalog().load_full().filter(|known| known.changes == changes) {
        return Ok(known);
    }
    load(region, changes).await
}

/// The catalog as the database has it, though nobody has told yet of a change.
pub(super) async fn renew(region: &Region) -> Result<Arc<Catalog>> {
    let changes = region.store().look().await?;
    load(region, changes).await
}

async fn load(region: &Region, changes: u64) -> Result<Arc<Catalog>> {
    let mut reader = region.store().reader().await?;
    let catalog = Catalog {
        changes,
        pools: maas_store::pool::list(&mut reader)
            .await?
            .into_iter()
            .map(Pool::from)
            .map(|p| (p.id, Arc::new(p)))
            .collect(),
        zones: maas_store::zone::list(&mut reader)
            .await?
            .into_iter()
            .map(Zone::from)
            .map(|z| (z.id, Arc::new(z)))
            .collect(),
        domains: maas_store::domain::list(&mut reader)
            .await?
            .into_iter()
            .map(|row| {
                let domain = Domain {
                    id: DomainId(row.domain_id),
                    name: row.name,
                    is_authoritative: row.is_authoritative == 1,
                    ttl: row.ttl,
                };
                (domain.id, Arc::new(domain))
            })
            .collect(),
        users: maas_store::user::names(&mut reader)
            .await?
            .into_iter()
            .map(|(id, name)| (UserId(id), name.into()))
            .collect(),
    };
    let catalog = Arc::new(catalog);
    region.catalog().store(Some(catalog.clone()));
    Ok(catalog)
}
