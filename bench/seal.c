/* What sealing and opening one value of 1 KiB costs, and one wrapped key: processor time, the best
 * of five rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/keys/seal.h"

enum { ROUNDS = 5, VALUES = 200000 };

static const uint8_t key[SEAL_KEY_SIZE] = { 1 };

static double best_ns(struct sealer *sealer, enum seal_form form, size_t len, bool opening)
{
	static uint8_t plain[1024];
	const struct seal_place place = { .table = 1, .version = 1, .key = blob_text("sixbyt") };
	struct buf sealed = { 0 }, out = { 0 };
	double best = 1e18;
	if (seal_put(sealer, form, key, &place, blob_of(plain, len), &sealed, NULL) < 0)
		abort();
	for (int round = 0; round < ROUNDS; round++) {
		clock_t begun = clock();
		for (int i = 0; i < VALUES; i++) {
			buf_reset(&out);
			int error = opening ? seal_open(sealer, form, key, &place,
							buf_blob(&sealed), &out, NULL)
					    : seal_put(sealer, form, key, &place,
						       blob_of(plain, len), &out, NULL);
			if (error < 0)
				abort();
		}
		double ns = (double)(clock() - begun) / CLOCKS_PER_SEC * 1e9 / VALUES;
		best = ns < best ? ns : best;
	}
	buf_finish(&sealed);
	buf_finish(&out);
	return best;
}

int main(void)
{
	struct sealer *sealer = NULL;
	if (sealer_create(&random_system, &sealer, NULL) < 0)
		return 1;
	static const struct {
		const char *name;
		enum seal_form form;
		size_t len;
	} rows[] = { { "AES-256-GCM, 1 KiB", SEAL_OWN, 1024 },
		     { "AES-256-GCM, 32 B", SEAL_OWN, 32 },
		     { "XAES-256-GCM, 1 KiB", SEAL_SHARED, 1024 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		(void)printf("%-20s seal %5.0f ns, open %5.0f ns\n", rows[i].name,
			     best_ns(sealer, rows[i].form, rows[i].len, false),
			     best_ns(sealer, rows[i].form, rows[i].len, true));
	sealer_destroy(sealer);
	return 0;
}
