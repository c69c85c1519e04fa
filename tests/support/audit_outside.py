"""A verifier of exported audit leaves that shares nothing with the engine: RFC 6962 by hashlib alone.

audit_outside.py FILE     FILE: a line "size root", then one leaf per line in hex
"""
import hashlib
import json
import pathlib
import sys


def root_of(hashes):
    """MTH of RFC 6962 section 2.1 over leaf hashes, by the definition."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root_of(hashes[:split]) + root_of(hashes[split:])).digest()


def log_root(leaves):
    return root_of([hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]).hex()


def problems_of(size, root, leaves):
    """What is wrong with a log that claims this size and root; empty if it holds."""
    found = []
    if len(leaves) != size:
        found.append(f"{len(leaves)} leaves, {size} claimed")
    for index, leaf in enumerate(leaves):
        value = json.loads(leaf)
        if value["seq"] != index:
            found.append(f"leaf {index} says that it is {value['seq']}")
        # For ASCII names and whole numbers this is RFC 8785's form.
        if json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() != leaf:
            found.append(f"leaf {index} is not canonical")
    if log_root(leaves) != root:
        found.append("the root is another")
    return found


def read_export(text):
    head, *lines = text.splitlines()
    size, root = head.split()
    return int(size), root, [bytes.fromhex(line) for line in lines]


if __name__ == "__main__":
    FOUND = problems_of(*read_export(pathlib.Path(sys.argv[1]).read_text(encoding="ascii")))
    print("\n".join(FOUND) or "the log holds")
    sys.exit(1 if FOUND else 0)
