#include "host/path.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Every test gets
 *
 *	top/outside/secret        never to be reached
 *	top/box/dir/nested/file   box is the guest's directory
 */
static char top[64];
static int box, outside;

static void
make_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void
setup(void)
{
	strcpy(top, "/tmp/sheave-path-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	int at = open(top, O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(mkdirat(at, "outside", 0700), 0);
	ck_assert_int_eq(mkdirat(at, "box", 0700), 0);
	ck_assert_int_eq(mkdirat(at, "box/dir", 0700), 0);
	ck_assert_int_eq(mkdirat(at, "box/dir/nested", 0700), 0);
	make_file(at, "outside/secret");
	make_file(at, "box/dir/nested/file");
	box = openat(at, "box", O_RDONLY | O_DIRECTORY);
	outside = openat(at, "outside", O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(box, 0);
	ck_assert_int_ge(outside, 0);
	close(at);
}

static void
teardown(void)
{
	char command[128];
	close(box);
	close(outside);
	snprintf(command, sizeof command, "rm -rf %s", top);
	ck_assert_int_eq(system(command), 0);
}

static int
open_files(void)
{
	int n = 0;
	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Resolves, looks at what is there, and checks that nothing stays open. */
static enum wasi_errno
look(const char *path, bool follow, struct stat *st)
{
	struct path p;
	struct stat ignored;
	int before = open_files();
	enum wasi_errno error =
		path_resolve(box, path, strlen(path), follow, &p);
	if (error == ERRNO_success) {
		if (fstatat(p.dir, p.name, st ? st : &ignored,
			    AT_SYMLINK_NOFOLLOW) != 0)
			error = wasi_errno_of(errno);
		path_close(&p);
	}
	ck_assert_int_eq(open_files(), before);
	return error;
}

/* The inode that path leads to is that of real, seen by the host. */
static void
leads_to(const char *path, const char *real)
{
	struct stat a, b;
	ck_assert_msg(look(path, true, &a) == ERRNO_success, "%s", path);
	ck_assert_int_eq(fstatat(box, real, &b, 0), 0);
	ck_assert_msg(a.st_ino == b.st_ino, "%s is not %s", path, real);
}

static void
refused(const char *path, enum wasi_errno expected)
{
	for (int follow = 0; follow < 2; follow++) {
		enum wasi_errno error = look(path, follow != 0, NULL);
		ck_assert_msg(error == expected, "%.60s: %s", path,
			wasi_errno_name(error));
	}
}

static void
make_link(const char *target, const char *name)
{
	ck_assert_int_eq(symlinkat(target, box, name), 0);
}

START_TEST(ordinary_paths_resolve)
{
	leads_to("dir/nested/file", "dir/nested/file");
	leads_to(".", ".");
	leads_to("./dir", "dir");
	leads_to("dir//nested/./file", "dir/nested/file");
	leads_to("dir/nested/", "dir/nested");
	leads_to("dir/nested///", "dir/nested");
	leads_to("dir/nested/.", "dir/nested");
	refused("", ERRNO_noent);
	refused("no/such", ERRNO_noent);
	refused("missing", ERRNO_noent);
	refused("dir/nested/file/x", ERRNO_notdir);
	refused("dir/nested/file/..", ERRNO_notdir);
}
END_TEST

START_TEST(dotdot_ends_at_the_base)
{
	leads_to("dir/..", ".");
	leads_to("dir/nested/..", "dir");
	leads_to("dir/nested/../nested/file", "dir/nested/file");
	leads_to("dir/.//nested/../../dir/nested/../nested///./file",
		"dir/nested/file");
	refused("..", ERRNO_notcapable);
	refused("../", ERRNO_notcapable);
	refused("../box", ERRNO_notcapable);
	refused("../outside/secret", ERRNO_notcapable);
	refused("dir/../..", ERRNO_notcapable);
	refused("dir/../../box/dir", ERRNO_notcapable);
	refused("dir/nested/../../../outside/secret", ERRNO_notcapable);
	refused("./../outside", ERRNO_notcapable);
}
END_TEST

START_TEST(absolute_paths_are_refused)
{
	refused("/", ERRNO_notcapable);
	refused("/etc/passwd", ERRNO_notcapable);
	refused("//dir", ERRNO_notcapable);
}
END_TEST

START_TEST(names_with_nul_or_too_long_are_refused)
{
	struct path p;
	static char many[PATH_BYTES + 2];
	ck_assert_int_eq(
		path_resolve(box, "dir\0/..", 7, true, &p), ERRNO_ilseq);
	ck_assert_int_eq(path_resolve(box, "dir\0", 4, true, &p), ERRNO_ilseq);
	memset(many, 'a', sizeof many - 1);
	refused(many, ERRNO_nametoolong);
	many[256] = 0;
	refused(many, ERRNO_nametoolong);
	many[255] = 0;
	refused(many, ERRNO_noent);
}
END_TEST

START_TEST(links_inside_are_followed)
{
	make_link("dir", "link");
	make_link("nested/../nested/file", "dir/deep");
	make_link("../dir/nested", "dir/up");
	make_link("link/deep", "chain");
	make_link("nowhere", "dangling");
	leads_to("link/nested/file", "dir/nested/file");
	leads_to("link/", "dir");
	leads_to("link/..", ".");
	leads_to("chain", "dir/nested/file");
	leads_to("dir/up/file", "dir/nested/file");
	ck_assert_int_eq(look("dangling", true, NULL), ERRNO_noent);
	ck_assert_int_eq(look("dangling", false, NULL), ERRNO_success);
	ck_assert_int_eq(look("dangling/x", false, NULL), ERRNO_noent);
	refused("chain/x", ERRNO_notdir);
}
END_TEST

START_TEST(without_follow_the_link_itself_is_meant)
{
	struct stat st;
	make_link("dir", "link");
	ck_assert_int_eq(look("link", false, &st), ERRNO_success);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_int_eq(look("link", true, &st), ERRNO_success);
	ck_assert(S_ISDIR(st.st_mode));
	ck_assert_int_eq(look("link/", false, &st), ERRNO_success);
	ck_assert(S_ISDIR(st.st_mode));
	ck_assert_int_eq(look("link/nested", false, &st), ERRNO_success);
	ck_assert(S_ISDIR(st.st_mode));
}
END_TEST

START_TEST(an_entry_to_change_is_never_followed)
{
	struct path p;
	make_link("dir", "link");
	ck_assert_int_eq(
		path_resolve_entry(box, "link/", 5, &p), ERRNO_success);
	ck_assert_str_eq(p.name, "link");
	ck_assert(p.slash);
	path_close(&p);
	ck_assert_int_eq(
		path_resolve_entry(box, "link/new", 8, &p), ERRNO_success);
	ck_assert_str_eq(p.name, "new");
	ck_assert(!p.slash);
	path_close(&p);
	ck_assert_int_eq(
		path_resolve_entry(box, "../x", 4, &p), ERRNO_notcapable);
	ck_assert_int_eq(path_resolve_entry(box, "link/../..", 10, &p),
		ERRNO_notcapable);
}
END_TEST

START_TEST(links_that_lead_out_are_refused)
{
	char absolute[128];
	snprintf(absolute, sizeof absolute, "%s/outside", top);
	make_link("..", "up");
	make_link("../outside", "sideways");
	make_link(absolute, "absolute");
	make_link("/proc/self/root", "root");
	make_link("dir/../..", "detour");
	make_link("up/outside/secret", "chain");
	static const char *const ways[] = { "up", "sideways", "absolute",
		"root", "detour", "chain" };
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		char path[64];
		ck_assert_int_eq(look(ways[i], true, NULL), ERRNO_notcapable);
		ck_assert_int_eq(look(ways[i], false, NULL), ERRNO_success);
		snprintf(path, sizeof path, "%s/secret", ways[i]);
		refused(path, ERRNO_notcapable);
		snprintf(path, sizeof path, "%s/", ways[i]);
		refused(path, ERRNO_notcapable);
		snprintf(path, sizeof path, "dir/../%s/../secret", ways[i]);
		refused(path, ERRNO_notcapable);
	}
}
END_TEST

START_TEST(the_systems_own_links_are_text_like_any)
{
	struct path p;
	int proc = open("/proc/self", O_RDONLY | O_DIRECTORY);
	if (proc < 0)
		return;
	ck_assert_int_eq(
		path_resolve(proc, "root/etc", 8, true, &p), ERRNO_notcapable);
	ck_assert_int_eq(
		path_resolve(proc, "cwd/", 4, true, &p), ERRNO_notcapable);
	close(proc);
}
END_TEST

START_TEST(link_loops_end)
{
	make_link("self", "self");
	make_link("pong", "ping");
	make_link("ping", "pong");
	make_link("grow/x/y/z", "grow");
	ck_assert_int_eq(look("self", true, NULL), ERRNO_loop);
	ck_assert_int_eq(look("ping", true, NULL), ERRNO_loop);
	ck_assert_int_eq(look("ping", false, NULL), ERRNO_success);
	refused("self/x", ERRNO_loop);
	refused("grow/x", ERRNO_loop);
}
END_TEST

START_TEST(forty_links_are_allowed_and_no_more)
{
	char name[16], target[16];
	for (int i = 0; i < 41; i++) {
		snprintf(name, sizeof name, "l%d", i);
		snprintf(target, sizeof target, "l%d", i - 1);
		make_link(i == 0 ? "dir" : target, name);
	}
	ck_assert_int_eq(look("l39", true, NULL), ERRNO_success);
	ck_assert_int_eq(look("l40", true, NULL), ERRNO_loop);
}
END_TEST

START_TEST(deep_paths_need_no_descriptors)
{
	enum { DEPTH = 1500 };
	char path[2 * DEPTH + 16], *end = path;
	int at = dup(box);
	for (int i = 0; i < DEPTH; i++) {
		ck_assert_int_eq(mkdirat(at, "d", 0700), 0);
		int next = openat(at, "d", O_RDONLY | O_DIRECTORY);
		close(at);
		at = next;
		*end++ = 'd';
		*end++ = '/';
	}
	close(at);
	strcpy(end, "../../d");
	ck_assert_int_eq(look(path, true, NULL), ERRNO_success);
}
END_TEST

/* Climbing out of a deep directory again and again is work; it ends. */
START_TEST(hostile_paths_take_bounded_work)
{
	enum { DEPTH = 400 };
	char path[PATH_BYTES] = "", *end = path;
	int at = dup(box);
	for (int i = 0; i < DEPTH; i++) {
		ck_assert_int_eq(mkdirat(at, "d", 0700), 0);
		int next = openat(at, "d", O_RDONLY | O_DIRECTORY);
		close(at);
		at = next;
		end = stpcpy(end, "d/");
	}
	close(at);
	while (end < path + sizeof path - 8)
		end = stpcpy(end, "../d/");
	ck_assert_int_eq(look(path, true, NULL), ERRNO_loop);
}
END_TEST

/* A directory that was moved out meanwhile is not climbed out of. */
START_TEST(moved_directories_are_not_climbed)
{
	char from[128], to[128];
	struct path p;
	int dir = openat(box, "dir", O_RDONLY | O_DIRECTORY);
	snprintf(from, sizeof from, "%s/box/dir", top);
	snprintf(to, sizeof to, "%s/outside/dir", top);
	ck_assert_int_eq(rename(from, to), 0);
	ck_assert_int_eq(
		path_resolve(dir, "../secret", 9, true, &p), ERRNO_notcapable);
	ck_assert_int_eq(path_resolve(dir, "nested/../../secret", 19, true, &p),
		ERRNO_notcapable);
	close(dir);
}
END_TEST

struct race {
	volatile int stop;
	int kind;
};

/* Makes box/way in turn a directory and something that leads out. */
static void *
flip(void *arg)
{
	struct race *r = arg;
	while (!r->stop) {
		if (r->kind == 0) {
			mkdirat(box, "way", 0700);
			make_file(box, "way/secret");
			unlinkat(box, "way/secret", 0);
			unlinkat(box, "way", AT_REMOVEDIR);
			symlinkat("../outside", box, "way");
			unlinkat(box, "way", 0);
		} else {
			/* dir/nested moves out and back */
			renameat(box, "dir/nested", outside, "nested");
			renameat(outside, "nested", box, "dir/nested");
		}
	}
	return NULL;
}

/* What is opened along path while it flips is never outside's secret. */
static void
race(int kind, const char *path)
{
	struct race r = { 0, kind };
	struct stat secret, st;
	pthread_t thread;
	ck_assert_int_eq(fstatat(outside, "secret", &secret, 0), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, flip, &r), 0);
	for (int i = 0; i < 20000; i++) {
		struct path p;
		if (path_resolve(box, path, strlen(path), i % 2 == 0, &p) !=
			ERRNO_success)
			continue;
		int fd = openat(p.dir, p.name, O_RDONLY | O_NOFOLLOW);
		if (fd >= 0) {
			ck_assert_int_eq(fstat(fd, &st), 0);
			ck_assert_msg(st.st_ino != secret.st_ino,
				"got out by %s", path);
			close(fd);
		}
		path_close(&p);
	}
	r.stop = 1;
	pthread_join(thread, NULL);
}

START_TEST(a_link_made_meanwhile_leads_nowhere)
{
	race(0, "way/secret");
	race(0, "dir/../way/secret");
	race(0, "way/./../way/secret");
}
END_TEST

START_TEST(a_directory_moved_meanwhile_leads_nowhere)
{
	race(1, "dir/nested/../secret");
	race(1, "dir/nested/../../secret");
	race(1, "dir/nested/../nested/../../secret");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("path");
	TCase *t = tcase_create("path");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, ordinary_paths_resolve);
	tcase_add_test(t, dotdot_ends_at_the_base);
	tcase_add_test(t, absolute_paths_are_refused);
	tcase_add_test(t, names_with_nul_or_too_long_are_refused);
	tcase_add_test(t, links_inside_are_followed);
	tcase_add_test(t, without_follow_the_link_itself_is_meant);
	tcase_add_test(t, an_entry_to_change_is_never_followed);
	tcase_add_test(t, links_that_lead_out_are_refused);
	tcase_add_test(t, the_systems_own_links_are_text_like_any);
	tcase_add_test(t, link_loops_end);
	tcase_add_test(t, forty_links_are_allowed_and_no_more);
	tcase_add_test(t, deep_paths_need_no_descriptors);
	tcase_add_test(t, hostile_paths_take_bounded_work);
	tcase_add_test(t, moved_directories_are_not_climbed);
	tcase_add_test(t, a_link_made_meanwhile_leads_nowhere);
	tcase_add_test(t, a_directory_moved_meanwhile_leads_nowhere);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
