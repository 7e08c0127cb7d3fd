#include "host/nodes.h"

const bool nodes_built = false;

void
nodes_dump(FILE *out, struct module *m, uint32_t func)
{
	(void)out;
	(void)m;
	(void)func;
}

void
nodes_list(FILE *out, struct module *m, uint32_t func, bool explicit_bounds)
{
	(void)explicit_bounds;
	nodes_dump(out, m, func);
}
