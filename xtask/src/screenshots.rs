//! Every page in light, in dark and at 360 px, to be looked at.

use std::{path::PathBuf, process::ExitCode};

use maas_testkit::{Api, Auth, Browser, PASSWORD, Site};

/// How a page is looked at: name, width, height, and whether in the dark.
type Look = (&'static str, u32, u32, bool);

const LOOKS: [Look; 3] = [("light", 1280, 900, false), ("dark", 1280, 900, true), ("narrow", 360, 780, false)];

/// Pages that look different with no, three and many machines.
const LISTS: [(&str, &str); 8] = [
    ("machines", "machines"),
    ("machines-grouped", "machines?group=pool"),
    ("machines-search", "machines?q=status:(=ready)&sort=memory&desc=1"),
    ("machines-wrong", "machines?q=colour:(red)"),
    ("pools", "pools"),
    ("zones", "zones"),
    ("tags", "tags"),
    ("devices", "devices"),
];

/// The pages of one machine.
const TABS: [&str; 7] = ["", "network", "storage", "events", "power", "access", "configuration"];

/// Pages that want machines, whatever their number.
const FURNISHED: [(&str, &str); 7] = [
    ("audit-machines", "audit"),
    ("status-machines", "status"),
    ("pool-edit", "pools/0/edit"),
    ("zone-edit", "zones/default/edit"),
    ("tag", "tags/gpu"),
    ("access-machines", "access?user=bob&action=delete&object=pool:default"),
    ("machine-add-virsh", "machines/add?power_type=virsh"),
];

/// The name of the picture, and the page below `/MAAS/r/`.
const PAGES: [(&str, &str); 36] = [
    ("machine-add", "machines/add"),
    ("pool-add", "pools/add"),
    ("tag-add", "tags/add"),
    ("groups", "settings/groups"),
    ("group", "settings/groups/2"),
    ("roles", "settings/roles"),
    ("role-add", "settings/roles/add"),
    ("bindings", "settings/bindings"),
    ("binding-add", "settings/bindings/add"),
    ("access", "access?action=deploy&object=pool:default"),
    ("reauthenticate", "reauthenticate"),
    ("notifications", "notifications"),
    ("security", "settings/configuration/security"),
    ("certificate", "settings/configuration/security/certificate"),
    ("tls-disable", "settings/configuration/security/disable"),
    ("general", "settings/configuration/general"),
    ("setting", "settings/configuration/general/maas_name"),
    ("users", "settings/users"),
    ("user-add", "settings/users/add"),
    ("user-edit", "settings/users/bob/edit"),
    ("user-password", "settings/users/bob/password"),
    ("user-disable", "settings/users/bob/disable"),
    ("user-end-sessions", "settings/users/bob/end-sessions"),
    ("user-delete", "settings/users/bob/delete"),
    ("details", "preferences/details"),
    ("password", "preferences/password"),
    ("api-keys", "preferences/api-keys"),
    ("ssh-keys", "preferences/ssh-keys"),
    ("ssl-keys", "preferences/ssl-keys"),
    ("sessions", "preferences/sessions"),
    ("end-others", "preferences/sessions/end-others"),
    ("audit", "audit"),
    ("status", "status"),
    ("intro", "intro"),
    ("not-found", "nowhere"),
    ("forbidden", "settings/users/nobody-of-this-name/edit"),
];

/// Where pictures go, and which are wanted.
struct Camera {
    site: Site,
    out: PathBuf,
    /// Words that the names of pictures begin with; none for all.
    wanted: Vec<String>,
}

/// Takes them all, or those whose names begin with one of the words.
pub(crate) async fn run(wanted: Vec<String>) -> ExitCode {
    if !Browser::is_available() {
        return ExitCode::from(2);
    }
    let out = crate::workspace().join("target/screenshots");
    std::fs::create_dir_all(&out).expect("target is writable");
    let camera = Camera { site: Site::start(crate::build("dev")), out, wanted };
    let admin = camera.site.admin().await;
    people(&admin).await;
    for look in LOOKS {
        camera.without_machines(look).await;
    }
    for count in [3, 10_000] {
        simulate(&camera.site, count);
        let site = if count == 3 { furnish(&admin).await } else { String::new() };
        for look in LOOKS {
            camera.with_machines(look, count, &site).await;
        }
    }
    println!("{}", camera.out.display());
    ExitCode::SUCCESS
}

impl Camera {
    async fn without_machines(&self, look: Look) {
        let (name, width, height, dark) = look;
        let browser = Browser::start_sized(&self.site.ca_path(), width, height, dark).await;
        self.picture(&browser, "login", "login", look).await;
        browser.log_in(&self.site, "admin", PASSWORD).await;
        browser.find_css("main").await;
        if name == LOOKS[0].0 {
            // Machines come after the first-login page is done with, which stays to be looked at.
            browser.click("#skip button[type=submit]").await;
            browser.see("Machines").await;
        }
        for (name, path) in PAGES.iter().chain(&LISTS) {
            self.picture(&browser, name, path, look).await;
        }
        if self.wants("what-if") {
            browser.visit(&self.site, "/MAAS/r/settings/bindings/add?user=bob").await;
            browser.click("select[name=role] option[value=operator]").await;
            browser.click("main button[name=intent]").await;
            browser.see("What it would change").await;
            self.take(&browser, "what-if", look).await;
        }
        browser.close().await;
    }

    async fn with_machines(&self, look: Look, count: usize, machine: &str) {
        let (_, width, height, dark) = look;
        let browser = Browser::start_sized(&self.site.ca_path(), width, height, dark).await;
        browser.log_in(&self.site, "admin", PASSWORD).await;
        browser.find_css("main").await;
        for (name, path) in LISTS {
            self.picture(&browser, &format!("{name}-{count}"), path, look).await;
        }
        if count == 3 {
            for tab in TABS {
                let name = format!("machine-{}", if tab.is_empty() { "summary" } else { tab });
                self.picture(&browser, &name, format!("machine/{machine}/{tab}").trim_end_matches('/'), look).await;
            }
            for (name, path) in FURNISHED {
                self.picture(&browser, name, path, look).await;
            }
            for action in ["lock", "delete"] {
                self.bulk(&browser, action, look).await;
            }
        }
        browser.close().await;
    }

    /// An action on all machines of the page: the question of a dangerous one, the results of another.
    async fn bulk(&self, browser: &Browser, action: &str, look: Look) {
        let name = format!("bulk-{action}");
        if !self.wants(&name) {
            return;
        }
        browser.visit(&self.site, "/MAAS/r/machines").await;
        for number in 1..=3 {
            browser.click(&format!("tbody tr:nth-of-type({number}) input[name=id]")).await;
        }
        browser.click(&format!("#bulk-action option[value={action}]")).await;
        browser.click("[data-bulk] button[type=submit]").await;
        browser.find_css("main form.form, main table.rows").await;
        self.take(browser, &name, look).await;
    }

    async fn picture(&self, browser: &Browser, name: &str, path: &str, look: Look) {
        if self.wants(name) {
            browser.visit(&self.site, &format!("/MAAS/r/{path}")).await;
            self.take(browser, name, look).await;
        }
    }

    async fn take(&self, browser: &Browser, name: &str, look: Look) {
        let png = browser.full_page().await;
        std::fs::write(self.out.join(format!("{name}.{}.png", look.0)), png).expect("target is writable");
    }

    fn wants(&self, name: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|word| name.starts_with(word.as_str()))
    }
}

/// Somebody beside the administrator, with a role through a group; a token, a refusal and a notice.
async fn people(admin: &Api) {
    let bob = admin.create_user("bob", false).await;
    admin.bearer("for the picture").await;
    admin.speaking_as(Auth::Key(bob.key)).delete("users/admin/").await;
    let notice = [("message", "The wind turns north"), ("category", "warning"), ("users", "1"), ("admins", "1")];
    admin.post("notifications/", &notice).await;
    let group = admin.post("groups/", &[("name", "night shift"), ("description", "Watches at night")]).await;
    let group = group.json()["id"].to_string();
    admin.post(&format!("groups/{group}/?op=add_member"), &[("username", "bob")]).await;
    admin.post("role-bindings/", &[("role", "operator"), ("group", "night shift"), ("pool", "default")]).await;
}

/// What stands beside machines; the id of a machine.
async fn furnish(admin: &Api) -> String {
    let device = [("hostname", "printer"), ("mac_addresses", "52:54:00:aa:00:01"), ("description", "Third floor")];
    admin.post("devices/", &device).await;
    let machines = admin.get("machines/").await.json();
    machines[0]["system_id"].as_str().expect("there are machines").to_owned()
}

/// Invents machines beside those that the site has.
fn simulate(site: &Site, count: usize) {
    let mut command = site.command();
    command.args(["simulate", "--add", "--machines", &count.to_string()]);
    let status = command.stdout(std::process::Stdio::null()).status().expect("the program can be run");
    assert!(status.success(), "machines could not be invented");
}
