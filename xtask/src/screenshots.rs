//! Every page in light, in dark and at 360 px, to be looked at.

use std::{path::Path, process::ExitCode};

use maas_testkit::{Auth, Browser, PASSWORD, Site};

/// How a page is looked at.
const LOOKS: [(&str, u32, u32, bool); 3] =
    [("light", 1280, 900, false), ("dark", 1280, 900, true), ("narrow", 360, 780, false)];

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

/// Takes them all.
pub(crate) async fn run() -> ExitCode {
    if !Browser::is_available() {
        return ExitCode::from(2);
    }
    let out = crate::workspace().join("target/screenshots");
    std::fs::create_dir_all(&out).expect("target is writable");
    let site = Site::start(crate::build("dev"));
    let admin = site.admin().await;
    let bob = admin.create_user("bob", false).await;
    admin.bearer("for the picture").await;
    admin.speaking_as(Auth::Key(bob.key)).delete("users/admin/").await;
    let notice = [("message", "The wind turns north"), ("category", "warning"), ("users", "1"), ("admins", "1")];
    admin.post("notifications/", &notice).await;
    for (look, width, height, dark) in LOOKS {
        let browser = Browser::start_sized(&site.ca_path(), width, height, dark).await;
        picture(&browser, &site, "/MAAS/r/login", &out.join(format!("login.{look}.png"))).await;
        browser.log_in(&site, "admin", PASSWORD).await;
        browser.find_css("main").await;
        if look == LOOKS[0].0 {
            // Machines come after the first-login page is done with, which stays to be looked at.
            browser.click("#skip button[type=submit]").await;
            browser.see("Machines").await;
        }
        for (name, path) in PAGES.iter().chain(&LISTS) {
            picture(&browser, &site, &format!("/MAAS/r/{path}"), &out.join(format!("{name}.{look}.png"))).await;
        }
        browser.close().await;
    }
    for count in [3, 10_000] {
        simulate(&site, count);
        let id = if count == 3 { first_machine(&admin).await } else { String::new() };
        for (look, width, height, dark) in LOOKS {
            let browser = Browser::start_sized(&site.ca_path(), width, height, dark).await;
            browser.log_in(&site, "admin", PASSWORD).await;
            browser.find_css("main").await;
            for (name, path) in LISTS {
                let file = out.join(format!("{name}-{count}.{look}.png"));
                picture(&browser, &site, &format!("/MAAS/r/{path}"), &file).await;
            }
            for tab in TABS.iter().filter(|_| count == 3) {
                let file = out.join(format!("machine-{}.{look}.png", if tab.is_empty() { "summary" } else { tab }));
                let path = format!("/MAAS/r/machine/{id}/{tab}");
                picture(&browser, &site, path.trim_end_matches('/'), &file).await;
            }
            browser.close().await;
        }
    }
    println!("{}", out.display());
    ExitCode::SUCCESS
}

/// Invents machines beside those that the site has.
fn simulate(site: &Site, count: usize) {
    let mut command = site.command();
    command.args(["simulate", "--add", "--machines", &count.to_string()]);
    let status = command.stdout(std::process::Stdio::null()).status().expect("the program can be run");
    assert!(status.success(), "machines could not be invented");
}

async fn first_machine(admin: &maas_testkit::Api) -> String {
    let machines = admin.get("machines/").await.json();
    machines[0]["system_id"].as_str().expect("there are machines").to_owned()
}

async fn picture(browser: &Browser, site: &Site, path: &str, file: &Path) {
    browser.visit(site, path).await;
    let png = browser.full_page().await;
    std::fs::write(file, png).expect("target is writable");
}
