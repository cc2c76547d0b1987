//! Changing the site's certificate: replace or enable, roll back, disable. What was done is said afterwards, and where the
//! site is now, since its port and scheme may have moved under the browser.

use askama::Template;
use maas_region::{
    status,
    tls::{self, Change, EnableOptions, PairPem},
};
use maas_tls::{Problem, Severity};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{Field, FormErrors, FormView, Kind},
    input::Input,
    settings::security::HERE,
    shell::Shell,
    visit::Visit,
};

/// The form for a new pair.
#[derive(Template)]
#[template(path = "settings/certificate.html")]
pub(crate) struct CertificatePage {
    pub(crate) shell: Shell,
    pub(crate) form: FormView,
    /// The answer of "Check only": good or not, and every problem.
    pub(crate) checked: Option<Checked>,
    /// The key would travel in clear.
    pub(crate) is_plain: bool,
    pub(crate) command: String,
}

/// What a check found.
pub(crate) struct Checked {
    pub(crate) is_good: bool,
    pub(crate) problems: Vec<Problem>,
}

/// What a change did, when the site has moved to another address.
#[derive(Template)]
#[template(path = "settings/moved.html")]
pub(crate) struct MovedPage {
    pub(crate) shell: Shell,
    pub(crate) lines: Vec<String>,
    pub(crate) link: String,
}

/// `GET /MAAS/r/settings/configuration/security/certificate`
pub(crate) async fn show(visit: Visit) -> Answer {
    let page = page(&visit, &Input::default(), None, &FormErrors::default()).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/settings/configuration/security/certificate`
pub(crate) async fn submit(visit: Visit, input: Input) -> Answer {
    let (pair, options) = match read(&input) {
        Ok(sent) => sent,
        Err(errors) => return visit.again(&page(&visit, &input, None, &errors).await?),
    };
    if input.text("intent") == "check" {
        let problems = tls::check(visit.region(), &visit.ctx, &pair, &options).await?;
        let is_good = problems.iter().all(|problem| problem.severity != Severity::Error);
        let checked = Checked { is_good, problems };
        return visit.page(&page(&visit, &input, Some(checked), &FormErrors::default()).await?);
    }
    match visit.run(|region, ctx| async move { tls::enable(&region, &ctx, pair, options).await }).await {
        Ok(change) if change.is_unchanged => {
            visit.redirect(HERE, &Flash::good("This pair is served on this port already; nothing was changed."))
        }
        Ok(change) => done(&visit, "The new certificate is served", &change).await,
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            visit.again(&page(&visit, &input, None, &errors).await?)
        }
    }
}

/// `GET /MAAS/r/settings/configuration/security/roll-back`
pub(crate) async fn confirm_roll_back(visit: Visit) -> Answer {
    let lead = "Serve the certificate before this one again, on its port? Open connections stay up.";
    confirm(&visit, "Roll back certificate", "roll-back", "Roll back", vec![lead.to_owned()]).await
}

/// `POST /MAAS/r/settings/configuration/security/roll-back`
pub(crate) async fn roll_back(visit: Visit) -> Answer {
    match visit.run(|region, ctx| async move { tls::roll_back(&region, &ctx, tls::PATIENCE).await }).await {
        Ok(change) => done(&visit, "The certificate before this one is served again", &change).await,
        Err(error) => refused(&visit, error),
    }
}

/// `GET /MAAS/r/settings/configuration/security/disable`
pub(crate) async fn confirm_disable(visit: Visit) -> Answer {
    let lead = vec![
        "Without TLS, passwords, keys and everything that machines are told travel in clear.".to_owned(),
        "The site will answer on its plain port alone, and everybody has to sign in again.".to_owned(),
    ];
    confirm(&visit, "Disable TLS", "disable", "Disable TLS", lead).await
}

/// `POST /MAAS/r/settings/configuration/security/disable`
pub(crate) async fn disable(visit: Visit) -> Answer {
    match visit.run(|region, ctx| async move { tls::disable(&region, &ctx, tls::PATIENCE).await }).await {
        Ok(change) => done(&visit, "TLS is off", &change).await,
        Err(error) => refused(&visit, error),
    }
}

fn read(input: &Input) -> Result<(PairPem, EnableOptions), FormErrors> {
    let mut errors = FormErrors::default();
    let part = |name: &str, file: &str| input.file_or_pasted(file, name).to_owned();
    let key = if input.given("key_file").is_some() { input.secret("key_file") } else { input.secret("key") };
    let certificate = part("certificate", "certificate_file");
    if key.expose().trim().is_empty() {
        errors.0.insert("key".into(), vec!["Paste the private key, or choose its file.".into()]);
    }
    if certificate.is_empty() {
        errors.0.insert("certificate".into(), vec!["Paste the certificate, or choose its file.".into()]);
    }
    let port = input.text("port").parse::<u16>();
    if port.is_err() {
        errors.0.insert("port".into(), vec!["Enter a port from 1 to 65535.".into()]);
    }
    let port = port.unwrap_or(0);
    if !errors.0.is_empty() {
        return Err(errors);
    }
    let ca = Some(part("ca", "ca_file")).filter(|text| !text.is_empty());
    let names = ["private key", "certificate", "chain"].map(str::to_owned);
    let options = EnableOptions {
        port,
        strict: input.is_checked("strict"),
        allow_expired: false,
        allow_self_signed_ca: input.is_checked("allow_self_signed_ca"),
        wait: tls::PATIENCE,
    };
    Ok((PairPem { key, certificate, ca, names }, options))
}

/// Back to the page with a message, or to the site's new address.
async fn done(visit: &Visit, what: &str, change: &Change) -> Answer {
    let status = tls::status(visit.region(), &visit.ctx).await?;
    let (name, port_now) = split_host(&visit.host, visit.ctx.request.is_secure);
    let mut lines = vec![format!("{what} (generation {}).", change.generation)];
    lines.extend(change.warnings.iter().map(|warning| format!("{}: {}", warning.code, warning.text)));
    let failed = change.regions.iter().filter_map(|applied| Some((&applied.region, applied.error.as_ref()?)));
    lines.extend(failed.map(|(region, error)| format!("Region {region}: {error}")));
    match (status.is_enabled, status.port) {
        (true, Some(port)) if visit.ctx.request.is_secure && port_now == port => {
            visit.redirect(HERE, &Flash::good(lines.join(" ")))
        }
        (true, Some(port)) => {
            let shell = visit.settings_shell("security", "TLS is on").await;
            visit.page(&MovedPage { shell, lines, link: format!("https://{name}:{port}{HERE}") })
        }
        _ => {
            lines.push("The site answers on its plain port now. Sign in there again.".to_owned());
            let shell = visit.settings_shell("security", "TLS is off").await;
            visit.page(&MovedPage { shell, lines, link: format!("http://{name}:{}{HERE}", plain_port(visit).await) })
        }
    }
}

/// The plain port of this region, or the usual one when it has not said yet.
async fn plain_port(visit: &Visit) -> u16 {
    let site = status::status(visit.region(), &visit.ctx).await.ok();
    let own = site.and_then(|site| site.regions.into_iter().find(|seen| seen.name == site.region));
    own.and_then(|seen| seen.http_port).unwrap_or(5240)
}

fn refused(visit: &Visit, error: maas_region::Error) -> Answer {
    let errors = FormErrors::from_error(error)?;
    let text = errors.0.into_values().flatten().collect::<Vec<_>>().join(" ");
    visit.redirect(HERE, &Flash::bad(text))
}

async fn confirm(visit: &Visit, title: &str, word: &str, button: &str, lead: Vec<String>) -> Answer {
    let shell = visit.settings_shell("security", title).await.under("Security", HERE);
    let form = FormView::new("confirm", &shell.csrf, format!("{HERE}/{word}"), button).danger().cancel(HERE);
    visit.page(&crate::preferences::password::FormPage { shell, lead, form })
}

async fn page(
    visit: &Visit,
    sent: &Input,
    checked: Option<Checked>,
    errors: &FormErrors,
) -> Result<CertificatePage, Failure> {
    let status = tls::status(visit.region(), &visit.ctx).await?;
    let title = if status.is_enabled { "Replace certificate" } else { "Enable TLS" };
    let shell = visit.settings_shell("security", title).await.under("Security", HERE);
    let port = sent.given("port").map_or_else(|| status.port.unwrap_or(5443).to_string(), str::to_owned);
    Ok(CertificatePage {
        form: form(&shell.csrf, title, sent, &port, errors),
        checked,
        is_plain: !visit.ctx.request.is_secure,
        command: visit.app.config.command("config-tls enable KEY.pem CERT.pem --port 5443"),
        shell,
    })
}

/// The form. The key is never filled in again; what is public is, also when it came from a file.
pub(crate) fn form(csrf: &str, title: &str, sent: &Input, port: &str, errors: &FormErrors) -> FormView {
    let public = |name: &str, file: &str| sent.file_or_pasted(file, name).to_owned();
    let port = Field { value: port.to_owned(), ..Field::new("port", "Port", Kind::Number { min: 1, max: 65535 }) };
    FormView::new("pair", csrf, format!("{HERE}/certificate"), title)
        .field(
            Field::area("certificate", "Certificate (PEM)", 6, &public("certificate", "certificate_file"))
                .help("The server's certificate; the certificates above it may follow in the same text."),
        )
        .field(Field::file("certificate_file", "Or its file", PEM_FILES))
        .field(Field::area("key", "Private key (PEM)", 6, "").help(
            "RSA from 2048 bits, ECDSA or Ed25519, without a passphrase. It is sealed at once and never shown again.",
        ))
        .field(Field::file("key_file", "Or its file", PEM_FILES))
        .field(
            Field::area("ca", "Chain (PEM, may stay empty)", 4, &public("ca", "ca_file"))
                .help("The certificates of the authority, when they are not with the certificate."),
        )
        .field(Field::file("ca_file", "Or its file", PEM_FILES))
        .field(port.required().help("5443 unless you have a reason."))
        .field(Field::check("strict", "Refuse on warnings too", sent.is_checked("strict")))
        .field(Field::check(
            "allow_self_signed_ca",
            "Accept a self-signed CA certificate as the server's own",
            sent.is_checked("allow_self_signed_ca"),
        ))
        .other("intent", "check", "Check only")
        .cancel(HERE)
        .errors(errors)
}

/// The name and the port of a `Host` header; the port is the scheme's when it is not named.
fn split_host(host: &str, is_secure: bool) -> (&str, u16) {
    let default = if is_secure { 443 } else { 80 };
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().unwrap_or(default)),
        _ => (if host.is_empty() { "localhost" } else { host }, default),
    }
}

const PEM_FILES: &str = ".pem,.crt,.cer,.key";

#[cfg(test)]
mod tests {
    use super::{form, read, split_host};
    use crate::{form::FormErrors, input::Input};

    fn input(pairs: &[(&str, &str)]) -> Input {
        Input::from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn files_go_before_what_is_pasted_and_the_key_is_never_shown_again() {
        let sent = input(&[
            ("key", "OLD-KEY"),
            ("key_file", "SECRET-KEY"),
            ("certificate", ""),
            ("certificate_file", "CERT"),
            ("port", "5443"),
        ]);
        let (pair, options) = read(&sent).unwrap();
        assert_eq!((pair.key.expose().as_str(), pair.certificate.as_str(), options.port), ("SECRET-KEY", "CERT", 5443));
        let html = form("", "Replace certificate", &sent, "5443", &FormErrors::default()).to_string();
        assert!(html.contains("CERT") && !html.contains("SECRET-KEY") && !html.contains("OLD-KEY"), "{html}");
    }

    #[test]
    fn all_that_is_missing_is_said_at_once() {
        let errors = read(&input(&[("port", "99999")])).unwrap_err();
        assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["certificate", "key", "port"]);
    }

    #[test]
    fn hosts_are_split() {
        assert_eq!(split_host("maas.example:5240", false), ("maas.example", 5240));
        assert_eq!(split_host("[2001:db8::1]", true), ("[2001:db8::1]", 443));
        assert_eq!(split_host("[2001:db8::1]:5443", true), ("[2001:db8::1]", 5443));
    }
}
