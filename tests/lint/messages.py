#!/usr/bin/env python3
"""Holds the catalogue of messages (daemon/base/messages) and that nothing is said around it.

Rows: MESSAGE("E1203", ID, "English {x}", "tiếng Việt {x}"), a literal may go on in a second one.
Held: codes and ids unique, codes rising within a file and in the file's range of all.def; both languages
there, NFC, with the same placeholders; every row used; errors, logs and answers name a MSG_ constant and
give exactly the args that the message shows.
"""
import re
import sys
import unicodedata

import lintlib
from lintlib import Seed

FOLDER = "daemon/base/messages"
ROW = re.compile(r'\bMESSAGE\s*\(\s*"(\w+)"\s*,\s*(\w+)\s*,\s*((?:"(?:\\.|[^"\\])*"\s*)+),\s*((?:"(?:\\.|[^"\\])*"\s*)+)\)')
INCLUDED = re.compile(r'#include "' + FOLDER + r'/(\w+\.def)"\s*/\*\s*([A-Z])(\d\d)')
CODE = re.compile(r"[A-Z]\d{4}$")
PLACEHOLDER = re.compile(r"\{(\w+)\}")

# function -> index of the argument that is the message, args that it adds itself, whether further args are allowed
SAYERS = {
    "err_set": (2, set(), False),
    "err_wrap": (1, set(), False),
    "err_set_errno": (2, {"path", "cause"}, True),
    "log_event": (1, set(), True),
    "log_err": (1, {"error"}, True),
}
SAYER = re.compile(r"\b(" + "|".join(SAYERS) + r")\s*\(")
# Argument macros with the name that they carry when it is not their own first argument.
ARG = re.compile(r'\b(ARG_\w+|arg_\w+)\s*\(\s*(?:"(\w+)")?')
OWN_NAME = {"ARG_PATH": "path", "ARG_ERRNO": "cause"}
CONSTANT = re.compile(r"MSG_(\w+)$")
# A message may also come from a table or a parameter: its type, enum msg_id, makes sure that it is one.
CARRIED = re.compile(r"[a-z][\w.>\-]*(\[[^\]]*\][\w.>\-]*)*$")
PRINTED_TEXT = re.compile(r'\b(printf|fprintf|puts|fputs|dprintf|vprintf)\s*\(')
PRINTF = re.compile(r"%(?:hh|h|ll|l|j|z)?[sdiuxXcpfg]\b")
CONVERSION = re.compile(r"%[-+ #0]*[\d*]*(?:\.[\d*]+)?(?:hh|h|ll|l|j|z|t)?[a-zA-Z]|\\x[0-9a-fA-F]{2}|\\[a-z0-7]+")


def text_of(literals):
    return "".join(re.findall(r'"((?:\\.|[^"\\])*)"', literals))


class Row:
    def __init__(self, place, code, name, english, vietnamese):
        self.place, self.code, self.name = place, code, name
        self.english, self.vietnamese = text_of(english), text_of(vietnamese)

    def placeholders(self):
        return set(PLACEHOLDER.findall(self.english))


def rows_of(root):
    rows = {}
    for path in lintlib.files_under(root, [FOLDER], {".def"}):
        text = lintlib.c_code(lintlib.read(root, path), keep_strings=True)
        rows[path.name] = [Row(f"{path}:{lintlib.line_of(text, match.start())}", *match.groups())
                           for match in ROW.finditer(text)]
        if len(rows[path.name]) != len(re.findall(r"^\s*MESSAGE\b", text, re.MULTILINE)):
            rows[path.name].append(Row(str(path), "", "", "", ""))
    return rows


def text_findings(row):
    if not row.code:
        yield f"{row.place}: a row does not read MESSAGE(\"CODE\", ID, \"English\", \"Vietnamese\")"
        return
    if not CODE.match(row.code):
        yield f"{row.place}: code '{row.code}' is not a letter and four digits"
    if not row.english.strip() or not row.vietnamese.strip():
        yield f"{row.place}: {row.name} lacks a language"
    if row.placeholders() != set(PLACEHOLDER.findall(row.vietnamese)):
        yield f"{row.place}: {row.name} has other placeholders in Vietnamese than in English"
    if PRINTF.search(row.english + row.vietnamese):
        yield f"{row.place}: {row.name} holds a printf conversion; use {{name}}"
    if unicodedata.normalize("NFC", row.vietnamese) != row.vietnamese:
        yield f"{row.place}: the Vietnamese of {row.name} is not NFC"
    if re.search(r"[a-z]{3}.* [a-z]{3}", PLACEHOLDER.sub("", row.english)) and row.english == row.vietnamese:
        yield f"{row.place}: {row.name} is not translated"


def catalogue_findings(root, rows):
    listed = {name: letter + digits for name, letter, digits in
              INCLUDED.findall(lintlib.read(root, FOLDER + "/all.def"))} if (root / FOLDER / "all.def").is_file() else {}
    codes, names = {}, {}
    for file, file_rows in rows.items():
        if file != "all.def" and file not in listed:
            yield f"{FOLDER}/{file}: all.def does not include it with its range of codes"
        last = ""
        for row in file_rows:
            yield from text_findings(row)
            if row.code in codes or row.name in names:
                yield f"{row.place}: {row.code} {row.name} is there twice"
            if row.code and row.code <= last:
                yield f"{row.place}: {row.code} does not follow {last}: append, codes never move"
            if row.code and file in listed and row.code[:len(listed[file])] != listed[file]:
                yield f"{row.place}: {row.code} is outside of the range {listed[file]}xx of its file"
            codes[row.code], names[row.name], last = row, row, row.code


def given_args(arguments):
    """The names of the args in a call, or None where one of them cannot be read here."""
    names = set()
    for argument in arguments:
        if not argument:
            continue
        match = ARG.match(argument)
        name = match and (OWN_NAME.get(match.group(1)) or match.group(2))
        if not name:
            return None
        names.add(name)
    return names


def sayer_findings(path, code, plain, rows):
    for match in SAYER.finditer(plain):
        sayer, place = match.group(1), f"{path}:{lintlib.line_of(code, match.start())}"
        arguments = lintlib.call_arguments(code, match.end() - 1)
        index, own, more = SAYERS[sayer]
        if arguments is None or len(arguments) <= index or arguments[index].startswith(("(", "enum ")):
            continue  # the macro or the declaration itself
        message = arguments[index]
        branches = message.split("?", 1)[1].split(":") if "?" in message and "\"" not in message else [message]
        for branch in (branch.strip() for branch in branches):
            constant = CONSTANT.match(branch)
            if not constant:
                if not CARRIED.match(branch):
                    yield f"{place}: {sayer} says something that is not a MSG_ constant: {branch[:40]}"
                continue
            row = rows.get(constant.group(1))
            given = given_args(arguments[index + 1:]) if sayer not in ("err_set_errno", "log_err") else set()
            if row is None or given is None:
                continue
            missing, extra = row.placeholders() - given - own, given - row.placeholders()
            if missing:
                yield f"{place}: MSG_{row.name} shows {{{'}, {'.join(sorted(missing))}}}, which is not given"
            if extra and not more:
                yield f"{place}: MSG_{row.name} does not show {', '.join(sorted(extra))}"


def printed_findings(path, code, plain):
    if str(path) == "daemon/base/log.c":
        return
    for match in PRINTED_TEXT.finditer(plain):
        arguments = lintlib.call_arguments(code, match.end() - 1) or []
        for argument in arguments:
            if argument.startswith('"') and re.search(r"[^\W\d_]{2}", CONVERSION.sub("", text_of(argument))):
                yield f"{path}:{lintlib.line_of(code, match.start())}: text printed around the catalogue: {argument[:40]}"


def check(root):
    rows = rows_of(root)
    by_name = {row.name: row for file_rows in rows.values() for row in file_rows}
    findings = list(catalogue_findings(root, rows))
    used = set()
    for path in lintlib.files_under(root, lintlib.PRODUCT_FOLDERS, {".c", ".h", ".def"}):
        code = lintlib.c_code(lintlib.read(root, path), keep_strings=True)
        plain = lintlib.c_code(code)
        used.update(re.findall(r"\bMSG_(\w+)", plain))
        if path.suffix == ".c":
            findings += sayer_findings(path, code, plain, by_name)
            findings += printed_findings(path, code, plain)
    findings += [f"{row.place}: nothing says MSG_{row.name}" for row in by_name.values()
                 if row.name and row.name not in used]
    return findings


ALL = '#include "daemon/base/messages/a.def" /* E10xx */\n'


def seeded(rows, code="void f(void)\n{\n\terr_set(err, ERR_IO, MSG_A, ARG_U(\"n\", 1));\n}\n"):
    return {FOLDER + "/all.def": ALL, FOLDER + "/a.def": rows, "daemon/run/a.c": code}


GOOD = 'MESSAGE("E1001", A, "{n} rows lost", "mất {n} dòng")\n'
SEEDS = [
    Seed("a code twice is found", seeded(GOOD + 'MESSAGE("E1001", B, "a {n}", "b {n}")\n'), "E1001 B is there twice"),
    Seed("an id twice is found", seeded(GOOD + 'MESSAGE("E1002", A, "a {n}", "b {n}")\n'), "E1002 A is there twice"),
    Seed("a code out of order is found",
         seeded('MESSAGE("E1002", B, "a", "b")\n' + GOOD), "E1001 does not follow E1002"),
    Seed("a code outside of its file's range is found", seeded(GOOD.replace("E1001", "E1201")), "outside of the range"),
    Seed("a missing language is found", seeded(GOOD.replace("mất {n} dòng", "")), "lacks a language"),
    Seed("other placeholders in one language are found", seeded(GOOD.replace("mất {n}", "mất {m}")), "other placeholders"),
    Seed("a printf conversion is found", seeded(GOOD.replace("{n} rows", "{n} of %d rows")), "printf conversion"),
    Seed("decomposed Vietnamese is found", seeded(unicodedata.normalize("NFD", GOOD)), "not NFC"),
    Seed("an untranslated row is found", seeded(GOOD.replace("mất {n} dòng", "{n} rows lost")), "not translated"),
    Seed("a malformed row is found", seeded(GOOD + "MESSAGE(E1002, B)\n"), "does not read MESSAGE"),
    Seed("a file that all.def forgets is found",
         {**seeded(GOOD), FOLDER + "/b.def": 'MESSAGE("E1101", B, "a", "b")\n'}, r"b\.def: all\.def does not include"),
    Seed("a row that nothing says is found", seeded(GOOD + 'MESSAGE("E1002", B, "a", "b")\n'), "nothing says MSG_B"),
    Seed("an error with a text of its own is found",
         seeded(GOOD, 'int a = err_set(err, ERR_IO, "rows lost");\n'), "not a MSG_ constant"),
    Seed("a log line with a text of its own is found",
         seeded(GOOD, 'void f(void) { log_event(LOG_LEVEL_INFO, "hello"); }\n'), "not a MSG_ constant"),
    Seed("a number for a message is found", seeded(GOOD, "int a = err_set(err, ERR_IO, 7);\n"), "not a MSG_ constant"),
    Seed("a placeholder that is not given is found", seeded(GOOD, "int a = err_wrap(err, MSG_A);\n"), "shows {n}, which is not given"),
    Seed("an arg that the message does not show is found",
         seeded(GOOD, 'int a = err_wrap(err, MSG_A, ARG_U("n", f(1, 2)), ARG_PATH(p));\n'), "does not show path"),
    Seed("printed text is found", seeded(GOOD, 'void f(void) { printf("Rows: %u\\n", n); (void)MSG_A; }\n'), "around the catalogue"),
    Seed("a sound catalogue and its use pass", seeded(
        GOOD + 'MESSAGE("E1002", B, "no {path}: "\n\t"{cause}", "không có {path}: {cause}")\n',
        'int a = err_set(err, ERR_IO, MSG_A, ARG_U("n", 1)) + err_set_errno(err, errno, MSG_B, path);\n'
        "int b = err_set(err, ERR_IO, row->msg, ARG_LIST_END);\n"
        'void f(void) { printf("%s\\t%08x\\n", name, id); }\n'), None),
]

if __name__ == "__main__":
    sys.exit(lintlib.main(check, SEEDS, "the catalogue is sound and nothing is said around it"))
