"""Hunts 10,000 indicators in saved sketches, and times the whole command.

usage: python benches/hunt.py STILLWATCH SKETCHES.parquet [INDICATORS]

Sketches of 10 million exchanges: `stillwatch synth --exchanges 10000000 --out t/` and `stillwatch sketch t/traffic.jsonl --out s.parquet`.
Half of the indicators are addresses, a fifth clients, the rest text sketches; a seed makes them, so nearly none is in the traffic: each
has to be looked for all the same.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
import uuid

CLIENT = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"
# Definition of the extension (docs/stix.md).
TEXT_SKETCH = "extension-definition--acc2decd-9eae-506a-8eb6-d04f341bfba8"


def indicator(rng, number):
    one = {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.UUID(int=rng.getrandbits(128), version=4)}",
        "created": "2026-03-01T00:00:00.000Z", "modified": "2026-03-01T00:00:00.000Z",
        "name": f"indicator {number}", "pattern_type": "stix", "valid_from": "2026-03-01T00:00:00Z",
    }
    kind = rng.random()
    if kind < 0.5:
        # Outside of every warning list.
        address = f"{rng.choice([185, 193, 194, 195])}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"
        one["pattern"] = f"[ipv4-addr:value = '{address}']"
    elif kind < 0.7:
        one["pattern"] = f"[{CLIENT} = 'client-{rng.randrange(10**9)}/1.{rng.randrange(9)}']"
    else:
        slots = [f"{rng.getrandbits(32):08x}" if rng.random() < 0.7 else "00000000" for _ in range(16)]
        one["pattern"] = f"[network-traffic:extensions.'{TEXT_SKETCH}'.body[*] = '{slots[0]}']"
        one["extensions"] = {TEXT_SKETCH: {
            "extension_type": "property-extension",
            "sketch": {"algorithm": "stillwatch-anchors-1", "body": slots},
            "kind": "template", "minimum_agreement": 0.5,
        }}
    return one


def main():
    program, sketches = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 10_000
    rng = random.Random(7)
    objects = [indicator(rng, number) for number in range(count)]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as bundle:
        json.dump({"type": "bundle", "id": f"bundle--{uuid.UUID(int=1, version=4)}", "objects": objects}, bundle)
        bundle.flush()
        times = []
        for _ in range(3):
            begun = time.perf_counter()
            done = subprocess.run([program, "hunt", bundle.name, sketches, "--format", "json"], capture_output=True, check=True)
            times.append(time.perf_counter() - begun)
        found = json.loads(done.stdout)
    print(f"{count} indicators, {found['exchanges']} exchanges behind sketches of {found['accounts']} accounts: "
          f"{min(times):.2f} s to {max(times):.2f} s; {len(found['matches'])} matched, {len(found['refused'])} refused, {len(found['warned'])} warned")


main()
