use super::tree::HardwareTree;

/// What an expression yields.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// In document order, each once.
    Nodes(Vec<usize>),
    Boolean(bool),
    Number(f64),
    Text(String),
}

impl Value {
    pub(super) fn to_boolean(&self) -> bool {
        match self {
            Self::Nodes(nodes) => !nodes.is_empty(),
            Self::Boolean(boolean) => *boolean,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
        }
    }

    pub(super) fn to_number(&self, tree: &HardwareTree) -> f64 {
        match self {
            Self::Boolean(boolean) => f64::from(u8::from(*boolean)),
            Self::Number(number) => *number,
            Self::Text(text) => number_of(text),
            Self::Nodes(_) => number_of(&self.to_text(tree)),
        }
    }

    pub(super) fn to_text(&self, tree: &HardwareTree) -> String {
        match self {
            Self::Nodes(nodes) => nodes.first().map_or_else(String::new, |node| tree.text(*node)),
            Self::Boolean(boolean) => boolean.to_string(),
            Self::Number(number) => text_of(*number),
            Self::Text(text) => text.clone(),
        }
    }
}

/// By the rules of `number()`: blanks around, one minus, digits with at most one dot; anything else is not a number.
pub(super) fn number_of(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let fits = digits.chars().all(|c| c.is_ascii_digit() || c == '.') && digits.contains(|c: char| c.is_ascii_digit());
    if fits { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// What XML takes for blank.
pub(super) const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn text_of(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if number == 0.0 {
        "0".to_owned()
    } else {
        number.to_string()
    }
}
