use std::{iter::Peekable, net::IpAddr, str::Chars};

use super::{LONGEST, Search, Term, Value};
use crate::{
    MacAddress,
    filter::{FilterError, FilterKey},
};

/// Reads a whole search.
pub(super) fn parse(text: &str) -> Result<Search, FilterError> {
    if text.len() > LONGEST {
        return Err(FilterError(format!("The search is too long: at most {LONGEST} characters.")));
    }
    let mut chars = text.chars().peekable();
    let mut terms = Vec::new();
    loop {
        skip_spaces(&mut chars);
        if chars.peek().is_none() {
            return Ok(Search { terms });
        }
        terms.extend(parse_term(&mut chars)?);
    }
}

/// Whether a word of its own needs no quotes.
pub(super) fn is_plain_word(text: &str) -> bool {
    is_plain_value(text) && (!text.contains(':') || is_address(text))
}

/// Whether a value needs no quotes.
pub(super) fn is_plain_value(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(['!', '='])
        && !text.contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '"' | '\\'))
}

/// A word of its own, or a key with values.
fn parse_term(chars: &mut Peekable<Chars<'_>>) -> Result<Vec<Term>, FilterError> {
    let negated = chars.next_if_eq(&'!').is_some();
    if chars.peek() == Some(&'"') {
        return Ok(vec![free_text(negated, parse_quoted(chars)?)]);
    }
    let word = take_while(chars, |c| !c.is_whitespace() && !matches!(c, '(' | '"'));
    let Some((key, rest)) = word.split_once(':').filter(|_| !is_address(&word)) else {
        return Ok(vec![free_text(negated, end_of_word(chars, &word)?)]);
    };
    let key = parse_key(key, &word)?;
    if negated {
        return Err(FilterError(format!("Filter `{key}`: put the mark before the value: {key}:(!value).")));
    }
    if rest.is_empty() && chars.peek() == Some(&'(') {
        return parse_list(chars, &key);
    }
    let (rest, negated) = rest.strip_prefix('!').map_or((rest, false), |rest| (rest, true));
    let (rest, exact) = rest.strip_prefix('=').map_or((rest, false), |rest| (rest, true));
    let text = match (rest, chars.peek()) {
        ("", Some('"')) => parse_quoted(chars)?,
        ("", _) => return Err(FilterError(format!("Filter `{key}` has no value: write {key}:(value)."))),
        _ => end_of_word(chars, rest)?,
    };
    Ok(vec![Term { key, negated, values: vec![Value { exact, text }] }])
}

/// The word, if it ends where a word should.
fn end_of_word(chars: &mut Peekable<Chars<'_>>, word: &str) -> Result<String, FilterError> {
    if word.is_empty() || matches!(chars.peek(), Some('(' | '"')) {
        let near = chars.peek().map_or_else(|| word.to_owned(), |c| format!("{word}{c}"));
        return Err(FilterError(format!("`{near}` is not clear: write key:(value), or \"text in quotes\".")));
    }
    Ok(word.to_owned())
}

fn free_text(negated: bool, text: String) -> Term {
    Term { key: FilterKey::FreeText, negated, values: vec![Value { exact: false, text }] }
}

fn parse_key(key: &str, word: &str) -> Result<FilterKey, FilterError> {
    const WORKLOAD: &str = "workload-";
    let (prefix, rest) = key.split_at_checked(WORKLOAD.len()).unwrap_or_default();
    if prefix.eq_ignore_ascii_case(WORKLOAD) && !rest.is_empty() {
        return Ok(FilterKey::Workload(Some(rest.to_owned())));
    }
    key.to_ascii_lowercase().parse().map_err(|error: FilterError| {
        FilterError(format!("{error} To look for text with a colon, put it in quotes: \"{word}\"."))
    })
}

/// `(=a,b,!=c)`, from the bracket on. Mixed marks make two terms, one that wants and one that excludes.
fn parse_list(chars: &mut Peekable<Chars<'_>>, key: &FilterKey) -> Result<Vec<Term>, FilterError> {
    let unclosed = || FilterError(format!("Filter `{key}` has no closing bracket: write {key}:(value)."));
    chars.next();
    let (mut wanted, mut excluded) = (Vec::new(), Vec::new());
    loop {
        skip_spaces(chars);
        let negated = chars.next_if_eq(&'!').is_some();
        let exact = chars.next_if_eq(&'=').is_some();
        let text = if chars.peek() == Some(&'"') {
            parse_quoted(chars)?
        } else {
            take_while(chars, |c| !matches!(c, ',' | ')' | '"')).trim_end().to_owned()
        };
        skip_spaces(chars);
        if text.is_empty() && (negated || exact) {
            return Err(FilterError(format!("Filter `{key}` has a mark without a value: write {key}:(=value).")));
        }
        if !text.is_empty() {
            if negated { &mut excluded } else { &mut wanted }.push(Value { exact, text });
        }
        match chars.next() {
            Some(',') => {}
            Some(')') => break,
            Some(_) => return Err(FilterError(format!("Filter `{key}`: put a comma between two values."))),
            None => return Err(unclosed()),
        }
    }
    if chars.peek().is_some_and(|c| !c.is_whitespace()) {
        return Err(FilterError(format!("Filter `{key}`: put a space after the bracket.")));
    }
    if wanted.is_empty() && excluded.is_empty() {
        return Err(FilterError(format!("Filter `{key}` has no value: write {key}:(value).")));
    }
    let terms = [(false, wanted), (true, excluded)].into_iter().filter(|(_, values)| !values.is_empty());
    Ok(terms.map(|(negated, values)| Term { key: key.clone(), negated, values }).collect())
}

/// A text in quotes, from the first quote on; `\"` and `\\` stand for themselves.
fn parse_quoted(chars: &mut Peekable<Chars<'_>>) -> Result<String, FilterError> {
    let unclosed = || FilterError("A quote is not closed: put \" at both ends.".to_owned());
    chars.next();
    let mut text = String::new();
    loop {
        match chars.next().ok_or_else(unclosed)? {
            '"' => break,
            '\\' => text.push(chars.next().ok_or_else(unclosed)?),
            c => text.push(c),
        }
    }
    if text.is_empty() {
        return Err(FilterError("There is nothing between two quotes.".to_owned()));
    }
    Ok(text)
}

/// Addresses have colons and are no filters.
fn is_address(text: &str) -> bool {
    text.parse::<MacAddress>().is_ok() || text.parse::<IpAddr>().is_ok()
}

fn skip_spaces(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| c.is_whitespace()).is_some() {}
}

fn take_while(chars: &mut Peekable<Chars<'_>>, wanted: impl Fn(char) -> bool) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next_if(|c| wanted(*c)) {
        text.push(c);
    }
    text
}
