#!/usr/bin/env python3
"""The shared library exports exactly the functions that the public headers declare with IMP_API.

    tests/symbols.py LIBRARY ROOT
"""
import pathlib
import re
import subprocess
import sys

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|^\s*#[^\n]*", re.S | re.M)
DECLARATION = re.compile(r"\bIMP_API\b[^;{(]*?\b(\w+)\s*\(")


def declared(root):
    headers = pathlib.Path(root, "include", "impasto").glob("*.h")
    return {name for h in headers for name in DECLARATION.findall(COMMENT.sub("", h.read_text()))}


def exported(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    # Sanitizers and coverage add names that begin with two underscores.
    return {line.split()[-1].split("@")[0] for line in lines.splitlines() if not line.split()[-1].startswith("__")}


def main(library, root):
    promised, present = declared(root), exported(library)
    faults = [f"{name} is exported but does not begin with imp_" for name in present if not name.startswith("imp_")]
    faults += [f"{name} is exported but no public header declares it" for name in present - promised
               if name.startswith("imp_")]
    faults += [f"{name} is declared in a public header but not exported" for name in promised - present]
    print("\n".join(sorted(faults)) or f"symbols: {len(present)} exported, all declared")
    return 1 if faults or not present else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
