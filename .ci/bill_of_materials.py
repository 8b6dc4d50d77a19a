#!/usr/bin/env python3
"""Adds to a bill of materials what the program carries and cargo does not know: libpdfium, fonts, the model.

    python3 .ci/bill_of_materials.py BILL.json BUILD_FOLDER

Each with its SHA-256. Run from the root of the repository.
"""

import hashlib
import json
import re
import sys
from pathlib import Path


def component(kind, name, path, **more):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"type": kind, "bom-ref": f"{kind}:{name}", "name": name,
            "hashes": [{"alg": "SHA-256", "content": digest}], **more}


def licence(name):
    return [{"license": {"id": name}}]


def libpdfium(build_folder):
    """The library that was fetched, checked and embedded by the newest build."""
    libraries = list(build_folder.glob("doclens-*/out/pdfium.embedded"))
    if not libraries:
        sys.exit(f"no libpdfium below {build_folder}: the release is not built")
    path = max(libraries, key=lambda path: path.stat().st_mtime)
    found = component("library", "libpdfium", path, licenses=licence("Apache-2.0"))
    # Two ways lead to it, each to a build of its own; which one it was tells the digest.
    pinned = Path("build.rs").read_text()
    digest = found["hashes"][0]["content"]
    for way, build in (("archive_library", r"chromium%2F(\d+)"), ("wheel_library", r"carries build (\d+)")):
        if f'{way}_sha256: "{digest}"' in pinned:
            found["version"] = re.search(build, pinned).group(1)
    return found


def main():
    bill_path, build_folder = map(Path, sys.argv[1:])
    bill = json.loads(bill_path.read_text())
    found = [libpdfium(build_folder)]
    for path in sorted(Path("assets/fonts").rglob("*.[ot]tf")):
        name = "ISC" if path.stem == "Lucide" else "OFL-1.1"
        found.append(component("data", path.name, path, licenses=licence(name)))
    model = Path("assets/pocket/model.safetensors")
    own = [{"expression": "MIT OR Apache-2.0"}]
    found.append(component("machine-learning-model", "Pocket (demonstration)", model, licenses=own))
    bill["components"] += found
    root = next(entry for entry in bill["dependencies"] if entry["ref"] == bill["metadata"]["component"]["bom-ref"])
    root["dependsOn"] = root.get("dependsOn", []) + [entry["bom-ref"] for entry in found]
    bill_path.write_text(json.dumps(bill, indent=2) + "\n")
    print(f"{len(bill['components'])} components, {len(found)} of them not from cargo")


if __name__ == "__main__":
    main()
