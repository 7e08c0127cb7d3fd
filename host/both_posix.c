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

bool
both_run(void (*run)(void *arg), void *a, void *b)
{
	struct one all[2] = { { .run = run, .arg = a },
		{ .run = run, .arg = b } };
	pthread_attr_t attributes;
	int n = 0;
	if (pthread_attr_init(&attributes) != 0)
		return false;
	pthread_attr_setstacksize(&attributes, BOTH_STACK);
	while (n < 2 &&
		pthread_create(&all[n].self, &attributes, start, &all[n]) == 0)
		n++;
	pthread_attr_destroy(&attributes);
	if (n == 1)
		run(b);
	for (int i = 0; i < n; i++)
		pthread_join(all[i].self, NULL);
	return n != 0;
}
