#include "spec/bulk.h"

#include <string.h>

#include "spec/engine.h"
#include "spec/store.h"
#include "trap/unwind.h"

enum status
bulk_poll(struct store *s, uint64_t units)
{
	struct context *ctx = &s->ctx;
	if (context_interrupted(ctx))
		return raise_trap(ctx, TRAP_interrupt);
	if (!s->engine->fuel)
		return STATUS_done;
	if (ctx->fuel < 0 || (uint64_t)ctx->fuel < units) {
		ctx->fuel = 0;
		return raise_trap(ctx, TRAP_out_of_fuel);
	}
	ctx->fuel -= (int64_t)units;
	return STATUS_done;
}

enum status
bulk_move(struct store *s, void *dst, const void *src, uint64_t n, size_t size)
{
	uint8_t *to = dst;
	const uint8_t *from = src;
	bool down = (uintptr_t)dst > (uintptr_t)src;
	while (n != 0) {
		uint64_t piece = BULK_PIECE / size;
		if (piece > n)
			piece = n;
		if (bulk_poll(s, piece) != STATUS_done)
			return STATUS_unwound;
		n -= piece;
		size_t bytes = (size_t)piece * size;
		size_t at = down ? (size_t)n * size : 0;
		memmove(to + at, from + at, bytes);
		if (!down) {
			to += bytes;
			from += bytes;
		}
	}
	return STATUS_done;
}
