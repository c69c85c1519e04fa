#include "tests/support/state.h"

#include "daemon/store/value.h"

static struct blob key_of(const struct value_key *key)
{
	return value_key_blob(key);
}

static void keys_have_the_order_of_their_numbers(void **unused)
{
	(void)unused;
	static const uint64_t numbers[] = { 0, 1, 255, 256, 65535, 65536, UINT32_MAX, UINT64_MAX };
	for (size_t i = 1; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct value_key low = { .len = 0 }, high = { .len = 0 };
		value_key_u64(&low, numbers[i - 1]);
		value_key_u64(&high, numbers[i]);
		assert_true(blob_compare(key_of(&low), key_of(&high)) < 0);
	}
	struct value_key key = { .len = 0 };
	value_key_u8(&key, 1);
	value_key_u16(&key, 0x0203);
	value_key_u32(&key, 0x04050607);
	assert_memory_equal(key.data, "\1\2\3\4\5\6\7", 7);
}

static const struct blob key = { (const uint8_t *)"somekey", 7 };

static void encode(struct buf *out)
{
	value_encode(KV_PERSON, key, blob_text("head of a value"), out);
	buf_put_text(out, "body");
}

static void head_and_body_come_back(void **unused)
{
	(void)unused;
	struct buf bytes = { 0 };
	struct value value;
	encode(&bytes);
	OK(value_decode(KV_PERSON, key, buf_blob(&bytes), &value, &state_err));
	assert_int_equal(value.version, VALUE_VERSION);
	assert_true(blob_equal(blob_of(value.head.data, value.head.left),
			       blob_text("head of a value")));
	assert_true(blob_equal(value.body, blob_text("body")));
	buf_finish(&bytes);
}

static void a_flipped_bit_in_the_head_is_seen(void **unused)
{
	(void)unused;
	struct buf bytes = { 0 };
	struct value value;
	encode(&bytes);
	for (size_t bit = 0; bit < 8 * (bytes.len - 4); bit++) {
		bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		int error = value_decode(KV_PERSON, key, buf_blob(&bytes), &value, &state_err);
		assert_true(error == ERR_CORRUPT || (error == ERR_FORMAT && bit < 8));
		bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < bytes.len - 4; len++) {
		uint8_t *cut = malloc(len == 0 ? 1 : len);
		memcpy(cut, bytes.data, len);
		FAILS(value_decode(KV_PERSON, key, blob_of(cut, len), &value, NULL), ERR_CORRUPT);
		free(cut);
	}
	buf_finish(&bytes);
}

static void a_value_at_another_place_is_seen(void **unused)
{
	(void)unused;
	struct buf bytes = { 0 };
	struct value value;
	encode(&bytes);
	FAILS(value_decode(KV_IMAGE, key, buf_blob(&bytes), &value, NULL), ERR_CORRUPT);
	FAILS(value_decode(KV_PERSON, blob_text("somekez"), buf_blob(&bytes), &value, NULL),
	      ERR_CORRUPT);
	FAILS(value_decode(KV_PERSON, blob_text("somekeyy"), buf_blob(&bytes), &value, NULL),
	      ERR_CORRUPT);
	FAILS(value_decode(KV_PERSON, blob_text(""), buf_blob(&bytes), &value, NULL), ERR_CORRUPT);
	buf_finish(&bytes);
}

static void the_error_names_table_and_key_and_no_content(void **unused)
{
	(void)unused;
	struct buf bytes = { 0 };
	struct value value;
	encode(&bytes);
	bytes.data[5] ^= 1;
	FAILS(value_decode(KV_PERSON, key, buf_blob(&bytes), &value, &state_err), ERR_CORRUPT);
	assert_non_null(strstr(state_err.text[LANGUAGE_EN], "person"));
	assert_non_null(strstr(state_err.text[LANGUAGE_EN], "736f6d656b6579"));
	assert_null(strstr(state_err.text[LANGUAGE_EN], "head"));
	buf_finish(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_have_the_order_of_their_numbers),
		cmocka_unit_test(head_and_body_come_back),
		cmocka_unit_test(a_flipped_bit_in_the_head_is_seen),
		cmocka_unit_test(a_value_at_another_place_is_seen),
		cmocka_unit_test(the_error_names_table_and_key_and_no_content),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
