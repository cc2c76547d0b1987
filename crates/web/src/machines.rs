//! The machines page. There are none yet, and it says honestly what is possible already.

use askama::Template;
use axum::response::Response;
use maas_authz::Action;
use maas_region::ssh_keys;

use crate::{
    answer::{Answer, see_other},
    shell::{Section, Shell},
    text::HOME,
    visit::Visit,
};

/// The machines page.
#[derive(Template)]
#[template(path = "machines.html")]
pub(crate) struct MachinesPage {
    pub(crate) shell: Shell,
    pub(crate) has_ssh_key: bool,
    pub(crate) is_admin: bool,
    pub(crate) is_tls_on: bool,
}

/// `GET /MAAS/r/machines`
pub(crate) async fn show(visit: Visit) -> Answer {
    if visit.needs_intro().await {
        return Ok(see_other("/MAAS/r/intro"));
    }
    let keys = ssh_keys::list(visit.region(), &visit.ctx).await?;
    let page = MachinesPage {
        shell: visit.shell(Section::Machines, "Machines").await,
        has_ssh_key: !keys.is_empty(),
        is_admin: visit.may(Action::EditConfigurations),
        is_tls_on: visit.ctx.request.is_secure,
    };
    visit.page(&page)
}

/// `GET /MAAS/r/`
pub(crate) async fn home() -> Response {
    see_other(HOME)
}
