#!/usr/bin/env python3
"""The release programs carry what they were compiled for (AUDIT-SECURITY.md section 6), read by readelf.

hardening.py PROGRAM…         PIE, full RELRO, no executable stack, separate code, stack protector, FORTIFY

Proof that each test can fail: small programs compiled without one of these are refused.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

FORTIFIED = re.compile(r"__\w+_chk\b")
SAMPLE = """
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
	char line[64];
	int last = snprintf(line, (size_t)argc * 8, "%s", argv[0]);
	return last + (int)strlen(line) > 200;
}
"""
FULL = ["-O2", "-fPIE", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3", "-fstack-protector-strong", "-fcf-protection=full",
        "-pie", "-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code"]
LESS = [
    ("a program at a fixed address is refused", ["-no-pie", "-fno-pie"], "PIE"),
    ("lazy binding is refused", ["-Wl,-z,lazy"], "BIND_NOW"),
    ("a writable relocation table is refused", ["-Wl,-z,norelro"], "RELRO"),
    ("an executable stack is refused", ["-Wl,-z,execstack"], "stack is executable"),
    ("a missing stack protector is refused", ["-fno-stack-protector", "-D_FORTIFY_SOURCE=0"], "stack protector"),
    ("unfortified calls are refused", ["-U_FORTIFY_SOURCE"], "FORTIFY"),
    ("code beside data is refused", ["-Wl,-z,noseparate-code"], "segment"),
]


def readelf(program, *options):
    return subprocess.run(["readelf", "-W", *options, str(program)], capture_output=True, text=True, check=True).stdout


def findings_of(program):
    header, segments = readelf(program, "-h"), readelf(program, "-l")
    dynamic, symbols = readelf(program, "-d"), readelf(program, "-s")
    stack = re.search(r"GNU_STACK.*?\s(R[W ][E ])\s+0x", segments)
    loads = re.findall(r"LOAD\s.*?\s(R[W ][E ])\s+0x", segments)
    if not re.search(r"Type:\s+DYN", header):
        yield "is no PIE"
    if "GNU_RELRO" not in segments:
        yield "has no RELRO"
    if "BIND_NOW" not in dynamic and not re.search(r"FLAGS_1.*\bNOW\b", dynamic):
        yield "has no BIND_NOW"
    if stack is None or "E" in stack.group(1):
        yield "its stack is executable"
    if any("W" in flags and "E" in flags for flags in loads):
        yield "has a segment that is writable and executable"
    if loads and "E" in loads[0]:
        yield "has headers and data in its executable segment"
    if "__stack_chk_fail" not in symbols:
        yield "has no stack protector"
    if not FORTIFIED.search(symbols):
        yield "has no FORTIFY call"


def less_hardened(flags, wanted):
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder, "sample.c"), pathlib.Path(folder, "sample")
        source.write_text(SAMPLE, encoding="utf-8")
        subprocess.run(["gcc", *FULL, *flags, str(source), "-o", str(program)], check=True, capture_output=True)
        findings = list(findings_of(program))
    if wanted is None:
        return findings
    return [] if any(wanted in finding for finding in findings) else [f"passed, or was refused for another reason: {findings}"]


def main(programs):
    results = [(f"{pathlib.Path(program).name} is hardened", list(findings_of(program))) for program in programs]
    results += [("a fully hardened sample passes", less_hardened([], None))]
    results += [(name, less_hardened(flags, wanted)) for name, flags, wanted in LESS]
    print(f"1..{len(results)}")
    for number, (name, findings) in enumerate(results, 1):
        print(f"{'not ok' if findings else 'ok'} {number} - {name}")
        for finding in findings:
            print(f"# {finding}")
    return any(findings for _, findings in results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
