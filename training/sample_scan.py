"""Draws assets/sample-scan.png: a page with scan noise that no training run has seen.

    POCKET_WORDS=sample_words.txt python sample_scan.py [--candidates FOLDER]

The words of the page are those of sample_words.txt. Page by page, those with a title and a table of four rows or more
are kept; the sample is the one with index 49. --candidates writes all of them with their DocTags, to choose another.
"""
import argparse
from pathlib import Path

from PIL import Image

import synth

SEED, NUM_PAGES, INDEX = 11, 3000, 49


def is_candidate(doctags):
    return (
        doctags.count("<nl>") >= 5
        and doctags.count("<fcel>") >= 10
        and all(tag in doctags for tag in ("<title>", "<text>", "<list_item>", "<lcel>"))
        and len(doctags) > 1100
    )


parser = argparse.ArgumentParser()
parser.add_argument("--candidates", type=Path)
parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "assets/sample-scan.png")
arguments = parser.parse_args()
generator = synth.Gen("prints1", SEED)
pages = [generator.page() for _ in range(NUM_PAGES)]
candidates = [page for page in pages if is_candidate(page.text())]
Image.fromarray(candidates[INDEX].img).save(arguments.out)
if arguments.candidates:
    arguments.candidates.mkdir(parents=True, exist_ok=True)
    for index, page in enumerate(candidates):
        Image.fromarray(page.img).save(arguments.candidates / f"{index}.png")
        (arguments.candidates / f"{index}.dt").write_text(page.text())
