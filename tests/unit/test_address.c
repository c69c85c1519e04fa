/* Address: each closed range at both of its ends, and what wraps one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "connectors/transport/address.h"

static size_t parse(const char *text, struct sockaddr_storage *out)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(443) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(443) };
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	memcpy(out, &in6, sizeof(in6));
	return sizeof(in6);
}

static bool is_public(const char *text)
{
	struct sockaddr_storage address;
	size_t len = parse(text, &address);
	return address_is_public((const struct sockaddr *)&address, len);
}

static void public_addresses_are_told_from_all_others(void **unused)
{
	(void)unused;
	static const struct {
		const char *text;
		bool expected;
	} rows[] = {
		{ "8.8.8.8", true },
		{ "203.113.0.1", true },
		{ "0.0.0.0", false },
		{ "0.255.255.255", false },
		{ "1.0.0.0", true },
		{ "9.255.255.255", true },
		{ "10.0.0.0", false },
		{ "10.255.255.255", false },
		{ "11.0.0.0", true },
		{ "100.63.255.255", true },
		{ "100.64.0.0", false },
		{ "100.127.255.255", false },
		{ "100.128.0.0", true },
		{ "127.0.0.1", false },
		{ "127.255.255.255", false },
		{ "128.0.0.0", true },
		{ "169.254.169.254", false },
		{ "169.255.0.0", true },
		{ "172.15.255.255", true },
		{ "172.16.0.0", false },
		{ "172.31.255.255", false },
		{ "172.32.0.0", true },
		{ "192.0.0.1", false },
		{ "192.0.2.1", false },
		{ "192.88.99.1", false },
		{ "192.168.0.1", false },
		{ "192.169.0.0", true },
		{ "198.17.255.255", true },
		{ "198.18.0.0", false },
		{ "198.19.255.255", false },
		{ "198.20.0.0", true },
		{ "198.51.100.7", false },
		{ "203.0.113.7", false },
		{ "223.255.255.255", true },
		{ "224.0.0.1", false },
		{ "240.0.0.1", false },
		{ "255.255.255.255", false },
		{ "2400:6180::1", true },
		{ "::", false },
		{ "::1", false },
		{ "fe80::1", false },
		{ "fec0::1", false },
		{ "fc00::1", false },
		{ "fd12:3456::1", false },
		{ "ff02::1", false },
		{ "2001:db8::1", false },
		{ "2001::1", false },
		{ "2001:1ff::1", false },
		{ "2001:200::1", true },
		{ "::ffff:8.8.8.8", true },
		{ "::ffff:127.0.0.1", false },
		{ "::ffff:169.254.169.254", false },
		{ "::127.0.0.1", false },
		{ "64:ff9b::8.8.8.8", true },
		{ "64:ff9b::10.0.0.1", false },
		{ "2002:0808:0808::1", true },
		{ "2002:7f00:0001::1", false },
		{ "2002:c0a8:0001::1", false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (is_public(rows[i].text) != rows[i].expected)
			fail_msg("%s", rows[i].text);
}

static void what_is_not_whole_or_not_ip_is_not_public(void **unused)
{
	(void)unused;
	struct sockaddr_storage address;
	size_t len = parse("8.8.8.8", &address);
	assert_false(address_is_public((const struct sockaddr *)&address, len - 1));
	len = parse("2400:6180::1", &address);
	assert_false(address_is_public((const struct sockaddr *)&address, len - 1));
	address.ss_family = AF_UNIX;
	assert_false(address_is_public((const struct sockaddr *)&address, sizeof(address)));
}

static void an_address_is_written_with_its_port(void **unused)
{
	(void)unused;
	static const struct {
		const char *text, *expected;
	} rows[] = { { "203.0.113.7", "203.0.113.7:443" }, { "2001:db8::1", "[2001:db8::1]:443" } };
	char text[ADDRESS_TEXT_SIZE];
	struct sockaddr_storage address;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = parse(rows[i].text, &address);
		address_text((const struct sockaddr *)&address, len, text);
		assert_string_equal(text, rows[i].expected);
	}
	address.ss_family = AF_UNIX;
	address_text((const struct sockaddr *)&address, sizeof(address), text);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(public_addresses_are_told_from_all_others),
		cmocka_unit_test(what_is_not_whole_or_not_ip_is_not_public),
		cmocka_unit_test(an_address_is_written_with_its_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
