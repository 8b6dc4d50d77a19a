//! The models that Doclens knows by name. Data in `assets/models/catalogue.json`, built in.
//!
//! Repository ids, pinned revisions, sizes and digests are facts that the publishers state; where a
//! file's digest is not known, it is recorded on the first download and verified after that.

use serde::{Deserialize, Serialize};

use super::error::Error;

const BUILT_IN: &str = include_str!("../../../assets/models/catalogue.json");

/// File names that make up a checkpoint in the Hugging Face layout; what else a repository holds
/// (ONNX exports, pictures, training state) is not downloaded for an id that the user adds.
const CHECKPOINT_FILES: [&str; 12] = [
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "chat_template.json",
    "chat_template.jinja",
    "special_tokens_map.json",
    "added_tokens.json",
    "tokenizer_config.json",
    "tokenizer.json",
    "model.safetensors.index.json",
    "README.md",
];

/// Every model that can be had by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// In the order in which they are offered.
    pub models: Vec<CatalogueModel>,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueModel {
    /// Short name on the command line.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// `owner/name` on the hub.
    pub repository: String,
    /// The commit that is downloaded.
    pub revision: String,
    /// What it is for, one sentence.
    #[serde(default)]
    pub summary: String,
    /// Languages that its publisher names.
    #[serde(default)]
    pub languages: Vec<String>,
    /// SPDX name of its licence.
    #[serde(default)]
    pub licence: String,
    /// Number of parameters; 0 when not known.
    #[serde(default)]
    pub num_parameters: u64,
    /// Offered to newcomers.
    #[serde(default)]
    pub is_default: bool,
    /// What is downloaded. Empty for an id that the user added: the hub is asked.
    #[serde(default)]
    pub files: Vec<CatalogueFile>,
}

/// One file of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueFile {
    /// Path inside the repository, with `/`.
    pub path: String,
    /// Its size, when known before the download.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// SHA-256 in lower-case hexadecimal, when known before the download.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The repository may lack it, and the model works without.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_optional: bool,
}

impl Catalogue {
    /// The catalogue that is built into the program.
    ///
    /// # Errors
    /// Never for a released build: a test parses it.
    pub fn built_in() -> Result<Self, Error> {
        serde_json::from_str(BUILT_IN).map_err(|source| Error::Catalogue { source })
    }

    /// A model by its short name or by its repository id, or an entry made up for any other
    /// `owner/name` or `owner/name@revision` on the hub.
    ///
    /// # Errors
    /// If it is neither.
    pub fn resolve(&self, name: &str) -> Result<CatalogueModel, Error> {
        let known = self.models.iter().find(|model| model.id == name || model.repository == name);
        if let Some(model) = known {
            return Ok(model.clone());
        }
        CatalogueModel::from_repository(name)
    }
}

impl CatalogueModel {
    /// An entry for a repository that the catalogue does not list: `owner/name` or
    /// `owner/name@revision`.
    ///
    /// # Errors
    /// If the text is not of that form.
    pub fn from_repository(id: &str) -> Result<Self, Error> {
        let (repository, revision) = id.split_once('@').unwrap_or((id, "main"));
        let is_plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        let is_repository = repository
            .split_once('/')
            .is_some_and(|(owner, name)| is_plain(owner) && is_plain(name) && is_plain(revision));
        if !is_repository {
            return Err(Error::UnknownModel { name: id.to_owned() });
        }
        Ok(Self {
            id: repository.to_owned(),
            name: repository.split_once('/').map_or(repository, |(_, name)| name).to_owned(),
            repository: repository.to_owned(),
            revision: revision.to_owned(),
            summary: String::new(),
            languages: Vec::new(),
            licence: String::new(),
            num_parameters: 0,
            is_default: false,
            files: Vec::new(),
        })
    }

    /// Bytes of all files whose size is known.
    pub fn known_size_bytes(&self) -> u64 {
        self.files.iter().filter_map(|file| file.size_bytes).sum()
    }

    /// Name of its folder among the models: the repository id with `--` for `/`.
    pub fn folder_name(&self) -> String {
        self.repository.replace('/', "--")
    }
}

/// Whether a file of a repository belongs to the checkpoint.
pub(super) fn is_checkpoint_file(path: &str) -> bool {
    CHECKPOINT_FILES.contains(&path) || (is_weight_file(path) && !path.contains('/'))
}

/// Whether a file holds weights.
pub(super) fn is_weight_file(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension == "safetensors")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_catalogue_is_whole() {
        let catalogue = Catalogue::built_in().unwrap();
        assert_eq!(catalogue.models.iter().filter(|model| model.is_default).count(), 1);
        for model in &catalogue.models {
            assert_eq!(model.revision.len(), 40, "{}: pin a whole commit", model.id);
            assert!(!model.summary.is_empty() && !model.licence.is_empty(), "{}", model.id);
            let weights = model.files.iter().find(|file| file.path == "model.safetensors").unwrap();
            assert!(weights.size_bytes.is_some() && weights.sha256.is_some(), "{}", model.id);
            for file in &model.files {
                assert!(is_checkpoint_file(&file.path), "{}: {}", model.id, file.path);
                let digest = file.sha256.as_deref().unwrap_or("");
                assert!(digest.is_empty() || digest.len() == 64, "{}: {}", model.id, file.path);
            }
        }
    }

    #[test]
    fn names_repositories_and_strangers_are_resolved() {
        let catalogue = Catalogue::built_in().unwrap();
        let check = |name: &str, repository: &str, revision: &str| {
            let model = catalogue.resolve(name).unwrap();
            assert_eq!((model.repository.as_str(), &model.revision[..4]), (repository, revision));
        };
        check("smoldocling", "docling-project/SmolDocling-256M-preview", "ce51");
        check("ibm-granite/granite-docling-258M", "ibm-granite/granite-docling-258M", "982f");
        check("someone/their-model", "someone/their-model", "main");
        check("someone/their-model@v1.0", "someone/their-model", "v1.0");
    }

    #[test]
    fn what_is_no_repository_is_refused() {
        let catalogue = Catalogue::built_in().unwrap();
        for name in ["", "nothing", "a/b/c", "../x", "a/../b", "a/b@", "a b/c", ".a/b"] {
            assert!(matches!(catalogue.resolve(name), Err(Error::UnknownModel { .. })), "{name}");
        }
    }
}
