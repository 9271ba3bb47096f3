//! Reads what strace logged: the writes and syncs below a folder, in their order.

use std::collections::HashMap;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The calls that change files, or make changes durable. Those with a question mark do not exist everywhere.
pub(super) const SYSCALLS: &str = "trace=openat,?creat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,\
    lseek,fallocate,copy_file_range,sendfile,fsync,fdatasync,sync_file_range,?rename,?renameat,renameat2,?link,linkat,?unlink,\
    unlinkat,?mkdir,mkdirat,?rmdir";

/// A change, or a sync.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) at: Duration,
    pub(super) action: Action,
}

/// An action on a path.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Create(PathBuf),
    CreateFolder(PathBuf),
    Write {
        path: PathBuf,
        offset: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        path: PathBuf,
        length: usize,
    },
    /// Everything written before will be durable at [`Action::EndSync`].
    BeginSync(PathBuf),
    EndSync(PathBuf),
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Link {
        from: PathBuf,
        to: PathBuf,
    },
    Remove(PathBuf),
}

/// A line of strace.
struct Syscall<'a> {
    start: Duration,
    end: Duration,
    name: &'a str,
    arguments: Vec<&'a str>,
    result: &'a str,
}

/// Reads the files of all threads. Relative paths are taken as below the folder, where PostgreSQL works.
pub(super) fn read(traces: &Path, folder: &Path) -> Vec<Event> {
    let files = std::fs::read_dir(traces).expect("the traces").map(|entry| entry.expect("an entry").path());
    let texts: Vec<String> = files.map(|file| std::fs::read_to_string(file).expect("text")).collect();
    let mut calls: Vec<Syscall<'_>> = texts.iter().flat_map(|text| text.lines()).filter_map(parse).collect();
    calls.sort_by_key(|call| call.end);
    let mut positions = HashMap::new();
    let mut events: Vec<Event> = calls.iter().flat_map(|call| interpret(call, folder, &mut positions)).collect();
    events.sort_by_key(|event| event.at);
    events
}

/// Returns a call that succeeded.
fn parse(line: &str) -> Option<Syscall<'_>> {
    let (start, rest) = line.split_once(' ')?;
    let (name, rest) = rest.split_once('(')?;
    let (rest, duration) = rest.strip_suffix('>')?.rsplit_once(" <")?;
    let (arguments, result) = rest.rsplit_once(") = ")?;
    if result.starts_with('-') {
        return None;
    }
    let start = seconds(start)?;
    Some(Syscall { start, end: start + seconds(duration)?, name, arguments: arguments.split(", ").collect(), result })
}

fn seconds(text: &str) -> Option<Duration> {
    let (secs, micros) = text.split_once('.')?;
    Some(Duration::from_secs(secs.parse().ok()?) + Duration::from_micros(micros.parse().ok()?))
}

/// Returns what a call did below a folder.
fn interpret(call: &Syscall<'_>, folder: &Path, positions: &mut HashMap<String, usize>) -> Vec<Event> {
    let Syscall { arguments, .. } = call;
    let first = arguments.first().copied().unwrap_or_default();
    let is_within = |path: &PathBuf| path.starts_with(folder);
    let number = |text: &str| text.trim().parse::<usize>().unwrap_or_else(|_| panic!("expected a number, got {text}"));
    let at_end = |action| vec![Event { at: call.end, action }];
    let opened = path_of_descriptor(first).filter(is_within);
    let names = names(arguments).into_iter().map(|name| folder.join(name));
    let names: Vec<PathBuf> = names.filter(is_within).collect();
    match (call.name, opened, &names[..]) {
        ("openat", _, [path]) => {
            positions.insert(call.result.to_owned(), 0);
            let flags = arguments.get(2).copied().unwrap_or_default();
            let mut events = Vec::new();
            if flags.contains("O_CREAT") {
                events.push(Event { at: call.end, action: Action::Create(path.clone()) });
            }
            if flags.contains("O_TRUNC") {
                events.push(Event { at: call.end, action: Action::Truncate { path: path.clone(), length: 0 } });
            }
            assert!(!flags.contains("O_APPEND"), "not replayed: {flags}");
            events
        }
        ("mkdir" | "mkdirat", _, [path]) => at_end(Action::CreateFolder(path.clone())),
        ("write", Some(path), _) => {
            let bytes = text(arguments[1]).expect("what is written");
            let position = positions.entry(first.to_owned()).or_default();
            let offset = *position;
            *position += number(call.result);
            at_end(Action::Write { path, offset, bytes: bytes[..number(call.result)].to_vec() })
        }
        ("pwrite64", Some(path), _) => {
            let bytes = text(arguments[1]).expect("what is written");
            at_end(Action::Write { path, offset: number(arguments[3]), bytes: bytes[..number(call.result)].to_vec() })
        }
        ("lseek", Some(_), _) => {
            positions.insert(first.to_owned(), number(call.result));
            Vec::new()
        }
        ("pwritev", Some(path), _) => {
            let bytes: Vec<u8> =
                arguments.iter().filter_map(|part| text(part.split_once("iov_base=")?.1)).flatten().collect();
            let offset = number(arguments[arguments.len() - 1]);
            at_end(Action::Write { path, offset, bytes: bytes[..number(call.result)].to_vec() })
        }
        // Makes nothing durable for certain.
        ("sync_file_range", Some(_), _) => Vec::new(),
        ("truncate", _, [path]) => at_end(Action::Truncate { path: path.clone(), length: number(arguments[1]) }),
        ("ftruncate", Some(path), _) => at_end(Action::Truncate { path, length: number(arguments[1]) }),
        ("fsync" | "fdatasync", Some(path), _) => vec![
            Event { at: call.start, action: Action::BeginSync(path.clone()) },
            Event { at: call.end, action: Action::EndSync(path) },
        ],
        ("rename" | "renameat" | "renameat2", _, [from, to]) => {
            at_end(Action::Rename { from: from.clone(), to: to.clone() })
        }
        ("link" | "linkat", _, [from, to]) => at_end(Action::Link { from: from.clone(), to: to.clone() }),
        ("unlink" | "unlinkat" | "rmdir", _, [path]) => at_end(Action::Remove(path.clone())),
        (name, opened, names) => {
            // Anything else below the folder would be replayed wrongly.
            let is_known = matches!(name, "openat" | "write" | "lseek");
            assert!(is_known || opened.is_none() && names.is_empty(), "not replayed: {name}({})", arguments.join(", "));
            Vec::new()
        }
    }
}

/// Returns the path in `7<\x2f\x61>`.
fn path_of_descriptor(argument: &str) -> Option<PathBuf> {
    let (_, path) = argument.split_once('<')?;
    Some(PathBuf::from(std::ffi::OsString::from_vec(bytes(path.strip_suffix('>')?)?)))
}

/// Returns the paths that are named, as in `rename(from, to)` or `renameat(folder, from, folder, to)`.
fn names(arguments: &[&str]) -> Vec<PathBuf> {
    let name = |(position, argument): (usize, &&str)| {
        let name = PathBuf::from(std::ffi::OsString::from_vec(text(argument)?));
        let folder = position.checked_sub(1).and_then(|before| path_of_descriptor(arguments[before]));
        Some(folder.map_or_else(|| name.clone(), |folder| folder.join(&name)))
    };
    arguments.iter().enumerate().filter_map(name).collect()
}

fn text(argument: &str) -> Option<Vec<u8>> {
    bytes(argument.strip_prefix('"')?.strip_suffix('"')?)
}

/// Decodes `\x2f\x61`.
fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let decode = |four: &[u8]| match four {
        [b'\\', b'x', high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    hexadecimal.as_bytes().chunks(4).map(decode).collect()
}
