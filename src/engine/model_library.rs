//! The models on this machine, and how others get here: what the model manager and the command line
//! work with.
//!
//! Everything here blocks (folders are walked, files hashed, bytes fetched) and belongs on a worker or
//! in a command-line run. Nothing goes over the network except in [`download`].

use std::path::{Path, PathBuf};

use crate::engine::error::Error;
use crate::engine::user_message::UserMessage;
use crate::model;
use crate::model::store::{self, Catalogue, CatalogueModel, DownloadOptions, FoundModel};

pub use crate::model::store::{DownloadProgress, FileProgress, Verification};

/// Bytes that a parameter takes while a model computes in f32, the default on a processor.
const BYTES_PER_PARAMETER: u64 = 4;

/// Name of the model that the program carries.
pub const POCKET_ID: &str = "pocket";
/// Its name for people.
pub const POCKET_NAME: &str = "Pocket (demonstration)";
const POCKET_SUMMARY: &str =
    "Comes with Doclens to show how a model works: reads small pages like the sample scan, no others";
/// A scan that the program carries; the pocket model reads it unasked, and no other page.
pub const SAMPLE_SCAN: &[u8] = include_bytes!("../../assets/sample-scan.png");

/// A model that is here, or that can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEntry {
    /// Its name on the command line and in jobs: of the catalogue, else `owner/name`, else its folder.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it is for, one sentence. Empty when nobody has said.
    pub summary: String,
    /// Languages that its publisher names.
    pub languages: Vec<String>,
    /// SPDX name of its licence; empty when not known.
    pub licence: String,
    /// Number of parameters; 0 when not known.
    pub num_parameters: u64,
    /// Bytes to download; 0 when not known.
    pub download_bytes: u64,
    /// Offered to newcomers.
    pub is_default: bool,
    /// Where it is, if it is here.
    pub installed: Option<InstalledModel>,
    /// Bytes that an unfinished download has left.
    pub unfinished_bytes: u64,
}

/// A model that is on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledModel {
    /// Folder in the Hugging Face layout.
    pub folder: PathBuf,
    /// How it came here.
    pub origin: ModelOrigin,
    /// Bytes of its files.
    pub size_bytes: u64,
    /// Commit or branch, when the place tells.
    pub revision: Option<String>,
    /// Why it cannot be used; `None` when settings, tokenizer, and the shape of every tensor are right.
    pub problem: Option<UserMessage>,
}

/// How a model came to this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelOrigin {
    /// Doclens downloaded it, and can remove it.
    Downloaded,
    /// It is in the cache that the hub's programs share.
    HubCache,
    /// A folder that the user has named.
    Folder,
    /// The program carries it, to demonstrate itself.
    Carried,
}

impl ModelEntry {
    /// It is here and can be loaded.
    pub fn is_usable(&self) -> bool {
        self.installed.as_ref().is_some_and(|installed| installed.problem.is_none())
    }

    /// It reads pages of its own kind only, so it is used for others only when somebody chooses it.
    pub fn is_demonstration(&self) -> bool {
        self.installed.as_ref().is_some_and(|installed| installed.origin == ModelOrigin::Carried)
    }

    /// It can be loaded, and may read any page without being chosen first.
    pub fn is_for_any_page(&self) -> bool {
        self.is_usable() && !self.is_demonstration()
    }

    /// Memory that its weights take while it computes in f32; `None` when not known.
    pub fn weight_memory_bytes(&self) -> Option<u64> {
        (self.num_parameters > 0).then(|| self.num_parameters.saturating_mul(BYTES_PER_PARAMETER))
    }

    fn of_catalogue(model: &CatalogueModel) -> Self {
        Self {
            id: model.id.clone(),
            name: model.name.clone(),
            summary: model.summary.clone(),
            languages: model.languages.clone(),
            licence: model.licence.clone(),
            num_parameters: model.num_parameters,
            download_bytes: model.known_size_bytes(),
            is_default: model.is_default,
            installed: None,
            unfinished_bytes: 0,
        }
    }

    fn of_stranger(id: String, name: String) -> Self {
        Self {
            id,
            name,
            summary: String::new(),
            languages: Vec::new(),
            licence: String::new(),
            num_parameters: 0,
            download_bytes: 0,
            is_default: false,
            installed: None,
            unfinished_bytes: 0,
        }
    }

    fn install(&mut self, folder: PathBuf, origin: ModelOrigin, size_bytes: u64, revision: Option<String>) {
        let problem = match model::check(&folder) {
            Ok(report) => {
                self.num_parameters = report.num_parameters;
                None
            }
            Err(error) => Some(UserMessage::from(&Error::from(error))),
        };
        self.installed = Some(InstalledModel { folder, origin, size_bytes, revision, problem });
    }
}

/// The folder for downloads.
///
/// # Errors
/// When the system has no place for user data and `DOCLENS_MODELS` is not set.
pub fn folder() -> Result<PathBuf, Error> {
    Ok(store::models_folder()?)
}

/// Every model of the catalogue in its order, then what else is here: Doclens' own, the shared cache,
/// and the folders that the user has added. Each one that is here has been checked.
///
/// # Errors
/// When the built-in catalogue does not parse, which a test rules out.
pub fn list(added_folders: &[PathBuf]) -> Result<Vec<ModelEntry>, Error> {
    let catalogue = Catalogue::built_in()?;
    let models_folder = store::models_folder().ok();
    let mut entries = Vec::new();
    for model in &catalogue.models {
        let mut entry = ModelEntry::of_catalogue(model);
        entry.unfinished_bytes =
            models_folder.as_deref().map_or(0, |folder| store::unfinished_bytes(folder, model));
        entries.push(entry);
    }
    for found in store::find_models() {
        add_found(&mut entries, &catalogue, found);
    }
    entries.extend(carried());
    for folder in added_folders {
        let is_known = |entry: &ModelEntry| {
            entry.installed.as_ref().is_some_and(|installed| installed.folder == *folder)
        };
        if !entries.iter().any(is_known) {
            let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
            let mut entry = ModelEntry::of_stranger(folder.display().to_string(), name);
            entry.install(folder.clone(), ModelOrigin::Folder, store::folder_size_bytes(folder), None);
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// The model that the program carries; `None` where there is no room to unpack it.
fn carried() -> Option<ModelEntry> {
    let folder = store::pocket_folder().map_err(|error| tracing::warn!(%error, "no pocket model")).ok()?;
    let mut entry = ModelEntry {
        summary: POCKET_SUMMARY.to_owned(),
        licence: "MIT OR Apache-2.0".to_owned(),
        languages: vec!["English letters".to_owned()],
        ..ModelEntry::of_stranger(POCKET_ID.to_owned(), POCKET_NAME.to_owned())
    };
    entry.install(folder, ModelOrigin::Carried, store::pocket_size_bytes(), None);
    Some(entry)
}

/// The folder of the model that the program carries.
///
/// # Errors
/// When there is no room to unpack it.
pub fn pocket() -> Result<PathBuf, Error> {
    Ok(store::pocket_folder()?)
}

/// A file holds the sample scan, whatever it is called.
pub fn is_sample_scan(path: &Path) -> bool {
    let has_its_size = std::fs::metadata(path).is_ok_and(|file| file.len() == SAMPLE_SCAN.len() as u64);
    has_its_size && std::fs::read(path).is_ok_and(|bytes| bytes == SAMPLE_SCAN)
}

/// A model that is here twice is listed at the first place where it can be used.
fn add_found(entries: &mut Vec<ModelEntry>, catalogue: &Catalogue, found: FoundModel) {
    let origin = match found.origin {
        store::Origin::Doclens => ModelOrigin::Downloaded,
        store::Origin::HubCache => ModelOrigin::HubCache,
    };
    let listed = catalogue.models.iter().find(|model| found.repository.as_ref() == Some(&model.repository));
    let name = found.name();
    let id = match (listed, &found.repository) {
        (Some(model), _) => model.id.clone(),
        (None, Some(repository)) => repository.clone(),
        (None, None) => found.folder.display().to_string(),
    };
    let idx = entries.iter().position(|entry| entry.id == id).unwrap_or_else(|| {
        entries.push(ModelEntry::of_stranger(id, name));
        entries.len() - 1
    });
    if let Some(entry) = entries.get_mut(idx)
        && !entry.is_usable()
    {
        entry.install(found.folder, origin, found.size_bytes, found.revision);
    }
}

/// The folder of the model that is used when nobody names one: the first of [`list`] that is usable and
/// more than a demonstration.
///
/// # Errors
/// [`Error::NoModelHere`] when there is none.
pub fn first_usable() -> Result<PathBuf, Error> {
    let entries = list(&[])?;
    let usable = entries.into_iter().filter(ModelEntry::is_for_any_page).find_map(|entry| entry.installed);
    usable.map(|installed| installed.folder).ok_or(Error::NoModelHere { name: None })
}

/// The folder that a person means: a folder, or the name of a model that is here.
///
/// # Errors
/// [`Error::NoModelHere`] when it is neither; what kept the model that the program carries from being unpacked.
pub fn resolve(name: &Path) -> Result<PathBuf, Error> {
    if name.is_dir() {
        return Ok(name.to_owned());
    }
    if name == Path::new(POCKET_ID) {
        return pocket();
    }
    let missing = || Error::NoModelHere { name: Some(name.display().to_string()) };
    let wanted = name.to_str().ok_or_else(missing)?;
    let wanted = Catalogue::built_in()?.resolve(wanted).map_or_else(|_| wanted.to_owned(), |model| model.id);
    let entry = list(&[])?.into_iter().find(|entry| entry.id == wanted);
    entry.and_then(|entry| entry.installed).map(|installed| installed.folder).ok_or_else(missing)
}

/// Downloads a model, going on from what an earlier try has left, and returns its folder. `name` is one
/// of the catalogue or `owner/name[@revision]`. Stops within a fraction of a second once `is_stopped`
/// says so, and keeps what has come.
///
/// # Errors
/// [`Error::Cancelled`] when stopped, else what went wrong between the server and the disk, or what is
/// wrong with the model that came.
pub fn download(
    name: &str,
    is_stopped: &dyn Fn() -> bool,
    on_progress: &mut dyn FnMut(&DownloadProgress),
) -> Result<PathBuf, Error> {
    let model = Catalogue::built_in()?.resolve(name)?;
    let options = DownloadOptions::default();
    let downloaded = store::download(&model, &store::models_folder()?, &options, is_stopped, on_progress);
    let folder = match downloaded {
        Err(store::Error::Stopped) => return Err(Error::Cancelled),
        other => other?,
    };
    model::check(&folder)?;
    Ok(folder)
}

/// Checks a folder as loading it would, then reads every file that a download has left there again and
/// compares it with its digest. A folder that Doclens did not download has no digests to compare with:
/// its lists are empty.
///
/// # Errors
/// When the folder is no checkpoint that can be loaded. Files with wrong digests are no error: they are
/// listed.
pub fn verify(folder: &Path) -> Result<Verification, Error> {
    model::check(folder)?;
    match store::Receipt::read(folder) {
        Ok(_) => Ok(store::verify(folder)?),
        Err(_) => Ok(Verification::default()),
    }
}

/// Removes a model that Doclens has downloaded, and what an unfinished download has left. Returns the
/// bytes that became free.
///
/// # Errors
/// When it is not one of Doclens' downloads, or the disk refuses.
pub fn remove(name: &str) -> Result<u64, Error> {
    let model = Catalogue::built_in()?.resolve(name)?;
    Ok(store::remove(&store::models_folder()?, &model)?)
}
