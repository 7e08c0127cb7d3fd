/*
 * In the place of the second tier where there is none.
 */
#include "jit/jit.h"

bool
jit_install(struct engine *e, enum jit_mode mode, int32_t patience)
{
	(void)e, (void)mode, (void)patience;
	return false;
}

void
jit_name_code(struct engine *e, enum naming_kind kind)
{
	(void)e, (void)kind;
}

void
jit_set_vary(struct engine *e, struct jit_vary vary)
{
	(void)e, (void)vary;
}
