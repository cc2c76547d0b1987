//! Network interfaces of nodes, as stored.

use maas_authz::GrantedNode;

use crate::{Connection, Result, Tx, node::NodeRow, sql::Sql};

/// An interface. Flags are 0 or 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct InterfaceRow {
    pub interface_id: i64,
    pub node_id: i64,
    pub name: String,
    /// `physical`, `bond`...
    pub kind: String,
    pub mac_address: Option<String>,
    pub is_enabled: i64,
    /// In Mbit/s.
    pub link_speed: i64,
    pub interface_speed: i64,
    pub is_connected: i64,
    pub numa_node: Option<i64>,
    pub vendor: String,
    pub product: String,
    pub firmware_version: String,
    /// Words with blanks between them.
    pub tags: String,
    /// A JSON object.
    pub params: String,
    /// A JSON list.
    pub links: String,
    /// A JSON list of names.
    pub parents: String,
    pub mtu: i64,
    pub sriov_max_vf: i64,
}

/// A node's interfaces, by id.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection, node_id: i64) -> Result<Vec<InterfaceRow>> {
    let query = sqlx::query_as("select * from interface where node_id = $1 order by interface_id").bind(node_id);
    Ok(query.fetch_all(connection).await?)
}

/// The interfaces of several nodes, by id.
///
/// # Errors
/// Those of the database.
pub async fn list_each(connection: &mut Connection, node_ids: &[i64]) -> Result<Vec<InterfaceRow>> {
    let mut sql = Sql::new("select * from interface where ");
    sql.is_one_of("node_id", node_ids.iter().copied()).push(" order by interface_id");
    Ok(sql.query_as().fetch_all(connection).await?)
}

/// The node that a physical interface of this address belongs to.
///
/// # Errors
/// Those of the database.
pub async fn find_node(connection: &mut Connection, mac_address: &str) -> Result<Option<NodeRow>> {
    let query = sqlx::query_as(
        "select n.* from node n join interface i on i.node_id = n.node_id
        where i.mac_address = $1 and i.kind = 'physical'",
    );
    Ok(query.bind(mac_address).fetch_optional(connection).await?)
}

/// Puts these in place of a node's interfaces. One that has the name of one that is there keeps its id; the ids and the
/// node of the given rows do not count.
///
/// # Errors
/// `Unique` in `interface.mac_address` or `interface.node_id`.
pub async fn replace(tx: &mut Tx, may: &GrantedNode<NodeRow>, rows: &[InterfaceRow]) -> Result<Vec<InterfaceRow>> {
    let node_id = may.row().node_id;
    let before = list(tx, node_id).await?;
    sqlx::query("delete from interface where node_id = $1").bind(node_id).execute(&mut **tx).await?;
    let mut written = Vec::with_capacity(rows.len());
    for row in rows {
        let known = before.iter().find(|old| old.name == row.name).map(|old| old.interface_id);
        let interface_id = match known {
            Some(id) => id,
            None => tx.next_id("interface").await?,
        };
        let row = InterfaceRow { interface_id, node_id, ..row.clone() };
        insert(tx, &row).await?;
        written.push(row);
    }
    Ok(written)
}

async fn insert(tx: &mut Tx, row: &InterfaceRow) -> Result<()> {
    sqlx::query(
        "insert into interface (interface_id, node_id, name, kind, mac_address, is_enabled, link_speed,
            interface_speed, is_connected, numa_node, vendor, product, firmware_version, tags, params, links, parents,
            mtu, sriov_max_vf)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
    )
    .bind(row.interface_id)
    .bind(row.node_id)
    .bind(&row.name)
    .bind(&row.kind)
    .bind(&row.mac_address)
    .bind(row.is_enabled)
    .bind(row.link_speed)
    .bind(row.interface_speed)
    .bind(row.is_connected)
    .bind(row.numa_node)
    .bind(&row.vendor)
    .bind(&row.product)
    .bind(&row.firmware_version)
    .bind(&row.tags)
    .bind(&row.params)
    .bind(&row.links)
    .bind(&row.parents)
    .bind(row.mtu)
    .bind(row.sriov_max_vf)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
