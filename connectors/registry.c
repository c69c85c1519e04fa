#include "connectors/registry.h"

#include "connectors/file_drop/file_drop.h"
#include "connectors/rest_push/rest_push.h"

/* Sorted by name. */
static const struct connector_ops *const connectors[] = {
	&file_drop_ops,
	&rest_push_ops,
};

const struct connector_ops *registry_find(struct blob name)
{
	for (size_t i = 0; i < sizeof(connectors) / sizeof(connectors[0]); i++)
		if (blob_equal(name, blob_text(connectors[i]->name)))
			return connectors[i];
	return NULL;
}
