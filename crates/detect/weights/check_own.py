#!/usr/bin/env python3
"""Lists runs of words (Latin script) or characters (Chinese, Japanese) that our invented examples share with a corpus.

    check_own.py --own own.jsonl --corpora corpora.jsonl [--words 8] [--characters 12]

Prints each shared run with its sources and the grammar lines that made it; a few idioms ("which of the following is an example
of") are to be expected, sentences are not. Exit code 1 when there are more than --allowed of them.
"""
import argparse
import collections
import json
import re
import sys

WORD, WIDE = re.compile(r"[a-z0-9]+"), re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def runs(text, words, characters):
    found = WORD.findall(text.lower())
    for i in range(len(found) - words + 1):
        yield " ".join(found[i:i + words])
    wide = "".join(WIDE.findall(text))
    for i in range(len(wide) - characters + 1):
        yield wide[i:i + characters]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--own", required=True)
    ap.add_argument("--corpora", required=True)
    ap.add_argument("--words", type=int, default=8)
    ap.add_argument("--characters", type=int, default=12)
    ap.add_argument("--allowed", type=int, default=100)
    a = ap.parse_args()
    own = collections.defaultdict(set)
    for line in open(a.own, encoding="utf-8"):
        row = json.loads(line)
        for run in runs(row["text"], a.words, a.characters):
            own[run].add("/".join(row["group"].split("/")[:2]))
    shared = collections.defaultdict(set)
    for line in open(a.corpora, encoding="utf-8"):
        row = json.loads(line)
        for run in runs(row["text"], a.words, a.characters):
            if run in own:
                shared[run].add(row["source"])
    for run in sorted(shared):
        print(run, sorted(shared[run])[:3], sorted(own[run])[:3], sep="\t")
    print(f"{len(shared)} shared", file=sys.stderr)
    sys.exit(1 if len(shared) > a.allowed else 0)


if __name__ == "__main__":
    main()
