"""STIX bundles: ours against the `stix2` library and the OASIS validator, in one run.

    python benches/peers/stix_bundles.py [OBJECTS]

Needs `stix2` and `stix2-validator` (`cargo xtask python` installs them into target/tools/python) and builds our example in
release. All work on the same bundle of ours. Others are given a part of it, by which their rates don't change.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PART = 1_500


def rate(objects, work, runs=3):
    best = min(timed(work) for _ in range(runs))
    return objects / best


def timed(work):
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main():
    import stix2
    from stix2validator import ValidationOptions, validate_string

    objects = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "stillwatch-stix", "--example", "stix_bundles"],
                   cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    program = os.path.join(target, "release", "examples", "stix_bundles")
    with tempfile.TemporaryDirectory() as folder:
        large, small = os.path.join(folder, "large.json"), os.path.join(folder, "small.json")
        subprocess.run([program, "make", large, str(objects)], check=True)
        subprocess.run([program, "make", small, str(PART)], check=True)
        ours = json.loads(subprocess.run([program, "measure", large], check=True, capture_output=True, text=True).stdout)
        with open(small, encoding="utf-8") as file:
            text = file.read()
    count = len(json.loads(text)["objects"])
    bundle = stix2.parse(text)
    properties = json.loads(text)["objects"]
    theirs = {
        "parse": rate(count, lambda: stix2.parse(text)),
        "serialize": rate(count, lambda: bundle.serialize()),
        "make": rate(count, lambda: stix2.Bundle(objects=[stix2.parse(o) for o in properties]).serialize()),
        "validate": rate(count, lambda: validate_string(text, ValidationOptions(version="2.1")), runs=1),
    }
    print(f"{ours['objects']:,} objects, {ours['bytes'] / 1e6:.0f} MB; one core; objects a second, best of several runs\n")
    print(f"{'':34}{'ours':>12}{'theirs':>12}{'ratio':>10}")
    for what, mine, other in [
        ("import / stix2.parse", "import", "parse"),
        ("import and write / parse, serialize", "give_back", None),
        ("import, understand / stix2.parse", "understand", "parse"),
        ("export / make objects, serialize", "export", "make"),
        ("validate / stix2-validator", "validate", "validate"),
    ]:
        peer = theirs[other] if other else 1 / (1 / theirs["parse"] + 1 / theirs["serialize"])
        print(f"{what:34}{ours[mine]:>12,.0f}{peer:>12,.0f}{ours[mine] / peer:>9,.0f}x")


if __name__ == "__main__":
    main()
