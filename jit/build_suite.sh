#!/bin/sh
# Runs our script and the official suite through a program that takes scripts:
#   build_suite.sh DIRECTORY COMMAND..
# DIRECTORY holds testsuite/ and bench/open/; if empty, $SHEAVE_TESTSUITE, else
# ../shared.
dir=${1:-${SHEAVE_TESTSUITE:-../shared}}
shift
if [ ! -d "$dir/testsuite" ]; then
	echo "NOT RUN: no $dir/testsuite (./configure --testsuite=DIR)"
	exec "$@" spec/suite/exception.wast
fi
programs=$(find "$dir/bench/open" -name '*.wasm' -size -2000k 2>/dev/null)
status=0
"$@" spec/suite/exception.wast "$dir"/testsuite/*.wast \
	"$dir"/testsuite/proposals/*/*.wast || status=1
"$@" -b -c -i -n "$dir"/testsuite/*.wast "$dir"/testsuite/proposals/*/*.wast \
	$programs || status=1
exit $status
