/* Writes an audit log of COUNT leaves into STATE_DIR by the engine's code and prints it for a verifier
 * that is not ours: a line "size root", then one line per leaf in hex.
 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/audit/audit_log.h"
#include "daemon/base/err.h"
#include "daemon/base/hex.h"
#include "daemon/base/limits.h"

static const uint8_t master[KEYRING_MASTER_SIZE] = "a master key for tests, no other";

static int append_leaves(struct audit_log *log, struct store_txn *txn, uint64_t count,
			 struct err *err)
{
	static const struct leaf_field fields[] = {
		{ .path = "identity.full_name", .after = { (const uint8_t *)"Trần Thị Thử", 18 } }
	};
	static const struct leaf_actor actor = {
		.type = "operator",
		.via = "socket",
		.name = { (const uint8_t *)"c\xc3\xa1n \"b\xe1\xbb\x99\"\\", 12 }
	};
	const struct person_body body = { .subj = { 7 } };
	struct person person;
	int error = person_new(txn, &person, err);
	if (error == 0)
		error = person_put(txn, &person, &body, err);
	for (uint64_t i = 0; i < count && error == 0; i++) {
		struct leaf leaf = { .act = i == 0 ? AUDIT_ACT_START : AUDIT_ACT_ROW_CHANGE,
				     .actor = &actor,
				     .run = i,
				     .rule = { .decision = "auto", .model = 1, .score = -1 },
				     .fields = fields,
				     .field_count = i % 3 == 0 ? 0 : 1 };
		error = audit_log_append(log, txn, &leaf, &person, NULL, err);
	}
	return error;
}

static int write_log(struct store *store, struct audit_log *log, uint64_t count, struct err *err)
{
	struct store_txn *txn = NULL;
	int error = store_begin(store, KV_WRITE, &txn, err);
	if (error < 0)
		return error;
	error = audit_log_begin(log, txn, err);
	if (error == 0)
		error = append_leaves(log, txn, count, err);
	if (error == 0)
		return audit_log_commit(log, txn, err);
	store_abort(txn);
	return error;
}

static int print_log(struct store *store, const struct audit_head *head, struct err *err)
{
	static char text[2 * LIMIT_LEAF_BYTES + 1];
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	hex_encode(head->root, sizeof(head->root), text);
	(void)printf("%llu %s\n", (unsigned long long)head->size, text);
	int error = store_begin(store, KV_READ, &txn, err);
	for (uint64_t i = 0; i < head->size && error == 0; i++) {
		struct blob leaf, sealed;
		error = audit_table_get(txn, i, &leaf, &sealed, err);
		if (error == 0) {
			hex_encode(leaf.data, leaf.len, text);
			(void)puts(text);
		}
	}
	return error;
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	CLEANUP(store_closep) struct store *store = NULL;
	CLEANUP(audit_log_closep) struct audit_log *log = NULL;
	if (argc != 3)
		return 64;
	const struct store_options options = { .state_dir = argv[1],
					       .master = master,
					       .random = &random_system,
					       .map_bytes = 1u << 28 };
	if (store_open(&options, &store, &err) < 0 ||
	    audit_log_open(store, &clock_system, &random_system, &log, &err) < 0 ||
	    write_log(store, log, strtoull(argv[2], NULL, 10), &err) < 0 ||
	    print_log(store, audit_log_head(log), &err) < 0) {
		(void)puts(err.text[LANGUAGE_EN]);
		return 1;
	}
	return 0;
}
