/* Date: dates as cells have them, day first, never US order (DOMAIN.md, rule HR4). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/bytes.h"

struct date {
	int year;       /* 0: no date */
	unsigned month; /* 0: only the year is known */
	unsigned day;   /* 0: only year and month are known */
};

enum date_form {
	DATE_MISSING, /* null */
	DATE_GOOD,
	DATE_TWO_DIGIT, /* d/m/yy: `year` is 0..99, day and month exist in some year */
	DATE_BAD,
};

/** Read `clean`: a number 1900–2100 is a year, 8000–60000 an Excel serial; d/m/yyyy, d-m-yyyy, d.m.yyyy,
 * m/yyyy, yyyy-mm-dd, and d/m/yy with any of the three separators.
 */
enum date_form date_read(struct blob clean, struct date *ret_date);

/** Whether the day exists; false for a two-digit year's 29 February in a common year. */
bool date_exists(const struct date *date);

/** HR4: not after `as_of` (a full date), and the person at least 15 then; by the year or month alone where no
 * more is known.
 */
bool date_is_a_birth_date(const struct date *birth, const struct date *as_of);

/** Append YYYY, YYYY-MM or YYYY-MM-DD. */
void date_put(const struct date *date, struct buf *out);
