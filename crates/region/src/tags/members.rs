//! Which nodes have a tag.

use std::collections::BTreeSet;

use maas_authz::{GrantedNode, NodeRefusal, OpCtx, action::ViewGlobalEntities};
use maas_model::{
    EventType, MachineAction, NodeId, TagId,
    filter::{NodeFilter, Test, TextField, TextMatch},
    node::NodeType,
};
use maas_store::{Audit, StoreError, Tx, node::NodeRow, tag};
use serde_json::json;

use super::find;
use crate::{
    Error, Region, Result, devices,
    machines::{self, Cursor, Page},
    nodes::{self, Node},
};

/// What finds the nodes that have this tag, for lists.
///
/// # Errors
/// `NotFound { what: "Tag" }`, `Denied`.
pub async fn filter(region: &Region, ctx: &OpCtx, name: &str) -> Result<NodeFilter> {
    ctx.grant::<ViewGlobalEntities>()?;
    let row = find(&mut *region.store().reader().await?, name).await?;
    let mut filter = NodeFilter::default();
    filter.require(Test::Text(TextField::Tag, vec![TextMatch::Is(row.name)]));
    Ok(filter)
}

/// The nodes of a kind that have this tag and that the caller sees, by id.
///
/// # Errors
/// `NotFound { what: "Tag" }`, `Denied`.
pub async fn nodes_with(region: &Region, ctx: &OpCtx, name: &str, kind: NodeType) -> Result<Vec<Node>> {
    let filter = filter(region, ctx, name).await?;
    match kind {
        NodeType::Machine => all_machines(region, ctx, &filter).await,
        NodeType::Device => devices::list(region, ctx, &filter).await,
        _ => Ok(Vec::new()),
    }
}

async fn all_machines(region: &Region, ctx: &OpCtx, filter: &NodeFilter) -> Result<Vec<Node>> {
    let mut found = Vec::new();
    let mut page = Page { limit: AT_ONCE, ..Page::default() };
    loop {
        let some = machines::list(region, ctx, filter, &page).await?;
        let is_last = some.len() < usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        page.after = some.last().map(|node| Cursor { value: String::new(), id: node.id });
        found.extend(some);
        if is_last {
            return Ok(found);
        }
    }
}

/// Gives the tag to some nodes and takes it from others (`Tag` on each); says how many of each. All or nothing. What its
/// definition fits has it again when that is evaluated the next time.
///
/// # Errors
/// `NotFound`, `Denied`; `BadRequest` naming unknown and hidden ids alike.
pub async fn update_nodes(
    region: &Region,
    ctx: &OpCtx,
    name: &str,
    add: &[String],
    remove: &[String],
) -> Result<(u64, u64)> {
    ctx.grant::<ViewGlobalEntities>()?;
    let mut tx = region.store().begin(ctx).await?;
    let tag = TagId(find(&mut tx, name).await?.tag_id);
    // In order, so that two of us never wait for each other.
    let ids: BTreeSet<&str> = add.iter().chain(remove).map(String::as_str).collect();
    let nodes = lock_all(&mut tx, ctx, &ids).await?;
    let mut audits = vec![told(name, tag, add, remove)];
    for node in &nodes {
        let system_id = &node.row().system_id;
        // Both given and taken is taken, as in MAAS.
        if remove.contains(system_id) {
            tag::take(&mut tx, node, tag).await?;
            audits.push(told_of(node, format!("Untagged '{}' with '{name}'.", node.row().hostname)));
        } else {
            tag::give(&mut tx, node, tag).await.map_err(gone)?;
            audits.push(told_of(node, format!("Tagged '{}' with '{name}'.", node.row().hostname)));
        }
    }
    let ids: Vec<NodeId> = nodes.iter().map(|node| NodeId(node.row().node_id)).collect();
    maas_store::node::refresh_tag_names(&mut tx, &ids).await?;
    tx.commit_nodes(audits).await?;
    let count = |ids: &[String]| ids.iter().collect::<BTreeSet<_>>().len() as u64;
    Ok((count(add), count(remove)))
}

/// The nodes of these system ids, which nobody else changes meanwhile.
async fn lock_all(tx: &mut Tx, ctx: &OpCtx, ids: &BTreeSet<&str>) -> Result<Vec<GrantedNode<NodeRow>>> {
    let mut nodes = Vec::with_capacity(ids.len());
    let mut unknown = Vec::new();
    let mut refusal = None;
    for id in ids {
        let Some(row) = maas_store::node::lock(tx, id).await? else {
            unknown.push(format!("'{id}'"));
            continue;
        };
        let facts = nodes::facts(&row);
        match ctx.grant_node(MachineAction::Tag, row, &facts) {
            Ok(node) => nodes.push(node),
            Err(NodeRefusal::Hidden) => unknown.push(format!("'{id}'")),
            Err(NodeRefusal::Denied(why)) => refusal = Some(why),
        }
    }
    if !unknown.is_empty() {
        return Err(Error::BadRequest(format!("No such node(s): {}.", unknown.join(", "))));
    }
    refusal.map_or(Ok(nodes), |why| Err(Error::Denied(why)))
}

fn told(name: &str, tag: TagId, add: &[String], remove: &[String]) -> Audit {
    let text = format!("Changed which nodes have tag '{name}'.");
    let details = json!({ "added": add, "removed": remove });
    Audit::new(EventType::Tag, "tag.update-nodes", text).object("tag", tag).details(details)
}

fn told_of(node: &GrantedNode<NodeRow>, text: String) -> Audit {
    let kind = if node.row().node_type == NodeType::Device.number() { "device" } else { "machine" };
    Audit::new(EventType::Tag, "node.tag", text).object(kind, &node.row().system_id)
}

fn gone(error: StoreError) -> Error {
    match error {
        StoreError::Reference(_) => Error::NotFound { what: "Tag" },
        other => other.into(),
    }
}

const AT_ONCE: i64 = 500;

#[cfg(test)]
mod tests {
    use maas_authz::{Access, role};
    use maas_model::PoolId;
    use maas_store::testing::TestNode;

    use super::*;
    use crate::{
        tags::{self, TagChange},
        testing::{TestRegion, with_region},
    };

    async fn tag_names(site: &TestRegion, system_id: &str) -> String {
        let mut reader = site.region.store().reader().await.unwrap();
        maas_store::node::find(&mut reader, system_id).await.unwrap().unwrap().tag_names
    }

    #[tokio::test]
    async fn a_tag_is_given_by_who_operates_the_machines_and_tells_of_no_others() {
        with_region(async |site| {
            let (region, admin, bob) = (&site.region, &site.ctx("admin").await, &site.ctx("bob").await);
            for name in ["gpu", "b", "web"] {
                let new = TagChange { name: Some(name.to_owned()), ..TagChange::default() };
                tags::create(region, admin, new).await.unwrap();
            }
            let web = crate::pools::create(region, admin, "web", "").await.unwrap();
            let mut tx = region.store().begin(admin).await.unwrap();
            let in_web = TestNode { pool: Some(web.id), ..TestNode::default() };
            let (_, mine) = in_web.insert(&mut tx, "mine").await;
            let (_, locked) = TestNode { is_locked: true, ..in_web.clone() }.insert(&mut tx, "locked").await;
            let (_, hidden) = TestNode { pool: Some(PoolId(0)), ..in_web }.insert(&mut tx, "hidden").await;
            tx.commit_quietly().await.unwrap();
            let mut access = Access::own_only();
            access.give(role::BUILTIN[1].actions, Some(web.id));
            let operator = &site.holding(bob, access);
            let give = async |ctx, add: &[&String], remove: &[&String]| {
                let ids = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect::<Vec<_>>();
                update_nodes(region, ctx, "gpu", &ids(add), &ids(remove)).await
            };
            let woken = region.node_changes();
            assert_eq!(give(operator, &[&mine, &mine], &[]).await.unwrap(), (1, 0));
            assert!(woken.has_changed().unwrap());
            assert_eq!(site.last_event().await, ("node.tag".into(), "Tagged 'mine' with 'gpu'.".into()));
            assert_eq!(tag_names(site, &mine).await, " gpu ");
            let nowhere = "zzzzzz".to_owned();
            for (add, remove) in [(&[&mine, &hidden, &nowhere][..], &[][..]), (&[&nowhere][..], &[&hidden][..])] {
                let mut ids = [format!("'{hidden}'"), format!("'{nowhere}'")];
                ids.sort();
                let error = give(operator, add, remove).await.unwrap_err();
                assert!(matches!(error, Error::BadRequest(_)));
                assert_eq!(error.to_string(), format!("No such node(s): {}.", ids.join(", ")));
            }
            assert!(matches!(give(bob, &[&mine], &[]).await, Err(Error::Denied(_))));
            assert!(matches!(give(admin, &[&locked], &[]).await, Err(Error::Denied(_))));
            update_nodes(region, admin, "b", &[mine.clone(), hidden.clone()], &[]).await.unwrap();
            assert_eq!(tag_names(site, &mine).await, " b gpu ");
            let rename = TagChange { name: Some("a".to_owned()), ..TagChange::default() };
            tags::update(region, admin, "gpu", rename).await.unwrap();
            assert_eq!(tag_names(site, &mine).await, " a b ");
            let counts = async |ctx| {
                let counts = tags::list_counted(region, ctx).await.unwrap();
                counts.into_iter().map(|count| (count.tag.name, count.machines)).collect::<Vec<_>>()
            };
            let row = |name: &str, machines| (name.to_owned(), machines);
            assert_eq!(counts(operator).await, [row("a", 1), row("b", 1), row("web", 0)]);
            assert_eq!(counts(admin).await, [row("a", 1), row("b", 2), row("web", 0)]);
            tags::delete(region, admin, "b").await.unwrap();
            assert_eq!((tag_names(site, &mine).await.as_str(), tag_names(site, &hidden).await.as_str()), (" a ", ""));
            assert_eq!(update_nodes(region, admin, "a", &[], std::slice::from_ref(&mine)).await.unwrap(), (0, 1));
            assert_eq!(tag_names(site, &mine).await, "");
            let gone = update_nodes(region, admin, "b", &[mine], &[]).await.unwrap_err();
            assert!(matches!(gone, Error::NotFound { what: "Tag" }));
        })
        .await;
    }
}
