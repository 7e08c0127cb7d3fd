#include "host/both.h"

#include <pthread.h>
#include <stddef.h>

struct one {
	void (*run)(void *arg);
	void *arg;
	pthread_t self;
};

static void *
start(void *arg)
{
	struct one *o = arg;
	o->run(o->arg);
	return NULL;
}

/* Starts the first n of all; how many there are. */
static int
start_all(struct one *all, int n)
{
	pthread_attr_t attributes;
	int i = 0;
	if (pthread_attr_init(&attributes) != 0)
		return 0;
	pthread_attr_setstacksize(&attributes, BOTH_STACK);
	while (i < n &&
		pthread_create(&all[i].self, &attributes, start, &all[i]) == 0)
		i++;
	pthread_attr_destroy(&attributes);
	return i;
}

bool
both_run(void (*run)(void *arg), void *a, void *b)
{
	struct one all[2] = { { .run = run, .arg = a },
		{ .run = run, .arg = b } };
	int n = start_all(all, 2);
	if (n == 1)
		run(b);
	for (int i = 0; i < n; i++)
		pthread_join(all[i].self, NULL);
	return n != 0;
}

bool
both_run_one(void (*run)(void *arg), void *arg)
{
	struct one one = { .run = run, .arg = arg };
	if (start_all(&one, 1) == 0)
		return false;
	pthread_join(one.self, NULL);
	return true;
}
