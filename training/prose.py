"""Real prose for the pages: paragraphs of prose.txt (POCKET_PROSE names another file), which README.md says how to
make from two Debian packages in the public domain. One paragraph in eight is held out: training never draws from it,
measuring draws from nothing else."""
import os, re, zlib

# plain sentences only: no verse, no markup, no addresses
PLAIN = re.compile(r"[A-Za-z0-9 ,.;:!?'\"()%$&/=+-]+")
LEAST_WORDS = 12


def paragraphs(held, crude):
    path = os.environ.get("POCKET_PROSE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "prose.txt")
    if not os.path.exists(path):
        raise SystemExit(f"{path} not found; training/README.md says how to make it")
    with open(path, encoding="utf-8") as f:
        text = f.read().translate(str.maketrans("\u201c\u201d\u2018\u2019{}", "\"\"''  "))
    found = []
    for block in re.split(r"\n\s*\n", text):
        block = re.sub(r" +([,.;:)])", r"\1", " ".join(block.split()))
        if PLAIN.fullmatch(block) and not any(w in block.lower() for w in crude) and "www" not in block and "http" not in block:
            words = block.split(" ")
            if len(words) >= LEAST_WORDS and (zlib.crc32(block.encode()) % 8 == 0) == held:
                found.append(words)
    return found


class Prose:
    def __init__(self, held, crude):
        self.paragraphs = paragraphs(held, crude)

    def words(self, rng, n):
        """n words that follow one another, most often from the beginning of a sentence"""
        ws = self.paragraphs[int(rng.integers(len(self.paragraphs)))]
        starts = [0] + [i + 1 for i, w in enumerate(ws[:-4]) if w[-1] in ".!?"]
        first = starts[int(rng.integers(len(starts)))]
        return list(ws[first:first + n])
