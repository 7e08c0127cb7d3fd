/*
 * In the place of the second tier where there is none.
 */
#include "jit/jit.h"

bool
jit_install(struct engine *e, const struct jit_config *config)
{
	(void)e, (void)config;
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
