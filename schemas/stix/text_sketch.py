"""Text sketch `stillwatch-anchors-1`: a reference implementation, from docs/stix.md.

    python text_sketch.py                          checks itself against text-sketch.vectors.json
    python text_sketch.py TEXT                     prints the sketch of a text

Plain Python without dependencies; clear rather than fast.
"""

import json
import os
import sys

MASK = (1 << 64) - 1
NUMBER = 0x9E6C63D0876A3F6B
SEED, K1, K2 = 0x2D358DCCAA6C78A5, 0x8BB84B93962EACC9, 0x4B33A62ED433D4A3
A, B, K, SLOT = 0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x589589D61D3B6A85, 0x8EBC6AF09C88C6E3
SLOTS, SHINGLE, EDGE = 128, 3, 8


def fold(a, b):
    wide = a * b
    return (wide ^ (wide >> 64)) & MASK


def rotate(value, bits):
    return ((value << bits) | (value >> (64 - bits))) & MASK


def word(text):
    """Hash of a word's bytes, ASCII case ignored."""
    value, whole = SEED ^ len(text), len(text) - len(text) % 8
    for at in range(0, whole, 8):
        value = fold(value ^ (int.from_bytes(text[at:at + 8], "little") | 0x2020202020202020), K1)
    if text[whole:]:
        value = fold(value ^ int.from_bytes(bytes(b | 0x20 for b in text[whole:]), "big"), K1)
    return fold(value, K2)


def kind(byte):
    if byte in b"<>[]{}#*|":
        return "mark"
    if chr(byte).isdigit() and byte < 0x80:
        return "digit"
    if byte in (0xE2, 0xEF):
        return "skip3"
    if 0xE3 <= byte <= 0xED:
        return "wide3"
    if 0xF0 <= byte <= 0xF4:
        return "wide4"
    if byte >= 0x80 or chr(byte).isalpha() or byte == ord("_"):
        return "letter"
    return "skip"


def tokens(text):
    data, at, out = text.encode(), 0, []
    while at < len(data):
        what = kind(data[at])
        if what in ("letter", "digit"):
            start, digits = at, False
            while at < len(data) and kind(data[at]) in ("letter", "digit"):
                digits |= kind(data[at]) == "digit"
                at += 1
            if not digits:
                out.append(word(data[start:at]))
            elif not out or out[-1] != NUMBER:
                out.append(NUMBER)
        elif what == "mark":
            out.append(fold(data[at] ^ SEED, K1))
            at += 1
        elif what == "wide3" and data[at:at + 2] == b"\xe3\x80":
            at += 3
        elif what in ("wide3", "wide4"):
            end = at + (3 if what == "wide3" else 4)
            out.append(word(data[at:end]))
            at = end
        else:
            at += 3 if what == "skip3" else 1
    return out


def shingles(found):
    if len(found) < SHINGLE:
        return [fold(token ^ A, B) for token in found]
    return [fold(a ^ A, rotate(b, 23) ^ rotate(c, 46)) for a, b, c in zip(found, found[1:], found[2:])]


def least(hashes, parts):
    if not hashes:
        return [0] * parts
    slots = [None] * parts
    for value in hashes:
        slot = value * parts >> 64
        slots[slot] = value if slots[slot] is None else min(slots[slot], value)
    for slot, held in enumerate(slots):
        if held is None:
            key = SLOT * (SLOTS + slot) & MASK
            slots[slot] = min(fold(value ^ key, K) for value in hashes)
    return [max(value & 0xFFFFFFFF, 1) for value in slots]


def edge(found, seed):
    for token in found:
        seed = fold(seed ^ token, K)
    return max(seed & 0xFFFFFFFF, 1)


def sketch(text):
    found = tokens(text)
    hashes, long = shingles(found), len(found) >= EDGE + SHINGLE
    show = lambda values: [f"{value:08x}" for value in values]
    return {
        "tokens": len(found),
        "body": show(least(hashes, 16)),
        "system": show(least(hashes, 4)),
        "head": show([edge(found[:EDGE], A) if long else 0])[0],
        "tail": show([edge(found[-EDGE:], B) if long else 0])[0],
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(sketch(sys.argv[1]), indent=1))
        sys.exit()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "text-sketch.vectors.json")
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)["vectors"]
    wrong = [v["text"] for v in vectors if sketch(v["text"]) != {k: x for k, x in v.items() if k != "text"}]
    print(f"{len(vectors) - len(wrong)} of {len(vectors)} vectors agree", *wrong, sep="\n")
    sys.exit(bool(wrong))
