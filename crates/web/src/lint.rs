//! Looks at the markup of every page: what must hold of all of them is checked here once.

use std::collections::{BTreeMap, BTreeSet};

use crate::{assets, routes, samples};

/// A tag with its attributes.
#[derive(Debug)]
struct Tag {
    name: String,
    attributes: BTreeMap<String, String>,
    is_end: bool,
}

/// The tags of a document. Enough for markup that we write ourselves: attributes in double quotes, text escaped.
fn tags(html: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let end = rest.find('>').expect("every tag ends");
        let (inside, after) = rest.split_at(end);
        rest = &after[1..];
        if inside.starts_with('!') {
            continue;
        }
        let is_end = inside.starts_with('/');
        let inside = inside.trim_start_matches('/').trim_end_matches('/').trim();
        let (name, mut text) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
        let mut attributes = BTreeMap::new();
        while !text.trim().is_empty() {
            text = text.trim_start();
            let stop = text.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(text.len());
            let key = text[..stop].to_owned();
            text = &text[stop..];
            let value = match text.strip_prefix("=\"") {
                Some(quoted) => {
                    let (value, more) = quoted.split_once('"').expect("every quote ends");
                    text = more;
                    value
                }
                None => "",
            };
            assert!(attributes.insert(key.clone(), value.to_owned()).is_none(), "{key} twice in <{inside}>");
        }
        found.push(Tag { name: name.to_owned(), attributes, is_end });
    }
    found
}

impl Tag {
    fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

const VOID: [&str; 9] = ["meta", "link", "input", "img", "br", "hr", "use", "rect", "circle"];

fn check(page: &str, html: &str) {
    let tags = tags(html);
    let ids: Vec<&str> = tags.iter().map(|tag| tag.get("id")).filter(|id| !id.is_empty()).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{page}: an id stands twice: {ids:?}");
    let labelled: BTreeSet<&str> = tags.iter().map(|tag| tag.get("for")).collect();
    let mut open: Vec<&str> = Vec::new();
    let mut form: Option<(&Tag, bool)> = None;
    for tag in &tags {
        let name = tag.name.as_str();
        if tag.is_end {
            assert_eq!(open.pop(), Some(name), "{page}: </{name}> closes something else");
            if name == "form" {
                let (form, has_token) = form.take().unwrap();
                let needs = form.get("method") == "post" && form.get("action") != "/MAAS/r/login";
                assert!(has_token || !needs, "{page}: the form to {} has no token", form.get("action"));
            }
            continue;
        }
        if !VOID.contains(&name) {
            open.push(name);
        }
        for (key, value) in &tag.attributes {
            assert!(key != "style" && !key.starts_with("on"), "{page}: {key} in <{name}>");
            for id in value.split_whitespace().filter(|_| key.starts_with("aria-") && key.ends_with("by")) {
                assert!(unique.contains(id), "{page}: {key} names {id}, which is not there");
            }
        }
        match name {
            "style" => panic!("{page}: inline style"),
            "script" | "img" => {
                assert!(tag.get("src").starts_with(assets::base()), "{page}: {tag:?}");
                assert!(name == "script" || tag.attributes.contains_key("alt"), "{page}: {tag:?}");
            }
            "link" | "use" => assert!(tag.get("href").starts_with(assets::base()), "{page}: {tag:?}"),
            "a" => is_known(page, "GET", tag.get("href")),
            "form" => {
                assert!(form.is_none(), "{page}: a form in a form");
                is_known(page, &tag.get("method").to_uppercase(), tag.get("action"));
                form = Some((tag, false));
            }
            "input" if tag.get("type") == "hidden" => {
                if let (Some(form), "csrfmiddlewaretoken") = (form.as_mut(), tag.get("name")) {
                    form.1 = !tag.get("value").is_empty();
                }
            }
            "input" | "select" | "textarea" => {
                let has_label = labelled.contains(tag.get("id")) || !tag.get("aria-label").is_empty();
                assert!(has_label, "{page}: {tag:?} has no label");
                assert!(tag.get("type") != "password" || tag.get("value").is_empty(), "{page}: {tag:?}");
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "{page}: {open:?} never closed");
    assert_eq!(tags.iter().filter(|tag| tag.name == "h1" && !tag.is_end).count(), 1, "{page}: headings");
    assert!(!html.contains("<title> |"), "{page}: no title");
    let primary = html.matches("button primary").count();
    assert!(primary <= 2, "{page}: {primary} primary actions");
}

/// Links and forms go where there is a page.
fn is_known(page: &str, method: &str, target: &str) {
    let path = target.split(['?', '#']).next().unwrap();
    let is_elsewhere =
        path.is_empty() || path == "/MAAS/api/docs/" || target.starts_with("https://maas.example.com:5443/");
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |pattern: &str| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        pattern.len() == parts.len() && pattern.iter().zip(&parts).all(|(a, b)| a.starts_with('{') || a == b)
    };
    let is_page = routes::pages().iter().any(|row| row.method == method && fits(row.path));
    assert!(is_elsewhere || is_page || target == "/x", "{page}: {method} {target} leads nowhere");
}

#[test]
fn every_page_is_sound() {
    for (name, html) in samples::gallery() {
        check(&name, &html);
    }
}

#[test]
fn gallery() {
    let Ok(dir) = std::env::var("MAAS_WEB_GALLERY") else { return };
    let place = std::path::Path::new(&dir).join(assets::base().trim_start_matches('/'));
    std::fs::create_dir_all(&place).unwrap();
    for file in &assets::FILES {
        std::fs::write(place.join(file.name), file.body).unwrap();
    }
    for (name, html) in samples::gallery() {
        std::fs::write(std::path::Path::new(&dir).join(format!("{name}.html")), html).unwrap();
    }
}

/// The colours of one block of tokens.
fn colours(css: &str) -> BTreeMap<&str, f64> {
    let pairs = css.lines().filter_map(|line| line.trim().strip_prefix("--")?.strip_suffix(';')?.split_once(": #"));
    pairs.map(|(name, hex)| (name, luminance(hex))).collect()
}

/// Relative luminance (WCAG 2.2).
fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

#[test]
fn colours_have_the_contrast_of_wcag_aa_in_light_and_dark() {
    let css = assets::FILES.iter().find(|file| file.name == "style.css").unwrap().body;
    let tokens = css.split("@layer tokens").nth(1).unwrap().split("@layer base").next().unwrap();
    let (light, dark) = tokens.split_once("@media").unwrap();
    let light = colours(light);
    let mut night = light.clone();
    night.extend(colours(dark));
    let text = [
        ("ink", "bg"),
        ("ink", "surface"),
        ("ink", "sunken"),
        ("muted", "bg"),
        ("muted", "surface"),
        ("muted", "sunken"),
        ("accent", "bg"),
        ("accent", "surface"),
        ("accent-hover", "surface"),
        ("on-accent", "accent"),
        ("on-accent", "accent-hover"),
        ("on-bad", "bad"),
        ("on-bad", "bad-hover"),
        ("good", "good-bg"),
        ("warning", "warning-bg"),
        ("bad", "bad-bg"),
        ("bad", "surface"),
        ("info", "info-bg"),
        ("ink", "good-bg"),
        ("ink", "warning-bg"),
        ("ink", "bad-bg"),
        ("ink", "info-bg"),
        ("accent", "info-bg"),
        ("side-ink", "side"),
        ("side-muted", "side"),
        ("side-ink", "side-hover"),
        ("side-on-current", "side-current"),
        ("accent", "sunken"),
    ];
    let shapes =
        [("edge", "surface"), ("edge", "bg"), ("accent", "surface"), ("good", "surface"), ("warning", "surface")];
    for (mode, set) in [("light", &light), ("dark", &night)] {
        let ratio = |a: &str, b: &str| {
            let (a, b) = (set[a], set[b]);
            (a.max(b) + 0.05) / (a.min(b) + 0.05)
        };
        for (ink, ground) in text {
            assert!(ratio(ink, ground) >= 4.5, "{mode}: {ink} on {ground} is {:.2}", ratio(ink, ground));
        }
        for (shape, ground) in shapes {
            assert!(ratio(shape, ground) >= 3.0, "{mode}: {shape} on {ground} is {:.2}", ratio(shape, ground));
        }
    }
}
