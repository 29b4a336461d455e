#!/usr/bin/env python3
"""What `make install` lays down is whole: the headers, the command with its man page and completion, the library, and a
pkg-config file with which a small program compiles, links, runs and has the built-in models.

    tests/install.py BUILD ROOT
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

PROGRAM = r"""#include <impasto/impasto.h>
#include <stdio.h>
int main(void) {
    ImpModelList *list;
    int n = 0;
    if (imp_model_list(&list, NULL) != IMP_OK) return 1;
    for (size_t i = 0; i < list->count; i++) n += list->models[i].built_in;
    imp_model_list_free(&list);
    return printf("%s %d\n", imp_version(), n) < 0;
}
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        raise SystemExit(f"{shlex.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def main(build, root):
    with tempfile.TemporaryDirectory() as folder:
        run("meson", "install", "-C", build, "--no-rebuild", "--destdir", folder)
        installed = pathlib.Path(folder)
        found = {p.name: p for p in installed.rglob("*") if p.is_file() or p.is_symlink()}
        headers = {h.name for h in pathlib.Path(root, "include", "impasto").glob("*.h")}
        missing = (headers | {"impasto", "impasto.pc", "libimpasto.so", "libimpasto.a", "impasto.1",
                             "impasto.bash", "_impasto", "impasto.fish"}) - set(found)
        if missing:
            raise SystemExit("not installed: " + " ".join(sorted(missing)))

        pc = found["impasto.pc"]
        version = re.search(r"^Version: *(\S+)", pc.read_text(), re.M)[1]
        prefix = installed / re.search(r"^prefix=/?(.*)", pc.read_text(), re.M)[1]
        source = installed / "program.c"
        source.write_text(PROGRAM)
        flags = shlex.split(run("pkg-config", "--define-variable=prefix=" + str(prefix), "--cflags", "--libs", "impasto",
                                env={**os.environ, "PKG_CONFIG_PATH": str(pc.parent)}))
        sanitize = shlex.split(os.environ.get("IMPASTO_TEST_CFLAGS", ""))
        run(*shlex.split(os.environ.get("CC", "cc")), *sanitize, str(source), "-o", str(installed / "program"), *flags)
        path = {**os.environ, "LD_LIBRARY_PATH": str(found["libimpasto.so"].parent), "XDG_DATA_HOME": folder}
        models = len(list(pathlib.Path(root, "models").glob("*.safetensors")))
        said = run(str(installed / "program"), env=path).strip()
        if said != f"{version} {models}":
            raise SystemExit(f"the program says version and built-in models {said}, not {version} {models}")
        if version not in run(str(found["impasto"]), "--version", env=path):
            raise SystemExit("the installed command does not say the version")
        print(f"install: {len(found)} files, a program links and runs")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
