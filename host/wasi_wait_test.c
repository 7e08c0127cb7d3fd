/*
 * Calls that may wait: pipes, poll_oneoff and sockets; and that an interrupt
 * ends each.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "host/wasi.h"
#include "host/wasi_call.h"
#include "host/wasi_fake.h"
#include "trap/error.h"

enum { IOV = 4096, DATA = 8192, OUT = 64, SUBS = 1024, EVENTS = 16384 };

enum { CLOCK, READ, WRITE }; /* a subscription's tag */

static void
rest(long ms)
{
	struct timespec t = { 0, ms * 1000000 };
	nanosleep(&t, NULL);
}

START_TEST(a_pipe_is_read_as_it_comes)
{
	guest_buffer(IOV, DATA, 2);
	guest_buffer(IOV + 8, DATA + 2, 100);
	ck_assert_int_eq(write(guest.in, "hello", 5), 5);
	ck_errno(CALL("fd_read", 0, IOV, 2, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 5);
	ck_assert_mem_eq(guest_memory + DATA, "hello", 5);
	close(guest.in);
	ck_errno(CALL("fd_read", 0, IOV, 2, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 0);
	guest.in = open("/dev/null", O_RDONLY);
}
END_TEST

START_TEST(nonblocking_pipes_answer_again)
{
	uint64_t all = 0;
	guest_buffer(IOV, DATA, 30000);
	ck_errno(CALL("fd_fdstat_set_flags", 0, FDFLAGS_nonblock),
		ERRNO_success);
	ck_errno(CALL("fd_read", 0, IOV, 1, OUT), ERRNO_again);
	ck_errno(CALL("fd_fdstat_set_flags", 1, FDFLAGS_nonblock),
		ERRNO_success);
	while (CALL("fd_write", 1, IOV, 1, OUT) == ERRNO_success)
		all += guest_u32(OUT);
	ck_errno(CALL("fd_write", 1, IOV, 1, OUT), ERRNO_again);
	ck_assert_uint_ge(all, 4096);
	/* the host's own pipe is as it was */
	ck_assert_int_eq(fcntl(guest.in, F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

struct reader {
	int fd;
	size_t bytes;
};

static void *
read_all(void *arg)
{
	struct reader *r = arg;
	static char buffer[5000];
	ssize_t n;
	while ((n = read(r->fd, buffer, sizeof buffer)) > 0) {
		r->bytes += (size_t)n;
		rest(1);
	}
	return NULL;
}

START_TEST(a_large_write_goes_through_a_small_pipe)
{
	struct reader r = { guest.out, 0 };
	pthread_t thread;
	for (int i = 0; i < 20; i++)
		guest_buffer(IOV + 8 * i, DATA, 20000);
	ck_assert_int_eq(pthread_create(&thread, NULL, read_all, &r), 0);
	ck_errno(CALL("fd_write", 1, IOV, 20, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 400000);
	ck_errno(CALL("fd_close", 1), ERRNO_success);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(r.bytes, 400000);
}
END_TEST

static void
subscribe_clock(uint32_t i, uint32_t clock, uint64_t timeout, uint32_t flags)
{
	uint8_t *p = guest_memory + SUBS + 48 * i;
	memset(p, 0, 48);
	bytes_put64(p, 100 + i);
	bytes_put32(p + 16, clock);
	bytes_put64(p + 24, timeout);
	bytes_put32(p + 40, flags);
}

static void
subscribe_fd(uint32_t i, uint8_t tag, uint32_t fd)
{
	uint8_t *p = guest_memory + SUBS + 48 * i;
	memset(p, 0, 48);
	bytes_put64(p, 100 + i);
	p[8] = tag;
	bytes_put32(p + 16, fd);
}

static uint32_t
poll_all(uint32_t n)
{
	memset(guest_memory + EVENTS, 0xee, (size_t)32 * n);
	return CALL("poll_oneoff", SUBS, EVENTS, n, OUT);
}

/* Event i is of subscription sub. */
static void
expect_event(uint32_t i, uint32_t sub, uint8_t type, enum wasi_errno error)
{
	uint32_t at = EVENTS + 32 * i;
	ck_assert_uint_eq(guest_u64(at), 100 + sub);
	ck_assert_uint_eq(guest_memory[at + 8], error);
	ck_assert_uint_eq(guest_memory[at + 10], type);
}

START_TEST(clocks_end_a_wait_in_time)
{
	static const struct {
		uint32_t clock, flags;
		bool past;
	} cases[] = { { 0, 0, false }, { 1, 0, false }, { 0, 1, false },
		{ 1, 1, false }, { 0, 1, true }, { 1, 1, true }, { 2, 1, true },
		{ 3, 1, true } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t now = 0, wait = cases[i].past ? 0 : 30000000;
		wasi_clock(cases[i].clock, &now);
		subscribe_clock(0, cases[i].clock,
			(cases[i].flags ? now : 0) + wait, cases[i].flags);
		double start = guest_clock();
		ck_errno(poll_all(1), ERRNO_success);
		double ms = guest_clock() - start;
		ck_assert_uint_eq(guest_u32(OUT), 1);
		expect_event(0, 0, CLOCK, ERRNO_success);
		ck_assert_msg(ms >= (cases[i].past ? 0 : 29), "%f", ms);
	}
}
END_TEST

START_TEST(the_old_layout_has_its_own_clock)
{
	uint8_t *p = guest_memory + SUBS;
	memset(p, 0, 56);
	bytes_put64(p, 77);
	bytes_put64(p + 16, 99); /* identifier */
	bytes_put32(p + 24, 1);
	bytes_put64(p + 32, 1000);
	ck_errno(CALL_OLD("poll_oneoff", SUBS, EVENTS, 1, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u64(EVENTS), 77);
	ck_assert_uint_eq(guest_memory[EVENTS + 8], 0);
}
END_TEST

START_TEST(what_cannot_be_waited_for_is_an_event_at_once)
{
	subscribe_clock(0, 9, 1, 0);
	subscribe_fd(1, READ, 99);
	subscribe_fd(2, READ, 1);
	subscribe_clock(3, 1, UINT64_MAX, 0);
	ck_errno(poll_all(4), ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 3);
	expect_event(0, 0, CLOCK, ERRNO_inval);
	expect_event(1, 1, READ, ERRNO_badf);
	expect_event(2, 2, READ, ERRNO_notcapable);
	subscribe_fd(0, 3, 0);
	ck_errno(poll_all(1), ERRNO_inval);
	ck_errno(poll_all(0), ERRNO_inval);
}
END_TEST

START_TEST(descriptors_end_a_wait_when_ready)
{
	uint32_t fd;
	ck_errno(guest_open("f", 1, &fd), ERRNO_success);
	subscribe_fd(0, READ, 0);
	subscribe_fd(1, WRITE, 1);
	subscribe_clock(2, 1, 1000000000, 0);
	ck_errno(poll_all(3), ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 1);
	expect_event(0, 1, WRITE, ERRNO_success);
	ck_assert_int_eq(write(guest.in, "abc", 3), 3);
	subscribe_fd(1, READ, fd);
	ck_errno(poll_all(3), ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 2);
	expect_event(0, 0, READ, ERRNO_success);
	ck_assert_uint_eq(guest_u64(EVENTS + 16), 3);
	expect_event(1, 1, READ, ERRNO_success);
	ck_assert_uint_eq(guest_u64(EVENTS + 32 + 16), 0);
}
END_TEST

START_TEST(a_closed_pipe_hangs_up)
{
	close(guest.in);
	subscribe_fd(0, READ, 0);
	ck_errno(poll_all(1), ERRNO_success);
	expect_event(0, 0, READ, ERRNO_success);
	ck_assert_uint_eq(guest_memory[EVENTS + 24], 1);
	guest.in = open("/dev/null", O_RDONLY);
}
END_TEST

/* Stops the guest after 50 ms. */
static void *
stop(void *arg)
{
	(void)arg;
	rest(50);
	guest.store->ctx.interrupt = 1;
	return NULL;
}

START_TEST(an_interrupt_ends_every_wait)
{
	guest_buffer(IOV, DATA, 20000);
	for (int i = 0; i < 8; i++) {
		pthread_t thread;
		uint32_t got = 0;
		guest.store->ctx.interrupt = 0;
		subscribe_fd(0, READ, 0);
		subscribe_clock(1, 1, UINT64_MAX, 0);
		ck_assert_int_eq(pthread_create(&thread, NULL, stop, NULL), 0);
		double start = guest_clock();
		switch (i) {
		case 0:
			got = CALL("fd_read", 0, IOV, 1, OUT);
			break;
		case 1:
			do
				got = CALL("fd_write", 1, IOV, 1, OUT);
			while (got == ERRNO_success);
			break;
		case 2:
			got = CALL("poll_oneoff", SUBS, EVENTS, 2, OUT);
			break;
		case 3:
			got = CALL("poll_oneoff", SUBS + 48, EVENTS, 1, OUT);
			break;
		case 4:
			got = CALL("sock_accept", FD_LISTEN, 0, OUT);
			break;
		case 5:
			got = CALL(
				"sock_recv", FD_PAIR, IOV, 1, 0, OUT, OUT + 4);
			break;
		case 6:
			do
				got = CALL(
					"sock_send", FD_PAIR, IOV, 1, 0, OUT);
			while (got == ERRNO_success);
			break;
		case 7:
			got = CALL("fd_read", FD_PAIR, IOV, 1, OUT);
			break;
		}
		double ms = guest_clock() - start;
		pthread_join(thread, NULL);
		ck_assert_msg(got == GUEST_UNWOUND, "%d: %u", i, got);
		ck_assert_int_eq(guest.store->ctx.pending.kind, UNWIND_trap);
		ck_assert_int_eq(guest.store->ctx.pending.trap, TRAP_interrupt);
		ck_assert_msg(ms < 250, "%d: %f ms", i, ms);
	}
}
END_TEST

/* Another thread of the guest: closes number 0 and may use it again. */
struct closer {
	bool again;
	uint32_t closed, opened, fd;
};

static void *
close_soon(void *arg)
{
	struct closer *c = arg;
	rest(50);
	c->closed = CALL("fd_close", 0);
	if (c->again)
		c->opened = guest_open("file", 1, &c->fd);
	return NULL;
}

/* Number 0 is a pipe, then the listener, then a socket, all of them silent. */
START_TEST(what_is_closed_meanwhile_is_not_waited_for)
{
	static const uint32_t next[] = { FD_LISTEN, FD_PAIR };
	for (int i = 0; i < 3; i++) {
		struct closer c = { .again = i != 1, .fd = 99 };
		pthread_t thread;
		guest_buffer(IOV, DATA, 100);
		subscribe_fd(0, READ, 0);
		ck_assert_int_eq(
			pthread_create(&thread, NULL, close_soon, &c), 0);
		if (i == 1)
			ck_errno(CALL("poll_oneoff", SUBS, EVENTS, 1, OUT),
				ERRNO_success);
		else
			ck_errno(CALL("fd_read", 0, IOV, 1, OUT), ERRNO_badf);
		pthread_join(thread, NULL);
		ck_errno(c.closed, ERRNO_success);
		ck_errno(c.opened, ERRNO_success);
		ck_assert_uint_eq(c.fd, c.again ? 0 : 99);
		if (i == 1) {
			expect_event(0, 0, READ, ERRNO_badf);
			ck_errno(guest_open("file", 1, &c.fd), ERRNO_success);
		}
		if (i < 2)
			ck_errno(
				CALL("fd_renumber", next[i], 0), ERRNO_success);
	}
}
END_TEST

/* The host's end of a connection to the guest's listener. */
static int
connect_host(void)
{
	struct sockaddr_un a;
	memset(&a, 0, sizeof a);
	a.sun_family = AF_UNIX;
	snprintf(a.sun_path, sizeof a.sun_path, "%s/socket", guest.top);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(s, (struct sockaddr *)&a, sizeof a), 0);
	return s;
}

START_TEST(a_connection_is_accepted_and_used)
{
	char text[16] = "";
	ck_errno(CALL("fd_fdstat_set_flags", FD_LISTEN, FDFLAGS_nonblock),
		ERRNO_success);
	ck_errno(CALL("sock_accept", FD_LISTEN, 0, OUT), ERRNO_again);
	int s = connect_host();
	ck_errno(CALL("sock_accept", FD_LISTEN, 32, OUT), ERRNO_inval);
	ck_errno(CALL("sock_accept", FD_LISTEN, 0, OUT), ERRNO_success);
	uint32_t fd = guest_u32(OUT);
	ck_errno(CALL("fd_fdstat_get", fd, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_memory[OUT], FILETYPE_socket_stream);
	guest_buffer(IOV, DATA, 3);
	guest_buffer(IOV + 8, DATA + 3, 3);
	ck_assert_int_eq(send(s, "abcdefgh", 8, 0), 8);
	ck_errno(CALL("sock_recv", fd, IOV, 2, 1, OUT, OUT + 4), ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 6);
	ck_assert_mem_eq(guest_memory + DATA, "abcdef", 6);
	ck_errno(CALL("sock_recv", fd, IOV, 2, 0, OUT, OUT + 4), ERRNO_success);
	ck_assert_mem_eq(guest_memory + DATA, "abcdef", 6); /* was peeked at */
	ck_errno(CALL("fd_read", fd, IOV, 2, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 2);
	ck_errno(CALL("sock_send", fd, IOV, 2, 0, OUT), ERRNO_success);
	ck_assert_int_eq(recv(s, text, 15, 0), 6);
	ck_errno(CALL("sock_send", fd, IOV, 2, 1, OUT), ERRNO_inval);
	ck_errno(CALL("sock_recv", fd, IOV, 2, 4, OUT, OUT + 4), ERRNO_inval);
	ck_errno(CALL("sock_shutdown", fd, 0), ERRNO_inval);
	ck_errno(CALL("sock_shutdown", fd, 4), ERRNO_inval);
	ck_errno(CALL("sock_shutdown", fd, 2), ERRNO_success);
	ck_assert_int_eq(recv(s, text, 15, 0), 0);
	ck_errno(CALL("fd_write", fd, IOV, 2, OUT), ERRNO_pipe);
	close(s);
	ck_errno(CALL("sock_recv", fd, IOV, 2, 0, OUT, OUT + 4), ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 0);
}
END_TEST

static void *
send_slowly(void *arg)
{
	int s = *(int *)arg;
	for (int i = 0; i < 6; i++) {
		ck_assert_int_eq(send(s, &"abcdef"[i], 1, 0), 1);
		rest(5);
	}
	return NULL;
}

START_TEST(waitall_waits_for_all)
{
	pthread_t thread;
	int s = connect_host();
	ck_errno(CALL("sock_accept", FD_LISTEN, 0, OUT), ERRNO_success);
	uint32_t fd = guest_u32(OUT);
	guest_buffer(IOV, DATA, 2);
	guest_buffer(IOV + 8, DATA + 2, 4);
	ck_assert_int_eq(pthread_create(&thread, NULL, send_slowly, &s), 0);
	ck_errno(CALL("sock_recv", fd, IOV, 2, 2, OUT, OUT + 4), ERRNO_success);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(guest_u32(OUT), 6);
	ck_assert_mem_eq(guest_memory + DATA, "abcdef", 6);
	close(s);
}
END_TEST

START_TEST(a_datagram_that_does_not_fit_is_cut)
{
	guest_buffer(IOV, DATA, 3);
	ck_assert_int_eq(send(guest.pair, "abcdef", 6, 0), 6);
	ck_assert_int_eq(send(guest.pair, "xy", 2, 0), 2);
	ck_errno(CALL("sock_recv", FD_PAIR, IOV, 1, 0, OUT, OUT + 4),
		ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 3);
	ck_assert_uint_eq(guest_memory[OUT + 4], 1);
	ck_errno(CALL("sock_recv", FD_PAIR, IOV, 1, 0, OUT, OUT + 4),
		ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 2);
	ck_assert_uint_eq(guest_memory[OUT + 4], 0);
}
END_TEST

/* Fails at the n-th allocation. */
static void *
fail_at(void *user, void *old, size_t old_bytes, size_t new_bytes)
{
	int *left = user;
	if (new_bytes > old_bytes && (*left)-- <= 0)
		return NULL;
	return alloc_default.resize(NULL, old, old_bytes, new_bytes);
}

START_TEST(without_memory_there_is_an_error)
{
	static const char *args[400];
	static const struct wasi_preopen dirs[20];
	struct wasi_preopen at[20];
	memcpy(at, dirs, sizeof at);
	for (int i = 0; i < 400; i++)
		args[i] = "an argument of some length";
	for (int i = 0; i < 20; i++)
		at[i] = (struct wasi_preopen){ guest.top, "/a/longer/name" };
	int failures = 0;
	for (int n = 0;; n++) {
		int left = n;
		struct allocator al = { fail_at, &left };
		struct error error;
		error_clear(&error);
		struct wasi_config config = { .nargs = 400,
			.args = args,
			.npreopens = 20,
			.preopens = at,
			.stdio = { -1, -1, -1 } };
		struct wasi *w = wasi_new(&al, &config, &error);
		if (w != NULL) {
			wasi_free(w);
			break;
		}
		ck_assert_int_eq(error.kind, ERROR_memory);
		failures++;
	}
	ck_assert_int_ge(failures, 2);
}
END_TEST

START_TEST(a_missing_directory_is_named)
{
	struct error error;
	error_clear(&error);
	struct wasi_config config = { .npreopens = 1,
		.preopens = &(struct wasi_preopen){ "/no/such", "/" },
		.stdio = { 0, 1, 2 } };
	ck_assert_ptr_null(wasi_new(&alloc_default, &config, &error));
	ck_assert_int_eq(error.kind, ERROR_host);
	ck_assert_ptr_nonnull(strstr(error.text, "/no/such"));
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("wait");
	tcase_add_test(t, a_pipe_is_read_as_it_comes);
	tcase_add_test(t, nonblocking_pipes_answer_again);
	tcase_add_test(t, a_large_write_goes_through_a_small_pipe);
	tcase_add_test(t, clocks_end_a_wait_in_time);
	tcase_add_test(t, the_old_layout_has_its_own_clock);
	tcase_add_test(t, what_cannot_be_waited_for_is_an_event_at_once);
	tcase_add_test(t, descriptors_end_a_wait_when_ready);
	tcase_add_test(t, a_closed_pipe_hangs_up);
	tcase_add_test(t, an_interrupt_ends_every_wait);
	tcase_add_test(t, what_is_closed_meanwhile_is_not_waited_for);
	tcase_add_test(t, a_connection_is_accepted_and_used);
	tcase_add_test(t, waitall_waits_for_all);
	tcase_add_test(t, a_datagram_that_does_not_fit_is_cut);
	tcase_add_test(t, without_memory_there_is_an_error);
	tcase_add_test(t, a_missing_directory_is_named);
	return guest_run(t);
}
