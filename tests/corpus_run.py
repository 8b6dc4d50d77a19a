#!/usr/bin/env python3
"""Runs the program over every PDF of this machine and over damaged copies of them.

    python3 tests/corpus_run.py target/debug/doclens [FOLDER …] [--mutations 2000] [--table TABLE.md]

Each file is converted twice by `doclens convert`: by its text layer, and with a recorded page in a
model's place, for which every page is drawn. The run fails, and names the files, if the program crashes
or panics, takes longer than its own limits allow, says something that is in no class below, leaves a
temporary file or a process behind, or writes to the document. Pages or documents that it refuses with
one of its messages are what a damaged file deserves; a page that ends the process which reads PDFs is
counted by itself, since the program goes on.

Damage is by a seed: cut off, bits turned, objects swapped, a part overwritten, a part doubled. Nothing
of Python but its own library is needed.
"""

import argparse
import collections
import concurrent.futures
import gzip
import hashlib
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDERS = ["/usr/share", "/usr/local/share", "/usr/lib/python3", "~/.cargo/registry/src", "~/.cache"]
MAX_FILE_BYTES = 20 << 20
# Mutations are made of files up to here, so that most of the time goes into damage and not into bulk.
MAX_MUTATED_BYTES = 2 << 20
# A request may take 30 s in the program. Text and pixels of a page are a request each, and so is opening.
REQUEST_SECS = 30
SLACK_SECS = 60
# However many pages are asked for: the longest document found, of 958 pages, took five minutes under load.
MAX_SECS = 1800

CLASSES = [
    ("no text layer", r"No text layer on this page"),
    ("garbled text layer", r"The text layer of this page is garbled"),
    ("damaged PDF", r"is a damaged or truncated PDF"),
    ("damaged page", r"Page \d+ is damaged and cannot be shown"),
    ("unknown encryption", r"is encrypted in a way"),
    ("encrypted", r"is encrypted"),
    ("no pages", r"has no pages"),
    ("no PDF any more", r"is neither a PDF nor an image|is empty \(0 bytes\)"),
    # Damage can make another kind of file of a PDF.
    ("another kind of file", r"which Doclens does not read|is a damaged or truncated \w+ image"),
    # Pages are asked for whether a document has them or not.
    (None, r"There is no page \d+"),
    ("worker: out of time", r"cannot be (?:read|opened): it takes more than"),
    ("worker: crash", r"the process that reads PDFs ended"),
    ("worker: nonsense", r"the process that reads PDFs answered nonsense"),
]
RECORDING = "<doctag><text><loc_1><loc_1><loc_9><loc_9>drawn</text>\n</doctag>"


def found_pdfs(folders, into):
    """Copies of all distinct PDFs below the folders, named by what they hold."""
    for folder in folders:
        for path in sorted(Path(folder).expanduser().rglob("*.pdf*")):
            if path.suffix not in (".pdf", ".gz") or not path.is_file():
                continue
            try:
                data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            except (OSError, EOFError, ValueError):
                continue
            if 0 < len(data) <= MAX_FILE_BYTES:
                (into / f"{hashlib.sha256(data).hexdigest()[:16]}.pdf").write_bytes(data)
    return sorted(into.iterdir())


def cut_off(data, chance):
    return data[: chance.randrange(1, len(data))]


def bits_turned(data, chance):
    damaged = bytearray(data)
    for _ in range(chance.choice([1, 4, 16, 64, 256])):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def objects_swapped(data, chance):
    bodies = [match.span(1) for match in re.finditer(rb"\d+ \d+ obj\b(.*?)\bendobj", data, re.DOTALL)]
    if len(bodies) < 2:
        return bits_turned(data, chance)
    (a, b), (c, d) = sorted(chance.sample(bodies, 2))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def part_overwritten(data, chance):
    start = chance.randrange(len(data))
    length = chance.randrange(1, 4096)
    return data[:start] + bytes([chance.choice([0, 32, 255])]) * length + data[start + length :]


def part_doubled(data, chance):
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.randrange(1, 65536))
    return data[:end] + data[start:]


MUTATIONS = [cut_off, bits_turned, objects_swapped, part_overwritten, part_doubled]


def mutations(originals, count, into):
    """Damaged copies, each kind as often as the others."""
    small = [path for path in originals if path.stat().st_size <= MAX_MUTATED_BYTES]
    for number in range(count if small else 0):
        kind, path = MUTATIONS[number % len(MUTATIONS)], small[number // len(MUTATIONS) % len(small)]
        chance = random.Random(f"{path.name} {number}")
        damaged = kind(path.read_bytes(), chance)
        (into / f"{number:05}-{kind.__name__}-{path.name}").write_bytes(damaged)
    return sorted(into.iterdir())


class Runner:
    """Runs the program on one file after the other and keeps what it said."""

    def __init__(self, program, pages, work):
        self.program, self.pages, self.work = program, pages, work
        self.recording = work / "page.dt"
        self.recording.write_text(RECORDING)

    def run(self, path):
        """What was said about a file, by class, and what must not be."""
        before = path.read_bytes()
        said, faults, secs = collections.Counter(), [], 0.0
        for way in (["--engine", "text-layer"], ["--engine", "model", "--replay", str(self.recording)]):
            began = time.monotonic()
            faults += self.convert(path, way, said)
            secs = max(secs, time.monotonic() - began)
        if path.read_bytes() != before:
            faults.append("the document was changed")
        return path, said, faults, secs

    def convert(self, path, way, said):
        limit = min(REQUEST_SECS * (1 + 2 * self.pages) + SLACK_SECS, MAX_SECS)
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            out, temporary = Path(folder, "out"), Path(folder, "tmp")
            temporary.mkdir()
            command = [self.program, "convert", path, "--pages", f"1-{self.pages}", "--to", "md,json,doctags",
                       "--quiet", "--out", out, *way]
            environment = {**os.environ, "TMPDIR": str(temporary), "RUST_LOG": "off"}
            program = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                       errors="replace", start_new_session=True)
            try:
                messages = program.communicate(timeout=limit)[1]
            except subprocess.TimeoutExpired:
                os.killpg(program.pid, 9)
                program.communicate()
                return ["hang"]
            return list(self.faults(program, messages, said, temporary))

    def faults(self, program, messages, said, temporary):
        if program.returncode not in (0, 1, 3):
            yield f"exit {program.returncode}"
        if "panicked" in messages or "A fault in Doclens" in messages:
            yield f"panic: {messages.strip()[-400:]}"
        is_content = program.returncode in (0, 1)
        for line in messages.splitlines():
            if line.startswith("  "):  # what to do about it
                continue
            found = [name for name, pattern in CLASSES if re.search(pattern, line)]
            if not found:
                yield f"in no class: {line}"
            elif found[0]:
                said[found[0]] += 1
                is_content = False
        if is_content:
            said["no complaint"] += 1
        left = list(temporary.iterdir())
        if left:
            yield f"left behind: {left[0].name}"
        try:
            os.killpg(program.pid, 0)
            yield "a process was left behind"
        except ProcessLookupError:
            pass


def measure(runner, files, jobs):
    said, faults, slowest = collections.Counter(), [], (0.0, "")
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for number, (path, of_file, of_faults, secs) in enumerate(pool.map(runner.run, files), 1):
            said.update(of_file.keys())
            faults += [(path.name, fault) for fault in of_faults]
            slowest = max(slowest, (secs, path.name))
            if number % 100 == 0:
                print(f"{number} of {len(files)}, {len(faults)} faults", file=sys.stderr)
    return said, faults, slowest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("folders", nargs="*", default=FOLDERS)
    parser.add_argument("--mutations", type=int, default=2000)
    parser.add_argument("--pages", type=int, default=10, help="of each document, at most")
    parser.add_argument("--mutated-pages", type=int, default=3, help="of each damaged copy, at most")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--table", type=Path, help="where to write the results")
    parser.add_argument("--keep", type=Path, help="folder for the files that showed a fault")
    arguments = parser.parse_args()
    program = str(arguments.program.resolve())

    with tempfile.TemporaryDirectory(prefix="doclens-corpus-") as folder:
        parts = [Path(folder, name) for name in ("originals", "mutations", "work")]
        for part in parts:
            part.mkdir()
        originals = found_pdfs(arguments.folders, parts[0])
        damaged = mutations(originals, arguments.mutations, parts[1])
        print(f"{len(originals)} documents, {len(damaged)} damaged copies", file=sys.stderr)
        all_faults, lines = [], ["| files | class | count |", "|---|---|---|"]
        for name, files, pages in [("documents", originals, arguments.pages),
                                   ("damaged copies", damaged, arguments.mutated_pages)]:
            said, faults, slowest = measure(Runner(program, pages, parts[2]), files, arguments.jobs)
            lines.append(f"| {name} | all | {len(files)} |")
            lines += [f"| {name} | {kind} | {count} |" for kind, count in said.most_common()]
            lines.append(f"| {name} | **faults** | {len(faults)} |")
            lines.append(f"| {name} | slowest conversion | {slowest[0]:.1f} s ({slowest[1]}) |")
            all_faults += faults
        if arguments.keep:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            for name in {name for name, _ in all_faults}:
                source = next(path for path in originals + damaged if path.name == name)
                (arguments.keep / name).write_bytes(source.read_bytes())
    table = "\n".join(lines)
    print(table)
    if arguments.table:
        arguments.table.write_text(table + "\n")
    for name, fault in all_faults:
        print(f"{name}: {fault}", file=sys.stderr)
    return 1 if all_faults else 0


if __name__ == "__main__":
    sys.exit(main())
