/*
 * The program sheave: everything is in host/cli*.c.
 */
#include "host/cli.h"

int
main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
