"""Times stages in a process of its own, for the peers that are Python libraries.

Each stage runs once to warm up. What is printed is one line of JSON: for each stage the median of its runs, on the
wall and on all cores together, in seconds.
"""

import argparse
import json
import statistics
import time

DECODED_TOKENS = 32
RUNS = 3


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", help="what prepare.py wrote")
    parser.add_argument("--threads", type=int, required=True)
    return parser.parse_args()


def timed(run, runs=RUNS, per=1):
    run()
    walls, cores = [], []
    for _ in range(runs):
        wall, core = time.perf_counter(), time.process_time()
        run()
        walls.append((time.perf_counter() - wall) / per)
        cores.append((time.process_time() - core) / per)
    return {"wall": statistics.median(walls), "cpu": statistics.median(cores)}


def write(version, vision, prefill, decode):
    print(json.dumps({"version": version, "vision": vision, "prefill": prefill, "decode": decode}))
