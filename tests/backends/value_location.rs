//! The location of long values, which the tests read and damage.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Method;
use tempfile::TempDir;

use crate::s3::S3Server;
use crate::support::proxy::Proxy;

/// A bucket or a folder that the roles share.
pub(crate) enum ValueLocation {
    /// A bucket behind a network that can fail.
    Bucket {
        s3: S3Server,
        network: Proxy,
        http: reqwest::Client,
    },
    Folder(TempDir),
}

const PREFIX: &str = "a/prefix";

impl ValueLocation {
    pub(crate) async fn bucket() -> Self {
        let s3 = S3Server::start();
        let network = Proxy::start(s3.port).await;
        let http = crate::support::http::client().timeout(Duration::from_secs(20)).build().expect("an HTTP client");
        Self::Bucket { s3, network, http }
    }

    pub(crate) fn folder() -> Self {
        Self::Folder(tempfile::tempdir().expect("a temporary directory"))
    }

    /// Returns its settings for the roles.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Bucket { network, .. } => bucket_at(&format!("http://127.0.0.1:{}", network.port)),
            Self::Folder(folder) => vec![("ABACI_VALUES_URL", format!("file://{}", folder.path().display()))],
        }
    }

    /// Returns the names of its texts.
    pub(crate) async fn texts(&self) -> Vec<String> {
        let names = match self {
            Self::Bucket { s3, http, .. } => {
                let url = format!("http://127.0.0.1:{}/{}?list-type=2", s3.port, S3Server::BUCKET);
                let listing = http.get(url).send().await.expect("a response").text().await.expect("text");
                let keys = listing.split("<Key>").skip(1);
                keys.map(|rest| rest.split_once("</Key>").expect("an end").0.to_owned()).collect()
            }
            Self::Folder(folder) => files_below(folder.path(), folder.path()),
        };
        names.into_iter().filter(|name: &String| name.ends_with(".txt")).collect()
    }

    /// Deletes a text.
    pub(crate) async fn remove(&self, name: &str) {
        match self {
            Self::Bucket { .. } => drop(self.request(Method::DELETE, name, Vec::new()).await),
            Self::Folder(folder) => std::fs::remove_file(folder.path().join(name)).expect("it was there"),
        }
    }

    /// Changes a text in place.
    pub(crate) async fn alter(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        match self {
            Self::Bucket { .. } => {
                let mut text = self.request(Method::GET, name, Vec::new()).await;
                change(&mut text);
                self.request(Method::PUT, name, text).await;
            }
            Self::Folder(folder) => {
                let path = folder.path().join(name);
                let mut text = std::fs::read(&path).expect("it is there");
                change(&mut text);
                std::fs::write(&path, text).expect("it can be written");
            }
        }
    }

    async fn request(&self, method: Method, name: &str, body: Vec<u8>) -> Vec<u8> {
        let Self::Bucket { s3, http, .. } = self else { panic!("expected a bucket") };
        let url = format!("http://127.0.0.1:{}/{}/{name}", s3.port, S3Server::BUCKET);
        let response = http.request(method, url).body(body).send().await.expect("a response");
        assert!(response.status().is_success(), "{}", response.status());
        response.bytes().await.expect("a body").to_vec()
    }
}

/// Returns the settings of the bucket at a URL.
pub(crate) fn bucket_at(url: &str) -> Vec<(&'static str, String)> {
    [
        ("ABACI_VALUES_URL", &*format!("s3://{}/{PREFIX}", S3Server::BUCKET)),
        ("AWS_ENDPOINT_URL_S3", url),
        ("AWS_ACCESS_KEY_ID", "any"),
        ("AWS_SECRET_ACCESS_KEY", "any-secret"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

fn files_below(root: &Path, folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    let name = |path: PathBuf| path.strip_prefix(root).expect("below it").display().to_string();
    files.into_iter().map(name).chain(folders.iter().flat_map(|folder| files_below(root, folder))).collect()
}
