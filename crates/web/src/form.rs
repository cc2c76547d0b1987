//! Forms as data: fields with label, help and errors, drawn by one template, so that every form is whole.

use askama::Template;
use maas_region::{Error, FieldErrors};

use crate::answer::Failure;

/// A form.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/form.html")]
pub(crate) struct FormView {
    /// Unique on its page; the ids of its fields begin with it.
    pub(crate) id: &'static str,
    pub(crate) action: String,
    pub(crate) csrf: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) problems: Vec<ProblemLine>,
    pub(crate) submit: String,
    /// `primary`, `danger` or `quiet`.
    pub(crate) look: &'static str,
    pub(crate) cancel: Option<String>,
    /// A second way to send the form: name, value, label.
    pub(crate) other: Option<(&'static str, &'static str, String)>,
    /// Whether the second way is the one that is suggested.
    pub(crate) is_swapped: bool,
}

/// A line of the summary on top of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProblemLine {
    /// The field to go to, or empty.
    pub(crate) target: String,
    pub(crate) label: String,
    pub(crate) text: String,
}

/// A field.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/field.html")]
pub(crate) struct Field {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) value: String,
    pub(crate) help: String,
    pub(crate) errors: Vec<String>,
    pub(crate) is_required: bool,
    pub(crate) autocomplete: &'static str,
    /// Ask the server how strong this password is, where there is script.
    pub(crate) shows_strength: bool,
    /// What is chosen here decides on the other fields: where there is script, the form is sent to show them.
    pub(crate) resends: bool,
}

/// How a field is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Email,
    /// Text that stands there to be seen, also by password managers.
    Fixed,
    Password,
    Date {
        min: String,
        max: String,
    },
    Number {
        min: i64,
        max: i64,
    },
    Area {
        rows: u8,
    },
    Select(Vec<Choice>),
    Check {
        is_checked: bool,
    },
    /// Several boxes under one name.
    Ticks(Vec<Tick>),
    File {
        accept: &'static str,
    },
    Hidden,
}

/// One of several boxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tick {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) is_checked: bool,
}

/// One choice of a select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
}

impl Choice {
    /// A choice.
    pub(crate) fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

impl askama::filters::HtmlSafe for FormView {}
impl askama::filters::HtmlSafe for Field {}

impl FormView {
    /// A form that posts to `action`.
    pub(crate) fn new(id: &'static str, csrf: &str, action: impl Into<String>, submit: &str) -> Self {
        Self {
            id,
            action: action.into(),
            csrf: csrf.to_owned(),
            fields: Vec::new(),
            problems: Vec::new(),
            submit: submit.to_owned(),
            look: "primary",
            cancel: None,
            other: None,
            is_swapped: false,
        }
    }

    /// Adds a field.
    pub(crate) fn field(mut self, mut field: Field) -> Self {
        field.id = format!("{}-{}", self.id, field.name.replace('_', "-"));
        self.fields.push(field);
        self
    }

    /// Adds a field whose name stands several times in the form; `part` tells its ids apart.
    pub(crate) fn field_as(mut self, part: &str, mut field: Field) -> Self {
        let words: String = part.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        field.id = format!("{}-{}-{}", self.id, field.name.replace('_', "-"), words.to_lowercase());
        self.fields.push(field);
        self
    }

    /// Shows the second button as the main one, and the other way round.
    pub(crate) fn swapped(mut self) -> Self {
        self.is_swapped = true;
        self
    }

    /// Puts each message beside its field and all of them in the summary. Call it after the fields.
    pub(crate) fn errors(mut self, errors: &FormErrors) -> Self {
        for (name, messages) in &errors.0 {
            let field = self.fields.iter_mut().find(|field| field.name == name);
            let (target, label) = match &field {
                Some(field) => (field.id.clone(), field.label.clone()),
                None if name == "__all__" => (String::new(), String::new()),
                None => (String::new(), name.clone()),
            };
            for text in messages {
                self.problems.push(ProblemLine { target: target.clone(), label: label.clone(), text: text.clone() });
            }
            if let Some(field) = field {
                field.errors.extend(messages.iter().cloned());
            }
        }
        self
    }

    /// Where "Cancel" goes.
    pub(crate) fn cancel(mut self, href: impl Into<String>) -> Self {
        self.cancel = Some(href.into());
        self
    }

    /// The button takes something away.
    pub(crate) fn danger(mut self) -> Self {
        self.look = "danger";
        self
    }

    /// The button is not the main thing on its page.
    pub(crate) fn quiet(mut self) -> Self {
        self.look = "quiet";
        self
    }

    /// A second button.
    pub(crate) fn other(mut self, name: &'static str, value: &'static str, label: &str) -> Self {
        self.other = Some((name, value, label.to_owned()));
        self
    }

    fn has_file(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.kind, Kind::File { .. }))
    }
}

impl Field {
    /// A field of `kind`.
    pub(crate) fn new(name: &'static str, label: &str, kind: Kind) -> Self {
        Self {
            id: name.to_owned(),
            name,
            label: label.to_owned(),
            kind,
            value: String::new(),
            help: String::new(),
            errors: Vec::new(),
            is_required: false,
            autocomplete: "off",
            shows_strength: false,
            resends: false,
        }
    }

    /// One line of text.
    pub(crate) fn text(name: &'static str, label: &str, value: &str) -> Self {
        Self { value: value.to_owned(), ..Self::new(name, label, Kind::Text) }
    }

    /// Whose password it is, for people and their password managers.
    pub(crate) fn whose(username: &str) -> Self {
        Self { value: username.to_owned(), autocomplete: "username", ..Self::new("username", "User name", Kind::Fixed) }
    }

    /// A password; never filled in.
    pub(crate) fn password(name: &'static str, label: &str, autocomplete: &'static str) -> Self {
        Self { autocomplete, is_required: true, ..Self::new(name, label, Kind::Password) }
    }

    /// Several lines.
    pub(crate) fn area(name: &'static str, label: &str, rows: u8, value: &str) -> Self {
        Self { value: value.to_owned(), ..Self::new(name, label, Kind::Area { rows }) }
    }

    /// One of several.
    pub(crate) fn select(name: &'static str, label: &str, choices: Vec<Choice>, value: &str) -> Self {
        Self { value: value.to_owned(), ..Self::new(name, label, Kind::Select(choices)) }
    }

    /// A box to tick.
    pub(crate) fn check(name: &'static str, label: &str, is_checked: bool) -> Self {
        Self::new(name, label, Kind::Check { is_checked })
    }

    /// A file to send.
    pub(crate) fn file(name: &'static str, label: &str, accept: &'static str) -> Self {
        Self::new(name, label, Kind::File { accept })
    }

    /// Not shown.
    pub(crate) fn hidden(name: &'static str, value: &str) -> Self {
        Self { value: value.to_owned(), ..Self::new(name, "", Kind::Hidden) }
    }

    /// A line of explanation.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.help = text.into();
        self
    }

    /// Must be filled in.
    pub(crate) fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// What browsers may fill in.
    pub(crate) fn autocomplete(mut self, token: &'static str) -> Self {
        self.autocomplete = token;
        self
    }

    /// Shows how strong the password is.
    pub(crate) fn strength(mut self) -> Self {
        self.shows_strength = true;
        self
    }

    /// The ids that describe the field, for `aria-describedby`.
    fn described_by(&self) -> String {
        let help = (!self.help.is_empty()).then(|| format!("{}-help", self.id));
        let error = (!self.errors.is_empty()).then(|| format!("{}-error", self.id));
        let strength = self.shows_strength.then(|| format!("{}-strength", self.id));
        [error, help, strength].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// Messages by field, to be shown in the form that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FormErrors(pub(crate) FieldErrors);

impl FormErrors {
    /// One message about the form as a whole.
    pub(crate) fn whole(text: impl Into<String>) -> Self {
        Self(FieldErrors::from([("__all__".to_owned(), vec![text.into()])]))
    }

    /// One message beside a field.
    pub(crate) fn field(name: &str, text: impl Into<String>) -> Self {
        Self(FieldErrors::from([(name.to_owned(), vec![text.into()])]))
    }

    /// What the person can mend in the form; the rest is a page of its own.
    ///
    /// # Errors
    /// Everything that no other input would change.
    pub(crate) fn from_error(error: Error) -> Result<Self, Failure> {
        match error {
            Error::Invalid(fields) => Ok(Self(fields)),
            Error::BadRequest(_) | Error::Conflict(_) | Error::Forbidden(_) | Error::Unready(_) => {
                Ok(Self::whole(error.to_string()))
            }
            Error::Throttled { retry_after } => Ok(Self::whole(format!(
                "Too many attempts. Try again in {}.",
                crate::text::count(retry_after.as_secs().max(1), "second")
            ))),
            Error::Unavailable { .. } => Ok(Self::whole(format!("{error}. Try again later."))),
            other => Err(other.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use maas_region::Error;

    use super::{Field, FormErrors, FormView};

    #[test]
    fn errors_stand_beside_the_field_and_on_top() {
        let errors = FormErrors::from_error(Error::field("user_name", "Too long.")).unwrap_or_default();
        let form =
            FormView::new("add", "t", "/x", "Add").field(Field::text("user_name", "Name", "<b>")).errors(&errors);
        let html = form.to_string();
        assert!(html.contains(r##"href="#add-user-name""##), "{html}");
        assert!(html.contains(r#"aria-describedby="add-user-name-error""#), "{html}");
        assert!(html.contains("&#60;b&#62;") && !html.contains("<b>"), "{html}");
    }

    #[test]
    fn passwords_are_never_filled_in() {
        let mut field = Field::password("password", "Password", "new-password");
        field.value = "hunter2".into();
        assert!(!field.to_string().contains("hunter2"));
    }

    #[test]
    fn what_the_form_cannot_mend_is_no_form_error() {
        assert!(FormErrors::from_error(Error::NotFound { what: "User" }).is_err());
        assert!(FormErrors::from_error(Error::Conflict("taken".into())).is_ok());
    }
}
