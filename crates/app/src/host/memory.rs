//! Memory limits: of the container, or of the machine.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the memory limit of this process in bytes: the lowest limit of its control groups, or the machine's
/// memory. `None` where the system does not report it.
pub(crate) fn limit_bytes() -> Option<u64> {
    least(cgroup_folders().iter().filter_map(|folder| folder.limit()).min(), machine("MemTotal:"))
}

/// Returns the memory that is free for this process in bytes. `None` where the system does not report it.
pub(crate) fn available_bytes() -> Option<u64> {
    let in_groups = cgroup_folders().iter().filter_map(|folder| folder.free()).min();
    least(in_groups, machine("MemAvailable:"))
}

fn least(left: Option<u64>, right: Option<u64>) -> Option<u64> {
    left.into_iter().chain(right).min()
}

fn machine(field: &str) -> Option<u64> {
    meminfo_bytes(&fs::read_to_string("/proc/meminfo").ok()?, field)
}

fn meminfo_bytes(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// A control group's folder, with the file names of its version.
struct Group {
    folder: PathBuf,
    limit: &'static str,
    usage: &'static str,
}

impl Group {
    fn limit(&self) -> Option<u64> {
        // "max" (version 2) means no limit; it does not parse.
        fs::read_to_string(self.folder.join(self.limit)).ok()?.trim().parse().ok()
    }

    fn free(&self) -> Option<u64> {
        let used: u64 = fs::read_to_string(self.folder.join(self.usage)).ok()?.trim().parse().ok()?;
        // The page cache counts as used, but is freed on demand.
        let stat = fs::read_to_string(self.folder.join("memory.stat")).unwrap_or_default();
        Some(self.limit()?.saturating_sub(used.saturating_sub(idle_file_bytes(&stat))))
    }
}

fn idle_file_bytes(stat: &str) -> u64 {
    let field = |name| stat.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    // Version 1 includes child groups only in the total.
    field("total_inactive_file ").or_else(|| field("inactive_file ")).unwrap_or(0)
}

/// Returns the group of this process and its ancestors; a limit on any of them applies.
fn cgroup_folders() -> Vec<Group> {
    let Ok(membership) = fs::read_to_string("/proc/self/cgroup") else { return Vec::new() };
    membership
        .lines()
        .filter_map(group_path)
        .flat_map(|(root, path, limit, usage)| {
            // Inside a container the path may be the host's; then the root of the mount is the container's own.
            Path::new(path)
                .ancestors()
                .map(move |ancestor| Group {
                    folder: root.join(ancestor.strip_prefix("/").unwrap_or(ancestor)),
                    limit,
                    usage,
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

fn group_path(line: &str) -> Option<(&'static Path, &str, &'static str, &'static str)> {
    let mut parts = line.splitn(3, ':');
    let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    if controllers.is_empty() {
        return Some((Path::new("/sys/fs/cgroup"), path, "memory.max", "memory.current"));
    }
    controllers.split(',').any(|controller| controller == "memory").then_some((
        Path::new("/sys/fs/cgroup/memory"),
        path,
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_memory_is_read_in_bytes() {
        let text = "MemTotal:       16384 kB\nMemFree:  1 kB\nMemAvailable:    1024 kB\n";
        assert_eq!(meminfo_bytes(text, "MemTotal:"), Some(16 << 20));
        assert_eq!(meminfo_bytes(text, "MemAvailable:"), Some(1 << 20));
        assert_eq!(meminfo_bytes("MemTotal: many kB", "MemTotal:"), None);
    }

    #[test]
    fn groups_of_both_versions_are_found() {
        let (root, path, limit, _) = group_path("0::/system.slice/abaci.service").expect("version 2");
        assert_eq!((root, path, limit), (Path::new("/sys/fs/cgroup"), "/system.slice/abaci.service", "memory.max"));
        let (root, path, limit, _) = group_path("9:hugetlb,memory:/docker/1").expect("version 1");
        assert_eq!((root, path, limit), (Path::new("/sys/fs/cgroup/memory"), "/docker/1", "memory.limit_in_bytes"));
        assert!(group_path("3:cpu,cpuacct:/docker/1").is_none());
        assert!(group_path("nonsense").is_none());
    }

    #[test]
    fn idle_files_are_read_in_both_versions() {
        assert_eq!(idle_file_bytes("anon 1\ninactive_file 2\nactive_file 3\n"), 2);
        assert_eq!(idle_file_bytes("inactive_file 2\ntotal_inactive_file 5\n"), 5);
        assert_eq!(idle_file_bytes(""), 0);
    }

    #[test]
    fn available_memory_is_at_most_the_limit() {
        if let (Some(available), Some(limit)) = (available_bytes(), limit_bytes()) {
            assert!(available <= limit);
        }
    }
}
