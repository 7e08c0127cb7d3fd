/*
 * What the tests of WASI share: a guest without code, whose memory and calls a
 * test makes itself, in a fresh directory.
 */
#ifndef HOST_WASI_FAKE_H
#define HOST_WASI_FAKE_H

#include <check.h>
#include <stdint.h>

#include "host/wasi_errno.h"
#include "spec/engine.h"
#include "spec/store.h"

enum {
	GUEST_BYTES = 65536,
	GUEST_UNWOUND = 1000, /* what a call answers that unwinds */
	/* descriptors of the guest */
	FD_ROOT = 3,   /* top/box, "/" */
	FD_LISTEN = 4, /* a listening stream socket */
	FD_PAIR = 5,   /* one end of a pair of datagram sockets */
};

struct guest {
	struct engine engine;
	struct store *store;
	struct wasi *wasi;
	struct module module;
	struct memory memory;
	struct instance *instance;
	char top[64]; /* directory of the test; top/box is the guest's */
	int box;      /* the host's descriptor of it */
	int in, out;  /* the host's ends of the guest's pipes 0 and 1 */
	int pair;     /* the host's end of FD_PAIR */
};

extern struct guest guest;
extern _Alignas(8) uint8_t guest_memory[GUEST_BYTES];

/* Fixtures: everything above, fresh for each test. */
void
guest_setup(void);
void
guest_teardown(void);

/* Calls the function with the n arguments; its errno or GUEST_UNWOUND. */
uint32_t
guest_call(
	const char *module, const char *name, const uint64_t *args, uint32_t n);

#define ARGS(...) \
	(const uint64_t[]){ __VA_ARGS__ }, \
		sizeof((const uint64_t[]){ __VA_ARGS__ }) / 8
#define CALL(name, ...) \
	guest_call("wasi_snapshot_preview1", name, ARGS(__VA_ARGS__))
#define CALL_OLD(name, ...) guest_call("wasi_unstable", name, ARGS(__VA_ARGS__))

#define ck_errno(call, expected) \
	do { \
		uint32_t got_ = (call); \
		ck_assert_msg(got_ == (uint32_t)(expected), \
			"%s: %s (%u), expected %s", #call, \
			wasi_errno_name(got_), got_, \
			wasi_errno_name(expected)); \
	} while (0)

/* Puts text at an address of guest_memory; its length. */
uint32_t
guest_text(uint32_t at, const char *text);

/* Puts one buffer {ptr, len} at an address. */
void
guest_buffer(uint32_t at, uint32_t ptr, uint32_t len);

uint32_t
guest_u32(uint32_t at);
uint64_t
guest_u64(uint32_t at);

/* path_open beneath FD_ROOT with all rights; the errno, *fd on success. */
uint32_t
guest_open(const char *path, uint32_t oflags, uint32_t *fd);

/* Runs the tests of t, each in its own guest; what main returns. */
int
guest_run(TCase *t);

/* Milliseconds since some start. */
double
guest_clock(void);

#endif
