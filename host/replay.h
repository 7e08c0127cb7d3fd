/*
 * One outside for two runs.  The first run's host calls are made; what they
 * were given, what they answered and what they did to the guest's memory is
 * recorded.  The second run's are compared with the record and answered from
 * it.  Of WASI everything is recorded (wasi_watch); another host function may
 * not touch the memory.
 *
 *
 * The stream, in units:
 *   REPLAY_call, import | struct replay_call | arguments, results: slots |
 *                       text of a failure | ranges, each with its new bytes
 *   REPLAY_point, offset | slots: see host/lockstep.h
 */
#ifndef HOST_REPLAY_H
#define HOST_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "host/stream.h"
#include "spec/store.h"
#include "spec/twin.h"

enum replay_kind { REPLAY_call, REPLAY_point };

struct replay_unit {
	uint32_t kind;
	uint32_t at; /* index of the import; offset in the module */
};

struct replay_call {
	uint32_t offset; /* in the module, of the call */
	uint32_t nranges;
	uint8_t status;	 /* enum status */
	uint8_t unwound; /* enum unwind_kind, with what belongs to it: */
	uint8_t trap;
	int32_t exit_code; /* of UNWIND_host the text follows */
};

/* A piece of the first memory that the call looked at, in order. */
struct replay_range {
	uint32_t ptr, len;
	uint64_t before;  /* hash of its bytes */
	uint32_t written; /* it has other bytes now, which follow */
};

/* An import as one of the two runs has it: the environment of its function. */
struct replay_import {
	struct replay *replay;
	uint32_t index;
	struct func *real; /* what the import stands for; the first run's */
};

struct replay {
	struct stream stream;
	struct twin *twin;	     /* of the reading thread */
	const struct module *module; /* the first run's, for names */
	struct arena arena;	     /* of the writing thread: ranges */
	struct replay_range *ranges;
	uint32_t nranges, room;
	struct instance *caller; /* of the call that is recorded */
	uint64_t calls;		 /* compared so far */
	uint64_t points;	 /* the same (host/lockstep.h) */
	bool stopped;		 /* the first run could not go on */
	bool exhausted; /* set before the stream's end: of the first run its
			   stack, or the stream */
};

/* False when out of memory.  alone: see host/stream.h. */
bool
replay_open(struct replay *r, struct twin *t, const struct allocator *al,
	bool alone);
void
replay_close(struct replay *r);

/* For wasi_watch, with the replay as its environment. */
void
replay_watch(void *env, uint32_t ptr, uint32_t len);

/* Host functions whose environment is a struct replay_import. */
host_fn replay_record, replay_answer;

/*
 * The stream is at its end, which is a difference unless the first run's stack
 * was exhausted; `what` is what the reader has there.
 */
void
replay_missing(struct replay *r, const char *what);

/* The writer's: nobody reads any more, so that its guest is to stop. */
enum status
replay_abandon(struct replay *r, struct store *s);

/*
 * The reader has met a difference, or something that cannot be compared: stops
 * the writer, and the reader's guest too.
 */
enum status
replay_stop(struct replay *r, struct store *s);

#endif
