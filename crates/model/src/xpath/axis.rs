use super::tree::{HardwareTree, Kind};

/// The directions in which a step can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Parent,
    Preceding,
    PrecedingSibling,
    Itself,
}

impl Axis {
    /// By its name in expressions.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "ancestor" => Self::Ancestor,
            "ancestor-or-self" => Self::AncestorOrSelf,
            "attribute" => Self::Attribute,
            "child" => Self::Child,
            "descendant" => Self::Descendant,
            "descendant-or-self" => Self::DescendantOrSelf,
            "following" => Self::Following,
            "following-sibling" => Self::FollowingSibling,
            "parent" => Self::Parent,
            "preceding" => Self::Preceding,
            "preceding-sibling" => Self::PrecedingSibling,
            "self" => Self::Itself,
            _ => return None,
        })
    }

    /// The nodes in this direction, the nearest first. `steps` is called for each node that is looked at.
    pub(super) fn nodes<E>(
        self,
        tree: &HardwareTree,
        node: usize,
        mut step: impl FnMut() -> Result<(), E>,
    ) -> Result<Vec<usize>, E> {
        let mut found = Vec::new();
        let mut take = |node: usize| {
            step()?;
            found.push(node);
            Ok(())
        };
        match self {
            Self::Itself => take(node)?,
            Self::Parent => tree.parent(node).map_or(Ok(()), take)?,
            Self::Ancestor => ancestors(tree, node).try_for_each(take)?,
            Self::AncestorOrSelf => std::iter::once(node).chain(ancestors(tree, node)).try_for_each(take)?,
            Self::Attribute => attributes(tree, node).try_for_each(take)?,
            Self::Child => children(tree, node).try_for_each(take)?,
            Self::Descendant => below(tree, node + 1..tree.end(node)).try_for_each(take)?,
            Self::DescendantOrSelf => {
                take(node)?;
                below(tree, node + 1..tree.end(node)).try_for_each(take)?;
            }
            Self::Following => {
                // What follows an attribute are its element's children and all after them.
                let start = if is_attribute(tree, node) { node + 1 } else { tree.end(node) };
                below(tree, start..tree.len()).try_for_each(take)?;
            }
            Self::Preceding => {
                let owner = if is_attribute(tree, node) { tree.parent(node).unwrap_or(0) } else { node };
                let above: Vec<_> = ancestors(tree, owner).collect();
                below(tree, 0..owner).rev().filter(|node| !above.contains(node)).try_for_each(take)?;
            }
            Self::FollowingSibling => siblings(tree, node).filter(|other| *other > node).try_for_each(take)?,
            Self::PrecedingSibling => {
                let before: Vec<_> = siblings(tree, node).filter(|other| *other < node).collect();
                before.into_iter().rev().try_for_each(take)?;
            }
        }
        Ok(found)
    }
}

fn is_attribute(tree: &HardwareTree, node: usize) -> bool {
    tree.kind(node) == Kind::Attribute
}

fn ancestors(tree: &HardwareTree, node: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(tree.parent(node), |node| tree.parent(*node))
}

fn attributes(tree: &HardwareTree, node: usize) -> impl Iterator<Item = usize> {
    let has = if tree.kind(node) == Kind::Element { node + 1..tree.end(node) } else { 0..0 };
    has.take_while(|next| is_attribute(tree, *next))
}

fn children(tree: &HardwareTree, node: usize) -> impl Iterator<Item = usize> {
    let end = tree.end(node);
    let all = std::iter::successors(Some(node + 1).filter(|next| *next < end), move |next| {
        Some(tree.end(*next)).filter(|next| *next < end)
    });
    all.filter(|next| !is_attribute(tree, *next))
}

fn siblings(tree: &HardwareTree, node: usize) -> impl Iterator<Item = usize> {
    let parent = tree.parent(node).filter(|_| !is_attribute(tree, node));
    parent.into_iter().flat_map(|parent| children(tree, parent))
}

fn below(tree: &HardwareTree, range: std::ops::Range<usize>) -> impl DoubleEndedIterator<Item = usize> {
    range.filter(|node| !is_attribute(tree, *node))
}
