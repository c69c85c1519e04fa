"""The sample deliveries with what must come of each row, and small deliveries cut from them."""
import csv
import io

from daemon import SAMPLES, SOURCES

DELIMITERS = {"noi-vu": ";", "cao-dang": ",", "cao-dang-sinh-vien": ","}
NAMES = {"noi-vu": ("Họ và tên khai sinh",), "cao-dang": ("Họ đệm", "Tên"), "cao-dang-sinh-vien": ("Họ đệm", "Tên")}
IDENTITY = {"noi-vu": "Số CMND/CCCD", "cao-dang": "Số CCCD", "cao-dang-sinh-vien": "Số CCCD"}
PHONE = {"noi-vu": "Điện thoại", "cao-dang": "Điện thoại", "cao-dang-sinh-vien": None}
TOTAL = "Tổng cộng: {} người"


def truth(name, source):
    """Rows of rows.csv or expected.csv for a source's file, by their number."""
    with open(SAMPLES / name, encoding="utf-8", newline="") as rows:
        return {int(row["row_number"]): row for row in csv.DictReader(rows) if row["file"] == SOURCES[source]}


def table(source, data=None):
    """Header and records of a delivery; record 1 of the truth is the header."""
    data = (SAMPLES / SOURCES[source]).read_bytes() if data is None else data
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=DELIMITERS[source]))
    return rows[0], rows[1:]


def written(source, header, rows):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=DELIMITERS[source], lineterminator="\r\n").writerows([header, *rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def small(source, count):
    """About `count` rows spread over the whole list, all of its kinds of mistake among them; the trailer is right."""
    header, rows = table(source)
    outcomes, kept, seen = truth("rows.csv", source), [], set()
    step = max(1, len(rows) // count)
    for place, row in enumerate(rows):
        outcome = outcomes[place + 2]
        if outcome["reason"] in ("section_row", "total_row"):
            continue
        if place % step == 0 or (outcome["reason"] and outcome["reason"] not in seen):
            kept.append(row)
            seen.add(outcome["reason"])
    if source == "noi-vu":
        kept.append([TOTAL.format(len(kept)), *[""] * (len(header) - 1)])
    return written(source, header, kept)


def small_files(rows=120, lecturers=20, students=20):
    return {"noi-vu": small("noi-vu", rows), "cao-dang": small("cao-dang", lecturers),
            "cao-dang-sinh-vien": small("cao-dang-sinh-vien", students)}


def clear_texts():
    """(names, numbers) that must never stand in clear: of every row, accepted or not, as delivered and as expected."""
    names, numbers = set(), set()
    for source in SOURCES:
        header, rows = table(source)
        header = [cell.strip() for cell in header]
        columns = [header.index(column) for column in NAMES[source]]
        digits = [header.index(column) for column in (IDENTITY[source], PHONE[source]) if column]
        for row in rows:
            if len(row) == len(header):
                names.add(" ".join(row[column] for column in columns))
                numbers |= {row[column] for column in digits}
        for row in truth("expected.csv", source).values():
            names.add(row["name"])
            numbers |= {row["cccd"], row["cmnd"]}
    numbers |= {"".join(filter(str.isdigit, number)) for number in numbers}
    return ({name.strip() for name in names if len(name.split()) > 1},
            {number.strip() for number in numbers if sum(map(str.isdigit, number)) >= 9})
