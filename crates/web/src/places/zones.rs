//! Zones: the list and the forms.

use askama::Template;
use axum::extract::Path;
use maas_authz::Action;
use maas_model::NodeFilter;
use maas_region::{
    machines::{self, Group, GroupCount},
    zones::{self, Zone},
};

use super::{form, pools::told, search};
use crate::{
    answer::Answer,
    cookies::Flash,
    form::{FormErrors, FormView},
    input::Input,
    preferences::password::FormPage,
    shell::{Section, Shell},
    text::segment,
    visit::Visit,
};

/// The list.
#[derive(Template)]
#[template(path = "places/zones.html")]
pub(crate) struct ZonesPage {
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<ZoneRow>,
    pub(crate) may_edit: bool,
}

/// A zone in the list.
pub(crate) struct ZoneRow {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) description: String,
    pub(crate) machines: i64,
    pub(crate) href: String,
}

/// `GET /MAAS/r/zones`
pub(crate) async fn list(visit: Visit) -> Answer {
    let (region, ctx) = (visit.region(), &visit.ctx);
    let zones = zones::list(region, ctx).await?;
    let counts = machines::count_by(region, ctx, &NodeFilter::default(), Group::Zone).await?;
    let shell = visit.shell(Section::Zones, "Zones").await;
    visit.page(&page(shell, &zones, &counts, visit.may(Action::EditGlobalEntities)))
}

pub(crate) fn page(shell: Shell, zones: &[Zone], counts: &[GroupCount], may_edit: bool) -> ZonesPage {
    let row = |zone: &Zone| ZoneRow {
        name: zone.name.clone(),
        path: segment(&zone.name),
        description: zone.description.clone(),
        machines: counts.iter().find(|row| row.value == zone.name).map_or(0, |row| row.count),
        href: search("zone", &zone.name),
    };
    ZonesPage { rows: zones.iter().map(row).collect(), shell, may_edit }
}

/// `GET /MAAS/r/zones/add`
pub(crate) async fn show_add(visit: Visit) -> Answer {
    let page = add_page(&visit, &Input::default(), &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/zones/add`
pub(crate) async fn add(visit: Visit, input: Input) -> Answer {
    let (name, description) = (input.text("name").to_owned(), input.text("description").to_owned());
    let made = visit.run(|region, ctx| async move { zones::create(&region, &ctx, &name, &description).await }).await;
    match made {
        Ok(zone) => visit.redirect(HERE, &Flash::good(format!("Added zone “{}”.", zone.name))),
        Err(error) => visit.again(&add_page(&visit, &input, &FormErrors::from_error(error)?).await),
    }
}

/// `GET /MAAS/r/zones/{name}/edit`
pub(crate) async fn show_edit(visit: Visit, Path(name): Path<String>) -> Answer {
    let zone = zones::lookup(visit.region(), &visit.ctx, &name).await?;
    let page = edit_page(&visit, &zone, None, &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/zones/{name}/edit`
pub(crate) async fn edit(visit: Visit, Path(old): Path<String>, input: Input) -> Answer {
    let zone = zones::lookup(visit.region(), &visit.ctx, &old).await?;
    let (name, description) = (input.text("name").to_owned(), input.text("description").to_owned());
    let work = |region, ctx| async move { zones::update(&region, &ctx, &old, Some(&name), Some(&description)).await };
    match visit.run(work).await {
        Ok(zone) => visit.redirect(HERE, &Flash::good(format!("Saved “{}”.", zone.name))),
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            visit.again(&edit_page(&visit, &zone, Some(&input), &errors).await)
        }
    }
}

/// `GET /MAAS/r/zones/{name}/delete`
pub(crate) async fn confirm_delete(visit: Visit, Path(name): Path<String>) -> Answer {
    let zone = zones::lookup(visit.region(), &visit.ctx, &name).await?;
    let shell = visit.shell(Section::Zones, "Delete zone").await.under("Zones", HERE);
    let action = format!("{HERE}/{}/delete", segment(&zone.name));
    let form = FormView::new("confirm", &shell.csrf, action, "Delete").danger().cancel(HERE);
    let lead = vec![format!("Delete zone “{}”? What stands in it moves to the default zone.", zone.name)];
    visit.page(&FormPage { shell, lead, form })
}

/// `POST /MAAS/r/zones/{name}/delete`
pub(crate) async fn delete(visit: Visit, Path(name): Path<String>) -> Answer {
    let zone = zones::lookup(visit.region(), &visit.ctx, &name).await?;
    let deleted = visit.run(|region, ctx| async move { zones::delete(&region, &ctx, &name).await }).await;
    told(&visit, HERE, &zone.name, deleted)
}

async fn add_page(visit: &Visit, sent: &Input, errors: &FormErrors) -> FormPage {
    let shell = visit.shell(Section::Zones, "Add zone").await.under("Zones", HERE);
    let values = (sent.text("name"), sent.text("description"));
    let form = form(&shell.csrf, &format!("{HERE}/add"), "Add zone", values, HERE, errors);
    FormPage { lead: vec!["A zone is a place: a hall, a row, what fails together.".to_owned()], form, shell }
}

async fn edit_page(visit: &Visit, zone: &Zone, sent: Option<&Input>, errors: &FormErrors) -> FormPage {
    let shell = visit.shell(Section::Zones, &zone.name).await.under("Zones", HERE);
    let stored = (zone.name.as_str(), zone.description.as_str());
    let values = sent.map_or(stored, |sent| (sent.text("name"), sent.text("description")));
    let action = format!("{HERE}/{}/edit", segment(&zone.name));
    FormPage { form: form(&shell.csrf, &action, "Save", values, HERE, errors), lead: Vec::new(), shell }
}

const HERE: &str = "/MAAS/r/zones";
