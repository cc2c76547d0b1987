//! What a process takes, and what one password costs.

use std::time::{Duration, Instant};

/// Resident memory of a process.
pub(crate) fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// Processor time that these processes have taken so far, user and system.
pub(crate) fn processor_time(pids: &[u32]) -> Duration {
    pids.iter().map(|pid| one_processor_time(*pid)).sum()
}

fn one_processor_time(pid: u32) -> Duration {
    // The second field is the name in brackets, which may hold blanks; utime and stime are the 14th and 15th.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default();
    let ticks: u64 = after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// Linux counts processor time for user space in hundredths of a second, whatever the machine.
const TICKS_PER_SECOND: u64 = 100;

/// The cost of one argon2id hash with the parameters of the program's own, in milliseconds, on the generators' core.
pub(crate) fn argon2_ms() -> f64 {
    let cost = maas_region::PasswordCost::FULL;
    let params = argon2::Params::new(cost.memory_kib, cost.passes, 1, None).expect("the program's own parameters");
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut out = [0_u8; 32];
    let started = Instant::now();
    for _ in 0..HASHES {
        argon2.hash_password_into(b"ochre-Lantern-49-tugboat", b"sixteen bytes ok", &mut out).expect("fixed lengths");
    }
    started.elapsed().as_secs_f64() * 1000.0 / f64::from(HASHES)
}

const HASHES: u32 = 10;
