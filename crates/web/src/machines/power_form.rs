//! The power driver of a machine as fields of a form: what the driver wants to know, secret values only to be written.

use maas_model::Secret;
use maas_power::{
    Driver,
    schema::{self, FieldType},
};
use maas_region::machines::{PowerChange, ShownPower};

use crate::{
    form::{Choice, Field, FormErrors, FormView, Kind},
    input::Input,
};

/// The driver that a form shows: the one sent, else the one stored, else none.
pub(crate) fn chosen(sent: &Input, stored: &str) -> Option<Driver> {
    sent.given("power_type").unwrap_or(stored).parse().ok()
}

/// Adds the driver and its parameters; `known` is what is stored of this driver’s.
pub(crate) fn fields(form: FormView, driver: Option<Driver>, sent: &Input, known: Option<&ShownPower>) -> FormView {
    let mut drivers = vec![Choice::new("", "None")];
    let usable = Driver::ALL.into_iter().filter(|one| one.is_supported() || Some(*one) == driver);
    drivers.extend(usable.map(|one| Choice::new(one.as_str(), one.schema().description)));
    let value = driver.map_or("", Driver::as_str);
    let mut choice = Field::select("power_type", "Power type", drivers, value);
    choice.resends = true;
    if let Some(missing) = driver.map(Driver::missing_packages).filter(|missing| !missing.is_empty()) {
        choice.help = format!("To be installed on the region's host first: {}.", missing.join(", "));
    }
    let form = form.field(choice);
    let Some(driver) = driver else { return form };
    driver.schema().fields.iter().fold(form, |form, field| form.field(parameter(field, sent, known)))
}

fn parameter(field: &'static schema::Field, sent: &Input, known: Option<&ShownPower>) -> Field {
    let stored = known.and_then(|known| known.plain.get(field.name)).map_or(field.default, String::as_str);
    let value = if sent.has(field.name) { sent.text(field.name) } else { stored };
    let choices = || field.choices.iter().map(|(value, label)| Choice::new(*value, *label)).collect();
    let mut made = match field.field_type {
        _ if field.secret => {
            let made = Field::password(field.name, field.label, "new-password");
            let is_stored = known.is_some_and(|known| known.secrets.contains(field.name));
            let help = match is_stored {
                true => STORED,
                false if known.is_some() => "Is not set.",
                false => "",
            };
            Field { is_required: field.required && !is_stored, ..made.help(help) }
        }
        FieldType::Choice => Field::select(field.name, field.label, choices(), value),
        FieldType::MultipleChoice => {
            let words = field.choices.iter().map(|(value, _)| *value).filter(|value| !value.is_empty());
            let help = format!("Any of, by commas: {}.", words.collect::<Vec<_>>().join(", "));
            Field::text(field.name, field.label, value).help(help)
        }
        _ => Field { is_required: field.required, ..Field::text(field.name, field.label, value) },
    };
    if matches!(made.kind, Kind::Text) && field.name.contains("cert") {
        made.kind = Kind::Area { rows: 3 };
    }
    made
}

/// The driver and parameters that a form sent. Secret ones that were left empty are not named, so that they stay.
pub(crate) fn read(sent: &Input) -> PowerChange {
    let power_type = sent.text("power_type").to_owned();
    let fields = power_type.parse::<Driver>().map_or(&[][..], |driver| driver.schema().fields);
    let named = fields.iter().filter(|field| !field.secret || sent.given(field.name).is_some());
    let value = |field: &schema::Field| match field.secret {
        true => sent.secret(field.name),
        false => Secret::new(sent.text(field.name).to_owned()),
    };
    PowerChange {
        parameters: named.map(|field| (field.name.to_owned(), value(field))).collect(),
        power_type: Some(power_type),
        skip_check: false,
    }
}

const STORED: &str = "Is set. What you type replaces it; empty keeps it, unless the address or what is trusted there \
                      changes: then it is forgotten, so type it again.";

/// Messages about parameters, each beside its field: they begin with the label.
pub(crate) fn beside(mut errors: FormErrors, driver: Option<Driver>) -> FormErrors {
    let Some(driver) = driver else { return errors };
    for text in errors.0.remove("power_parameters").unwrap_or_default() {
        let of = driver.schema().fields.iter().find_map(|field| {
            text.strip_prefix(field.label)?.strip_prefix(": ").map(|rest| (field.name, rest.to_owned()))
        });
        let (name, text) = of.unwrap_or(("__all__", text));
        errors.0.entry(name.to_owned()).or_default().push(text);
    }
    errors
}

#[cfg(test)]
mod tests {
    use maas_power::Driver;
    use maas_region::machines::ShownPower;

    use super::{beside, chosen, fields, read};
    use crate::{
        form::{FormErrors, FormView},
        input::Input,
    };

    #[test]
    fn secrets_are_written_and_never_shown() {
        let sent = Input::from_urlencoded(b"power_type=ipmi&power_address=192.0.2.4&power_pass=hunter2");
        let form = FormView::new("power", "t", "/x", "Save");
        let known = ShownPower { secrets: ["power_pass".to_owned()].into(), ..ShownPower::default() };
        let html = fields(form, chosen(&sent, ""), &sent, Some(&known)).to_string();
        assert!(html.contains("192.0.2.4") && !html.contains("hunter2"), "{html}");
        assert_eq!([html.matches("Is set.").count(), html.matches("Is not set.").count()], [1, 1], "{html}");
        let change = read(&sent);
        assert_eq!(change.parameters["power_pass"].expose(), "hunter2");
        assert!(!change.parameters.contains_key("k_g"), "an empty secret stays as it is stored");
        assert_eq!(change.parameters["power_user"].expose(), "");
    }

    #[test]
    fn problems_stand_beside_their_field() {
        let errors = FormErrors::field("power_parameters", "IP address: This field is required.");
        let errors = beside(errors, Some(Driver::Ipmi));
        assert_eq!(errors.0["power_address"], ["This field is required."]);
    }
}
