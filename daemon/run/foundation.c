#include "daemon/run/foundation.h"

#include <fcntl.h>

#include "config/config.h"
#include "daemon/base/err.h"
#include "daemon/base/file.h"
#include "daemon/base/hex.h"
#include "daemon/keys/keyring.h"
#include "daemon/reconcile/survivorship.h"
#include "daemon/record/code_list.h"
#include "daemon/record/schema.h"
#include "daemon/store/dictionary.h"
#include "daemon/store/store.h"

static int load_schema(const struct config *config, struct foundation *foundation, struct err *err)
{
	CLEANUP(close_fdp) int folder = open(config->codelists, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return err_set_errno(err, errno, MSG_FILE_OPEN, config->codelists);
	if (code_lists_load(folder, &foundation->lists, err) < 0)
		return err->code;
	code_lists_hash(foundation->lists, foundation->lists_hash);
	CLEANUP(buf_finish) struct buf text = { 0 };
	if (file_read(config->schema, LIMIT_SCHEMA_BYTES, &text, err) < 0)
		return err->code;
	return schema_compile(buf_blob(&text), foundation->lists, &foundation->schema, err);
}

static int read_master(const struct config *config, uint8_t key[KEYRING_MASTER_SIZE],
		       struct err *err)
{
	CLEANUP(secret_finish) struct secret master = { 0 };
	if (secret_read_bytes(&config->keys.master, &master, err) < 0)
		return err->code;
	if (master.len == KEYRING_MASTER_SIZE) {
		memcpy(key, master.data, KEYRING_MASTER_SIZE);
		return 0;
	}
	secret_trim(&master); /* digits were written as a line */
	if (hex_decode((const char *)master.data, master.len, key, KEYRING_MASTER_SIZE) < 0)
		return err_set(err, ERR_CONFIG, MSG_MASTER_FORM);
	return 0;
}

static int open_store(const struct config *config, enum foundation_mode mode,
		      const struct random_source *random, struct foundation *foundation,
		      struct err *err)
{
	uint8_t key[KEYRING_MASTER_SIZE];
	const struct store_options options = { .state_dir = config->state_dir,
					       .master = key,
					       .random = random,
					       .read_only = mode == FOUNDATION_READ };
	int status = read_master(config, key, err);
	if (status == 0)
		status = store_open(&options, &foundation->store, err);
	explicit_bzero(key, sizeof(key));
	return status;
}

static int field_number(void *ctx, const char *path, uint16_t *ret_number, struct err *err)
{
	(void)err;
	*ret_number = dictionary_number(ctx, DICTIONARY_FIELD, path);
	return 0;
}

static uint16_t source_number(void *ctx, const char *source)
{
	return dictionary_number(ctx, DICTIONARY_SOURCE, source);
}

static int ensure_fields(struct foundation *foundation, struct err *err)
{
	size_t count = schema_field_count(foundation->schema);
	CLEANUP(freep) const char **paths = calloc(count + 1, sizeof(*paths));
	if (paths == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	for (size_t i = 0; i < count; i++)
		paths[i] = schema_field_at(foundation->schema, i)->path;
	return dictionary_ensure(foundation->store, DICTIONARY_FIELD, paths, count, NULL, err);
}

static int ensure_sources(const struct config *config, struct foundation *foundation,
			  struct err *err)
{
	size_t count = config->source_count + config->sink_count;
	CLEANUP(freep) const char **names = calloc(count + 1, sizeof(*names));
	if (names == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	for (size_t i = 0; i < config->source_count; i++)
		names[i] = config->sources[i].name;
	for (size_t i = 0; i < config->sink_count; i++)
		names[config->source_count + i] = config->sinks[i].name;
	return dictionary_ensure(foundation->store, DICTIONARY_SOURCE, names, count, NULL, err);
}

int foundation_open(const struct config *config, enum foundation_mode mode,
		    const struct random_source *random, struct foundation *foundation,
		    struct err *err)
{
	if (load_schema(config, foundation, err) < 0 ||
	    open_store(config, mode, random, foundation, err) < 0)
		return err->code;
	if (mode == FOUNDATION_WRITE &&
	    (ensure_fields(foundation, err) < 0 || ensure_sources(config, foundation, err) < 0))
		return err->code;
	if (schema_set_numbers(foundation->schema, field_number, foundation->store, err) < 0)
		return err->code;
	return survivorship_compile(&config->survivorship, foundation->schema, source_number,
				    foundation->store, &foundation->policy, err);
}

void foundation_close(struct foundation *foundation)
{
	survivorship_destroy(foundation->policy);
	store_close(foundation->store);
	schema_destroy(foundation->schema);
	code_lists_destroy(foundation->lists);
	*foundation = (struct foundation){ 0 };
}
