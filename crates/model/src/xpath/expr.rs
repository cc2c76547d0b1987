use super::{axis::Axis, function::Function, tree::Namespace};

/// A node of the syntax tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Or(Box<Self>, Box<Self>),
    And(Box<Self>, Box<Self>),
    Compare(Comparison, Box<Self>, Box<Self>),
    Calculate(Operation, Box<Self>, Box<Self>),
    Negate(Box<Self>),
    Union(Box<Self>, Box<Self>),
    Literal(String),
    Number(f64),
    Call(Function, Vec<Self>),
    Path(Path),
}

impl Expr {
    /// Whether it yields a set of nodes; everything else yields a text, a number or yes and no.
    pub(super) const fn is_nodes(&self) -> bool {
        matches!(self, Self::Path(_) | Self::Union(..))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// `/a/b[1]`, `a//b`, `(a | b)[1]/c`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    pub(super) start: Start,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Start {
    Root,
    Here,
    /// Something in brackets, with its predicates.
    Nodes(Box<Expr>, Vec<Expr>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: NodeTest,
    pub(super) predicates: Vec<Expr>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NodeTest {
    /// `node()`
    Any,
    /// `text()`
    Text,
    /// `comment()` and `processing-instruction()`, which are not kept.
    Never,
    /// `*`
    AnyName,
    /// `lshw:*`
    AnyOf(Namespace),
    /// `name`, `lldp:name`
    Name(Namespace, String),
}
