//! From what a client sent to a row.

use maas_model::{UserId, notification::Category};
use maas_store::{StoreError, notification::NotificationRow, user};
use serde_json::{Map, Value};

use super::{NotificationParams, template};
use crate::{Error, FieldErrors, Region, Result, users::User};

/// What a new notice is before anything is said about it.
pub(super) fn blank() -> NotificationRow {
    NotificationRow {
        notification_id: 0,
        ident: None,
        user_id: None,
        for_users: 0,
        for_admins: 0,
        message: String::new(),
        context: "{}".to_owned(),
        category: Category::Info.as_str().to_owned(),
        is_dismissable: 1,
        returns_after_us: None,
        created_us: 0,
        updated_us: 0,
    }
}

/// Puts the parameters into a row, all problems at once.
pub(super) async fn fill(
    region: &Region,
    mut row: NotificationRow,
    params: &NotificationParams,
) -> Result<NotificationRow> {
    let mut errors = FieldErrors::new();
    let mut wrong = |field: &str, why: String| errors.entry(field.to_owned()).or_default().push(why);
    if let Some(ident) = &params.ident {
        let length = ident.chars().count();
        if length > MAX_IDENT {
            wrong("ident", format!("Ensure this value has at most {MAX_IDENT} characters (it has {length})."));
        }
        row.ident = (!ident.is_empty()).then(|| ident.clone());
    }
    if let Some(name) = &params.user {
        match find_user(region, name).await? {
            Ok(id) => row.user_id = id,
            Err(why) => wrong("user", why),
        }
    }
    if let Some(category) = &params.category {
        match category.parse::<Category>() {
            Ok(category) => row.category = category.as_str().to_owned(),
            Err(why) => wrong("category", why),
        }
    }
    row.message = params.message.clone().unwrap_or(row.message);
    row.for_users = params.for_users.map_or(row.for_users, i64::from);
    row.for_admins = params.for_admins.map_or(row.for_admins, i64::from);
    row.is_dismissable = params.is_dismissable.map_or(row.is_dismissable, i64::from);
    if row.message.trim().is_empty() {
        wrong("message", "This field is required.".to_owned());
    } else if row.message.len() > MAX_TEXT {
        wrong("message", format!("Ensure this value has at most {MAX_TEXT} characters."));
    }
    match parse_context(params.context.as_deref().unwrap_or(&row.context)) {
        Err(why) => wrong("context", why),
        Ok(context) => {
            if template::render(&row.message, &context).is_err() {
                wrong("__all__", "Notification cannot be rendered.".to_owned());
            }
            row.context = Value::Object(context).to_string();
        }
    }
    if errors.is_empty() { Ok(row) } else { Err(Error::Invalid(errors)) }
}

/// A taken name, in the words that clients know.
pub(super) fn taken(error: StoreError) -> Error {
    if error.is_unique("notification.ident") {
        return Error::field("ident", "Notification with this Ident already exists.");
    }
    error.into()
}

/// The user of a notice, if they are still there.
pub(super) async fn user_of(region: &Region, id: UserId) -> Result<Option<User>> {
    user::find_by_id(&mut *region.store().reader().await?, id).await?.map(User::try_from).transpose()
}

/// By id or name; an empty text is nobody.
async fn find_user(region: &Region, text: &str) -> Result<Result<Option<i64>, String>> {
    if text.is_empty() {
        return Ok(Ok(None));
    }
    let mut reader = region.store().reader().await?;
    let by_id = match text.parse() {
        Ok(id) => user::find_by_id(&mut reader, UserId(id)).await?,
        Err(_) => None,
    };
    let found = match by_id {
        Some(row) => Some(row),
        None => user::find(&mut reader, text).await?,
    };
    Ok(found.map(|row| Some(row.user_id)).ok_or_else(|| "Enter a valid user id or username.".to_owned()))
}

fn parse_context(text: &str) -> Result<Map<String, Value>, String> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) if text.len() <= MAX_TEXT => Ok(map),
        Ok(Value::Object(_)) => Err(format!("Ensure this value has at most {MAX_TEXT} characters.")),
        Ok(_) => Err("Context is not a mapping.".to_owned()),
        Err(_) => Err("'context' must be valid JSON.".to_owned()),
    }
}

const MAX_IDENT: usize = 40;
const MAX_TEXT: usize = 10_000;
