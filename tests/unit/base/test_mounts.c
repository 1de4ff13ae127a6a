#include "base/mounts.h"
#include "tap.h"

static const char list[] = "/dev/vda / ext4 rw,relatime 0 0\n"
			   "tmpfs /opt tmpfs rw,nosuid,noexec 0 0\n"
			   "tmpfs /opt/a\\040b\\134 tmpfs rw 0 0\n"
			   "tmpfs /var tmpfs rw,noexec 0 0\n"
			   "tmpfs /var tmpfs rw,nosuid 0 0\n"
			   "tmpfs /srv tmpfs rw,xnoexec,noexecx 0 0\n"
			   "short\n"
			   "tmpfs /last tmpfs noexec";

int
main(void)
{
	ok(mounts_have(list, "/opt", "noexec"), "the directory itself");
	ok(mounts_have(list, "/opt/vcap/bin", "noexec"), "what is below it");
	ok(mounts_have(list, "/opt/vcap/bin", "nosuid"), "another option of the same");
	ok(!mounts_have(list, "/optional", "noexec"), "what only begins like it");
	ok(!mounts_have(list, "/opt/a b\\/bin", "noexec"), "one below it, with escapes, counts");
	ok(mounts_have(list, "/opt/a", "noexec"), "... for what is in it alone");
	ok(!mounts_have(list, "/var/lib", "noexec"), "the later of two on the same directory");
	ok(mounts_have(list, "/var/lib", "nosuid"), "... and its options");
	ok(!mounts_have(list, "/srv/x", "noexec"), "an option is a whole word");
	ok(mounts_have(list, "/last/x", "noexec"), "the last line may have no end");
	ok(!mounts_have("", "/", "noexec"), "no list says nothing");
	ok(!mounts_have(list, "", "noexec"), "nor does no path");
	return done_testing();
}
