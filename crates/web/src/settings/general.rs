//! All settings that have no page of their own, by subject, changed one at a time.

use askama::Template;
use axum::extract::Path;
use maas_model::setting::{self, Setting};
use maas_region::{
    Error,
    settings::{self, SettingView},
};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{FormErrors, FormView},
    input::Input,
    preferences::password::FormPage,
    settings::{field, label, plain, said, security},
    shell::Shell,
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "settings/general.html")]
pub(crate) struct GeneralPage {
    pub(crate) shell: Shell,
    pub(crate) groups: Vec<Group>,
    pub(crate) filter: String,
}

/// Settings on one subject.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) id: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// A setting in the list.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) label: String,
    pub(crate) help: &'static str,
    pub(crate) value: String,
    pub(crate) is_default: bool,
}

/// `GET /MAAS/r/settings/configuration/general`
pub(crate) async fn list(visit: Visit, input: Input) -> Answer {
    let views = settings::list(visit.region(), &visit.ctx).await?;
    let shell = visit.settings_shell("general", "General").await;
    let filter = input.text("q").to_owned();
    visit.page(&GeneralPage { groups: groups(&views, &filter), filter, shell })
}

/// `GET /MAAS/r/settings/configuration/general/{name}`
pub(crate) async fn show(visit: Visit, Path(name): Path<String>) -> Answer {
    let setting = known(&name)?;
    let views = settings::list(visit.region(), &visit.ctx).await?;
    let view = views.iter().find(|view| view.name == setting.name);
    let value = view.map(|view| plain(&view.value)).unwrap_or_default();
    let page = page(&visit, setting, &value, view, &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/settings/configuration/general/{name}`
pub(crate) async fn submit(visit: Visit, Path(name): Path<String>, input: Input) -> Answer {
    let setting = known(&name)?;
    let value = if setting.is_secret {
        input.secret(setting.name).expose().clone()
    } else {
        input.text(setting.name).to_owned()
    };
    let sent = value.clone();
    match visit.run(|region, ctx| async move { settings::set(&region, &ctx, setting.name, &sent).await }).await {
        Ok(()) => visit.redirect(HERE, &Flash::good(format!("Saved: {}.", label(setting.name)))),
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            visit.again(&page(&visit, setting, &value, None, &errors).await)
        }
    }
}

/// The settings by subject; those that match `filter` alone, if it is not empty.
pub(crate) fn groups(views: &[SettingView], filter: &str) -> Vec<Group> {
    let filter = filter.to_lowercase();
    let wanted = |row: &Row| {
        let text = format!("{} {} {}", row.name, row.label, row.help).to_lowercase();
        filter.split_whitespace().all(|word| text.contains(word))
    };
    let rows = |id: &str| {
        let here = views.iter().filter(|view| subject(view.name) == id && !security::OWN.contains(&view.name));
        here.map(row).filter(wanted).collect::<Vec<_>>()
    };
    let groups = SUBJECTS.iter().map(|(id, title)| Group { title, id, rows: rows(id) });
    groups.filter(|group| !group.rows.is_empty()).collect()
}

fn row(view: &SettingView) -> Row {
    let said = said(view);
    Row { name: view.name, label: label(view.name), help: view.help, value: said, is_default: view.is_default }
}

/// The subject of a setting, by its name, since families of settings share a beginning.
fn subject(name: &str) -> &'static str {
    let begins = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    if begins(&["maas_auto_ipmi"]) {
        "bmc"
    } else if begins(&["vcenter", "windows"]) {
        "systems"
    } else if begins(&["boot_images", "main_archive", "ports_archive"]) {
        "images"
    } else if begins(&["enable_http_proxy", "http_proxy", "maas_proxy", "prefer_v4", "use_"]) {
        "proxy"
    } else if begins(&["dns", "upstream", "default_dns", "allow_only", "maas_internal", "ntp"]) {
        "names"
    } else if begins(&["active_discovery", "network_disc", "auto_vlan", "subnet", "experimental_switch"]) {
        "network"
    } else if begins(&["disk_erase", "enable_disk", "default_storage"]) {
        "storage"
    } else if begins(&["prom", "remote_syslog", "maas_syslog", "max_node"]) {
        "logs"
    } else if begins(&["maas_name", "theme", "enable_analytics", "release_not", "completed_intro", "refresh"]) {
        "site"
    } else {
        "deploy"
    }
}

fn known(name: &str) -> Result<&'static Setting, Failure> {
    let found = setting::find_public(name).ok().filter(|setting| !security::OWN.contains(&setting.name));
    found.ok_or_else(|| Error::NotFound { what: "setting" }.into())
}

async fn page(
    visit: &Visit,
    setting: &Setting,
    value: &str,
    view: Option<&SettingView>,
    errors: &FormErrors,
) -> FormPage {
    let shell = visit.settings_shell("general", &label(setting.name)).await.under("General", HERE);
    let default = view.filter(|view| !view.is_secret);
    let default = default.map(|view| said(&SettingView { value: view.default.clone(), ..view.clone() }));
    let lead = default.map(|text| format!("Default: {text}.")).into_iter().collect();
    FormPage { form: form(&shell.csrf, setting, value, errors), lead, shell }
}

pub(crate) fn form(csrf: &str, setting: &Setting, value: &str, errors: &FormErrors) -> FormView {
    FormView::new("setting", csrf, format!("{HERE}/{}", setting.name), "Save")
        .field(field(setting, value))
        .cancel(HERE)
        .errors(errors)
}

const HERE: &str = "/MAAS/r/settings/configuration/general";
const SUBJECTS: [(&str, &str); 10] = [
    ("site", "Site"),
    ("deploy", "Commissioning and deployment"),
    ("images", "Images and packages"),
    ("storage", "Storage"),
    ("network", "Network"),
    ("names", "DNS and time"),
    ("proxy", "Proxy"),
    ("bmc", "BMCs"),
    ("systems", "Windows and VMware"),
    ("logs", "Logs, results and metrics"),
];

#[cfg(test)]
mod tests {
    use maas_model::setting::public;

    use super::{SUBJECTS, security, subject};

    #[test]
    fn every_setting_has_exactly_one_place() {
        for setting in public() {
            let is_listed = SUBJECTS.iter().any(|(id, _)| *id == subject(setting.name));
            assert!(is_listed || security::OWN.contains(&setting.name), "{}", setting.name);
        }
        for name in security::OWN {
            assert!(maas_model::setting::find_public(name).is_ok(), "{name}");
        }
    }
}
