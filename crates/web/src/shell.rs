//! What stands around every page: navigation, the trail to here, notices, the message of the last action.

use maas_authz::Action;
use maas_model::Role;
use maas_region::{notifications, settings, users};
use serde_json::Value;

use crate::{assets, cookies::Flash, notices::NoticeView, visit::Visit};

/// The frame of a page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shell {
    /// Of this page, without the site's name.
    pub(crate) title: String,
    pub(crate) site: String,
    pub(crate) version: String,
    /// Where the static files of this build lie.
    pub(crate) assets: &'static str,
    /// None for pages before login.
    pub(crate) visitor: Option<Visitor>,
    pub(crate) nav: Vec<Link>,
    pub(crate) crumbs: Vec<Link>,
    pub(crate) tabs: Vec<Link>,
    pub(crate) csrf: String,
    pub(crate) flash: Option<Flash>,
    pub(crate) notices: Vec<NoticeView>,
    /// Path and query of this page.
    pub(crate) here: String,
}

/// Who is signed in, for the corner.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) username: String,
    pub(crate) role: Role,
}

/// A link in a list of links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) label: String,
    pub(crate) href: String,
    pub(crate) icon: &'static str,
    pub(crate) is_current: bool,
}

/// The part of the site that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Machines,
    Devices,
    Pools,
    Zones,
    Tags,
    Settings,
    Preferences,
    Audit,
    Status,
    /// None of them: errors.
    Other,
}

impl Link {
    /// A step of the trail.
    pub(crate) fn crumb(label: &str, href: &str) -> Self {
        Self { label: label.to_owned(), href: href.to_owned(), icon: "", is_current: false }
    }
}

impl Visit {
    /// The frame for a page of `section` called `title`. What cannot be read for it is left out: a page is better than none.
    pub(crate) async fn shell(&self, section: Section, title: &str) -> Shell {
        let visitor = self.ctx.actor.user();
        let visitor = visitor.map(|user| Visitor { username: user.username.clone(), role: user.role() });
        let mut shell = Shell {
            title: title.to_owned(),
            assets: assets::base(),
            csrf: self.csrf(),
            flash: self.flash.clone(),
            here: self.target.clone(),
            ..Shell::default()
        };
        if visitor.is_some() {
            let region = self.region();
            let site = settings::get(region, &self.ctx, "maas_name").await.ok();
            shell.site = site.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
            shell.version = self.app.config.version.clone();
            shell.nav = nav(section, |action| self.may(action));
            let notices = notifications::list(region, &self.ctx).await.unwrap_or_default();
            shell.notices = notices.iter().map(NoticeView::from).collect();
        }
        shell.visitor = visitor;
        shell
    }

    /// The frame of a page under Settings; `tab` is the last word of its path.
    pub(crate) async fn settings_shell(&self, tab: &str, title: &str) -> Shell {
        let mut shell = self.shell(Section::Settings, title).await;
        shell.crumbs = vec![Link::crumb("Settings", "/MAAS/r/settings")];
        shell.tabs = settings_tabs(tab, |action| self.may(action));
        shell
    }

    /// The frame of a page under Preferences; `tab` is the last word of its path.
    pub(crate) async fn preferences_shell(&self, tab: &str, title: &str) -> Shell {
        let mut shell = self.shell(Section::Preferences, title).await;
        shell.crumbs = vec![Link::crumb("Preferences", "/MAAS/r/preferences")];
        shell.tabs = preferences_tabs(tab);
        shell
    }

    /// Whether the first-login page is still to come; unknown counts as done.
    pub(crate) async fn needs_intro(&self) -> bool {
        users::whoami(self.region(), &self.ctx).await.is_ok_and(|user| !user.completed_intro)
    }
}

impl Shell {
    /// Adds a step to the trail.
    pub(crate) fn under(mut self, label: &str, href: &str) -> Self {
        self.crumbs.push(Link::crumb(label, href));
        self
    }
}

/// The side bar, as far as the visitor may see it.
pub(crate) fn nav(current: Section, may: impl Fn(Action) -> bool) -> Vec<Link> {
    let rows = [
        (Section::Machines, "Machines", "machines", "/MAAS/r/machines", Action::ViewOwn),
        (Section::Devices, "Devices", "devices", "/MAAS/r/devices", Action::ViewOwn),
        (Section::Pools, "Pools", "pools", "/MAAS/r/pools", Action::ViewOwn),
        (Section::Zones, "Zones", "zones", "/MAAS/r/zones", Action::ViewGlobalEntities),
        (Section::Tags, "Tags", "tags", "/MAAS/r/tags", Action::ViewGlobalEntities),
        (Section::Settings, "Settings", "settings", "/MAAS/r/settings", Action::ViewConfigurations),
        (Section::Preferences, "Preferences", "user", "/MAAS/r/preferences", Action::ViewOwn),
        (Section::Audit, "Audit log", "audit", "/MAAS/r/audit", Action::ViewOwn),
        (Section::Status, "Status", "status", "/MAAS/r/status", Action::ViewStatus),
    ];
    let seen = rows.into_iter().filter(|row| may(row.4));
    seen.map(|(section, label, icon, href, _)| Link {
        label: label.to_owned(),
        href: href.to_owned(),
        icon,
        is_current: section == current,
    })
    .collect()
}

/// The tabs of Settings.
pub(crate) fn settings_tabs(current: &str, may: impl Fn(Action) -> bool) -> Vec<Link> {
    let rows = [
        ("security", "Security", "/MAAS/r/settings/configuration/security", Action::ViewConfigurations),
        ("general", "General", "/MAAS/r/settings/configuration/general", Action::ViewConfigurations),
        ("users", "Users", "/MAAS/r/settings/users", Action::ViewIdentities),
        ("groups", "Groups", "/MAAS/r/settings/groups", Action::ViewIdentities),
        ("roles", "Roles", "/MAAS/r/settings/roles", Action::ViewIdentities),
        ("bindings", "Role bindings", "/MAAS/r/settings/bindings", Action::ViewIdentities),
    ];
    let seen = rows.into_iter().filter(|row| may(row.3));
    seen.map(|(word, label, href, _)| tab(label, href, word == current)).collect()
}

/// The tabs of Preferences.
pub(crate) fn preferences_tabs(current: &str) -> Vec<Link> {
    let rows = [
        ("details", "Details"),
        ("password", "Password"),
        ("api-keys", "API keys and tokens"),
        ("ssh-keys", "SSH keys"),
        ("ssl-keys", "SSL keys"),
        ("sessions", "Sessions"),
    ];
    rows.into_iter().map(|(word, label)| tab(label, &format!("/MAAS/r/preferences/{word}"), word == current)).collect()
}

fn tab(label: &str, href: &str, is_current: bool) -> Link {
    Link { label: label.to_owned(), href: href.to_owned(), icon: "", is_current }
}
