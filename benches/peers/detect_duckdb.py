"""Peers, whole command: `stillwatch-engine detect FILE.parquet` against DuckDB grouping the same file by account.

Set-up: `pip install duckdb`, and the engine built with `cargo build --release -p stillwatch-engine`.
Run:    `python benches/peers/detect_duckdb.py`                     on traffic that `synth` makes (seeded)
        `python benches/peers/detect_duckdb.py FILE...`             on Parquet or JSON lines of your own (converted first)
Runs alternate, with equally many threads, after one warm-up each. DuckDB is asked two questions, both over a fresh connection:
`lean` counts, sums tokens and estimates distinct prompts by account, so it reads six columns; `same columns` counts the values of
the others that `detect` reads besides, so that it reads as many bytes. Ours is the command as a whole: start, reading, sketches,
links, campaigns and printing.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[2]
LEAN = "count(*), sum(input_tokens), sum(output_tokens), sum(reasoning_tokens), approx_count_distinct(prompt)"
ALSO = """time system organization ip user_agent tls_ja4 model session completion_bytes status refusal stream batch temperature
tools reasoning_minted reasoning_presented end_user access""".split()


def duck(file, threads, also):
    before, start = time.process_time(), time.perf_counter()
    with duckdb.connect(config={"threads": threads}) as connection:
        given = {row[0] for row in connection.execute("describe select * from read_parquet(?)", [file]).fetchall()}
        wanted = [part for part in LEAN.split(", ") if "(" not in part or part == "count(*)" or column(part) in given]
        wanted += [f'count("{name}")' for name in ALSO if also and name in given]
        if also and "completion" in given and "completion_bytes" not in given:
            wanted.append("sum(strlen(completion))")
        connection.execute(f"select account, {', '.join(wanted)} from read_parquet(?) group by account", [file]).fetchall()
    return time.perf_counter() - start, time.process_time() - before


def column(call):
    return call[call.index("(") + 1 : -1]


def detect(engine, file, threads):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run([engine, "detect", file, "--threads", str(threads)], check=True, capture_output=True)
    took = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss / 1024


def compare(engine, file, options):
    with duckdb.connect() as connection:
        rows, accounts = connection.execute("select count(*), count(distinct account) from read_parquet(?)", [file]).fetchone()
    size = os.path.getsize(file) / 1e6
    print(f"\n{Path(file).name}: {rows:,} exchanges of {accounts:,} accounts, {size:.0f} MB, {options.threads} threads, {options.rounds} rounds")
    names = ("DuckDB, lean", "DuckDB, same columns", "stillwatch-engine detect")
    times, busy = {name: [] for name in names}, {name: [] for name in names}
    for round in range(options.rounds + 1):
        *ours, peak = detect(engine, file, options.threads)
        for name, (wall, cpu) in zip(names, (duck(file, options.threads, False), duck(file, options.threads, True), ours)):
            if round > 0:
                times[name].append(wall)
                busy[name].append(cpu)
    print(f"{'':<26} {'least s':>9} {'median s':>9} {'processor s':>12} {'us an exchange':>15}")
    for name in names:
        middle = statistics.median(times[name])
        print(f"{name:<26} {min(times[name]):>9.3f} {middle:>9.3f} {statistics.median(busy[name]):>12.3f} {middle / rows * 1e6:>15.2f}")
    for name in names[:2]:
        ratio = lambda of: statistics.median(a / b for a, b in zip(of[names[2]], of[name]))
        least = min(times[names[2]]) / min(times[name])
        print(f"ours / {name}: {ratio(times):.2f} (median of the rounds' ratios), {least:.2f} (least times), {ratio(busy):.2f} (processor time)")
    print(f"largest memory of ours so far: {peak:.0f} MiB")


def parquet(file, folder):
    if not file.endswith((".jsonl", ".ndjson", ".json")):
        return file
    out = str(Path(folder) / (Path(file).stem + ".parquet"))
    with duckdb.connect() as connection:
        source = f"read_json('{file}', format = 'newline_delimited', sample_size = 200000)"
        connection.execute(f"copy (select * from {source}) to '{out}' (format parquet, compression snappy)")
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--engine", default=str(ROOT / "target/release/stillwatch-engine"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--exchanges", type=int, default=1_000_000, help="how many synth makes")
    parser.add_argument("--honest", type=int, default=10_000, help="honest accounts that synth makes")
    options = parser.parse_args()
    print(f"DuckDB {duckdb.__version__}, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as folder:
        files = [parquet(file, folder) for file in options.files]
        if not files:
            made = ["--out", folder, "--format", "parquet", "--exchanges", str(options.exchanges), "--honest", str(options.honest)]
            start = time.perf_counter()
            subprocess.run([options.engine, "synth", *made], check=True)
            print(f"synth, with writing Parquet, one thread: {options.exchanges / (time.perf_counter() - start):,.0f} exchanges a second")
            files = [str(Path(folder) / "traffic.parquet")]
        for file in files:
            compare(options.engine, file, options)


if __name__ == "__main__":
    main()
