/* Contact: phone numbers and e-mail addresses: evidence for links, so one number has one form. */
#pragma once

#include <stdbool.h>

#include "connectors/normalise/identity_number.h"
#include "daemon/base/bytes.h"

/** Append the digits of a phone number: blanks, dots, hyphens and brackets dropped, +84 is 0; a number cell's lost 0
 * is put back before a subscriber number of the lengths in use. Foreign numbers keep their plus.
 * False if it is none.
 */
bool contact_read_phone(struct blob clean, enum cell_type type, struct buf *out);

/** Append an address in small letters. False if it is none: one @, something before it, a dot in the domain. */
bool contact_read_email(struct blob clean, struct buf *out);
