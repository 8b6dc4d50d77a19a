"""Rounds into a table: medians, spread, and ratios to the first row."""

import statistics

import smoldocling as shape

STAGES = {
    "vision": "vision, one tile", "prefill": f"prefill, {shape.PROMPT_TOKENS} tokens",
    "decode": f"a token at depth {shape.PROMPT_TOKENS}", "page": "page of A4, computed",
}
CLOCKS = {"wall": "on the wall, {threads} threads", "cpu": "of CPU time, one thread"}


def page_secs(secs):
    """Tiles, prompt and tokens at the prompt's depth. Drawing and cutting the page are left out for everyone."""
    return shape.PAGE_TILES * secs["vision"] + secs["prefill"] + shape.PAGE_TOKENS * secs["decode"]


def table(rounds, clock, threads):
    """`rounds`: for each round and row, the seconds of each stage."""
    rows = {}
    for one in rounds:
        for label, secs in one.items():
            for stage, value in (secs | {"page": page_secs(secs)}).items():
                rows.setdefault(label, {}).setdefault(stage, []).append(value)
    first = next(iter(rows.values()))
    lines = [f"Seconds {CLOCKS[clock].format(threads=threads)}: median of {len(rounds)} rounds, half of what lies between "
             "the least and the most, and how many times the first row's.", ""]
    lines.append("| | " + " | ".join(STAGES.values()) + " |")
    lines.append("|:--|" + "--:|" * len(STAGES))
    for label, values in rows.items():
        cells = [cell(values[stage], first[stage], is_first=values is first) for stage in STAGES]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(values, first, is_first):
    median = statistics.median(values)
    spread = (max(values) - min(values)) / 2 / median
    text = f"{display_secs(median)} ± {spread:.0%}".replace("%", " %")
    return text if is_first else f"{text}, {median / statistics.median(first):.2f} x"


def display_secs(secs):
    return f"{secs * 1000:.1f} ms" if secs < 0.5 else f"{secs:.2f} s" if secs < 10 else f"{secs:.1f} s"
