//! Words for what can go wrong with getting models; part of `user_message`.

use std::io;
use std::path::Path;

use crate::engine::user_message::{UserMessage, display_bytes, file_name};
use crate::model::store::Error as E;

/// A model was asked for that is not on this machine.
pub(super) fn no_model_here(name: Option<&str>) -> UserMessage {
    match name {
        None => UserMessage::new(
            "There is no model on this machine",
            "See what can be had with doclens model list, and get one with doclens model get, or name a folder with --model DIR",
        ),
        Some(name) => UserMessage::new(
            format!("There is no model {name} on this machine"),
            format!("Name a folder, or get it with doclens model get {name}"),
        ),
    }
}

/// A model could not be found, downloaded, verified or removed.
pub(super) fn store_words(error: &E) -> UserMessage {
    match error {
        E::Catalogue { .. } => {
            UserMessage::new("The built-in list of models is damaged", "Install Doclens again")
        }
        E::UnknownModel { name } => UserMessage::new(
            format!("No model is called {name}"),
            "Take a name from doclens model list, or the owner/name of a repository on the hub",
        ),
        E::NoModelsFolder => UserMessage::new(
            "There is no folder for models",
            "Set DOCLENS_MODELS to a folder that you can write to",
        ),
        E::Offline => UserMessage::new(
            "HF_HUB_OFFLINE is set, so nothing is downloaded",
            "Unset it, or bring the model's folder from another computer",
        ),
        E::DiskSpace { needed_bytes, free_bytes, .. } => UserMessage::new(
            format!(
                "Not enough disk space: {} are needed, {} are free",
                display_bytes(*needed_bytes),
                display_bytes(*free_bytes)
            ),
            "Free some space, or set DOCLENS_MODELS to a folder on another disk",
        ),
        E::Disk { action, path, source } => disk_words(action, path, source),
        E::TokenNeeded { repository } => UserMessage::new(
            format!("{repository} wants an access token"),
            "Make one on the hub's website and set HF_TOKEN to it; the one that is set may be wrong or expired",
        ),
        E::AccessDenied { repository } => UserMessage::new(
            format!("Your account has no access to {repository}"),
            "Accept its terms on the hub's website, then try again",
        ),
        E::NotFound { what } => UserMessage::new(
            format!("The server has no {what}"),
            "Check the name. If HF_ENDPOINT is set, the mirror may lack it",
        ),
        E::RateLimited { retry_after_secs } => UserMessage::new(
            "The server refuses more downloads for now",
            match retry_after_secs {
                Some(secs) => format!("Go on in {} minutes; what has come is kept", secs.div_ceil(60).max(1)),
                None => "Go on in some minutes; what has come is kept".to_owned(),
            },
        ),
        E::Stalled { stalled_secs, .. } => UserMessage::new(
            format!("The server has sent nothing for {stalled_secs} s, several times"),
            "Check the network, then go on; what has come is kept",
        ),
        E::Connection { .. } => UserMessage::new(
            "The connection to the server broke, or could not be made",
            "Check the network and HTTPS_PROXY, then go on; what has come is kept. Without a network, bring the model's folder from another computer",
        ),
        E::Server { .. } => UserMessage::new(
            "The server answered in a way that Doclens does not understand",
            "Try again later. If HF_ENDPOINT is set, check that it is the address of a hub",
        ),
        E::WrongDigest { file, .. } => UserMessage::new(
            format!("{file} is not what its publisher states, twice"),
            "A proxy or mirror may change downloads. Try another network, or bring the file from elsewhere",
        ),
        E::WrongSize { file, expected_bytes, actual_bytes } => UserMessage::new(
            format!("{file} has {actual_bytes} bytes where its publisher states {expected_bytes}, twice"),
            "A proxy or mirror may change downloads. Try another network, or bring the file from elsewhere",
        ),
        E::Stopped => UserMessage::plain("The download is paused"),
        E::InUse { .. } => UserMessage::new(
            "Another Doclens downloads this model now",
            "Wait for it, or pause it there to go on here",
        ),
        E::NotOurs { folder } => UserMessage::new(
            format!("{} was not downloaded by Doclens and is left alone", file_name(folder)),
            "Remove it with the program that put it there",
        ),
    }
}

fn disk_words(action: &str, path: &Path, source: &io::Error) -> UserMessage {
    let name = file_name(path);
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => UserMessage::new(
            format!("Not enough disk space to {action} {name}"),
            "Free some space, or set DOCLENS_MODELS to a folder on another disk; what has come is kept",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => UserMessage::new(
            format!("No permission to {action} {name}"),
            "Set DOCLENS_MODELS to a folder that you can write to",
        ),
        _ => UserMessage::new(
            format!("Doclens could not {action} {name}"),
            "Check the disk, then try again; what has come is kept",
        ),
    }
}
