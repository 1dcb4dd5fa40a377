"""Makes lists.txt.zst from the MISP warning lists (CC0-1.0; PyPI `pymispwarninglists`, data only).

usage: python lists.py FOLDER_OF_LISTS > lists.txt && zstd -19 lists.txt

Taken are addresses that many honest people share: special ranges, public resolvers, clouds and content networks.
Of MISP's 62,745 public resolvers only those of the `RESOLVERS` below are taken: the rest are mostly people's own.
"""

import json
import pathlib
import sys

LISTS = [
    "rfc1918", "rfc5735", "rfc6598", "rfc3849", "multicast", "ipv6-linklocal", "public-dns-v6",
    "amazon-aws", "google-gcp", "microsoft-azure", "ovh-cluster", "cloudflare", "fastly", "akamai",
]
RESOLVERS = [
    "1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "149.112.112.112", "208.67.222.222", "208.67.220.220",
    "94.140.14.14", "94.140.15.15", "185.228.168.9", "185.228.169.9", "76.76.2.0", "76.76.10.0", "114.114.114.114",
    "223.5.5.5", "223.6.6.6", "119.29.29.29", "77.88.8.8", "77.88.8.1", "64.6.64.6", "64.6.65.6",
]

folder = pathlib.Path(sys.argv[1])
print("# well-known public resolvers")
print(*RESOLVERS, sep="\n")
for name in LISTS:
    of = json.loads((folder / name / "list.json").read_text())
    print("#", of["name"])
    print(*sorted(entry.strip() for entry in of["list"]), sep="\n")
