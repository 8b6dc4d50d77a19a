"""The engines that are compared: how each is run, and how its figures are read.

An engine gives, for each row that it has in the table, the seconds of the stages `vision` (one tile), `prefill` (the
prompt) and `decode` (one token at the prompt's depth).
"""

import importlib.util
import json
import re
import shutil
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

import machine
import prepare
import smoldocling as shape
import stages

HERE = Path(__file__).resolve().parent


class Unreadable(Exception):
    """A program did not write what was expected of it."""


@dataclass
class Setting:
    """How this comparison measures."""

    work: Path
    # `cpu`: one thread, CPU time. `wall`: as many threads as asked, the clock on the wall.
    clock: str
    threads: int
    patience_secs: float
    # Every program that was run: for the raw figures.
    log: list = field(default_factory=list)

    def run(self, command, environment=(), until=None, times_itself=True):
        environment = dict(environment)
        if self.clock == "wall":
            result = machine.run_quietly(command, environment, until, self.patience_secs)
        else:
            if times_itself:
                environment["LD_PRELOAD"] = str(prepare.cpu_clock(self.work))
            result = machine.run(command, environment, until)
        self.log.append({
            "command": [str(part) for part in command], "wall": result.wall_secs, "cores": result.core_secs,
            "peak_bytes": result.peak_bytes, "others_cores": result.others_cores, "load": machine.load_average(),
        })
        return result


class Doclens:
    """`doclens bench`, up to the stages that are compared. It times each three times, and tells the median."""

    def __init__(self, label, program, options):
        self.label, self.program, self.options = label, program, options
        self.version = None

    def missing(self):
        return None if Path(self.program).exists() else f"no {self.program}: `cargo build --release` makes it"

    def measure(self, setting):
        command = [self.program, "bench", "--model", prepare.checkpoint(setting.work), "--rounds", 3, *self.options]
        # What follows is not compared: how long guesses and whole pages take.
        text = setting.run(command, {"RAYON_NUM_THREADS": str(setting.threads)}, until="| 8 passes").stdout
        self.version = next(iter(text.splitlines()), "").partition(", loaded")[0]
        prompt = re.escape(f"prefill, {shape.PROMPT_TOKENS} tokens")
        decoded = rf"decode (\d+) tokens at depth {shape.PROMPT_TOKENS}"
        tokens = int(find(decoded, text))
        return {self.label: {
            "vision": seconds("vision, one tile", text),
            "prefill": seconds(prompt, text),
            "decode": seconds(decoded, text, group=2) / tokens,
        }}


def seconds(stage, text, group=1):
    """The wall column of a row of `doclens bench`."""
    return float(find(rf"^\| {stage}\s*\|\s*([\d.]+) s \|", text, group))


def find(pattern, text, group=1):
    found = re.search(pattern, text, re.M)
    if not found:
        raise Unreadable(f"no {pattern!r} in:\n{text[-2000:]}")
    return found.group(group)


class PythonLibrary:
    """One of the `stages_*.py`, in this Python."""

    def __init__(self, label, script, modules, files):
        self.label, self.script, self.modules, self.files = label, script, modules, files
        self.version = None

    def missing(self):
        absent = [name for name in self.modules if importlib.util.find_spec(name) is None]
        return f"`pip install {' '.join(absent)}` brings it" if absent else None

    def measure(self, setting):
        command = [sys.executable, HERE / self.script, self.files(setting.work), "--threads", setting.threads]
        result = setting.run(command, {"PYTHONDONTWRITEBYTECODE": "1"}, times_itself=False)
        try:
            figures = json.loads(result.stdout.splitlines()[-1])
        except (IndexError, ValueError) as error:
            raise Unreadable(result.stderr[-2000:]) from error
        self.version = figures.pop("version")
        return {self.label: {stage: times[setting.clock] for stage, times in figures.items()}}


class LlamaCpp:
    """`llama-mtmd-cli` for tiles, `llama-bench` for the text model in two forms."""

    TEXTS = {"q8_0": "llama.cpp, f16 vision, q8_0 text", "f16": "llama.cpp, f16 vision and text"}

    def __init__(self, folder):
        self.label = "llama.cpp"
        self.folder = folder
        self.version = None

    def missing(self):
        if importlib.util.find_spec("gguf") is None:
            return "`pip install gguf` brings what writes its files"
        absent = [name for name in ("llama-bench", "llama-mtmd-cli") if self.program(name) is None]
        return f"no {' and no '.join(absent)} in {self.folder}: the README says how to build them" if absent else None

    def program(self, name):
        return shutil.which(name, path=str(self.folder))

    def measure(self, setting):
        files = prepare.gguf_files(setting.work)
        vision = self.tile(setting, files)
        return {label: {
            "vision": vision,
            "prefill": self.bench(setting, files[name], "-p", shape.PROMPT_TOKENS, "-n", 0),
            "decode": self.bench(setting, files[name], "-p", 0, "-n", stages.DECODED_TOKENS, "-d", shape.PROMPT_TOKENS)
            / stages.DECODED_TOKENS,
        } for name, label in self.TEXTS.items()}

    def tile(self, setting, files):
        """Median of the tiles of an image but the first, which warms up.

        The program ends in an error after the last tile, for want of a vocabulary; the tiles are done by then.
        """
        command = [
            self.program("llama-mtmd-cli"), "-m", files["q8_0"], "--mmproj", files["vision"], "--image", files["image"],
            "-p", "x", "-n", 1, "-t", setting.threads, "--chat-template", "chatml", "--no-warmup",
        ]
        result = setting.run(command)
        tiles = [int(millis) for millis in re.findall(r"encoding done in (\d+) ms", result.stdout + result.stderr)]
        if len(tiles) < 3:
            raise Unreadable(result.stderr[-2000:])
        return statistics.median(tiles[1:]) / 1000

    def bench(self, setting, model, *options):
        command = [self.program("llama-bench"), "-m", model, "-t", setting.threads, "-r", 3, "-o", "jsonl", *options]
        result = setting.run(command)
        try:
            figures = json.loads(result.stdout.splitlines()[-1])
        except (IndexError, ValueError) as error:
            raise Unreadable(result.stderr[-2000:]) from error
        self.version = f"llama.cpp {figures['build_commit']}, {figures['backends']}"
        return statistics.median(figures["samples_ns"]) / 1e9


def engines(arguments):
    """In the order of the table; the first one is what the others are compared with."""
    doclens, naive = "Doclens", "candle f32 (Doclens without its kernels)"
    found = [Doclens(doclens, arguments.doclens, [])]
    for variant in arguments.variant:
        label, _, options = variant.partition("=")
        found.append(Doclens(f"{doclens}, {label}", arguments.doclens, options.split()))
    return found + [
        PythonLibrary("transformers f32, sdpa", "stages_transformers.py", ["torch", "transformers"], prepare.checkpoint),
        PythonLibrary("ONNX Runtime f32", "stages_onnx.py", ["onnxruntime", "torch", "onnx"], prepare.onnx_graphs),
        LlamaCpp(arguments.llama),
        Doclens(naive, arguments.doclens, ["--kernels", "candle"]),
    ]
