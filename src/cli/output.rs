//! Where results go: a folder, one file, or standard output; never over a document itself.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::cli::args::{ConvertArguments, Format};

/// Where results go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    Stdout,
    /// One document, one format.
    File(PathBuf),
    /// Made when the first file is written.
    Folder(PathBuf),
}

/// Why the arguments name no place for the results.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum OutputError {
    #[error("--out - takes one format; {0} were given. Name a folder instead")]
    SeveralFormatsToStdout(usize),
    #[error("--out {} takes one document and one format. Name a folder instead, with a / at its end if it has a dot", .0.display())]
    SeveralResultsInOneFile(PathBuf),
    #[error("--out {} is one of the documents; they are never written to", .0.display())]
    OverDocument(PathBuf),
}

/// The destination of a run, and the names that it has given out.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) destination: Destination,
    documents: BTreeSet<PathBuf>,
    stems: BTreeSet<OsString>,
}

impl Output {
    /// # Errors
    /// When the arguments contradict each other.
    pub(super) fn of(arguments: &ConvertArguments) -> Result<Self, OutputError> {
        let ConvertArguments { out, files, to, .. } = arguments;
        let documents = files.iter().filter_map(|file| file.canonicalize().ok()).collect();
        let destination = if out.as_os_str() == "-" {
            if to.len() > 1 {
                return Err(OutputError::SeveralFormatsToStdout(to.len()));
            }
            Destination::Stdout
        } else if names_a_file(out) {
            if files.len() > 1 || to.len() > 1 {
                return Err(OutputError::SeveralResultsInOneFile(out.clone()));
            }
            Destination::File(out.clone())
        } else {
            Destination::Folder(out.clone())
        };
        let output = Self { destination, documents, stems: BTreeSet::new() };
        if let Destination::File(path) = &output.destination
            && output.is_document(path)
        {
            return Err(OutputError::OverDocument(path.clone()));
        }
        Ok(output)
    }

    /// A name for a document's files, without extension, that no other document of this run has and
    /// that leads over none of the documents: `report`, or `report-2` when there was another one.
    pub(super) fn stem_for(&mut self, name: &str, formats: &[Format]) -> OsString {
        let stem = Path::new(name).file_stem().unwrap_or(name.as_ref()).to_owned();
        let mut candidate = stem.clone();
        let mut number = 1;
        while self.stems.contains(&candidate) || self.leads_over_document(&candidate, formats) {
            number += 1;
            candidate.clone_from(&stem);
            candidate.push(format!("-{number}"));
        }
        self.stems.insert(candidate.clone());
        candidate
    }

    fn leads_over_document(&self, stem: &OsString, formats: &[Format]) -> bool {
        let Destination::Folder(folder) = &self.destination else { return false };
        formats.iter().any(|format| self.is_document(&path_in(folder, stem, "", format.extension())))
    }

    fn is_document(&self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|path| self.documents.contains(&path))
    }
}

/// `folder/stem-suffix.extension`.
pub(super) fn path_in(folder: &Path, stem: &OsString, suffix: &str, extension: &str) -> PathBuf {
    let mut name = stem.clone();
    name.push(suffix);
    name.push(".");
    name.push(extension);
    folder.join(name)
}

/// A name with an extension that is no folder, and does not say that it is one.
fn names_a_file(out: &Path) -> bool {
    let says_folder =
        out.as_os_str().as_encoded_bytes().last().is_some_and(|last| matches!(last, b'/' | b'\\'));
    !says_folder && !out.is_dir() && out.extension().is_some()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Arguments, Command};

    fn output(line: &str) -> Result<Output, OutputError> {
        let words = std::iter::once("doclens").chain(line.split_whitespace());
        let Some(Command::Convert(arguments)) = Arguments::try_parse_from(words).unwrap().command else {
            panic!("not a conversion: {line}")
        };
        Output::of(&arguments)
    }

    fn check(line: &str, expected: &Destination) {
        assert_eq!(&output(line).unwrap().destination, expected);
    }

    #[test]
    fn a_name_says_what_it_is() {
        check("convert a.pdf", &Destination::Folder(".".into()));
        check("convert a.pdf --out -", &Destination::Stdout);
        check("convert a.pdf --out b.md", &Destination::File("b.md".into()));
        check("convert a.pdf --out b", &Destination::Folder("b".into()));
        check("convert a.pdf --out v1.0/", &Destination::Folder("v1.0/".into()));
        check("convert a.pdf b.pdf --to md,json --out out", &Destination::Folder("out".into()));
    }

    #[test]
    fn contradictions_are_named() {
        let out = PathBuf::from("b.md");
        let several = OutputError::SeveralResultsInOneFile(out);
        assert_eq!(output("convert a.pdf c.pdf --out b.md").unwrap_err(), several);
        assert_eq!(output("convert a.pdf --to md,html --out b.md").unwrap_err(), several);
        let formats = OutputError::SeveralFormatsToStdout(2);
        assert_eq!(output("convert a.pdf --to md,html --out -").unwrap_err(), formats);
    }

    #[test]
    fn no_name_is_given_twice_and_no_document_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let document = folder.path().join("notes.txt");
        std::fs::write(&document, "x").unwrap();
        let line = format!("convert {} --to txt --out {}", document.display(), folder.path().display());
        let mut output = output(&line).unwrap();
        assert_eq!(output.stem_for("a.pdf", &[Format::Txt]), "a");
        assert_eq!(output.stem_for("a.png", &[Format::Txt]), "a-2");
        assert_eq!(output.stem_for("notes.txt", &[Format::Txt]), "notes-2");
        let line = format!("convert {0} --to txt --out {0}", document.display());
        assert_eq!(super::tests::output(&line).unwrap_err(), OutputError::OverDocument(document));
    }
}
