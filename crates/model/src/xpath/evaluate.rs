use std::cell::Cell;

use super::{
    axis::Axis,
    compare::compare,
    expr::{Expr, NodeTest, Operation, Path, Start, Step},
    function::call,
    tree::{HardwareTree, Kind, Namespace},
    value::Value,
};

/// The steps that were allowed are used up.
#[derive(Debug)]
pub(super) struct OutOfSteps;

/// What an expression yields for a tree, in at most so many steps.
pub(super) fn evaluate(expr: &Expr, tree: &HardwareTree, steps: u64) -> Result<Value, OutOfSteps> {
    let evaluation = Evaluation { tree, left: Cell::new(steps) };
    // Relative paths start at the one element at the top, as MAAS has it.
    evaluation.value(expr, Context { node: 1, position: 1, size: 1 })
}

/// One evaluation, which counts its steps: a node looked at is one, 32 bytes of text are one.
pub(super) struct Evaluation<'a> {
    pub(super) tree: &'a HardwareTree,
    left: Cell<u64>,
}

/// Where in the tree an expression is evaluated, and which of how many that is.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) node: usize,
    pub(super) position: usize,
    pub(super) size: usize,
}

impl Evaluation<'_> {
    pub(super) fn value(&self, expr: &Expr, at: Context) -> Result<Value, OutOfSteps> {
        self.step_by(1)?;
        Ok(match expr {
            Expr::Or(left, right) => Value::Boolean(self.boolean(left, at)? || self.boolean(right, at)?),
            Expr::And(left, right) => Value::Boolean(self.boolean(left, at)? && self.boolean(right, at)?),
            Expr::Compare(comparison, left, right) => {
                let (left, right) = (self.value(left, at)?, self.value(right, at)?);
                Value::Boolean(compare(self, *comparison, &left, &right)?)
            }
            Expr::Calculate(operation, left, right) => {
                Value::Number(calculate(*operation, self.number(left, at)?, self.number(right, at)?))
            }
            Expr::Negate(expr) => Value::Number(-self.number(expr, at)?),
            Expr::Union(left, right) => {
                let mut nodes = self.nodes(left, at)?;
                nodes.extend(self.nodes(right, at)?);
                Value::Nodes(self.in_order(nodes)?)
            }
            Expr::Literal(text) => Value::Text(text.clone()),
            Expr::Number(number) => Value::Number(*number),
            Expr::Call(function, arguments) => call(self, *function, arguments, at)?,
            Expr::Path(path) => Value::Nodes(self.path(path, at)?),
        })
    }

    pub(super) fn boolean(&self, expr: &Expr, at: Context) -> Result<bool, OutOfSteps> {
        Ok(self.value(expr, at)?.to_boolean())
    }

    pub(super) fn number(&self, expr: &Expr, at: Context) -> Result<f64, OutOfSteps> {
        match self.value(expr, at)? {
            nodes @ Value::Nodes(_) => Ok(Value::Text(self.text_of(nodes)?).to_number(self.tree)),
            value => Ok(value.to_number(self.tree)),
        }
    }

    pub(super) fn string(&self, expr: &Expr, at: Context) -> Result<String, OutOfSteps> {
        let value = self.value(expr, at)?;
        self.text_of(value)
    }

    pub(super) fn nodes(&self, expr: &Expr, at: Context) -> Result<Vec<usize>, OutOfSteps> {
        match self.value(expr, at)? {
            Value::Nodes(nodes) => Ok(nodes),
            // The parser lets nothing else come here.
            _ => Ok(Vec::new()),
        }
    }

    /// The text of a value, paid for.
    pub(super) fn text_of(&self, value: Value) -> Result<String, OutOfSteps> {
        match value {
            Value::Nodes(nodes) => nodes.first().map_or(Ok(String::new()), |node| self.text(*node)),
            value => {
                let text = value.to_text(self.tree);
                self.step_by(text.len() / 32)?;
                Ok(text)
            }
        }
    }

    /// The text of a node, paid for before it is put together.
    pub(super) fn text(&self, node: usize) -> Result<String, OutOfSteps> {
        self.step_by(self.tree.end(node) - node)?;
        let text = self.tree.text(node);
        self.step_by(text.len() / 32)?;
        Ok(text)
    }

    pub(super) fn step_by(&self, steps: usize) -> Result<(), OutOfSteps> {
        let left = self.left.get().checked_sub(steps as u64).ok_or(OutOfSteps)?;
        self.left.set(left);
        Ok(())
    }

    fn path(&self, path: &Path, at: Context) -> Result<Vec<usize>, OutOfSteps> {
        let mut nodes = match &path.start {
            Start::Root => vec![0],
            Start::Here => vec![at.node],
            Start::Nodes(expr, predicates) => {
                let mut nodes = self.nodes(expr, at)?;
                for predicate in predicates {
                    nodes = self.filtered(nodes, predicate)?;
                }
                nodes
            }
        };
        for step in &path.steps {
            let mut next = Vec::new();
            for node in nodes {
                next.extend(self.step(step, node)?);
            }
            nodes = self.in_order(next)?;
        }
        Ok(nodes)
    }

    fn step(&self, step: &Step, node: usize) -> Result<Vec<usize>, OutOfSteps> {
        let mut nodes = step.axis.nodes(self.tree, node, || self.step_by(1))?;
        nodes.retain(|node| self.passes(step.axis, &step.test, *node));
        for predicate in &step.predicates {
            nodes = self.filtered(nodes, predicate)?;
        }
        Ok(nodes)
    }

    fn passes(&self, axis: Axis, test: &NodeTest, node: usize) -> bool {
        let tree = self.tree;
        let principal = if axis == Axis::Attribute { Kind::Attribute } else { Kind::Element };
        match test {
            NodeTest::Any => true,
            NodeTest::Text => tree.kind(node) == Kind::Text,
            NodeTest::Never => false,
            NodeTest::AnyName => tree.kind(node) == principal,
            NodeTest::AnyOf(namespace) => tree.kind(node) == principal && tree.namespace(node) == *namespace,
            NodeTest::Name(namespace, name) => {
                tree.kind(node) == principal && tree.namespace(node) == *namespace && tree.name(node) == name
            }
        }
    }

    /// Those for which the predicate holds; a number holds for the node at that position.
    fn filtered(&self, nodes: Vec<usize>, predicate: &Expr) -> Result<Vec<usize>, OutOfSteps> {
        let size = nodes.len();
        let mut kept = Vec::new();
        for (i, node) in nodes.into_iter().enumerate() {
            let at = Context { node, position: i + 1, size };
            let keep = match self.value(predicate, at)? {
                Value::Number(number) => is_position(number, i + 1),
                value => value.to_boolean(),
            };
            if keep {
                kept.push(node);
            }
        }
        Ok(kept)
    }

    fn in_order(&self, mut nodes: Vec<usize>) -> Result<Vec<usize>, OutOfSteps> {
        self.step_by(nodes.len())?;
        nodes.sort_unstable();
        nodes.dedup();
        Ok(nodes)
    }
}

#[expect(clippy::float_cmp, clippy::cast_precision_loss, reason = "positions are small whole numbers")]
fn is_position(number: f64, position: usize) -> bool {
    number == position as f64
}

fn calculate(operation: Operation, left: f64, right: f64) -> f64 {
    match operation {
        Operation::Add => left + right,
        Operation::Subtract => left - right,
        Operation::Multiply => left * right,
        Operation::Divide => left / right,
        Operation::Remainder => left % right,
    }
}

/// The name by which an expression has to call a node.
pub(super) fn full_name(tree: &HardwareTree, node: usize) -> String {
    match tree.namespace(node) {
        Namespace::None | Namespace::Other => tree.name(node).to_owned(),
        namespace => format!("{}:{}", namespace.prefix(), tree.name(node)),
    }
}
