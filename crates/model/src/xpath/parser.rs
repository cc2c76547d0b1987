use super::{
    axis::Axis,
    expr::{Comparison, Expr, NodeTest, Operation, Path, Start, Step},
    function::Function,
    lexer::Token,
    tree::Namespace,
};

/// Brackets may lie this deep in each other.
const MOST_LEVELS: usize = 40;
/// And so many operators may be in one expression; each is a level when it is evaluated.
const MOST_OPERATORS: usize = 200;

/// Reads a whole expression.
pub(super) fn parse(tokens: &[Token]) -> Result<Expr, String> {
    let mut parser = Parser { tokens, at: 0, level: 0, operators: 0 };
    let expr = parser.expr()?;
    match parser.peek() {
        None => Ok(expr),
        Some(token) => Err(format!("{token} is not expected there")),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    level: usize,
    operators: usize,
}

type Parsed<T> = Result<T, String>;

/// The binary operators, the loosest first.
const LEVELS: [&[&str]; 7] =
    [&["or"], &["and"], &["=", "!="], &["<", "<=", ">", ">="], &["+", "-"], &["times", "div", "mod"], &[]];

impl<'a> Parser<'a> {
    fn expr(&mut self) -> Parsed<Expr> {
        self.level += 1;
        if self.level > MOST_LEVELS {
            return Err(format!("brackets lie more than {MOST_LEVELS} deep in each other"));
        }
        let expr = self.binary(0)?;
        self.level -= 1;
        Ok(expr)
    }

    fn binary(&mut self, level: usize) -> Parsed<Expr> {
        let signs = LEVELS[level];
        if signs.is_empty() {
            return self.negation();
        }
        let mut left = self.binary(level + 1)?;
        while let Some(sign) = self.eat_one_of(signs) {
            self.count_operator()?;
            let right = self.binary(level + 1)?;
            left = join(sign, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed<Expr> {
        let mut negate = false;
        let mut any = false;
        while self.eat("-") {
            negate = !negate;
            any = true;
        }
        let expr = self.union()?;
        Ok(match (any, negate) {
            (false, _) => expr,
            (true, true) => Expr::Negate(Box::new(expr)),
            (true, false) => Expr::Negate(Box::new(Expr::Negate(Box::new(expr)))),
        })
    }

    fn union(&mut self) -> Parsed<Expr> {
        let mut left = self.path()?;
        while self.eat("|") {
            self.count_operator()?;
            let right = self.path()?;
            if !left.is_nodes() || !right.is_nodes() {
                return Err("`|` joins sets of nodes only".to_owned());
            }
            left = Expr::Union(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn path(&mut self) -> Parsed<Expr> {
        let mut path = Path { start: Start::Here, steps: Vec::new() };
        if self.starts_primary() {
            let expr = self.primary()?;
            let predicates = self.predicates()?;
            if predicates.is_empty() && !self.is("/") && !self.is("//") {
                return Ok(expr);
            }
            if !expr.is_nodes() {
                return Err("only a set of nodes can be followed by `[` or `/`".to_owned());
            }
            path.start = Start::Nodes(Box::new(expr), predicates);
        } else if self.eat("/") {
            path.start = Start::Root;
            if !self.starts_step() {
                return Ok(Expr::Path(path));
            }
            path.steps.push(self.step()?);
        } else if self.eat("//") {
            path.start = Start::Root;
            path.steps.extend([anywhere(), self.step()?]);
        } else {
            path.steps.push(self.step()?);
        }
        loop {
            if self.eat("//") {
                path.steps.push(anywhere());
            } else if !self.eat("/") {
                return Ok(Expr::Path(path));
            }
            self.count_operator()?;
            path.steps.push(self.step()?);
        }
    }

    /// A text, a number, a call, or something in brackets.
    fn starts_primary(&self) -> bool {
        match self.peek() {
            Some(Token::Literal(_) | Token::Number(_)) => true,
            Some(Token::Sign(sign)) => matches!(*sign, "(" | "$"),
            Some(Token::Name(name)) => self.is_at(1, "(") && !NODE_TYPES.contains(&name.as_str()),
            None => false,
        }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        match self.next()? {
            Token::Literal(text) => Ok(Expr::Literal(text.clone())),
            Token::Number(number) => Ok(Expr::Number(*number)),
            Token::Sign("(") => {
                let expr = self.expr()?;
                self.expect(")")?;
                Ok(expr)
            }
            Token::Name(name) => self.call(name),
            Token::Sign(_) => Err("there are no variables".to_owned()),
        }
    }

    fn call(&mut self, name: &str) -> Parsed<Expr> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        if !self.eat(")") {
            loop {
                arguments.push(self.expr()?);
                if !self.eat(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        let function = Function::from_name(name).ok_or_else(|| format!("there is no function `{name}()`"))?;
        function.check(name, &arguments)?;
        Ok(Expr::Call(function, arguments))
    }

    fn starts_step(&self) -> bool {
        match self.peek() {
            Some(Token::Name(_)) => true,
            Some(Token::Sign(sign)) => matches!(*sign, "." | ".." | "@"),
            _ => false,
        }
    }

    fn step(&mut self) -> Parsed<Step> {
        if self.eat(".") {
            return Ok(Step { axis: Axis::Itself, test: NodeTest::Any, predicates: Vec::new() });
        }
        if self.eat("..") {
            return Ok(Step { axis: Axis::Parent, test: NodeTest::Any, predicates: Vec::new() });
        }
        let axis = match self.peek() {
            Some(Token::Sign("@")) => {
                self.at += 1;
                Axis::Attribute
            }
            Some(Token::Name(name)) if self.is_at(1, "::") => {
                let axis = Axis::from_name(name).ok_or_else(|| format!("there is no axis `{name}::`"))?;
                self.at += 2;
                axis
            }
            _ => Axis::Child,
        };
        Ok(Step { axis, test: self.node_test()?, predicates: self.predicates()? })
    }

    fn node_test(&mut self) -> Parsed<NodeTest> {
        let name = match self.next()? {
            Token::Name(name) => name.as_str(),
            token => return Err(format!("{token} is not expected there, but a name")),
        };
        if NODE_TYPES.contains(&name) && self.eat("(") {
            if name == "processing-instruction" && matches!(self.peek(), Some(Token::Literal(_))) {
                self.at += 1;
            }
            self.expect(")")?;
            return Ok(match name {
                "node" => NodeTest::Any,
                "text" => NodeTest::Text,
                _ => NodeTest::Never,
            });
        }
        if name != "*" && self.eat(":") {
            let namespace = match name {
                "lshw" => Namespace::Lshw,
                "lldp" => Namespace::Lldp,
                _ => return Err(format!("there is no prefix `{name}:`, but `lshw:` and `lldp:`")),
            };
            return match self.next()? {
                Token::Name(name) if name == "*" => Ok(NodeTest::AnyOf(namespace)),
                Token::Name(name) => Ok(NodeTest::Name(namespace, name.clone())),
                token => Err(format!("{token} is not expected there, but a name")),
            };
        }
        Ok(if name == "*" { NodeTest::AnyName } else { NodeTest::Name(Namespace::None, name.to_owned()) })
    }

    fn predicates(&mut self) -> Parsed<Vec<Expr>> {
        let mut predicates = Vec::new();
        while self.eat("[") {
            predicates.push(self.expr()?);
            self.expect("]")?;
        }
        Ok(predicates)
    }

    fn count_operator(&mut self) -> Parsed<()> {
        self.operators += 1;
        if self.operators > MOST_OPERATORS {
            return Err(format!("it has more than {MOST_OPERATORS} operators and steps"));
        }
        Ok(())
    }

    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn is(&self, sign: &str) -> bool {
        self.is_at(0, sign)
    }

    fn is_at(&self, ahead: usize, sign: &str) -> bool {
        matches!(self.tokens.get(self.at + ahead), Some(Token::Sign(other)) if *other == sign)
    }

    fn eat(&mut self, sign: &str) -> bool {
        let is = self.is(sign);
        self.at += usize::from(is);
        is
    }

    fn eat_one_of(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        signs.iter().copied().find(|sign| self.eat(sign))
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.eat(sign) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(token) => format!("{token} is not expected there, but `{sign}`"),
            None => format!("it ends where `{sign}` is expected"),
        })
    }

    fn next(&mut self) -> Parsed<&'a Token> {
        let token = self.tokens.get(self.at).ok_or("it ends too early")?;
        self.at += 1;
        Ok(token)
    }
}

const NODE_TYPES: [&str; 4] = ["node", "text", "comment", "processing-instruction"];

fn anywhere() -> Step {
    Step { axis: Axis::DescendantOrSelf, test: NodeTest::Any, predicates: Vec::new() }
}

fn join(sign: &str, left: Box<Expr>, right: Box<Expr>) -> Expr {
    match sign {
        "or" => Expr::Or(left, right),
        "and" => Expr::And(left, right),
        "=" => Expr::Compare(Comparison::Equal, left, right),
        "!=" => Expr::Compare(Comparison::Unequal, left, right),
        "<" => Expr::Compare(Comparison::Less, left, right),
        "<=" => Expr::Compare(Comparison::LessOrEqual, left, right),
        ">" => Expr::Compare(Comparison::Greater, left, right),
        ">=" => Expr::Compare(Comparison::GreaterOrEqual, left, right),
        "+" => Expr::Calculate(Operation::Add, left, right),
        "-" => Expr::Calculate(Operation::Subtract, left, right),
        "times" => Expr::Calculate(Operation::Multiply, left, right),
        "div" => Expr::Calculate(Operation::Divide, left, right),
        _ => Expr::Calculate(Operation::Remainder, left, right),
    }
}
