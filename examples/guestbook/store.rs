//! Entries in a file, one line of JSON each; pictures in a folder beside it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use devserve::forms::Upload;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) message: String,
    /// The picture's file name.
    pub(crate) picture: Option<String>,
    /// Seconds since 1970.
    pub(crate) written: u64,
}

pub(crate) struct Store {
    folder: PathBuf,
    // Newest last, as in the file.
    entries: Mutex<Vec<Entry>>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("That is no PNG, JPEG, GIF or WebP picture.")]
    NoPicture,
    #[error("the guestbook's file {path:?} is unreadable at line {line}")]
    Line {
        path: PathBuf,
        line: usize,
        source: serde_json::Error,
    },
    #[error("the guestbook cannot use {path:?}")]
    Io { path: PathBuf, source: io::Error },
    #[error("the picture cannot be kept")]
    Picture(#[source] devserve::forms::UploadError),
}

impl Store {
    /// Reads what is there; an empty or missing folder is an empty book.
    pub(crate) fn open(folder: PathBuf) -> Result<Self, StoreError> {
        let pictures = folder.join("pictures");
        fs::create_dir_all(&pictures).map_err(at(&pictures))?;
        let path = folder.join("entries.jsonl");
        let mut entries = Vec::new();
        if path.exists() {
            let file = File::open(&path).map_err(at(&path))?;
            for (index, line) in BufReader::new(file).lines().enumerate() {
                let entry = serde_json::from_str(&line.map_err(at(&path))?);
                let unreadable = |source| StoreError::Line {
                    path: path.clone(),
                    line: index + 1,
                    source,
                };
                entries.push(entry.map_err(unreadable)?);
            }
        }
        Ok(Self {
            folder,
            entries: Mutex::new(entries),
        })
    }

    /// All entries, newest first.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.lock().iter().rev().cloned().collect()
    }

    pub(crate) fn pictures(&self) -> PathBuf {
        self.folder.join("pictures")
    }

    /// Keeps an entry and returns its number.
    pub(crate) fn add(
        &self,
        name: &str,
        message: &str,
        picture: Option<&Upload>,
    ) -> Result<usize, StoreError> {
        let extension = picture
            .map(|picture| extension_of(picture).ok_or(StoreError::NoPicture))
            .transpose()?;
        let mut entries = self.lock();
        let number = entries.len() + 1;
        // Named by us: a stranger's file name never reaches the disk.
        let file_name = extension.map(|extension| format!("{number}.{extension}"));
        if let (Some(picture), Some(file_name)) = (picture, &file_name) {
            picture
                .save(self.pictures().join(file_name))
                .map_err(StoreError::Picture)?;
        }
        let written = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let entry = Entry {
            name: name.into(),
            message: message.into(),
            picture: file_name,
            written,
        };
        let path = self.folder.join("entries.jsonl");
        let line = serde_json::to_string(&entry).expect("text and numbers are JSON") + "\n";
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.and_then(|mut file| file.write_all(line.as_bytes()))
            .map_err(at(&path))?;
        entries.push(entry);
        Ok(number)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The secret that signs cookies: made once, readable by its owner only.
pub(crate) fn secret(folder: &Path) -> Result<Vec<u8>, StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::create_dir_all(folder).map_err(at(folder))?;
    let path = folder.join("secret");
    if !path.exists() {
        let mut secret = [0; 64];
        File::open("/dev/urandom")
            .and_then(|mut random| random.read_exact(&mut secret))
            .map_err(at(&path))?;
        let file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&path);
        file.and_then(|mut file| file.write_all(&secret))
            .map_err(at(&path))?;
    }
    fs::read(&path).map_err(at(&path))
}

/// A picture's kind, told by its first bytes and not by what it says of itself.
fn extension_of(picture: &Upload) -> Option<&'static str> {
    let mut start = [0; 12];
    picture.reader().read_exact(&mut start).ok()?;
    match start {
        [0x89, b'P', b'N', b'G', ..] => Some("png"),
        [0xff, 0xd8, 0xff, ..] => Some("jpg"),
        [b'G', b'I', b'F', b'8', ..] => Some("gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P'] => Some("webp"),
        _ => None,
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    |source| StoreError::Io { path, source }
}
