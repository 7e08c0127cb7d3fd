#include "spec/feature.h"

#include <assert.h>
#include <string.h>

static const uint8_t bases[FEATURE_count] = {
#define FEATURE(id, name, base) FEATURE_INDEX_##base,
#include "spec/feature.def"
};

#define FEATURE(id, name, base) \
	static_assert(FEATURE_INDEX_##base <= FEATURE_INDEX_##id, \
		"what a feature builds on stands above it");
#include "spec/feature.def"

static unsigned
find(const char *name, size_t len)
{
	unsigned i = 0;
	for (; i < FEATURE_count; i++) {
		const char *row = feature_name((enum feature_index)i);
		if (strlen(row) == len && memcmp(row, name, len) == 0)
			break;
	}
	return i;
}

bool
feature_switch(features *set, const char *name, size_t len, bool on)
{
	unsigned i = find(name, len);
	if (len == 3 && memcmp(name, "all", 3) == 0) {
		*set = on ? features_known() : FEATURE_MVP;
		return true;
	}
	if (i == FEATURE_count || i == FEATURE_INDEX_MVP)
		return false;
	if (on) {
		for (; i != FEATURE_INDEX_MVP; i = bases[i])
			*set |= (features)1 << i;
		return true;
	}
	*set &= ~((features)1 << i);
	for (i++; i < FEATURE_count; i++)
		if ((*set >> bases[i] & 1) == 0)
			*set &= ~((features)1 << i);
	return true;
}
