"""Peers, vectors: records what the test suites of `stix2-matcher` and `stix2-patterns` ask and what those programs answer.

Set-up: `pip install stix2-matcher==3.0.0 stix2-patterns==2.1.2 pytest`. Run: `python benches/peers/stix_vectors.py`.
Writes crates/pattern/tests/data/stix2_matcher.json, stix2_patterns.json, spec_examples.json: data only (pattern, observations, verdict), with source
and licence. Both suites are run as they are; the two functions they call are wrapped, so every verdict is the program's own.
"""

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import stix2matcher.matcher as matcher
import stix2patterns.pattern
import stix2patterns.validator as validator
from stix2patterns.exceptions import ParseException

DATA = Path(__file__).parents[2] / "crates/pattern/tests/data"
LICENCE = "BSD-3-Clause, Copyright (c) 2016 OASIS Open; see LICENSE-OASIS beside this file"

observations, matches, patterns = [], [], []
wrapped_match, wrapped_validate = matcher.match, validator.validate


def match(pattern, observed, verbose=False, stix_version=matcher.DEFAULT_VERSION):
    seen = json.dumps(observed, sort_keys=True)
    if seen not in observations:
        observations.append(seen)
    case = {"stix": stix_version, "observations": observations.index(seen), "pattern": pattern}
    if case not in [{key: known[key] for key in case} for known in matches]:
        matches.append(case)
    else:
        case = {}
    try:
        found = wrapped_match(pattern, observed, verbose, stix_version)
        case["verdict"] = "match" if found else "no match"
        return found
    except ParseException:
        case["verdict"] = "no pattern"
        raise
    except matcher.MatcherException:
        case["verdict"] = "undecided"
        raise


def validate(pattern, stix_version="2.1", **options):
    found = wrapped_validate(pattern, stix_version=stix_version, **options)
    valid = found if isinstance(found, bool) else found[0]
    case = {"pattern": pattern, "valid": valid}
    if stix_version == "2.1" and case not in patterns:
        patterns.append(case)
    return found


def write(name, package, extra):
    source = f"test suite of {package} {version(package)} (PyPI)"
    # One case a line, so that changes can be read.
    head = json.dumps({"source": source, "licence": LICENCE})[1:-1]
    lists = []
    for key, items in extra.items():
        lines = ",\n".join(json.dumps(item, ensure_ascii=True) for item in items)
        lists.append(f'"{key}": [\n{lines}\n]')
    (DATA / name).write_text("{" + head + ",\n" + ",\n".join(lists) + "\n}\n")


def examples():
    """The specification's own patterns over hand-made observations: a bundle that was made to match, and one that narrowly doesn't."""
    lines = Path(validator.__file__).parent.joinpath("test/v21/spec_examples.txt").read_text().splitlines()
    bundles = json.loads((DATA / "spec_observed.json").read_bytes())
    cases = []
    for pattern in filter(None, map(str.strip, lines)):
        for at, bundle in enumerate(bundles):
            try:
                verdict = "match" if wrapped_match(pattern, [bundle], stix_version="2.1") else "no match"
            except Exception:
                # IPv6 in ISSUBSET: `stix2-matcher` knows IPv4 only, and stops with an error of Python's or its own.
                verdict = "undecided"
            cases.append({"stix": "2.1", "observations": at, "pattern": pattern, "verdict": verdict})
    return {"observations": bundles, "cases": cases}


def main():
    matcher.match, validator.validate = match, validate
    DATA.mkdir(parents=True, exist_ok=True)
    quiet = ["-q", "-p", "no:cacheprovider", "--no-header"]
    for package in ("stix2matcher", "stix2patterns"):
        folder = Path(sys.modules[package].__file__).parent / "test"
        # 1: some of its tests fail. With these versions 19 do: they write START and STOP as plain strings, which stix2-patterns 2.1.2
        # takes in no version. The verdict that is recorded is what the program says, not what its test hopes for.
        if pytest.main([*quiet, os.fspath(folder)]) not in (0, 1):
            sys.exit(f"the suite of {package} does not run here")
    write("stix2_matcher.json", "stix2-matcher", {
        "observations": [json.loads(seen) for seen in observations],
        "cases": [case for case in matches if "verdict" in case],
    })
    write("stix2_patterns.json", "stix2-patterns", {"cases": patterns})
    write("spec_examples.json", "stix2-matcher", examples())
    print(f"{len(matches)} matches, {len(patterns)} patterns")


if __name__ == "__main__":
    main()
