#include "spec/suite/expect.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "spec/script.h"

static const struct expect expects[] = {
#define EXPECT(path, line, kind, message, reason) \
	{ path, line, SCRIPT_##kind, message, reason },
#include "spec/suite/expect.def"
};

#define BIT(feature) ((features)1 << FEATURE_INDEX_##feature)
#define ALL (((features)1 << FEATURE_count) - 1)

/* 3.0 without the proposals that are known besides. */
#define STANDARD \
	(ALL - BIT(THREADS) - BIT(WIDE) - BIT(CUSTOM_PAGE_SIZES) - \
		BIT(COMPACT_IMPORTS))

/* Directories that are not written for all known features; the first counts. */
static const struct {
	const char *part;
	features features;
} directories[] = {
	{ "proposals/threads/", BIT(MVP) | BIT(SIGN_EXT) | BIT(SAT_FLOAT) |
					BIT(MULTI_VALUE) | BIT(MUTABLE_GLOBAL) |
					BIT(BULK) | BIT(THREADS) },
	{ "proposals/", ALL },
	{ "testsuite/", STANDARD },
};

/* path is row or ends in "/row". */
static bool
matches(const char *path, const char *row)
{
	size_t n = strlen(path), k = strlen(row);
	if (k > n || strcmp(path + n - k, row) != 0)
		return false;
	return n == k || path[n - k - 1] == '/';
}

features
expect_features(const char *path)
{
	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
		if (strstr(path, directories[i].part) != NULL)
			return directories[i].features;
	return features_known();
}

const struct expect *
expect_find(const char *path, uint32_t line)
{
	for (size_t i = 0; i < sizeof expects / sizeof *expects; i++)
		if (expects[i].line == line && matches(path, expects[i].path))
			return &expects[i];
	return NULL;
}
