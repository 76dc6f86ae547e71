use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::http::header;
use crate::middleware::SharedData;
use crate::middleware::shared_data::shared_data::IsHidden;
use crate::middleware::shared_data::source::{Data, Source, below};
use crate::pages::{self, Entry, Order};
use crate::response::{self, FileError};
use crate::text::{percent, visible};
use crate::wsgi::{App, Body, Environ, Reply, Result};

/// Whether folders are listed.
#[derive(Debug, Default)]
pub(super) struct Listing {
    is_on: bool,
}

impl<A: App> SharedData<A> {
    /// Answers a folder that has no index with a list of what is in it (feature `listing`).
    ///
    /// Browsers get a page, sorted by name, or by `?sort=size` or `?sort=time`, with
    /// `&order=asc` or `desc`; who asks for JSON or plain text gets that. What is
    /// [hidden](Self::hide), and a link that leads out of the folder, is not in it.
    ///
    /// ```
    /// use devserve::Request;
    /// use devserve::middleware::SharedData;
    /// use devserve::testing::Client;
    ///
    /// let site = SharedData::new(|_: &Request| "the app")
    ///     .folder("/examples", "examples")
    ///     .listing(true);
    /// let client = Client::new(site);
    /// let page = client.get("/examples/").header("accept", "text/plain").send()?;
    /// assert!(page.text().contains("hello.rs"));
    /// # Ok::<(), devserve::Error>(())
    /// ```
    pub fn listing(mut self, is_on: bool) -> Self {
        self.listing.is_on = is_on;
        self
    }
}

impl Listing {
    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// The list of what is in the folder at `path` of a source; `None` where there is none.
    pub(super) fn reply(
        &self,
        source: &Source,
        prefix: &str,
        path: &[u8],
        is_hidden: &IsHidden,
        environ: &Environ,
    ) -> Result<Option<Reply>> {
        if !self.is_on {
            return Ok(None);
        }
        let found = match source {
            Source::Folder(folder) => match read(folder, path) {
                Ok(found) => found,
                Err(FileError::Missing { .. } | FileError::Outside { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            },
            Source::Data(files) if source.has_folder(path) => packed(files, path),
            Source::Data(_) | Source::File(_) => return Ok(None),
        };
        let is_shown = |found: &Found| {
            let folder = if path.is_empty() {
                b"".as_slice()
            } else {
                b"/"
            };
            let slash = if found.is_folder {
                b"/".as_slice()
            } else {
                b""
            };
            let whole = [path, folder, &found.name, slash].concat();
            !is_hidden(&String::from_utf8_lossy(&whole))
        };
        let shown = |name: &[u8]| visible::visible(&String::from_utf8_lossy(name)).into_owned();
        let folders = path.split(|byte| *byte == b'/');
        let root = String::from_utf8_lossy(environ.script_root());
        let page = pages::Listing {
            root: format!("{root}{prefix}/"),
            folders: folders.filter(|name| !name.is_empty()).map(shown).collect(),
            order: Order::from_query(&String::from_utf8_lossy(environ.query_string())),
            entries: found
                .into_iter()
                .filter(is_shown)
                .map(Found::entry)
                .collect(),
        };
        let accept = environ.headers().get(header::ACCEPT);
        let accept = accept.and_then(|accept| accept.to_str().ok());
        let rendered = page.page().negotiate(accept);
        let mut reply = Reply::new(Body::from(rendered.body));
        *reply.status_mut() = rendered.status;
        *reply.headers_mut() = rendered.headers;
        Ok(Some(reply))
    }
}

/// A file or a folder, by its name of any bytes.
struct Found {
    name: Vec<u8>,
    is_folder: bool,
    bytes: Option<u64>,
    modified: Option<SystemTime>,
}

impl Found {
    fn entry(self) -> Entry {
        // A name with a colon would begin like a scheme (RFC 3986 §4.2).
        let guard = if self.name.contains(&b':') { "./" } else { "" };
        let slash = if self.is_folder { "/" } else { "" };
        Entry {
            href: format!("{guard}{}{slash}", percent::encode_path(&self.name)),
            name: String::from_utf8_lossy(&self.name).into_owned(),
            is_folder: self.is_folder,
            bytes: self.bytes,
            modified: self.modified,
        }
    }
}

/// The files and folders in a folder on disk. Links are what they lead to; those that lead
/// nowhere or out of the export are left out, as a request for them would be refused. So are
/// pipes, sockets and devices.
fn read(folder: &Path, path: &[u8]) -> Result<Vec<Found>, FileError> {
    let place = response::within(folder, path)?;
    let failed = |source| FileError::new(&place, source);
    let root = response::within(folder, b"")?;
    let mut list = Vec::new();
    for entry in fs::read_dir(&place).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        // What goes away meanwhile is left out.
        let (Ok(kind), Ok(facts)) = (entry.file_type(), fs::metadata(&path)) else {
            continue;
        };
        let is_inside = || fs::canonicalize(&path).is_ok_and(|real| real.starts_with(&root));
        if !(facts.is_file() || facts.is_dir()) || kind.is_symlink() && !is_inside() {
            continue;
        }
        list.push(Found {
            name: entry.file_name().as_encoded_bytes().to_vec(),
            is_folder: facts.is_dir(),
            bytes: facts.is_file().then_some(facts.len()),
            modified: facts.modified().ok(),
        });
    }
    Ok(list)
}

/// The files and folders at `path` among those that were compiled in.
fn packed(files: &[Data], path: &[u8]) -> Vec<Found> {
    let mut found = BTreeMap::new();
    for file in files {
        let Some(rest) = below(file.name, path) else {
            continue;
        };
        let (name, bytes) = match rest.split_once('/') {
            Some((folder, _)) => (folder, None),
            None => (rest, Some(file.content.len() as u64)),
        };
        found.insert(name, bytes);
    }
    let entries = found.into_iter().map(|(name, bytes)| Found {
        name: name.as_bytes().to_vec(),
        is_folder: bytes.is_none(),
        bytes,
        modified: None,
    });
    entries.collect()
}
