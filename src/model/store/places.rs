//! Where models lie: Doclens' own folder and the cache that other programs share.
//!
//! The cache's layout (`models--owner--name/snapshots/<commit>/`, files as links into `blobs/`) and
//! its environment variables are those of the hub's own clients.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::error::Error;
use super::install::Receipt;

/// No cache that a person keeps has more repositories than this; more are not looked at.
const MAX_REPOSITORIES: usize = 10_000;

/// A folder that looks like a model. It has not been checked beyond its file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundModel {
    /// The folder with `config.json`.
    pub folder: PathBuf,
    /// Where it was found.
    pub origin: Origin,
    /// `owner/name`, when the place tells.
    pub repository: Option<String>,
    /// Commit or branch, when the place tells.
    pub revision: Option<String>,
    /// Bytes of its files, links followed.
    pub size_bytes: u64,
}

/// Where a model was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Downloaded by Doclens.
    Doclens,
    /// In the cache that the hub's clients share.
    HubCache,
}

impl FoundModel {
    /// Name for people: the repository's name, else the folder's.
    pub fn name(&self) -> String {
        match &self.repository {
            Some(repository) => repository.rsplit('/').next().unwrap_or(repository).to_owned(),
            None => self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }
}

/// The folder for Doclens' own downloads: `DOCLENS_MODELS`, else `models` in the user's data folder.
///
/// # Errors
/// If neither is known.
pub fn models_folder() -> Result<PathBuf, Error> {
    if let Some(folder) = set_variable("DOCLENS_MODELS") {
        return Ok(folder);
    }
    ProjectDirs::from("", "", "doclens")
        .map(|dirs| dirs.data_dir().join("models"))
        .ok_or(Error::NoModelsFolder)
}

/// The shared cache: `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, `HF_HOME/hub`,
/// `XDG_CACHE_HOME/huggingface/hub`, else `.cache/huggingface/hub` in the home folder.
pub fn hub_cache_folder() -> Option<PathBuf> {
    set_variable("HF_HUB_CACHE")
        .or_else(|| set_variable("HUGGINGFACE_HUB_CACHE"))
        .or_else(|| set_variable("HF_HOME").map(|home| home.join("hub")))
        .or_else(|| set_variable("XDG_CACHE_HOME").map(|cache| cache.join("huggingface/hub")))
        .or_else(|| directories::BaseDirs::new().map(|dirs| dirs.home_dir().join(".cache/huggingface/hub")))
}

/// Every model that is on this machine, Doclens' own first, then by name.
///
/// Folders that cannot be read count as empty: a cache of another user is no error.
pub fn find_models() -> Vec<FoundModel> {
    let own = models_folder().map(|folder| find_own(&folder)).unwrap_or_default();
    let shared = hub_cache_folder().map(|folder| find_in_hub_cache(&folder)).unwrap_or_default();
    own.into_iter().chain(shared).collect()
}

/// Finished downloads below `folder`. Half ones lie in folders with a dot before their name.
pub(super) fn find_own(folder: &Path) -> Vec<FoundModel> {
    let mut found: Vec<_> = subfolders(folder)
        .into_iter()
        .filter(|path| !is_hidden(path))
        .filter_map(|path| {
            let receipt = Receipt::read(&path).ok()?;
            let size_bytes = model_size_bytes(&path)?;
            Some(FoundModel {
                folder: path,
                origin: Origin::Doclens,
                repository: Some(receipt.repository),
                revision: Some(receipt.revision),
                size_bytes,
            })
        })
        .collect();
    found.sort_by_key(FoundModel::name);
    found
}

/// The newest complete snapshot of every vision-language model in the shared cache.
pub(super) fn find_in_hub_cache(cache: &Path) -> Vec<FoundModel> {
    let mut found: Vec<_> = subfolders(cache)
        .into_iter()
        .filter_map(|repository_folder| {
            let name = repository_folder.file_name()?.to_str()?.strip_prefix("models--")?.to_owned();
            let mut ours = snapshots(&repository_folder).into_iter().filter(|path| is_our_kind(path));
            let (folder, size_bytes) =
                ours.find_map(|path| model_size_bytes(&path).map(|size| (path, size)))?;
            Some(FoundModel {
                origin: Origin::HubCache,
                repository: Some(name.replacen("--", "/", 1)),
                revision: folder.file_name().and_then(OsStr::to_str).map(str::to_owned),
                size_bytes,
                folder,
            })
        })
        .collect();
    found.sort_by_key(FoundModel::name);
    found
}

/// Snapshot folders, the one that `refs/main` names first, then the newest.
fn snapshots(repository_folder: &Path) -> Vec<PathBuf> {
    let main = fs::read_to_string(repository_folder.join("refs/main")).unwrap_or_default();
    let mut folders = subfolders(&repository_folder.join("snapshots"));
    folders.sort_by_key(|path| {
        let is_main = path.file_name().and_then(OsStr::to_str) == Some(main.trim());
        let modified = fs::metadata(path).and_then(|meta| meta.modified()).ok();
        std::cmp::Reverse((is_main, modified))
    });
    folders
}

/// The configuration names an architecture that this program runs.
fn is_our_kind(folder: &Path) -> bool {
    /// A configuration is a few kilobytes; anything much larger is not one.
    const MAX_CONFIG_BYTES: u64 = 1 << 20;
    let path = folder.join("config.json");
    if fs::metadata(&path).map_or(true, |meta| meta.len() > MAX_CONFIG_BYTES) {
        return false;
    }
    let config: Option<serde_json::Value> =
        fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let model_type = config.as_ref().and_then(|config| config.get("model_type")?.as_str());
    matches!(model_type, Some("idefics3" | "smolvlm"))
}

/// Bytes of the files in a model's folder, links followed; `None` when the essential ones are not
/// there (a snapshot can be incomplete, and its links can lead nowhere).
fn model_size_bytes(folder: &Path) -> Option<u64> {
    let mut total = 0;
    let mut has_weights = false;
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let metadata = fs::metadata(entry.path()).ok().filter(fs::Metadata::is_file);
        if let Some(metadata) = metadata {
            total += metadata.len();
            has_weights |= entry.path().extension() == Some(OsStr::new("safetensors"));
        }
    }
    (has_weights && folder.join("config.json").is_file()).then_some(total)
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<_> =
        entries.take(MAX_REPOSITORIES).map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with('.'))
}

fn set_variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, contents: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    #[test]
    fn an_empty_or_missing_place_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(find_in_hub_cache(folder.path()), []);
        assert_eq!(find_own(&folder.path().join("missing")), []);
    }

    #[cfg(unix)]
    #[test]
    fn a_snapshot_of_links_is_found_and_the_main_one_is_preferred() {
        let cache = tempfile::tempdir().unwrap();
        let repository = cache.path().join("models--owner--a--model");
        write(&repository.join("refs/main"), "bbbb");
        for commit in ["aaaa", "bbbb"] {
            write(&repository.join("blobs").join(format!("config-{commit}")), r#"{"model_type":"idefics3"}"#);
            write(&repository.join("blobs").join(format!("weights-{commit}")), "12345");
            let snapshot = repository.join("snapshots").join(commit);
            fs::create_dir_all(&snapshot).unwrap();
            for (name, blob) in [("config.json", "config"), ("model.safetensors", "weights")] {
                std::os::unix::fs::symlink(format!("../../blobs/{blob}-{commit}"), snapshot.join(name))
                    .unwrap();
            }
        }
        let found = find_in_hub_cache(cache.path());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].repository.as_deref(), Some("owner/a--model"));
        assert_eq!(found[0].revision.as_deref(), Some("bbbb"));
        assert_eq!(found[0].size_bytes, 25 + 5);

        fs::remove_file(repository.join("blobs/weights-bbbb")).unwrap();
        let rest = find_in_hub_cache(cache.path());
        assert_eq!(rest[0].revision.as_deref(), Some("aaaa"), "a link that leads nowhere is no weight file");
    }

    #[test]
    fn other_architectures_are_left_alone() {
        let cache = tempfile::tempdir().unwrap();
        let snapshot = cache.path().join("models--owner--bert/snapshots/cccc");
        write(&snapshot.join("config.json"), r#"{"model_type":"bert"}"#);
        write(&snapshot.join("model.safetensors"), "12345");
        assert_eq!(find_in_hub_cache(cache.path()), []);
    }
}
