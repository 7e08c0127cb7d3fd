/*
 * Calls as such: names and types, pointers, arguments, rights, the process.
 */
#include <string.h>

#include "host/wasi.h"
#include "host/wasi_call.h"
#include "host/wasi_fake.h"
#include "trap/unwind.h"

static struct func *
find(const char *module, const char *field)
{
	struct name m = { module, (uint32_t)strlen(module) };
	struct name f = { field, (uint32_t)strlen(field) };
	return wasi_func(guest.wasi, guest.store, &m, &f);
}

START_TEST(every_function_resolves_under_both_names)
{
	static const char *const names[] = {
#define WASI(name, params, fd, rights) #name,
#include "host/wasi.def"
	};
	ck_assert_int_eq(WASI_count, 46);
	for (int i = 0; i < WASI_count; i++) {
		bool exit = i == WASI_proc_exit;
		struct func *f = find("wasi_snapshot_preview1", names[i]);
		ck_assert_msg(f != NULL, "%s", names[i]);
		ck_assert_uint_eq(f->result_slots, exit ? 0 : 1);
		ck_assert_ptr_nonnull(find("wasi_unstable", names[i]));
	}
	ck_assert_ptr_null(find("wasi_snapshot_preview1", "fd_reads"));
	ck_assert_ptr_null(find("wasi_snapshot_preview1", "fd_rea"));
	ck_assert_ptr_null(find("wasi_snapshot_preview2", "fd_read"));
	ck_assert_ptr_null(find("env", "fd_read"));
}
END_TEST

START_TEST(the_type_of_a_function_is_its_rows)
{
	struct func *f = find("wasi_snapshot_preview1", "path_open");
	const struct functype *t =
		&typespace_get(guest.engine.types, f->type)->func;
	ck_assert_uint_eq(t->nparams, 9);
	ck_assert_uint_eq(t->params[4], VT_I32);
	ck_assert_uint_eq(t->params[5], VT_I64);
	ck_assert_uint_eq(t->results[0], VT_I32);
}
END_TEST

START_TEST(arguments_and_environment_are_laid_out)
{
	ck_errno(CALL("args_sizes_get", 0, 4), ERRNO_success);
	ck_assert_uint_eq(guest_u32(0), 2);
	ck_assert_uint_eq(guest_u32(4), 15);
	ck_errno(CALL("args_get", 16, 101), ERRNO_success);
	ck_assert_uint_eq(guest_u32(16), 101);
	ck_assert_uint_eq(guest_u32(20), 106);
	ck_assert_mem_eq(guest_memory + 101, "prog\0two words\0", 15);
	ck_errno(CALL("environ_sizes_get", 0, 4), ERRNO_success);
	ck_assert_uint_eq(guest_u32(0), 1);
	ck_assert_uint_eq(guest_u32(4), 4);
	ck_errno(CALL("environ_get", 16, 200), ERRNO_success);
	ck_assert_mem_eq(guest_memory + 200, "A=b\0", 4);
}
END_TEST

/* A pointer beyond memory is EFAULT, and nothing has happened. */
START_TEST(pointers_beyond_memory_fault)
{
	static const uint32_t bad[] = { GUEST_BYTES, 0x80000000, 0xfffffff8 };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		uint64_t at = bad[i];
		ck_errno(CALL("clock_time_get", 0, 0, at), ERRNO_fault);
		ck_errno(CALL("fd_fdstat_get", 0, at), ERRNO_fault);
		ck_errno(CALL("fd_filestat_get", 3, at), ERRNO_fault);
		ck_errno(CALL("random_get", at, 8), ERRNO_fault);
		ck_errno(CALL("fd_write", 1, at, 1, 0), ERRNO_fault);
		ck_errno(CALL("args_get", at, 0), ERRNO_fault);
		ck_errno(CALL("args_get", 0, at), ERRNO_fault);
		ck_errno(CALL("path_create_directory", 3, at, 8), ERRNO_fault);
		ck_errno(CALL("poll_oneoff", at, 0, 1, 0), ERRNO_fault);
		ck_errno(CALL("poll_oneoff", 0, at, 1, 0), ERRNO_fault);
		ck_errno(CALL("fd_readdir", 3, at, 8, 0, 0), ERRNO_fault);
		ck_errno(
			CALL("fd_prestat_dir_name", 3, at + 7, 1), ERRNO_fault);
	}
	ck_errno(CALL("random_get", GUEST_BYTES - 4, 5), ERRNO_fault);
	ck_errno(CALL("fd_filestat_get", 3, GUEST_BYTES - 56), ERRNO_fault);
	ck_errno(CALL("random_get", 16, UINT32_MAX), ERRNO_fault);
	ck_errno(CALL("fd_write", 1, 0, UINT32_MAX, 0), ERRNO_fault);
	ck_errno(CALL("fd_write", 1, 0, 0x20000001, 0), ERRNO_fault);
	ck_errno(CALL("poll_oneoff", 0, 0, UINT32_MAX, 0), ERRNO_fault);
	ck_errno(CALL("random_get", GUEST_BYTES, 0), ERRNO_success);
	ck_errno(CALL("random_get", GUEST_BYTES + 1, 0), ERRNO_fault);
}
END_TEST

START_TEST(a_misaligned_pointer_traps)
{
	ck_errno(CALL("fd_write", 1, 2, 1, 8), GUEST_UNWOUND);
	ck_assert_int_eq(guest.store->ctx.pending.kind, UNWIND_host);
	ck_assert_str_eq(
		guest.store->ctx.pending.text, "Pointer not aligned to 4: 0x2");
	ck_errno(CALL("fd_filestat_get", 3, 12), GUEST_UNWOUND);
	ck_assert_str_eq(
		guest.store->ctx.pending.text, "Pointer not aligned to 8: 0xc");
	ck_errno(CALL("poll_oneoff", 4, 0, 1, 0), GUEST_UNWOUND);
	ck_errno(CALL("args_sizes_get", 0, 1), GUEST_UNWOUND);
	ck_errno(CALL("random_get", 3, 5), ERRNO_success);
}
END_TEST

START_TEST(a_module_without_memory_can_pass_no_pointers)
{
	guest.module.nmemories = 0;
	ck_errno(guest_call("wasi_snapshot_preview1", "sched_yield", NULL, 0),
		ERRNO_success);
	ck_errno(CALL("fd_close", 2), ERRNO_success);
	ck_errno(CALL("random_get", 0, 0), GUEST_UNWOUND);
	ck_assert_str_eq(guest.store->ctx.pending.text,
		"missing required memory export");
}
END_TEST

START_TEST(exit_unwinds_with_the_code)
{
	struct pending *p = &guest.store->ctx.pending;
	ck_errno(CALL("proc_exit", 123), GUEST_UNWOUND);
	ck_assert_int_eq(p->kind, UNWIND_exit);
	ck_assert_int_eq(p->exit_code, 123);
}
END_TEST

START_TEST(a_raised_signal_ends_the_guest_alone)
{
	struct pending *p = &guest.store->ctx.pending;
	ck_errno(CALL("proc_raise", 0), ERRNO_success);
	ck_errno(CALL("proc_raise", 16), ERRNO_success); /* chld */
	ck_errno(CALL("proc_raise", 18), ERRNO_notsup);	 /* stop */
	ck_errno(CALL("proc_raise", 31), ERRNO_inval);
	ck_errno(CALL("proc_raise", 9), GUEST_UNWOUND);
	ck_assert_int_eq(p->kind, UNWIND_exit);
	ck_assert_int_eq(p->exit_code, 128 + 9);
}
END_TEST

START_TEST(clocks_go_forward)
{
	for (uint64_t id = 0; id < 4; id++) {
		ck_errno(CALL("clock_res_get", id, 0), ERRNO_success);
		ck_assert_uint_gt(guest_u64(0), 0);
		ck_errno(CALL("clock_time_get", id, 0, 8), ERRNO_success);
		ck_errno(CALL("clock_time_get", id, 0, 16), ERRNO_success);
		ck_assert_uint_ge(guest_u64(16), guest_u64(8));
	}
	ck_errno(CALL("clock_res_get", 4, 0), ERRNO_inval);
	ck_errno(CALL("clock_time_get", UINT32_MAX, 0, 0), ERRNO_inval);
}
END_TEST

START_TEST(random_bytes_differ)
{
	ck_errno(CALL("random_get", 0, 1000), ERRNO_success);
	ck_errno(CALL("random_get", 1000, 1000), ERRNO_success);
	ck_assert_mem_ne(guest_memory, guest_memory + 1000, 1000);
	ck_assert_mem_ne(guest_memory, guest_memory + 256, 256);
	ck_assert_uint_eq(guest_memory[2000], 0);
}
END_TEST

START_TEST(unknown_descriptors_are_bad)
{
	static const uint64_t bad[] = { 6, 100, INT32_MAX, UINT32_MAX };
	for (int i = 0; i < 4; i++) {
		ck_errno(CALL("fd_close", bad[i]), ERRNO_badf);
		ck_errno(CALL("fd_fdstat_get", bad[i], 0), ERRNO_badf);
		ck_errno(CALL("fd_prestat_get", bad[i], 0), ERRNO_badf);
		ck_errno(CALL("sock_shutdown", bad[i], 3), ERRNO_badf);
		ck_errno(CALL("fd_renumber", 1, bad[i]), ERRNO_badf);
		ck_errno(CALL("fd_renumber", bad[i], 1), ERRNO_badf);
	}
	ck_errno(CALL("fd_prestat_get", 1, 0), ERRNO_badf);
	ck_errno(CALL("fd_close", 2), ERRNO_success);
	ck_errno(CALL("fd_close", 2), ERRNO_badf);
}
END_TEST

START_TEST(preopens_tell_their_names)
{
	ck_errno(CALL("fd_prestat_get", FD_ROOT, 0), ERRNO_success);
	ck_assert_uint_eq(guest_u32(0), 0);
	ck_assert_uint_eq(guest_u32(4), 1);
	ck_errno(CALL("fd_prestat_dir_name", FD_ROOT, 8, 0), ERRNO_nametoolong);
	ck_errno(CALL("fd_prestat_dir_name", FD_ROOT, 8, 1), ERRNO_success);
	ck_assert_uint_eq(guest_memory[8], '/');
	ck_errno(CALL("fd_prestat_dir_name", FD_ROOT, 16, 9), ERRNO_success);
	ck_assert_mem_eq(guest_memory + 16, "/\0", 2);
}
END_TEST

START_TEST(rights_can_only_be_given_up)
{
	uint32_t fd;
	ck_errno(guest_open("f", 1, &fd), ERRNO_success);
	guest_buffer(0, 100, 4);
	ck_errno(CALL("fd_write", fd, 0, 1, 8), ERRNO_success);
	ck_errno(CALL("fd_fdstat_set_rights", fd, RIGHT_fd_read, 0),
		ERRNO_success);
	ck_errno(CALL("fd_write", fd, 0, 1, 8), ERRNO_notcapable);
	ck_errno(CALL("fd_seek", fd, 0, 0, 8), ERRNO_notcapable);
	ck_errno(CALL("fd_pread", fd, 0, 1, 0, 8), ERRNO_notcapable);
	ck_errno(CALL("fd_read", fd, 0, 1, 8), ERRNO_success);
	ck_errno(CALL("fd_fdstat_set_rights", fd,
			 RIGHT_fd_read | RIGHT_fd_write, 0),
		ERRNO_notcapable);
	ck_errno(CALL("fd_fdstat_set_rights", fd, UINT64_C(1) << 63, 0),
		ERRNO_notcapable);
	ck_errno(CALL("fd_fdstat_get", fd, 64), ERRNO_success);
	ck_assert_uint_eq(guest_u64(72), RIGHT_fd_read);
}
END_TEST

START_TEST(rights_of_a_directory_bound_what_is_opened_in_it)
{
	uint32_t n = guest_text(512, "f");
	ck_errno(CALL("fd_fdstat_set_rights", FD_ROOT,
			 RIGHT_path_open | RIGHT_path_create_file,
			 RIGHT_fd_read),
		ERRNO_success);
	ck_errno(CALL("path_open", FD_ROOT, 0, 512, n, 1, RIGHT_fd_write, 0, 0,
			 8),
		ERRNO_notcapable);
	ck_errno(CALL("path_open", FD_ROOT, 0, 512, n, 1, RIGHT_fd_read, 0, 0,
			 8),
		ERRNO_success);
	ck_errno(CALL("path_open", FD_ROOT, 0, 512, n, 8, RIGHT_fd_read, 0, 0,
			 8),
		ERRNO_notcapable); /* may not truncate */
	ck_errno(CALL("path_unlink_file", FD_ROOT, 512, n), ERRNO_notcapable);
	ck_errno(CALL("path_create_directory", FD_ROOT, 512, n),
		ERRNO_notcapable);
}
END_TEST

START_TEST(a_descriptor_of_another_type_is_told_so)
{
	uint32_t fd;
	guest_buffer(0, 100, 4);
	guest_text(512, "x");
	ck_errno(guest_open("f", 1, &fd), ERRNO_success);
	ck_errno(CALL("fd_read", FD_ROOT, 0, 1, 8), ERRNO_isdir);
	ck_errno(CALL("fd_write", FD_ROOT, 0, 1, 8), ERRNO_isdir);
	ck_errno(CALL("fd_seek", FD_ROOT, 0, 1, 8), ERRNO_isdir);
	ck_errno(CALL("fd_tell", FD_ROOT, 8), ERRNO_isdir);
	ck_errno(CALL("fd_allocate", FD_ROOT, 0, 1), ERRNO_isdir);
	ck_errno(CALL("fd_filestat_set_size", FD_ROOT, 0), ERRNO_isdir);
	ck_errno(CALL("fd_readdir", fd, 100, 8, 0, 0), ERRNO_notdir);
	ck_errno(CALL("path_unlink_file", fd, 512, 1), ERRNO_notdir);
	ck_errno(CALL("sock_shutdown", fd, 3), ERRNO_notsock);
	ck_errno(CALL("sock_accept", 0, 0, 8), ERRNO_notsock);
	ck_errno(CALL("sock_recv", 1, 0, 1, 0, 8, 12), ERRNO_notsock);
	ck_errno(CALL("sock_send", FD_ROOT, 0, 1, 0, 8), ERRNO_notsock);
	ck_errno(CALL("fd_seek", 0, 0, 1, 8), ERRNO_spipe);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("call");
	tcase_add_test(t, every_function_resolves_under_both_names);
	tcase_add_test(t, the_type_of_a_function_is_its_rows);
	tcase_add_test(t, arguments_and_environment_are_laid_out);
	tcase_add_test(t, pointers_beyond_memory_fault);
	tcase_add_test(t, a_misaligned_pointer_traps);
	tcase_add_test(t, a_module_without_memory_can_pass_no_pointers);
	tcase_add_test(t, exit_unwinds_with_the_code);
	tcase_add_test(t, a_raised_signal_ends_the_guest_alone);
	tcase_add_test(t, clocks_go_forward);
	tcase_add_test(t, random_bytes_differ);
	tcase_add_test(t, unknown_descriptors_are_bad);
	tcase_add_test(t, preopens_tell_their_names);
	tcase_add_test(t, rights_can_only_be_given_up);
	tcase_add_test(t, rights_of_a_directory_bound_what_is_opened_in_it);
	tcase_add_test(t, a_descriptor_of_another_type_is_told_so);
	return guest_run(t);
}
