//! Every page in light, in dark and at 360 px, to be looked at.

use std::{path::Path, process::ExitCode};

use maas_testkit::{Browser, PASSWORD, Site};

/// How a page is looked at.
const LOOKS: [(&str, u32, u32, bool); 3] =
    [("light", 1280, 900, false), ("dark", 1280, 900, true), ("narrow", 360, 780, false)];

/// Where the pages are, with the name of the picture.
const PAGES: [(&str, &str); 17] = [
    ("machines", "/MAAS/r/machines"),
    ("settings-security", "/MAAS/r/settings/configuration/security"),
    ("settings-users", "/MAAS/r/settings/users"),
    ("settings-users-add", "/MAAS/r/settings/users/add"),
    ("settings-user-edit", "/MAAS/r/settings/users/bob/edit"),
    ("settings-user-reset", "/MAAS/r/settings/users/bob/password"),
    ("settings-user-delete", "/MAAS/r/settings/users/bob/delete"),
    ("preferences-details", "/MAAS/r/preferences/details"),
    ("preferences-password", "/MAAS/r/preferences/password"),
    ("preferences-api-keys", "/MAAS/r/preferences/api-keys"),
    ("preferences-tokens", "/MAAS/r/preferences/tokens"),
    ("preferences-ssh-keys", "/MAAS/r/preferences/ssh-keys"),
    ("preferences-ssl-keys", "/MAAS/r/preferences/ssl-keys"),
    ("preferences-sessions", "/MAAS/r/preferences/sessions"),
    ("notifications", "/MAAS/r/notifications"),
    ("audit", "/MAAS/r/audit"),
    ("not-found", "/MAAS/r/nowhere"),
];

/// Takes them all.
pub(crate) async fn run() -> ExitCode {
    if !Browser::is_available() {
        return ExitCode::from(2);
    }
    let out = crate::workspace().join("target/screenshots");
    std::fs::create_dir_all(&out).expect("target is writable");
    let site = Site::start(crate::build("dev"));
    site.admin().await.create_user("bob", false).await;
    for (look, width, height, dark) in LOOKS {
        let browser = Browser::start_sized(&site.ca_path(), width, height, dark).await;
        picture(&browser, &site, "/MAAS/r/login", &out.join(format!("login.{look}.png"))).await;
        browser.log_in(&site, "admin", PASSWORD).await;
        picture(&browser, &site, "/MAAS/r/intro", &out.join(format!("intro.{look}.png"))).await;
        for (name, path) in PAGES {
            picture(&browser, &site, path, &out.join(format!("{name}.{look}.png"))).await;
        }
        browser.close().await;
    }
    println!("{}", out.display());
    ExitCode::SUCCESS
}

async fn picture(browser: &Browser, site: &Site, path: &str, file: &Path) {
    browser.visit(site, path).await;
    let png = browser.full_page().await;
    std::fs::write(file, png).expect("target is writable");
}
