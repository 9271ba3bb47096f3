//! The files as they are after a power cut.
//!
//! Pessimistic, as POSIX allows: without a sync of the file its bytes are lost, and without a sync of the folder its
//! name is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::trace::{Action, Event};
use crate::random::Random;

/// A simulated disk: the content that is certainly on it, and the writes that may be.
#[derive(Default)]
pub(super) struct Image {
    files: Vec<FileState>,
    /// The names as processes see them, and those that are durable. A folder has no file.
    names: BTreeMap<PathBuf, Option<usize>>,
    durable_names: BTreeMap<PathBuf, Option<usize>>,
    /// The names in a folder when its sync began.
    syncing_names: BTreeMap<PathBuf, BTreeMap<PathBuf, Option<usize>>>,
}

#[derive(Default)]
struct FileState {
    durable: Vec<u8>,
    /// The writes since, in order.
    pending: Vec<Change>,
    /// The number of `pending` writes that the running sync covers.
    syncing: usize,
}

enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

impl Image {
    /// Reads the files of a folder, all durable, as those of another.
    pub(super) fn read(folder: &Path, root: &Path) -> Self {
        let mut image = Self::default();
        let mut folders = vec![folder.to_owned()];
        while let Some(parent) = folders.pop() {
            for entry in std::fs::read_dir(parent).expect("a folder") {
                let path = entry.expect("an entry").path();
                let file = if path.is_dir() {
                    folders.push(path.clone());
                    None
                } else {
                    let durable = std::fs::read(&path).expect("a file");
                    image.files.push(FileState { durable, ..FileState::default() });
                    Some(image.files.len() - 1)
                };
                image.names.insert(root.join(path.strip_prefix(folder).expect("below it")), file);
            }
        }
        image.durable_names = image.names.clone();
        image
    }

    /// Replays what happened until a time.
    pub(super) fn replay(mut self, events: &[Event], until: Duration) -> Self {
        for event in events.iter().take_while(|event| event.at <= until) {
            self.apply(&event.action);
        }
        self
    }

    fn apply(&mut self, action: &Action) {
        match action {
            Action::Create(path) => {
                if !self.names.contains_key(path) {
                    self.names.insert(path.clone(), Some(self.files.len()));
                    self.files.push(FileState::default());
                }
            }
            Action::CreateFolder(path) => {
                self.names.insert(path.clone(), None);
            }
            Action::Write { path, offset, bytes } => {
                self.change(path, Change::Write(*offset, bytes.clone()));
            }
            Action::Truncate { path, length } => self.change(path, Change::Truncate(*length)),
            Action::BeginSync(path) => {
                if let Some(file) = self.file(path) {
                    file.syncing = file.pending.len();
                } else {
                    let names = self.names.iter().filter(|(name, _)| name.parent() == Some(path));
                    let names = names.map(|(name, file)| (name.clone(), *file)).collect();
                    self.syncing_names.insert(path.clone(), names);
                }
            }
            Action::EndSync(path) => {
                if let Some(file) = self.file(path) {
                    let count = std::mem::take(&mut file.syncing);
                    for change in file.pending.drain(..count) {
                        change.apply(&mut file.durable);
                    }
                } else if let Some(names) = self.syncing_names.remove(path) {
                    self.durable_names.retain(|name, _| name.parent() != Some(path));
                    self.durable_names.extend(names);
                }
            }
            Action::Rename { from, to } => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
            }
            Action::Link { from, to } => {
                if let Some(file) = self.names.get(from).copied() {
                    self.names.insert(to.clone(), file);
                }
            }
            Action::Remove(path) => {
                self.names.remove(path);
            }
        }
    }

    fn file(&mut self, path: &Path) -> Option<&mut FileState> {
        let index = (*self.names.get(path)?)?;
        self.files.get_mut(index)
    }

    fn change(&mut self, path: &Path, change: Change) {
        // A file without a name is lost in any case.
        if let Some(file) = self.file(path) {
            file.pending.push(change);
        }
    }

    /// Writes the files into a folder; with a random generator, also some of what was not synced.
    pub(super) fn write(&self, root: &Path, folder: &Path, mut random: Option<&mut Random>) {
        let mut is_kept = || random.as_mut().is_some_and(|random| random.below(2) == 0);
        let mut names = self.durable_names.clone();
        for (path, file) in &self.names {
            if is_kept() {
                names.insert(path.clone(), *file);
            }
        }
        // Parents come before what is in them.
        for (path, file) in names {
            let copy = folder.join(path.strip_prefix(root).expect("below the root"));
            match file {
                // It fails if the name of the folder around it is lost, and everything in it with it.
                None => drop(std::fs::create_dir(copy)),
                Some(file) => {
                    let file = &self.files[file];
                    let mut content = file.durable.clone();
                    for change in &file.pending {
                        if is_kept() {
                            change.apply(&mut content);
                        }
                    }
                    if copy.parent().is_some_and(Path::exists) {
                        std::fs::write(copy, content).expect("the copy can be written");
                    }
                }
            }
        }
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(offset, bytes) => {
                let end = offset + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*offset..end].copy_from_slice(bytes);
            }
            Self::Truncate(length) => content.resize(*length, 0),
        }
    }
}

#[test]
fn only_what_was_synced_survives() {
    let (root, file) = (Path::new("/d"), PathBuf::from("/d/f"));
    let write = |offset, text: &str| Action::Write { path: file.clone(), offset, bytes: text.as_bytes().to_vec() };
    let mut actions = vec![
        Action::Create(file.clone()),
        write(0, "one"),
        Action::BeginSync(file.clone()),
        write(3, "two"),
        Action::EndSync(file.clone()),
    ];
    let image = |actions: Vec<Action>| {
        let at = |(secs, action)| Event { at: Duration::from_secs(secs), action };
        let until = Duration::from_secs(actions.len() as u64);
        let image = Image::default().replay(&(0..).zip(actions).map(at).collect::<Vec<_>>(), until);
        let copy = tempfile::tempdir().expect("a temporary directory");
        image.write(root, copy.path(), None);
        std::fs::read_to_string(copy.path().join("f")).ok()
    };
    let copied = |actions: &[Action]| image(actions.to_vec());
    assert_eq!(copied(&actions), None, "its name is lost");
    actions.extend([Action::BeginSync(root.to_owned()), Action::EndSync(root.to_owned())]);
    assert_eq!(copied(&actions).as_deref(), Some("one"), "what was written after the sync began is lost");
    actions.push(Action::Remove(file.clone()));
    assert_eq!(copied(&actions).as_deref(), Some("one"), "its removal is lost");
    actions.extend([Action::BeginSync(root.to_owned()), Action::EndSync(root.to_owned())]);
    assert_eq!(copied(&actions), None, "it is removed");
}
