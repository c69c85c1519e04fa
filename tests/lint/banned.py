#!/usr/bin/env python3
"""Refuses calls that are unsafe here, LMDB flags that lose data, and ways around the JSON gate and the log."""
import re
import sys

import lintlib
from lintlib import Seed

EVERYWHERE = [
    (r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|strtok|gets)\s*\(", "has no bound"),
    (r"(?<![\w.>])(atoi|atol|atoll|atof)\s*\(", "cannot tell 0 from rubbish"),
    (r"(?<![\w.>])(rand|srand|random|srandom|rand_r)\s*\(", "use the injected random source"),
    (r"(?<![\w.>])(localtime|gmtime|ctime|asctime)\s*\(", "shares a static buffer; use the _r form"),
    (r"(?<![\w.>])(system|popen)\s*\(", "runs a shell"),
    (r"(?<![\w.>])(alloca)\s*\(", "has no bound"),
    (r"\bMDB_(NOSYNC|NOMETASYNC|WRITEMAP|MAPASYNC|DUPSORT|DUPFIXED)\b", "loses or corrupts data (RELIABILITY.md 2)"),
    (r"\bcJSON_GetArrayItem\s*\((?![^()]*,\s*\d+\s*\))", "is quadratic in a loop; use cJSON_ArrayForEach"),
]
PRODUCT = [
    (r"\bcJSON_Parse\w*\s*\(", "parses around the strict gate", r"daemon/record/json\w*\.c$"),
    (r"(?<![\w.>])(time|gettimeofday|clock_gettime)\s*\(", "use the injected clock", r"daemon/base/(clock|log)\.c$"),
    (r"(?<![\w.>])(syslog|perror|warnx?|errx?|sd_journal_print\w*)\s*\(", "is a log call with a format; use log_event",
     r"daemon/base/log\.c$"),
    (r"(?<![\w.>])(fprintf|vfprintf|fputs)\s*\((?=[^;]*\bstderr\b)", "is a log call with a format; use log_event",
     r"daemon/base/log\.c$|ctl/"),
    (r"\bcurl_easy_setopt\s*\([^;]*CURLOPT_SSL_VERIFY(PEER|HOST)\s*,\s*0", "switches off a TLS check", r"$^"),
]


def findings_of(root, path):
    code = lintlib.c_code(lintlib.read(root, path))
    rules = [(pattern, why, None) for pattern, why in EVERYWHERE]
    if path.parts[0] in lintlib.PRODUCT_FOLDERS:
        rules += PRODUCT
    for pattern, why, home in rules:
        if home and re.match(home, str(path)):
            continue
        for match in re.finditer(pattern, code):
            word = match.group(0).split("(")[0].strip()
            yield f"{path}:{lintlib.line_of(code, match.start())}: {word} {why}"


def check(root):
    findings = []
    for path in lintlib.files_under(root, lintlib.C_FOLDERS, {".c", ".h"}):
        findings += findings_of(root, path)
    return findings


def seeded(line):
    return {"daemon/run/a.c": f"/* a */\nvoid f(void)\n{{\n\t{line}\n}}\n"}


SEEDS = [Seed(f"{word} is found", seeded(line), rf"a\.c:4: {word}") for word, line in [
    ("strcpy", "strcpy(to, from);"), ("strcat", "strcat(to, from);"), ("sprintf", 'sprintf(to, "%d", n);'),
    ("strtok", 'strtok(text, ",");'), ("gets", "gets(line);"), ("atoi", "n = atoi(text);"),
    ("atol", "n = atol (text);"), ("rand", "n = rand();"), ("localtime", "tm = localtime(&now);"),
    ("gmtime", "tm = gmtime(&now);"), ("system", 'system("ls");'), ("popen", 'popen("ls", "r");'),
    ("MDB_NOSYNC", "flags |= MDB_NOSYNC;"), ("MDB_WRITEMAP", "flags |= MDB_WRITEMAP;"),
    ("MDB_DUPSORT", "flags |= MDB_DUPSORT;"), ("cJSON_GetArrayItem", "item = cJSON_GetArrayItem(list, i);"),
    ("cJSON_ParseWithLength", "tree = cJSON_ParseWithLength(text, len);"),
    ("clock_gettime", "clock_gettime(CLOCK_REALTIME, &now);"), ("syslog", 'syslog(3, "%s", name);'),
    ("fprintf", 'fprintf(stderr, "%s", name);'),
    ("curl_easy_setopt", "curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);"),
]] + [
    Seed("comments, strings, longer names and the homes of a rule pass", {
        "daemon/run/a.c": '/* never sprintf( */\nconst char *s = "atoi(1)";\nint n = my_rand(), m = localtime_r(&a, &b);\n'
                          "first = cJSON_GetArrayItem(list, 0);\n",
        "daemon/record/json_gate.c": "tree = cJSON_ParseWithLength(text, len);\n",
        "daemon/base/clock.c": "clock_gettime(CLOCK_REALTIME, &now);\n"}, None),
    Seed("tests may not call them either", {"tests/unit/test_a.c": "void f(void) { strcpy(a, b); }\n"}, "strcpy"),
]

if __name__ == "__main__":
    sys.exit(lintlib.main(check, SEEDS, "no banned call stands in the tree"))
