# statistics FILE: the interface statistics blocks of a pcapng file of this host's byte order, as the
# codes of their options but for comments, one block a line ("options:" and the codes).
statistics() {
	perl -e '
		local $/; my $bytes = <>; my $at = 0;
		while ($at < length $bytes) {
			my ($type, $size) = unpack("VV", substr $bytes, $at, 8);
			my ($option, @codes) = ($at + 20);
			while ($type == 5 && $option < $at + $size - 4) {
				my ($code, $length) = unpack("vv", substr $bytes, $option, 4);
				push @codes, $code if $code > 1;
				$option += 4 + ($length + 3 & ~3);
			}
			print join(" ", "options:", @codes), "\n" if $type == 5;
			$at += $size;
		}' "$1"
}
