# trap < spec < interp < jit < host: a file includes its own folder and those to
# the left.  spec/suite runs everything, so it may reach further.
BEGIN { n = split("trap spec interp jit host", name); for (i in name) rank[name[i]] = i + 0 }

/^#[ \t]*include "/ && FILENAME !~ /^spec\/suite\// {
	split(FILENAME, from, "/")
	split($0, word, /["\/]/)
	if (!(word[2] in rank) || rank[word[2]] > rank[from[1]]) {
		print FILENAME ":" FNR ": " $0
		bad = 1
	}
}

END { exit bad }
