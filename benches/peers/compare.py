#!/usr/bin/env python3
"""Doclens and its peers, stage by stage, at the exact shape of SmolDocling-256M: `--help`, and README.md beside this."""

import argparse
import datetime
import json
import os
import sys
from pathlib import Path

import engines
import machine
import neighbours
import report

HERE = Path(__file__).resolve().parent


def parsed_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="folder for what the engines read, and for the raw figures; about 2 GB")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall",
                        help="wall: waits for a quiet machine; cpu: CPU time of one thread, on a busy one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="on the wall clock")
    parser.add_argument("--doclens", type=Path, default=HERE.parents[1] / "target/release/doclens")
    parser.add_argument("--variant", action="append", default=[], metavar="NAME=OPTIONS",
                        help="a further row: Doclens with these options of `doclens bench`")
    parser.add_argument("--llama", type=Path, help="folder of llama.cpp's programs [default: WORK/llama/bin]")
    parser.add_argument("--only", metavar="WORDS", help="rows whose names have one of these words, separated by commas")
    parser.add_argument("--neighbours", action="store_true",
                        help="in place of the peers: core-seconds beside busy programs, and peak memory")
    parser.add_argument("--patience", type=float, default=600, help="seconds to wait for a quiet machine")
    arguments = parser.parse_args()
    arguments.llama = arguments.llama or arguments.work / "llama/bin"
    arguments.work.mkdir(parents=True, exist_ok=True)
    if arguments.clock == "cpu":
        arguments.threads = 1
    return arguments


def main():
    arguments = parsed_arguments()
    load_before = machine.load_average()
    started = datetime.datetime.now()
    lines, raw = (beside_neighbours if arguments.neighbours else beside_peers)(arguments)
    head = (f"{started:%d %b %Y}, {machine.cpu_name()}, {os.cpu_count()} cores, "
            f"load average {load_before:.1f} before, {machine.load_average():.1f} after.")
    print("\n".join([head, "", *lines]))
    name = "neighbours" if arguments.neighbours else arguments.clock
    path = arguments.work / f"{name}-{started:%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps({"machine": head} | raw, indent=1))
    print(f"\nRaw figures: {path}", file=sys.stderr)


def beside_peers(arguments):
    setting = engines.Setting(arguments.work, arguments.clock, arguments.threads, arguments.patience)
    words = arguments.only.lower().split(",") if arguments.only else [""]
    chosen, left_out = [], []
    for engine in engines.engines(arguments):
        if not any(word in engine.label.lower() for word in words):
            continue
        if reason := engine.missing():
            left_out.append(f"Left out: {engine.label} ({reason}).")
        else:
            chosen.append(engine)
    rounds = []
    try:
        for idx in range(arguments.rounds):
            rounds.append(one_round(f"round {idx + 1}", chosen, left_out, setting))
    except (machine.NotQuiet, KeyboardInterrupt) as error:
        left_out.append(f"Ended before its last round: {str(error) or 'stopped'}.")
    complete = set.intersection(*map(set, rounds)) if rounds else set()
    rounds = [{label: values for label, values in secs.items() if label in complete} for secs in rounds]
    if not complete:
        sys.exit("\n".join(["Nothing was measured.", *left_out]))
    versions = [engine.version for engine in chosen if engine.version]
    others = max(run["others_cores"] for run in setting.log)
    lines = [report.table(rounds, arguments.clock, arguments.threads), "", "; ".join(versions) + ".",
             f"Other programs had up to {others:.2f} cores meanwhile.", *left_out]
    raw = {"clock": arguments.clock, "threads": arguments.threads, "versions": versions, "rounds": rounds}
    return lines, raw | {"left_out": left_out, "runs": setting.log}


def one_round(name, chosen, left_out, setting):
    """The seconds of each row's stages. An engine that fails is taken out of the chosen ones."""
    secs = {}
    for engine in list(chosen):
        print(f"{name}: {engine.label}", file=sys.stderr, flush=True)
        try:
            secs |= engine.measure(setting)
        except engines.Unreadable as error:
            chosen.remove(engine)
            print(error, file=sys.stderr)
            left_out.append(f"Left out: {engine.label} (it failed; see above).")
    return secs


def beside_neighbours(arguments):
    return neighbours.measure(arguments.doclens, arguments.work, arguments.rounds, arguments.patience)


if __name__ == "__main__":
    main()
