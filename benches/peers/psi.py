"""Peers, two labs: our match, OpenMined PSI (PyPI `openmined.psi`) and SecretFlow's ECDH (PyPI `spu`), in one run.

Set-up: `pip install openmined.psi spu`, and a Rust toolchain. Run: `python benches/peers/psi.py [ELEMENTS]` (100000 by default).
Half of the elements are common. CPU seconds of both parties together, one thread each; rounds alternate, the best of each counts.
What each does: ours proves every batch, attaches 10-byte labels, hashes to the group as RFC 9380 says. OpenMined: P-256
Diffie-Hellman in C++, no proofs, no labels; its set goes over as a Golomb-coded filter with one false hit in 10^9. SecretFlow:
Diffie-Hellman on Curve25519 in C++, eight points at once (AVX-512 IFMA), no proofs, no labels, the SHA-256 of an element as its coordinate;
two processes over loopback, reading and writing CSV. Ours prints plain Diffie-Hellman on its own curve beside it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def address(n):
    return f"11.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


def openmined(size):
    import private_set_intersection.python as psi

    mine = [address(n) for n in range(size)]
    other = [address(n) for n in range(size // 2, size // 2 + size)]
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


def secretflow_party(rank, folder, ports):
    """One of the two processes: prints its CPU seconds, bytes sent and what was common."""
    from spu import libspu
    from spu import psi

    description = libspu.link.Desc()
    description.recv_timeout_ms = 600_000
    for party, port in enumerate(ports):
        description.add_party(f"lab-{party}", f"127.0.0.1:{port}")
    line = libspu.link.create_brpc(description, rank)
    ecdh = psi.EcdhParams(curve=psi.EllipticCurveType.CURVE_25519)
    config = psi.PsiExecuteConfig(
        protocol_conf=psi.PsiProtocolConfig(
            protocol=psi.PsiProtocol.PROTOCOL_ECDH, receiver_rank=0, broadcast_result=False, ecdh_params=ecdh
        ),
        input_params=psi.InputParams(path=f"{folder}/in{rank}.csv", selected_keys=["address"], keys_unique=True),
        output_params=psi.OutputParams(path=f"{folder}/out{rank}.csv", disable_alignment=True),
    )
    start = time.process_time()
    report = psi.psi_execute(config, line)
    taken = time.process_time() - start
    line.stop_link()
    print("\nRESULT " + json.dumps({"taken": taken, "common": report.intersection_count}), flush=True)


def loopback():
    """Bytes that went over the loopback so far: both parties' traffic, with headers."""
    lines = Path("/proc/net/dev").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.strip().startswith("lo:"))


def secretflow(size):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ports = [str(20_000 + os.getpid() % 20_000 + party) for party in (0, 1)]
    with tempfile.TemporaryDirectory() as folder:
        for party, first in enumerate((0, size // 2)):
            rows = "\n".join(address(n) for n in range(first, first + size))
            Path(f"{folder}/in{party}.csv").write_text(f"address\n{rows}\n")
        command = [sys.executable, __file__, "--secretflow"]
        before = loopback()
        both = [
            subprocess.Popen(
                [*command, str(party), folder, *ports],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment,
            )
            for party in (0, 1)
        ]
        # It logs to the same place.
        said = [json.loads(party.communicate()[0].rpartition("RESULT ")[2].splitlines()[0]) for party in both]
        sent = loopback() - before
    assert said[0]["common"] == size - size // 2, said
    return sum(party["taken"] for party in said), sent / size


def ours(size):
    command = ["cargo", "bench", "-q", "-p", "stillwatch-matching", "--bench", "two_labs", "--", str(size)]
    text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    print(text.strip(), flush=True)
    return float(re.search(r"([\d.]+) CPU s", text)[1]), float(re.search(r"([\d.]+) bytes an element", text)[1])


def main():
    if sys.argv[1:2] == ["--secretflow"]:
        return secretflow_party(int(sys.argv[2]), sys.argv[3], sys.argv[4:])
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    who = {"ours": ours, "OpenMined PSI": openmined, "SecretFlow ECDH": secretflow}
    rounds = {name: [] for name in who}
    for _ in range(3 if size <= 100_000 else 1):
        for name, run in who.items():
            rounds[name].append(run(size))
            print(f"{name}: {rounds[name][-1][0]:.2f} CPU s; load {os.getloadavg()[0]:.1f}", flush=True)
    best = {name: (min(of), of) for name, of in rounds.items()}
    for name, ((taken, sent), _) in best.items():
        print(f"{name}: {taken:.2f} CPU s, {sent:.1f} bytes an element; ours takes {best['ours'][0][0] / taken:.2f} of its time")


if __name__ == "__main__":
    main()
