#!/bin/sh
# Runs golden files: golden.sh [-u] PROGRAM FILE..
# A golden file is free text with lines that begin with "-- ":
#
#   -- file NAME        a file of the case; the lines up to the next "-- "
#   -- bytes NAME HH..  a binary file
#   -- sheave ARGS      a command; what it must print follows: its standard
#                       output, its standard error with "2> " before each line,
#                       and "exit STATUS"
#
# A file passes when running it gives the file itself; -u writes it anew.
set -u
update=''
if [ "$1" = -u ]; then
	update=1
	shift
fi
case $1 in
/*) program=$1 ;;
*) program=$PWD/$1 ;;
esac
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Runs the arguments (as a shell would read them) and prints what must follow.
run_case()
{
	eval "$run \"\$program\" $1" >"$work/1" 2>"$work/2" </dev/null
	status=$?
	cat "$work/1"
	# only compiled code knows the address
	sed '/^memory fault at wasm address /d; s/^/2> /' "$work/2"
	echo "exit $status"
}

# write_bytes NAME HH..
write_bytes()
{
	name=$1
	shift
	for byte; do
		printf "\\$(printf %o "0x$byte")"
	done >"$name"
}

# Prints the golden file on standard input as it should be, running it in the
# directory of its files.  The state is the kind of line that is read next:
# text, the first or a further line of old output, or a file's line.
actual()
{
	state=text
	while IFS= read -r line; do
		case $state-$line in
		first-)
			state=text
			;;
		esac
		case $line in
		'-- sheave'*)
			state=first
			printf '%s\n' "$line"
			run_case "${line#-- sheave}"
			continue
			;;
		'-- file '*)
			state=file
			name=${line#-- file }
			: >"$name"
			;;
		'-- bytes '*)
			state=text
			write_bytes ${line#-- bytes }
			;;
		*)
			case $state in
			file) printf '%s\n' "$line" >>"$name" ;;
			first | output)
				state=output
				case $line in 'exit '*) state=text ;; esac
				continue
				;;
			esac
			;;
		esac
		printf '%s\n' "$line"
	done
}

run=${RUN:-}
passed=0
failed=0
for golden; do
	mkdir "$work/case"
	(cd "$work/case" && actual) <"$golden" >"$work/actual"
	if [ "$update" ]; then
		cp "$work/actual" "$golden"
	elif diff -u "$golden" "$work/actual"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	rm -rf "$work/case"
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
