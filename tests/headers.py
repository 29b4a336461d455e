#!/usr/bin/env python3
"""Each header compiles alone: public ones as C17 and as C++17 without anything else, those of src/ as C17.

    tests/headers.py BUILD ROOT

The compilers are $CC (cc) and $CXX (c++; left out where there is none).
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

STRICT = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]


def build_flags(build, root):
    """The include paths and definitions that the library's own sources are compiled with."""
    for entry in json.loads(pathlib.Path(build, "compile_commands.json").read_text()):
        source = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if source.is_relative_to(root / "src" / "base"):
            words = shlex.split(entry["command"])
            return [w if not w.startswith("-I") else "-I" + str(pathlib.Path(entry["directory"], w[2:]))
                    for w in words if w.startswith(("-I", "-D")) or w == "-pthread"]
    raise SystemExit("compile_commands.json lists no source of src/base")


def check(job):
    compiler, language, standard, include, flags = job
    # Twice: include guards.
    text = f"#include <{include}>\n#include <{include}>\n"
    run = subprocess.run([*compiler, "-x", language, "-std=" + standard, *STRICT, *flags, "-"], input=text, text=True,
                         capture_output=True)
    return "" if run.returncode == 0 else f"{include} does not compile alone as {standard}:\n{run.stderr}"


def main(build, root):
    root = pathlib.Path(root).resolve()
    cc = shlex.split(os.environ.get("CC", "cc"))
    cxx = shlex.split(os.environ.get("CXX", "c++"))
    public = [h.relative_to(root / "include").as_posix() for h in sorted((root / "include").rglob("*.h"))]
    private = [h.relative_to(root / "src").as_posix() for h in sorted((root / "src").rglob("*.h"))]
    only_public = ["-I" + str(root / "include")]
    jobs = [(cc, "c", "c17", h, only_public) for h in public]
    if shutil.which(cxx[0]):
        jobs += [(cxx, "c++", "c++17", h, only_public) for h in public]
    else:
        print("no C++ compiler: the public headers are not tried as C++")
    jobs += [(cc, "c", "c17", h, build_flags(build, root)) for h in private]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = [fault for fault in pool.map(check, jobs) if fault]
    print("\n".join(faults) or f"headers: {len(public)} public and {len(private)} private compile alone")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
