//! Settings > Configuration > Security: the site's certificate and where it is served, the reminder before its end, what
//! browsers are told, and how long sessions live.

use askama::Template;
use maas_authz::Action;
use maas_model::{Timestamp, setting};
use maas_region::{
    Error,
    settings::{self, SettingView},
    tls::{self, TlsStatus},
};
use maas_tls::CertificateInfo;

use crate::{
    answer::{Answer, Failure, download},
    cookies::Flash,
    form::{Field, FormErrors, FormView},
    input::Input,
    settings::{field, plain, save, seconds},
    shell::Shell,
    text::{self, When},
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "settings/security.html")]
pub(crate) struct SecurityPage {
    pub(crate) shell: Shell,
    pub(crate) tls: TlsView,
    pub(crate) reminder: FormView,
    pub(crate) sessions: FormView,
    pub(crate) hsts: FormView,
    pub(crate) may_edit: bool,
    /// The command that switches TLS on.
    pub(crate) command: String,
}

/// The state of TLS as shown.
#[derive(Default)]
pub(crate) struct TlsView {
    pub(crate) is_enabled: bool,
    pub(crate) port: String,
    pub(crate) generation: i64,
    pub(crate) can_roll_back: bool,
    pub(crate) is_site_issued: bool,
    pub(crate) certificate: Option<CertificateView>,
    pub(crate) regions: Vec<AppliedRow>,
}

/// The certificate as shown.
pub(crate) struct CertificateView {
    pub(crate) name: String,
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) names: Vec<String>,
    pub(crate) key_type: String,
    pub(crate) serial: String,
    pub(crate) fingerprint: String,
    pub(crate) chain: String,
    pub(crate) pem: String,
    pub(crate) begins: When,
    pub(crate) ends: When,
    /// `good for 41 more days`
    pub(crate) left: String,
    /// `good`, `warning` or `bad`.
    pub(crate) state: &'static str,
    /// How much of its life is over, and where the reminder begins, in hundredths.
    pub(crate) used: i64,
    pub(crate) reminder: i64,
}

/// What a region serves.
pub(crate) struct AppliedRow {
    pub(crate) region: String,
    pub(crate) generation: i64,
    pub(crate) fingerprint: String,
    pub(crate) at: Option<When>,
    pub(crate) error: Option<String>,
    pub(crate) is_current: bool,
}

/// `GET /MAAS/r/settings/configuration/security`
pub(crate) async fn show(visit: Visit) -> Answer {
    let page = page(&visit, "", &Input::default(), &FormErrors::default()).await?;
    visit.page(&page)
}

/// `GET /MAAS/r/settings/configuration/security/certificate.pem`
pub(crate) async fn certificate_pem(visit: Visit) -> Answer {
    let status = tls::status(visit.region(), &visit.ctx).await?;
    let info = status.certificate.ok_or(Error::NotFound { what: "certificate" })?;
    Ok(download("application/x-pem-file", "maas-certificate.pem", info.pem))
}

/// `POST /MAAS/r/settings/configuration/security/reminder`
pub(crate) async fn save_reminder(visit: Visit, input: Input) -> Answer {
    // As in MAAS: when the reminder is switched off, the number of days is not sent.
    let names = if input.is_checked(REMINDER[0]) { &REMINDER[..] } else { &REMINDER[..1] };
    saved(&visit, "reminder", &input, names, "Saved the reminder.").await
}

/// `POST /MAAS/r/settings/configuration/security/sessions`
pub(crate) async fn save_sessions(visit: Visit, input: Input) -> Answer {
    saved(&visit, "sessions", &input, &SESSIONS, "Saved the limits.").await
}

/// `POST /MAAS/r/settings/configuration/security/hsts`
pub(crate) async fn save_hsts(visit: Visit, input: Input) -> Answer {
    saved(&visit, "hsts", &input, &HSTS, "Saved what browsers are told.").await
}

async fn saved(visit: &Visit, form: &str, input: &Input, names: &[&'static str], done: &str) -> Answer {
    match save(visit, input, names).await {
        Ok(0) => visit.redirect(HERE, &Flash::good("Nothing to change.")),
        Ok(_) => visit.redirect(HERE, &Flash::good(done)),
        Err(error) => {
            let page = page(visit, form, input, &FormErrors::from_error(error)?).await?;
            visit.again(&page)
        }
    }
}

/// The page, with what was sent in the form called `sent_form` and its errors.
async fn page(visit: &Visit, sent_form: &str, sent: &Input, errors: &FormErrors) -> Result<SecurityPage, Failure> {
    let status = tls::status(visit.region(), &visit.ctx).await?;
    let views = settings::list(visit.region(), &visit.ctx).await?;
    let shell = visit.settings_shell("security", "Security").await.under("Configuration", HERE);
    let reminder_days = number(&views, REMINDER[1], 30);
    let build = |form: &'static str| {
        let none = (Input::default(), FormErrors::default());
        let (input, errors) = if sent_form == form { (sent, errors) } else { (&none.0, &none.1) };
        self::form(form, &shell.csrf, &views, (sent_form == form).then_some(input), errors)
    };
    Ok(SecurityPage {
        tls: tls_view(status, reminder_days, visit.now()),
        reminder: build("reminder"),
        sessions: build("sessions"),
        hsts: build("hsts"),
        may_edit: visit.may(Action::EditConfigurations),
        command: visit.app.config.command("config-tls enable KEY.pem CERT.pem --port 5443"),
        shell,
    })
}

/// One of the three forms of settings.
pub(crate) fn form(
    id: &'static str,
    csrf: &str,
    views: &[SettingView],
    sent: Option<&Input>,
    errors: &FormErrors,
) -> FormView {
    let (names, submit): (&[&'static str], _) = match id {
        "reminder" => (&REMINDER, "Save reminder"),
        "sessions" => (&SESSIONS, "Save limits"),
        _ => (&HSTS, "Save HSTS"),
    };
    let mut form = FormView::new(id, csrf, format!("{HERE}/{id}"), submit).quiet();
    for name in names {
        let Some(setting) = setting::find(name) else { continue };
        let stored = views.iter().find(|view| view.name == *name).map(|view| plain(&view.value)).unwrap_or_default();
        let value = sent.map_or(stored, |input| match setting.kind {
            setting::Kind::Bool => input.is_checked(name).to_string(),
            _ => input.text(name).to_owned(),
        });
        form = form.field(named_field(setting, &value));
    }
    form.errors(errors)
}

/// The field of a setting under the words of this page.
fn named_field(setting: &'static setting::Setting, value: &str) -> Field {
    let words = match setting.name {
        "tls_cert_expiration_notification_enabled" => "Notify when the certificate is due to expire",
        "tls_cert_expiration_notification_interval" => "Days before its end",
        "session_idle_limit" => "Idle limit (seconds)",
        "session_length" => "Longest session (seconds)",
        "password_minimum_length" => "Shortest password (characters)",
        "ssh_key_import_enabled" => "People may import SSH keys from Launchpad and GitHub",
        "refresh_token_duration" => "Refresh tokens live (seconds)",
        "tls_hsts_max_age" => "Insist on TLS for (seconds)",
        "tls_hsts_include_subdomains" => "Subdomains too",
        _ => "",
    };
    let now = value.parse().map(|number| format!(" Now {}.", seconds(number))).unwrap_or_default();
    match setting.kind {
        setting::Kind::Bool => Field::check(setting.name, words, value == "true"),
        _ if words.ends_with("(seconds)") => {
            let plain = field(setting, value);
            let help = format!("{}{now}", plain.help);
            Field { label: words.to_owned(), ..plain }.help(help).required()
        }
        _ => Field { label: words.to_owned(), ..field(setting, value) }.required(),
    }
}

/// The state of TLS as shown.
pub(crate) fn tls_view(status: TlsStatus, reminder_days: i64, now: Timestamp) -> TlsView {
    let current = status.certificate.as_ref().map(|info| info.sha256.clone());
    let rows = status.regions.iter().map(|applied| AppliedRow {
        region: applied.region.clone(),
        generation: applied.generation,
        fingerprint: short(applied.fingerprint.as_deref().unwrap_or("–")),
        at: applied.at.map(|at| When::new(at, now)),
        error: applied.error.clone(),
        is_current: applied.error.is_none()
            && applied.generation == status.generation
            && (applied.fingerprint == current || !status.is_enabled),
    });
    TlsView {
        is_enabled: status.is_enabled,
        port: status.port.map(|port| port.to_string()).unwrap_or_default(),
        generation: status.generation,
        can_roll_back: status.can_roll_back,
        is_site_issued: status.is_site_issued,
        regions: rows.collect(),
        certificate: status.certificate.as_ref().map(|info| certificate_view(info, reminder_days, now)),
    }
}

fn certificate_view(info: &CertificateInfo, reminder_days: i64, now: Timestamp) -> CertificateView {
    let life = (info.not_after.micros() - info.not_before.micros()).max(1);
    let share = |micros: i64| (i128::from(micros) * 100 / i128::from(life)).clamp(0, 100);
    let used = share(now.micros() - info.not_before.micros());
    let reminder = 100 - share(reminder_days.saturating_mul(86_400_000_000));
    let days = info.days_left(now);
    let whole = days.unsigned_abs();
    let (left, state) = match days {
        _ if now >= info.not_after => (format!("expired {}", text::relative(info.not_after, now)), "bad"),
        0 => ("expires today".to_owned(), "bad"),
        1..=7 => (format!("{} left", text::count(whole, "day")), "bad"),
        _ if days <= reminder_days => (format!("{} left", text::count(whole, "day")), "warning"),
        _ => (format!("{} left", text::count(whole, "day")), "good"),
    };
    let more = info.chain_length.saturating_sub(1);
    CertificateView {
        name: if info.common_name.is_empty() { "(no common name)".to_owned() } else { info.common_name.clone() },
        subject: info.subject.clone(),
        issuer: info.issuer.clone(),
        names: info.names.clone(),
        key_type: info.key_type.clone(),
        serial: info.serial.clone(),
        fingerprint: info.sha256.clone(),
        chain: match more {
            0 => "the certificate alone".to_owned(),
            _ => format!("the certificate and {} above it", text::count(more as u64, "certificate")),
        },
        pem: info.pem.clone(),
        begins: When::new(info.not_before, now),
        ends: When::new(info.not_after, now),
        left,
        state,
        used: used.try_into().unwrap_or(100),
        reminder: reminder.try_into().unwrap_or(100),
    }
}

/// The value of a whole-number setting.
pub(crate) fn number(views: &[SettingView], name: &str, default: i64) -> i64 {
    views.iter().find(|view| view.name == name).and_then(|view| view.value.as_i64()).unwrap_or(default)
}

fn short(fingerprint: &str) -> String {
    match fingerprint.char_indices().nth(23) {
        Some((cut, _)) => format!("{}…", &fingerprint[..cut]),
        None => fingerprint.to_owned(),
    }
}

/// The address of this page.
pub(crate) const HERE: &str = "/MAAS/r/settings/configuration/security";
const REMINDER: [&str; 2] = ["tls_cert_expiration_notification_enabled", "tls_cert_expiration_notification_interval"];
const SESSIONS: [&str; 4] =
    ["session_idle_limit", "session_length", "password_minimum_length", "ssh_key_import_enabled"];
const HSTS: [&str; 2] = ["tls_hsts_max_age", "tls_hsts_include_subdomains"];
/// The settings that stand here and not on the general page.
pub(crate) const OWN: [&str; 8] = [
    "tls_cert_expiration_notification_enabled",
    "tls_cert_expiration_notification_interval",
    "session_idle_limit",
    "session_length",
    "password_minimum_length",
    "ssh_key_import_enabled",
    "tls_hsts_max_age",
    "tls_hsts_include_subdomains",
];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use maas_model::Timestamp;

    use super::certificate_view;
    use crate::samples;

    #[test]
    fn the_bar_shows_how_much_life_is_left() {
        let info = samples::certificate();
        let at = |days: u64| info.not_before.plus(Duration::from_secs(86_400 * days));
        let view = |now: Timestamp| certificate_view(&info, 30, now);
        assert_eq!((view(at(0)).used, view(at(0)).state), (0, "good"));
        assert_eq!(
            (view(at(70)).used, view(at(70)).state, view(at(70)).left.as_str()),
            (77, "warning", "20 days left")
        );
        assert_eq!((view(at(89)).left.as_str(), view(at(89)).state), ("1 day left", "bad"));
        assert_eq!(view(at(89).plus(Duration::from_secs(3600))).left, "expires today");
        assert_eq!((view(at(93)).used, view(at(93)).left.as_str()), (100, "expired 3 days ago"));
    }
}
