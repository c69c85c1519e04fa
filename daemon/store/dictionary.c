#include "daemon/store/dictionary.h"

#include <string.h>

#include "daemon/base/err.h"
#include "daemon/store/dictionary_load.h"
#include "daemon/store/row.h"

/* In meta: the prefix, then the number as u16; the value is the name. */
static const char *const prefixes[DICTIONARY_MAX] = {
	[DICTIONARY_FIELD] = "field/",
	[DICTIONARY_SOURCE] = "source/",
};

static struct value_key key_of(enum dictionary which, size_t number)
{
	struct value_key key = { .len = 0 };
	value_key_bytes(&key, prefixes[which], strlen(prefixes[which]));
	value_key_u16(&key, (uint16_t)number);
	return key;
}

/* ---- in memory ---- */

static int remember(struct dictionary_table *table, struct blob name, struct err *err)
{
	char **names = realloc(table->names, (table->count + 1) * sizeof(*names));
	if (names == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	table->names = names;
	names[table->count] = blob_dup_text(name);
	if (names[table->count] == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	table->count++;
	return 0;
}

static void forget_from(struct dictionary_table *table, size_t count)
{
	while (table->count > count)
		free(table->names[--table->count]);
}

uint16_t dictionary_number(const struct store *store, enum dictionary which, const char *name)
{
	const struct dictionary_table *table = &store->dictionaries[which];
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->names[i], name) == 0)
			return (uint16_t)(i + 1);
	}
	return 0;
}

const char *dictionary_name(const struct store *store, enum dictionary which, uint16_t number)
{
	const struct dictionary_table *table = &store->dictionaries[which];
	return number == 0 || number > table->count ? NULL : table->names[number - 1];
}

size_t dictionary_count(const struct store *store, enum dictionary which)
{
	return store->dictionaries[which].count;
}

/* ---- in the store ---- */

static int load_one(struct store_txn *txn, enum dictionary which, struct err *err)
{
	struct dictionary_table *table = &txn->store->dictionaries[which];
	for (;;) {
		struct value value;
		struct value_key key = key_of(which, table->count + 1);
		int error = row_get(txn, KV_META, &key, &value, err);
		if (error == ERR_NOT_FOUND)
			return 0;
		if (error == 0)
			error = remember(table, reader_take(&value.head, value.head.left), err);
		if (error < 0)
			return error;
	}
}

int dictionary_load(struct store *store, struct err *err)
{
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	int error = store_begin(store, KV_READ, &txn, err);
	for (int which = 0; error == 0 && which < DICTIONARY_MAX; which++)
		error = load_one(txn, (enum dictionary)which, err);
	return error;
}

void dictionary_unload(struct store *store)
{
	for (int which = 0; which < DICTIONARY_MAX; which++) {
		forget_from(&store->dictionaries[which], 0);
		free(store->dictionaries[which].names);
	}
}

static int add(struct store_txn *txn, enum dictionary which, const char *name, struct err *err)
{
	struct dictionary_table *table = &txn->store->dictionaries[which];
	size_t len = strlen(name);
	if (len == 0 || len > DICTIONARY_NAME_MAX)
		return err_set(err, ERR_INVALID, MSG_STORE_NAME);
	if (table->count >= DICTIONARY_ENTRIES_MAX)
		return err_set(err, ERR_NO_SPACE, MSG_STORE_FULL,
			       ARG_WORD("what", prefixes[which]));
	struct value_key key = key_of(which, table->count + 1);
	buf_put(row_begin(txn), name, len);
	int error = row_put(txn, KV_META, &key, ROW_ANYWHERE, err);
	return error < 0 ? error : remember(table, blob_text(name), err);
}

int dictionary_ensure(struct store *store, enum dictionary which, const char *const *names,
		      size_t count, uint16_t *ret_numbers, struct err *err)
{
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	size_t before = store->dictionaries[which].count;
	int error = 0;
	for (size_t i = 0; error == 0 && i < count; i++) {
		if (dictionary_number(store, which, names[i]) != 0)
			continue;
		if (txn == NULL) /* only now: nothing new is written without need */
			error = store_begin(store, KV_WRITE, &txn, err);
		if (error == 0)
			error = add(txn, which, names[i], err);
	}
	if (error == 0 && txn != NULL)
		error = store_commit(TAKE(txn), err);
	if (error < 0) {
		forget_from(&store->dictionaries[which], before);
		return error;
	}
	for (size_t i = 0; ret_numbers != NULL && i < count; i++)
		ret_numbers[i] = dictionary_number(store, which, names[i]);
	return 0;
}
