//! XPath 1.0, section 3.4: a set of nodes compares as "there is one in it that does".

use super::{
    evaluate::{Evaluation, OutOfSteps},
    expr::Comparison,
    value::{Value, number_of},
};

/// Whether the comparison holds.
pub(super) fn compare(
    evaluation: &Evaluation<'_>,
    comparison: Comparison,
    left: &Value,
    right: &Value,
) -> Result<bool, OutOfSteps> {
    let tree = evaluation.tree;
    match (left, right) {
        (Value::Nodes(left), Value::Nodes(right)) => {
            let right: Vec<_> = right.iter().map(|node| evaluation.text(*node)).collect::<Result<_, _>>()?;
            for node in left {
                let left = evaluation.text(*node)?;
                evaluation.step_by(right.len())?;
                if right.iter().any(|right| texts(comparison, &left, right)) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (nodes @ Value::Nodes(_), Value::Boolean(boolean)) => Ok(booleans(comparison, nodes.to_boolean(), *boolean)),
        (Value::Boolean(boolean), nodes @ Value::Nodes(_)) => Ok(booleans(comparison, *boolean, nodes.to_boolean())),
        (Value::Nodes(nodes), other) => any(evaluation, nodes, |text| match other {
            Value::Number(number) => numbers(comparison, number_of(text), *number),
            other => texts(comparison, text, &other.to_text(tree)),
        }),
        (other, Value::Nodes(nodes)) => any(evaluation, nodes, |text| match other {
            Value::Number(number) => numbers(comparison, *number, number_of(text)),
            other => texts(comparison, &other.to_text(tree), text),
        }),
        _ => Ok(match comparison {
            Comparison::Equal | Comparison::Unequal => equality(evaluation, comparison, left, right),
            _ => numbers(comparison, left.to_number(tree), right.to_number(tree)),
        }),
    }
}

fn any(evaluation: &Evaluation<'_>, nodes: &[usize], holds: impl Fn(&str) -> bool) -> Result<bool, OutOfSteps> {
    for node in nodes {
        if holds(&evaluation.text(*node)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Neither is a set of nodes: as booleans if one is, else as numbers if one is, else as texts.
fn equality(evaluation: &Evaluation<'_>, comparison: Comparison, left: &Value, right: &Value) -> bool {
    let tree = evaluation.tree;
    match (left, right) {
        (Value::Boolean(_), _) | (_, Value::Boolean(_)) => booleans(comparison, left.to_boolean(), right.to_boolean()),
        (Value::Number(_), _) | (_, Value::Number(_)) => {
            numbers(comparison, left.to_number(tree), right.to_number(tree))
        }
        _ => texts(comparison, &left.to_text(tree), &right.to_text(tree)),
    }
}

fn booleans(comparison: Comparison, left: bool, right: bool) -> bool {
    numbers(comparison, f64::from(u8::from(left)), f64::from(u8::from(right)))
}

/// Texts are equal or not; less and greater they are only as numbers.
fn texts(comparison: Comparison, left: &str, right: &str) -> bool {
    match comparison {
        Comparison::Equal => left == right,
        Comparison::Unequal => left != right,
        _ => numbers(comparison, number_of(left), number_of(right)),
    }
}

#[expect(clippy::float_cmp, reason = "that is what `=` means in XPath")]
fn numbers(comparison: Comparison, left: f64, right: f64) -> bool {
    match comparison {
        Comparison::Equal => left == right,
        Comparison::Unequal => left != right,
        Comparison::Less => left < right,
        Comparison::LessOrEqual => left <= right,
        Comparison::Greater => left > right,
        Comparison::GreaterOrEqual => left >= right,
    }
}
