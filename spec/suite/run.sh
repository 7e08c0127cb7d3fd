#!/bin/sh
# Runs the official suites and our own scripts through a program:
#   run.sh DIRECTORY COMMAND..
# DIRECTORY holds testsuite/ and testsuite-extra/; if empty, $SHEAVE_TESTSUITE,
# else ../shared.  What is not there is said and not counted as a failure.
# All of it runs three times: judging kinds of failures, then their messages
# too, then with a collection at every allocation.
dir=${1:-${SHEAVE_TESTSUITE:-../shared}}
shift
there=spec/suite
for d in testsuite testsuite/custom testsuite/proposals/threads \
	testsuite/proposals/wide-arithmetic \
	testsuite/proposals/custom-page-sizes \
	testsuite-extra/threads testsuite-extra/compact-import-section
do
	if [ -d "$dir/$d" ]; then
		there="$there $dir/$d"
	else
		echo "NOT RUN: no $dir/$d (./configure --testsuite=DIR)"
	fi
done
status=0
"$@" $there || status=1
"$@" --strict $there || status=1
"$@" --gc-stress $there || status=1
exit $status
