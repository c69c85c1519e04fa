#include "connectors/transport/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct range4 {
	uint32_t network;
	unsigned bits;
};

#define V4(a, b, c, d) \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* RFC 6890 table 1 to 16 and RFC 5771 (multicast). */
static const struct range4 closed4[] = {
	{ V4(0, 0, 0, 0), 8 },      { V4(10, 0, 0, 0), 8 },     { V4(100, 64, 0, 0), 10 },
	{ V4(127, 0, 0, 0), 8 },    { V4(169, 254, 0, 0), 16 }, { V4(172, 16, 0, 0), 12 },
	{ V4(192, 0, 0, 0), 24 },   { V4(192, 0, 2, 0), 24 },   { V4(192, 88, 99, 0), 24 },
	{ V4(192, 168, 0, 0), 16 }, { V4(198, 18, 0, 0), 15 },  { V4(198, 51, 100, 0), 24 },
	{ V4(203, 0, 113, 0), 24 }, { V4(224, 0, 0, 0), 3 },
};

static bool is_public4(uint32_t address)
{
	for (size_t i = 0; i < sizeof(closed4) / sizeof(closed4[0]); i++)
		if ((address ^ closed4[i].network) >> (32 - closed4[i].bits) == 0)
			return false;
	return true;
}

static uint32_t v4_at(const uint8_t *bytes)
{
	return V4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

/* Public are 2000::/3 without the ranges that stand for something else, and what wraps a public IPv4 address. */
static bool is_public6(const uint8_t bytes[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	if (memcmp(bytes, mapped, sizeof(mapped)) == 0 || memcmp(bytes, nat64, sizeof(nat64)) == 0)
		return is_public4(v4_at(bytes + 12));
	if (bytes[0] == 0x20 && bytes[1] == 0x02) /* 6to4 */
		return is_public4(v4_at(bytes + 2));
	if ((bytes[0] & 0xe0) != 0x20)
		return false;
	if (bytes[0] == 0x20 && bytes[1] == 0x01 &&
	    bytes[2] < 0x02) /* 2001::/23: Teredo, ORCHID and the like */
		return false;
	return !(bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0d && bytes[3] == 0xb8);
}

bool address_is_public(const struct sockaddr *address, size_t len)
{
	if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in in;
		memcpy(&in, address, sizeof(in));
		return is_public4(ntohl(in.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 in6;
		memcpy(&in6, address, sizeof(in6));
		return is_public6(in6.sin6_addr.s6_addr);
	}
	return false;
}

void address_text(const struct sockaddr *address, size_t len, char out[ADDRESS_TEXT_SIZE])
{
	char host[INET6_ADDRSTRLEN];
	out[0] = '\0';
	if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in in;
		memcpy(&in, address, sizeof(in));
		if (inet_ntop(AF_INET, &in.sin_addr, host, sizeof(host)) != NULL)
			snprintf(out, ADDRESS_TEXT_SIZE, "%s:%u", host, ntohs(in.sin_port));
	} else if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 in6;
		memcpy(&in6, address, sizeof(in6));
		if (inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof(host)) != NULL)
			snprintf(out, ADDRESS_TEXT_SIZE, "[%s]:%u", host, ntohs(in6.sin6_port));
	}
}
