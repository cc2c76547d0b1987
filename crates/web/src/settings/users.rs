//! Settings > Users: the list, and the forms to add and edit.

use askama::Template;
use axum::extract::Path;
use maas_authz::Action;
use maas_model::{GroupId, Role, Timestamp, UserId};
use maas_region::{
    Error,
    bindings::{self, Binding, Subject},
    groups,
    users::{self, CreateUser, EditUser, User},
};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{Choice, Field, FormErrors, FormView, Kind},
    input::Input,
    preferences::password::{DIFFERENT, FormPage, HELP},
    shell::Shell,
    text::{self, When},
    visit::Visit,
};

/// The list.
#[derive(Template)]
#[template(path = "settings/users.html")]
pub(crate) struct UsersPage {
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<UserRow>,
    pub(crate) total: usize,
    pub(crate) filter: String,
    pub(crate) may_edit: bool,
}

/// A user in the list.
pub(crate) struct UserRow {
    pub(crate) username: String,
    pub(crate) path: String,
    pub(crate) full_name: String,
    pub(crate) email: String,
    pub(crate) role: &'static str,
    /// Roles given beside that one: `operator on pool 'web'`, `auditor on the whole site, through night shift`.
    pub(crate) roles: Vec<String>,
    pub(crate) is_active: bool,
    pub(crate) is_system: bool,
    pub(crate) is_local: bool,
    pub(crate) is_self: bool,
    pub(crate) keys: i64,
    pub(crate) last_login: Option<When>,
}

/// One user: what can be changed, and what else can be done.
#[derive(Template)]
#[template(path = "settings/user.html")]
pub(crate) struct UserPage {
    pub(crate) shell: Shell,
    pub(crate) row: UserRow,
    pub(crate) joined: When,
    pub(crate) form: FormView,
}

/// `GET /MAAS/r/settings/users`
pub(crate) async fn list(visit: Visit, input: Input) -> Answer {
    let all = users::list(visit.region(), &visit.ctx).await?;
    let filter = input.text("q").to_owned();
    let shell = visit.settings_shell("users", "Users").await;
    let may_edit = visit.may(Action::EditIdentities);
    let given = bindings::list(visit.region(), &visit.ctx).await?;
    let mut rows = rows(&all, &filter, own_id(&visit), visit.now());
    let groups = groups::memberships(visit.region(), &visit.ctx).await?;
    for row in &mut rows {
        let theirs = groups.get(&row.username).map_or(&[][..], Vec::as_slice);
        row.roles = roles_of(&given, row, theirs, visit.now());
    }
    visit.page(&UsersPage { rows, total: all.len(), filter, may_edit, shell })
}

/// `GET /MAAS/r/settings/users/add`
pub(crate) async fn show_add(visit: Visit) -> Answer {
    let page = add_page(&visit, &Input::default(), &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/settings/users/add`
pub(crate) async fn add(visit: Visit, input: Input) -> Answer {
    let made = match new_user(&input) {
        Ok(new) => visit.run(|region, ctx| async move { users::create(&region, &ctx, new).await }).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(user) => visit.redirect(HERE, &Flash::good(format!("Added {} “{}”.", user.role.as_str(), user.username))),
        Err(error) => visit.again(&add_page(&visit, &input, &FormErrors::from_error(error)?).await),
    }
}

/// `GET /MAAS/r/settings/users/{name}/edit`
pub(crate) async fn show_edit(visit: Visit, Path(name): Path<String>) -> Answer {
    let user = users::lookup(visit.region(), &visit.ctx, &name).await?;
    let page = edit_page(&visit, &user, None, &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/settings/users/{name}/edit`
pub(crate) async fn edit(visit: Visit, Path(name): Path<String>, input: Input) -> Answer {
    let user = users::lookup(visit.region(), &visit.ctx, &name).await?;
    let change = EditUser {
        email: Some(input.text("email").to_owned()),
        full_name: Some(input.text("full_name").to_owned()),
        // One's own role is not offered.
        role: input.given("role").and_then(|word| word.parse().ok()),
        is_active: None,
    };
    let target = name.clone();
    match visit.run(|region, ctx| async move { users::edit(&region, &ctx, &target, change).await }).await {
        Ok(_) => visit.redirect(HERE, &Flash::good(format!("Saved “{name}”."))),
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            visit.again(&edit_page(&visit, &user, Some(&input), &errors).await)
        }
    }
}

fn new_user(input: &Input) -> Result<CreateUser, Error> {
    let password = input.secret("password");
    if password.expose() != input.secret("again").expose() {
        return Err(Error::field("again", DIFFERENT));
    }
    Ok(CreateUser {
        username: input.text("username").to_owned(),
        email: input.text("email").to_owned(),
        full_name: input.text("full_name").to_owned(),
        role: input.text("role").parse().map_err(|why| Error::field("role", why))?,
        ssh_keys: Some(input.file_or_pasted("key_file", "key").to_owned()).filter(|text| !text.is_empty()),
        password,
        ssh_import: None,
    })
}

async fn add_page(visit: &Visit, input: &Input, errors: &FormErrors) -> FormPage {
    let shell = visit.settings_shell("users", "Add user").await.under("Users", HERE);
    FormPage { form: add_form(&shell.csrf, input, errors), lead: Vec::new(), shell }
}

async fn edit_page(visit: &Visit, user: &User, sent: Option<&Input>, errors: &FormErrors) -> UserPage {
    let shell = visit.settings_shell("users", &user.username).await.under("Users", HERE);
    let row = row(user, own_id(visit), visit.now());
    UserPage {
        joined: When::new(user.joined_at, visit.now()),
        form: edit_form(&shell.csrf, user, row.is_self, sent, errors),
        row,
        shell,
    }
}

/// The roles given to a user or to one of their groups, without the one that their row names already.
pub(crate) fn roles_of(given: &[Binding], row: &UserRow, groups: &[GroupId], now: Timestamp) -> Vec<String> {
    let is_told = |binding: &Binding| binding.pool.is_none() && binding.role.1 == row.role;
    let counts = given.iter().filter(|binding| !binding.has_ended(now) && !is_told(binding));
    let line = |binding: &Binding| match &binding.subject {
        Subject::User(_, name) if *name == row.username => Some(format!("{} on {}", binding.role.1, binding.place())),
        Subject::Group(id, name) if groups.contains(id) => {
            Some(format!("{} on {}, through {name}", binding.role.1, binding.place()))
        }
        _ => None,
    };
    counts.filter_map(line).collect()
}

/// The users that match every word of `filter`.
pub(crate) fn rows(users: &[User], filter: &str, own: Option<UserId>, now: Timestamp) -> Vec<UserRow> {
    let filter = filter.to_lowercase();
    let wanted = |user: &&User| {
        let role = user.role.as_str();
        let text = format!("{} {} {} {role}", user.username, user.email, user.full_name).to_lowercase();
        filter.split_whitespace().all(|word| text.contains(word))
    };
    users.iter().filter(wanted).map(|user| row(user, own, now)).collect()
}

pub(crate) fn row(user: &User, own: Option<UserId>, now: Timestamp) -> UserRow {
    UserRow {
        username: user.username.clone(),
        path: text::segment(&user.username),
        full_name: user.full_name.clone(),
        email: user.email.clone(),
        role: user.role.as_str(),
        roles: Vec::new(),
        is_active: user.is_active,
        is_system: user.is_system,
        is_local: user.is_local,
        is_self: own == Some(user.id),
        keys: user.ssh_key_count,
        last_login: user.last_login_at.map(|at| When::new(at, now)),
    }
}

pub(crate) fn add_form(csrf: &str, sent: &Input, errors: &FormErrors) -> FormView {
    let role = sent.given("role").unwrap_or(Role::User.as_str());
    FormView::new("user", csrf, "/MAAS/r/settings/users/add", "Add user")
        .field(
            Field::text("username", "User name", sent.text("username"))
                .required()
                .help("Letters, digits and @ . + - _. It cannot be changed later."),
        )
        .field(Field::text("full_name", "Full name", sent.text("full_name")))
        .field(email(sent.text("email")).required())
        .field(Field::select("role", "Role", roles(), role).help(ROLE_HELP))
        .field(Field::password("password", "Password", "new-password").strength().help(HELP))
        .field(Field::password("again", "Password again", "new-password"))
        .field(Field::area("key", "SSH keys (may stay empty)", 3, sent.text("key")).help("Public keys, one per line."))
        .cancel(HERE)
        .errors(errors)
}

pub(crate) fn edit_form(csrf: &str, user: &User, is_self: bool, sent: Option<&Input>, errors: &FormErrors) -> FormView {
    let value = |name: &str, stored: &str| sent.map_or(stored, |input| input.text(name)).to_owned();
    let action = format!("{HERE}/{}/edit", text::segment(&user.username));
    let mut form = FormView::new("user", csrf, action, "Save")
        .field(Field::text("full_name", "Full name", &value("full_name", &user.full_name)))
        .field(email(&value("email", &user.email)));
    if !is_self {
        let role = value("role", user.role.as_str());
        form = form.field(Field::select("role", "Role", roles(), &role).help(ROLE_HELP));
    }
    form.cancel(HERE).errors(errors)
}

fn own_id(visit: &Visit) -> Option<UserId> {
    visit.ctx.actor.user().map(|actor| actor.id)
}

fn email(value: &str) -> Field {
    Field { kind: Kind::Email, ..Field::text("email", "E-mail address", value) }
}

fn roles() -> Vec<Choice> {
    let words = [(Role::User, "User"), (Role::Administrator, "Administrator")];
    words.into_iter().map(|(role, label)| Choice::new(role.as_str(), label)).collect()
}

/// The user of a page about one.
pub(crate) async fn found(visit: &Visit, name: &str) -> Result<User, Failure> {
    Ok(users::lookup(visit.region(), &visit.ctx, name).await?)
}

/// The address of the list.
pub(crate) const HERE: &str = "/MAAS/r/settings/users";
const ROLE_HELP: &str = "Administrators change the site and its users; users manage their own keys.";
