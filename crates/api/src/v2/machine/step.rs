//! What a rack carries out.

use std::collections::BTreeMap;

use maas_region::machines::{self, Step};

use super::{COMMENT, lifecycle::run};
use crate::{
    call::Call,
    error::ApiError,
    form::Form,
    reply::Reply,
    route::{Kind, Param},
};

pub(super) const NEEDS_RACK: &str =
    "A rack does it; while none can, nothing is changed and the answer is 503 with the reason.";

const SSH: Param = Param::optional("enable_ssh", "Stay on afterwards, with SSH for the owner.").kind(Kind::Bool);
const TESTS: Param = Param::optional("testing_scripts", "Names or tags of tests, with commas between them.");

pub(super) const COMMISSION: &[Param] = &[
    SSH,
    Param::optional("skip_bmc_config", "Leave the BMC as it is.").kind(Kind::Bool),
    Param::optional("skip_networking", "Keep the network configuration.").kind(Kind::Bool),
    Param::optional("skip_storage", "Keep the storage configuration.").kind(Kind::Bool),
    Param::optional("commissioning_scripts", "Names or tags of further scripts, with commas between them."),
    TESTS,
];

pub(super) const TEST: &[Param] = &[SSH, TESTS];

pub(super) const DEPLOY: &[Param] = &[
    Param::optional("distro_series", "The release."),
    Param::optional("hwe_kernel", "The kernel."),
    Param::optional("user_data", "User data for cloud-init, base64."),
    Param::optional("agent_name", "A name for whoever deploys."),
    COMMENT,
    Param::optional("bridge_all", "Make bridges on all interfaces.").kind(Kind::Bool),
    Param::optional("bridge_type", "standard or ovs."),
    Param::optional("bridge_stp", "Spanning tree on the bridges.").kind(Kind::Bool),
    Param::optional("bridge_fd", "Forward delay of the bridges, in seconds.").kind(Kind::Int),
    Param::optional("ephemeral_deploy", "Run from memory.").kind(Kind::Bool),
    Param::optional("enable_hw_sync", "Tell of changes of the hardware later on.").kind(Kind::Bool),
    Param::optional("enable_kernel_crash_dump", "Keep what a crashed kernel leaves.").kind(Kind::Bool),
    Param::optional("vcenter_registration", "Register with the vCenter of the site.").kind(Kind::Bool),
];

pub(super) async fn commission(call: Call) -> Result<Reply, ApiError> {
    start(call, Step::Commission).await
}

pub(super) async fn test(call: Call) -> Result<Reply, ApiError> {
    start(call, Step::Test).await
}

pub(super) async fn deploy(call: Call) -> Result<Reply, ApiError> {
    start(call, Step::Deploy).await
}

pub(super) async fn rescue(call: Call) -> Result<Reply, ApiError> {
    start(call, Step::EnterRescueMode).await
}

pub(super) async fn exit_rescue(call: Call) -> Result<Reply, ApiError> {
    start(call, Step::ExitRescueMode).await
}

async fn start(call: Call, step: Step) -> Result<Reply, ApiError> {
    let parameters = parameters(&call.form);
    run(call, move |o| async move { machines::start(&o.region, &o.ctx, &o.system_id, step, parameters).await }).await
}

fn parameters(form: &Form) -> BTreeMap<String, String> {
    let kept = form.pairs().filter(|(name, _)| !matches!(*name, "op" | "csrfmiddlewaretoken"));
    kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
