/* The two HTTP ports: TLS with the contract, and plain for the admin interface; both on loopback only. */
#pragma once

#include <stdint.h>

struct server;
struct http_port;

/** Listens on 127.0.0.1. `port` 0 picks one. With `certificate` and `key` (PEM texts) it speaks TLS and answers the
 * contract, without them it answers the admin interface. NULL if it cannot. */
struct http_port *http_open(struct server *server, uint16_t port, const char *certificate,
			    const char *key);
uint16_t http_port_number(const struct http_port *port);

/** Waits for the requests on their way. */
void http_close(struct http_port *port);
