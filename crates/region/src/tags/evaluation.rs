//! Which machines a definition fits: for all of them when it changes, for one when its hardware does.
//!
//! What is to be done stands in the database (`tag.is_evaluated`), so a stop of the region loses nothing, and two regions
//! that look at the same tag do the same. Nodes are taken page by page; facts are read and judged outside of the
//! transaction, and what changed meanwhile is judged again inside.

use std::collections::BTreeMap;

use maas_authz::OpCtx;
use maas_model::{
    EventType, NodeId, TagId,
    node::NodeType,
    xpath::{Expression, HardwareTree, USUAL_STEPS},
};
use maas_store::{
    Audit, Tx,
    node::NodeRow,
    tag::{self, Candidate, TagRow},
};
use serde_json::json;

use crate::{Error, Region, Result};

/// Evaluates definitions whenever one was changed. Does not return.
pub(crate) async fn run(region: &Region) {
    let mut changes = region.changes();
    loop {
        if let Err(error) = evaluate_all(region).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "tags could not be evaluated; trying again");
            let _ = tokio::time::timeout(RETRY, changes.changed()).await;
            continue;
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Evaluates every definition that has not been evaluated since it was changed.
pub(super) async fn evaluate_all(region: &Region) -> Result<()> {
    let ctx = region.job_ctx("tags");
    let tags = tag::to_evaluate(&mut *region.store().reader().await?, false).await?;
    for tag in tags {
        evaluate_everywhere(region, &ctx, &tag).await?;
    }
    Ok(())
}

/// Gives a tag to a machine whose hardware has just changed, or takes it away, as its definition says. The caller has
/// written the facts, holds the node's lock, and commits.
pub(crate) async fn evaluate(tx: &mut Tx, node: &NodeRow) -> Result<()> {
    if node.node_type == NodeType::Device.number() {
        return Ok(());
    }
    let tags = tag::to_evaluate(tx, true).await?;
    if tags.is_empty() {
        return Ok(());
    }
    let id = NodeId(node.node_id);
    let tree = tree(&maas_store::node::facts(tx, node.node_id).await?);
    let mut is_changed = false;
    for tag in tags {
        // A definition that takes long is left to the job.
        let Verdict::Decided(is_fitting) = judge(&tag.definition, tree.as_ref(), STEPS_AT_ONCE) else { continue };
        is_changed |= tag::set_fitting(tx, TagId(tag.tag_id), id, is_fitting).await?;
    }
    if is_changed {
        maas_store::node::refresh_tag_names(tx, &[id]).await?;
    }
    Ok(())
}

async fn evaluate_everywhere(region: &Region, ctx: &OpCtx, tag: &TagRow) -> Result<()> {
    tracing::info!(tag.name, "looking for the machines that a tag's definition fits");
    let mut after = NodeId(0);
    let mut done = Progress::default();
    loop {
        let page = tag::candidates(&mut *region.store().reader().await?, TagId(tag.tag_id), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = NodeId(last.node_id);
        if !evaluate_page(region, ctx, tag, page, &mut done).await? {
            tracing::info!(tag.name, "the definition was changed meanwhile");
            return Ok(());
        }
    }
    let mut tx = region.store().begin(ctx).await?;
    if !tag::finish(&mut tx, tag).await? {
        return Ok(());
    }
    let text = format!("Evaluated tag '{}': it fits {} of {} machines.", tag.name, done.fitting, done.machines);
    if done.undecided > 0 {
        tracing::warn!(tag.name, machines = done.undecided, "the definition takes too many steps on some machines");
    }
    let details = json!({ "machines": done.machines, "fitting": done.fitting, "changed": done.changed,
        "too_many_steps": done.undecided });
    tracing::info!(tag.name, done.machines, done.fitting, done.changed, "a tag was evaluated");
    let audit = Audit::new(EventType::Tag, "tag.evaluate", text).object("tag", tag.tag_id).details(details);
    Ok(tx.commit_nodes(vec![audit]).await?)
}

#[derive(Default)]
struct Progress {
    machines: u64,
    fitting: u64,
    changed: u64,
    undecided: u64,
}

/// Whether the definition still stands.
async fn evaluate_page(
    region: &Region,
    ctx: &OpCtx,
    tag: &TagRow,
    page: Vec<Candidate>,
    done: &mut Progress,
) -> Result<bool> {
    let definition = tag.definition.clone();
    let judged = move || page.into_iter().map(|node| (judge_candidate(&definition, &node), node)).collect::<Vec<_>>();
    let judged = tokio::task::spawn_blocking(judged).await.map_err(|error| Error::Internal(error.into()))?;
    let nodes: Vec<NodeId> = judged.iter().map(|(_, node)| NodeId(node.node_id)).collect();
    let mut tx = region.store().begin(ctx).await?;
    let versions: BTreeMap<i64, i64> = tag::lock_versions(&mut tx, &nodes).await?.into_iter().collect();
    let now = tag::find_named(&mut tx, &tag.name).await?;
    if now.is_none_or(|now| now.tag_id != tag.tag_id || now.definition != tag.definition) {
        return Ok(false);
    }
    let mut changed = Vec::new();
    for (mut verdict, mut node) in judged {
        if versions.get(&node.node_id) != Some(&node.version) {
            let found = tag::find_candidate(&mut tx, TagId(tag.tag_id), NodeId(node.node_id)).await?;
            let Some(found) = found else { continue };
            verdict = judge_candidate(&tag.definition, &found);
            node = found;
        }
        done.note(verdict);
        if apply(&mut tx, tag, &node, verdict).await? {
            changed.push(NodeId(node.node_id));
        }
    }
    if changed.is_empty() {
        return Ok(true);
    }
    done.changed += changed.len() as u64;
    maas_store::node::refresh_tag_names(&mut tx, &changed).await?;
    tx.commit_nodes(Vec::new()).await?;
    Ok(true)
}

async fn apply(tx: &mut Tx, tag: &TagRow, node: &Candidate, verdict: Verdict) -> Result<bool> {
    let is_fitting = verdict == Verdict::Decided(true);
    if is_fitting == node.is_automatic.is_some() || (!is_fitting && node.is_automatic == Some(0)) {
        return Ok(false);
    }
    Ok(tag::set_fitting(tx, TagId(tag.tag_id), NodeId(node.node_id), is_fitting).await?)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Decided(bool),
    TooManySteps,
}

impl Progress {
    fn note(&mut self, verdict: Verdict) {
        self.machines += 1;
        self.fitting += u64::from(verdict == Verdict::Decided(true));
        self.undecided += u64::from(verdict == Verdict::TooManySteps);
    }
}

fn judge_candidate(definition: &str, node: &Candidate) -> Verdict {
    let facts = serde_json::from_str(&node.facts).unwrap_or_default();
    judge(definition, tree(&facts).as_ref(), USUAL_STEPS)
}

fn judge(definition: &str, tree: Option<&HardwareTree>, steps: u64) -> Verdict {
    let (Some(tree), Ok(expression)) = (tree, definition.parse::<Expression>()) else {
        return Verdict::Decided(false);
    };
    expression.matches(tree, steps).map_or(Verdict::TooManySteps, Verdict::Decided)
}

/// None when nobody has told of the hardware, or what was told cannot be read: no definition fits then.
fn tree(facts: &BTreeMap<String, String>) -> Option<HardwareTree> {
    let part = |name: &str| facts.get(name).map(String::as_str).filter(|text| !text.trim().is_empty());
    let (lshw, lldp) = (part("lshw"), part("lldp"));
    if lshw.is_none() && lldp.is_none() {
        return None;
    }
    HardwareTree::parse(lshw, lldp)
        .map_err(|why| tracing::debug!(error = &why as &dyn std::error::Error, "hardware facts cannot be read"))
        .ok()
}

const PAGE: i64 = 50;
/// Some milliseconds.
const STEPS_AT_ONCE: u64 = 100_000;
const RETRY: std::time::Duration = std::time::Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use maas_model::MachineAction;
    use maas_store::testing::TestNode;

    use super::*;
    use crate::{
        nodes,
        tags::{self, TagChange},
        testing::{TestRegion, with_region},
    };

    async fn set_facts(site: &TestRegion, system_id: &str, lshw: &str) {
        let ctx = site.region.job_ctx("test");
        let mut tx = site.region.store().begin(&ctx).await.unwrap();
        let node = nodes::lock(&mut tx, &ctx, NodeType::Machine, system_id, MachineAction::Edit).await.unwrap();
        let facts = BTreeMap::from([("lshw".to_owned(), lshw.to_owned())]);
        maas_store::node::set_inventory(&mut tx, &node, "{}", Some(&facts)).await.unwrap();
        evaluate(&mut tx, node.row()).await.unwrap();
        tx.commit_nodes(Vec::new()).await.unwrap();
    }

    /// The names of those that have the tag.
    async fn having(site: &TestRegion, ids: &[String]) -> Vec<String> {
        let mut reader = site.region.store().reader().await.unwrap();
        let mut found = Vec::new();
        for id in ids {
            let row = maas_store::node::find(&mut reader, id).await.unwrap().unwrap();
            if row.tag_names == " gpu " {
                found.push(row.hostname);
            }
        }
        found
    }

    #[tokio::test]
    async fn a_definition_is_given_to_what_it_fits_and_follows_the_hardware() {
        with_region(async |site| {
            let (region, admin) = (&site.region, &site.ctx("admin").await);
            let mut tx = region.store().begin(admin).await.unwrap();
            let mut ids = Vec::new();
            for hostname in ["plain", "gpu1", "gpu2", "unknown"] {
                ids.push(TestNode::default().insert(&mut tx, hostname).await.1);
            }
            tx.commit_quietly().await.unwrap();
            set_facts(site, &ids[0], PLAIN).await;
            set_facts(site, &ids[1], GPU).await;
            set_facts(site, &ids[2], GPU).await;
            let new = TagChange {
                name: Some("gpu".to_owned()),
                definition: Some("//node[@id='display']".to_owned()),
                ..TagChange::default()
            };
            tags::create(region, admin, new).await.unwrap();
            evaluate_all(region).await.unwrap();
            assert_eq!(having(site, &ids).await, ["gpu1", "gpu2"]);
            assert!(tags::list_counted(region, admin).await.unwrap()[0].is_evaluated);

            set_facts(site, &ids[0], GPU).await;
            set_facts(site, &ids[1], PLAIN).await;
            assert_eq!(having(site, &ids).await, ["plain", "gpu2"]);

            tags::update_nodes(region, admin, "gpu", &[ids[3].clone()], &[]).await.unwrap();
            tags::rebuild(region, admin, "gpu").await.unwrap();
            evaluate_all(region).await.unwrap();
            assert_eq!(having(site, &ids).await, ["plain", "gpu2", "unknown"], "what was given by hand stays");

            let define = |text: &str| TagChange { definition: Some(text.to_owned()), ..TagChange::default() };
            tags::update(region, admin, "gpu", define("//node[@id='core']")).await.unwrap();
            evaluate_all(region).await.unwrap();
            assert_eq!(having(site, &ids).await, ["plain", "gpu1", "gpu2", "unknown"]);
            tags::update(region, admin, "gpu", define("")).await.unwrap();
            set_facts(site, &ids[0], "<list/>").await;
            assert_eq!(having(site, &ids).await.len(), 4, "without a definition, who has the tag keeps it");
        })
        .await;
    }

    #[tokio::test]
    async fn what_changed_while_it_was_judged_is_judged_again() {
        with_region(async |site| {
            let (region, admin) = (&site.region, &site.ctx("admin").await);
            region.tasks().shutdown().await;
            let mut tx = region.store().begin(admin).await.unwrap();
            let (_, id) = TestNode::default().insert(&mut tx, "plain").await;
            for hostname in ["gpu1", "gpu2", "unknown"] {
                TestNode::default().insert(&mut tx, hostname).await;
            }
            tx.commit_quietly().await.unwrap();
            set_facts(site, &id, PLAIN).await;
            let new = TagChange {
                name: Some("gpu".to_owned()),
                definition: Some("//node[@id='display']".to_owned()),
                ..TagChange::default()
            };
            let tag = tags::create(region, admin, new).await.unwrap();
            let row = tag::find_named(&mut region.store().reader().await.unwrap(), "gpu").await.unwrap().unwrap();
            let page =
                tag::candidates(&mut region.store().reader().await.unwrap(), tag.id, NodeId(0), PAGE).await.unwrap();
            let stale =
                page.iter().map(|node| Candidate { version: node.version - 1, facts: GPU.into(), ..node.clone() });
            let mut done = Progress::default();
            let ctx = region.job_ctx("tags");
            assert!(evaluate_page(region, &ctx, &row, stale.collect(), &mut done).await.unwrap());
            assert_eq!((done.machines, done.fitting, done.changed), (4, 0, 0));
            tags::delete(region, admin, "gpu").await.unwrap();
            assert!(!evaluate_page(region, &ctx, &row, page, &mut done).await.unwrap(), "the tag has gone");
        })
        .await;
    }

    #[test]
    fn a_definition_without_end_is_no_fit() {
        let facts = BTreeMap::from([("lshw".to_owned(), GPU.to_owned())]);
        let text = "//*[count(//*[count(//*[count(//*) > 0]) > 0]) > 0]";
        assert_eq!(judge(text, tree(&facts).as_ref(), 10), Verdict::TooManySteps);
        assert_eq!(judge("true()", tree(&BTreeMap::new()).as_ref(), 10), Verdict::Decided(false));
        assert_eq!(judge("true()", tree(&facts).as_ref(), 1000), Verdict::Decided(true));
    }

    const PLAIN: &str = r#"<list><node id="host"><node id="core"/></node></list>"#;
    const GPU: &str = r#"<list><node id="host"><node id="core"/><node id="display"/></node></list>"#;
}
