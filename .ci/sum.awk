# Adds up test logs.  A log holds "N passed, M failed" lines or Check's totals,
# and last "exit N"; a log without counts or with another exit than 0 failed.
# Shows failed logs whole and removes them, so that they run again.

function close_log()
{
	if (log_name == "")
		return
	if (status != 0 && failed == 0 || passed + failed == 0)
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
	passed = failed = 0
	status = 1
	text = ""
}

{ text = text $0 "\n" }

/^[0-9]+ passed, [0-9]+ failed$/ {
	passed += $1
	failed += $3
}

/^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+$/ {
	passed += $3 - $5 - $7
	failed += $5 + $7
}

/^exit [0-9]+$/ { status = $2 }

END {
	close_log()
	for (name in bad)
		system("rm -f '" name "'")
	print all_passed + 0 " passed, " all_failed + 0 " failed"
	exit all_failed > 0
}
