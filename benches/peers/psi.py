"""Peers, two labs: our match against OpenMined PSI (PyPI `openmined.psi`: P-256 Diffie-Hellman in C++), in one run.

Set-up: `pip install openmined.psi`, and a Rust toolchain. Run: `python benches/peers/psi.py [ELEMENTS]` (100000 by default).
Half of the elements are common. CPU seconds of both parties together, one thread; rounds alternate, the best of each counts.
Theirs is without proofs and labels, and its set goes over as a Golomb-coded filter with one false hit in 10^9; ours has both, and
none. Ours prints plain Diffie-Hellman on its own curve beside it.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

import private_set_intersection.python as psi

ROOT = Path(__file__).parents[2]


def theirs(size):
    mine = [f"11.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(size)]
    other = [f"11.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(size // 2, size // 2 + size)]
    start = time.process_time()
    client, server = psi.client.CreateWithNewKey(True), psi.server.CreateWithNewKey(True)
    setup = server.CreateSetupMessage(1e-9, size, other, psi.DataStructure.GCS)
    request = client.CreateRequest(mine)
    response = server.ProcessRequest(request)
    found = client.GetIntersection(setup, response)
    taken = time.process_time() - start
    assert len(found) == size - size // 2, len(found)
    sent = sum(len(message.SerializeToString()) for message in (setup, request, response))
    return taken, sent / size


def ours(size):
    command = ["cargo", "bench", "-q", "-p", "stillwatch-matching", "--bench", "two_labs", "--", str(size)]
    text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    print(text.strip())
    return float(re.search(r"([\d.]+) CPU s", text)[1]), float(re.search(r"([\d.]+) bytes an element", text)[1])


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rounds = [(ours(size), theirs(size)) for _ in range(2 if size <= 100_000 else 1)]
    (our_time, our_bytes), (their_time, their_bytes) = (min(of) for of in zip(*rounds))
    print(f"ours {our_time:.2f} CPU s, {our_bytes:.1f} bytes an element; OpenMined PSI {their_time:.2f} CPU s, {their_bytes:.1f} bytes")
    print(f"ours takes {our_time / their_time:.2f} of its time")


if __name__ == "__main__":
    main()
