# Reads nm -u of the library built with --platform=none: nothing but C11's own
# library may be undefined, and of that no signals, jumps, threads or locale.
BEGIN {
	n = split("malloc calloc realloc free abort abs qsort strtol strtoul " \
		"memchr memcmp memcpy memmove memset strchr strcmp strcpy " \
		"strlen strncmp strrchr strstr strspn strcspn strerror " \
		"snprintf vsnprintf printf fprintf vfprintf fputs fputc puts " \
		"putchar fwrite fread fopen fclose fflush stdin stdout stderr " \
		"sqrt sqrtf fabs fabsf ceil ceilf floor floorf trunc truncf " \
		"rint rintf nearbyint nearbyintf copysign copysignf fma fmaf " \
		"ldexp scalbn time clock timespec_get " \
		"__assert_fail", name)
	for (i = 1; i <= n; i++)
		c11[name[i]]
}

$1 == "U" {
	if ($2 in c11) {
		passed++
	} else {
		print "not of C11's library: " $2
		failed++
	}
}

END {
	print passed + 0 " passed, " failed + 0 " failed"
	exit failed > 0
}
