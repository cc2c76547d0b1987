//! What users own besides their account: machines and devices. They outlive them, in other hands.

use maas_authz::{NodeRefusal, OpCtx};
use maas_model::{EventType, MachineAction, UserId, node::NodeType};
use maas_store::{
    Audit, Connection, Tx,
    node::{self, NodeRow},
};
use serde_json::json;

use super::{User, find_in};
use crate::{Error, Result, nodes};

/// How many machines and devices of a user the caller sees.
pub(super) async fn count(connection: &mut Connection, ctx: &OpCtx, user: UserId) -> Result<Vec<(&'static str, i64)>> {
    let rows = node::owned(connection, user).await?;
    let of = |kind: NodeType| rows.iter().filter(|row| row.node_type == kind.number() && is_seen(ctx, row)).count();
    let counts = [("machines", of(NodeType::Machine)), ("devices", of(NodeType::Device))];
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    Ok(counts.map(|(what, count)| (what, i64::try_from(count).unwrap_or(i64::MAX))).collect())
}

/// Gives everything to the heir (`TransferOwnership` on each machine); tells of each.
pub(super) async fn transfer(tx: &mut Tx, ctx: &OpCtx, from: &User, heir: &str) -> Result<Vec<Audit>> {
    let heir = find_in(tx, heir).await?;
    if heir.is_system == 1 || heir.is_active == 0 {
        let why = format!("User {} cannot be given anything: it is disabled, or the system's own.", heir.username);
        return Err(Error::BadRequest(why));
    }
    let rows = node::lock_owned(tx, from.id).await?;
    let mut audits = Vec::with_capacity(rows.len());
    for row in rows {
        let facts = nodes::facts(&row);
        let machine =
            ctx.grant_node(MachineAction::TransferOwnership, row, &facts).map_err(|refusal| match refusal {
                NodeRefusal::Denied(refusal) => Error::Denied(refusal),
                NodeRefusal::Hidden => {
                    Error::Forbidden(format!("{} has machines that you may not give away.", from.username))
                }
            })?;
        let row = machine.row();
        node::set_owner(tx, &machine, Some(UserId(heir.user_id)), &row.agent_name).await?;
        let kind = if row.node_type == NodeType::Device.number() { "device" } else { "machine" };
        let text = format!("Gave '{}' of '{}' to '{}'.", row.hostname, from.username, heir.username);
        let details = json!({ "before": { "owner": from.username }, "after": { "owner": heir.username } });
        let action = if kind == "device" { "device.transfer" } else { "machine.transfer" };
        audits.push(Audit::new(EventType::Node, action, text).object(kind, &row.system_id).details(details));
    }
    maas_store::failpoint("user.delete:transfer");
    Ok(audits)
}

/// Refuses to delete somebody who owns something; names what the caller sees of it.
pub(super) async fn refuse_owner(tx: &mut Tx, ctx: &OpCtx, user: &User) -> Result<()> {
    let rows = node::owned(tx, user.id).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> =
        rows.iter().filter(|row| is_seen(ctx, row)).map(|row| row.hostname.as_str()).take(NAMED).collect();
    let mut text = format!("User {} cannot be deleted: {} node(s) are still allocated", user.username, rows.len());
    if !names.is_empty() {
        text += &format!(": {}", names.join(", "));
        if names.len() < rows.len() {
            text += &format!(" and {} more", rows.len() - names.len());
        }
    }
    Err(Error::BadRequest(text))
}

fn is_seen(ctx: &OpCtx, row: &NodeRow) -> bool {
    ctx.grant_node(MachineAction::View, (), &nodes::facts(row)).is_ok()
}

const NAMED: usize = 20;

#[cfg(test)]
mod tests {
    use maas_authz::{Action, Actions};
    use maas_store::testing::TestNode;

    use crate::{
        Error,
        bindings::{self, NewBinding},
        nodes,
        roles::{self, RoleChange},
        testing::{TestRegion, with_region},
        users::{delete, owned},
    };

    async fn owner_of(site: &TestRegion, system_id: &str) -> Option<i64> {
        let mut reader = site.region.store().reader().await.unwrap();
        maas_store::node::find(&mut reader, system_id).await.unwrap().unwrap().owner_id
    }

    #[tokio::test]
    async fn machines_and_devices_go_to_the_heir_or_keep_their_owner_here() {
        with_region(async |site| {
            let (region, admin) = (&site.region, &site.ctx("admin").await);
            let (bob, eve) = (site.id("bob").await, site.id("eve").await);
            let mut tx = region.store().begin(admin).await.unwrap();
            let mine = TestNode { owner: Some(bob), status: 6, ..TestNode::default() };
            let (_, web) = mine.insert(&mut tx, "web").await;
            let (_, lamp) = TestNode::device(Some(bob)).insert(&mut tx, "lamp").await;
            tx.commit_quietly().await.unwrap();
            assert_eq!(owned(region, admin, "bob").await.unwrap(), [("machines", 1), ("devices", 1)]);
            let refused = delete(region, admin, "bob", None).await.unwrap_err().to_string();
            assert_eq!(refused, "User bob cannot be deleted: 2 node(s) are still allocated: web, lamp");
            for heir in ["MAAS", "nobody", "bob"] {
                assert!(delete(region, admin, "bob", Some(heir)).await.is_err(), "{heir}");
            }
            assert_eq!(owner_of(site, &web).await, Some(bob.0));
            // Whoever may change users and no machines gives none to a friend.
            let actions = Actions::of(&[Action::EditIdentities, Action::ViewIdentities]);
            let role = RoleChange { name: Some("clerk".into()), actions: Some(actions), ..RoleChange::default() };
            roles::create(region, admin, role).await.unwrap();
            let given = NewBinding { role: "clerk".into(), user: Some("eve".into()), ..NewBinding::default() };
            bindings::create(region, admin, &given).await.unwrap();
            let clerk = &site.ctx("eve").await;
            let refused = delete(region, clerk, "bob", None).await.unwrap_err().to_string();
            assert_eq!(refused, "User bob cannot be deleted: 2 node(s) are still allocated");
            assert!(owned(region, clerk, "bob").await.unwrap().is_empty());
            assert!(matches!(delete(region, clerk, "bob", Some("eve")).await, Err(Error::Forbidden(_))));

            assert!(delete(region, admin, "bob", Some("eve")).await.unwrap());
            assert_eq!((owner_of(site, &web).await, owner_of(site, &lamp).await), (Some(eve.0), Some(eve.0)));
            let told: Vec<String> = site.events().await.into_iter().take(3).map(|row| row.action).collect();
            assert_eq!(told, ["device.transfer", "machine.transfer", "user.delete"]);
            let catalog = nodes::catalog(region).await.unwrap();
            assert!(catalog.username(bob).is_none() && catalog.username(eve).is_some());
        })
        .await;
    }
}
