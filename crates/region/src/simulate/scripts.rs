//! What scripts said of an invented machine.

use std::time::Duration;

use maas_model::{
    Timestamp,
    script::{HardwareType, ResultType, ScriptStatus},
};

use super::server::Life;
use crate::script_results::{NewResult, NewSet};

/// The sets of its past, oldest first.
pub(super) fn of(life: Life, at: Timestamp) -> Vec<NewSet> {
    let said = |name: &str, hardware: HardwareType, is_bad: bool, seconds: u64| NewResult {
        status: if is_bad { ScriptStatus::Failed } else { ScriptStatus::Passed },
        exit_status: Some(i64::from(is_bad)),
        output: if is_bad { format!("{name}: no answer from the device\n") } else { String::new() },
        started_at: Some(at.minus(Duration::from_secs(seconds))),
        ended_at: Some(at),
        ..NewResult::pending(name, hardware)
    };
    if life == Life::New {
        return Vec::new();
    }
    let is_bad = life == Life::FailedCommissioning;
    let looked = vec![
        said("30-maas-01-bmc-config", HardwareType::Node, false, 12),
        said("50-maas-01-commissioning", HardwareType::Node, is_bad, 31),
    ];
    let mut sets = vec![NewSet { result_type: ResultType::Commissioning, results: looked }];
    if !is_bad {
        let tested = vec![said("smartctl-validate", HardwareType::Storage, life == Life::FailedTesting, 95)];
        sets.push(NewSet { result_type: ResultType::Testing, results: tested });
    }
    if matches!(life, Life::Deployed | Life::FailedDeployment) {
        let installed = vec![said("50-curtin-install", HardwareType::Node, life == Life::FailedDeployment, 340)];
        sets.push(NewSet { result_type: ResultType::Installation, results: installed });
    }
    sets
}
