/* Problem: an error as the answer of the API, problem JSON of RFC 9457.
 *
 * Members: type, title, status, detail as the RFC has them, and of ours: detail_vi, code (E2805,
 * stable), error (NOT_FOUND: what trithucctl makes its exit code of).
 */
#pragma once

struct buf;
struct err;

#define PROBLEM_TYPE "application/problem+json"

/** The HTTP status for an error of the code in `err`. */
unsigned problem_status(const struct err *err);

void problem_write(const struct err *err, unsigned status, struct buf *out);
