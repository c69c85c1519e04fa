/* The server's memory: one SQLite file, every batch one transaction.
 *
 * A transaction carries its first error; store_commit refuses after one.
 * Not safe to use from several threads at once: the server's lock guards it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;
struct store;

struct person {
	bool found, retired;
	int64_t version;
	char upstream_id[24];
	char *body; /* canonical JSON, owned */
};

struct batch {
	bool found;
	char id[65], key[129], body_hash[65];
	char *answer; /* owned */
};

/* What one applied item leaves in the ledger. */
struct ledger_entry {
	const char *batch_id, *item_id, *external_id, *op, *body_hash;
	int64_t version, epoch;
};

/** Opens or makes the file. NULL with a line of text in `error`. */
struct store *store_open(const char *path, char *error, size_t error_size);
void store_close(struct store *store);

void store_begin(struct store *store);
bool store_commit(struct store *store); /* rolls back and says false after an error */
void store_savepoint(struct store *store);
void store_undo_to_savepoint(struct store *store);

/** Single numbers and texts by name. Absent: 0, and "" in `ret_text`. */
int64_t store_number(struct store *store, const char *name);
void store_set_number(struct store *store, const char *name, int64_t value);
void store_text(struct store *store, const char *name, char *ret_text, size_t size);
void store_set_text(struct store *store, const char *name, const char *text);

struct person store_person(struct store *store, const char *external_id);
void person_finish(struct person *person);

/** Writes the next version, its identifiers and its entry in the change feed. `batch_id` NULL: an upstream edit. */
void store_put_person(struct store *store, const char *external_id, struct person *person,
		      const char *batch_id);

/** Who else holds an identifier of this body; false if nobody. */
bool store_identifier_owner(struct store *store, const char *external_id, const char *body,
			    char *ret_owner, size_t size);

void store_add_ledger(struct store *store, const struct ledger_entry *entry);

struct batch store_batch_by_key(struct store *store, const char *key);
struct batch store_batch_by_id(struct store *store, const char *id);
void store_add_batch(struct store *store, const struct batch *batch, int64_t epoch,
		     const char *checkpoint);
void batch_finish(struct batch *batch);

/** Rows as JSON arrays of objects, `limit` of them after `after` (a number, or an external id). */
struct cJSON *store_changes(struct store *store, int64_t after, int limit);
struct cJSON *store_ledger(struct store *store, int64_t after, int limit);
struct cJSON *store_persons(struct store *store, const char *after, int limit);
struct cJSON *store_counts(struct store *store);

/** Lower-case hexadecimal SHA-256. */
void sha256_hex(const void *data, size_t size, char ret_hex[65]);
