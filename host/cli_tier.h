/*
 * Which tiers run a guest, as the command line and $SHEAVE_JIT say.
 */
#ifndef HOST_CLI_TIER_H
#define HOST_CLI_TIER_H

struct cli;
struct engine;

typedef void
cli_setup(struct engine *e);

/*
 * What installs the tiers in an engine.  NULL after a message, with *status to
 * exit with: an unknown mode, or eager where there is no second tier.  A mode
 * of on falls back to the interpreter with a warning.
 */
cli_setup *
cli_tier(const struct cli *c, int *status);

/*
 * The same where there must be a second tier: eager if nothing is said.
 */
cli_setup *
cli_tier_second(const struct cli *c, int *status);

#endif
