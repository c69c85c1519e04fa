/* Session: the one write transaction that all runs feed in slices, between turns of the loop.
 *
 * Small works share one commit and its flush. It ends at SESSION_ROWS rows or SESSION_AGE_MS, sooner while a
 * control request waits. A failure aborts what every run put in since the last commit; the engine then
 * sets its runs back to what the store says.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/cleanup.h"

struct audit_log;
struct clock;
struct err;
struct store;
struct store_txn;

enum { SESSION_ROWS = 10000, SESSION_AGE_MS = 250, SESSION_AGE_BUSY_MS = 50 };

struct session {
	struct store *store;
	struct audit_log *audit;
	const struct clock *clock;
	struct store_txn *txn; /* NULL between sessions */
	uint64_t begun_us;     /* boottime */
	uint64_t rows;
	bool urgent; /* a run ended: that it did is durable before anybody hears of it */
};

/** The transaction in hand, begun if there is none. */
MUST_CHECK int session_txn(struct session *session, struct store_txn **ret_txn, struct err *err);

/** True when it is time to commit. `busy`: somebody waits for an answer. */
bool session_is_due(const struct session *session, bool busy);

/** Commit what is open; nothing to do is no error. After a failure nothing is open and nothing was kept. */
MUST_CHECK int session_commit(struct session *session, struct err *err);
void session_abort(struct session *session);
