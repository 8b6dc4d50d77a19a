//! The hub, through its own client: list a repository, read a file from an offset.
//!
//! Address, token, proxies and redirects are the client's (`HF_ENDPOINT`, `HF_TOKEN`, the token file,
//! `HTTPS_PROXY`). Everything here waits in short slices, so that a stop is noticed at once.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use hf_hub::repository::download::HFByteStream;
use hf_hub::repository::{HFRepository, RepoTreeEntry, RepoTypeModel};
use hf_hub::{HFClient, HFError, split_id};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::catalogue::{CatalogueFile, CatalogueModel, is_checkpoint_file};
use super::download::DownloadOptions;
use super::error::Error;

/// How long a wait lasts before the stop switch is looked at again.
const SLICE: Duration = Duration::from_millis(100);

/// The client with the thread-bound runtime that drives it.
pub(super) struct Remote {
    client: HFClient,
    runtime: Runtime,
    /// No answer and no bytes for this long is a stall.
    stall_timeout: Duration,
}

/// The body of one file, from an offset on.
pub(super) struct Body {
    stream: HFByteStream,
}

/// Why a wait ended without a result.
pub(super) enum Trouble {
    /// Worth another try: nothing came, or the connection broke.
    Passing(Error),
    /// The server asks to wait.
    TooMany { retry_after: Option<Duration> },
    /// Another try would end the same way.
    Lasting(Error),
    /// Somebody asked to stop.
    Stopped,
}

impl Remote {
    /// Reads the environment; nothing goes over the network yet.
    pub(super) fn new(options: &DownloadOptions) -> Result<Self, Error> {
        // Our own tries follow the stop switch and keep what has arrived, so the client makes none.
        let mut builder = HFClient::builder().cache_enabled(false).retry_max_attempts(0);
        if let Some(endpoint) = &options.endpoint {
            builder = builder.endpoint(endpoint);
        }
        if let Some(token) = &options.token {
            builder = builder.token(token);
        }
        let client = builder.build();
        let runtime = Builder::new_current_thread().enable_all().build();
        Ok(Self {
            client: client.map_err(|source| server_error("the hub's address", source))?,
            runtime: runtime.map_err(|source| server_error("the hub's address", source))?,
            stall_timeout: options.stall_timeout,
        })
    }

    /// The checkpoint's files with the sizes and digests that the hub states.
    pub(super) fn list(
        &self,
        model: &CatalogueModel,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<Vec<CatalogueFile>, Trouble> {
        let (owner, name) = split_id(&model.repository);
        let listing = async {
            let repository = self.client.model(owner, name);
            let entries = repository.list_tree().revision(model.revision.clone()).send()?;
            let mut entries = std::pin::pin!(entries);
            let mut files = Vec::new();
            while let Some(entry) = entries.next().await {
                if let RepoTreeEntry::File { path, size, lfs, .. } = entry?
                    && is_checkpoint_file(&path)
                {
                    let sha256 = match lfs {
                        Some(_) => digest_from_etag(&repository, &path, &model.revision).await?,
                        None => None,
                    };
                    files.push(CatalogueFile { path, size_bytes: Some(size), sha256, is_optional: false });
                }
            }
            Ok(files)
        };
        self.wait(&model.repository, model, is_stopped, listing)
    }

    /// Opens a file at `offset`. The size is that of the whole file; without it only 0 is possible.
    pub(super) fn open(
        &self,
        model: &CatalogueModel,
        path: &str,
        offset: u64,
        size_bytes: Option<u64>,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<(Option<u64>, Body), Trouble> {
        let (owner, name) = split_id(&model.repository);
        let range = size_bytes.filter(|size| offset > 0 && offset < *size).map(|size| offset..size);
        let opening = async {
            let repository = self.client.model(owner, name);
            let request = repository.download_file_stream().filename(path).revision(model.revision.clone());
            request.maybe_range(range).send().await
        };
        let (length, stream) = self.wait(path, model, is_stopped, opening)?;
        Ok((length, Body { stream }))
    }

    /// The next piece of a file; `None` at its end.
    pub(super) fn read(
        &self,
        body: &mut Body,
        path: &str,
        model: &CatalogueModel,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<Option<bytes::Bytes>, Trouble> {
        self.wait(path, model, is_stopped, async { body.stream.next().await.transpose() })
    }

    fn wait<T>(
        &self,
        file: &str,
        model: &CatalogueModel,
        is_stopped: &dyn Fn() -> bool,
        work: impl Future<Output = Result<T, HFError>>,
    ) -> Result<T, Trouble> {
        let started = Instant::now();
        self.runtime.block_on(async {
            let mut work = std::pin::pin!(work);
            loop {
                if is_stopped() {
                    return Err(Trouble::Stopped);
                }
                if let Ok(result) = timeout(SLICE, &mut work).await {
                    return result.map_err(|error| trouble(file, model, error));
                }
                if started.elapsed() >= self.stall_timeout {
                    let stalled_secs = self.stall_timeout.as_secs();
                    return Err(Trouble::Passing(Error::Stalled { file: file.to_owned(), stalled_secs }));
                }
            }
        })
    }
}

/// The hub uses a large file's SHA-256 as its entity tag. (The client's listing has a field for the
/// digest, but reads it from a key that the hub does not send; 1.0.0.)
async fn digest_from_etag(
    repository: &HFRepository<RepoTypeModel>,
    path: &str,
    revision: &str,
) -> Result<Option<String>, HFError> {
    let metadata = repository.get_file_metadata().filepath(path).revision(revision).send().await?;
    let is_digest = metadata.etag.len() == 64 && metadata.etag.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok(is_digest.then(|| metadata.etag.to_ascii_lowercase()))
}

/// Sorts the client's errors by what a person can do about them.
fn trouble(file: &str, model: &CatalogueModel, error: HFError) -> Trouble {
    let repository = || model.repository.clone();
    match error {
        HFError::AuthRequired { .. } => Trouble::Lasting(Error::TokenNeeded { repository: repository() }),
        HFError::Forbidden { .. } => Trouble::Lasting(Error::AccessDenied { repository: repository() }),
        HFError::RepoNotFound { context: Some(context), .. } if context.status.as_u16() == 401 => {
            Trouble::Lasting(Error::TokenNeeded { repository: repository() })
        }
        HFError::RepoNotFound { .. } => Trouble::Lasting(Error::NotFound { what: repository() }),
        HFError::RevisionNotFound { revision, .. } => {
            Trouble::Lasting(Error::NotFound { what: format!("{}@{revision}", model.repository) })
        }
        HFError::EntryNotFound { path, .. } => {
            Trouble::Lasting(Error::NotFound { what: format!("{}/{path}", model.repository) })
        }
        HFError::RateLimited { retry_after, .. } => Trouble::TooMany { retry_after },
        HFError::Http { context } if context.status.is_server_error() => {
            Trouble::Passing(server_error(file, HFError::Http { context }))
        }
        error @ (HFError::Request { .. } | HFError::Xet { .. } | HFError::Io(_)) => {
            Trouble::Passing(Error::Connection { file: file.to_owned(), source: Box::new(error) })
        }
        // The client's list of errors is open; what it adds later is told as it is.
        other => Trouble::Lasting(server_error(file, other)),
    }
}

fn server_error(file: &str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Server { file: file.to_owned(), source: Box::new(source) }
}
