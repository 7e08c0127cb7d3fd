/*
 * Files, directories and paths, and that no call leads out of the preopened
 * directory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/wasi_call.h"
#include "host/wasi_fake.h"

enum { TEXT = 1024, TEXT2 = 2048, IOV = 4096, DATA = 8192, OUT = 64 };

enum { CREAT = 1, DIRECTORY = 2, EXCL = 4, TRUNC = 8 };

/* A call that takes FD_ROOT and one path. */
static uint32_t
path_call(const char *name, const char *path)
{
	return CALL(name, FD_ROOT, TEXT, guest_text(TEXT, path));
}

static uint32_t
rename_path(const char *from, const char *to)
{
	return CALL("path_rename", FD_ROOT, TEXT, guest_text(TEXT, from),
		FD_ROOT, TEXT2, guest_text(TEXT2, to));
}

static uint32_t
link_path(const char *from, const char *to, uint32_t follow)
{
	return CALL("path_link", FD_ROOT, follow, TEXT, guest_text(TEXT, from),
		FD_ROOT, TEXT2, guest_text(TEXT2, to));
}

static uint32_t
symlink_path(const char *target, const char *path)
{
	return CALL("path_symlink", TEXT, guest_text(TEXT, target), FD_ROOT,
		TEXT2, guest_text(TEXT2, path));
}

static uint32_t
stat_path(const char *path, uint32_t follow)
{
	return CALL("path_filestat_get", FD_ROOT, follow, TEXT,
		guest_text(TEXT, path), OUT);
}

static uint32_t
make_file(const char *path, const char *text)
{
	uint32_t fd;
	ck_errno(guest_open(path, CREAT, &fd), ERRNO_success);
	guest_buffer(IOV, DATA, guest_text(DATA, text));
	ck_errno(CALL("fd_write", fd, IOV, 1, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), strlen(text));
	return fd;
}

START_TEST(many_buffers_are_gathered_and_scattered)
{
	enum { N = 100 };
	uint32_t fd;
	ck_errno(guest_open("f", CREAT, &fd), ERRNO_success);
	for (uint32_t i = 0; i < N; i++) {
		guest_buffer(IOV + 8 * i, DATA + 3 * i, i % 4 == 3 ? 0 : 3);
		memcpy(guest_memory + DATA + 3 * i, &(uint32_t){ i }, 3);
	}
	ck_errno(CALL("fd_write", fd, IOV, N, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 75 * 3);
	for (uint32_t i = 0; i < N; i++)
		guest_buffer(IOV + 8 * i, DATA + 1000 + i, 1);
	ck_errno(CALL("fd_pread", fd, IOV, N, 3, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 100);
	ck_assert_mem_eq(
		guest_memory + DATA + 1000, guest_memory + DATA + 3, 6);
	ck_errno(CALL("fd_tell", fd, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u64(OUT), 75 * 3);
	ck_errno(CALL("fd_write", fd, IOV, 0, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 0);
}
END_TEST

START_TEST(a_buffer_beyond_memory_faults)
{
	uint32_t fd;
	ck_errno(guest_open("f", CREAT, &fd), ERRNO_success);
	guest_buffer(IOV, GUEST_BYTES - 4, 5);
	ck_errno(CALL("fd_write", fd, IOV, 1, OUT), ERRNO_fault);
	ck_errno(CALL("fd_read", fd, IOV, 1, OUT), ERRNO_fault);
	guest_buffer(IOV, 0xfffffffc, 8);
	ck_errno(CALL("fd_pwrite", fd, IOV, 1, 0, OUT), ERRNO_fault);
	guest_buffer(IOV, 16, UINT32_MAX);
	ck_errno(CALL("fd_pread", fd, IOV, 1, 0, OUT), ERRNO_fault);
	ck_errno(CALL("fd_filestat_get", fd, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u64(OUT + 32), 0);
}
END_TEST

START_TEST(positions_move_as_asked)
{
	uint32_t fd = make_file("f", "0123456789");
	ck_errno(CALL("fd_seek", fd, 2, 0, OUT), ERRNO_success);
	ck_errno(CALL("fd_seek", fd, 3, 1, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u64(OUT), 5);
	ck_errno(CALL("fd_seek", fd, (uint64_t)-1, 2, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u64(OUT), 9);
	ck_errno(CALL("fd_seek", fd, (uint64_t)-100, 1, OUT), ERRNO_inval);
	ck_errno(CALL("fd_seek", fd, 0, 3, OUT), ERRNO_inval);
	ck_errno(CALL("fd_pwrite", fd, IOV, 1, UINT64_MAX, OUT), ERRNO_inval);
	/* wasi_unstable: cur, end, set */
	ck_errno(CALL_OLD("fd_seek", fd, 4, 2, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u64(OUT), 4);
	ck_errno(CALL_OLD("fd_seek", fd, 1, 0, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u64(OUT), 5);
}
END_TEST

START_TEST(sync_size_allocate_and_advise_work)
{
	uint32_t fd = make_file("f", "abc");
	ck_errno(CALL("fd_sync", fd), ERRNO_success);
	ck_errno(CALL("fd_datasync", fd), ERRNO_success);
	ck_errno(CALL("fd_sync", 99), ERRNO_badf);
	ck_errno(CALL("fd_datasync", FD_ROOT), ERRNO_isdir);
	ck_errno(CALL("fd_sync", FD_ROOT), ERRNO_success);
	ck_errno(CALL("fd_filestat_set_size", fd, 5), ERRNO_success);
	ck_errno(CALL("fd_filestat_set_size", fd, UINT64_MAX), ERRNO_inval);
	ck_errno(CALL("fd_allocate", fd, 3, 97), ERRNO_success);
	ck_errno(CALL("fd_filestat_get", fd, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u64(OUT + 32), 100);
	ck_errno(CALL("fd_allocate", fd, 0, 0), ERRNO_inval);
	ck_errno(CALL("fd_allocate", fd, 1, UINT64_MAX), ERRNO_fbig);
	ck_errno(CALL("fd_advise", fd, 0, 10, 5), ERRNO_success);
	ck_errno(CALL("fd_advise", fd, 0, 10, 6), ERRNO_inval);
}
END_TEST

START_TEST(filestat_has_both_layouts)
{
	struct stat st;
	make_file("f", "abc");
	ck_assert_int_eq(fstatat(guest.box, "f", &st, 0), 0);
	ck_errno(stat_path("f", 0), ERRNO_success);
	ck_assert_uint_eq(guest_u64(OUT + 8), st.st_ino);
	ck_assert_uint_eq(guest_memory[OUT + 16], FILETYPE_regular_file);
	ck_assert_uint_eq(guest_u64(OUT + 24), 1);
	ck_assert_uint_eq(guest_u64(OUT + 32), 3);
	ck_assert_uint_eq(
		guest_u64(OUT + 48), (uint64_t)st.st_mtim.tv_sec * 1000000000 +
					     (uint64_t)st.st_mtim.tv_nsec);
	memset(guest_memory + OUT, 0xee, 64);
	ck_errno(CALL_OLD("path_filestat_get", FD_ROOT, 0, TEXT, 1, OUT),
		ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT + 20), 1);
	ck_assert_uint_eq(guest_u64(OUT + 24), 3);
	ck_assert_uint_eq(guest_memory[OUT + 56], 0xee);
}
END_TEST

START_TEST(times_are_set_or_kept)
{
	uint32_t fd = make_file("f", "abc");
	ck_errno(CALL("fd_filestat_set_times", fd, 1000000001, 2000000002, 5),
		ERRNO_success);
	ck_errno(CALL("fd_filestat_get", fd, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u64(OUT + 40), 1000000001);
	ck_assert_uint_eq(guest_u64(OUT + 48), 2000000002);
	guest_text(TEXT, "f");
	ck_errno(CALL("path_filestat_set_times", FD_ROOT, 0, TEXT, 1, 7, 7, 8),
		ERRNO_success); /* mtim: now */
	ck_errno(CALL("fd_filestat_get", fd, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u64(OUT + 40), 1000000001);
	ck_assert_uint_gt(guest_u64(OUT + 48), 2000000002);
	for (uint64_t both = 3; both <= 12; both += 9)
		ck_errno(CALL("fd_filestat_set_times", fd, 0, 0, both),
			ERRNO_inval);
	ck_errno(CALL("fd_filestat_set_times", fd, 0, 0, 16), ERRNO_inval);
}
END_TEST

START_TEST(append_can_be_switched)
{
	uint32_t fd = make_file("f", "abc");
	guest_buffer(IOV, DATA, 1);
	ck_errno(
		CALL("fd_fdstat_set_flags", fd, FDFLAGS_append), ERRNO_success);
	ck_errno(CALL("fd_seek", fd, 0, 0, OUT), ERRNO_success);
	ck_errno(CALL("fd_write", fd, IOV, 1, OUT), ERRNO_success);
	ck_errno(CALL("fd_fdstat_get", fd, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_memory[OUT + 2], FDFLAGS_append);
	ck_errno(CALL("fd_fdstat_set_flags", fd, 0), ERRNO_success);
	ck_errno(CALL("fd_seek", fd, 0, 0, OUT), ERRNO_success);
	ck_errno(CALL("fd_write", fd, IOV, 1, OUT), ERRNO_success);
	ck_errno(CALL("fd_filestat_get", fd, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u64(OUT + 32), 4);
	ck_errno(CALL("fd_fdstat_set_flags", fd, FDFLAGS_sync), ERRNO_notsup);
	ck_errno(CALL("fd_fdstat_set_flags", fd, 32), ERRNO_inval);
}
END_TEST

START_TEST(a_descriptor_takes_over_a_number)
{
	uint32_t fd = make_file("f", "abc"), again;
	ck_errno(CALL("fd_renumber", fd, 1), ERRNO_success);
	ck_errno(CALL("fd_fdstat_get", fd, OUT), ERRNO_badf);
	ck_errno(CALL("fd_write", 1, IOV, 1, OUT), ERRNO_success);
	ck_errno(CALL("fd_filestat_get", 1, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u64(OUT + 32), 6);
	ck_errno(CALL("fd_renumber", 1, 1), ERRNO_success);
	ck_errno(guest_open("f", 0, &again), ERRNO_success);
	ck_assert_uint_eq(again, fd);
}
END_TEST

/* Reads a whole directory by cookies, room bytes at a time; its names. */
static uint32_t
read_names(uint32_t fd, uint32_t room, char *names, bool unlink)
{
	uint64_t cookie = 0;
	uint32_t n = 0, used;
	names[0] = 0;
	do {
		uint32_t at = DATA;
		ck_errno(CALL("fd_readdir", fd, DATA, room, cookie, OUT),
			ERRNO_success);
		used = guest_u32(OUT);
		while (at + 24 <= DATA + used) {
			uint32_t len = guest_u32(at + 16);
			if (at + 24 + len > DATA + used)
				break;
			char name[256] = "";
			memcpy(name, guest_memory + at + 24, len);
			cookie = guest_u64(at);
			strcat(strcat(names, name), " ");
			if (unlink && name[0] != '.')
				ck_assert_int_eq(
					unlinkat(guest.box, name, 0), 0);
			n++;
			at += 24 + len;
		}
	} while (used == room);
	return n;
}

START_TEST(directories_are_read_by_cookies)
{
	static char names[65536];
	uint32_t fd, n = 200;
	for (uint32_t i = 0; i < n; i++) {
		char name[16];
		snprintf(name, sizeof name, "file%u", i);
		close(openat(guest.box, name, O_CREAT | O_WRONLY, 0600));
	}
	ck_errno(guest_open(".", DIRECTORY, &fd), ERRNO_success);
	ck_assert_uint_eq(read_names(fd, 40, names, false), n + 2);
	ck_assert_int_eq(strncmp(names, ". .. ", 5), 0);
	ck_assert_ptr_nonnull(strstr(names, " file199 "));
	ck_assert_uint_eq(read_names(fd, 8192, names, false), n + 2);
	ck_errno(CALL("fd_readdir", fd, DATA, 40, 1 << 30, OUT), ERRNO_inval);
	ck_assert_uint_eq(read_names(fd, 100, names, true), n + 2);
	ck_assert_uint_eq(read_names(fd, 100, names, false), 2);
}
END_TEST

START_TEST(a_directory_entry_tells_type_and_inode)
{
	struct stat st;
	uint32_t fd;
	ck_assert_int_eq(symlinkat("x", guest.box, "link"), 0);
	ck_assert_int_eq(
		fstatat(guest.box, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_errno(guest_open(".", DIRECTORY, &fd), ERRNO_success);
	ck_errno(CALL("fd_readdir", fd, DATA, 200, 0, OUT), ERRNO_success);
	uint32_t at = DATA + 24 + 1 + 24 + 2;
	ck_assert_uint_eq(guest_u64(at + 8), st.st_ino);
	ck_assert_uint_eq(guest_memory[at + 20], FILETYPE_symbolic_link);
	ck_assert_uint_eq(guest_u64(DATA + 25 + 8), 0); /* ".." */
}
END_TEST

START_TEST(links_are_made_and_read)
{
	make_file("f", "abc");
	ck_errno(symlink_path("f", "s"), ERRNO_success);
	guest_text(TEXT, "s");
	ck_errno(CALL("path_readlink", FD_ROOT, TEXT, 1, DATA, 10, OUT),
		ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 1);
	ck_errno(CALL("path_readlink", FD_ROOT, TEXT, 1, DATA, 0, OUT),
		ERRNO_success);
	ck_assert_uint_eq(guest_u32(OUT), 0);
	ck_errno(link_path("s", "s2", 0), ERRNO_success);
	ck_errno(stat_path("s2", 0), ERRNO_success);
	ck_assert_uint_eq(guest_memory[OUT + 16], FILETYPE_symbolic_link);
	ck_errno(link_path("s", "f2", 1), ERRNO_success);
	ck_errno(stat_path("f2", 0), ERRNO_success);
	ck_assert_uint_eq(guest_memory[OUT + 16], FILETYPE_regular_file);
	ck_errno(link_path("f", "f2", 0), ERRNO_exist);
	ck_errno(link_path("f", "f3/", 0), ERRNO_noent);
	ck_errno(symlink_path("", "s3"), ERRNO_noent);
	ck_errno(symlink_path("x", "s3/"), ERRNO_noent);
}
END_TEST

START_TEST(a_trailing_slash_asks_for_a_directory)
{
	uint32_t fd;
	make_file("f", "abc");
	ck_errno(path_call("path_create_directory", "d/"), ERRNO_success);
	ck_errno(guest_open("f/", 0, &fd), ERRNO_notdir);
	ck_errno(guest_open("new/", CREAT, &fd), ERRNO_isdir);
	ck_errno(guest_open("d/", DIRECTORY, &fd), ERRNO_success);
	ck_errno(stat_path("f/", 0), ERRNO_notdir);
	ck_errno(stat_path("d/", 0), ERRNO_success);
	ck_errno(path_call("path_unlink_file", "f/"), ERRNO_notdir);
	ck_errno(path_call("path_unlink_file", "d/"), ERRNO_isdir);
	ck_errno(path_call("path_unlink_file", "d"), ERRNO_isdir);
	ck_errno(path_call("path_remove_directory", "f/"), ERRNO_notdir);
	ck_errno(rename_path("f", "g/"), ERRNO_notdir);
	ck_errno(rename_path("f/", "g"), ERRNO_notdir);
	ck_errno(rename_path("d/", "e/"), ERRNO_success);
	ck_errno(symlink_path("e", "s"), ERRNO_success);
	ck_errno(path_call("path_remove_directory", "s/"), ERRNO_notdir);
	ck_errno(path_call("path_remove_directory", "e/"), ERRNO_success);
}
END_TEST

START_TEST(opening_obeys_its_flags)
{
	uint32_t fd;
	make_file("f", "abc");
	ck_errno(guest_open("f", CREAT | EXCL, &fd), ERRNO_exist);
	ck_errno(guest_open("f", DIRECTORY, &fd), ERRNO_notdir);
	ck_errno(guest_open("f", DIRECTORY | CREAT, &fd), ERRNO_inval);
	ck_errno(guest_open("f", 16, &fd), ERRNO_inval);
	ck_errno(guest_open("f", TRUNC, &fd), ERRNO_success);
	ck_errno(CALL("fd_filestat_get", fd, OUT), ERRNO_success);
	ck_assert_uint_eq(guest_u64(OUT + 32), 0);
	ck_errno(symlink_path("target", "s"), ERRNO_success);
	ck_errno(guest_open("s", CREAT | EXCL, &fd), ERRNO_exist);
	ck_errno(guest_open("s", CREAT, &fd), ERRNO_success);
	ck_assert_int_eq(faccessat(guest.box, "target", F_OK, 0), 0);
	uint32_t n = guest_text(TEXT, "s");
	ck_errno(CALL("path_open", FD_ROOT, 0, TEXT, n, 0, RIGHT_fd_read, 0, 0,
			 OUT),
		ERRNO_loop);
	n = guest_text(TEXT, ".");
	ck_errno(CALL("path_open", FD_ROOT, 0, TEXT, n, DIRECTORY,
			 RIGHT_fd_write, 0, 0, OUT),
		ERRNO_isdir);
}
END_TEST

START_TEST(a_pipe_in_the_directory_does_not_hold_up_open)
{
	uint32_t fd, n = guest_text(TEXT, "fifo");
	ck_assert_int_eq(mkfifoat(guest.box, "fifo", 0600), 0);
	ck_errno(CALL("path_open", FD_ROOT, 0, TEXT, n, 0, RIGHT_fd_read, 0,
			 FDFLAGS_nonblock, OUT),
		ERRNO_success);
	fd = guest_u32(OUT);
	guest_buffer(IOV, DATA, 1);
	ck_errno(CALL("fd_read", fd, IOV, 1, OUT), ERRNO_again);
}
END_TEST

/* Every call that takes a path, with one that leads out. */
static void
leads_nowhere(const char *path, enum wasi_errno expected)
{
	uint32_t fd;
	ck_errno(guest_open(path, 0, &fd), expected);
	ck_errno(guest_open(path, CREAT | TRUNC, &fd), expected);
	ck_errno(guest_open(path, DIRECTORY, &fd), expected);
	ck_errno(stat_path(path, 0), expected);
	ck_errno(stat_path(path, 1), expected);
	ck_errno(path_call("path_create_directory", path), expected);
	ck_errno(path_call("path_remove_directory", path), expected);
	ck_errno(path_call("path_unlink_file", path), expected);
	ck_errno(rename_path(path, "inside"), expected);
	ck_errno(rename_path("f", path), expected);
	ck_errno(link_path(path, "inside", 0), expected);
	ck_errno(link_path(path, "inside", 1), expected);
	ck_errno(link_path("f", path, 0), expected);
	ck_errno(symlink_path("f", path), expected);
	uint32_t n = guest_text(TEXT, path);
	ck_errno(CALL("path_readlink", FD_ROOT, TEXT, n, DATA, 9, OUT),
		expected);
	ck_errno(CALL("path_filestat_set_times", FD_ROOT, 1, TEXT, n, 0, 0, 5),
		expected);
}

START_TEST(no_call_leads_out)
{
	char secret[128], text[16] = "", out[80];
	struct stat before, after;
	make_file("f", "abc");
	snprintf(secret, sizeof secret, "%s/secret", guest.top);
	int fd = open(secret, O_CREAT | O_RDWR, 0600);
	ck_assert_int_eq(write(fd, "secret", 6), 6);
	ck_assert_int_eq(fstat(fd, &before), 0);
	snprintf(out, sizeof out, "%s/.", guest.top);
	ck_assert_int_eq(symlinkat("..", guest.box, "up"), 0);
	ck_assert_int_eq(symlinkat(out, guest.box, "abs"), 0);
	leads_nowhere("../secret", ERRNO_notcapable);
	leads_nowhere("../new", ERRNO_notcapable);
	leads_nowhere("./f/../../secret", ERRNO_notdir);
	leads_nowhere("up/secret", ERRNO_notcapable);
	leads_nowhere("abs/secret", ERRNO_notcapable);
	leads_nowhere("up/box/up/secret", ERRNO_notcapable);
	leads_nowhere(secret, ERRNO_notcapable);
	leads_nowhere("/", ERRNO_notcapable);
	leads_nowhere("..", ERRNO_notcapable);
	leads_nowhere("", ERRNO_noent);
	ck_assert_int_eq(pread(fd, text, 15, 0), 6);
	ck_assert_str_eq(text, "secret");
	ck_assert_int_eq(fstat(fd, &after), 0);
	ck_assert_int_eq(after.st_nlink, 1);
	ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	close(fd);
}
END_TEST

START_TEST(a_link_that_a_guest_makes_leads_nowhere)
{
	uint32_t fd;
	ck_errno(symlink_path("/etc", "abs"), ERRNO_notcapable);
	ck_errno(symlink_path("/", "abs"), ERRNO_notcapable);
	ck_errno(symlink_path("../box", "up"), ERRNO_success);
	ck_errno(guest_open("up", 0, &fd), ERRNO_notcapable);
	ck_errno(stat_path("up", 1), ERRNO_notcapable);
	ck_errno(path_call("path_create_directory", "d"), ERRNO_success);
	ck_errno(symlink_path("..", "d/up"), ERRNO_success);
	ck_errno(guest_open("d/up", DIRECTORY, &fd), ERRNO_success);
	/* moved one level up, the same link points outside */
	ck_errno(rename_path("d/up", "up2"), ERRNO_success);
	ck_errno(guest_open("up2", DIRECTORY, &fd), ERRNO_notcapable);
	ck_errno(link_path("up2", "hard", 0), ERRNO_success);
	ck_errno(guest_open("hard", DIRECTORY, &fd), ERRNO_notcapable);
	ck_errno(link_path("up2", "through", 1), ERRNO_notcapable);
}
END_TEST

START_TEST(a_directory_opened_deeper_is_a_boundary_too)
{
	uint32_t fd, n;
	make_file("f", "abc");
	ck_errno(path_call("path_create_directory", "d"), ERRNO_success);
	ck_errno(guest_open("d", DIRECTORY, &fd), ERRNO_success);
	n = guest_text(TEXT, "../f");
	ck_errno(CALL("path_filestat_get", fd, 0, TEXT, n, OUT),
		ERRNO_notcapable);
	n = guest_text(TEXT, "../d/.");
	ck_errno(CALL("path_filestat_get", fd, 0, TEXT, n, OUT),
		ERRNO_notcapable);
}
END_TEST

START_TEST(names_with_nul_or_too_long_are_refused)
{
	uint32_t fd;
	char name[4200];
	make_file("f", "abc");
	memcpy(guest_memory + TEXT, "f\0", 2);
	ck_errno(CALL("path_unlink_file", FD_ROOT, TEXT, 2), ERRNO_ilseq);
	memcpy(guest_memory + TEXT, "a\0../../x", 9);
	ck_errno(CALL("path_create_directory", FD_ROOT, TEXT, 9), ERRNO_ilseq);
	ck_errno(CALL("path_symlink", TEXT, 9, FD_ROOT, TEXT, 1), ERRNO_ilseq);
	memset(name, 'n', sizeof name);
	name[4199] = 0;
	ck_errno(guest_open(name, CREAT, &fd), ERRNO_nametoolong);
	name[256] = 0;
	ck_errno(guest_open(name, CREAT, &fd), ERRNO_nametoolong);
	ck_errno(path_call("path_create_directory", name), ERRNO_nametoolong);
	name[255] = 0;
	ck_errno(guest_open(name, CREAT, &fd), ERRNO_success);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("file");
	tcase_add_test(t, many_buffers_are_gathered_and_scattered);
	tcase_add_test(t, a_buffer_beyond_memory_faults);
	tcase_add_test(t, positions_move_as_asked);
	tcase_add_test(t, sync_size_allocate_and_advise_work);
	tcase_add_test(t, filestat_has_both_layouts);
	tcase_add_test(t, times_are_set_or_kept);
	tcase_add_test(t, append_can_be_switched);
	tcase_add_test(t, a_descriptor_takes_over_a_number);
	tcase_add_test(t, directories_are_read_by_cookies);
	tcase_add_test(t, a_directory_entry_tells_type_and_inode);
	tcase_add_test(t, links_are_made_and_read);
	tcase_add_test(t, a_trailing_slash_asks_for_a_directory);
	tcase_add_test(t, opening_obeys_its_flags);
	tcase_add_test(t, a_pipe_in_the_directory_does_not_hold_up_open);
	tcase_add_test(t, no_call_leads_out);
	tcase_add_test(t, a_link_that_a_guest_makes_leads_nowhere);
	tcase_add_test(t, a_directory_opened_deeper_is_a_boundary_too);
	tcase_add_test(t, names_with_nul_or_too_long_are_refused);
	return guest_run(t);
}
