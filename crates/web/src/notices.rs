//! Notices on top of every page.

use askama::Template;
use axum::extract::Path;
use maas_model::NotificationId;
use maas_region::notifications::{self, Notification};

use crate::{
    answer::{Answer, see_other},
    input::Input,
    shell::{Section, Shell},
    text::local_path,
    visit::Visit,
};

/// A notice as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoticeView {
    pub(crate) id: i64,
    /// `error`, `warning`, `success`, `info`.
    pub(crate) category: &'static str,
    pub(crate) label: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) text: String,
    pub(crate) is_dismissable: bool,
}

impl From<&Notification> for NoticeView {
    fn from(notice: &Notification) -> Self {
        use maas_model::notification::Category;
        let (label, icon) = match notice.category {
            Category::Error => ("Error", "error"),
            Category::Warning => ("Warning", "warning"),
            Category::Success => ("Success", "check"),
            Category::Info => ("Note", "info"),
        };
        Self {
            id: notice.id.0,
            category: notice.category.as_str(),
            label,
            icon,
            text: notice.text(),
            is_dismissable: notice.is_dismissable,
        }
    }
}

/// The page that holds nothing but the notices; the script takes them from here.
#[derive(Template)]
#[template(path = "notices.html")]
pub(crate) struct NoticesPage {
    pub(crate) shell: Shell,
}

/// `GET /MAAS/r/notifications`
pub(crate) async fn list(visit: Visit) -> Answer {
    let shell = visit.shell(Section::Other, "Notices").await;
    visit.page(&NoticesPage { shell })
}

/// `POST /MAAS/r/notifications/{id}/dismiss`
pub(crate) async fn dismiss(visit: Visit, Path(id): Path<i64>, input: Input) -> Answer {
    let back = local_path(input.text("back")).to_owned();
    visit.run(|region, ctx| async move { notifications::dismiss(&region, &ctx, NotificationId(id)).await }).await?;
    Ok(see_other(&back))
}
