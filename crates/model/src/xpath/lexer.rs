/// A word of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `a`, `a-b`; prefixes, axes and functions are put together by the parser.
    Name(String),
    Literal(String),
    Number(f64),
    /// A sign, or `and`, `or`, `div`, `mod` and `*` where they are operators.
    Sign(&'static str),
}

/// Longer expressions are refused.
const LONGEST: usize = 10_000;

/// Longer signs first, so that `//` is not two of `/`.
const SIGNS: [&str; 22] = [
    "::", "//", "..", "!=", "<=", ">=", "(", ")", "[", "]", ".", "@", ",", ":", "/", "|", "+", "-", "=", "<", ">", "$",
];

/// After these, and at the beginning, a name is a name and `*` is any name; after all else they are operators.
const NOT_BEFORE_OPERATORS: [&str; 22] = [
    "@", "::", "(", "[", ",", ":", "and", "or", "mod", "div", "times", "/", "//", "|", "+", "-", "=", "!=", "<", "<=",
    ">", ">=",
];

/// Parts a text into words.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    if text.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} characters"));
    }
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let operator = match tokens.last() {
            None => false,
            Some(Token::Sign(sign)) => !NOT_BEFORE_OPERATORS.contains(sign),
            Some(_) => true,
        };
        let (token, after) = next(rest, first, operator)?;
        tokens.push(token);
        rest = after.trim_start();
    }
    if tokens.is_empty() { Err("it is empty".to_owned()) } else { Ok(tokens) }
}

fn next(rest: &str, first: char, operator: bool) -> Result<(Token, &str), String> {
    let followed_by_digit = rest[first.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
    if first == '"' || first == '\'' {
        let (literal, after) =
            rest[1..].split_once(first).ok_or_else(|| format!("a text is not closed: {}", shown(rest)))?;
        return Ok((Token::Literal(literal.to_owned()), after));
    }
    if first.is_ascii_digit() || (first == '.' && followed_by_digit) {
        return number(rest);
    }
    if first == '*' {
        return Ok((if operator { Token::Sign("times") } else { Token::Name("*".to_owned()) }, &rest[1..]));
    }
    if first.is_alphabetic() || first == '_' {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let sign = ["and", "or", "mod", "div"].into_iter().find(|word| operator && *word == name);
        return Ok((sign.map_or_else(|| Token::Name(name.to_owned()), Token::Sign), after));
    }
    let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
    let sign = sign.ok_or_else(|| format!("`{first}` has no meaning: {}", shown(rest)))?;
    Ok((Token::Sign(sign), &rest[sign.len()..]))
}

fn number(rest: &str) -> Result<(Token, &str), String> {
    let whole = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let end = match rest[whole..].strip_prefix('.') {
        Some(fraction) => whole + 1 + fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len()),
        None => whole,
    };
    let (number, after) = rest.split_at(end);
    let number = number.parse().map_err(|_| format!("this is no number: {}", shown(rest)))?;
    Ok((Token::Number(number), after))
}

fn shown(rest: &str) -> String {
    rest.chars().take(30).collect()
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => write!(f, "`{name}`"),
            Self::Literal(text) => write!(f, "\"{text}\""),
            Self::Number(number) => write!(f, "`{number}`"),
            Self::Sign("times") => f.write_str("`*`"),
            Self::Sign(sign) => write!(f, "`{sign}`"),
        }
    }
}
