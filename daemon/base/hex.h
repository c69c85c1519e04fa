/* Hex and base64: bytes as text and back, strictly. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct buf;

/** Write 2*len lower-case digits and a NUL. */
void hex_encode(const void *data, size_t len, char *out);

/** Decode exactly `out_len` bytes from 2*out_len digits of either case; 0, or -1. */
int hex_decode(const char *text, size_t text_len, uint8_t *out, size_t out_len);

/** Standard base64 with padding (RFC 4648 section 4). */
void base64_encode(const void *data, size_t len, struct buf *out);

/** Canonical form only (padding right, no stray bits, no blanks); 0, or -1. */
int base64_decode(const char *text, size_t text_len, struct buf *out);
