"""Runs programs and says what they and the rest of the machine did meanwhile. Linux only."""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

# Cores that other programs may take of a run on the wall clock before it is thrown away and repeated.
MAX_OTHERS_CORES = 0.05
QUIET_SECS = 2
MAX_REPEATS = 20


class NotQuiet(Exception):
    """The machine did not get quiet in time."""


def cpu_name():
    """Family and model too: a virtual machine often gives no more than the maker's name."""
    text = Path("/proc/cpuinfo").read_text()
    field = lambda name: re.search(rf"^{name}\s*: (.*)$", text, re.M).group(1)
    flags = field("flags").split()
    vector = next((name for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if flag in flags), "no AVX2")
    return f"{field('model name')} (family {field('cpu family')}, model {field('model')}, {vector})"


def load_average():
    return os.getloadavg()[0]


def busy_secs():
    """What all cores together have worked since the start."""
    user, nice, system, _idle, _wait, irq, soft_irq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + soft_irq) / os.sysconf("SC_CLK_TCK")


@dataclass
class Run:
    """What a program wrote, and what it took."""

    stdout: str
    stderr: str
    wall_secs: float
    core_secs: float
    peak_bytes: int
    # Cores that everything but this program had.
    others_cores: float


def run(command, environment=(), until=None, beside=None):
    """Runs a program to its end, or until it has written a line that starts with `until`.

    How it ends does not matter here: whoever reads what it wrote sees whether it is all there. `beside` gets the
    process on a thread of its own.
    """
    busy, started = busy_secs(), time.monotonic()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [str(part) for part in command], env=os.environ | dict(environment), text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
        )
        if beside:
            threading.Thread(target=beside, args=(process,), daemon=True).start()
        lines = []
        for line in process.stdout:
            lines.append(line)
            if until is not None and line.startswith(until):
                process.kill()
                break
        process.stdout.close()
        # With what the programs have used that it started and waited for.
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        stderr = errors.read().decode(errors="replace")
    wall = time.monotonic() - started
    cores = usage.ru_utime + usage.ru_stime
    others = max(busy_secs() - busy - cores, 0) / wall
    return Run("".join(lines), stderr, wall, cores, usage.ru_maxrss * 1024, others)


def wait_for_quiet(patience_secs):
    """Waits until other programs leave the machine alone for a moment."""
    deadline = time.monotonic() + patience_secs
    while True:
        busy, started = busy_secs(), time.monotonic()
        time.sleep(QUIET_SECS)
        others = (busy_secs() - busy) / (time.monotonic() - started)
        if others <= MAX_OTHERS_CORES:
            return
        if time.monotonic() > deadline:
            raise NotQuiet(f"other programs keep {others:.1f} cores busy: not a machine to read the wall clock on")


def run_quietly(command, environment=(), until=None, patience_secs=600):
    """Runs a program while nothing else runs: again, when something did."""
    for _ in range(MAX_REPEATS):
        wait_for_quiet(patience_secs)
        result = run(command, environment, until)
        if result.others_cores <= MAX_OTHERS_CORES:
            return result
        print(f"  disturbed ({result.others_cores:.2f} cores), again", file=sys.stderr, flush=True)
    raise NotQuiet(f"something disturbed each of {MAX_REPEATS} runs")
