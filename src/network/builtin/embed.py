#!/usr/bin/env python3
"""Makes the weight files of a folder part of the library: an assembler file that includes their bytes, a C file with the
table of them, and a depfile, by which ninja sees that a file changed, came or went.

    embed.py FOLDER OUT.S OUT.c OUT.d

The assembler takes the bytes as they are; what else was weighed, doc/architecture.md says.
"""
import hashlib
import pathlib
import re
import sys

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")  # what imp_model_name_valid allows
RESERVED = "builtin"  # means perceptual

ASSEMBLER_HEAD = """\
/* Made by src/network/builtin/embed.py. */
#ifndef __ELF__
#error "built-in models are written for ELF; this system needs its own sections in src/network/builtin/embed.py"
#endif
#ifdef __CET__
#include <cet.h>
#endif
    .section .note.GNU-stack, "", %progbits
    .section .rodata.imp_builtin, "a", %progbits
"""
ASSEMBLER_MODEL = """
/* {sha256} */
    .balign 64
    .globl {symbol}
    .hidden {symbol}
    .type {symbol}, %object
{symbol}:
    .incbin {path}
{symbol}_end:
    .size {symbol}, {symbol}_end - {symbol}
    .if {symbol}_end - {symbol} - {size}
    .error "a weight file changed while it was being built in; build again"
    .endif
"""
TABLE = """\
/* Made by src/network/builtin/embed.py. */
#include "network/builtin/builtin.h"

{declarations}
const ImpBuiltinModel *imp_builtin_models(void) {{
    static const ImpBuiltinModel models[] = {{
{rows}        {{NULL, NULL, 0}},
    }};
    return models;
}}
"""


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def find_models(folder):
    models = sorted(folder.glob("*.safetensors"), key=lambda path: path.stem)
    for path in models:
        if not NAME.fullmatch(path.stem) or path.stem == RESERVED:
            raise SystemExit(f"{path}: no model can be called {path.stem!r}; rename the file")
        if path.stat().st_size == 0:
            raise SystemExit(f"{path} is empty; put the weights there, or remove it")
    return models


def main(folder, assembler, table, depfile):
    folder = pathlib.Path(folder).resolve()
    models = find_models(folder)
    included, declarations, rows = ASSEMBLER_HEAD, "", ""
    for number, path in enumerate(models):
        data, symbol = path.read_bytes(), f"imp_builtin_data_{number}"
        included += ASSEMBLER_MODEL.format(sha256=hashlib.sha256(data).hexdigest(), symbol=symbol, size=len(data),
                                           path=quoted(str(path)))
        declarations += f"extern const unsigned char {symbol}[{len(data)}];\n"
        rows += f"        {{{quoted(path.stem)}, {symbol}, {len(data)}}},\n"
    pathlib.Path(assembler).write_text(included)
    pathlib.Path(table).write_text(TABLE.format(declarations=declarations, rows=rows))
    # The folder itself changes when a file comes or goes.
    needs = " ".join(str(path).replace(" ", "\\ ") for path in [folder, *models] if path.exists())
    pathlib.Path(depfile).write_text(f"{assembler}: {needs}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
