#include "daemon/run/session.h"

#include "daemon/audit/audit_log.h"
#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/store/store.h"

int session_txn(struct session *session, struct store_txn **ret_txn, struct err *err)
{
	if (session->txn == NULL) {
		CLEANUP(store_abortp) struct store_txn *txn = NULL;
		if (store_begin(session->store, KV_WRITE, &txn, err) < 0 ||
		    audit_log_begin(session->audit, txn, err) < 0)
			return err->code;
		session->txn = TAKE(txn);
		session->begun_us = clock_boottime_us(session->clock);
		session->rows = 0;
		session->urgent = false;
	}
	*ret_txn = session->txn;
	return 0;
}

bool session_is_due(const struct session *session, bool busy)
{
	if (session->txn == NULL)
		return false;
	uint64_t age_ms = (clock_boottime_us(session->clock) - session->begun_us) / 1000;
	return session->urgent || session->rows >= SESSION_ROWS ||
	       age_ms >= (busy ? SESSION_AGE_BUSY_MS : SESSION_AGE_MS);
}

int session_commit(struct session *session, struct err *err)
{
	if (session->txn == NULL)
		return 0;
	return audit_log_commit(session->audit, TAKE(session->txn), err);
}

void session_abort(struct session *session)
{
	store_abort(TAKE(session->txn));
}
