//! Tags: given by hand, or by a definition that looks at the hardware.

use std::collections::HashMap;

use maas_authz::{
    Action, NodeFacts, OpCtx,
    action::{EditGlobalEntities, ViewGlobalEntities},
};
use maas_model::{EventType, MachineAction, NodeId, PoolId, TagId, TagName, UserId, node::NodeType, xpath::Expression};
use maas_store::{
    Audit, Connection, StoreError,
    tag::{self, TagCountRow, TagRow},
};
use serde_json::json;

use crate::{Audience, Error, FieldErrors, Region, Result, place};

mod evaluation;
mod members;

pub(crate) use evaluation::{evaluate, run};
pub use members::{filter, nodes_with, update_nodes};

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub id: TagId,
    pub name: String,
    /// XPath over the machine's hardware facts, or empty for a tag that is given by hand.
    pub definition: String,
    pub comment: String,
    pub kernel_opts: String,
}

/// A tag with what has it, as far as the caller may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagCount {
    pub tag: Tag,
    pub machines: i64,
    pub devices: i64,
    /// Whether all machines have been looked at since its definition was changed.
    pub is_evaluated: bool,
}

/// What to make or change; what is `None` stays (or is empty, for a new tag).
#[derive(Clone, Debug, Default)]
pub struct TagChange {
    pub name: Option<String>,
    pub definition: Option<String>,
    pub comment: Option<String>,
    pub kernel_opts: Option<String>,
}

/// All tags by name (`ViewGlobalEntities`).
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Tag>> {
    ctx.grant::<ViewGlobalEntities>()?;
    Ok(tag::list(&mut *region.store().reader().await?).await?.into_iter().map(Tag::from).collect())
}

/// The same with the count of machines and devices that the caller sees.
///
/// # Errors
/// `Denied`.
pub async fn list_counted(region: &Region, ctx: &OpCtx) -> Result<Vec<TagCount>> {
    ctx.grant::<ViewGlobalEntities>()?;
    let mut reader = region.store().reader().await?;
    let me = ctx.actor.user().map(|user| user.id);
    let mut counts = HashMap::<(i64, i64), i64>::new();
    for row in tag::count_nodes(&mut reader, me).await?.into_iter().filter(|row| is_seen(ctx, row)) {
        *counts.entry((row.tag_id, row.node_type)).or_default() += row.nodes;
    }
    let count = |row: &TagRow, kind: NodeType| counts.get(&(row.tag_id, kind.number())).copied().unwrap_or_default();
    let counted = |row: TagRow| TagCount {
        machines: count(&row, NodeType::Machine),
        devices: count(&row, NodeType::Device),
        is_evaluated: row.is_evaluated == 1,
        tag: row.into(),
    };
    Ok(tag::list(&mut reader).await?.into_iter().map(counted).collect())
}

/// One tag by name.
///
/// # Errors
/// `NotFound { what: "Tag" }`, `Denied`.
pub async fn lookup(region: &Region, ctx: &OpCtx, name: &str) -> Result<Tag> {
    ctx.grant::<ViewGlobalEntities>()?;
    Ok(find(&mut *region.store().reader().await?, name).await?.into())
}

/// Makes a tag (`EditGlobalEntities`); one with a definition is given to what it fits, by a job that begins at once.
///
/// # Errors
/// `Denied`; `Invalid` under `name`, `definition`, `comment` or `kernel_opts`.
pub async fn create(region: &Region, ctx: &OpCtx, new: TagChange) -> Result<Tag> {
    let may = ctx.grant::<EditGlobalEntities>()?;
    let row = changed(&TagRow { is_evaluated: 1, ..TagRow::default() }, new)?;
    let mut tx = region.store().begin(ctx).await?;
    tx.lock("tag").await?;
    if tag::is_taken(&mut tx, &row.name, None).await? {
        return Err(taken());
    }
    let tag = Tag::from(tag::insert(&mut tx, &may, &row).await.map_err(clash)?);
    let details = json!({ "name": tag.name, "definition": tag.definition, "comment": tag.comment,
        "kernel_opts": tag.kernel_opts });
    tx.commit(audit("tag.create", format!("Created tag '{}'.", tag.name), &tag).details(details)).await?;
    announce(region, "create", tag.id);
    Ok(tag)
}

/// Changes a tag; a new definition is evaluated for all nodes. Without one, those that have the tag keep it.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid`.
pub async fn update(region: &Region, ctx: &OpCtx, name: &str, change: TagChange) -> Result<Tag> {
    ctx.grant::<ViewGlobalEntities>()?;
    let mut tx = region.store().begin(ctx).await?;
    tx.lock("tag").await?;
    let before = find(&mut tx, name).await?;
    let may = ctx.grant::<EditGlobalEntities>()?;
    let after = changed(&before, change)?;
    if tag::is_taken(&mut tx, &after.name, Some(TagId(before.tag_id))).await? {
        return Err(taken());
    }
    tag::update(&mut tx, &may, &after).await.map_err(clash)?;
    let is_renamed = after.name != before.name;
    let (before, after) = (Tag::from(before), Tag::from(after));
    let text = format!("Updated tag '{name}'.");
    let audit = audit("tag.update", text, &before).details(place::difference(&shown(&before), &shown(&after)));
    if is_renamed {
        maas_store::node::refresh_tag_names_of(&mut tx, after.id).await?;
        tx.commit_with_nodes(vec![audit]).await?;
    } else {
        tx.commit(audit).await?;
    }
    announce(region, "update", after.id);
    Ok(after)
}

/// Deletes a tag.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn delete(region: &Region, ctx: &OpCtx, name: &str) -> Result<()> {
    ctx.grant::<ViewGlobalEntities>()?;
    let mut tx = region.store().begin(ctx).await?;
    tx.lock("tag").await?;
    let gone = Tag::from(find(&mut tx, name).await?);
    let may = ctx.grant::<EditGlobalEntities>()?;
    let nodes = tag::delete(&mut tx, &may, gone.id).await?;
    let details = json!({ "name": gone.name, "definition": gone.definition, "comment": gone.comment,
        "kernel_opts": gone.kernel_opts, "nodes": nodes });
    tx.commit_with_nodes(vec![audit("tag.delete", format!("Deleted tag '{name}'."), &gone).details(details)]).await?;
    announce(region, "delete", gone.id);
    Ok(())
}

/// Evaluates a definition again for all nodes, by a job that begins at once.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn rebuild(region: &Region, ctx: &OpCtx, name: &str) -> Result<()> {
    ctx.grant::<ViewGlobalEntities>()?;
    let mut tx = region.store().begin(ctx).await?;
    tx.lock("tag").await?;
    let mut row = find(&mut tx, name).await?;
    let may = ctx.grant::<EditGlobalEntities>()?;
    row.is_evaluated = i64::from(row.definition.is_empty());
    tag::update(&mut tx, &may, &row).await?;
    Ok(tx.commit(audit("tag.rebuild", format!("Rebuilding tag '{name}'."), &row.into())).await?)
}

async fn find(connection: &mut Connection, name: &str) -> Result<TagRow> {
    tag::find_named(connection, name).await?.ok_or(Error::NotFound { what: "Tag" })
}

/// The row with the change in it, all fields judged at once.
fn changed(before: &TagRow, change: TagChange) -> Result<TagRow> {
    let mut errors = FieldErrors::new();
    let mut note = |field: &str, why: String| _ = errors.insert(field.to_owned(), vec![why]);
    let mut row = before.clone();
    match change.name.as_deref().unwrap_or(&before.name).trim().parse::<TagName>() {
        Ok(name) => row.name = name.to_string(),
        Err(why) => note("name", why.to_string()),
    }
    if let Some(text) = change.definition {
        match definition(&text) {
            Ok(text) => row.definition = text,
            Err(why) => note("definition", why),
        }
    }
    if let Some(text) = change.comment {
        match place::description(&text) {
            Ok(text) => row.comment = text,
            Err(why) => note("comment", why),
        }
    }
    if let Some(text) = change.kernel_opts {
        match kernel_opts(&text) {
            Ok(text) => row.kernel_opts = text,
            Err(why) => note("kernel_opts", why),
        }
    }
    if row.definition.is_empty() {
        row.is_evaluated = 1;
    } else if row.definition != before.definition {
        row.is_evaluated = 0;
    }
    if errors.is_empty() { Ok(row) } else { Err(Error::Invalid(errors)) }
}

fn definition(text: &str) -> Result<String, String> {
    let text = place::description(text)?;
    if !text.is_empty() {
        text.parse::<Expression>().map_err(|why| why.to_string())?;
    }
    Ok(text)
}

/// Words for a kernel's one line.
fn kernel_opts(text: &str) -> Result<String, String> {
    let text = place::description(text)?;
    if text.chars().any(char::is_control) { Err("Control characters are not allowed.".to_owned()) } else { Ok(text) }
}

fn is_seen(ctx: &OpCtx, row: &TagCountRow) -> bool {
    let facts =
        NodeFacts { id: NodeId(0), pool: row.pool_id.map(PoolId), owner: row.owner_id.map(UserId), is_locked: false };
    ctx.grant_node(MachineAction::View, (), &facts).is_ok()
}

fn shown(tag: &Tag) -> [(&'static str, &str); 4] {
    [("name", &tag.name), ("definition", &tag.definition), ("comment", &tag.comment), ("kernel_opts", &tag.kernel_opts)]
}

fn audit(action: &'static str, text: String, tag: &Tag) -> Audit {
    Audit::new(EventType::Tag, action, text).object("tag", tag.id)
}

fn announce(region: &Region, action: &'static str, id: TagId) {
    region.announce("tag", action, json!(id), Audience::Holders(Action::ViewGlobalEntities));
}

fn clash(error: StoreError) -> Error {
    if error.is_unique("tag.name") { taken() } else { error.into() }
}

fn taken() -> Error {
    Error::field("name", "Tag with this Name already exists.")
}

impl From<TagRow> for Tag {
    fn from(row: TagRow) -> Self {
        Self {
            id: TagId(row.tag_id),
            name: row.name,
            definition: row.definition,
            comment: row.comment,
            kernel_opts: row.kernel_opts,
        }
    }
}

#[cfg(test)]
mod tests {
    use maas_authz::Access;

    use super::*;
    use crate::testing::with_region;

    fn text<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    fn named(name: &str) -> TagChange {
        TagChange { name: Some(name.to_owned()), ..TagChange::default() }
    }

    #[tokio::test]
    async fn tags_are_everybodys_to_see_and_administrators_to_change() {
        with_region(async |site| {
            let (region, admin, bob) = (&site.region, &site.ctx("admin").await, &site.ctx("bob").await);
            let new = TagChange { comment: Some(" Has a GPU ".into()), ..named("gpu") };
            let gpu = create(region, admin, new).await.unwrap();
            assert_eq!((gpu.comment.as_str(), gpu.definition.as_str()), ("Has a GPU", ""));
            assert_eq!(site.last_event().await, ("tag.create".into(), "Created tag 'gpu'.".into()));
            for name in ["gpu", "GPU"] {
                assert_eq!(text(create(region, admin, named(name)).await), "name: Tag with this Name already exists.");
            }
            let bad = TagChange {
                definition: Some("//node[".into()),
                kernel_opts: Some("a\nb".into()),
                ..TagChange::default()
            };
            let bad = text(create(region, admin, bad).await);
            assert!(bad.starts_with("definition: Invalid xpath expression: "), "{bad}");
            assert!(
                bad.ends_with("kernel_opts: Control characters are not allowed.; name: This field is required."),
                "{bad}"
            );
            assert_eq!(lookup(region, bob, "gpu").await.unwrap(), gpu);
            assert_eq!(text(lookup(region, bob, "x").await), "No Tag matches the given query.");
            for refused in [
                create(region, bob, named("x")).await.map(|_| ()),
                update(region, bob, "gpu", named("x")).await.map(|_| ()),
                rebuild(region, bob, "gpu").await,
                delete(region, bob, "gpu").await,
                list(region, &site.holding(bob, Access::own_only())).await.map(|_| ()),
            ] {
                assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
            }
            let fast = update(region, admin, "gpu", named("fast")).await.unwrap();
            assert_eq!((fast.id, fast.comment.as_str()), (gpu.id, "Has a GPU"));
            assert_eq!(site.events().await[0].details, r#"{"after":{"name":"fast"},"before":{"name":"gpu"}}"#);
            rebuild(region, admin, "fast").await.unwrap();
            delete(region, admin, "fast").await.unwrap();
            assert!(list(region, bob).await.unwrap().is_empty());
        })
        .await;
    }
}
