//! `maas/`: the settings of the site.

use maas_authz::Action;
use maas_region::{detach, settings};

use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Param, Resource, Route, Verb},
};

pub(crate) const MAAS: Resource = Resource {
    name: "MaasHandler",
    path: "/MAAS/api/2.0/maas/",
    doc: "Read and change the settings of this site.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: Some("get_config"),
            access: Access::SignedIn,
            title: "Show a setting",
            text: "",
            params: &[Param::required("name", "The setting.")],
            handler: |call| Box::pin(read(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("set_config"),
            access: Access::Can(Action::EditConfigurations),
            title: "Change a setting",
            text: "",
            params: &[
                Param::required("name", "The setting."),
                Param::required("value", "Its new value; an empty one clears what may be empty."),
            ],
            handler: |call| Box::pin(change(call)),
        },
    ],
    ..Resource::DEFAULT
};

/// The name, with the one that MAAS once had for it.
fn name(call: &Call) -> Result<String, ApiError> {
    match call.form.require("name")? {
        "" => Err(ApiError::bad("Invalid name: Please enter a value")),
        "ntp_server" => Ok("ntp_servers".to_owned()),
        name => Ok(name.to_owned()),
    }
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    let name = name(&call)?;
    Ok(reply::json(&settings::get(call.region(), &call.ctx, &name).await?))
}

async fn change(call: Call) -> Result<Reply, ApiError> {
    let name = name(&call)?;
    let value = call.form.require("value")?.to_owned();
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { settings::set(&region, &ctx, &name, &value).await }).await?;
    Ok(reply::ok())
}
