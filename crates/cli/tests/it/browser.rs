//! A real browser walks through the pages.

use maas_testkit::{Auth, Authority, Browser, PASSWORD, Site, run};

use crate::MAAS;

#[tokio::test]
async fn the_first_login_offers_an_ssh_key_and_machines_come_next() {
    let Some((site, browser)) = start().await else { return };
    browser.visit(&site, "/MAAS/r/").await;
    browser.fill("input[name=username]", "admin").await;
    browser.fill("input[name=password]", "wrong-wrong-wrong").await;
    browser.click("form button[type=submit]").await;
    browser.see("Please enter a correct username and password.").await;
    browser.log_in(&site, "admin", PASSWORD).await;
    browser.find_css("textarea[name=key]").await;
    assert!(browser.address().await.ends_with("/MAAS/r/intro"), "{}", browser.address().await);
    browser.fill("textarea[name=key]", SSH_KEY).await;
    browser.click_text("Add key").await;
    browser.see("Machines").await;
    browser.visit(&site, "/MAAS/r/preferences/ssh-keys").await;
    browser.see("SHA256:").await;
    browser.close().await;
}

#[tokio::test]
async fn an_administrator_adds_a_user_who_then_logs_in() {
    let Some((site, browser)) = signed_in().await else { return };
    browser.visit(&site, "/MAAS/r/settings/users").await;
    browser.click_text("Add user").await;
    browser.fill("input[name=username]", "walker").await;
    browser.fill("input[name=email]", "walker@example.org").await;
    browser.fill("input[name=password]", PASSWORD).await;
    browser.fill("input[name=again]", PASSWORD).await;
    browser.click("#user button[type=submit]").await;
    browser.see("walker@example.org").await;
    browser.close().await;
    let me = site.api(Auth::Nobody).log_in("walker", PASSWORD).await;
    assert!(!me.session_key.is_empty());
}

#[tokio::test]
async fn a_token_is_shown_once_works_and_is_revoked() {
    let Some((site, browser)) = signed_in().await else { return };
    browser.visit(&site, "/MAAS/r/preferences/api-keys").await;
    browser.fill("input[name=token_name]", "from the browser").await;
    browser.click("#new-token button[type=submit]").await;
    browser.see("maas_pat_").await;
    let text = browser.source().await.unwrap();
    let start = text.match_indices("maas_pat_").map(|(at, _)| &text[at..]);
    let mut values = start.map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap());
    let token = values.find(|value| value.len() > 30).expect("the whole token is shown").to_owned();
    let bearer = site.api(Auth::Bearer(token.clone()));
    assert_eq!(bearer.get("users/?op=whoami").await.ok().json()["username"], "admin");
    browser.visit(&site, "/MAAS/r/preferences/api-keys").await;
    assert!(!browser.source().await.unwrap().contains(&token), "it is shown once");
    browser.click("a[href$='/revoke']").await;
    browser.click_text("Revoke token").await;
    browser.see("You have no tokens.").await;
    bearer.get("users/?op=whoami").await.expect(401);
    browser.close().await;
}

#[tokio::test]
async fn the_certificate_is_replaced_in_the_page() {
    let Some((site, browser)) = signed_in().await else { return };
    // The site's CA goes on being trusted, so the new one is issued by one that the browser knows too.
    let authority = Authority::root("Other");
    browser.trust_too(&authority.pem);
    let pair = authority.leaf().issue();
    browser.visit(&site, "/MAAS/r/settings/configuration/security").await;
    browser.see("TLS enabled").await;
    browser.visit(&site, "/MAAS/r/settings/configuration/security/certificate").await;
    browser.paste("textarea[name=certificate]", &pair.certificate).await;
    browser.paste("textarea[name=key]", "no key").await;
    browser.click("main form button[type=submit]").await;
    browser.see("Invalid PEM material").await;
    browser.paste("textarea[name=certificate]", &pair.certificate).await;
    browser.paste("textarea[name=key]", &pair.key).await;
    browser.click("main form button[type=submit]").await;
    browser.see(&pair.fingerprint()).await;
    assert!(!browser.source().await.unwrap().contains("PRIVATE KEY"), "the key is not given back");
    browser.close().await;
}

#[tokio::test]
async fn a_notice_is_dismissed_for_oneself_alone() {
    let Some((site, browser)) = signed_in().await else { return };
    let admin = site.admin().await;
    let form = [("message", "The wind turns north"), ("category", "warning"), ("users", "1"), ("admins", "1")];
    admin.post("notifications/", &form).await.ok();
    let other = admin.create_user("other", false).await;
    browser.visit(&site, "/MAAS/r/machines").await;
    browser.see("The wind turns north").await;
    browser.click(".notice button[aria-label^=Dismiss], form[action$='/dismiss'] button").await;
    browser.visit(&site, "/MAAS/r/machines").await;
    assert!(!browser.text().await.contains("The wind turns north"));
    let others = admin.speaking_as(Auth::Key(other.key)).get("notifications/").await.ok().body;
    assert!(others.contains("The wind turns north"), "{others}");
    browser.close().await;
}

/// The list of machines: keys, search, many at once, and what others change meanwhile; then one machine's buttons.
#[tokio::test]
async fn machines_are_found_marked_locked_and_stay_live() {
    let Some((site, browser)) = signed_in().await else { return };
    let mut simulate = site.command();
    run(simulate.args(["simulate", "--machines", "40", "--pools", "2"])).ok();
    browser.visit(&site, "/MAAS/r/machines").await;
    browser.see("40 machines").await;
    browser.press("/").await;
    browser.find_css("input[name=q]:focus").await;
    browser.press("status:(=deployed)\u{e007}").await;
    browser.find_css(".chip.on").await;
    let ids = browser.execute(IDS, Vec::new()).await.unwrap();
    let (first, second) = (ids[0].as_str().unwrap(), ids[1].as_str().unwrap());

    // From row to row, and both are marked; each has its own result.
    browser.press("jxjx").await;
    browser.see("With those marked (2)").await;
    together(&browser, "lock").await;
    browser.see("Done for all 2 machines.").await;
    browser.click_text("Back to the machines").await;
    browser.see("Locked").await;

    // What is done elsewhere is seen here without a reload.
    browser.execute("window.isSame = true", Vec::new()).await.unwrap();
    let admin = site.admin().await;
    admin.post(&format!("machines/{first}/?op=unlock"), &[]).await.ok();
    browser.find_path(&format!("//tr[@data-id='{first}' and not(contains(., 'Locked'))]")).await;
    browser.find_path(&format!("//tr[@data-id='{second}' and contains(., 'Locked')]")).await;
    assert_eq!(browser.execute("return window.isSame", Vec::new()).await.unwrap(), true);

    // What cannot be undone asks first; the lock holds the one machine, the other goes.
    browser.press("jxjx").await;
    together(&browser, "mark-broken").await;
    browser.see("Nobody can take it until it is marked as fixed").await;
    browser.fill("input[name=comment]", "smells of smoke").await;
    browser.click("#action button[type=submit]").await;
    browser.see("Done for 1 of 2.").await;
    browser.find_path("//tr[contains(., 'Not allowed')]").await;

    // A machine's own page: a button that asks nothing, and one that asks in a dialog.
    browser.visit(&site, &format!("/MAAS/r/machine/{first}")).await;
    browser.see("smells of smoke").await;
    browser.click_text("Mark fixed").await;
    browser.see("Marked as fixed.").await;
    browser.click_text("Mark broken").await;
    browser.click("dialog button[type=submit]").await;
    browser.see("Marked as broken.").await;
    browser.close().await;
}

/// The machines of the list, in their order.
const IDS: &str = "return [...document.querySelectorAll('tr[data-id]')].map(row => row.dataset.id)";

/// Does something to the marked machines.
async fn together(browser: &Browser, action: &str) {
    browser.click(&format!("#bulk-action option[value={action}]")).await;
    browser.click("[data-bulk] button[type=submit]").await;
}

/// Nothing of a page comes from elsewhere, no script is inline, and nothing sticks out of a telephone.
#[tokio::test]
async fn pages_are_their_own_and_fit_a_telephone() {
    if !Browser::is_available() {
        return;
    }
    let site = Site::start(MAAS);
    let browser = Browser::start_sized(&site.ca_path(), 360, 780, false).await;
    browser.log_in(&site, "admin", PASSWORD).await;
    browser.find_css("main").await;
    for page in maas_web::pages().iter().filter(|page| page.method == "GET" && !page.path.contains('{')) {
        if page.path.ends_with(".pem") || page.path.ends_with("/export") {
            continue;
        }
        browser.visit(&site, page.path).await;
        let wide = browser.execute("return document.documentElement.scrollWidth - window.innerWidth", Vec::new()).await;
        assert!(wide.unwrap().as_i64().unwrap() <= 0, "{} is wider than the window", page.path);
        let outside = browser.execute(OUTSIDE, Vec::new()).await.unwrap();
        assert_eq!(outside.as_array().unwrap().len(), 0, "{}: {outside}", page.path);
    }
    browser.close().await;
}

/// Addresses of other hosts, and scripts or styles in the page itself.
const OUTSIDE: &str = r"
    const found = [];
    for (const e of document.querySelectorAll('[src],link[href]')) {
        const at = new URL(e.src || e.href, location.href);
        if (at.origin !== location.origin) found.push(at.href);
    }
    for (const e of document.querySelectorAll('script:not([src]),style,[style],[onclick],[onload]')) found.push(e.outerHTML);
    return found;
";

async fn start() -> Option<(Site, Browser)> {
    if !Browser::is_available() {
        return None;
    }
    let site = Site::start(MAAS);
    let browser = Browser::start(&site.ca_path()).await;
    Some((site, browser))
}

/// Signed in as an administrator, with the first-login page skipped.
async fn signed_in() -> Option<(Site, Browser)> {
    let (site, browser) = start().await?;
    browser.log_in(&site, "admin", PASSWORD).await;
    browser.click_text("Skip for now").await;
    browser.see("Machines").await;
    Some((site, browser))
}

const SSH_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPOik5Ph+pWLEoWjOwxpEQ3/XUWOYiI/w1MDycmxxHWY walker@example.org";
