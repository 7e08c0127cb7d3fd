#include "host/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "trap/arena.h"

/*
 * One pass, no recursion: an open array or object keeps the index of the one
 * around it in span until it is closed.
 */
struct parser {
	struct arena *a;
	const char *text;
	size_t len, at;
	struct json *values;
	uint32_t count, room;
	uint32_t open; /* innermost open container, NONE outside */
	bool bad;
};

#define NONE UINT32_MAX

static int
peek(struct parser *p)
{
	while (p->at < p->len && strchr(" \t\r\n", p->text[p->at]) &&
		p->text[p->at] != 0)
		p->at++;
	return p->at < p->len ? (unsigned char)p->text[p->at] : 0;
}

static bool
take(struct parser *p, int c)
{
	if (peek(p) != c)
		return false;
	p->at++;
	return true;
}

static struct json *
push(struct parser *p, enum json_kind kind)
{
	static const struct json zero;
	if (p->count == p->room) {
		uint32_t room = p->room ? 2 * p->room : 64;
		void *grown =
			arena_grow(p->a, p->values, p->room * sizeof *p->values,
				(size_t)room * sizeof *p->values);
		if (grown == NULL) {
			p->bad = true;
			p->at = p->len;
			return NULL;
		}
		p->values = grown;
		p->room = room;
	}
	struct json *v = &p->values[p->count++];
	*v = zero;
	v->kind = kind;
	v->span = 1;
	return v;
}

/* Four hexadecimal digits after "\u"; -1 if they are not there. */
static int32_t
hex4(struct parser *p)
{
	int32_t v = 0;
	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		int c = p->at < p->len ? (unsigned char)p->text[p->at] : 0;
		const char *d =
			strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
		if (c == 0 || d == NULL)
			return -1;
		v = v * 16 + (int32_t)(d - digits);
		p->at++;
	}
	return v;
}

static size_t
put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(lead[n] | c);
	return n;
}

/* "\uXXXX", with its second half if it is a surrogate. */
static size_t
unicode(struct parser *p, char *out)
{
	int32_t c = hex4(p);
	if (c >= 0xd800 && c < 0xdc00 && p->at + 1 < p->len &&
		p->text[p->at] == '\\' && p->text[p->at + 1] == 'u') {
		p->at += 2;
		int32_t low = hex4(p);
		if (low < 0xdc00 || low > 0xdfff)
			c = -1;
		else
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	if (c < 0 || (c >= 0xd800 && c < 0xe000)) {
		p->bad = true;
		return 0;
	}
	return put_utf8(out, (uint32_t)c);
}

static size_t
escape(struct parser *p, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	int c = p->at < p->len ? p->text[p->at++] : 0;
	if (c == 'u')
		return unicode(p, out);
	const char *f = c ? strchr(from, c) : NULL;
	if (f == NULL) {
		p->bad = true;
		return 0;
	}
	*out = to[f - from];
	return 1;
}

static void
string(struct parser *p)
{
	size_t end = p->at;
	while (end < p->len && p->text[end] != '"')
		end += p->text[end] == '\\' ? 2 : 1;
	if (end >= p->len) {
		p->bad = true;
		return;
	}
	/* Before push: the values then stay the newest block and grow in
	 * place only seldom, but no string moves. */
	char *out = arena_alloc(p->a, end - p->at + 1);
	struct json *v = push(p, JSON_string);
	if (out == NULL || v == NULL) {
		p->bad = true;
		return;
	}
	size_t n = 0;
	while (p->at < end && !p->bad) {
		char c = p->text[p->at++];
		if (c == '\\')
			n += escape(p, out + n);
		else
			out[n++] = c;
	}
	p->at = end + 1;
	v->text = out;
	v->len = (uint32_t)n;
}

static void
number(struct parser *p)
{
	char copy[64], *end;
	size_t n = 0;
	while (n < sizeof copy - 1 && p->at + n < p->len &&
		p->text[p->at + n] != 0 &&
		strchr("+-.0123456789eE", p->text[p->at + n]) != NULL) {
		copy[n] = p->text[p->at + n];
		n++;
	}
	copy[n] = 0;
	double d = strtod(copy, &end);
	struct json *v = push(p, JSON_number);
	if (v == NULL || n == 0 || *end != 0) {
		p->bad = true;
		return;
	}
	v->number = d;
	p->at += n;
}

static void
word(struct parser *p)
{
	static const struct {
		const char *text;
		enum json_kind kind;
		double number;
	} words[] = {
		{ "null", JSON_null, 0 },
		{ "false", JSON_bool, 0 },
		{ "true", JSON_bool, 1 },
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t n = strlen(words[i].text);
		if (p->len - p->at < n ||
			memcmp(p->text + p->at, words[i].text, n) != 0)
			continue;
		struct json *v = push(p, words[i].kind);
		if (v != NULL)
			v->number = words[i].number;
		p->at += n;
		return;
	}
	number(p);
}

/* One value, or the beginning of an array or object. */
static void
value(struct parser *p)
{
	int c = peek(p);
	if (c == '"') {
		p->at++;
		string(p);
	} else if (c == '[' || c == '{') {
		p->at++;
		struct json *v = push(p, c == '[' ? JSON_array : JSON_object);
		if (v == NULL)
			return;
		v->span = p->open;
		p->open = p->count - 1;
	} else {
		word(p);
	}
}

static void
finish(struct parser *p)
{
	struct json *v = &p->values[p->open];
	uint32_t outer = v->span;
	v->span = p->count - p->open;
	p->open = outer;
}

/* The next element or pair of the open container, or its end. */
static void
element(struct parser *p)
{
	bool object = p->values[p->open].kind == JSON_object;
	if (take(p, object ? '}' : ']')) {
		finish(p);
		return;
	}
	/* A comma after a value; before the end it is let pass. */
	if (p->values[p->open].count > 0) {
		p->bad = !take(p, ',');
		if (p->bad || peek(p) == (object ? '}' : ']'))
			return;
	}
	p->values[p->open].count++;
	if (object) {
		if (!take(p, '"')) {
			p->bad = true;
			return;
		}
		string(p);
		if (p->bad || !take(p, ':')) {
			p->bad = true;
			return;
		}
	}
	value(p);
}

const struct json *
json_parse(struct arena *a, const char *text, size_t len, size_t *stop)
{
	struct parser p = { .a = a, .text = text, .len = len, .open = NONE };
	if (len > NONE / 2) /* spans are 32 bits */
		p.bad = true;
	else
		value(&p);
	while (!p.bad && p.open != NONE)
		element(&p);
	if (!p.bad && peek(&p) != 0)
		p.bad = true;
	if (stop != NULL)
		*stop = p.at;
	return p.bad ? NULL : p.values;
}

const struct json *
json_at(const struct json *v, uint32_t i)
{
	if (v == NULL || i >= v->count)
		return NULL;
	bool object = v->kind == JSON_object;
	const struct json *e = v + 1 + (object ? 1 : 0);
	for (; i > 0; i--)
		e += e->span + (object ? 1 : 0);
	return e;
}

const char *
json_key(const struct json *v, uint32_t i)
{
	if (v == NULL || v->kind != JSON_object || i >= v->count)
		return NULL;
	return (json_at(v, i) - 1)->text;
}

const struct json *
json_get(const struct json *v, const char *key)
{
	if (v == NULL || v->kind != JSON_object)
		return NULL;
	const struct json *e = v + 1;
	for (uint32_t i = 0; i < v->count; i++) {
		assert(e->kind == JSON_string && "a key is a string");
		if (strcmp(e->text, key) == 0)
			return e + 1;
		e += 1 + e[1].span;
	}
	return NULL;
}

const char *
json_get_text(const struct json *v, const char *key, const char *other)
{
	const struct json *e = json_get(v, key);
	return e != NULL && e->kind == JSON_string ? e->text : other;
}

double
json_get_number(const struct json *v, const char *key, double other)
{
	const struct json *e = json_get(v, key);
	bool is = e != NULL && (e->kind == JSON_number || e->kind == JSON_bool);
	return is ? e->number : other;
}
