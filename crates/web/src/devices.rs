//! Devices: things with a name and an address that nobody deploys.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Path;
use maas_model::{
    MachineAction, NodeId, SystemId,
    filter::{NodeFilter, Test},
};
use maas_region::{
    devices::{self, DeviceChange, NewDevice},
    nodes::Node,
    zones,
};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{Choice, Field, FormErrors, FormView},
    input::Input,
    places::pools::told,
    preferences::password::FormPage,
    shell::{Section, Shell},
    text,
    visit::Visit,
};

/// The list.
#[derive(Template)]
#[template(path = "devices.html")]
pub(crate) struct DevicesPage {
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<DeviceRow>,
    pub(crate) total: usize,
    pub(crate) filter: String,
    pub(crate) may_add: bool,
}

/// A device in the list.
pub(crate) struct DeviceRow {
    pub(crate) system_id: String,
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) mac: String,
    pub(crate) addresses: String,
    pub(crate) owner: String,
    pub(crate) zone: String,
    pub(crate) parent: String,
    pub(crate) may_edit: bool,
}

/// `GET /MAAS/r/devices`
pub(crate) async fn list(visit: Visit, input: Input) -> Answer {
    let mut filter = NodeFilter::default();
    for word in input.text("q").split_whitespace() {
        filter.require(Test::FreeText(word.to_owned()));
    }
    let nodes = devices::list(visit.region(), &visit.ctx, &filter).await?;
    let shown = &nodes[..nodes.len().min(SHOWN)];
    let parents = devices::parents(visit.region(), &visit.ctx, shown).await?;
    let shell = visit.shell(Section::Devices, "Devices").await;
    let may_edit = |node: &Node| visit.ctx.grant_node(MachineAction::Edit, (), &node.facts()).is_ok();
    visit.page(&DevicesPage {
        shell,
        rows: shown.iter().map(|node| row(node, &parents, may_edit(node))).collect(),
        total: nodes.len(),
        filter: input.text("q").to_owned(),
        may_add: visit.may_somewhere(maas_authz::Action::DeployMachines),
    })
}

pub(crate) fn row(node: &Node, parents: &BTreeMap<NodeId, SystemId>, may_edit: bool) -> DeviceRow {
    DeviceRow {
        system_id: node.system_id.to_string(),
        name: node.hostname.clone(),
        domain: node.domain.name.clone(),
        mac: node.boot_mac.clone().unwrap_or_default(),
        addresses: node.ip_addresses.join(", "),
        owner: node.owner.as_ref().map(|owner| owner.username.to_string()).unwrap_or_default(),
        zone: node.zone.name.clone(),
        parent: node.parent.and_then(|id| parents.get(&id)).map(ToString::to_string).unwrap_or_default(),
        may_edit,
    }
}

/// `GET /MAAS/r/devices/add`
pub(crate) async fn show_add(visit: Visit) -> Answer {
    let page = add_page(&visit, &Input::default(), &FormErrors::default()).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/devices/add`
pub(crate) async fn add(visit: Visit, input: Input) -> Answer {
    let given = |name: &str| input.given(name).map(str::to_owned);
    let macs = input.text("mac_addresses").split(|c: char| c == ',' || c.is_whitespace());
    let new = NewDevice {
        hostname: given("hostname"),
        description: input.text("description").to_owned(),
        mac_addresses: macs.filter(|mac| !mac.is_empty()).map(str::to_owned).collect(),
        parent: given("parent"),
        zone: given("zone"),
        ..NewDevice::default()
    };
    match visit.run(|region, ctx| async move { devices::create(&region, &ctx, new).await }).await {
        Ok(node) => visit.redirect(HERE, &Flash::good(format!("Added {}.", node.hostname))),
        Err(error) => visit.again(&add_page(&visit, &input, &FormErrors::from_error(error)?).await?),
    }
}

/// `GET /MAAS/r/devices/{id}/edit`
pub(crate) async fn show_edit(visit: Visit, Path(id): Path<String>) -> Answer {
    let node = devices::lookup(visit.region(), &visit.ctx, &id).await?;
    let page = edit_page(&visit, &node, None, &FormErrors::default()).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/devices/{id}/edit`
pub(crate) async fn edit(visit: Visit, Path(id): Path<String>, input: Input) -> Answer {
    let node = devices::lookup(visit.region(), &visit.ctx, &id).await?;
    let text = |name: &str| Some(input.text(name).to_owned());
    let change = DeviceChange {
        hostname: text("hostname"),
        description: text("description"),
        zone: input.given("zone").map(str::to_owned),
        ..DeviceChange::default()
    };
    match visit.run(|region, ctx| async move { devices::update(&region, &ctx, &id, change).await }).await {
        Ok(node) => visit.redirect(HERE, &Flash::good(format!("Saved {}.", node.hostname))),
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            visit.again(&edit_page(&visit, &node, Some(&input), &errors).await?)
        }
    }
}

/// `GET /MAAS/r/devices/{id}/delete`
pub(crate) async fn confirm_delete(visit: Visit, Path(id): Path<String>) -> Answer {
    let node = devices::lookup(visit.region(), &visit.ctx, &id).await?;
    let shell = visit.shell(Section::Devices, "Delete device").await.under("Devices", HERE);
    let form = FormView::new("confirm", &shell.csrf, format!("{HERE}/{}/delete", node.system_id), "Delete");
    let lead = vec![format!("Delete {}? Its name and address are free again.", node.hostname)];
    visit.page(&FormPage { shell, lead, form: form.danger().cancel(HERE) })
}

/// `POST /MAAS/r/devices/{id}/delete`
pub(crate) async fn delete(visit: Visit, Path(id): Path<String>) -> Answer {
    let node = devices::lookup(visit.region(), &visit.ctx, &id).await?;
    let deleted = visit.run(|region, ctx| async move { devices::delete(&region, &ctx, &id).await }).await;
    told(&visit, HERE, &node.hostname, deleted)
}

async fn add_page(visit: &Visit, sent: &Input, errors: &FormErrors) -> Result<FormPage, Failure> {
    let shell = visit.shell(Section::Devices, "Add device").await.under("Devices", HERE);
    let form = FormView::new("device", &shell.csrf, format!("{HERE}/add"), "Add device")
        .field(Field::text("hostname", "Host name (may stay empty)", sent.text("hostname")))
        .field(Field::text("mac_addresses", "MAC addresses", sent.text("mac_addresses")).required().help("By commas."))
        .field(zone(visit, sent.given("zone").unwrap_or("default")).await?)
        .field(Field::text("parent", "Part of machine (may stay empty)", sent.text("parent")).help("Its system id."))
        .field(Field::text("description", "Notes (may stay empty)", sent.text("description")))
        .cancel(HERE)
        .errors(errors);
    Ok(FormPage { shell, lead: Vec::new(), form })
}

async fn edit_page(visit: &Visit, node: &Node, sent: Option<&Input>, errors: &FormErrors) -> Result<FormPage, Failure> {
    let shell = visit.shell(Section::Devices, &node.fqdn()).await.under("Devices", HERE);
    let value = |name: &str, stored: &str| sent.map_or(stored, |input| input.text(name)).to_owned();
    let form = FormView::new("device", &shell.csrf, format!("{HERE}/{}/edit", node.system_id), "Save")
        .field(Field::text("hostname", "Host name", &value("hostname", &node.hostname)).required())
        .field(zone(visit, &value("zone", &node.zone.name)).await?)
        .field(Field::text("description", "Notes", &value("description", &node.description)))
        .cancel(HERE)
        .errors(errors);
    let addresses = match node.ip_addresses.as_slice() {
        [] => "It has no address yet.".to_owned(),
        all => format!("Addresses: {}.", all.join(", ")),
    };
    let mac = node.boot_mac.as_ref().map(|mac| format!("MAC address: {mac}."));
    Ok(FormPage { shell, lead: mac.into_iter().chain([addresses]).collect(), form })
}

async fn zone(visit: &Visit, value: &str) -> Result<Field, Failure> {
    let zones = zones::list(visit.region(), &visit.ctx).await?;
    let choices = zones.into_iter().map(|zone| Choice::new(zone.name.clone(), zone.name)).collect();
    Ok(Field::select("zone", "Zone", choices, value))
}

/// How many of the devices that fit are on the page, in words, when it is not all.
pub(crate) fn cut(total: usize, shown: usize) -> Option<String> {
    let (total, shown) = (total as i64, shown as i64);
    (total > shown)
        .then(|| format!("The first {} of {}. Search for the others.", text::grouped(&shown), text::grouped(&total)))
}

const HERE: &str = "/MAAS/r/devices";
const SHOWN: usize = 200;
