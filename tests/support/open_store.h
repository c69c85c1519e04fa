/* Open store: a store in a temporary state folder, with a transaction at hand. */
#pragma once

#include "tests/support/state.h"

#include "daemon/store/person.h"
#include "daemon/store/store.h"

struct open_store {
	struct state state;
	struct store *store;
	struct store_txn *txn;
};

static struct open_store the;

static inline int store_code(const uint8_t *master, bool read_only, struct store **ret_store)
{
	const struct store_options options = { .state_dir = the.state.dir,
					       .master = master,
					       .random = &random_system,
					       .read_only = read_only };
	return store_open(&options, ret_store, &state_err);
}

static inline void the_open(void)
{
	OK(store_code(state_master, false, &the.store));
}

static inline void the_close(void)
{
	store_close(the.store);
	the.store = NULL;
}

static inline void the_reopen(void)
{
	the_close();
	the_open();
}

static inline void the_begin(enum kv_mode mode)
{
	OK(store_begin(the.store, mode, &the.txn, &state_err));
}

static inline void the_commit(void)
{
	struct store_txn *txn = the.txn;
	the.txn = NULL;
	OK(store_commit(txn, &state_err));
}

static inline void the_abort(void)
{
	store_abort(the.txn);
	the.txn = NULL;
}

/* A transaction that met an error must not commit. */
static inline void the_refuses_to_commit(int code)
{
	struct store_txn *txn = the.txn;
	the.txn = NULL;
	FAILS(store_commit(txn, &state_err), code);
}

static inline int the_make(void **unused)
{
	(void)unused;
	state_make(&the.state);
	the_open();
	return 0;
}

static inline int the_end(void **unused)
{
	(void)unused;
	the_abort();
	the_close();
	state_remove(&the.state);
	return 0;
}

/* Written and stored, with `golden` as its golden record. */
static inline struct person the_person(const char *golden)
{
	struct person person;
	const struct person_body body = { .golden = blob_text(golden) };
	OK(person_new(the.txn, &person, &state_err));
	OK(person_put(the.txn, &person, &body, &state_err));
	return person;
}

#define STORE_CASE(name) cmocka_unit_test_setup_teardown(name, the_make, the_end)
