//! Files that interrupted writes leave in a folder: they never got their final name.

use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use model::Timestamp;

use super::error::ObjectError;

/// Removes unfinished files below `folder` that were last modified before `before`.
pub(super) fn sweep(folder: &Path, before: Timestamp) -> Result<u64, ObjectError> {
    let mut removed = 0;
    for subject in entries(folder)? {
        if !subject.file_type()?.is_dir() {
            continue;
        }
        for file in entries(&subject.path())? {
            if is_unfinished(&file.file_name()) && touched_at(&file)? < before {
                fs::remove_file(file.path())?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// The file system gives unfinished files the name of the object, `#` and a number; `#` is in no other name.
fn is_unfinished(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().contains(&b'#')
}

fn touched_at(file: &fs::DirEntry) -> io::Result<Timestamp> {
    let since = file.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Timestamp::from_unix_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        // Nothing was ever written.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
