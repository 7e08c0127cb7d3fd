/*
 * A small reader of JSON (RFC 8259) for the test and benchmark tools: the whole
 * text becomes an array of values in document order, in an arena.  Tolerant
 * about trailing commas; comments are not known.
 */
#ifndef HOST_JSON_H
#define HOST_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum json_kind {
	JSON_null,
	JSON_bool,   /* number is 0 or 1 */
	JSON_number, /* number */
	JSON_string, /* text, len */
	JSON_array,  /* its elements follow */
	JSON_object, /* key (a string), value, key, value .. follow */
};

struct json {
	enum json_kind kind;
	uint32_t span;	  /* values from this one to the next beside it */
	uint32_t count;	  /* elements of an array, pairs of an object */
	uint32_t len;	  /* bytes of text */
	const char *text; /* unescaped UTF-8, then a NUL */
	double number;
};

/*
 * Parses len bytes; the values live in the arena.  NULL on failure, with the
 * byte where it stopped in *stop (out of memory: len).
 */
const struct json *
json_parse(struct arena *a, const char *text, size_t len, size_t *stop);

/* Element i (or, of an object, the i-th value); NULL when there is none. */
const struct json *
json_at(const struct json *v, uint32_t i);

/* The i-th key of an object; NULL when there is none. */
const char *
json_key(const struct json *v, uint32_t i);

/* The value at key; NULL when v is NULL, no object or has no such key. */
const struct json *
json_get(const struct json *v, const char *key);

/* The string at key, or other if it is missing or no string. */
const char *
json_get_text(const struct json *v, const char *key, const char *other);

/* The number (or bool) at key, or other. */
double
json_get_number(const struct json *v, const char *key, double other);

#endif
