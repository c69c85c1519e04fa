/* Image: what upstream was last told of a person, sealed under the person's key. Table image (person). */
#pragma once

#include "daemon/store/person.h"

struct image {
	uint32_t person;
	uint64_t version; /* rises with every change sent */
	uint8_t state;    /* the publish layer's */
};

struct image_body {
	struct blob projection; /* canonical JSON, as sent */
	struct blob etag;
	struct blob upstream_id;
	struct blob held; /* what upstream refused, and why: the publish layer's; may be empty */
};

MUST_CHECK int image_put(struct store_txn *txn, const struct person *owner,
			 const struct image *image, const struct image_body *body, struct err *err);
/** Decrypt into `plain`, which ret_body points into; ret_body and plain may be NULL together. */
MUST_CHECK int image_find(struct store_txn *txn, const struct person *owner, struct buf *plain,
			  struct image *ret_image, struct image_body *ret_body, struct err *err);
MUST_CHECK int image_delete(struct store_txn *txn, uint32_t person, struct err *err);

/** Walk the images of persons with an ordinal >= `from`; heads only. */
MUST_CHECK int image_scan(struct store_txn *txn, uint32_t from, struct store_scan **ret_scan,
			  struct err *err);
MUST_CHECK int image_next(struct store_scan *scan, struct image *ret_image, struct err *err);
