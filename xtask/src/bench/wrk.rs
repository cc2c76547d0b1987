//! Requests, by `wrk`.

use std::process::Command;

/// What came of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wrk {
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Socket errors of any kind, and answers that are no success.
    pub(crate) failed: u64,
}

impl Wrk {
    /// The middle of several runs, number by number; failures are added up.
    pub(crate) fn median(runs: Vec<Self>) -> Self {
        let middle = |number: fn(&Self) -> f64| {
            let mut all: Vec<f64> = runs.iter().map(number).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        Self {
            requests: runs.iter().map(|run| run.requests).sum(),
            per_second: middle(|run| run.per_second),
            p50_ms: middle(|run| run.p50_ms),
            p99_ms: middle(|run| run.p99_ms),
            failed: runs.iter().map(|run| run.failed).sum(),
        }
    }
}

/// A run, of so many seconds.
pub(crate) fn command(port: u16, path: &str, header: Option<&str>, connections: u32, seconds: u64) -> Command {
    let mut command = Command::new("wrk");
    command.args(["--latency", "-t1", &format!("-c{connections}"), &format!("-d{seconds}s")]);
    if let Some(header) = header {
        command.args(["-H", header]);
    }
    command.arg(format!("https://localhost:{port}{path}"));
    command
}

/// Runs and reads what it says.
pub(crate) fn run(port: u16, path: &str, header: Option<&str>, connections: u32, seconds: u64) -> Wrk {
    parse(&maas_testkit::run(&mut command(port, path, header, connections, seconds)).ok().stdout)
}

/// Reads what `wrk` printed.
pub(crate) fn parse(text: &str) -> Wrk {
    let word_after = |label: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(label));
        line.and_then(|line| line.trim_start().trim_start_matches(label).split_whitespace().next())
    };
    let total =
        text.lines().find(|line| line.contains(" requests in ")).and_then(|line| line.split_whitespace().next());
    let number = |word: Option<&str>| word.and_then(|word| word.parse().ok()).unwrap_or_default();
    Wrk {
        requests: total.and_then(|word| word.parse().ok()).unwrap_or_default(),
        per_second: number(word_after("Requests/sec:")),
        p50_ms: word_after("50%").map(milliseconds).unwrap_or_default(),
        p99_ms: word_after("99%").map(milliseconds).unwrap_or_default(),
        failed: failures(text),
    }
}

fn failures(text: &str) -> u64 {
    let lines = text.lines().filter(|line| line.contains("Socket errors:") || line.contains("Non-2xx"));
    let numbers = lines.flat_map(|line| line.split(|c: char| !c.is_ascii_digit()));
    // `Non-2xx or 3xx responses: 5` has digits of its own.
    let digits_of_the_label: u64 = if text.contains("Non-2xx") { 2 + 3 } else { 0 };
    numbers.filter_map(|digits| digits.parse::<u64>().ok()).sum::<u64>() - digits_of_the_label
}

fn milliseconds(word: &str) -> f64 {
    let split = word.find(|c: char| c.is_alphabetic()).unwrap_or(word.len());
    let (digits, unit) = word.split_at(split);
    let factor = match unit {
        "us" => 0.001,
        "s" => 1000.0,
        "m" => 60_000.0,
        _ => 1.0,
    };
    digits.parse::<f64>().unwrap_or_default() * factor
}

#[cfg(test)]
mod tests {
    use super::{Wrk, parse};

    #[test]
    fn its_words_are_read() {
        let text = "Running 1s test @ https://localhost:1/\n  1 threads and 8 connections\n  Thread Stats   Avg\n    Latency   \
                    1.02ms\n  Latency Distribution\n     50%  812.00us\n     75%    1.10ms\n     99%    1.20s\n  30012 \
                    requests in 1.00s, 5MB read\n  Socket errors: connect 1, read 2, write 0, timeout 4\n  Non-2xx or 3xx \
                    responses: 10\nRequests/sec:  30000.50\nTransfer/sec: 5MB\n";
        let expected = Wrk { requests: 30012, per_second: 30000.5, p50_ms: 0.812, p99_ms: 1200.0, failed: 17 };
        assert_eq!(parse(text), expected);
    }
}
