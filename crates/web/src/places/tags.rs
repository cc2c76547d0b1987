//! Tags: the list, one tag with its definition and its machines, and the forms.

use askama::Template;
use axum::extract::Path;
use maas_authz::Action;
use maas_model::filter::{NodeFilter, Test, TextField, TextMatch};
use maas_region::{
    machines::{self, Page, Sort},
    nodes::Node,
    tags::{self, Tag, TagChange},
};

use super::{pools::told, search};
use crate::{
    answer::Answer,
    cookies::Flash,
    form::{Field, FormErrors, FormView},
    input::Input,
    preferences::password::FormPage,
    shell::{Section, Shell},
    text::{self, segment},
    visit::Visit,
};

/// The list.
#[derive(Template)]
#[template(path = "places/tags.html")]
pub(crate) struct TagsPage {
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<TagRow>,
    pub(crate) may_edit: bool,
}

/// A tag.
#[derive(Clone, Debug)]
pub(crate) struct TagRow {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) definition: String,
    pub(crate) comment: String,
    pub(crate) kernel_opts: String,
    pub(crate) href: String,
}

/// One tag.
#[derive(Template)]
#[template(path = "places/tag.html")]
pub(crate) struct TagPage {
    pub(crate) shell: Shell,
    pub(crate) tag: TagRow,
    pub(crate) total: String,
    /// Some of its machines: system id and name.
    pub(crate) members: Vec<(String, String)>,
    pub(crate) has_more: bool,
    pub(crate) may_edit: bool,
}

/// `GET /MAAS/r/tags`
pub(crate) async fn list(visit: Visit) -> Answer {
    let tags = tags::list(visit.region(), &visit.ctx).await?;
    let shell = visit.shell(Section::Tags, "Tags").await;
    let may_edit = visit.may(Action::EditGlobalEntities);
    visit.page(&TagsPage { shell, rows: tags.iter().map(row).collect(), may_edit })
}

/// `GET /MAAS/r/tags/{name}`
pub(crate) async fn show(visit: Visit, Path(name): Path<String>) -> Answer {
    let (region, ctx) = (visit.region(), &visit.ctx);
    let tag = tags::lookup(region, ctx, &name).await?;
    let mut filter = NodeFilter::default();
    filter.require(Test::Text(TextField::Tag, vec![TextMatch::Is(name)]));
    let total = machines::count(region, ctx, &filter).await?;
    let few = Page { limit: SHOWN, sort: Sort::Hostname, ..Page::default() };
    let nodes = machines::list(region, ctx, &filter, &few).await?;
    let shell = visit.shell(Section::Tags, &tag.name).await;
    visit.page(&page(shell, &tag, total, &nodes, visit.may(Action::EditGlobalEntities)))
}

pub(crate) fn page(shell: Shell, tag: &Tag, total: i64, nodes: &[Node], may_edit: bool) -> TagPage {
    let member = |node: &Node| (node.system_id.to_string(), node.hostname.clone());
    TagPage {
        shell: shell.under("Tags", HERE),
        tag: row(tag),
        total: text::count(total.unsigned_abs(), "machine"),
        members: nodes.iter().map(member).collect(),
        has_more: total > nodes.len() as i64,
        may_edit,
    }
}

pub(crate) fn row(tag: &Tag) -> TagRow {
    TagRow {
        name: tag.name.clone(),
        path: segment(&tag.name),
        definition: tag.definition.clone(),
        comment: tag.comment.clone(),
        kernel_opts: tag.kernel_opts.clone(),
        href: search("tags", &tag.name),
    }
}

/// `GET /MAAS/r/tags/add`
pub(crate) async fn show_add(visit: Visit) -> Answer {
    let page = add_page(&visit, &Input::default(), &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/tags/add`
pub(crate) async fn add(visit: Visit, input: Input) -> Answer {
    let change = change(&input);
    match visit.run(|region, ctx| async move { tags::create(&region, &ctx, change).await }).await {
        Ok(tag) => {
            let to = format!("{HERE}/{}", segment(&tag.name));
            visit.redirect(&to, &Flash::good(format!("Added tag “{}”.", tag.name)))
        }
        Err(error) => visit.again(&add_page(&visit, &input, &FormErrors::from_error(error)?).await),
    }
}

/// `GET /MAAS/r/tags/{name}/edit`
pub(crate) async fn show_edit(visit: Visit, Path(name): Path<String>) -> Answer {
    let tag = tags::lookup(visit.region(), &visit.ctx, &name).await?;
    let page = edit_page(&visit, &tag, None, &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/tags/{name}/edit`
pub(crate) async fn edit(visit: Visit, Path(name): Path<String>, input: Input) -> Answer {
    let tag = tags::lookup(visit.region(), &visit.ctx, &name).await?;
    let change = change(&input);
    match visit.run(|region, ctx| async move { tags::update(&region, &ctx, &name, change).await }).await {
        Ok(tag) => {
            let to = format!("{HERE}/{}", segment(&tag.name));
            visit.redirect(&to, &Flash::good(format!("Saved “{}”.", tag.name)))
        }
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            visit.again(&edit_page(&visit, &tag, Some(&input), &errors).await)
        }
    }
}

/// `POST /MAAS/r/tags/{name}/rebuild`
pub(crate) async fn rebuild(visit: Visit, Path(name): Path<String>) -> Answer {
    let to = format!("{HERE}/{}", segment(&name));
    let text = format!("“{name}” is given anew to what its definition fits.");
    visit.run(|region, ctx| async move { tags::rebuild(&region, &ctx, &name).await }).await?;
    visit.redirect(&to, &Flash::good(text))
}

/// `GET /MAAS/r/tags/{name}/delete`
pub(crate) async fn confirm_delete(visit: Visit, Path(name): Path<String>) -> Answer {
    let tag = tags::lookup(visit.region(), &visit.ctx, &name).await?;
    let shell = visit.shell(Section::Tags, "Delete tag").await.under("Tags", HERE);
    let action = format!("{HERE}/{}/delete", segment(&tag.name));
    let form = FormView::new("confirm", &shell.csrf, action, "Delete").danger().cancel(HERE);
    let lead = vec![format!("Delete tag “{}”? Whatever carries it loses it.", tag.name)];
    visit.page(&FormPage { shell, lead, form })
}

/// `POST /MAAS/r/tags/{name}/delete`
pub(crate) async fn delete(visit: Visit, Path(name): Path<String>) -> Answer {
    let tag = tags::lookup(visit.region(), &visit.ctx, &name).await?;
    let deleted = visit.run(|region, ctx| async move { tags::delete(&region, &ctx, &name).await }).await;
    told(&visit, HERE, &tag.name, deleted)
}

async fn add_page(visit: &Visit, sent: &Input, errors: &FormErrors) -> FormPage {
    let shell = visit.shell(Section::Tags, "Add tag").await.under("Tags", HERE);
    let form = form(&shell.csrf, &format!("{HERE}/add"), "Add tag", None, Some(sent), errors);
    FormPage { shell, lead: Vec::new(), form }
}

async fn edit_page(visit: &Visit, tag: &Tag, sent: Option<&Input>, errors: &FormErrors) -> FormPage {
    let shell = visit.shell(Section::Tags, &tag.name).await.under("Tags", HERE);
    let action = format!("{HERE}/{}/edit", segment(&tag.name));
    FormPage { form: form(&shell.csrf, &action, "Save", Some(tag), sent, errors), lead: Vec::new(), shell }
}

/// The form of a tag; what is wrong with its definition stands beside it.
pub(crate) fn form(
    csrf: &str,
    action: &str,
    submit: &str,
    tag: Option<&Tag>,
    sent: Option<&Input>,
    errors: &FormErrors,
) -> FormView {
    let value = |name: &'static str, stored: fn(&Tag) -> &str| {
        sent.map_or_else(|| tag.map_or("", stored), |input| input.text(name)).to_owned()
    };
    FormView::new("tag", csrf, action, submit)
        .field(Field::text("name", "Name", &value("name", |tag| &tag.name)).required().help("Letters, digits, - and _."))
        .field(
            Field::area("definition", "Definition (may stay empty)", 3, &value("definition", |tag| &tag.definition))
                .help("XPath over the hardware facts, such as //node[@id=\"display\"]/vendor = \"NVIDIA\". With one, machines get the tag by themselves; without, by hand."),
        )
        .field(Field::text("comment", "Comment", &value("comment", |tag| &tag.comment)))
        .field(
            Field::text("kernel_opts", "Kernel options", &value("kernel_opts", |tag| &tag.kernel_opts))
                .help("Added when a machine with this tag boots."),
        )
        .cancel(HERE)
        .errors(errors)
}

fn change(input: &Input) -> TagChange {
    let text = |name| Some(input.text(name).to_owned());
    TagChange {
        name: text("name"),
        definition: text("definition"),
        comment: text("comment"),
        kernel_opts: text("kernel_opts"),
    }
}

const HERE: &str = "/MAAS/r/tags";
const SHOWN: i64 = 30;
