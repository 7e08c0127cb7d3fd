# Adds up test logs.  A log holds "N passed, M failed" lines or Check's totals,
# and last "exit N"; a log without counts or with another exit than 0 failed.
# Shows failed logs whole and removes them, so that they run again; of the
# others it shows what was not run.

function close_log()
{
	if (log_name == "")
		return
	if (failed == 0 && (status != 0 || !counted))
		failed++
	if (failed) {
		printf "%s", text
		print "FAILED " log_name
		bad[log_name]
	}
	printf "%-40s %6d passed, %d failed\n", log_name, passed, failed
	all_passed += passed
	all_failed += failed
}

FNR == 1 {
	close_log()
	log_name = FILENAME
	passed = failed = counted = 0
	status = 1
	text = ""
}

{ text = text $0 "\n" }

/^[0-9]+ passed, [0-9]+ failed$/ {
	counted = 1
	passed += $1
	failed += $3
}

/^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+$/ {
	counted = 1
	passed += $3 - $5 - $7
	failed += $5 + $7
}

/^exit [0-9]+$/ { status = $2 }

/^NOT RUN: / { print }

END {
	close_log()
	for (name in bad)
		system("rm -f '" name "'")
	print all_passed + 0 " passed, " all_failed + 0 " failed"
	exit all_failed > 0
}
