//! The matrix of roles and machines (`matrix.txt`), asked of every door of the running program: API, pages, command line,
//! explanation, lists and open sockets. All of them give everybody the same answer.

pub(crate) mod doors;
mod lists;

use maas_testkit::Database;

use crate::estate::{Estate, POOL, status};
use doors::Doors;

/// A cell of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    Refused,
    Hidden,
}

/// Whose the machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Nobodys,
    /// Of `uma`, the user of the matrix.
    Umas,
    /// Of `otto`, who is a user too.
    Ottos,
}

/// Who asks about which machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) who: &'static str,
    pub(crate) whose: &'static [Whose],
    pub(crate) is_locked: bool,
}

/// One line of the file.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) action: String,
    pub(crate) verdicts: Vec<Verdict>,
}

const ANY: &[Whose] = &[Whose::Nobodys, Whose::Ottos];

/// The columns of the file, in order.
pub(crate) const COLUMNS: [Column; 11] = {
    const fn column(who: &'static str, whose: &'static [Whose]) -> Column {
        Column { who, whose, is_locked: false }
    }
    const fn locked(who: &'static str, whose: &'static [Whose]) -> Column {
        Column { who, whose, is_locked: true }
    }
    [
        column("ada", ANY),
        column("olga", ANY),
        column("uma", &[Whose::Nobodys]),
        column("uma", &[Whose::Umas]),
        column("uma", &[Whose::Ottos]),
        column("aude", ANY),
        column("stan", ANY),
        column("nora", ANY),
        locked("ada", &[Whose::Umas]),
        locked("olga", &[Whose::Umas]),
        locked("uma", &[Whose::Umas]),
    ]
};

pub(crate) fn lines() -> Vec<Line> {
    let table = include_str!("matrix.txt").lines().filter(|line| !line.starts_with('#'));
    table.map(Line::read).collect()
}

impl Line {
    fn read(line: &str) -> Self {
        let mut words = line.split_whitespace().filter(|word| *word != "|");
        let action = words.next().expect("a line begins with its action").to_owned();
        let verdicts: Vec<Verdict> = words
            .map(|word| match word {
                "y" => Verdict::Allowed,
                "n" => Verdict::Refused,
                "h" => Verdict::Hidden,
                other => panic!("`{other}` in the line of {action}"),
            })
            .collect();
        assert_eq!(verdicts.len(), COLUMNS.len(), "{action}");
        Self { action, verdicts }
    }
}

impl Whose {
    pub(crate) const fn owner(self) -> Option<&'static str> {
        match self {
            Self::Nobodys => None,
            Self::Umas => Some("uma"),
            Self::Ottos => Some("otto"),
        }
    }
}

#[test]
fn the_matrix_has_a_line_for_every_action_there_is() {
    let mut written: Vec<String> = lines().into_iter().map(|line| line.action).collect();
    written.sort();
    let mut actions: Vec<String> = maas_model::MachineAction::ALL.iter().map(ToString::to_string).collect();
    actions.sort();
    assert_eq!(written, actions);
}

#[tokio::test]
async fn every_door_answers_as_the_matrix_says_on_sqlite() {
    every_door_answers_as_the_matrix_says(Database::Sqlite).await;
}

#[tokio::test]
async fn every_door_answers_as_the_matrix_says_on_postgresql() {
    if Database::available().contains(&Database::Postgres) {
        every_door_answers_as_the_matrix_says(Database::Postgres).await;
    }
}

async fn every_door_answers_as_the_matrix_says(database: Database) {
    let estate = Estate::new(database).await;
    let mut doors = Doors::new(estate, database == Database::Sqlite).await;
    let mut wrong = Vec::new();
    for line in lines() {
        for (column, verdict) in COLUMNS.iter().zip(&line.verdicts) {
            for whose in column.whose {
                wrong.extend(doors.ask(&line.action, column, *whose, *verdict).await);
            }
        }
    }
    assert!(wrong.is_empty(), "{database:?}: {} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
    doors.all_were_used();
}

/// The status from which the action makes sense, so that what is answered is about rights and not about that.
pub(crate) fn fitting_status(action: &str, whose: Whose) -> i64 {
    match action {
        "allocate" => status::READY,
        "deploy" if whose == Whose::Nobodys => status::READY,
        "deploy" | "format" | "edit-storage" | "edit-network" => status::ALLOCATED,
        "abort" => status::DEPLOYING,
        "mark-fixed" => status::BROKEN,
        "commission" | "test" | "rescue-mode" => status::READY,
        "override-failed-testing" => status::FAILED_TESTING,
        "exit-rescue-mode" => status::RESCUE_MODE,
        "create" => status::NEW,
        _ if whose == Whose::Nobodys => status::READY,
        _ => status::DEPLOYED,
    }
}

/// Makes a machine that is put into each state in turn.
pub(crate) async fn subject(estate: &Estate, name: &str) -> String {
    estate.machine(name, POOL).await
}
