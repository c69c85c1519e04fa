"""What the lint programs share: the files of a tree, C text without comments, and the run that checks
the real tree and then proves, on small seeded trees, that the check can fail.
"""
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
C_FOLDERS = ("daemon", "config", "connectors", "ctl", "tests", "bench")
PRODUCT_FOLDERS = ("daemon", "config", "connectors", "ctl")


class Seed:
    """A small tree, and what the check must say of it: a pattern, or None where it must be content."""

    def __init__(self, name, files, finding):
        self.name, self.files, self.finding = name, files, finding


def files_under(root, folders, endings):
    """Paths relative to `root`, sorted."""
    found = []
    for folder in folders:
        for path in (root / folder).rglob("*"):
            if path.is_file() and path.suffix in endings and "__pycache__" not in path.parts:
                found.append(path.relative_to(root))
    return sorted(found)


def read(root, path):
    return (root / path).read_text(encoding="utf-8")


_C_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def c_code(text, keep_strings=False):
    """`text` with comments, and the inside of strings unless kept, as blanks: places stay as they are."""

    def blank(match):
        token = match.group(0)
        if token[0] in "\"'":
            return token if keep_strings else token[0] + " " * (len(token) - 2) + token[-1]
        return re.sub(r"[^\n]", " ", token)

    return _C_TOKEN.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def call_arguments(code, opening):
    """The arguments of the call whose "(" stands at `opening`, split at its own commas; None if unclosed."""
    depth, begin, arguments, position = 0, opening + 1, [], opening
    while position < len(code):
        match = _C_TOKEN.match(code, position)
        if match:
            position = match.end()
            continue
        char = code[position]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                arguments.append(code[begin:position].strip())
                return arguments
        elif char == "," and depth == 1:
            arguments.append(code[begin:position].strip())
            begin = position + 1
        position += 1
    return None


def _seed_verdict(check, seed):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, content in seed.files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
            if content.startswith("#!"):
                target.chmod(0o755)
        findings = check(root)
    if seed.finding is None:
        return findings
    if any(re.search(seed.finding, finding) for finding in findings):
        return []
    return [f"nothing was found that looks like '{seed.finding}'"] + findings


def main(check, seeds, tree_case):
    """TAP: the tree, then the seeds. With --quiet only the tree, and only its findings."""
    if "--quiet" in sys.argv:
        findings = check(ROOT)
        print("\n".join(findings), file=sys.stderr, end="\n" if findings else "")
        return bool(findings)
    results = [(tree_case, check(ROOT))]
    results += [(seed.name, _seed_verdict(check, seed)) for seed in seeds]
    print(f"1..{len(results)}")
    for number, (name, findings) in enumerate(results, 1):
        print(f"{'not ok' if findings else 'ok'} {number} - {name}")
        for finding in findings:
            print(f"# {finding}")
    sys.stdout.flush()
    return any(findings for _, findings in results)
