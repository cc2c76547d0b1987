//! The functions of XPath 1.0, section 4.

use super::{
    evaluate::{Context, Evaluation, OutOfSteps, full_name},
    expr::Expr,
    value::{Value, is_space, number_of},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Last,
    Position,
    Count,
    LocalName,
    NamespaceUri,
    Name,
    String,
    Concat,
    StartsWith,
    Contains,
    SubstringBefore,
    SubstringAfter,
    Substring,
    StringLength,
    NormalizeSpace,
    Translate,
    Boolean,
    Not,
    True,
    False,
    Number,
    Sum,
    Floor,
    Ceiling,
    Round,
}

use Function as F;

/// Name, function, fewest and most arguments, whether the first has to be a set of nodes.
const FUNCTIONS: [(&str, Function, usize, usize, bool); 25] = [
    ("last", F::Last, 0, 0, false),
    ("position", F::Position, 0, 0, false),
    ("count", F::Count, 1, 1, true),
    ("local-name", F::LocalName, 0, 1, true),
    ("namespace-uri", F::NamespaceUri, 0, 1, true),
    ("name", F::Name, 0, 1, true),
    ("string", F::String, 0, 1, false),
    ("concat", F::Concat, 2, 100, false),
    ("starts-with", F::StartsWith, 2, 2, false),
    ("contains", F::Contains, 2, 2, false),
    ("substring-before", F::SubstringBefore, 2, 2, false),
    ("substring-after", F::SubstringAfter, 2, 2, false),
    ("substring", F::Substring, 2, 3, false),
    ("string-length", F::StringLength, 0, 1, false),
    ("normalize-space", F::NormalizeSpace, 0, 1, false),
    ("translate", F::Translate, 3, 3, false),
    ("boolean", F::Boolean, 1, 1, false),
    ("not", F::Not, 1, 1, false),
    ("true", F::True, 0, 0, false),
    ("false", F::False, 0, 0, false),
    ("number", F::Number, 0, 1, false),
    ("sum", F::Sum, 1, 1, true),
    ("floor", F::Floor, 1, 1, false),
    ("ceiling", F::Ceiling, 1, 1, false),
    ("round", F::Round, 1, 1, false),
];

impl Function {
    /// By its name in expressions.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        FUNCTIONS.iter().find(|row| row.0 == name).map(|row| row.1)
    }

    /// Whether it can be called like that.
    pub(super) fn check(self, name: &str, arguments: &[Expr]) -> Result<(), String> {
        let row = FUNCTIONS.iter().find(|row| row.1 == self);
        let (fewest, most, nodes) = row.map_or((0, 0, false), |row| (row.2, row.3, row.4));
        if !(fewest..=most).contains(&arguments.len()) {
            return Err(format!("`{name}()` does not take {} arguments", arguments.len()));
        }
        if nodes && arguments.first().is_some_and(|argument| !argument.is_nodes()) {
            return Err(format!("`{name}()` takes a set of nodes"));
        }
        Ok(())
    }
}

/// What a call yields.
pub(super) fn call(
    evaluation: &Evaluation<'_>,
    function: Function,
    arguments: &[Expr],
    at: Context,
) -> Result<Value, OutOfSteps> {
    let string = |i: usize| evaluation.string(&arguments[i], at);
    let number = |i: usize| evaluation.number(&arguments[i], at);
    let string_or_here = || if arguments.is_empty() { evaluation.text(at.node) } else { string(0) };
    Ok(match function {
        F::Last => whole(at.size),
        F::Position => whole(at.position),
        F::Count => whole(evaluation.nodes(&arguments[0], at)?.len()),
        F::LocalName | F::NamespaceUri | F::Name => Value::Text(name(evaluation, function, arguments, at)?),
        F::String => Value::Text(string_or_here()?),
        F::Concat => Value::Text((0..arguments.len()).map(string).collect::<Result<_, _>>()?),
        F::StartsWith => Value::Boolean(string(0)?.starts_with(&string(1)?)),
        F::Contains => Value::Boolean(string(0)?.contains(&string(1)?)),
        F::SubstringBefore => Value::Text(string(0)?.split_once(&string(1)?).map_or("", |parts| parts.0).to_owned()),
        F::SubstringAfter => Value::Text(string(0)?.split_once(&string(1)?).map_or("", |parts| parts.1).to_owned()),
        F::Substring => {
            let length = if arguments.len() > 2 { number(2)? } else { f64::INFINITY };
            Value::Text(substring(&string(0)?, number(1)?, length))
        }
        F::StringLength => whole(string_or_here()?.chars().count()),
        F::NormalizeSpace => Value::Text(normalize_space(&string_or_here()?)),
        F::Translate => {
            let (text, from, to) = (string(0)?, string(1)?, string(2)?);
            evaluation.step_by(text.len().saturating_mul(from.len()) / 32)?;
            Value::Text(translate(&text, &from, &to))
        }
        F::Boolean => Value::Boolean(evaluation.boolean(&arguments[0], at)?),
        F::Not => Value::Boolean(!evaluation.boolean(&arguments[0], at)?),
        F::True => Value::Boolean(true),
        F::False => Value::Boolean(false),
        F::Number if arguments.is_empty() => Value::Number(number_of(&evaluation.text(at.node)?)),
        F::Number => Value::Number(number(0)?),
        F::Sum => {
            let nodes = evaluation.nodes(&arguments[0], at)?;
            let numbers = nodes.into_iter().map(|node| Ok(number_of(&evaluation.text(node)?)));
            Value::Number(numbers.sum::<Result<f64, OutOfSteps>>()?)
        }
        F::Floor => Value::Number(number(0)?.floor()),
        F::Ceiling => Value::Number(number(0)?.ceil()),
        F::Round => Value::Number(round(number(0)?)),
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn whole(number: usize) -> Value {
    Value::Number(number as f64)
}

fn name(
    evaluation: &Evaluation<'_>,
    function: Function,
    arguments: &[Expr],
    at: Context,
) -> Result<String, OutOfSteps> {
    let node = match arguments.first() {
        Some(argument) => evaluation.nodes(argument, at)?.first().copied(),
        None => Some(at.node),
    };
    Ok(node.map_or_else(String::new, |node| match function {
        F::LocalName => evaluation.tree.name(node).to_owned(),
        F::NamespaceUri => evaluation.tree.namespace(node).prefix().to_owned(),
        _ => full_name(evaluation.tree, node),
    }))
}

/// Half goes up, as in `round(-2.5)` = -2.
fn round(number: f64) -> f64 {
    if number.is_finite() { (number + 0.5).floor() } else { number }
}

/// The characters whose position, from 1 on, is at least `start` and less than `start` + `length`, both rounded.
#[expect(clippy::cast_precision_loss, reason = "positions are far below 2^53")]
fn substring(text: &str, start: f64, length: f64) -> String {
    let (start, end) = (round(start), round(start) + round(length));
    let wanted = |i: usize| (i + 1) as f64 >= start && ((i + 1) as f64) < end;
    text.chars().enumerate().filter(|(i, _)| wanted(*i)).map(|(_, c)| c).collect()
}

fn normalize_space(text: &str) -> String {
    let words: Vec<_> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn translate(text: &str, from: &str, to: &str) -> String {
    text.chars()
        .filter_map(|c| match from.chars().position(|other| other == c) {
            Some(i) => to.chars().nth(i),
            None => Some(c),
        })
        .collect()
}
