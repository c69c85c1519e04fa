#include "daemon/reconcile/survivorship.h"

#include <string.h>

#include "config/config_policy.h"
#include "daemon/base/digest.h"
#include "daemon/base/err.h"
#include "daemon/record/schema.h"

/* One order: sources by rank. */
struct order {
	uint16_t *sources;
	size_t count;
};

struct survivorship {
	const struct schema *schema;
	struct order *orders; /* [0] is the general one */
	size_t order_count;
	size_t *of_field; /* index into orders, by index of the field in the schema */
	uint8_t hash[SHA256_SIZE];
};

static int order_init(struct order *order, const struct option_texts *names,
		      survivorship_number_fn *number_of, void *ctx, struct err *err)
{
	order->sources = calloc(names->count + 1, sizeof(*order->sources));
	if (order->sources == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	for (size_t i = 0; i < names->count; i++) {
		uint16_t number = number_of(ctx, names->items[i]);
		if (number != 0)
			order->sources[order->count++] = number;
	}
	return 0;
}

/* How special an override is for a field: 0 not at all, 1 its section or list, 2 the field itself. */
static int speciality(const struct config_order *override, const struct schema_field *field)
{
	int best = 0;
	for (size_t i = 0; i < override->fields.count; i++) {
		const char *name = override->fields.items[i];
		if (strcmp(name, field->path) == 0)
			return 2;
		if (strcmp(name, field->section->name) == 0 ||
		    (field->list != NULL && strcmp(name, field->list->path) == 0))
			best = 1;
	}
	return best;
}

static void assign_fields(struct survivorship *policy, const struct config_survivorship *config)
{
	for (size_t f = 0; f < schema_field_count(policy->schema); f++) {
		int best = 0;
		for (size_t i = 0; i < config->override_count; i++) {
			int special = speciality(&config->overrides[i],
						 schema_field_at(policy->schema, f));
			if (special > best) {
				best = special;
				policy->of_field[f] = i + 1;
			}
		}
	}
}

/* Names and not numbers: the same policy has the same hash in every store. */
static void hash_texts(struct buf *out, const struct option_texts *texts)
{
	buf_put_u32(out, (uint32_t)texts->count);
	for (size_t i = 0; i < texts->count; i++)
		buf_put_blob(out, blob_text(texts->items[i]));
}

static int hash_config(struct survivorship *policy, const struct config_survivorship *config,
		       struct err *err)
{
	struct buf text = { 0 };
	hash_texts(&text, &config->sources);
	for (size_t i = 0; i < config->override_count; i++) {
		hash_texts(&text, &config->overrides[i].fields);
		hash_texts(&text, &config->overrides[i].sources);
	}
	bool ok = buf_ok(&text);
	if (ok)
		sha256(text.data, text.len, policy->hash);
	buf_finish(&text);
	return ok ? 0 : err_set(err, ERR_NOMEM, MSG_NOMEM);
}

int survivorship_compile(const struct config_survivorship *config, const struct schema *schema,
			 survivorship_number_fn *number_of, void *ctx,
			 struct survivorship **ret_policy, struct err *err)
{
	CLEANUP(survivorship_destroyp) struct survivorship *policy = calloc(1, sizeof(*policy));
	if (policy == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	policy->schema = schema;
	policy->orders = calloc(config->override_count + 1, sizeof(*policy->orders));
	policy->of_field = calloc(schema_field_count(schema) + 1, sizeof(*policy->of_field));
	if (policy->orders == NULL || policy->of_field == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	for (size_t i = 0; i <= config->override_count; i++) {
		const struct option_texts *names =
			i == 0 ? &config->sources : &config->overrides[i - 1].sources;
		policy->order_count++;
		if (order_init(&policy->orders[i], names, number_of, ctx, err) < 0)
			return err->code;
	}
	if (hash_config(policy, config, err) < 0)
		return err->code;
	assign_fields(policy, config);
	*ret_policy = TAKE(policy);
	return 0;
}

void survivorship_destroy(struct survivorship *policy)
{
	if (policy == NULL)
		return;
	for (size_t i = 0; i < policy->order_count; i++)
		free(policy->orders[i].sources);
	free(policy->orders);
	free(policy->of_field);
	free(policy);
}

static size_t position(const struct order *order, uint16_t source)
{
	size_t at = 0;
	while (at < order->count && order->sources[at] != source)
		at++;
	return at;
}

uint32_t survivorship_rank(const struct survivorship *policy, const struct schema_field *field,
			   uint16_t source)
{
	size_t index = (size_t)(field - schema_field_at(policy->schema, 0));
	const struct order *order = &policy->orders[policy->of_field[index]];
	size_t at = position(order, source);
	if (at == order->count && order != &policy->orders[0])
		at += position(&policy->orders[0],
			       source); /* unnamed here: the general order behind */
	return (uint32_t)at;
}

uint32_t survivorship_list_rank(const struct survivorship *policy, const struct schema_list *list,
				uint16_t source)
{
	return survivorship_rank(policy, &list->fields[0], source);
}

const uint8_t *survivorship_hash(const struct survivorship *policy)
{
	return policy->hash;
}
