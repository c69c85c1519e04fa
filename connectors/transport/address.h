/* Address: whether an address lies on the public internet, so that a name cannot lead a worker to the machine
 * itself, to the inner network or to a cloud's metadata service (AUDIT-SECURITY.md section 7).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT_SIZE = 64 };

/** False for loopback, private, link-local, shared, reserved, multicast and documentation ranges (RFC 6890), also
 * where an IPv6 address only wraps such an IPv4 one, and for anything that is not IP.
 */
bool address_is_public(const struct sockaddr *address, size_t len);

/** "192.0.2.1:443" or "[2001:db8::1]:443"; "" if it is not IP. */
void address_text(const struct sockaddr *address, size_t len, char out[ADDRESS_TEXT_SIZE]);
