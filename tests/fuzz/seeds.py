#!/usr/bin/env python3
"""Fills tests/fuzz/corpus with what the fuzzer starts from, made of the fixtures: python3 tests/fuzz/seeds.py

A file is named by its content, so that running this again adds nothing. Nothing of Python but its own library is
needed. How a target reads its bytes is said at its head.
"""

import hashlib
import itertools
import json
import pathlib
import re
import struct
import zlib

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
ASSETS = HERE.parent.parent / "assets"
CHECKPOINT = FIXTURES / "tiny-r1-f16" / "checkpoint"


def listed(target, constant):
    """The strings of a list in a target."""
    text = (HERE / "fuzz_targets" / f"{target}.rs").read_text()
    strings = re.search(rf"const {constant}:.*?= &?\[(.*?)\];", text, re.S)[1]
    return json.loads(f"[{strings.strip().rstrip(',')}]")


def doctags():
    for line in (FIXTURES / "markup" / "corpus.jsonl").read_text().splitlines():
        yield json.loads(line)["input"]
    for file in sorted(FIXTURES.rglob("*.dt")):
        yield file.read_text()


def parse_doctags():
    for number, markup in enumerate(doctags()):
        yield struct.pack("<H", number * 97 % 65536) + markup.encode()


def otsl():
    """One byte a token: its place in the target's list."""
    pieces = listed("otsl", "PIECES")
    for table in itertools.chain.from_iterable(re.findall(r"<otsl>.*?</otsl>", m, re.S) for m in doctags()):
        tokens = re.findall(r"<[^<>]*>|[^<]+", table.removeprefix("<otsl>").removesuffix("</otsl>"))
        yield bytes(pieces.index(token) if token in pieces else pieces.index("a") for token in tokens)


def sidecar():
    def lines(*records):
        head = {"format": "doclens revision 1", "document": "fuzz"}
        return "".join(json.dumps(line) + "\n" for line in (head, *records)).encode()

    for number, markup in enumerate(itertools.islice(doctags(), 0, None, 40)):
        begin = {"what": "begin", "page": number % 3, "state": {"markup": markup, "checked": [0, 2]}}
        step = {"what": "step", "page": number % 3, "step": "delete", "state": {"markup": "", "checked": []}}
        undo, redo = ({"what": what, "page": number % 3} for what in ("undo", "redo"))
        yield lines(begin, step, undo, redo, step, undo)
        yield lines(begin, step)[:-7]


def kept_pages():
    for number, markup in enumerate(itertools.islice(doctags(), 0, None, 40)):
        # Ends are bytes, and no cut may fall into a letter.
        ends = [end for end in range(0, len(markup.encode()) + 1, 7) if len(markup) == len(markup.encode())]
        page = {
            "format": "doclens reading 1",
            "page": 1,
            "reader": "model",
            "engine_name": "Model",
            "quarter_turns": number % 4,
            "stop_reason": ["end", "token_limit", "loop", "blank"][number % 4],
            "rescued": [[0.1, 0.25, 0.5, 1.0]],
            "seconds": [0.5, 1, 2.25, 1e19],
            "markup": markup,
            "tokens": [[number, end, -0.25] for end in ends],
        }
        yield json.dumps(page).encode()


def checkpoint():
    """Small files whole, large ones as places in them that change."""
    names = listed("checkpoint", "FILES")
    folders = [*sorted(FIXTURES.glob("*/checkpoint")), ASSETS / "pocket"]
    for which, name in enumerate(names):
        for file in (folder / name for folder in folders):
            if file.exists() and file.stat().st_size < 8192:
                yield bytes([which, 0]) + file.read_bytes()
        whole = (CHECKPOINT / name).read_bytes()
        # Every number, word and sign of the first kilobytes can go or become another.
        for place in itertools.islice(re.finditer(rb'[0-9.]+|"[^"]*"|[\[\]{}]', whole[:4096]), 0, None, 5):
            for other in (b"", b"0", b"99999999999", b'"x"'):
                start, length = struct.pack(">I", place.start())[1:], min(255, len(place.group()))
                yield bytes([which, 1]) + start + bytes([length]) + other
    for folder in folders:
        template = json.loads((folder / "tokenizer_config.json").read_text()).get("chat_template")
        if template:
            yield bytes([names.index("chat_template.jinja"), 0]) + template.encode()
    for tokenizer in tokenizers():
        yield bytes([names.index("tokenizer.json"), 0]) + json.dumps(tokenizer).encode()


def tokenizers():
    """Small ones, of every part that there can be."""
    letters = {chr(letter): number for number, letter in enumerate(range(ord("!"), ord("~")))}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    split = {"type": "Split", "pattern": {"Regex": r"\p{N}|<"}, "behavior": "Isolated", "invert": False}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    first = {"SpecialToken": {"id": "<s>", "type_id": 0}}
    template = {
        "type": "TemplateProcessing",
        "single": [first, text],
        "pair": [text, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
    }
    added = {"single_word": False, "lstrip": True, "rstrip": True, "normalized": True, "special": True}
    plain = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": 300, "content": "<image>", **added}],
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": byte_level,
        "model": {"type": "BPE", "vocab": letters | {"ab": 200, "aba": 201}, "merges": ["a b", "ab a"]},
    }
    yield plain
    yield plain | {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]}}
    yield plain | {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]}}
    yield plain | {"pre_tokenizer": {"type": "Punctuation", "behavior": "Contiguous"}}
    yield plain | {"post_processor": template}
    yield plain | {"truncation": {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0}}
    # Refused; a change may let them through.
    yield plain | {"normalizer": {"type": "Precompiled", "precompiled_charsmap": ""}}
    yield plain | {"normalizer": {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}}
    yield plain | {"model": {"type": "WordPiece", "unk_token": "a", "vocab": letters, "max_input_chars_per_word": 9}}
    yield plain | {"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", -1.0]], "byte_fallback": True}}


def image():
    for kind in ("png", "jpg", "webp", "bmp", "tif"):
        for file in sorted((FIXTURES / "documents").glob(f"*.{kind}")):
            yield file.read_bytes()
    # Few bytes that claim many pixels: what may still be opened, and what may not.
    for width, height, depth, color in [(13000, 13000, 1, 0), (9000, 9000, 16, 6), (1, 2**31 - 1, 8, 2)]:
        parts = [b"IHDR" + struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)]
        parts += [b"IDAT" + zlib.compress(bytes(4096)), b"IEND"]
        chunks = (struct.pack(">I", len(p) - 4) + p + struct.pack(">I", zlib.crc32(p)) for p in parts)
        yield b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def worker_protocol():
    """A stream of frames, each with its length before it, after a byte that says whose they are."""

    def counted(data):
        return struct.pack("<I", len(data)) + data

    box = struct.pack("<4d", 0.125, 0.25, 0.5, 0.75)
    size = struct.pack("<2d", 612, 792)
    char = struct.pack("<I", ord("a")) + box + box + struct.pack("<dfHf", 0.5, 11, 0, 90) + b"\1\1\2\3\0\1\0"
    layer = b"\4" + size + struct.pack("<I", 1) + char + struct.pack("<I", 1) + counted(b"F") + b"\1\0\1"
    layer += (struct.pack("<I", 1) + box + b"\1") + (struct.pack("<I", 1) + box + b"\7\7\7")
    layer += (struct.pack("<I", 1) + box) + (struct.pack("<I", 2) + box + box)
    layer += struct.pack("<I", 1) + box + b"\1" + counted(b"https://example.org") + b"\3"
    owner = [
        b"\0" + counted(b"a.pdf") + struct.pack("<Q", 1000) + b"\1" + counted(b"secret"),
        b"\1\1" + counted(b"%PDF-1.7"),
        b"\1\0",
        b"\2" + struct.pack("<QII", 0, 100, 200) + b"\1" + struct.pack("<4I", 0, 0, 100, 200),
        b"\3" + struct.pack("<Q", 3),
    ]
    worker = [
        b"\0" + struct.pack("<I", 1) + counted(b"landlock"),
        b"\1" + struct.pack("<Q", 4096),
        b"\2\1" + counted(b"Title") + struct.pack("<I", 2) + size + size,
        b"\3",
        layer,
        b"\5\0" + struct.pack("<I", 3) + 3 * counted(b""),
        *(b"\5" + bytes([failure]) for failure in range(1, 7)),
    ]
    for side, frames in enumerate((owner, worker)):
        for frame in frames:
            yield bytes([side]) + counted(frame)
        yield bytes([side]) + b"".join(counted(frame) for frame in frames)


def text_layer():
    """The bytes are choices; any will do."""
    for number in range(64):
        yield hashlib.shake_256(bytes([number])).digest(128 << number % 6)


def main():
    makers = (parse_doctags, otsl, sidecar, kept_pages, checkpoint, image, worker_protocol, text_layer)
    for maker in makers:
        folder = HERE / "corpus" / maker.__name__
        folder.mkdir(parents=True, exist_ok=True)
        seeds = {hashlib.sha1(seed).hexdigest(): seed for seed in maker()}
        for name, seed in seeds.items():
            (folder / name).write_bytes(seed)
        print(f"{maker.__name__}: {len(seeds)} seeds")


if __name__ == "__main__":
    main()
