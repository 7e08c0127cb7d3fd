/*
 * Counts the words of standard input and prints the most frequent ones, as many
 * as the first argument says (10).  Plain C11: the same file compiles natively
 * and to WebAssembly, and both must print the same.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
	char *text;
	uint32_t hash;
	unsigned count;
};

/* Open addressing; capacity is a power of two, at most half full. */
struct table {
	struct word *words;
	size_t capacity, used;
};

/* FNV-1a */
static uint32_t
hash_of(const char *s)
{
	uint32_t h = 2166136261u;
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

/* Where s is, or would be. */
static struct word *
table_find(struct table *t, const char *s, uint32_t hash)
{
	size_t i = hash & (t->capacity - 1);
	while (t->words[i].text &&
		(t->words[i].hash != hash || strcmp(t->words[i].text, s) != 0))
		i = (i + 1) & (t->capacity - 1);
	return &t->words[i];
}

static void *
must(void *p)
{
	if (!p) {
		fputs("words: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

static void
table_grow(struct table *t)
{
	struct table bigger = { NULL, t->capacity ? 2 * t->capacity : 64,
		t->used };
	bigger.words = must(calloc(bigger.capacity, sizeof *bigger.words));
	for (size_t i = 0; i < t->capacity; i++)
		if (t->words[i].text)
			*table_find(&bigger, t->words[i].text,
				t->words[i].hash) = t->words[i];
	free(t->words);
	*t = bigger;
}

static void
table_count(struct table *t, const char *s)
{
	if (2 * t->used >= t->capacity)
		table_grow(t);
	uint32_t hash = hash_of(s);
	struct word *w = table_find(t, s, hash);
	if (!w->text) {
		size_t bytes = strlen(s) + 1;
		w->text = memcpy(must(malloc(bytes)), s, bytes);
		w->hash = hash;
		t->used++;
	}
	w->count++;
}

/* Reads the next run of letters, in lower case; false at the end of input. */
static int
next_word(char *out, size_t bytes)
{
	size_t n = 0;
	int c;
	while ((c = getchar()) != EOF && !isalpha(c))
		;
	for (; c != EOF && isalpha(c); c = getchar())
		if (n + 1 < bytes)
			out[n++] = (char)tolower(c);
	out[n] = '\0';
	return n > 0;
}

/* Most frequent first, then by the alphabet; empty places last. */
static int
compare(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->text && y->text ? strcmp(x->text, y->text) : 0;
}

int
main(int argc, char **argv)
{
	struct table t = { NULL, 0, 0 };
	unsigned long total = 0;
	size_t show = argc > 1 ? strtoul(argv[1], NULL, 10) : 10;
	char word[64];

	for (; next_word(word, sizeof word); total++)
		table_count(&t, word);
	printf("%lu words, %zu of them different\n", total, t.used);
	if (t.words)
		qsort(t.words, t.capacity, sizeof *t.words, compare);
	for (size_t i = 0; i < show && i < t.used; i++)
		printf("%7u %s\n", t.words[i].count, t.words[i].text);
	for (size_t i = 0; i < t.used; i++)
		free(t.words[i].text);
	free(t.words);
	return 0;
}
