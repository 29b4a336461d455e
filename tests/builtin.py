#!/usr/bin/env python3
"""The weights of models/ are in the library as they are, with what is told about them beside each; and embed.py, which
puts them there, notices what changes and refuses what cannot be a model.

    tests/builtin.py BUILD ROOT
"""
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

PROGRAM = """#include "network/builtin/builtin.h"
#include <stdio.h>
int main(void) {
    for (const ImpBuiltinModel *m = imp_builtin_models(); m->name; m++) {
        printf("%s %zu %zu ", m->name, m->size, (size_t)m->data % 64);
        for (size_t i = 0; i < m->size; i++) printf("%02x", m->data[i]);
        putchar(10);
    }
    return 0;
}
"""
COMPILER = shlex.split(os.environ.get("CC", "cc"))


def run(*command, ok=True):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if (done.returncode == 0) != ok:
        raise SystemExit(f"{shlex.join(map(str, command))} gave {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def expect(condition, fault):
    if not condition:
        raise SystemExit(fault)


class Embedding:
    """A folder of weights, embedded into a program that prints them."""

    def __init__(self, root, folder):
        self.root, self.folder = pathlib.Path(root), pathlib.Path(folder)
        self.models = self.folder / 'the "models"'
        self.models.mkdir()
        (self.folder / "main.c").write_text(PROGRAM)

    def embed(self, ok=True):
        outputs = [self.folder / name for name in ("b.S", "b.c", "b.d")]
        return run(sys.executable, self.root / "src/network/builtin/embed.py", self.models, *outputs, ok=ok)

    def compile(self, *flags, ok=True):
        return run(*COMPILER, *flags, "-I", self.root / "src", self.folder / "b.S", self.folder / "b.c",
                   self.folder / "main.c", "-o", self.folder / "program", ok=ok)

    def check(self):
        self.embed()
        self.compile("-fvisibility=hidden")
        said = run(self.folder / "program").splitlines()
        expected = [f"{p.stem} {p.stat().st_size} 0 {p.read_bytes().hex()}"
                    for p in sorted(self.models.glob("*.safetensors"), key=lambda p: p.stem)]
        expect(said == expected, f"embedded {expected}, but the program has {said}")


def check_embed(root, folder):
    e = Embedding(root, folder)
    e.check()  # none is a program, too
    (e.models / "b.safetensors").write_bytes(bytes(range(256)))
    (e.models / "a-1.x.safetensors").write_bytes(b"odd")
    (e.models / "a-1.x.json").write_text("{}")
    e.check()
    needs = (e.folder / "b.d").read_text()
    for path in (e.models, e.models / "b.safetensors", e.models / "a-1.x.safetensors"):
        expect(str(path).replace(" ", "\\ ") in needs, f"the depfile lacks {path}: {needs}")
    stack = run("readelf", "-lW", e.folder / "program")
    expect("GNU_STACK" in stack and "RWE" not in stack, "the stack can be executed:\n" + stack)
    e.compile("-shared", "-fPIC", "-fvisibility=hidden")
    names = run("nm", "-D", "--defined-only", e.folder / "program")
    expect("builtin_data" not in names, "the bytes are exported: " + names)

    (e.models / "b.safetensors").write_bytes(b"longer or shorter than before")
    expect("build again" in e.compile(ok=False), "a file that changed under the assembler is not noticed")
    e.check()
    (e.models / "b.safetensors").unlink()
    e.check()
    for name, data in (("builtin", b"x"), (".hidden", b"x"), ("a b", b"x"), ("empty", b"")):
        path = e.models / (name + ".safetensors")
        path.write_bytes(data)
        expect(str(path) in e.embed(ok=False), f"no message names {path}")
        path.unlink()


def check_shipped(build, root):
    """Returns how many there are."""
    folder, command = pathlib.Path(root, "models"), pathlib.Path(build, "impasto")
    files = {path.stem: path for path in folder.glob("*.safetensors")}
    readme = (folder / "README.md").read_text()
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_DATA_HOME"] = home
        os.chdir(home)
        listed = {m["name"] for m in json.loads(run(command, "model", "list", "--json"))["models"] if m["built_in"]}
        expect({"perceptual" if name == "builtin" else name for name in listed} == set(files),
               f"models/ has {sorted(files)}, the program {sorted(listed)}; build again")
        for name, path in files.items():
            info = json.loads(run(command, "model", "info", name, "--json"))
            expect(info["built_in"] == name and info["sha256"] == sha256(path), f"{path} is not what is built in")
            expect(info["architecture"], f"{path} is no network that is known: {info.get('problem')}")
            note = path.with_suffix(".json")
            expect(note.exists(), f"{note} is missing: it says which command made the weights")
            told = json.loads(note.read_text())
            expect(told.get("sha256") == info["sha256"], f"{note} is about other weights: its sha256 is not theirs")
            expect(told.get("command", "").startswith(("impasto ", "models/")), f"{note} lacks the command that made the weights")
            expect(f"| {name} |" in readme, f"{folder}/README.md has no row for {name}")
    return len(files)


def main(build, root):
    with tempfile.TemporaryDirectory() as folder:
        check_embed(root, folder)
    print(f"builtin: {check_shipped(build, root)} models, as in models/")


if __name__ == "__main__":
    main(*map(os.path.abspath, sys.argv[1:3]))
