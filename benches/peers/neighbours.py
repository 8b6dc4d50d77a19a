"""What a page costs beside busy programs, and how much memory a conversion holds.

A page of the sample document is converted from the outside, as a user does, without guesses: how many of those are
made depends on the clock. Core-seconds are those of the program and of the process that reads PDFs for it, with the
loading of the model. Neighbours are endless loops, one pinned to each core, at the same priority.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import machine
import prepare

SAMPLE = prepare.HERE.parents[1] / "assets/sample.pdf"
TOKENS = 300
WATCH_SECS = 0.05


def command(program, work, options):
    return [program, "convert", SAMPLE, "--pages", "1", "--fresh", "--engine", "model", "--tokens", TOKENS, "--to",
            "doctags", "--out", "-", "--model", prepare.checkpoint(work), *options]


class Neighbours:
    """A busy process on each core, for as long as the block lasts."""

    def __enter__(self):
        self.processes = []
        for core in sorted(os.sched_getaffinity(0)):
            process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            os.sched_setaffinity(process.pid, {core})
            self.processes.append(process)

    def __exit__(self, *_error):
        for process in self.processes:
            process.kill()
            process.wait()


def measure(program, work, num_rounds, patience_secs):
    """Lines of Markdown, and the raw figures."""
    # Pages that were read are kept in the data folder; a folder of our own leaves the user's as it is.
    with tempfile.TemporaryDirectory() as folder:
        place = {"XDG_DATA_HOME": folder, "XDG_CACHE_HOME": folder}
        whole, own_bytes = with_memory(command(program, work, []), place)
        rounds, reason = [], None
        try:
            for _ in range(num_rounds):
                rounds.append(one_round(command(program, work, ["--no-drafts", "--no-loop-guard"]), place, patience_secs))
        except (machine.NotQuiet, KeyboardInterrupt) as error:
            reason = str(error) or "stopped"
    lines = [
        f"- Peak memory of converting a page with default settings: {whole.peak_bytes / 1e6:.0f} MB (VmHWM; asked: under "
        f"1000). Its own are up to {own_bytes / 1e6:.0f} MB; the rest is the model's file, mapped while it is loaded."
    ]
    if rounds:
        ratios = [one["beside"]["cores"] / one["alone"]["cores"] for one in rounds]
        middle = lambda name, what: statistics.median(one[name][what] for one in rounds)
        lines.append(
            f"- A page with {TOKENS} tokens: {middle('alone', 'cores'):.1f} core-s in {middle('alone', 'wall'):.1f} s alone, "
            f"{middle('beside', 'cores'):.1f} core-s in {middle('beside', 'wall'):.1f} s beside a busy process on each core: "
            f"{statistics.median(ratios):.3f} x (asked: at most 1.1), {min(ratios):.3f} to {max(ratios):.3f} in "
            f"{len(rounds)} rounds.")
    if reason:
        lines.append(f"- Ended before its last round: {reason}.")
    return lines, {"rounds": rounds, "peak_bytes": whole.peak_bytes, "own_peak_bytes": own_bytes}


def one_round(page, place, patience_secs):
    """Alone on a quiet machine, then beside busy programs."""
    alone = machine.run_quietly(page, place, patience_secs=patience_secs)
    with Neighbours():
        beside = machine.run(page, place)
    for run in (alone, beside):
        if "token limit" not in run.stderr:
            sys.exit(f"not {TOKENS} tokens: {run.stderr}")
    return {name: {"cores": run.core_secs, "wall": run.wall_secs, "others_cores": run.others_cores}
            for name, run in (("alone", alone), ("beside", beside))}


def with_memory(command, environment):
    """Runs a program, and watches the memory that is its own and not a file's. (VmHWM, its peak, knows no kinds.)"""
    own_bytes = 0

    def watch(process):
        nonlocal own_bytes
        path = Path(f"/proc/{process.pid}/status")
        while process.returncode is None and path.exists():
            found = re.search(r"^RssAnon:\s+(\d+) kB", path.read_text(), re.M)
            own_bytes = max(own_bytes, int(found.group(1)) * 1024 if found else 0)
            time.sleep(WATCH_SECS)

    return machine.run(command, environment, beside=watch), own_bytes
