use proptest::prelude::*;

use super::{Expression, HardwareTree, XpathError};

fn tree() -> HardwareTree {
    HardwareTree::parse(Some(include_str!("lshw.xml")), Some(include_str!("lldp.xml"))).unwrap()
}

/// Each expression has under it what libxml2 says, the library that MAAS asks: what it is as a boolean and as a text.
#[test]
fn expressions_yield_what_libxml2_says() {
    let tree = tree();
    let mut wrong = Vec::new();
    let mut lines = include_str!("vectors.txt").lines();
    while let (Some(text), Some(expected)) = (lines.next(), lines.next()) {
        let found = match text.parse::<Expression>() {
            Err(_) => "error".to_owned(),
            Ok(expression) => match (expression.matches(&tree, 100_000), expression.text_of(&tree, 100_000)) {
                (Ok(boolean), Ok(text)) => {
                    serde_json::to_string(&(boolean, text.chars().take(60).collect::<String>())).unwrap()
                }
                _ => "too long".to_owned(),
            },
        };
        let parsed = |text: &str| serde_json::from_str::<(bool, String)>(text).ok();
        if parsed(&found) != parsed(expected.trim()) {
            wrong.push(format!("{text}\n   libxml2: {}\n   here:    {found}", expected.trim()));
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

fn error(text: &str) -> String {
    text.parse::<Expression>().unwrap_err().to_string()
}

#[test]
fn refusals_say_what_is_wrong() {
    for (text, why) in [
        ("", "it is empty"),
        ("//node[", "it ends too early"),
        ("//node[@id=\"x\"", "it ends where `]` is expected"),
        ("//node]", "`]` is not expected there"),
        ("//node/clock units", "`units` is not expected there"),
        ("\"open", "a text is not closed: \"open"),
        ("//node#", "`#` has no meaning: #"),
        ("$x", "there are no variables"),
        ("foo()", "there is no function `foo()`"),
        ("not()", "`not()` does not take 0 arguments"),
        ("count(1)", "`count()` takes a set of nodes"),
        ("x:node", "there is no prefix `x:`, but `lshw:` and `lldp:`"),
        ("up::node", "there is no axis `up::`"),
        ("1 | 2", "`|` joins sets of nodes only"),
        ("\"a\"/b", "only a set of nodes can be followed by `[` or `/`"),
    ] {
        assert_eq!(error(text), format!("Invalid xpath expression: {why}"), "{text}");
    }
}

#[test]
fn nothing_runs_away() {
    assert!(error(&"x".repeat(10_001)).contains("longer than"));
    assert!(error(&format!("{}1{}", "(".repeat(1000), ")".repeat(1000))).contains("deep"));
    assert!(error(&format!("{}1{}", "a[".repeat(1000), "]".repeat(1000))).contains("deep"));
    assert!(error(&vec!["a"; 2000].join("+")).contains("operators"));
    assert!(error(&vec!["a"; 2000].join("/")).contains("operators"));
    assert!(format!("{}1", "-".repeat(9000)).parse::<Expression>().is_ok());

    let slow: Expression = "//*[//*[//*[//*[//*[.='x']]]]]".parse().unwrap();
    assert_eq!(slow.matches(&tree(), 50_000), Err(XpathError::TooManySteps));
    let long: Expression = "//*[contains(translate(concat(/,/,/,/,/,/,/,/), 'abcdef', ''), 'x')]".parse().unwrap();
    assert_eq!(long.matches(&tree(), 50_000), Err(XpathError::TooManySteps));
}

#[test]
fn usual_expressions_take_few_steps() {
    for text in ["//node[@id=\"display\"]/vendor", "count(//node[@class=\"processor\"]) > 1"] {
        assert_eq!(text.parse::<Expression>().unwrap().matches(&tree(), 20_000), Ok(true), "{text}");
    }
}

#[test]
fn the_examples_of_the_documentation_can_be_read() {
    let page = include_str!("../../../../docs/tag-definitions.md");
    let examples: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |")).collect();
    assert!(examples.len() > 5);
    for (text, _) in examples {
        assert!(text.parse::<Expression>().unwrap().matches(&tree(), 20_000).is_ok(), "{text}");
    }
}

#[test]
fn facts_may_be_missing_or_broken() {
    let yes = |text: &str, tree: &HardwareTree| text.parse::<Expression>().unwrap().matches(tree, 1000).unwrap();
    let nothing = HardwareTree::parse(None, Some(" \n")).unwrap();
    assert!(!yes("//node", &nothing) && yes("not(//node)", &nothing));
    let lldp = HardwareTree::parse(None, Some("<lldp><interface/></lldp>")).unwrap();
    assert!(yes("//lldp:interface", &lldp) && !yes("//interface", &lldp));
    assert!(yes("/node", &HardwareTree::parse(Some("\n<?xml version='1.0'?><node/>"), None).unwrap()));

    let broken = |text: &str| HardwareTree::parse(Some(text), None).unwrap_err().to_string();
    assert_eq!(broken("<list><node></list>"), "the output of lshw is not well-formed XML");
    assert_eq!(broken("<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>"), "the output of lshw is not well-formed XML");
    for open in ["<a>", "<a b='/>'>", "<a b=\"'/>\">", "<a><!--</a>-->", "<a><![CDATA[</a>]]>", "<a><?x </a>?>"] {
        let deep = format!("{}{}", open.repeat(100_000), "</a>".repeat(100_000));
        assert_eq!(broken(&deep), "the output of lshw is nested more than 200 levels deep");
    }
    let flat = format!("<list>{}</list>", "<node/>".repeat(1000));
    let flat = HardwareTree::parse(Some(&flat), None).unwrap();
    assert_eq!("count(//node) = 1000".parse::<Expression>().unwrap().matches(&flat, 20_000), Ok(true));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(//|/|node|@id|\\[|\\]|\\(|\\)|=|\"x\"|and|or|not|count|\\*|\\.|::|:|lshw|1|-|,| |ü){0,24}") {
        if let Ok(expression) = text.parse::<Expression>() {
            let _ = expression.matches(&tree(), 2000);
        }
    }
}
