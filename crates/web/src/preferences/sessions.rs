//! Where one is signed in.

use askama::Template;
use axum::extract::Path;
use maas_model::{SessionId, Timestamp};
use maas_region::sessions::{self, Session};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::FormView,
    preferences::password::FormPage,
    shell::Shell,
    text::{self, When},
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "preferences/sessions.html")]
pub(crate) struct SessionsPage {
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<SessionRow>,
}

/// A session in the table.
pub(crate) struct SessionRow {
    pub(crate) id: i64,
    pub(crate) program: String,
    pub(crate) agent: String,
    pub(crate) ip: String,
    pub(crate) began: When,
    pub(crate) seen: When,
    pub(crate) ends: When,
    pub(crate) is_current: bool,
}

/// `GET /MAAS/r/preferences/sessions`
pub(crate) async fn list(visit: Visit) -> Answer {
    let sessions = sessions::list(visit.region(), &visit.ctx).await?;
    let shell = visit.preferences_shell("sessions", "Sessions").await;
    visit.page(&SessionsPage { rows: rows(&sessions, visit.now()), shell })
}

/// `GET /MAAS/r/preferences/sessions/{id}/end`
pub(crate) async fn confirm_end(visit: Visit, Path(id): Path<i64>) -> Answer {
    let sessions = sessions::list(visit.region(), &visit.ctx).await?;
    let found = rows(&sessions, visit.now()).into_iter().find(|row| row.id == id);
    let row = found.ok_or_else(|| Failure::from(maas_region::Error::NotFound { what: "session" }))?;
    let shell = visit.preferences_shell("sessions", "End session").await.under("Sessions", HERE);
    let page = FormPage {
        form: FormView::new("end", &shell.csrf, format!("{HERE}/{id}/end"), "End session").danger().cancel(HERE),
        lead: vec![format!("End the session of {} at {}? Whoever uses it has to sign in again.", row.program, row.ip)],
        shell,
    };
    visit.page(&page)
}

/// `POST /MAAS/r/preferences/sessions/{id}/end`
pub(crate) async fn end(visit: Visit, Path(id): Path<i64>) -> Answer {
    visit.run(|region, ctx| async move { sessions::revoke(&region, &ctx, SessionId(id)).await }).await?;
    visit.redirect(HERE, &Flash::good("Ended the session."))
}

/// `GET /MAAS/r/preferences/sessions/end-others`
pub(crate) async fn confirm_end_others(visit: Visit) -> Answer {
    let shell = visit.preferences_shell("sessions", "End other sessions").await.under("Sessions", HERE);
    let action = format!("{HERE}/end-others");
    let page = FormPage {
        form: FormView::new("end", &shell.csrf, action, "End all others").danger().cancel(HERE),
        lead: vec!["End all your sessions except this one?".to_owned()],
        shell,
    };
    visit.page(&page)
}

/// `POST /MAAS/r/preferences/sessions/end-others`
pub(crate) async fn end_others(visit: Visit) -> Answer {
    let ended = visit.run(|region, ctx| async move { sessions::revoke_others(&region, &ctx).await }).await?;
    visit.redirect(HERE, &Flash::good(format!("Ended {}.", text::count(ended, "other session"))))
}

pub(crate) fn rows(sessions: &[Session], now: Timestamp) -> Vec<SessionRow> {
    let row = |session: &Session| SessionRow {
        id: session.id.0,
        program: text::browser(&session.user_agent),
        agent: session.user_agent.clone(),
        ip: text::address(session.ip),
        began: When::new(session.created_at, now),
        seen: When::new(session.last_seen_at, now),
        ends: When::new(session.expires_at, now),
        is_current: session.is_current,
    };
    sessions.iter().map(row).collect()
}

const HERE: &str = "/MAAS/r/preferences/sessions";
