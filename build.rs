//! Gets libpdfium for the target and hands it to the crate as a file to embed.
//!
//! Comes in: `DOCLENS_PDFIUM_LIB`, the cache under the cargo home, or the network. Goes out: a copy in
//! `OUT_DIR`, its path in `DOCLENS_PDFIUM_EMBED`, its SHA-256 in `DOCLENS_PDFIUM_SHA256`, its file name in
//! `DOCLENS_PDFIUM_NAME`. A warm cache needs no network. Where the library is looked for at run time is
//! `src/document/pdfium_library.rs`.
//!
//! Sources: the pdfium-binaries project's release `chromium/8066`, and the same project's build 8076 as
//! the Python package `pypdfium2` carries it. Both are pinned by SHA-256. PDFium must be at least as new as
//! the `pdfium_7881` feature of pdfium-render, which looks up every function when it binds.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use sha2::{Digest as _, Sha256};

/// Taken as it is, whatever its version: for distributions and for builds without a network.
const LIBRARY_VARIABLE: &str = "DOCLENS_PDFIUM_LIB";

/// Where the release archives of build 8066 lie.
const ARCHIVE_FOLDER: &str = "https://github.com/bblanchon/pdfium-binaries/releases/download/chromium%2F8066";

/// The Python package that carries build 8076, asked for through pip.
const WHEEL_PACKAGE: &str = "pypdfium2==5.14.0";

/// One platform's pinned files.
struct Platform {
    os: &'static str,
    arch: &'static str,
    archive: &'static str,
    archive_sha256: &'static str,
    /// The library inside the archive.
    archive_library: &'static str,
    archive_library_sha256: &'static str,
    /// pip's name of the platform.
    pip_target: &'static str,
    wheel_library_sha256: &'static str,
    /// What the library file is called on this platform.
    library_name: &'static str,
}

/// Gets the library and the digest that it was checked against.
type Way = fn(&Platform) -> Result<(Vec<u8>, &'static str), String>;

const PLATFORMS: [Platform; 6] = [
    Platform {
        os: "linux",
        arch: "x86_64",
        archive: "pdfium-linux-x64.tgz",
        archive_sha256: "0b43f405477cf2cfc4dbff06905093c3309756c6bca1fb9da99234a2ca97fed2",
        archive_library: "lib/libpdfium.so",
        archive_library_sha256: "7670b3c597b02dfa3f98b23b49c3bb52536312f1ea686b739321731b6011f5a9",
        pip_target: "manylinux_2_17_x86_64",
        wheel_library_sha256: "fd4de9f91f183476d04b1bc3fd17dacd95aba349c55d2c376512d95e082b441e",
        library_name: "libpdfium.so",
    },
    Platform {
        os: "linux",
        arch: "aarch64",
        archive: "pdfium-linux-arm64.tgz",
        archive_sha256: "0e6f90dccbc6b81fd5d7106abaf164c4222178f024c204d00d526b60fd2ad535",
        archive_library: "lib/libpdfium.so",
        archive_library_sha256: "9d00f11a0b27d6860aadd6301c4d18c03d455a2d149f0fbef9dccdb9fb2f19f5",
        pip_target: "manylinux_2_17_aarch64",
        wheel_library_sha256: "2c6b186b84596e1e6c370b9058c8dfd64b3d944f4878e51993b3cddb160209e2",
        library_name: "libpdfium.so",
    },
    Platform {
        os: "macos",
        arch: "aarch64",
        archive: "pdfium-mac-arm64.tgz",
        archive_sha256: "336219e80580b93c6523f44db7dc1de59cc497b13a7390ddac84223f68ca162b",
        archive_library: "lib/libpdfium.dylib",
        archive_library_sha256: "1c5326c2ebf250026715c696ca7a391955028cf34312170ed9cf4d904382e59b",
        pip_target: "macosx_13_0_arm64",
        wheel_library_sha256: "8de224826cb9784c8f8540ba36a174dd710f1f4f59e72211b7b882a2618aa401",
        library_name: "libpdfium.dylib",
    },
    Platform {
        os: "macos",
        arch: "x86_64",
        archive: "pdfium-mac-x64.tgz",
        archive_sha256: "841ecac278cdd46288dd065873522cf72f3996560d8978f473d336f01d59942c",
        archive_library: "lib/libpdfium.dylib",
        archive_library_sha256: "3653e54d1348cd6024e6d8031f31c0fb33885ad80d4ae9fdf3447a4b366f5a1e",
        pip_target: "macosx_13_0_x86_64",
        wheel_library_sha256: "f8f4e387fb58f16ea24031e66744d8c3e9ae3e03b73e9c13d466a55ea0b5005f",
        library_name: "libpdfium.dylib",
    },
    Platform {
        os: "windows",
        arch: "x86_64",
        archive: "pdfium-win-x64.tgz",
        archive_sha256: "739a57d597d864297909cc40a2411eba728490c76a0fa25e3ea299c7f6b07020",
        archive_library: "bin/pdfium.dll",
        archive_library_sha256: "d42c452a4cf8ca19a87e9c659d4e05035be742c21696ac13431cf73ac1bbf14b",
        pip_target: "win_amd64",
        wheel_library_sha256: "69f1e860f6742fbaafcc4db80e785eec9a4ee0da36ea6d1dc0867ea0f18baea6",
        library_name: "pdfium.dll",
    },
    Platform {
        os: "windows",
        arch: "aarch64",
        archive: "pdfium-win-arm64.tgz",
        archive_sha256: "5d04b6d0281e78613ef836dea2e0fefe6831f3ae92b3573e8fdf55330de67d3d",
        archive_library: "bin/pdfium.dll",
        archive_library_sha256: "6742bf441a0333fa5a796abe9f8ce0b23e51400a826255947f279038dfabe7d2",
        pip_target: "win_arm64",
        wheel_library_sha256: "45e414bce25cd698d25ac7e90e91b967c9d0b5b28ca5fad6cf69c5a8ce699f40",
        library_name: "pdfium.dll",
    },
];

fn main() -> ExitCode {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed={LIBRARY_VARIABLE}");
    match library_bytes().and_then(|(bytes, name)| embed(&bytes, name)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // A panic would bury the words under a backtrace.
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// The library and its file name, from the first source that has it.
fn library_bytes() -> Result<(Vec<u8>, &'static str), String> {
    let os = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let name = match os.as_str() {
        "windows" => "pdfium.dll",
        "macos" | "ios" => "libpdfium.dylib",
        _ => "libpdfium.so",
    };
    if let Some(path) = env::var_os(LIBRARY_VARIABLE).filter(|value| !value.is_empty()) {
        let path = PathBuf::from(path);
        println!("cargo:rerun-if-changed={}", path.display());
        return match fs::read(&path) {
            Ok(bytes) => Ok((bytes, name)),
            Err(error) => Err(format!(
                "{LIBRARY_VARIABLE} names a file that cannot be read: {error}: {}",
                path.display()
            )),
        };
    }
    if env::var_os("DOCS_RS").is_some() {
        // Documentation is built without a network and never runs.
        return Ok((Vec::new(), name));
    }
    let Some(platform) = PLATFORMS.iter().find(|platform| platform.os == os && platform.arch == arch) else {
        return Err(format!(
            "Doclens needs libpdfium, and no build of it is pinned for {os} on {arch}.\n\
             Set {LIBRARY_VARIABLE} to the path of a {name} of build 7881 or newer and build again."
        ));
    };
    pinned_library(platform).map(|bytes| (bytes, platform.library_name))
}

/// A library whose digest is pinned: from the cache, the release archive, or the wheel.
fn pinned_library(platform: &Platform) -> Result<Vec<u8>, String> {
    let pinned = [platform.archive_library_sha256, platform.wheel_library_sha256];
    let cache = cargo_home().map(|home| home.join("doclens-pdfium"));
    for sha256 in pinned {
        let cached = cache.as_ref().map(|cache| cache.join(sha256).join(platform.library_name));
        if let Some(bytes) = cached.and_then(|path| fs::read(path).ok())
            && hex_sha256(&bytes) == sha256
        {
            return Ok(bytes);
        }
    }

    let mut reasons = String::new();
    for (way, get) in [("release archive", from_archive as Way), ("Python wheel", from_wheel)] {
        match get(platform) {
            Ok((bytes, sha256)) => {
                if let Some(cache) = &cache {
                    keep_in_cache(&cache.join(sha256), platform.library_name, &bytes);
                }
                return Ok(bytes);
            }
            Err(reason) => {
                let _infallible = write!(reasons, "\n  {way}: {reason}");
            }
        }
    }
    Err(format!(
        "Doclens needs libpdfium and could not get it.{reasons}\n\
         Make one of these work, or set {LIBRARY_VARIABLE} to the path of a {} of build 7881 or newer \
         and build again. Once it is there, no network is needed.",
        platform.library_name
    ))
}

/// Downloads and unpacks the pinned release archive with the system's `curl` and `tar`.
fn from_archive(platform: &Platform) -> Result<(Vec<u8>, &'static str), String> {
    let folder = fresh_folder("archive")?;
    let archive = folder.join(platform.archive);
    let url = format!("{ARCHIVE_FOLDER}/{}", platform.archive);
    run(Command::new("curl")
        .args(["--fail", "--silent", "--show-error", "--location", "--proto", "=https"])
        .args(["--connect-timeout", "10", "--max-time", "300", "--output"])
        .arg(&archive)
        .arg(url))?;
    checked_read(&archive, platform.archive_sha256)?;
    // Named relative to the folder: Windows' tar and GNU tar disagree about drive letters.
    run(Command::new("tar").current_dir(&folder).args(["-xzf", platform.archive, platform.archive_library]))?;
    let bytes = checked_read(&folder.join(platform.archive_library), platform.archive_library_sha256)?;
    Ok((bytes, platform.archive_library_sha256))
}

/// Downloads the pinned wheel with pip, for whatever platform is built for, and unpacks it.
fn from_wheel(platform: &Platform) -> Result<(Vec<u8>, &'static str), String> {
    let folder = fresh_folder("wheel")?;
    let mut reason = String::from("no Python found");
    for python in ["python3", "python", "py"] {
        let download = Command::new(python)
            .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .args(["--only-binary", ":all:", "--platform", platform.pip_target])
            .args(["--python-version", "3.11", "--implementation", "py", "--abi", "none", "--dest"])
            .arg(&folder)
            .arg(WHEEL_PACKAGE)
            .output();
        let Ok(output) = download else { continue };
        if !output.status.success() {
            reason = last_words("pip", &output.stderr);
            continue;
        }
        let wheel = fs::read_dir(&folder)
            .map_err(|error| error.to_string())?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
            .ok_or("pip downloaded no wheel")?;
        run(Command::new(python).args(["-m", "zipfile", "-e"]).arg(wheel).arg(&folder))?;
        let library = folder.join("pypdfium2_raw").join(platform.library_name);
        let bytes = checked_read(&library, platform.wheel_library_sha256)?;
        return Ok((bytes, platform.wheel_library_sha256));
    }
    Err(reason)
}

/// Writes the library where `include_bytes!` finds it.
fn embed(bytes: &[u8], name: &str) -> Result<(), String> {
    let out_dir = env::var_os("OUT_DIR").ok_or("cargo set no OUT_DIR")?;
    let path = Path::new(&out_dir).join("pdfium.embedded");
    fs::write(&path, bytes)
        .map_err(|error| format!("Cannot write the library: {error}: {}", path.display()))?;
    println!("cargo:rustc-env=DOCLENS_PDFIUM_EMBED={}", path.display());
    println!("cargo:rustc-env=DOCLENS_PDFIUM_SHA256={}", hex_sha256(bytes));
    println!("cargo:rustc-env=DOCLENS_PDFIUM_NAME={name}");
    Ok(())
}

/// An empty folder of our own in `OUT_DIR`.
fn fresh_folder(name: &str) -> Result<PathBuf, String> {
    let out_dir = env::var_os("OUT_DIR").ok_or("cargo set no OUT_DIR")?;
    let folder = Path::new(&out_dir).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
    }
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    Ok(folder)
}

/// Reads a file and insists on its digest.
fn checked_read(path: &Path, sha256: &str) -> Result<Vec<u8>, String> {
    let bytes = fs::read(path).map_err(|error| format!("{error}: {}", path.display()))?;
    let actual = hex_sha256(&bytes);
    if actual == sha256 {
        Ok(bytes)
    } else {
        Err(format!("SHA-256 is {actual}, expected {sha256}: {}", path.display()))
    }
}

/// Keeps the library for the next build. A cache that cannot be written costs only the next download.
fn keep_in_cache(folder: &Path, name: &str, bytes: &[u8]) {
    // Several builds may run at once: each writes its own file, and the rename is atomic.
    let partial = folder.join(format!("{name}.{}.partial", std::process::id()));
    let kept = fs::create_dir_all(folder)
        .and_then(|()| fs::write(&partial, bytes))
        .and_then(|()| fs::rename(&partial, folder.join(name)));
    if let Err(error) = kept {
        println!("cargo:warning=libpdfium is not cached: {error}: {}", folder.display());
    }
}

fn cargo_home() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CARGO_HOME").or_else(|| set("HOME").or_else(|| set("USERPROFILE")).map(|home| home.join(".cargo")))
}

/// Runs a tool, and turns its failure into its own last words.
fn run(command: &mut Command) -> Result<(), String> {
    let tool = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{tool} does not start: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(last_words(&tool, &output.stderr)) }
}

fn last_words(tool: &str, stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("failed without a word");
    format!("{tool}: {}", line.trim())
}

fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _infallible = write!(hex, "{byte:02x}");
        hex
    })
}
