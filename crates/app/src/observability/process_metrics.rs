//! Metrics of the process itself, with the names of Prometheus's client libraries. Read from `/proc`: only Linux has them.

use std::fs;

/// The kernel's unit of processor time for programs, on every architecture that this program runs on.
const TICKS_PER_SEC: f64 = 100.0;

/// What a process uses, in bytes and seconds.
#[derive(Debug, PartialEq)]
struct ProcessUsage {
    cpu_secs: f64,
    start_secs: f64,
    resident_bytes: u64,
    virtual_bytes: u64,
    threads: u64,
    open_files: u64,
    max_files: Option<u64>,
}

/// Describes the metrics of the process.
pub(super) fn describe() {
    // A counter of this recorder counts whole numbers only.
    metrics::describe_gauge!(
        "process_cpu_seconds_total",
        "Processor time of the process, user and system, in seconds."
    );
    metrics::describe_gauge!("process_start_time_seconds", "Start of the process, in seconds since 1970.");
    metrics::describe_gauge!("process_resident_memory_bytes", "Resident memory of the process.");
    metrics::describe_gauge!("process_virtual_memory_bytes", "Virtual memory of the process.");
    metrics::describe_gauge!("process_threads", "Threads of the process.");
    metrics::describe_gauge!("process_open_fds", "Open file descriptors of the process.");
    metrics::describe_gauge!("process_max_fds", "Limit of open file descriptors of the process.");
}

/// Sets the metrics of the process to their present values.
pub(crate) fn update() {
    let Some(usage) = ProcessUsage::read() else { return };
    metrics::gauge!("process_cpu_seconds_total").set(usage.cpu_secs);
    metrics::gauge!("process_start_time_seconds").set(usage.start_secs);
    metrics::gauge!("process_resident_memory_bytes").set(usage.resident_bytes as f64);
    metrics::gauge!("process_virtual_memory_bytes").set(usage.virtual_bytes as f64);
    metrics::gauge!("process_threads").set(usage.threads as f64);
    metrics::gauge!("process_open_fds").set(usage.open_files as f64);
    if let Some(max_files) = usage.max_files {
        metrics::gauge!("process_max_fds").set(max_files as f64);
    }
}

impl ProcessUsage {
    fn read() -> Option<Self> {
        let read = |path| fs::read_to_string(path).ok();
        let open_files = fs::read_dir("/proc/self/fd").ok()?.count() as u64;
        Self::parse(
            &read("/proc/self/stat")?,
            &read("/proc/self/status")?,
            &read("/proc/stat")?,
            &read("/proc/self/limits")?,
            open_files,
        )
    }

    /// Reads the files of proc(5).
    fn parse(stat: &str, status: &str, boot: &str, limits: &str, open_files: u64) -> Option<Self> {
        // The second field is the program's name in parentheses, which may contain both.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        // Numbered from the third field on, as the manual numbers them.
        let secs = |number: usize| Some(fields.get(number - 3)?.parse::<f64>().ok()? / TICKS_PER_SEC);
        Some(Self {
            cpu_secs: secs(14)? + secs(15)?,
            start_secs: number_after(boot, "btime ")? as f64 + secs(22)?,
            resident_bytes: number_after(status, "VmRSS:")? * 1024,
            virtual_bytes: number_after(status, "VmSize:")? * 1024,
            threads: number_after(status, "Threads:")?,
            open_files,
            max_files: number_after(limits, "Max open files"),
        })
    }
}

/// Returns the first number of the line that begins with a name.
fn number_after(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "7 (a b) c) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 9 0 300 4096000 25";
    const STATUS: &str = "Name:\ta b) c\nVmSize:\t    4000 kB\nVmRSS:\t     100 kB\nThreads:\t9\n";
    const BOOT: &str = "cpu 1\nbtime 1000\n";

    #[test]
    fn the_files_of_a_process_are_read() {
        let limits = "Limit   Soft Limit  Hard Limit  Units\nMax open files            1024      4096      files\n";
        let expected = ProcessUsage {
            cpu_secs: 2.0,
            start_secs: 1003.0,
            resident_bytes: 102_400,
            virtual_bytes: 4_096_000,
            threads: 9,
            open_files: 12,
            max_files: Some(1024),
        };
        assert_eq!(ProcessUsage::parse(STAT, STATUS, BOOT, limits, 12), Some(expected));
        let unlimited = ProcessUsage::parse(STAT, STATUS, BOOT, "Max open files  unlimited  unlimited  files\n", 12);
        assert_eq!(unlimited.expect("read").max_files, None);
        assert_eq!(ProcessUsage::parse("7 (abaci) S 1", STATUS, BOOT, limits, 12), None);
    }
}
