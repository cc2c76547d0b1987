//! Background work: reconcilers that re-read what is intended, compare and act.
