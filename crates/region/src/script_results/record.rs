//! Writing down what scripts said, and how a machine's scripts stand together.

use super::*;

/// A set that is to be run, or was.
#[derive(Clone, Debug)]
pub struct NewSet {
    pub result_type: ResultType,
    pub results: Vec<NewResult>,
}

/// A run of one script.
#[derive(Clone, Debug)]
pub struct NewResult {
    pub name: String,
    pub hardware_type: HardwareType,
    pub status: ScriptStatus,
    pub exit_status: Option<i64>,
    pub output: String,
    pub stdout: String,
    pub stderr: String,
    /// YAML that the script wrote.
    pub result: String,
    /// By name: type, value and so on. Values of passwords are not kept.
    pub parameters: Value,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

impl NewResult {
    /// A script that waits for its turn.
    pub fn pending(name: impl Into<String>, hardware_type: HardwareType) -> Self {
        Self {
            name: name.into(),
            hardware_type,
            status: ScriptStatus::Pending,
            exit_status: None,
            output: String::new(),
            stdout: String::new(),
            stderr: String::new(),
            result: String::new(),
            parameters: json!({}),
            started_at: None,
            ended_at: None,
        }
    }
}

/// Adds a set to a machine, and sums up anew. The caller commits.
pub(crate) async fn insert(tx: &mut Tx, may: &GrantedNode<NodeRow>, new: NewSet) -> Result<ScriptSetId> {
    let power = may.row().power_state.clone();
    let set = script::insert_set(tx, may, new.result_type as i64, &power, KEPT).await?;
    for result in new.results {
        let row = ScriptResultRow {
            script_set_id: set.script_set_id,
            hardware_type: result.hardware_type as i64,
            parameters: redacted(result.parameters.clone()).to_string(),
            ..row(result)
        };
        script::insert_result(tx, may, &row).await?;
    }
    refresh(tx, may).await?;
    Ok(ScriptSetId(set.script_set_id))
}

/// Notes how a run stands now (`Test` on the machine: its site's own jobs, and who operates it), and sums up anew.
///
/// # Errors
/// `NotFound { what: "Node" }`, `Denied`; `NotFound { what: "ScriptResult" }` when the machine has no such run.
pub async fn note(region: &Region, ctx: &OpCtx, system_id: &str, id: ScriptResultId, now: NewResult) -> Result<()> {
    let mut tx = region.store().begin(ctx).await?;
    let machine =
        nodes::lock(&mut tx, ctx, NodeType::Machine, system_id, MachineAction::Test).await.map_err(any_node)?;
    let text = format!("Script {} of '{}': {}.", now.name, machine.row().hostname, now.status.name());
    let row = ScriptResultRow { script_result_id: id.0, ..row(now) };
    if !script::update_result(&mut tx, &machine, &row).await? {
        return Err(Error::NotFound { what: "ScriptResult" });
    }
    refresh(&mut tx, &machine).await?;
    let kind = EventType::ScriptResultChangedStatus;
    let event = Audit { kind, ..audit("script-result.note", text, machine.row()) }.level(kind.level());
    Ok(tx.commit_nodes(vec![event]).await?)
}

/// Sums up the latest sets beside the machine, for lists: statuses by kind, and which sets they are.
pub(crate) async fn refresh(tx: &mut Tx, may: &GrantedNode<NodeRow>) -> Result<()> {
    let mut summary = BTreeMap::<&'static str, i64>::new();
    let node = NodeId(may.row().node_id);
    for (kind, status, id) in [
        (ResultType::Commissioning, Some("commissioning"), "current_commissioning_result_id"),
        (ResultType::Testing, Some("testing"), "current_testing_result_id"),
        (ResultType::Installation, None, "current_installation_result_id"),
    ] {
        let Some(set) = script::latest_set(tx, node, kind as i64).await? else { continue };
        summary.insert(id, set.script_set_id);
        let Some(set) = filled(tx, may.row(), vec![set], false).await?.pop() else { continue };
        let counted = || set.results.iter().filter(|result| result.counts());
        if let (Some(name), Some(status)) = (status, set.status()) {
            summary.insert(name, status as i64);
        }
        if kind != ResultType::Testing {
            continue;
        }
        for name in HardwareType::ALL.into_iter().flat_map(HardwareType::test_kinds) {
            let of = counted().filter(|result| result.hardware_type.test_kinds().contains(name));
            if let Some(status) = ScriptStatus::summary(of.map(|result| result.status)) {
                summary.insert(name, status as i64);
            }
        }
    }
    Ok(node::set_script_status(tx, may, &json!(summary).to_string()).await?)
}

fn row(result: NewResult) -> ScriptResultRow {
    ScriptResultRow {
        script_name: clean(result.name),
        status: result.status as i64,
        exit_status: result.exit_status,
        output: clean(result.output),
        stdout: clean(result.stdout),
        stderr: clean(result.stderr),
        result: clean(result.result),
        started_us: result.started_at.map(Timestamp::micros),
        ended_us: result.ended_at.map(Timestamp::micros),
        ..ScriptResultRow::default()
    }
}

/// Machines print anything; PostgreSQL takes no NUL in text.
fn clean(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// Sets of one type that are kept of one machine, as in MAAS.
const KEPT: i64 = 10;

#[cfg(test)]
mod tests {
    use maas_store::testing::TestNode;

    use super::*;
    use crate::{
        script_results::{delete, list, lookup, suppress},
        testing::{TestRegion, with_region},
    };

    async fn record(site: &TestRegion, system_id: &str, new: NewSet) -> ScriptSetId {
        let ctx = site.region.job_ctx("test");
        let mut tx = site.region.store().begin(&ctx).await.unwrap();
        let machine = nodes::lock(&mut tx, &ctx, NodeType::Machine, system_id, MachineAction::Test).await.unwrap();
        let id = insert(&mut tx, &machine, new).await.unwrap();
        tx.commit_nodes(Vec::new()).await.unwrap();
        id
    }

    fn done(name: &str, hardware_type: HardwareType, status: ScriptStatus, seconds: i64) -> NewResult {
        NewResult {
            status,
            started_at: Some(Timestamp::from_secs(1000)),
            ended_at: (!status.is_under_way()).then(|| Timestamp::from_secs(1000 + seconds)),
            ..NewResult::pending(name, hardware_type)
        }
    }

    async fn summary(site: &TestRegion, system_id: &str) -> String {
        let mut reader = site.region.store().reader().await.unwrap();
        maas_store::node::find(&mut reader, system_id).await.unwrap().unwrap().script_status
    }

    #[tokio::test]
    async fn results_are_read_by_who_sees_the_machine_and_summed_up_beside_it() {
        with_region(async |site| {
            let (region, admin, bob) = (&site.region, &site.ctx("admin").await, &site.ctx("bob").await);
            let eve = site.id("eve").await;
            let mut tx = region.store().begin(admin).await.unwrap();
            let (_, free) = TestNode::default().insert(&mut tx, "free").await;
            let (_, hers) = TestNode { owner: Some(eve), ..TestNode::default() }.insert(&mut tx, "hers").await;
            tx.commit_quietly().await.unwrap();
            let secret = json!({
                "pass": {"type": "password", "value": "canary"}, "path": {"type": "string", "value": "/x"},
            });
            let cpu = NewResult { parameters: secret, ..done("stress", HardwareType::Cpu, ScriptStatus::Failed, 60) };
            let disk = NewResult {
                output: "a\0b".into(),
                ..done("smartctl", HardwareType::Storage, ScriptStatus::Passed, 90)
            };
            let new = NewSet { result_type: ResultType::Testing, results: vec![cpu, disk] };
            let id = record(site, &free, new.clone()).await;
            record(site, &hers, new).await;

            let set = lookup(region, bob, &free, "current-testing").await.unwrap();
            assert_eq!((set.id, set.status()), (id, Some(ScriptStatus::Failed)));
            assert_eq!(set.runtime(), Some(Duration::from_secs(90)));
            assert_eq!(set.results[0].parameters["pass"]["value"], "REDACTED");
            assert_eq!(set.results[0].parameters["path"]["value"], "/x");
            assert_eq!(set.results[1].output, "a\u{fffd}b");
            assert_eq!(
                summary(site, &free).await,
                format!(r#"{{"cpu_test":3,"current_testing_result_id":{id},"storage_test":2,"testing":3}}"#)
            );
            for (system_id, set, wanted) in [
                (&hers, "current-testing", "No Node matches the given query."),
                (&"zzzzzz".to_owned(), "current-testing", "No Node matches the given query."),
                (&free, "current-commissioning", "No ScriptSet matches the given query."),
                (&free, "current-release", "No ScriptSet matches the given query."),
                (&free, "999", "No ScriptSet matches the given query."),
                (&free, "x", "No ScriptSet matches the given query."),
            ] {
                assert_eq!(lookup(region, bob, system_id, set).await.unwrap_err().to_string(), wanted);
            }
            let refused = suppress(region, bob, &free, &id.to_string(), None, true).await;
            assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
            let first = Some(set.results[0].id);
            let set = suppress(region, admin, &free, "current-testing", first, true).await.unwrap();
            assert_eq!((set.status(), set.is_suppressed()), (Some(ScriptStatus::Passed), false));
            assert_eq!(site.last_event().await.0, "script-result.suppress");
            assert!(!summary(site, &free).await.contains("cpu_test"));
            assert!(matches!(delete(region, bob, &free, &id.to_string()).await, Err(Error::Denied(_))));
            delete(region, admin, &free, &id.to_string()).await.unwrap();
            assert_eq!(summary(site, &free).await, "{}");
            assert!(list(region, admin, &free, None, false).await.unwrap().is_empty());
        })
        .await;
    }

    #[tokio::test]
    async fn ten_sets_of_a_type_are_kept_and_a_run_can_go_on() {
        with_region(async |site| {
            let (region, admin) = (&site.region, &site.ctx("admin").await);
            let mut tx = region.store().begin(admin).await.unwrap();
            let (_, id) = TestNode::default().insert(&mut tx, "a").await;
            tx.commit_quietly().await.unwrap();
            for _ in 0..12 {
                let results = vec![NewResult::pending("lshw", HardwareType::Node)];
                record(site, &id, NewSet { result_type: ResultType::Commissioning, results }).await;
            }
            record(site, &id, NewSet { result_type: ResultType::Installation, results: Vec::new() }).await;
            let sets = list(region, admin, &id, Some(ResultType::Commissioning), true).await.unwrap();
            assert_eq!((sets.len(), sets[9].status()), (10, Some(ScriptStatus::Pending)));
            assert_eq!(list(region, admin, &id, None, false).await.unwrap().len(), 11);
            let now = done("lshw", HardwareType::Node, ScriptStatus::Passed, 5);
            let run = sets[9].results[0].id;
            let refused = note(region, &site.ctx("bob").await, &id, run, now.clone()).await;
            assert!(matches!(refused, Err(Error::Denied(_))));
            note(region, admin, &id, run, now.clone()).await.unwrap();
            assert_eq!(site.last_event().await.1, "Script lshw of 'a': Passed.");
            let missing = note(region, admin, &id, ScriptResultId(9999), now).await;
            assert!(matches!(missing, Err(Error::NotFound { what: "ScriptResult" })));
            let set = lookup(region, admin, &id, "current-commissioning").await.unwrap();
            assert_eq!((set.status(), set.ended_at()), (Some(ScriptStatus::Passed), Some(Timestamp::from_secs(1005))));
        })
        .await;
    }
}
