/* The schema compiler: whatever compiles can be looked up by path and number, and its rules judge any value. */
#include <stdlib.h>

#include "daemon/record/schema.h"
#include "daemon/record/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(schema_destroyp) struct schema *schema = NULL;
	if (schema_compile(blob_of(data, size), NULL, &schema, NULL) < 0)
		return 0;
	for (size_t i = 0; i < schema_field_count(schema); i++) {
		const struct schema_field *field = schema_field_at(schema, i);
		if (schema_field_by_path(schema, field->path) != field ||
		    schema_field_by_number(schema, field->number) != field ||
		    field->section == NULL || field->record_types == 0 ||
		    field->min_chars > field->max_chars)
			abort();
		if (field->list != NULL &&
		    (field < field->list->fields ||
		     field >= field->list->fields + field->list->field_count))
			abort();
		(void)validate_value(field, blob_of(data, size < 64 ? size : 64));
	}
	return 0;
}
