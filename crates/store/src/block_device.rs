//! Disks of nodes, as stored.

use maas_authz::GrantedNode;

use crate::{Connection, Result, Tx, node::NodeRow, sql::Sql};

/// A disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct BlockDeviceRow {
    pub block_device_id: i64,
    pub node_id: i64,
    pub name: String,
    /// `physical` or `virtual`.
    pub kind: String,
    pub model: String,
    pub serial: String,
    pub id_path: Option<String>,
    pub size_bytes: i64,
    pub block_bytes: i64,
    pub firmware_version: Option<String>,
    pub numa_node: Option<i64>,
    /// Words with blanks between them.
    pub tags: String,
    /// JSON: a filesystem on the whole disk.
    pub filesystem: Option<String>,
    /// JSON: the partition table with its partitions.
    pub partitions: Option<String>,
}

/// A node's disks, by id.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection, node_id: i64) -> Result<Vec<BlockDeviceRow>> {
    let query = sqlx::query_as("select * from block_device where node_id = $1 order by block_device_id").bind(node_id);
    Ok(query.fetch_all(connection).await?)
}

/// The disks of several nodes, by id.
///
/// # Errors
/// Those of the database.
pub async fn list_each(connection: &mut Connection, node_ids: &[i64]) -> Result<Vec<BlockDeviceRow>> {
    let mut sql = Sql::new("select * from block_device where ");
    sql.is_one_of("node_id", node_ids.iter().copied()).push(" order by block_device_id");
    Ok(sql.query_as().fetch_all(connection).await?)
}

/// Puts these in place of a node's disks. One that has the name of one that is there keeps its id; the ids and the node
/// of the given rows do not count.
///
/// # Errors
/// `Unique` in `block_device.node_id`.
pub async fn replace(tx: &mut Tx, may: &GrantedNode<NodeRow>, rows: &[BlockDeviceRow]) -> Result<Vec<BlockDeviceRow>> {
    let node_id = may.row().node_id;
    let before = list(tx, node_id).await?;
    sqlx::query("delete from block_device where node_id = $1").bind(node_id).execute(&mut **tx).await?;
    let mut written = Vec::with_capacity(rows.len());
    for row in rows {
        let known = before.iter().find(|old| old.name == row.name).map(|old| old.block_device_id);
        let block_device_id = match known {
            Some(id) => id,
            None => tx.next_id("block_device").await?,
        };
        let row = BlockDeviceRow { block_device_id, node_id, ..row.clone() };
        insert(tx, &row).await?;
        written.push(row);
    }
    Ok(written)
}

async fn insert(tx: &mut Tx, row: &BlockDeviceRow) -> Result<()> {
    sqlx::query(
        "insert into block_device (block_device_id, node_id, name, kind, model, serial, id_path, size_bytes,
            block_bytes, firmware_version, numa_node, tags, filesystem, partitions)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(row.block_device_id)
    .bind(row.node_id)
    .bind(&row.name)
    .bind(&row.kind)
    .bind(&row.model)
    .bind(&row.serial)
    .bind(&row.id_path)
    .bind(row.size_bytes)
    .bind(row.block_bytes)
    .bind(&row.firmware_version)
    .bind(row.numa_node)
    .bind(&row.tags)
    .bind(&row.filesystem)
    .bind(&row.partitions)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
