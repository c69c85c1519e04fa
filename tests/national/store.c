#include "tests/national/store.h"

#include "tests/national/reply.h"

#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char SCHEMA[] =
	"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
	"CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS person(number INTEGER PRIMARY KEY, external_id TEXT UNIQUE NOT "
	"NULL,"
	" version INTEGER NOT NULL, retired INTEGER NOT NULL, body TEXT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS identifier(system TEXT, value TEXT, external_id TEXT NOT NULL,"
	" PRIMARY KEY(system, value)) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS identifier_of ON identifier(external_id);"
	"CREATE TABLE IF NOT EXISTS batch(id TEXT PRIMARY KEY, key TEXT UNIQUE NOT NULL,"
	" body_hash TEXT NOT NULL, answer TEXT NOT NULL, epoch INTEGER, checkpoint TEXT,"
	" time INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS ledger(seq INTEGER PRIMARY KEY, batch_id TEXT NOT NULL,"
	" item_id TEXT NOT NULL, external_id TEXT NOT NULL, op TEXT NOT NULL, body_hash TEXT NOT "
	"NULL,"
	" version INTEGER NOT NULL, epoch INTEGER, time INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS change(seq INTEGER PRIMARY KEY, external_id TEXT NOT NULL,"
	" op TEXT NOT NULL, version INTEGER NOT NULL, batch_id TEXT, body TEXT NOT NULL);";

enum statement {
	BEGIN,
	COMMIT,
	ROLLBACK,
	SAVEPOINT,
	UNDO,
	META_GET,
	META_SET,
	PERSON_GET,
	PERSON_PUT,
	PERSON_NUMBER,
	PERSON_LIST,
	IDENTIFIER_OWNER,
	IDENTIFIER_CLEAR,
	IDENTIFIER_PUT,
	CHANGE_PUT,
	CHANGE_LIST,
	LEDGER_PUT,
	LEDGER_LIST,
	BATCH_BY_KEY,
	BATCH_BY_ID,
	BATCH_PUT,
	COUNTS,
	STATEMENTS,
};

static const char *const SQL[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[SAVEPOINT] = "SAVEPOINT items",
	[UNDO] = "ROLLBACK TO items",
	[META_GET] = "SELECT value FROM meta WHERE name=?",
	[META_SET] =
		"INSERT INTO meta VALUES(?,?) ON CONFLICT(name) DO UPDATE SET value=excluded.value",
	[PERSON_GET] = "SELECT number,version,retired,body FROM person WHERE external_id=?",
	[PERSON_PUT] = "INSERT INTO person(external_id,version,retired,body) VALUES(?,?,?,?) ON "
		       "CONFLICT(external_id)"
		       " DO UPDATE SET "
		       "version=excluded.version,retired=excluded.retired,body=excluded.body",
	[PERSON_NUMBER] = "SELECT number FROM person WHERE external_id=?",
	[PERSON_LIST] = "SELECT external_id,version,retired,body FROM person WHERE external_id>?"
			" ORDER BY external_id LIMIT ?",
	[IDENTIFIER_OWNER] =
		"SELECT external_id FROM identifier WHERE system=? AND value=? AND external_id<>?",
	[IDENTIFIER_CLEAR] = "DELETE FROM identifier WHERE external_id=?",
	[IDENTIFIER_PUT] = "INSERT OR IGNORE INTO identifier VALUES(?,?,?)",
	[CHANGE_PUT] = "INSERT INTO change(external_id,op,version,batch_id,body) VALUES(?,?,?,?,?)",
	[CHANGE_LIST] = "SELECT seq,external_id,op,version,batch_id,body FROM change WHERE seq>? "
			"ORDER BY seq LIMIT ?",
	[LEDGER_PUT] =
		"INSERT INTO ledger(batch_id,item_id,external_id,op,body_hash,version,epoch,time)"
		" VALUES(?,?,?,?,?,?,?,?)",
	[LEDGER_LIST] = "SELECT seq,batch_id,item_id,external_id,op,body_hash,version,epoch,time "
			"FROM ledger"
			" WHERE seq>? ORDER BY seq LIMIT ?",
	[BATCH_BY_KEY] = "SELECT id,key,body_hash,answer FROM batch WHERE key=?",
	[BATCH_BY_ID] = "SELECT id,key,body_hash,answer FROM batch WHERE id=?",
	[BATCH_PUT] = "INSERT INTO batch VALUES(?,?,?,?,?,?,?)",
	[COUNTS] = "SELECT (SELECT count(*) FROM person WHERE NOT retired),(SELECT count(*) FROM "
		   "person WHERE retired),"
		   "(SELECT count(*) FROM ledger),(SELECT count(*) FROM batch),(SELECT "
		   "ifnull(max(seq),0) FROM change)",
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	bool failed;
};

void sha256_hex(const void *data, size_t size, char ret_hex[65])
{
	unsigned char digest[32];
	if (EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL) != 1)
		abort();
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
}

/* The statement, ready to step: `format` has s (text or NULL) and i (int64_t) per value. */
static sqlite3_stmt *prepare(struct store *store, enum statement which, const char *format, ...)
{
	sqlite3_stmt **statement = &store->statements[which];
	if (*statement == NULL &&
	    sqlite3_prepare_v3(store->db, SQL[which], -1, SQLITE_PREPARE_PERSISTENT, statement,
			       NULL) != SQLITE_OK)
		abort(); /* the text above is wrong: no test can go on */
	sqlite3_reset(*statement);
	va_list values;
	va_start(values, format);
	for (int i = 1; *format != '\0'; i++, format++) {
		if (*format == 's')
			sqlite3_bind_text(*statement, i, va_arg(values, const char *), -1,
					  SQLITE_TRANSIENT);
		else
			sqlite3_bind_int64(*statement, i, va_arg(values, int64_t));
	}
	va_end(values);
	return *statement;
}

/* True while there are rows. */
static bool step(struct store *store, sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE) {
		fprintf(stderr, "trithuc-national: store: %s\n", sqlite3_errmsg(store->db));
		store->failed = true;
	}
	sqlite3_reset(statement);
	return false;
}

static void copy_column(sqlite3_stmt *statement, int column, char *field, size_t size)
{
	const unsigned char *text = sqlite3_column_text(statement, column);
	snprintf(field, size, "%s", text != NULL ? (const char *)text : "");
}

static char *column_text(sqlite3_stmt *statement, int column)
{
	return copy_text((const char *)sqlite3_column_text(statement, column));
}

struct store *store_open(const char *path, char *error, size_t error_size)
{
	struct store *store = calloc(1, sizeof(*store));
	if (store == NULL)
		abort();
	if (sqlite3_open(path, &store->db) == SQLITE_OK &&
	    sqlite3_busy_timeout(store->db, 5000) == SQLITE_OK &&
	    sqlite3_exec(store->db, SCHEMA, NULL, NULL, NULL) == SQLITE_OK)
		return store;
	snprintf(error, error_size, "%s: %s", path, sqlite3_errmsg(store->db));
	store_close(store);
	return NULL;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_close(store->db);
	free(store);
}

void store_begin(struct store *store)
{
	store->failed = false;
	step(store, prepare(store, BEGIN, ""));
}

bool store_commit(struct store *store)
{
	if (!store->failed)
		step(store, prepare(store, COMMIT, ""));
	if (!store->failed)
		return true;
	if (!sqlite3_get_autocommit(store->db))
		step(store, prepare(store, ROLLBACK, ""));
	return false;
}

void store_savepoint(struct store *store)
{
	step(store, prepare(store, SAVEPOINT, ""));
}

void store_undo_to_savepoint(struct store *store)
{
	step(store, prepare(store, UNDO, ""));
}

int64_t store_number(struct store *store, const char *name)
{
	sqlite3_stmt *row = prepare(store, META_GET, "s", name);
	int64_t number = step(store, row) ? sqlite3_column_int64(row, 0) : 0;
	sqlite3_reset(row);
	return number;
}

void store_set_number(struct store *store, const char *name, int64_t value)
{
	step(store, prepare(store, META_SET, "si", name, value));
}

void store_text(struct store *store, const char *name, char *ret_text, size_t size)
{
	sqlite3_stmt *row = prepare(store, META_GET, "s", name);
	ret_text[0] = '\0';
	if (step(store, row))
		copy_column(row, 0, ret_text, size);
	sqlite3_reset(row);
}

void store_set_text(struct store *store, const char *name, const char *text)
{
	step(store, prepare(store, META_SET, "ss", name, text));
}

static void set_upstream_id(struct person *person, int64_t number)
{
	snprintf(person->upstream_id, sizeof(person->upstream_id), "TT-%08lld", (long long)number);
}

struct person store_person(struct store *store, const char *external_id)
{
	struct person person = { 0 };
	sqlite3_stmt *row = prepare(store, PERSON_GET, "s", external_id);
	if (step(store, row)) {
		person.found = true;
		set_upstream_id(&person, sqlite3_column_int64(row, 0));
		person.version = sqlite3_column_int64(row, 1);
		person.retired = sqlite3_column_int(row, 2) != 0;
		person.body = column_text(row, 3);
	}
	sqlite3_reset(row);
	return person;
}

void person_finish(struct person *person)
{
	free(person->body);
	*person = (struct person){ 0 };
}

static const char *text_member(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void put_identifiers(struct store *store, const char *external_id,
			    const struct person *person)
{
	step(store, prepare(store, IDENTIFIER_CLEAR, "s", external_id));
	if (person->retired)
		return;
	cJSON *body = cJSON_Parse(person->body);
	const cJSON *one;
	cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(body, "identifiers"))
		step(store, prepare(store, IDENTIFIER_PUT, "sss", text_member(one, "system"),
				    text_member(one, "value"), external_id));
	cJSON_Delete(body);
}

void store_put_person(struct store *store, const char *external_id, struct person *person,
		      const char *batch_id)
{
	person->version++;
	step(store, prepare(store, PERSON_PUT, "siis", external_id, person->version,
			    (int64_t)person->retired, person->body));
	sqlite3_stmt *row = prepare(store, PERSON_NUMBER, "s", external_id);
	if (step(store, row))
		set_upstream_id(person, sqlite3_column_int64(row, 0));
	sqlite3_reset(row);
	put_identifiers(store, external_id, person);
	step(store,
	     prepare(store, CHANGE_PUT, "ssiss", external_id, person->retired ? "retire" : "upsert",
		     person->version, batch_id, person->body));
}

/* Tax and insurance numbers may be shared by mistake; only identity papers claim a person. */
static bool claims_identity(const char *system)
{
	return strcmp(system, "cccd") == 0 || strcmp(system, "cmnd") == 0 ||
	       strcmp(system, "passport") == 0;
}

bool store_identifier_owner(struct store *store, const char *external_id, const char *body,
			    char *ret_owner, size_t size)
{
	bool owned = false;
	cJSON *person = cJSON_Parse(body);
	const cJSON *one;
	cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(person, "identifiers")) {
		if (owned || !claims_identity(text_member(one, "system")))
			continue;
		sqlite3_stmt *row =
			prepare(store, IDENTIFIER_OWNER, "sss", text_member(one, "system"),
				text_member(one, "value"), external_id);
		owned = step(store, row);
		if (owned)
			copy_column(row, 0, ret_owner, size);
		sqlite3_reset(row);
	}
	cJSON_Delete(person);
	return owned;
}

void store_add_ledger(struct store *store, const struct ledger_entry *entry)
{
	step(store, prepare(store, LEDGER_PUT, "sssssiii", entry->batch_id, entry->item_id,
			    entry->external_id, entry->op, entry->body_hash, entry->version,
			    entry->epoch, (int64_t)time(NULL)));
}

static struct batch read_batch(struct store *store, sqlite3_stmt *row)
{
	struct batch batch = { 0 };
	if (step(store, row)) {
		batch.found = true;
		copy_column(row, 0, batch.id, sizeof(batch.id));
		copy_column(row, 1, batch.key, sizeof(batch.key));
		copy_column(row, 2, batch.body_hash, sizeof(batch.body_hash));
		batch.answer = column_text(row, 3);
	}
	sqlite3_reset(row);
	return batch;
}

struct batch store_batch_by_key(struct store *store, const char *key)
{
	return read_batch(store, prepare(store, BATCH_BY_KEY, "s", key));
}

struct batch store_batch_by_id(struct store *store, const char *id)
{
	return read_batch(store, prepare(store, BATCH_BY_ID, "s", id));
}

void store_add_batch(struct store *store, const struct batch *batch, int64_t epoch,
		     const char *checkpoint)
{
	step(store, prepare(store, BATCH_PUT, "ssssisi", batch->id, batch->key, batch->body_hash,
			    batch->answer, epoch, checkpoint, (int64_t)time(NULL)));
}

void batch_finish(struct batch *batch)
{
	free(batch->answer);
	*batch = (struct batch){ 0 };
}

static void add_etag(cJSON *object, int64_t version)
{
	char etag[32];
	snprintf(etag, sizeof(etag), "\"%lld\"", (long long)version);
	cJSON_AddStringToObject(object, "etag", etag);
}

static void add_column(cJSON *object, const char *name, sqlite3_stmt *row, int column)
{
	if (sqlite3_column_type(row, column) == SQLITE_INTEGER)
		add_integer(object, name, sqlite3_column_int64(row, column));
	else if (sqlite3_column_type(row, column) == SQLITE_TEXT)
		cJSON_AddStringToObject(object, name,
					(const char *)sqlite3_column_text(row, column));
}

struct cJSON *store_changes(struct store *store, int64_t after, int limit)
{
	cJSON *list = cJSON_CreateArray();
	sqlite3_stmt *row = prepare(store, CHANGE_LIST, "ii", after, (int64_t)limit);
	while (step(store, row)) {
		cJSON *change = cJSON_CreateObject();
		add_column(change, "seq", row, 0);
		add_column(change, "externalId", row, 1);
		add_column(change, "op", row, 2);
		add_etag(change, sqlite3_column_int64(row, 3));
		add_column(change, "batchId", row, 4);
		if (strcmp((const char *)sqlite3_column_text(row, 2), "upsert") == 0)
			cJSON_AddRawToObject(change, "person",
					     (const char *)sqlite3_column_text(row, 5));
		cJSON_AddItemToArray(list, change);
	}
	return list;
}

struct cJSON *store_ledger(struct store *store, int64_t after, int limit)
{
	static const char *const NAMES[] = { "seq",      "batchId", "itemId", "externalId", "op",
					     "bodyHash", "version", "epoch",  "time" };
	cJSON *list = cJSON_CreateArray();
	sqlite3_stmt *row = prepare(store, LEDGER_LIST, "ii", after, (int64_t)limit);
	while (step(store, row)) {
		cJSON *entry = cJSON_CreateObject();
		for (int i = 0; i < 9; i++)
			add_column(entry, NAMES[i], row, i);
		cJSON_AddItemToArray(list, entry);
	}
	return list;
}

struct cJSON *store_persons(struct store *store, const char *after, int limit)
{
	cJSON *list = cJSON_CreateArray();
	sqlite3_stmt *row = prepare(store, PERSON_LIST, "si", after, (int64_t)limit);
	while (step(store, row)) {
		cJSON *person = cJSON_CreateObject();
		add_column(person, "externalId", row, 0);
		add_etag(person, sqlite3_column_int64(row, 1));
		cJSON_AddBoolToObject(person, "retired", sqlite3_column_int(row, 2));
		cJSON_AddRawToObject(person, "person", (const char *)sqlite3_column_text(row, 3));
		cJSON_AddItemToArray(list, person);
	}
	return list;
}

struct cJSON *store_counts(struct store *store)
{
	static const char *const NAMES[] = { "persons", "retired", "ledger", "batches", "lastSeq" };
	cJSON *counts = cJSON_CreateObject();
	sqlite3_stmt *row = prepare(store, COUNTS, "");
	if (step(store, row))
		for (int i = 0; i < 5; i++)
			add_column(counts, NAMES[i], row, i);
	sqlite3_reset(row);
	return counts;
}
