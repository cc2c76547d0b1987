//! A statement under construction: the text is ours, what others gave joins it as parameters alone.

use std::fmt::Write;

use sqlx::{
    Any, AssertSqlSafe, Encode, FromRow, Type,
    any::{AnyArguments, AnyRow},
    query::{Query, QueryAs},
};

/// A statement and its parameters.
#[derive(Default)]
pub(crate) struct Sql {
    text: String,
    arguments: AnyArguments,
    count: usize,
}

impl Sql {
    /// Begins with a text of ours.
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// Adds a text of ours.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text += text;
        self
    }

    /// Adds a value, as a parameter.
    pub(crate) fn bind<'t, T: Encode<'t, Any> + Type<Any>>(&mut self, value: T) -> &mut Self {
        use sqlx::Arguments;
        self.arguments.add(value).expect("texts and numbers can always be encoded");
        self.count += 1;
        let _ = write!(self.text, "${}", self.count);
        self
    }

    /// Adds a number of ours: an id.
    pub(crate) fn id(&mut self, id: i64) -> &mut Self {
        let _ = write!(self.text, "{id}");
        self
    }

    /// Adds a condition `column in (ids)`; no row fulfils it when there are none.
    pub(crate) fn is_one_of(&mut self, column: &'static str, ids: impl IntoIterator<Item = i64>) -> &mut Self {
        let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
        if ids.is_empty() {
            return self.push("1 = 0");
        }
        let _ = write!(self.text, "{column} in ({})", ids.join(", "));
        self
    }

    /// Adds a condition `column in (texts)`, each a parameter; no row fulfils it when there are none.
    pub(crate) fn is_text_of<'t>(
        &mut self,
        column: &'static str,
        texts: impl IntoIterator<Item = &'t str>,
    ) -> &mut Self {
        let mut is_first = true;
        for text in texts {
            if is_first {
                self.push(column).push(" in (");
            } else {
                self.push(", ");
            }
            is_first = false;
            self.bind(text.to_owned());
        }
        self.push(if is_first { "1 = 0" } else { ")" })
    }

    /// Adds a condition that holds when one of several does; none when there is none. They are halved again and again,
    /// since SQLite refuses expressions that are nested a thousand deep, as a plain chain is.
    pub(crate) fn any<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        let items: Vec<T> = items.into_iter().collect();
        let count = items.len();
        if count == 0 {
            return self.push("1 = 0");
        }
        self.push("(");
        self.halves(count, &mut items.into_iter(), &mut each);
        self.push(")")
    }

    fn halves<T>(&mut self, count: usize, items: &mut impl Iterator<Item = T>, each: &mut impl FnMut(&mut Self, T)) {
        if count < 2 {
            if let Some(item) = items.next() {
                each(self, item);
            }
            return;
        }
        self.push("(");
        self.halves(count / 2, items, each);
        self.push(") or (");
        self.halves(count - count / 2, items, each);
        self.push(")");
    }

    /// The statement.
    pub(crate) fn query(self) -> Query<'static, Any, AnyArguments> {
        sqlx::query_with(AssertSqlSafe(self.text), self.arguments)
    }

    /// The statement, for rows of a kind.
    pub(crate) fn query_as<T: for<'r> FromRow<'r, AnyRow>>(self) -> QueryAs<'static, Any, T, AnyArguments> {
        sqlx::query_as_with(AssertSqlSafe(self.text), self.arguments)
    }

    /// The statement that tells how this one would be carried out.
    #[cfg(test)]
    pub(crate) fn explain(mut self, prefix: &str) -> Query<'static, Any, AnyArguments> {
        self.text.insert_str(0, prefix);
        self.query()
    }
}

/// A `like` pattern (with `escape '!'`) that finds `text`, its own `%` and `_` meaning themselves.
pub(crate) fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| ['%', '_', '!'].contains(&c).then_some('!').into_iter().chain([c])).collect()
}
