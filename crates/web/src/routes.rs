//! The table of pages. A page without a line of access does not compile, and the gate is built from this table alone.

use std::sync::Arc;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{MethodRouter, any, get, post},
};
use maas_authz::Action;
use maas_region::{Error, Region};

use crate::{
    WebConfig,
    answer::{Answer, Failure},
    assets, audit, devices, explain,
    gate::gate,
    intro, login,
    machine::{self, actions, configuration, network, storage, summary},
    machines::{self, add, bulk, list},
    notices,
    places::{pools, tags, zones},
    preferences::{self, api_keys, details, password, sessions, ssh_keys, ssl_keys},
    reauthenticate,
    settings::{self, bindings, certificate, general, groups, roles, security, user_actions, users},
    status,
    visit::{App, Visit},
};

/// Who may ask for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Everybody who is signed in; others are sent to the login page.
    SignedIn,
    /// Those whom the policy allows this action; others signed in get a 403 that says why.
    May(Action),
    /// Those who hold one of these actions on some pool; what they may do to a machine is then asked for that machine.
    Somewhere(&'static [Action]),
}

/// One page, or one form's target.
#[derive(Debug)]
pub struct PageInfo {
    pub method: &'static str,
    /// As axum matches it: `/MAAS/r/settings/users/{name}/edit`.
    pub path: &'static str,
    pub access: Access,
    handler: fn() -> MethodRouter,
}

/// All pages.
pub fn pages() -> &'static [PageInfo] {
    PAGES
}

/// Serves `/MAAS/r/...` and `/MAAS/assets/...`.
pub fn router(region: Region, config: WebConfig) -> Router {
    let app = App { region, config: Arc::new(config) };
    let mut router = Router::new().route("/MAAS/assets/{hash}/{name}", get(assets::serve));
    for page in PAGES {
        let layer = from_fn_with_state((app.clone(), page.access), gate);
        router = router.route(page.path, (page.handler)().layer(layer));
    }
    let lost = any(missing).layer(from_fn_with_state((app, Access::Public), gate));
    router.route("/MAAS/r/{*rest}", lost)
}

async fn missing(_: Visit) -> Answer {
    Err(Failure::from(Error::NotFound { what: "" }))
}

const fn read(path: &'static str, access: Access, handler: fn() -> MethodRouter) -> PageInfo {
    PageInfo { method: "GET", path, access, handler }
}

const fn write(path: &'static str, access: Access, handler: fn() -> MethodRouter) -> PageInfo {
    PageInfo { method: "POST", path, access, handler }
}

const SEE_SETTINGS: Access = Access::May(Action::ViewConfigurations);
const EDIT_SETTINGS: Access = Access::May(Action::EditConfigurations);
const SEE_USERS: Access = Access::May(Action::ViewIdentities);
const EDIT_USERS: Access = Access::May(Action::EditIdentities);
const EDIT_OWN: Access = Access::May(Action::EditOwn);
const USE_MACHINES: Access = Access::Somewhere(&[Action::DeployMachines, Action::EditMachines]);
const ADD_MACHINES: Access = Access::Somewhere(&[Action::EditMachines]);
const ADD_DEVICES: Access = Access::Somewhere(&[Action::DeployMachines]);
const REVEAL: Access = Access::Somewhere(&[Action::ViewPowerParameters]);
const EDIT_POOLS: Access = Access::May(Action::EditPools);
const NAME_POOLS: Access = Access::Somewhere(&[Action::EditPools]);
const SEE_GLOBAL: Access = Access::May(Action::ViewGlobalEntities);
const EDIT_GLOBAL: Access = Access::May(Action::EditGlobalEntities);
const SIGNED_IN: Access = Access::SignedIn;
const PUBLIC: Access = Access::Public;

#[rustfmt::skip]
static PAGES: &[PageInfo] = &[
    read("/MAAS/r", SIGNED_IN, || get(machines::home)),
    read("/MAAS/r/", SIGNED_IN, || get(machines::home)),
    read("/MAAS/r/login", PUBLIC, || get(login::show)),
    write("/MAAS/r/login", PUBLIC, || post(login::submit)),
    write("/MAAS/r/logout", SIGNED_IN, || post(login::log_out)),
    read("/MAAS/r/reauthenticate", SIGNED_IN, || get(reauthenticate::show)),
    write("/MAAS/r/reauthenticate", EDIT_OWN, || post(reauthenticate::submit)),
    read("/MAAS/r/intro", SIGNED_IN, || get(intro::show)),
    write("/MAAS/r/intro/key", EDIT_OWN, || post(intro::add)),
    write("/MAAS/r/intro/import", EDIT_OWN, || post(intro::import)),
    write("/MAAS/r/intro/skip", EDIT_OWN, || post(intro::skip)),
    read("/MAAS/r/machines", SIGNED_IN, || get(list::show)),
    read("/MAAS/r/machines/rows", SIGNED_IN, || get(list::rows)),
    read("/MAAS/r/machines/add", ADD_MACHINES, || get(add::show)),
    write("/MAAS/r/machines/add", ADD_MACHINES, || post(add::submit)),
    write("/MAAS/r/machines/actions", USE_MACHINES, || post(bulk::submit)),
    read("/MAAS/r/machine/{id}", SIGNED_IN, || get(summary::show)),
    read("/MAAS/r/machine/{id}/network", SIGNED_IN, || get(network::show)),
    read("/MAAS/r/machine/{id}/storage", SIGNED_IN, || get(storage::show)),
    read("/MAAS/r/machine/{id}/events", SIGNED_IN, || get(machine::events::show)),
    read("/MAAS/r/machine/{id}/power", SIGNED_IN, || get(machine::power::show)),
    write("/MAAS/r/machine/{id}/power", ADD_MACHINES, || post(machine::power::submit)),
    write("/MAAS/r/machine/{id}/power/check", USE_MACHINES, || post(machine::power::check)),
    write("/MAAS/r/machine/{id}/power/reveal", REVEAL, || post(machine::power::reveal)),
    read("/MAAS/r/machine/{id}/access", SIGNED_IN, || get(machine::access::show)),
    read("/MAAS/r/machine/{id}/configuration", SIGNED_IN, || get(configuration::show)),
    write("/MAAS/r/machine/{id}/configuration", ADD_MACHINES, || post(configuration::submit)),
    write("/MAAS/r/machine/{id}/tags", ADD_MACHINES, || post(configuration::set_tags)),
    write("/MAAS/r/machine/{id}/annotations", USE_MACHINES, || post(configuration::annotate)),
    read("/MAAS/r/machine/{id}/actions/{action}", SIGNED_IN, || get(actions::confirm)),
    write("/MAAS/r/machine/{id}/actions/{action}", USE_MACHINES, || post(actions::submit)),
    read("/MAAS/r/access", SIGNED_IN, || get(explain::show)),
    read("/MAAS/r/devices", SIGNED_IN, || get(devices::list)),
    read("/MAAS/r/devices/add", ADD_DEVICES, || get(devices::show_add)),
    write("/MAAS/r/devices/add", ADD_DEVICES, || post(devices::add)),
    read("/MAAS/r/devices/{id}/edit", SIGNED_IN, || get(devices::show_edit)),
    write("/MAAS/r/devices/{id}/edit", USE_MACHINES, || post(devices::edit)),
    read("/MAAS/r/devices/{id}/delete", SIGNED_IN, || get(devices::confirm_delete)),
    write("/MAAS/r/devices/{id}/delete", USE_MACHINES, || post(devices::delete)),
    read("/MAAS/r/pools", SIGNED_IN, || get(pools::list)),
    read("/MAAS/r/pools/add", EDIT_POOLS, || get(pools::show_add)),
    write("/MAAS/r/pools/add", EDIT_POOLS, || post(pools::add)),
    read("/MAAS/r/pools/{id}/edit", NAME_POOLS, || get(pools::show_edit)),
    write("/MAAS/r/pools/{id}/edit", NAME_POOLS, || post(pools::edit)),
    read("/MAAS/r/pools/{id}/delete", NAME_POOLS, || get(pools::confirm_delete)),
    write("/MAAS/r/pools/{id}/delete", NAME_POOLS, || post(pools::delete)),
    read("/MAAS/r/zones", SEE_GLOBAL, || get(zones::list)),
    read("/MAAS/r/zones/add", EDIT_GLOBAL, || get(zones::show_add)),
    write("/MAAS/r/zones/add", EDIT_GLOBAL, || post(zones::add)),
    read("/MAAS/r/zones/{name}/edit", EDIT_GLOBAL, || get(zones::show_edit)),
    write("/MAAS/r/zones/{name}/edit", EDIT_GLOBAL, || post(zones::edit)),
    read("/MAAS/r/zones/{name}/delete", EDIT_GLOBAL, || get(zones::confirm_delete)),
    write("/MAAS/r/zones/{name}/delete", EDIT_GLOBAL, || post(zones::delete)),
    read("/MAAS/r/tags", SEE_GLOBAL, || get(tags::list)),
    read("/MAAS/r/tags/add", EDIT_GLOBAL, || get(tags::show_add)),
    write("/MAAS/r/tags/add", EDIT_GLOBAL, || post(tags::add)),
    read("/MAAS/r/tags/{name}", SEE_GLOBAL, || get(tags::show)),
    read("/MAAS/r/tags/{name}/edit", EDIT_GLOBAL, || get(tags::show_edit)),
    write("/MAAS/r/tags/{name}/edit", EDIT_GLOBAL, || post(tags::edit)),
    read("/MAAS/r/tags/{name}/delete", EDIT_GLOBAL, || get(tags::confirm_delete)),
    write("/MAAS/r/tags/{name}/delete", EDIT_GLOBAL, || post(tags::delete)),
    write("/MAAS/r/tags/{name}/rebuild", EDIT_GLOBAL, || post(tags::rebuild)),
    read("/MAAS/r/notifications", SIGNED_IN, || get(notices::list)),
    write("/MAAS/r/notifications/{id}/dismiss", EDIT_OWN, || post(notices::dismiss)),
    read("/MAAS/r/settings", SEE_SETTINGS, || get(settings::index)),
    read("/MAAS/r/settings/configuration/security", SEE_SETTINGS, || get(security::show)),
    read("/MAAS/r/settings/configuration/security/certificate.pem", SEE_SETTINGS, || get(security::certificate_pem)),
    write("/MAAS/r/settings/configuration/security/reminder", EDIT_SETTINGS, || post(security::save_reminder)),
    write("/MAAS/r/settings/configuration/security/sessions", EDIT_SETTINGS, || post(security::save_sessions)),
    write("/MAAS/r/settings/configuration/security/hsts", EDIT_SETTINGS, || post(security::save_hsts)),
    read("/MAAS/r/settings/configuration/security/certificate", EDIT_SETTINGS, || get(certificate::show)),
    write("/MAAS/r/settings/configuration/security/certificate", EDIT_SETTINGS, || post(certificate::submit)),
    read("/MAAS/r/settings/configuration/security/roll-back", EDIT_SETTINGS, || get(certificate::confirm_roll_back)),
    write("/MAAS/r/settings/configuration/security/roll-back", EDIT_SETTINGS, || post(certificate::roll_back)),
    read("/MAAS/r/settings/configuration/security/disable", EDIT_SETTINGS, || get(certificate::confirm_disable)),
    write("/MAAS/r/settings/configuration/security/disable", EDIT_SETTINGS, || post(certificate::disable)),
    read("/MAAS/r/settings/configuration/general", SEE_SETTINGS, || get(general::list)),
    read("/MAAS/r/settings/configuration/general/{name}", EDIT_SETTINGS, || get(general::show)),
    write("/MAAS/r/settings/configuration/general/{name}", EDIT_SETTINGS, || post(general::submit)),
    read("/MAAS/r/settings/users", SEE_USERS, || get(users::list)),
    read("/MAAS/r/settings/users/add", EDIT_USERS, || get(users::show_add)),
    write("/MAAS/r/settings/users/add", EDIT_USERS, || post(users::add)),
    read("/MAAS/r/settings/users/{name}/edit", EDIT_USERS, || get(users::show_edit)),
    write("/MAAS/r/settings/users/{name}/edit", EDIT_USERS, || post(users::edit)),
    read("/MAAS/r/settings/users/{name}/password", EDIT_USERS, || get(user_actions::show_password)),
    write("/MAAS/r/settings/users/{name}/password", EDIT_USERS, || post(user_actions::reset_password)),
    read("/MAAS/r/settings/users/{name}/disable", EDIT_USERS, || get(user_actions::confirm_disable)),
    write("/MAAS/r/settings/users/{name}/disable", EDIT_USERS, || post(user_actions::disable)),
    write("/MAAS/r/settings/users/{name}/enable", EDIT_USERS, || post(user_actions::enable)),
    read("/MAAS/r/settings/users/{name}/end-sessions", EDIT_USERS, || get(user_actions::confirm_end_sessions)),
    write("/MAAS/r/settings/users/{name}/end-sessions", EDIT_USERS, || post(user_actions::end_sessions)),
    read("/MAAS/r/settings/users/{name}/delete", EDIT_USERS, || get(user_actions::confirm_delete)),
    write("/MAAS/r/settings/users/{name}/delete", EDIT_USERS, || post(user_actions::delete)),
    read("/MAAS/r/settings/groups", SEE_USERS, || get(groups::list)),
    read("/MAAS/r/settings/groups/add", EDIT_USERS, || get(groups::show_add)),
    write("/MAAS/r/settings/groups/add", EDIT_USERS, || post(groups::add)),
    read("/MAAS/r/settings/groups/{id}", SEE_USERS, || get(groups::show)),
    read("/MAAS/r/settings/groups/{id}/edit", EDIT_USERS, || get(groups::show_edit)),
    write("/MAAS/r/settings/groups/{id}/edit", EDIT_USERS, || post(groups::edit)),
    read("/MAAS/r/settings/groups/{id}/delete", EDIT_USERS, || get(groups::confirm_delete)),
    write("/MAAS/r/settings/groups/{id}/delete", EDIT_USERS, || post(groups::delete)),
    write("/MAAS/r/settings/groups/{id}/members", EDIT_USERS, || post(groups::add_member)),
    read("/MAAS/r/settings/groups/{id}/members/{name}/remove", EDIT_USERS, || get(groups::confirm_remove)),
    write("/MAAS/r/settings/groups/{id}/members/{name}/remove", EDIT_USERS, || post(groups::remove_member)),
    read("/MAAS/r/settings/roles", SEE_USERS, || get(roles::list)),
    read("/MAAS/r/settings/roles/add", EDIT_USERS, || get(roles::show_add)),
    write("/MAAS/r/settings/roles/add", EDIT_USERS, || post(roles::add)),
    read("/MAAS/r/settings/roles/{name}/edit", EDIT_USERS, || get(roles::show_edit)),
    write("/MAAS/r/settings/roles/{name}/edit", EDIT_USERS, || post(roles::edit)),
    read("/MAAS/r/settings/roles/{name}/delete", EDIT_USERS, || get(roles::confirm_delete)),
    write("/MAAS/r/settings/roles/{name}/delete", EDIT_USERS, || post(roles::delete)),
    read("/MAAS/r/settings/bindings", SEE_USERS, || get(bindings::list)),
    read("/MAAS/r/settings/bindings/add", EDIT_USERS, || get(bindings::show_add)),
    write("/MAAS/r/settings/bindings/add", EDIT_USERS, || post(bindings::add)),
    read("/MAAS/r/settings/bindings/{id}/delete", EDIT_USERS, || get(bindings::confirm_delete)),
    write("/MAAS/r/settings/bindings/{id}/delete", EDIT_USERS, || post(bindings::delete)),
    read("/MAAS/r/preferences", SIGNED_IN, || get(preferences::index)),
    read("/MAAS/r/preferences/details", SIGNED_IN, || get(details::show)),
    write("/MAAS/r/preferences/details", EDIT_OWN, || post(details::submit)),
    read("/MAAS/r/preferences/password", SIGNED_IN, || get(password::show)),
    write("/MAAS/r/preferences/password", EDIT_OWN, || post(password::submit)),
    write("/MAAS/r/preferences/password/strength", SIGNED_IN, || post(password::strength)),
    read("/MAAS/r/preferences/api-keys", SIGNED_IN, || get(api_keys::list)),
    write("/MAAS/r/preferences/api-keys", EDIT_OWN, || post(api_keys::create_key)),
    read("/MAAS/r/preferences/api-keys/{key}/delete", SIGNED_IN, || get(api_keys::confirm_delete_key)),
    write("/MAAS/r/preferences/api-keys/{key}/delete", EDIT_OWN, || post(api_keys::delete_key)),
    read("/MAAS/r/preferences/api-keys/{key}/rename", SIGNED_IN, || get(api_keys::show_rename)),
    write("/MAAS/r/preferences/api-keys/{key}/rename", EDIT_OWN, || post(api_keys::rename)),
    read("/MAAS/r/preferences/tokens", SIGNED_IN, || get(api_keys::list)),
    write("/MAAS/r/preferences/tokens", EDIT_OWN, || post(api_keys::create_token)),
    read("/MAAS/r/preferences/tokens/{id}/revoke", SIGNED_IN, || get(api_keys::confirm_revoke)),
    write("/MAAS/r/preferences/tokens/{id}/revoke", EDIT_OWN, || post(api_keys::revoke)),
    read("/MAAS/r/preferences/ssh-keys", SIGNED_IN, || get(ssh_keys::list)),
    write("/MAAS/r/preferences/ssh-keys", EDIT_OWN, || post(ssh_keys::add)),
    write("/MAAS/r/preferences/ssh-keys/import", EDIT_OWN, || post(ssh_keys::import)),
    read("/MAAS/r/preferences/ssh-keys/{id}/delete", SIGNED_IN, || get(ssh_keys::confirm_delete)),
    write("/MAAS/r/preferences/ssh-keys/{id}/delete", EDIT_OWN, || post(ssh_keys::delete)),
    read("/MAAS/r/preferences/ssl-keys", SIGNED_IN, || get(ssl_keys::list)),
    write("/MAAS/r/preferences/ssl-keys", EDIT_OWN, || post(ssl_keys::add)),
    read("/MAAS/r/preferences/ssl-keys/{id}/delete", SIGNED_IN, || get(ssl_keys::confirm_delete)),
    write("/MAAS/r/preferences/ssl-keys/{id}/delete", EDIT_OWN, || post(ssl_keys::delete)),
    read("/MAAS/r/preferences/sessions", SIGNED_IN, || get(sessions::list)),
    read("/MAAS/r/preferences/sessions/end-others", SIGNED_IN, || get(sessions::confirm_end_others)),
    write("/MAAS/r/preferences/sessions/end-others", EDIT_OWN, || post(sessions::end_others)),
    read("/MAAS/r/preferences/sessions/{id}/end", SIGNED_IN, || get(sessions::confirm_end)),
    write("/MAAS/r/preferences/sessions/{id}/end", EDIT_OWN, || post(sessions::end)),
    read("/MAAS/r/audit", SIGNED_IN, || get(audit::show)),
    read("/MAAS/r/audit/export", SIGNED_IN, || get(audit::export)),
    write("/MAAS/r/audit/verify", Access::May(Action::ViewAudit), || post(audit::verify)),
    read("/MAAS/r/status", Access::May(Action::ViewStatus), || get(status::show)),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Access, PAGES};

    #[test]
    fn only_the_login_page_is_public_and_nothing_is_listed_twice() {
        let mut seen = BTreeSet::new();
        for page in PAGES {
            assert!(seen.insert((page.method, page.path)), "{} {} twice", page.method, page.path);
            assert!(page.path.starts_with("/MAAS/r"), "{}", page.path);
            let is_public = page.access == Access::Public;
            assert_eq!(is_public, page.path == "/MAAS/r/login", "{}", page.path);
        }
    }

    #[test]
    fn whatever_changes_something_asks_for_more_than_a_session() {
        let harmless = ["/MAAS/r/login", "/MAAS/r/logout", "/MAAS/r/preferences/password/strength"];
        for page in PAGES.iter().filter(|page| page.method == "POST") {
            assert!(
                harmless.contains(&page.path) || matches!(page.access, Access::May(_) | Access::Somewhere(_)),
                "{}",
                page.path
            );
        }
    }
}
