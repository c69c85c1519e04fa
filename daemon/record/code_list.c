#include "daemon/record/code_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/base/err.h"
#include "daemon/base/file.h"
#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

struct code_list {
	char *name;
	char *text;         /* the file; cells are ended by NUL in place */
	const char **cells; /* row by row, the header first */
	size_t columns;
	size_t rows;      /* without the header */
	uint32_t *sorted; /* rows by code */
};

/* ---- reading one file ---- */

struct scan {
	char *at, *end;
	size_t line;
	enum msg_id fault;
};

/* Take a quoted cell, unquoted in place; `at` is behind the closing quote then. */
static char *take_quoted(struct scan *scan)
{
	char *begin = ++scan->at, *to = begin;
	for (; scan->at < scan->end; scan->at++) {
		if (*scan->at == '"') {
			if (scan->at + 1 == scan->end || scan->at[1] != '"') {
				scan->at++;
				*to = '\0';
				return begin;
			}
			scan->at++;
		} else if (*scan->at == '\n') {
			break; /* no cell of a code list goes over lines; an open quote would eat the file */
		}
		*to++ = *scan->at;
	}
	scan->fault = MSG_CODE_LIST_QUOTE;
	return NULL;
}

/* Take one cell and what ends it; `ret_last` says that its row ends too. */
static char *take_cell(struct scan *scan, bool *ret_last)
{
	char *cell = scan->at;
	bool quoted = scan->at < scan->end && *scan->at == '"';
	if (quoted)
		cell = take_quoted(scan);
	while (!quoted && scan->at < scan->end && *scan->at != ',' && *scan->at != '\n') {
		if (*scan->at == '"')
			scan->fault = MSG_CODE_LIST_QUOTE;
		scan->at++;
	}
	if (scan->fault != MSG_NONE)
		return NULL;
	if (scan->at == scan->end || (*scan->at != ',' && *scan->at != '\n')) {
		scan->fault = quoted ? MSG_CODE_LIST_QUOTE : MSG_CODE_LIST_CUT;
		return NULL;
	}
	*ret_last = *scan->at == '\n';
	*scan->at++ = '\0';
	return cell;
}

static void skip_comments(struct scan *scan)
{
	while (scan->at < scan->end && *scan->at == '#') {
		char *newline = memchr(scan->at, '\n', (size_t)(scan->end - scan->at));
		scan->at = newline == NULL ? scan->end : newline + 1;
		scan->line++;
	}
}

/* One row into `cells`, at most `most`; 0 if it does not hold. */
static size_t take_row(struct scan *scan, const char **cells, size_t most)
{
	size_t count = 0;
	bool last = false;
	while (!last) {
		char *cell = take_cell(scan, &last);
		if (cell == NULL)
			return 0;
		if (count == most) {
			scan->fault = MSG_CODE_LIST_RAGGED;
			return 0;
		}
		cells[count++] = cell;
	}
	return count;
}

static void take_rows(struct code_list *list, struct scan *scan)
{
	skip_comments(scan);
	list->columns = take_row(scan, list->cells, LIMIT_CODE_LIST_COLUMNS);
	if (list->columns == 0)
		return;
	while (scan->at < scan->end) {
		scan->line++;
		const char **row = list->cells + (list->rows + 1) * list->columns;
		size_t count = take_row(scan, row, list->columns);
		if (count == 0)
			return;
		if (count != list->columns || row[0][0] == '\0') {
			scan->fault = MSG_CODE_LIST_RAGGED;
			return;
		}
		list->rows++;
	}
}

/* ---- the index ---- */

static const char *code_of(const struct code_list *list, uint32_t row)
{
	return list->cells[((size_t)row + 1) * list->columns];
}

static int compare_rows(const void *a, const void *b, void *list)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	int order = strcmp(code_of(list, left), code_of(list, right));
	return order != 0 ? order : (left > right) - (left < right);
}

static int build_index(struct code_list *list, struct err *err)
{
	list->sorted = calloc(list->rows + 1, sizeof(*list->sorted));
	if (list->sorted == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	for (uint32_t i = 0; i < list->rows; i++)
		list->sorted[i] = i;
	qsort_r(list->sorted, list->rows, sizeof(*list->sorted), compare_rows, list);
	bool unique = strcmp(list->cells[0], "code") == 0;
	for (size_t i = 1; unique && i < list->rows; i++)
		if (strcmp(code_of(list, list->sorted[i - 1]), code_of(list, list->sorted[i])) == 0)
			return err_set(err, ERR_CONFIG, MSG_CODE_LIST_TWICE,
				       ARG_WORD("list", list->name),
				       ARG_TEXT("code", code_of(list, list->sorted[i])));
	return 0;
}

/* Every cell ends in a comma or a newline, so their number bounds that of the cells. */
static size_t most_cells(struct blob text)
{
	size_t count = LIMIT_CODE_LIST_COLUMNS;
	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] == ',' || text.data[i] == '\n';
	return count;
}

/* What a file must be before its cells are looked at. */
static int check_text(const char *name, struct blob text, struct err *err)
{
	const char *characters = (const char *)text.data;
	CLEANUP(buf_finish) struct buf composed = { 0 };
	if (text.len > LIMIT_CODE_LIST_BYTES)
		return err_set(err, ERR_CONFIG, MSG_CODE_LIST_LONG, ARG_WORD("list", name));
	bool plain = text.len > 0 && memchr(characters, '\0', text.len) == NULL &&
		     memchr(characters, '\r', text.len) == NULL && utf8_valid(characters, text.len);
	if (plain)
		utf8_nfc(characters, text.len, &composed);
	if (!buf_ok(&composed))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (!plain || !blob_equal(buf_blob(&composed), text))
		return err_set(err, ERR_CONFIG, MSG_CODE_LIST_TEXT, ARG_WORD("list", name));
	return 0;
}

int code_list_parse(const char *name, struct blob text, struct code_list **ret_list,
		    struct err *err)
{
	int result = check_text(name, text, err);
	if (result < 0)
		return result;
	CLEANUP(code_list_destroyp) struct code_list *list = calloc(1, sizeof(*list));
	if (list == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	list->name = strdup(name);
	list->text = blob_dup_text(text);
	list->cells = calloc(most_cells(text), sizeof(*list->cells));
	if (list->name == NULL || list->text == NULL || list->cells == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	struct scan scan = { .at = list->text, .end = list->text + text.len, .line = 1 };
	take_rows(list, &scan);
	if (scan.fault != MSG_NONE) {
		(void)err_set(err, ERR_CONFIG, scan.fault);
		(void)err_wrap(err, MSG_CODE_LIST_AT, ARG_WORD("list", name),
			       ARG_U("line", scan.line));
		return ERR_CONFIG;
	}
	result = build_index(list, err);
	if (result < 0)
		return result;
	*ret_list = TAKE(list);
	return 0;
}

void code_list_destroy(struct code_list *list)
{
	if (list == NULL)
		return;
	free(list->name);
	free(list->text);
	free(list->cells);
	free(list->sorted);
	free(list);
}

const char *code_list_name(const struct code_list *list)
{
	return list->name;
}

size_t code_list_rows(const struct code_list *list)
{
	return list->rows;
}

int code_list_column(const struct code_list *list, const char *name)
{
	for (size_t i = 0; i < list->columns; i++)
		if (strcmp(list->cells[i], name) == 0)
			return (int)i;
	return CODE_LIST_NONE;
}

const char *code_list_cell(const struct code_list *list, size_t row, int column)
{
	return list->cells[(row + 1) * list->columns + (size_t)column];
}

int code_list_find(const struct code_list *list, struct blob code)
{
	size_t low = 0, high = list->rows;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (blob_compare(blob_text(code_of(list, list->sorted[middle])), code) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == list->rows || !blob_equal(blob_text(code_of(list, list->sorted[low])), code))
		return CODE_LIST_NONE;
	return (int)list->sorted[low];
}

/* ---- a folder ---- */

struct code_lists {
	struct code_list *lists[LIMIT_CODE_LISTS];
	size_t count;
	uint8_t hash[SHA256_SIZE];
};

static int read_whole(int folder_fd, const char *file, struct buf *out, struct err *err)
{
	CLEANUP(close_fdp)
	int fd = openat(folder_fd, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return err_set_errno(err, errno, MSG_FILE_OPEN, file);
	struct stat info;
	if (fstat(fd, &info) < 0)
		return err_set_errno(err, errno, MSG_FILE_READ, file);
	if (!S_ISREG(info.st_mode) || info.st_size > LIMIT_CODE_LIST_BYTES)
		return err_set(err, ERR_CONFIG, MSG_CODE_LIST_LONG, ARG_WORD("list", file));
	return file_read_fd(fd, file, LIMIT_CODE_LIST_BYTES, out, err);
}

static int load_one(struct code_lists *lists, int folder_fd, const char *file, struct sha256 *sha,
		    struct err *err)
{
	CLEANUP(buf_finish) struct buf text = { 0 };
	CLEANUP(freep) char *name = strndup(file, strlen(file) - strlen(".csv"));
	if (name == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (lists->count == LIMIT_CODE_LISTS)
		return err_set(err, ERR_CONFIG, MSG_CODE_LISTS_MANY,
			       ARG_U("limit", LIMIT_CODE_LISTS));
	int result = read_whole(folder_fd, file, &text, err);
	if (result < 0)
		return result;
	result = code_list_parse(name, buf_blob(&text), &lists->lists[lists->count], err);
	if (result < 0)
		return result;
	lists->count++;
	sha256_add(sha, name, strlen(name) + 1);
	uint64_t len = text.len;
	uint8_t len_bytes[8];
	for (unsigned i = 0; i < sizeof(len_bytes); i++)
		len_bytes[i] = (uint8_t)(len >> (56 - 8 * i));
	sha256_add(sha, len_bytes, sizeof(len_bytes));
	sha256_add(sha, text.data, text.len);
	return 0;
}

static int is_csv(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	return entry->d_name[0] != '.' && len > 4 && strcmp(entry->d_name + len - 4, ".csv") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name,
		      (*b)->d_name); /* not the locale's order: the hash hangs on it */
}

int code_lists_load(int folder_fd, struct code_lists **ret_lists, struct err *err)
{
	CLEANUP(code_lists_destroyp) struct code_lists *lists = calloc(1, sizeof(*lists));
	CLEANUP(sha256_destroyp) struct sha256 *sha = NULL;
	struct dirent **entries = NULL;
	if (lists == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	int result = sha256_create(&sha, err);
	if (result < 0)
		return result;
	int count = scandirat(folder_fd, ".", &entries, is_csv, by_bytes);
	if (count < 0)
		return err_set_errno(err, errno, MSG_FILE_READ, "codelists");
	sha256_begin(sha);
	for (int i = 0; i < count; i++) {
		if (result == 0)
			result = load_one(lists, folder_fd, entries[i]->d_name, sha, err);
		free(entries[i]);
	}
	free(entries);
	sha256_end(sha, lists->hash);
	if (result < 0)
		return result;
	*ret_lists = TAKE(lists);
	return 0;
}

void code_lists_destroy(struct code_lists *lists)
{
	if (lists == NULL)
		return;
	for (size_t i = 0; i < lists->count; i++)
		code_list_destroy(lists->lists[i]);
	free(lists);
}

const struct code_list *code_lists_get(const struct code_lists *lists, const char *name)
{
	for (size_t i = 0; lists != NULL && i < lists->count; i++)
		if (strcmp(lists->lists[i]->name, name) == 0)
			return lists->lists[i];
	return NULL;
}

void code_lists_hash(const struct code_lists *lists, uint8_t out[SHA256_SIZE])
{
	memcpy(out, lists->hash, SHA256_SIZE);
}
