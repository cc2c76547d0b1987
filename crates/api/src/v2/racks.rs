//! `rackcontrollers/`: what of it is true without racks: the drivers of power, which the forms of clients are made of.

use maas_region::power_types;

use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Resource, Route, Verb},
};

pub(crate) const RACKS: Resource = Resource {
    name: "RackControllersHandler",
    path: "/MAAS/api/2.0/rackcontrollers/",
    doc: "Read about rack controllers.",
    routes: &[
        Route::new(Verb::Get, "", "List rack controllers", |call| Box::pin(list(call))).text("There are none yet."),
        Route::new(Verb::Get, "describe_power_types", "List the power drivers and their parameters", |call| {
            Box::pin(describe_power_types(call))
        }),
    ],
    ..Resource::DEFAULT
};

#[expect(clippy::unused_async, reason = "handlers are async")]
async fn list(_call: Call) -> Result<Reply, ApiError> {
    Ok(reply::json::<[(); 0]>(&[]))
}

#[expect(clippy::unused_async, reason = "handlers are async")]
async fn describe_power_types(_call: Call) -> Result<Reply, ApiError> {
    Ok(reply::json(&power_types::describe()))
}
