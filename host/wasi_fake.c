#include "host/wasi_fake.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "host/wasi.h"
#include "host/wasi_call.h"
#include "trap/error.h"

struct guest guest;
_Alignas(8) uint8_t guest_memory[GUEST_BYTES];

/* A stream socket that listens at top/socket. */
static int
open_listener(void)
{
	struct sockaddr_un a;
	memset(&a, 0, sizeof a);
	a.sun_family = AF_UNIX;
	snprintf(a.sun_path, sizeof a.sun_path, "%s/socket", guest.top);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_ge(s, 0);
	ck_assert_int_eq(bind(s, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(s, 4), 0);
	return s;
}

static void
open_wasi(void)
{
	char box[80];
	int in[2], out[2], pair[2];
	struct error error;
	error_clear(&error);
	snprintf(box, sizeof box, "%s/box", guest.top);
	ck_assert_int_eq(pipe(in), 0);
	ck_assert_int_eq(pipe(out), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	int sockets[2] = { open_listener(), pair[0] };
	struct wasi_config config = {
		.nargs = 2,
		.args = (const char *const[]){ "prog", "two words" },
		.nenv = 1,
		.env = (const char *const[]){ "A=b" },
		.npreopens = 1,
		.preopens = &(struct wasi_preopen){ box, "/" },
		.nsockets = 2,
		.sockets = sockets,
		.stdio = { in[0], out[1], -1 },
	};
	guest.wasi = wasi_new(&guest.engine.alloc, &config, &error);
	ck_assert_msg(guest.wasi != NULL, "%s", error.text);
	guest.in = in[1];
	guest.out = out[0];
	guest.pair = pair[1];
	close(in[0]);
	close(out[1]);
	close(sockets[0]);
	close(sockets[1]);
}

void
guest_setup(void)
{
	char box[80];
	memset(&guest, 0, sizeof guest);
	memset(guest_memory, 0, sizeof guest_memory);
	strcpy(guest.top, "/tmp/sheave-wasi-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(guest.top));
	snprintf(box, sizeof box, "%s/box", guest.top);
	ck_assert_int_eq(mkdir(box, 0700), 0);
	guest.box = open(box, O_RDONLY | O_DIRECTORY);
	ck_assert(engine_init(&guest.engine, &alloc_default));
	guest.store = store_new(&guest.engine, NULL);
	ck_assert_ptr_nonnull(guest.store);
	guest.module.nmemories = 1;
	guest.memory.base = guest_memory;
	guest.memory.bytes = GUEST_BYTES;
	guest.instance = calloc(1, sizeof *guest.instance);
	ck_assert_ptr_nonnull(guest.instance);
	guest.instance->store = guest.store;
	guest.instance->module = &guest.module;
	guest.instance->memory0 = &guest.memory;
	open_wasi();
}

void
guest_teardown(void)
{
	char command[128];
	store_free(guest.store);
	wasi_free(guest.wasi);
	engine_free(&guest.engine);
	free(guest.instance);
	close(guest.in);
	close(guest.out);
	close(guest.pair);
	close(guest.box);
	snprintf(command, sizeof command, "rm -rf %s", guest.top);
	ck_assert_int_eq(system(command), 0);
}

uint32_t
guest_call(
	const char *module, const char *name, const uint64_t *args, uint32_t n)
{
	union slot slots[16];
	struct name m = { module, (uint32_t)strlen(module) };
	struct name f = { name, (uint32_t)strlen(name) };
	struct func *func = wasi_func(guest.wasi, guest.store, &m, &f);
	ck_assert_msg(func != NULL, "%s", name);
	ck_assert_msg(func->param_slots == n, "%s: %u parameters", name, n);
	for (uint32_t i = 0; i < n; i++)
		slots[i].u64 = args[i];
	const struct host_func *h = func_host(func);
	enum status status =
		h->host(h->env, guest.store, guest.instance, slots);
	return status == STATUS_done ? slot_i32(slots[0]) : GUEST_UNWOUND;
}

uint32_t
guest_text(uint32_t at, const char *text)
{
	size_t n = strlen(text);
	ck_assert(at < GUEST_BYTES && n <= GUEST_BYTES - at);
	memcpy(guest_memory + at, text, n);
	return (uint32_t)n;
}

void
guest_buffer(uint32_t at, uint32_t ptr, uint32_t len)
{
	bytes_put32(guest_memory + at, ptr);
	bytes_put32(guest_memory + at + 4, len);
}

uint32_t
guest_u32(uint32_t at)
{
	return bytes_get32(guest_memory + at);
}

uint64_t
guest_u64(uint32_t at)
{
	return bytes_get64(guest_memory + at);
}

uint32_t
guest_open(const char *path, uint32_t oflags, uint32_t *fd)
{
	enum { PATH = GUEST_BYTES - 8192, OUT = GUEST_BYTES - 8 };
	uint64_t rights = RIGHT_all;
	struct stat st;
	/* what cannot be written is opened to be read */
	if ((oflags & 2) != 0 ||
		(fstatat(guest.box, path, &st, 0) == 0 && S_ISDIR(st.st_mode)))
		rights &= ~(uint64_t)(RIGHT_fd_write | RIGHT_fd_datasync |
				      RIGHT_fd_allocate |
				      RIGHT_fd_filestat_set_size);
	uint32_t error = CALL("path_open", FD_ROOT, 1, PATH,
		guest_text(PATH, path), oflags, rights, RIGHT_all, 0, OUT);
	if (error == ERRNO_success)
		*fd = guest_u32(OUT);
	return error;
}

double
guest_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int
guest_run(TCase *t)
{
	Suite *s = suite_create("wasi");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, guest_setup, guest_teardown);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
