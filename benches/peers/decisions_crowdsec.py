"""Peers, decisions: our gate and CrowdSec's Local API (Debian package `crowdsec`), in one run, asked by the same client.

Set-up: `apt-get install wrk`; `apt-get download crowdsec && dpkg -x crowdsec_*.deb DIR`; `cargo build --release`.
Run: `python benches/peers/decisions_crowdsec.py DIR [DECISIONS] [OURS]` (65000 for both by default; OURS: decisions of our node where they differ).
Each serves the same addresses from SQLite, over loopback without TLS, started as its users start it. Measured: importing a CSV file with its own
command, from start to end; a bouncer's first poll (`/v1/decisions/stream?startup=true`), until the last byte; questions about one address
(`/v1/decisions?ip=`, every second one decided on), `wrk` with one thread and four connections for five seconds; rounds alternate, the best counts.
Ours is asked `/v1/decide` besides, with one, two and four connections.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEY = "benchbenchbenchbenchbenchbench12"
SECONDS = 5
# CrowdSec logs each question of a bouncer that doesn't say its version.
AGENT = "bench/v1.0.0"


def addresses(count):
    made = random.Random(7)
    return [".".join(str(byte) for byte in made.randbytes(4)) for _ in range(count)]


def write_csv(path, all_of_them):
    with path.open("w") as file:
        file.write("duration,scope,value,type,reason\n")
        for address in all_of_them:
            file.write(f"24h,ip,{address},ban,bench\n")


def up(url, key, process):
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode}")
        try:
            ask(url, key)
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


def ask(url, key):
    request = urllib.request.Request(url, headers={"X-Api-Key": key, "User-Agent": AGENT})
    with urllib.request.urlopen(request, timeout=600) as answer:
        return answer.read()


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout[-800:]}{done.stderr[-800:]}")
    return done.stdout + done.stderr


class Crowdsec:
    name = "CrowdSec"

    def __init__(self, root, folder, decisions):
        self.folder, self.url, self.key = folder / "crowdsec", "http://127.0.0.1:18080", KEY
        etc, data = self.folder / "etc", self.folder / "data"
        shutil.copytree(root / "etc/crowdsec", etc)
        data.mkdir()
        (data / "hub").mkdir()
        (etc / "local_api_credentials.yaml").write_text("")
        text = (etc / "config.yaml").read_text()
        text = text.replace("/etc/crowdsec/", f"{etc}/").replace("/var/lib/crowdsec/data/", f"{data}/")
        text = text.replace("/var/lib/crowdsec/hub/", f"{data}/hub/").replace("/var/log/", f"{data}/")
        text = text.replace("/usr/lib/crowdsec/plugins/", f"{data}/").replace("127.0.0.1:8080", "127.0.0.1:18080")
        text = re.sub(r"    online_client:.*\n.*\n", "", text).replace("daemonize: true", "daemonize: false")
        text = text.replace("log_level: info", "log_level: warning").replace("log_media: file", "log_media: stdout")
        text = text.replace("  type: sqlite\n", "  type: sqlite\n  use_wal: true\n")
        text = text.replace("  enabled: true\n  level: full", "  enabled: false\n  level: full")
        # What it holds beside is thrown away after 5,000 alerts, not decisions; an import is one alert.
        self.config = etc / "config.yaml"
        self.config.write_text(text)
        (etc / "console.yaml").write_text("share_manual_decisions: false\n")
        self.cscli = root / "usr/bin/cscli"
        run(self.cscli, "-c", self.config, "machines", "add", "bench", "--password", KEY, "-f", etc / "local_api_credentials.yaml", "-u", self.url)
        run(self.cscli, "-c", self.config, "bouncers", "add", "bench", "-k", KEY)
        log = (self.folder / "log").open("w")
        self.process = subprocess.Popen([root / "usr/bin/crowdsec", "-c", self.config, "-no-cs"], stdout=log, stderr=log)
        up(self.url + "/v1/decisions?ip=127.0.0.9", KEY, self.process)
        self.file = self.folder / "decisions.csv"
        write_csv(self.file, decisions)

    def take_in(self):
        run(self.cscli, "-c", self.config, "decisions", "import", "-i", self.file)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


class Ours:
    name = "ours"

    def __init__(self, folder, decisions):
        self.folder, self.url = folder / "node", "http://127.0.0.1:18089"
        self.folder.mkdir()
        self.program = ROOT / "target/release/stillwatch"
        self.said = {"cwd": self.folder, "env": {**os.environ, "STILLWATCH_AUTHOR": "bench"}}
        run(self.program, "init", ".", **self.said)
        config = self.folder / "node.toml"
        text = config.read_text()
        text = re.sub(r'(?m)^listen = .*$', 'listen = "127.0.0.1:18443"', text, count=1)
        config.write_text(text + '\n[gate]\nlisten = "127.0.0.1:18089"\nevery_seconds = 0\n')
        self.key = run(self.program, "client", "add", "bench", "--role", "point", **self.said).split()[0]
        self.data = re.search(r'(?m)^data = "(.*)"', text)
        self.said["env"]["STILLWATCH_DATA"] = str(self.folder / (self.data.group(1) if self.data else "stillwatch-data"))
        self.file = self.folder / "decisions.csv"
        write_csv(self.file, decisions)
        self.log = (self.folder / "log").open("w")
        self.process = subprocess.Popen([self.program, "serve"], stdout=self.log, stderr=self.log, **self.said)
        up(self.url + "/v1/decisions?ip=127.0.0.9", self.key, self.process)

    def take_in(self):
        print("   ", run(self.program, "decisions", "import", self.file, "--because", "bench", **self.said).strip())

    def resident(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def asked(side, addresses_there, path, folder, connections=4):
    """Requests a second, and p50 and p99 in milliseconds."""
    script = folder / "ask.lua"
    there = addresses_there[:: max(1, len(addresses_there) // 5000)][:5000]
    listed = ",".join(f'"{address}"' for pair in zip(there, reversed(addresses(len(there) + 9)[9:])) for address in pair)
    script.write_text(
        f"local all = {{{listed}}}\nlocal at = 0\nwrk.headers['X-Api-Key'] = '{side.key}'\nwrk.headers['User-Agent'] = '{AGENT}'\n"
        f"request = function() at = at % #all + 1; return wrk.format(nil, '{path}' .. all[at]) end\n"
    )
    out = run("wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-s", script, side.url)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    if "Non-2xx" in out:
        raise RuntimeError(out)
    part = lambda name: re.search(rf"{name}%\s+([\d.]+)(us|ms|s)", out).groups()
    ms = {"us": 0.001, "ms": 1, "s": 1000}
    return rate, *(float(number) * ms[unit] for number, unit in map(part, ("50", "99")))


def streamed(side):
    start = time.perf_counter()
    body = ask(side.url + "/v1/decisions/stream?startup=true", side.key)
    taken = time.perf_counter() - start
    return len(json.loads(body)["new"]) / taken, len(body)


def main():
    root = Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 65_000
    more = int(sys.argv[3]) if len(sys.argv) > 3 else count
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        all_of_them = addresses(max(count, more))
        sides = [Crowdsec(root, folder, all_of_them[:count]), Ours(folder, all_of_them[:more])]
        try:
            best = {}
            for side, size in zip(sides, (count, more)):
                start = time.perf_counter()
                side.take_in()
                taken = time.perf_counter() - start
                best[side.name, "import"] = size / taken
                # What was decided is served by now, or within a second.
                time.sleep(2)
            for _ in range(3):
                for side, size in zip(sides, (count, more)):
                    rate, _ = streamed(side)
                    best[side.name, "stream"] = max(best.get((side.name, "stream"), 0), rate)
                    rate, p50, p99 = asked(side, all_of_them[:size], "/v1/decisions?ip=", folder)
                    before = best.get((side.name, "look-ups"), (0,))
                    best[side.name, "look-ups"] = max(before, (rate, p50, p99))
            for what in ("import", "stream"):
                theirs, ours = best["CrowdSec", what], best["ours", what]
                print(f"{what}, decisions a second: CrowdSec {theirs:,.0f}, ours {ours:,.0f} ({ours / theirs:.1f} x)")
            (theirs, *_), (ours, p50, p99) = best["CrowdSec", "look-ups"], best["ours", "look-ups"]
            print(f"look-ups a second: CrowdSec {theirs:,.0f}, ours {ours:,.0f} ({ours / theirs:.0f} x; p50 {p50:.2f}, p99 {p99:.2f} ms)")
            for connections in (1, 2, 4):
                rate, p50, p99 = asked(sides[1], all_of_them[:more], "/v1/decide?ip=", folder, connections)
                print(f"ours, /v1/decide, {connections} at a time: {rate:,.0f} a second, p50 {p50:.2f}, p99 {p99:.2f} ms")
            print(f"ours, resident memory: {sides[1].resident():.0f} MiB with {more:,} decisions")
        finally:
            for side in sides:
                side.end()


if __name__ == "__main__":
    main()
