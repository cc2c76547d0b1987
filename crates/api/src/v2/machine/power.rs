//! The power of a machine.

use maas_region::machines::{self, PowerAction};

use super::lifecycle::run;
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    v2::{machine_view, machines::plain},
};

pub(super) async fn on(call: Call) -> Result<Reply, ApiError> {
    switch(call, PowerAction::On).await
}

pub(super) async fn off(call: Call) -> Result<Reply, ApiError> {
    let action = match call.form.filled("stop_mode") {
        None | Some("hard") => PowerAction::Off,
        Some("soft") => PowerAction::SoftOff,
        Some(other) => return Err(ApiError::bad(format!("Invalid stop_mode: '{other}' is neither 'hard' nor 'soft'"))),
    };
    switch(call, action).await
}

pub(super) async fn cycle(call: Call) -> Result<Reply, ApiError> {
    switch(call, PowerAction::Cycle).await
}

async fn switch(call: Call, action: PowerAction) -> Result<Reply, ApiError> {
    run(call, move |o| async move { machines::power(&o.region, &o.ctx, &o.system_id, action, &o.comment).await }).await
}

pub(super) async fn query(call: Call) -> Result<Reply, ApiError> {
    Ok(machine_view::power_state(machines::query_power(call.region(), &call.ctx, call.var(0)).await?))
}

pub(crate) async fn parameters(call: Call) -> Result<Reply, ApiError> {
    let parameters = machines::power_parameters(call.region(), &call.ctx, call.var(0)).await?;
    Ok(reply::json(&plain(parameters)))
}
