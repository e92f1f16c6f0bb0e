#!/usr/bin/env python3
"""Checks the include directions of src/ against the table of ARCHITECTURE.md: who may include whom, no cycles."""
import pathlib
import re
import sys

ALLOWED = {
    "base": [],
    "text": ["base"],
    "core": ["base"],
    "reader": ["base", "text", "core"],
    "chunk": ["base", "text", "core"],
    "encoder": ["base", "text", "core"],
    "store": ["base", "text", "core", "pai_rag.h"],
    "net": ["base", "text"],
    "llm": ["base", "text", "core", "net"],
    "rag": ["base", "text", "core", "chunk", "encoder", "store", "net", "llm", "pai_rag.h", "reader/wire.h"],
    "config": ["base", "text", "core", "pai_rag.h"],
    "api": ["base", "text", "core", "config", "net", "pai_rag.h"],
    "web": ["base", "config", "net", "text/json.h"],
    "cli": ["base", "text", "core", "config", "net", "api", "web", "pai_rag.h"],
    "main.c": ["cli"],
}
# A third-party header belongs to one folder.
THIRD_PARTY = {
    "sqlite3.h": "store", "microhttpd.h": "net", "curl/curl.h": "net", "toml++/": "text",
    "utf8proc.h": "text chunk encoder reader", "libstemmer.h": "text", "gumbo.h": "reader", "uchardet/": "reader", "seccomp.h": "base",
    "zlib.h": "web cli",
}

root = pathlib.Path(__file__).resolve().parents[2] / "src"
faults = 0
for path in sorted(root.rglob("*")):
    if path.suffix not in (".c", ".h", ".cc"):
        continue
    rel = path.relative_to(root)
    folder = rel.parts[0]
    if folder not in ALLOWED:
        print(f"{rel}: folder is not in the table of {__file__}")
        faults += 1
        continue
    for number, line in enumerate(path.read_text().splitlines(), 1):
        own = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if own:
            target = own.group(1)
            to = target.split("/")[0]
            if to != folder and to not in ALLOWED[folder] and target not in ALLOWED[folder]:
                print(f"src/{rel}:{number}: {folder} may not include {target} (allowed: {', '.join(ALLOWED[folder])})")
                faults += 1
        third = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
        for header, owners in THIRD_PARTY.items():
            if third and third.group(1).startswith(header) and folder not in owners.split():
                print(f"src/{rel}:{number}: only {owners} may include <{header}>")
                faults += 1
    lines = path.read_text().count("\n")
    if lines > 800:
        print(f"src/{rel}: {lines} lines; split it by life phase (at most 800)")
        faults += 1
    if path.suffix in (".c", ".cc", ".h") and not path.read_text().startswith("/*"):
        print(f"src/{rel}: line 1 must say the file's one job in a comment")
        faults += 1
sys.exit(1 if faults else 0)
