//! A model hub with one repository, on a port of this machine, that misbehaves on demand.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};

use sha2::{Digest, Sha256};

/// The one repository.
pub(crate) const REPOSITORY: &str = "owner/tiny-model";
/// Its one revision.
pub(crate) const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

/// What the server does with the next request of a file, before it behaves.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Close the connection after so many bytes of the body.
    DropAfter(usize),
    /// Send so many bytes of the body, then nothing more.
    StallAfter(usize),
    /// Send other bytes of the same length.
    WrongBytes,
    /// Answer with this status and, if not empty, this extra header line.
    Status(u16, &'static str),
    /// Send the whole file although a range was asked for.
    IgnoreRange,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: String,
    path: String,
    range_start: Option<usize>,
    /// The bearer token.
    pub(crate) token: Option<String>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    faults: HashMap<String, Vec<Fault>>,
    requests: Vec<Request>,
    is_closing: bool,
}

/// The server; it ends when dropped.
pub(crate) struct Hub {
    /// `http://…`.
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

impl Hub {
    /// Serves these files.
    pub(crate) fn start(files: &[(&str, Vec<u8>)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone())).collect();
        let state = Arc::new(Mutex::new(State { files, ..State::default() }));
        let shared = Arc::clone(&state);
        let accept = move || {
            for stream in listener.incoming().flatten() {
                if shared.lock().unwrap().is_closing {
                    break;
                }
                let shared = Arc::clone(&shared);
                // A connection that the client gives up ends with an error; that is its business.
                let serve = move || drop(serve(&stream, &shared));
                Builder::new().name("hub connection".into()).spawn(serve).unwrap();
            }
        };
        let thread = Builder::new().name("hub".into()).spawn(accept).unwrap();
        Self { address, state, thread: Some(thread) }
    }

    /// Replaces what goes wrong with the file's next requests.
    pub(crate) fn fault(&self, file: &str, faults: &[Fault]) {
        self.state.lock().unwrap().faults.insert(file.to_owned(), faults.to_vec());
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    /// Where the GETs of a file started.
    pub(crate) fn starts(&self, file: &str) -> Vec<usize> {
        let is_get = |request: &&Request| request.method == "GET" && request.path.ends_with(file);
        self.requests().iter().filter(is_get).map(|request| request.range_start.unwrap_or(0)).collect()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.state.lock().unwrap().is_closing = true;
        drop(TcpStream::connect(self.address.trim_start_matches("http://")));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap());
    Sha256::digest(bytes).iter().flat_map(digits).collect()
}

fn serve(stream: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut words = first.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut request = Request { method, path, range_start: None, token: None };
    for line in reader.lines() {
        let line = line?;
        let Some((name, value)) = line.split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let start = value.trim_start_matches("bytes=").split('-').next().unwrap_or_default();
                request.range_start = start.parse().ok();
            }
            "authorization" => request.token = value.strip_prefix("Bearer ").map(str::to_owned),
            _ => {}
        }
    }
    answer(stream, state, &request)
}

fn answer(mut stream: &TcpStream, state: &Mutex<State>, request: &Request) -> io::Result<()> {
    let prefix = format!("/{REPOSITORY}/resolve/{REVISION}/");
    let name = request.path.strip_prefix(&prefix).unwrap_or_default().to_owned();
    let (file, fault, listing) = {
        let mut state = state.lock().unwrap();
        state.requests.push(request.clone());
        let fault = next_fault(state.faults.get_mut(&name), &request.method);
        (state.files.get(&name).cloned(), fault, listing(&state.files))
    };
    if let Some(Fault::Status(code, header)) = fault {
        let header = if header.is_empty() { String::new() } else { format!("{header}\r\n") };
        return write!(
            stream,
            "HTTP/1.1 {code} Fault\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }
    if request.path.starts_with(&format!("/api/models/{REPOSITORY}/tree/")) {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
        return write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{listing}", listing.len());
    }
    let Some(file) = file else {
        let head = "HTTP/1.1 404 Not Found\r\nX-Error-Code: EntryNotFound\r\nConnection: close";
        return write!(stream, "{head}\r\nContent-Length: 0\r\n\r\n");
    };
    send_file(stream, &file, fault.as_ref(), request)
}

/// A status meets the first request of whichever method, the other faults wait for a GET.
fn next_fault(waiting: Option<&mut Vec<Fault>>, method: &str) -> Option<Fault> {
    let waiting = waiting.filter(|waiting| !waiting.is_empty())?;
    let is_due = method == "GET" || matches!(waiting[0], Fault::Status(..));
    is_due.then(|| waiting.remove(0))
}

fn send_file(
    mut stream: &TcpStream,
    file: &[u8],
    fault: Option<&Fault>,
    request: &Request,
) -> io::Result<()> {
    let size = file.len();
    let start = request.range_start.filter(|_| !matches!(fault, Some(Fault::IgnoreRange)));
    let rest = &file[start.unwrap_or(0)..];
    let (status, range) = match start {
        Some(start) => {
            ("206 Partial Content", format!("Content-Range: bytes {start}-{}/{size}\r\n", size - 1))
        }
        None => ("200 OK", String::new()),
    };
    let digest = sha256(file);
    let common = format!("ETag: \"{digest}\"\r\nX-Repo-Commit: {REVISION}\r\nConnection: close");
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{range}{common}\r\n\r\n", rest.len())?;
    if request.method == "HEAD" {
        return Ok(());
    }
    match fault {
        Some(Fault::DropAfter(count)) => stream.write_all(&rest[..rest.len().min(*count)]),
        Some(Fault::StallAfter(count)) => {
            stream.write_all(&rest[..rest.len().min(*count)])?;
            stream.flush()?;
            // Until the client gives the connection up.
            stream.read_to_end(&mut Vec::new()).map(drop)
        }
        Some(Fault::WrongBytes) => stream.write_all(&rest.iter().map(|byte| byte ^ 0x55).collect::<Vec<_>>()),
        Some(Fault::Status(..) | Fault::IgnoreRange) | None => stream.write_all(rest),
    }
}

/// The hub's answer to "which files are there": digests for large files only.
fn listing(files: &BTreeMap<String, Vec<u8>>) -> String {
    let entry = |(path, bytes): (&String, &Vec<u8>)| {
        let size = bytes.len();
        let lfs = if path.ends_with(".safetensors") {
            format!(r#","lfs":{{"oid":"{}","size":{size},"pointerSize":130}}"#, sha256(bytes))
        } else {
            String::new()
        };
        format!(r#"{{"type":"file","oid":"0","size":{size},"path":"{path}"{lfs}}}"#)
    };
    format!("[{}]", files.iter().map(entry).collect::<Vec<_>>().join(","))
}
