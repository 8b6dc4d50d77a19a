#!/usr/bin/env python3
"""Opens a document in the real window on a virtual screen, converts its first page, and looks at it.

    python3 tests/window_smoke.py target/debug/doclens assets/sample.pdf [--screenshot FILE.png]

Needs Xvfb, openbox, xdotool and ImageMagick's `import` and `convert`, and nothing of Python but
its own library. It fails, saying what it saw, if no window comes, if no page is drawn, if boxes
are there before anything was converted, or if after Ctrl+Enter the boxes of the page's title,
headings and paragraphs, or the text beside the page, do not appear. A window that opens a network
connection is killed by the kernel, and so fails too.

A box is recognised by its edge: a long horizontal run of pixels that lie between paper white and
the label's colour, nearer to the latter. Neither the sample nor the interface has such runs.
"""

import argparse
import ctypes
import os
import platform
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCREEN = (1280, 860)
WINDOW_TIMEOUT_SECS = 60
DRAW_TIMEOUT_SECS = 60
CONVERT_TIMEOUT_SECS = 90
POLL_SECS = 1.0

# The light column of the label colours (src/app/theme.rs), which boxes on white paper have in both
# themes, and the least number of edges on page 1 of the sample. A box has two edges.
EXPECTED_EDGES = {
    "title": ((0xB5, 0x17, 0x9E), 2),
    "section header": ((0xC2, 0x41, 0x0C), 4),
    "text": ((0x1D, 0x4E, 0xD8), 8),
}
MIN_EDGE_PX = 40
# The page side of the window; the live pane with its own colours is right of the middle.
PAGE_PART = 0.5
MIN_PAPER_PART = 0.25
MIN_CHANGED_PART = 0.01


class Failure(Exception):
    """What was expected and what was seen."""


class Picture:
    """A screenshot as rows of RGB bytes."""

    def __init__(self, display: str):
        command = ["import", "-display", display, "-window", "root", "-depth", "8", "rgb:-"]
        pixels = subprocess.run(command, capture_output=True, check=True).stdout
        width, height = SCREEN
        if len(pixels) != width * height * 3:
            raise Failure(f"a screenshot of {len(pixels)} bytes instead of {width * height * 3}")
        self.pixels = pixels
        self.rows = [pixels[y * width * 3 : (y + 1) * width * 3] for y in range(height)]

    def page_rows(self) -> list[bytes]:
        """The part of the window where the page is."""
        end = int(SCREEN[0] * PAGE_PART) * 3
        return [row[:end] for row in self.rows]

    def paper_part(self) -> float:
        """How much of the page side is paper white."""
        rows = self.page_rows()
        white = sum(row[0::3].count(255) for row in rows)
        return white / (len(rows) * len(rows[0]) / 3)

    def ink_px(self) -> int:
        """How many pixels of the page side are dark, as print is."""
        return sum(1 for row in self.page_rows() for red in row[0::3] if red < 90)

    def edges(self, color: tuple[int, int, int]) -> int:
        """How many separate horizontal box edges of this colour the page side has."""
        count = 0
        above: set[int] = set()
        for row in self.page_rows():
            starts = long_runs(row, color)
            # A line thicker than a pixel, or blurred over two rows, is one edge.
            count += len([start for start in starts if not any(abs(start - other) <= 3 for other in above)])
            above = set(starts)
        return count

    def changed_part(self, other: "Picture") -> float:
        """How much of the live pane differs between two pictures."""
        start = int(SCREEN[0] * (PAGE_PART + 0.05)) * 3
        differing = total = 0
        for mine, theirs in zip(self.rows, other.rows):
            differing += sum(a != b for a, b in zip(mine[start::3], theirs[start::3]))
            total += len(mine[start::3])
        return differing / total

    def save(self, path: Path) -> None:
        size = f"{SCREEN[0]}x{SCREEN[1]}"
        command = ["convert", "-size", size, "-depth", "8", "rgb:-", str(path)]
        subprocess.run(command, input=self.pixels, check=True)


def long_runs(row: bytes, color: tuple[int, int, int]) -> list[int]:
    """Where in a row of pixels runs of at least MIN_EDGE_PX of the colour begin."""
    # Most rows hold none of it; a pixel in the middle of each stretch decides that quickly.
    width = len(row) // 3
    starts = []
    x = MIN_EDGE_PX - 1
    while x < width:
        if not is_stroke(row, x, color):
            x += MIN_EDGE_PX
            continue
        start = end = x
        while start > 0 and is_stroke(row, start - 1, color):
            start -= 1
        while end + 1 < width and is_stroke(row, end + 1, color):
            end += 1
        if end - start + 1 >= MIN_EDGE_PX:
            starts.append(start)
        x = end + MIN_EDGE_PX
    return starts


def is_stroke(row: bytes, x: int, color: tuple[int, int, int]) -> bool:
    """Whether a pixel is this colour, or this colour covering more than half of a white pixel."""
    pixel = row[3 * x : 3 * x + 3]
    span = [255 - channel for channel in color]
    coverage = sum((255 - p) * s for p, s in zip(pixel, span)) / sum(s * s for s in span)
    if not 0.5 < coverage < 1.15:
        return False
    return all(abs((255 - p) - coverage * s) < 20 for p, s in zip(pixel, span))


def wait_for(what: str, timeout_secs: float, look):
    """Calls `look` until it returns something true; says `what` if that never happens."""
    deadline = time.monotonic() + timeout_secs
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(POLL_SECS)
    raise Failure(f"{what} within {timeout_secs} s")


def xdotool(display: str, *arguments: str) -> str:
    command = ["xdotool", *arguments]
    environment = {**os.environ, "DISPLAY": display}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout.strip()


def start_screen(processes: list) -> str:
    """Starts a virtual screen with a window manager and returns its display."""
    read_end, write_end = os.pipe()
    screen = f"{SCREEN[0]}x{SCREEN[1]}x24"
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", screen, "-ac", "+extension", "GLX", "-noreset"]
    processes.append(subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL))
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        number = pipe.readline().strip()
    if not number:
        raise Failure("Xvfb did not start")
    display = f":{number}"
    processes.append(subprocess.Popen(["openbox"], env={**os.environ, "DISPLAY": display}, stderr=subprocess.DEVNULL))
    return display


def forbid_internet():
    """What a child calls so that the kernel kills it as soon as it makes an IPv4 or IPv6 socket; nothing where the
    kernel's filter is not known here. The window is not to look into the network unasked."""
    socket_call = {"x86_64": 41, "aarch64": 198}.get(platform.machine())
    if sys.platform != "linux" or socket_call is None:
        return None
    load, jump_if_equal, end, allow, kill = 0x20, 0x15, 0x06, 0x7FFF0000, 0x80000000
    families = (socket.AF_INET, socket.AF_INET6)
    # Offsets in struct seccomp_data: the call's number at 0, the low word of its first argument at 16.
    instructions = [
        (load, 0, 0, 0),
        (jump_if_equal, 0, 3, socket_call),
        (load, 0, 0, 16),
        (jump_if_equal, 2, 0, families[0]),
        (jump_if_equal, 1, 0, families[1]),
        (end, 0, 0, allow),
        (end, 0, 0, kill),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in instructions))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    program = Program(len(instructions), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_seccomp, mode_filter = 38, 22, 2

    def confine() -> None:
        if libc.prctl(no_new_privileges, 1, 0, 0, 0) or libc.prctl(set_seccomp, mode_filter, ctypes.byref(program)):
            raise OSError(ctypes.get_errno(), "no filter")
        assert code  # The kernel reads it until here.

    return confine


def start_program(program: Path, document: Path, display: str, home: Path, log, processes: list):
    """Opens the window with settings of its own, so that nothing is remembered from elsewhere."""
    environment = {**os.environ, "DISPLAY": display, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    for name in ("WAYLAND_DISPLAY", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        environment.pop(name, None)
    process = subprocess.Popen(
        [program, document], env=environment, stdout=log, stderr=log, preexec_fn=forbid_internet()
    )
    processes.append(process)
    return process


def smoke(program: Path, document: Path, home: Path, log, processes: list, keep) -> None:
    display = start_screen(processes)
    process = start_program(program, document, display, home, log, processes)

    def window() -> str:
        if process.poll() is not None:
            raise Failure(f"the program ended with status {process.returncode}")
        return xdotool(display, "search", "--onlyvisible", "--name", "Doclens").split("\n")[0]

    handle = wait_for("no window", WINDOW_TIMEOUT_SECS, window)
    xdotool(display, "windowmove", handle, "0", "0")
    xdotool(display, "windowsize", handle, str(SCREEN[0]), str(SCREEN[1]))
    xdotool(display, "windowactivate", "--sync", handle)

    def drawn():
        picture = keep(Picture(display))
        # The print must be there as well as the paper: a page that is not yet rendered is blank.
        return picture if picture.paper_part() > MIN_PAPER_PART and picture.ink_px() > 1000 else None

    before = wait_for("no page was drawn", DRAW_TIMEOUT_SECS, drawn)
    print(f"page drawn: {before.paper_part():.0%} of the left half is paper, {before.ink_px()} dark pixels")
    for label, (color, least) in EXPECTED_EDGES.items():
        # The frame of the chosen thumbnail is blue, too: a single edge is no box.
        if (edges := before.edges(color)) >= min(least, 2):
            raise Failure(f"{edges} edges of the colour of {label} before anything was converted")

    xdotool(display, "key", "--clearmodifiers", "ctrl+Return")
    seen: dict[str, int] = {}

    def converted():
        if process.poll() is not None:
            raise Failure(f"the program ended with status {process.returncode} while converting")
        picture = keep(Picture(display))
        seen.update({label: picture.edges(color) for label, (color, _) in EXPECTED_EDGES.items()})
        return picture if all(seen[label] >= least for label, (_, least) in EXPECTED_EDGES.items()) else None

    try:
        after = wait_for("too few boxes", CONVERT_TIMEOUT_SECS, converted)
    except Failure as failure:
        wanted = {label: least for label, (_, least) in EXPECTED_EDGES.items()}
        raise Failure(f"{failure}: edges seen {seen}, wanted at least {wanted}") from None
    changed = after.changed_part(before)
    print(f"boxes drawn: edges {seen}; {changed:.1%} of the live pane changed")
    if changed < MIN_CHANGED_PART:
        raise Failure("the boxes are there but the text beside the page is not")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("document", type=Path)
    parser.add_argument("--screenshot", type=Path, help="where the last picture goes, also after a failure")
    arguments = parser.parse_args()
    for tool in ("Xvfb", "openbox", "xdotool", "import", "convert"):
        if shutil.which(tool) is None:
            sys.exit(f"window smoke: `{tool}` is not installed")

    processes: list = []
    last: list[Picture] = []

    def keep(picture: Picture) -> Picture:
        last[:] = [picture]
        return picture

    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile("w+") as log:
        try:
            smoke(arguments.program.resolve(), arguments.document.resolve(), Path(home), log, processes, keep)
        except Failure as failure:
            log.seek(0)
            print(f"window smoke FAILED: {failure}\n--- what the program said:\n{log.read()[-4000:]}")
            return 1
        finally:
            for process in reversed(processes):
                process.terminate()
            for process in processes:
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
            if last and arguments.screenshot:
                last[0].save(arguments.screenshot)
    print("window smoke passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
