use std::ops::Range;

/// Which prefix an element has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    None,
    Lshw,
    Lldp,
    /// Any other, which no expression can name.
    Other,
}

impl Namespace {
    /// The prefix, which is the namespace's name as well.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Lshw => "lshw",
            Self::Lldp => "lldp",
            Self::None | Self::Other => "",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    Element,
    Attribute,
    Text,
}

/// What `lshw` and `lldp` say of one machine, as a tree in which expressions look.
///
/// Nodes lie in document order, an element before its attributes and those before its children, so that a node's place is
/// its order, and what is below it lies between it and its `end`.
#[derive(Clone, Debug)]
pub struct HardwareTree {
    nodes: Vec<Node>,
    /// All names and texts, one after the other.
    text: String,
}

#[derive(Clone, Debug)]
struct Node {
    parent: usize,
    end: usize,
    kind: Kind,
    namespace: Namespace,
    name: Range<usize>,
    value: Range<usize>,
}

/// The facts are not what `lshw -xml` or `lldpctl -f xml` print.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    #[error("the output of {what} is not well-formed XML")]
    Xml {
        what: &'static str,
        #[source]
        source: roxmltree::Error,
    },
    #[error("the output of {what} is nested more than {MOST_LEVELS} levels deep")]
    TooDeep { what: &'static str },
}

/// More elements, attributes and texts are refused.
const MOST_NODES: u32 = 1_000_000;
const MOST_LEVELS: usize = 200;

impl HardwareTree {
    /// Reads the output of `lshw -xml` and of `lldpctl -f xml`, as far as there is any.
    ///
    /// # Errors
    ///
    /// What is not well-formed, too large or too deep. Document type definitions are refused.
    pub fn parse(lshw: Option<&str>, lldp: Option<&str>) -> Result<Self, TreeError> {
        let mut tree = Self { nodes: Vec::new(), text: String::new() };
        tree.open(0, Kind::Root, Namespace::None);
        let lshw = given(lshw).map(|text| read("lshw", text)).transpose()?;
        let lldp = given(lldp).map(|text| read("lldp", text)).transpose()?;
        let top = tree.nodes.len();
        match &lshw {
            Some(document) => tree.add(document.root_element(), 0, Namespace::None),
            // Something has to be the one element at the top.
            None => {
                tree.open(0, Kind::Element, Namespace::None);
                tree.nodes[top].name = tree.keep("list");
            }
        }
        for (document, namespace) in [(&lldp, Namespace::Lldp), (&lshw, Namespace::Lshw)] {
            if let Some(document) = document {
                tree.add(document.root_element(), top, namespace);
            }
        }
        for open in [top, 0] {
            tree.nodes[open].end = tree.nodes.len();
        }
        Ok(tree)
    }

    /// Adds an element with all that is below it.
    fn add(&mut self, element: roxmltree::Node<'_, '_>, parent: usize, namespace: Namespace) {
        // In document order, so that a node's parent is the last one open at that level.
        let mut open = vec![parent];
        let above = element.ancestors().count();
        for node in element.descendants() {
            let level = node.ancestors().count() - above;
            while open.len() > level + 1 {
                let closed = open.pop().expect("longer than one");
                self.nodes[closed].end = self.nodes.len();
            }
            let parent = *open.last().expect("never empty");
            if node.is_element() {
                open.push(self.add_element(node, parent, namespace));
            } else if node.is_text() {
                let place = self.open(parent, Kind::Text, Namespace::None);
                self.nodes[place].value = self.keep(node.text().unwrap_or_default());
            }
        }
        for closed in open.drain(1..) {
            self.nodes[closed].end = self.nodes.len();
        }
    }

    fn add_element(&mut self, node: roxmltree::Node<'_, '_>, parent: usize, namespace: Namespace) -> usize {
        let namespace = if node.tag_name().namespace().is_some() { Namespace::Other } else { namespace };
        let place = self.open(parent, Kind::Element, namespace);
        self.nodes[place].name = self.keep(node.tag_name().name());
        for attribute in node.attributes() {
            let namespace = if attribute.namespace().is_some() { Namespace::Other } else { Namespace::None };
            let at = self.open(place, Kind::Attribute, namespace);
            self.nodes[at].name = self.keep(attribute.name());
            self.nodes[at].value = self.keep(attribute.value());
        }
        place
    }

    fn open(&mut self, parent: usize, kind: Kind, namespace: Namespace) -> usize {
        let place = self.nodes.len();
        self.nodes.push(Node { parent, end: place + 1, kind, namespace, name: 0..0, value: 0..0 });
        place
    }

    fn keep(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }

    pub(super) fn kind(&self, node: usize) -> Kind {
        self.nodes[node].kind
    }

    pub(super) fn namespace(&self, node: usize) -> Namespace {
        self.nodes[node].namespace
    }

    pub(super) fn name(&self, node: usize) -> &str {
        &self.text[self.nodes[node].name.clone()]
    }

    pub(super) fn parent(&self, node: usize) -> Option<usize> {
        (node != 0).then(|| self.nodes[node].parent)
    }

    /// The place after the last node below this one.
    pub(super) fn end(&self, node: usize) -> usize {
        self.nodes[node].end
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// What XPath calls the string-value: for an element, all text below it.
    pub(super) fn text(&self, node: usize) -> String {
        match self.kind(node) {
            Kind::Attribute | Kind::Text => self.text[self.nodes[node].value.clone()].to_owned(),
            Kind::Root | Kind::Element => (node..self.end(node))
                .filter(|below| self.kind(*below) == Kind::Text)
                .map(|below| &self.text[self.nodes[below].value.clone()])
                .collect(),
        }
    }
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

fn read<'a>(what: &'static str, text: &'a str) -> Result<roxmltree::Document<'a>, TreeError> {
    if levels(text) > MOST_LEVELS {
        return Err(TreeError::TooDeep { what });
    }
    let options = roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..Default::default() };
    // lshw is known to print blank lines before the declaration.
    roxmltree::Document::parse_with_options(text.trim_start(), options)
        .map_err(|source| TreeError::Xml { what, source })
}

/// How deep the elements lie in each other; so that nothing that is done with them goes down without end.
fn levels(text: &str) -> usize {
    let (mut level, mut deepest) = (0usize, 0);
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if let Some(end) = NO_TAGS.iter().find(|(start, _)| rest.starts_with(start)).map(|(_, end)| *end) {
            rest = rest.find(end).map_or("", |at| &rest[at..]);
            continue;
        }
        let end = end_of_tag(rest.as_bytes());
        if rest.starts_with("</") {
            level = level.saturating_sub(1);
        } else if !rest[..end].ends_with('/') {
            level += 1;
            deepest = deepest.max(level);
        }
        rest = &rest[end..];
    }
    deepest
}

/// What begins like a tag and is none, and how it ends.
const NO_TAGS: [(&str, &str); 3] = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];

/// Where a tag's `>` is; those inside of quotes are part of a value.
fn end_of_tag(tag: &[u8]) -> usize {
    let mut quote = None;
    let end = tag.iter().position(|&byte| {
        match quote {
            Some(open) if byte == open => quote = None,
            None if byte == b'"' || byte == b'\'' => quote = Some(byte),
            _ => {}
        }
        quote.is_none() && byte == b'>'
    });
    end.unwrap_or(tag.len())
}
