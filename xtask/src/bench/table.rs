//! The one table that comes out.

use std::fmt;

/// What a number should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    None,
    AtMost(f64),
    AtLeast(f64),
    RatioAtLeast(f64),
}

/// Rows, and whether every goal was met.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<[String; 6]>,
    missed: usize,
}

impl Table {
    /// A number of ours that nginx has nothing beside.
    pub(crate) fn alone(&mut self, title: &str, ours: f64, unit: &str, goal: Goal) {
        self.row(title, ours, None, unit, goal);
    }

    /// A rate beside nginx's.
    pub(crate) fn beside(&mut self, title: &str, ours: f64, theirs: f64, goal: Goal) {
        self.row(title, ours, Some(theirs), "/s", goal);
    }

    /// How fast bytes come, beside nginx's.
    pub(crate) fn faster(&mut self, title: &str, ours: f64, theirs: f64, unit: &str, goal: Goal) {
        self.row(title, ours, Some(theirs), unit, goal);
    }

    /// A time beside nginx's.
    pub(crate) fn latency(&mut self, title: &str, ours: f64, theirs: f64, goal: Goal) {
        self.row(title, ours, Some(theirs), "ms", goal);
    }

    /// What one costs the server, beside nginx's.
    pub(crate) fn cost(&mut self, title: &str, ours: f64, theirs: f64) {
        self.row(title, ours, Some(theirs), "µs", Goal::None);
    }

    /// Whether every goal was met.
    pub(crate) fn is_met(&self) -> bool {
        self.missed == 0
    }

    fn row(&mut self, title: &str, ours: f64, theirs: Option<f64>, unit: &str, goal: Goal) {
        let ratio = theirs.map(|theirs| ours / theirs);
        let (goal, is_met) = match goal {
            Goal::None => (String::new(), None),
            Goal::AtMost(most) => (format!("<= {} {unit}", number(most)), Some(ours <= most)),
            Goal::AtLeast(least) => (format!(">= {} {unit}", number(least)), Some(ours >= least)),
            Goal::RatioAtLeast(least) => (format!("ratio >= {least}"), ratio.map(|ratio| ratio >= least)),
        };
        if is_met == Some(false) {
            self.missed += 1;
        }
        let verdict = match is_met {
            None => "",
            Some(true) => "met",
            Some(false) => "MISSED",
        };
        let with_unit = |value: f64| format!("{} {unit}", number(value)).trim_end().to_owned();
        self.rows.push([
            title.to_owned(),
            with_unit(ours),
            theirs.map(with_unit).unwrap_or_default(),
            ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            goal.trim_end().to_owned(),
            verdict.to_owned(),
        ]);
        eprintln!("{}", self.rows[self.rows.len() - 1].join("  "));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::ASCII_MARKDOWN);
        table.set_header(["what", "maas", "nginx", "ratio", "goal", ""]);
        for row in &self.rows {
            table.add_row(row);
        }
        write!(f, "{table}")
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.2}"),
    }
}
