/* Audit state: a store with an audit log in a temporary folder, its clock set by the test. */
#pragma once

#include "tests/support/state.h"

#include "daemon/audit/audit_log.h"
#include "daemon/audit/leaf_view.h"
#include "daemon/audit/verify.h"

static struct state state;
static struct store *store;
static struct audit_log *audit;
static struct sha256 *sha;
static uint64_t now_us; /* of both clocks; moves by a millisecond with every look */

static inline uint64_t audit_state_now(void *ctx)
{
	(void)ctx;
	return now_us += 1000;
}
static const struct clock audit_state_clock = { .realtime_us = audit_state_now,
						.boottime_us = audit_state_now };

static inline void audit_state_open(void)
{
	const struct store_options options = { .state_dir = state.dir,
					       .master = state_master,
					       .random = &random_system,
					       .map_bytes = 1u << 30 };
	OK(store_open(&options, &store, &state_err));
}

static inline void audit_state_close(void)
{
	audit_log_close(audit);
	store_close(store);
	audit = NULL;
	store = NULL;
}

static inline void audit_state_reopen(void)
{
	audit_state_close();
	audit_state_open();
	OK(audit_log_open(store, &audit_state_clock, &random_system, &audit, &state_err));
}

static inline int audit_state_make(void **unused)
{
	(void)unused;
	now_us = 1795532400000000;
	state_make(&state);
	OK(sha256_create(&sha, &state_err));
	audit_state_reopen();
	return 0;
}

static inline int audit_state_end(void **unused)
{
	(void)unused;
	audit_state_close();
	sha256_destroy(sha);
	state_remove(&state);
	return 0;
}

static inline struct store_txn *audit_state_read(void)
{
	struct store_txn *txn = NULL;
	OK(store_begin(store, KV_READ, &txn, &state_err));
	return txn;
}

static inline struct store_txn *audit_state_begin(void)
{
	struct store_txn *txn = NULL;
	OK(store_begin(store, KV_WRITE, &txn, &state_err));
	OK(audit_log_begin(audit, txn, &state_err));
	return txn;
}

static inline struct person audit_state_person(struct store_txn *txn, uint8_t subject)
{
	struct person person;
	const struct person_body body = { .subj = { subject } };
	OK(person_new(txn, &person, &state_err));
	OK(person_put(txn, &person, &body, &state_err));
	return person;
}

static const struct leaf_process audit_state_process = {
	.name = "trithucd", .version = "0.1.0", .build_id = "b1d", .boot_id = "6f1c9d20-0001"
};
static const struct leaf_field audit_state_fields[] = {
	{ .path = "identity.full_name",
	  .before = { (const uint8_t *)"Trần Thị Thử", 18 },
	  .after = { (const uint8_t *)"Trần Thị Thử Lại", 23 } },
	{ .path = "identity.cccd", .after = { (const uint8_t *)"001099000017", 12 } },
};
static const struct leaf audit_state_start = { .act = AUDIT_ACT_START,
					       .process = &audit_state_process };

static inline struct leaf audit_state_row(uint64_t row)
{
	return (struct leaf){ .act = AUDIT_ACT_ROW_CHANGE,
			      .run = 7,
			      .source = { .name = "noi-vu", .row = row },
			      .fields = audit_state_fields,
			      .field_count = 2 };
}

/* A start, then `rows` changes of one person, all in one transaction. */
static inline struct person audit_state_fill(uint64_t rows)
{
	struct store_txn *txn = audit_state_begin();
	struct person person = audit_state_person(txn, 0x5b);
	OK(audit_log_append(audit, txn, &audit_state_start, NULL, NULL, &state_err));
	for (uint64_t i = 0; i < rows; i++) {
		struct leaf leaf = audit_state_row(i);
		OK(audit_log_append(audit, txn, &leaf, &person, NULL, &state_err));
	}
	OK(audit_log_commit(audit, txn, &state_err));
	return person;
}
