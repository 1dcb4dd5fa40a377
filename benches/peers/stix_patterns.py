"""Peers, STIX patterns: ours against PyPI `stix2-matcher` on the same patterns and observed-data in the same run, one thread.

Set-up: `pip install stix2-matcher`, and a Rust toolchain. Run: `python benches/peers/stix_patterns.py`.
Observed-data and patterns are made by our example `stix_peer` (seeded). Every verdict (pattern x bundle) of `stix2-matcher` is compared
with ours, pattern by pattern and as a set. Times: `evaluate` has patterns compiled and JSON in memory on both sides; `whole` is reading
the JSON, compiling and evaluating: of ours the process from start to end, of theirs without the interpreter's start.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stix2matcher.matcher import MatcherException, Pattern

ROOT = Path(__file__).parents[2]


def theirs(directory):
    start = time.perf_counter()
    bundles = json.loads((directory / "bundles.json").read_bytes())
    loaded = time.perf_counter()
    lines = (directory / "patterns.txt").read_text().splitlines()
    patterns = [Pattern(line, stix_version="2.1") for line in lines]
    ready = time.perf_counter()
    verdicts = []
    for bundle in bundles:
        row = []
        for pattern in patterns:
            try:
                row.append("1" if pattern.match([bundle]) else "0")
            except MatcherException:
                row.append("?")
        verdicts.append("".join(row))
    done = time.perf_counter()
    return verdicts, {"load": loaded - start, "compile": ready - loaded, "evaluate": done - ready, "whole": done - start}, lines


def ours(program, directory, how, rounds):
    best = {}
    for _ in range(rounds):
        start = time.perf_counter()
        run = subprocess.run([program, "evaluate", directory, how], check=True, capture_output=True, text=True)
        whole = time.perf_counter() - start
        words = run.stderr.split()
        times = {name: float(value) for name, value in zip(words[::2], words[1::2])} | {"whole": whole}
        best = {name: min(value, best.get(name, value)) for name, value in times.items()}
    return run.stdout.split(), best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundles", type=int, default=100)
    parser.add_argument("--observed", type=int, default=20, help="observed-data in a bundle")
    parser.add_argument("--patterns", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of ours; theirs runs once")
    options = parser.parse_args()
    build = ["cargo", "build", "--quiet", "--release", "-p", "stillwatch-pattern", "--example", "stix_peer"]
    subprocess.run(build, cwd=ROOT, check=True)
    program = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/examples/stix_peer"
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        numbers = [options.bundles, options.observed, options.patterns, options.seed]
        subprocess.run([program, "generate", directory, *map(str, numbers)], check=True)
        size = (directory / "bundles.json").stat().st_size / 1e6
        wanted, their_times, patterns = theirs(directory)
        each, each_times = ours(program, directory, "each", options.rounds)
        as_set, set_times = ours(program, directory, "set", options.rounds)
    count = options.bundles * options.patterns
    print(f"{options.bundles} bundles of {options.observed} observed-data, {size:.1f} MB; {options.patterns} patterns; {count:,} verdicts, "
          f"{sum(row.count('1') for row in wanted):,} of them a match")
    wrong = 0
    for how, rows in (("pattern by pattern", each), ("as a set", as_set)):
        differ = [(bundle, at) for bundle in range(options.bundles) for at in range(options.patterns) if rows[bundle][at] != wanted[bundle][at]]
        wrong += len(differ)
        print(f"ours, {how}: {count - len(differ):,} of {count:,} verdicts as stix2-matcher's")
        for bundle, at in differ[:5]:
            print(f"  bundle {bundle}: {rows[bundle][at]}, not {wanted[bundle][at]}: {patterns[at]}")
    print(f"{'seconds':24}{'load':>10}{'compile':>10}{'evaluate':>10}{'whole':>10}{'verdicts/s':>14}")
    for who, times in (("stix2-matcher", their_times), ("ours, each", each_times), ("ours, as a set", set_times)):
        cells = "".join(f"{times[name]:10.4f}" for name in ("load", "compile", "evaluate", "whole"))
        print(f"{who:24}{cells}{count / times['evaluate']:14,.0f}")
    for who, times in (("each", each_times), ("as a set", set_times)):
        ratio = {name: their_times[name] / times[name] for name in ("evaluate", "whole")}
        print(f"ratio, {who}: evaluation {ratio['evaluate']:,.0f} x, whole program {ratio['whole']:,.0f} x")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
