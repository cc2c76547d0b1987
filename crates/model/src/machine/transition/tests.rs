use std::fmt::Write;

use expect_test::expect_file;
use proptest::prelude::*;

use super::{LifecycleEvent, Status, TransitionError, previous_after, transition};

#[test]
fn every_move_is_in_the_table_whatever_happened_before() {
    for from in Status::ALL {
        for previous in Status::ALL {
            for event in LifecycleEvent::ALL {
                if let Ok(to) = transition(from, previous, event) {
                    assert!(from.may_become(to), "{from} (before: {previous}) {event:?} -> {to}");
                }
            }
        }
    }
}

/// Where the status before decides, `*` stands for it; `.` is a refusal and `-` is nothing to do.
#[test]
fn the_whole_table() {
    let mut table = String::new();
    for event in LifecycleEvent::ALL {
        let mut line = String::new();
        for from in Status::ALL {
            let results: Vec<_> = Status::ALL.map(|previous| (previous, transition(from, previous, event))).into();
            let cell = match results[0].1 {
                first if results.iter().all(|(_, result)| *result == first) => match first {
                    Ok(to) => to.as_str(),
                    Err(TransitionError::NoChange { .. }) => "-",
                    Err(TransitionError::Refused { .. }) => ".",
                },
                _ => "*",
            };
            if cell != "." {
                writeln!(line, "    {:28} {cell}", from.as_str()).unwrap();
            }
            for (previous, result) in results.into_iter().filter(|_| cell == "*") {
                if let Ok(to) = result {
                    writeln!(line, "        after {:28} {}", previous.as_str(), to.as_str()).unwrap();
                }
            }
        }
        write!(table, "{event:?}\n{line}").unwrap();
    }
    expect_file!["table.txt"].assert_eq(&table);
}

#[test]
fn a_machine_in_rescue_mode_knows_where_it_came_from() {
    use LifecycleEvent as E;
    let (mut status, mut previous) = (Status::Deployed, Status::Deploying);
    for event in
        [E::EnterRescue, E::TimedOut, E::EnterRescue, E::RescueEntered, E::ExitRescue, E::TimedOut, E::ExitRescue]
    {
        let to = transition(status, previous, event).unwrap();
        previous = previous_after(status, previous);
        status = to;
    }
    assert_eq!(transition(status, previous, E::RescueExited), Ok(Status::Deployed));
}

#[test]
fn a_passed_test_frees_no_machine_and_wipes_no_disk() {
    for kept in [Status::FailedDiskErasing, Status::FailedReleasing, Status::FailedDeployment, Status::Allocated] {
        assert_eq!(transition(Status::Testing, kept, LifecycleEvent::TestingPassed { deployed: false }), Ok(kept));
    }
}

proptest! {
    /// From wherever a life leads, nothing that goes on is without an end: it can fail.
    #[test]
    fn no_life_gets_stuck(events in prop::collection::vec(prop::sample::select(LifecycleEvent::ALL.to_vec()), 0..400)) {
        let (mut status, mut previous) = (Status::New, Status::New);
        for event in events {
            if let Ok(to) = transition(status, previous, event) {
                previous = previous_after(status, previous);
                status = to;
            }
            if status.is_active() {
                prop_assert_eq!(transition(status, previous, LifecycleEvent::TimedOut).ok(), status.failed());
            }
            if status == Status::ExitingRescueMode {
                prop_assert_eq!(transition(status, previous, LifecycleEvent::RescueExited), Ok(previous));
            }
            if status == Status::Testing {
                for deployed in [false, true] {
                    let event = LifecycleEvent::TestingPassed { deployed };
                    prop_assert!(transition(status, previous, event).is_ok());
                }
                prop_assert!(transition(status, previous, LifecycleEvent::Abort).is_ok());
            }
        }
    }
}
