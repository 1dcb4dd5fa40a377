"""Peers, fingerprint in Python: ours against PyPI `rensa` (R-MinHash, 128 slots) on the same prompts in the same run, one thread.

Set-up: `pip install rensa`, and a Rust toolchain. Run: `python benches/peers/fingerprint_rensa.py`.
Rounds alternate, so what else the machine does hits both alike. `rensa` is timed from text, words split as its README does,
in every way that its interface offers for many texts; the fastest one counts, and also what is left without the splitting.
"""

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["RAYON_NUM_THREADS"] = "1"
from rensa import RMinHash  # noqa: E402 (reads the number of threads when loaded)

HERE = Path(__file__).parent
SLOTS = {"num_perm": 128, "seed": 42}


def chunks(items, size):
    return (items[at : at + size] for at in range(0, len(items), size))


def one_by_one(prompts):
    for prompt in prompts:
        sketch = RMinHash(**SLOTS)
        sketch.update(prompt.split())


def sets(prompts):
    for some in chunks(prompts, 200):
        RMinHash.from_token_sets([prompt.split() for prompt in some], **SLOTS)


def lazy_sets(prompts):
    RMinHash.from_token_sets((prompt.split() for prompt in prompts), **SLOTS)


def matrix(prompts):
    for some in chunks(prompts, 200):
        RMinHash.digest_matrix_from_token_sets([prompt.split() for prompt in some], **SLOTS)


def lazy_matrix(prompts):
    RMinHash.digest_matrix_from_token_sets((prompt.split() for prompt in prompts), **SLOTS)


WAYS = {
    "update, one by one": one_by_one,
    "from_token_sets, 200 a batch": sets,
    "from_token_sets, all lazily": lazy_sets,
    "digest_matrix_from_token_sets, 200 a batch": matrix,
    "digest_matrix_from_token_sets, all lazily": lazy_matrix,
}


def nanoseconds(work, prompts):
    start = time.perf_counter()
    work(prompts)
    return (time.perf_counter() - start) * 1e9 / len(prompts)


def error(prompts):
    """RMS error of rensa's similarity, by the words it is given."""
    squared = []
    for n, (a, b) in enumerate(zip(prompts, prompts[1:])):
        a, b = a.split(" "), b.split(" ")
        kept = len(a) * (n % 19 + 1) // 20
        b = a[:kept] + b[: len(a) - kept]
        x, y = RMinHash.from_token_sets([a, b], **SLOTS)
        truth = len(set(a) & set(b)) / len(set(a) | set(b))
        squared.append((x.jaccard(y) - truth) ** 2)
    return statistics.fmean(squared) ** 0.5


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    folder = HERE / "fingerprint"
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=folder, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", folder / "target")).resolve()
    ours = target / "release" / "peers-fingerprint"
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "prompts"
        subprocess.run([ours, "--prompts", str(options.prompts), "--write", file], check=True)
        prompts = file.read_text().split("\0")[:-1]
        gc.disable()
        times = {name: [] for name in WAYS}
        mine, split_only, ready = [], [], []
        words = [prompt.split() for prompt in prompts]
        for _ in range(options.rounds):
            out = subprocess.run([ours, "--rounds", "9", "--ours", file], check=True, capture_output=True, text=True)
            mine.append(float(out.stdout.split()[1]))
            for name, way in WAYS.items():
                times[name].append(nanoseconds(way, prompts))
            split_only.append(nanoseconds(lambda all: [p.split() for some in chunks(all, 200) for p in some], prompts))
            ready.append(nanoseconds(lambda all: RMinHash.digest_matrix_from_token_sets(all, **SLOTS), words))
            gc.collect()
        size = sum(len(p.encode()) for p in prompts) // len(prompts)
        print(f"{len(prompts)} prompts of {size} bytes, {options.rounds} rounds, one thread, Python {sys.version.split()[0]}")
        print(f"{'':<52} {'least ns':>9} {'median ns':>9} {'a second':>12}")
        rows = {"ours: fingerprint, 128 slots": mine} | {f"rensa: {name}": t for name, t in times.items()}
        rows |= {"(Python: splitting alone)": split_only, "(rensa: matrix of words split before)": ready}
        for name, all in rows.items():
            middle = statistics.median(all)
            print(f"{name:<52} {min(all):>9.0f} {middle:>9.0f} {1e9 / middle:>12.0f}")
        best = min(times, key=lambda name: statistics.median(times[name]))
        ratio = statistics.median(a / b for a, b in zip(times[best], mine))
        print(f"rensa ({best}) / ours: {ratio:.1f} (median of the rounds' ratios)")
        print(f"rensa without splitting / ours with it: {statistics.median(a / b for a, b in zip(ready, mine)):.1f}")
        print(f"RMS error of rensa's similarity over {len(prompts) - 1} pairs: {error(prompts):.4f}")


if __name__ == "__main__":
    main()
