#!/bin/sh
# Runs the official suite through a program that takes scripts:
#   build_suite.sh DIRECTORY COMMAND..
# DIRECTORY holds testsuite/; if empty, $SHEAVE_TESTSUITE, else ../shared.
dir=${1:-${SHEAVE_TESTSUITE:-../shared}}/testsuite
shift
if [ ! -d "$dir" ]; then
	echo "NOT RUN: no $dir (./configure --testsuite=DIR)"
	exit 0
fi
status=0
"$@" "$dir"/*.wast "$dir"/proposals/*/*.wast || status=1
"$@" -b -c -i -n "$dir"/*.wast "$dir"/proposals/*/*.wast || status=1
exit $status
