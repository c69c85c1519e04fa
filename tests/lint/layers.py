#!/usr/bin/env python3
"""Holds the order of layers (ARCHITECTURE.md): who may include whom, and who may call LMDB and libcurl."""
import re
import sys

import lintlib
from lintlib import Seed

BASE = {"daemon/base"}
FOUNDATION = BASE | {"daemon/record", "config"}
KEYS = BASE | {"daemon/record", "config", "daemon/keys"}
STORE = KEYS | {"daemon/store"}
AUDIT = STORE | {"daemon/audit"}
RUN = AUDIT | {"daemon/reconcile", "daemon/publish", "daemon/run"}
PIECES = {"connectors/transport", "connectors/format", "connectors/map", "connectors/normalise"}

# layer -> the layers it may include besides itself
MAY_INCLUDE = {
    "daemon/base": set(),
    "daemon/record": BASE,
    "config": BASE,
    "daemon/keys": FOUNDATION,
    "daemon/store": KEYS,
    "daemon/audit": STORE,
    "daemon/reconcile": AUDIT,
    "daemon/publish": AUDIT,
    "daemon/run": RUN,
    "daemon/control": RUN,
    "daemon": RUN | {"daemon/control"},
    "connectors": FOUNDATION | PIECES,
    "ctl": FOUNDATION,
}
for piece in PIECES:
    MAY_INCLUDE[piece] = FOUNDATION | (PIECES - {piece})
CONCRETE = FOUNDATION | PIECES | {"connectors"}
REGISTRY = "connectors/registry.c"
# The option rows of all connectors, for who reads configuration and runs none of them.
REGISTRY_ROWS = "connectors/registry_rows.c"
ROWS_HEADER, ROWS_READERS = "connectors/registry_rows.h", {"daemon", "ctl"}
GENERATED = {"build_config.h"}

CALLS = {
    "LMDB": (re.compile(r"\bmdb_\w+\s*\(|#\s*include\s*<lmdb\.h>"), re.compile(r"daemon/store/")),
    "libcurl": (re.compile(r"\bcurl_\w+\s*\(|#\s*include\s*<curl/"),
                re.compile(r"connectors/transport/|ctl/client\.c$")),
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def layer_of(path):
    """The layer of a file; a folder under connectors/ that is none of the pieces is a connector."""
    parts = path.split("/")
    if parts[0] in ("daemon", "connectors") and len(parts) > 2:
        return "/".join(parts[:2])
    return parts[0]


def is_connector(layer):
    return layer.startswith("connectors/") and layer not in PIECES


def allowed(path, target):
    layer, wanted = layer_of(path), layer_of(target)
    if layer == wanted or (path == REGISTRY and is_connector(wanted)):
        return True
    if path == REGISTRY_ROWS and is_connector(wanted) and target.endswith("/options.h"):
        return True
    if target == ROWS_HEADER and layer in ROWS_READERS:
        return True
    return wanted in (CONCRETE if is_connector(layer) else MAY_INCLUDE[layer])


def findings_of(root, path):
    text = lintlib.read(root, path)
    code = lintlib.c_code(text, keep_strings=True)
    name = str(path)
    if layer_of(name) not in MAY_INCLUDE and not is_connector(layer_of(name)):
        yield f"{name}: folder '{layer_of(name)}' has no place in the order of layers"
        return
    for match in INCLUDE.finditer(code):
        target, place = match.group(1), f"{name}:{lintlib.line_of(code, match.start())}"
        if target in GENERATED:
            continue
        if not (root / target).is_file():
            yield f"{place}: \"{target}\" is not a path from the root"
        elif not allowed(name, target):
            yield f"{place}: {layer_of(name)} may not include {layer_of(target)}"
    for library, (pattern, home) in CALLS.items():
        match = pattern.search(lintlib.c_code(text))
        if match and not home.match(name):
            yield f"{name}:{lintlib.line_of(text, match.start())}: only {home.pattern} uses {library}"


def national_findings(root):
    """The reference server proves the daemon, so it shares no code with it."""
    for path in lintlib.files_under(root, ["tests/national"], {".c", ".cc", ".cpp", ".h"}):
        for match in INCLUDE.finditer(lintlib.read(root, path)):
            if match.group(1).split("/")[0] in lintlib.PRODUCT_FOLDERS:
                yield f"{path}: the reference server includes {match.group(1)}"


def check(root):
    findings = list(national_findings(root))
    for path in lintlib.files_under(root, lintlib.PRODUCT_FOLDERS, {".c", ".h", ".def"}):
        findings += findings_of(root, path)
    return findings


EMPTY = "#pragma once\n"
SEEDS = [
    Seed("an upward include is found",
         {"daemon/base/a.c": '#include "daemon/store/kv.h"\n', "daemon/store/kv.h": EMPTY},
         r"a\.c:1: daemon/base may not include daemon/store"),
    Seed("a sideways include is found",
         {"daemon/reconcile/a.c": '#include "daemon/publish/b.h"\n', "daemon/publish/b.h": EMPTY},
         "daemon/reconcile may not include daemon/publish"),
    Seed("the engine may not include a connector",
         {"daemon/run/a.c": '#include "connectors/connector.h"\n', "connectors/connector.h": EMPTY},
         "daemon/run may not include connectors"),
    Seed("a connector may not include another connector",
         {"connectors/a/a.c": '#include "connectors/b/b.h"\n', "connectors/b/b.h": EMPTY},
         "connectors/a may not include connectors/b"),
    Seed("a connector may not include the engine",
         {"connectors/a/a.c": '#include "daemon/store/kv.h"\n', "daemon/store/kv.h": EMPTY},
         "connectors/a may not include daemon/store"),
    Seed("only the registry names the connectors",
         {"connectors/host.c": '#include "connectors/a/a.h"\n', "connectors/a/a.h": EMPTY},
         "connectors may not include connectors/a"),
    Seed("the list of option rows names options only",
         {"connectors/registry_rows.c": '#include "connectors/a/a.h"\n', "connectors/a/a.h": EMPTY},
         "connectors may not include connectors/a"),
    Seed("the engine may not include the option rows, main may",
         {"daemon/run/a.c": '#include "connectors/registry_rows.h"\n', "connectors/registry_rows.h": EMPTY,
          "daemon/main.c": '#include "connectors/registry_rows.h"\n'},
         "daemon/run may not include connectors"),
    Seed("a path that does not start at the root is found",
         {"daemon/base/a.c": '#include "err.h"\n', "daemon/base/err.h": EMPTY}, "not a path from the root"),
    Seed("LMDB outside of the store is found",
         {"daemon/run/a.c": "int f(void)\n{\n\treturn mdb_env_sync(env, 1);\n}\n"}, r"a\.c:3: .* uses LMDB"),
    Seed("libcurl outside of the transport is found",
         {"ctl/status.c": "#include <curl/curl.h>\n"}, "uses libcurl"),
    Seed("a folder without a place is found", {"daemon/misc/a.h": EMPTY}, "no place in the order"),
    Seed("the reference server shares nothing with the daemon",
         {"tests/national/a.c": '#include "daemon/base/err.h"\n', "daemon/base/err.h": EMPTY},
         "the reference server includes"),
    Seed("downward includes, the registry and comments pass",
         {"daemon/store/kv.c": '#include "daemon/base/err.h"\nint f(void) { return mdb_get(); }\n',
          "daemon/base/err.h": "/* unlike mdb_get( and curl_easy_init( */\n",
          "connectors/registry.c": '#include "connectors/a/a.h"\n', "connectors/a/a.h": EMPTY,
          "connectors/a/a.c": '#include "connectors/format/csv.h"\n', "connectors/format/csv.h": EMPTY,
          "connectors/transport/http.c": "#include <curl/curl.h>\n"}, None),
]

if __name__ == "__main__":
    sys.exit(lintlib.main(check, SEEDS, "includes and library calls keep the order of layers"))
