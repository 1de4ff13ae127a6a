#include "import/nft_kube.h"
#include "tap.h"

static void
named(const char *chain, const char *wanted)
{
	char name[DOTNAME_MAX + 1] = "";
	const bool is_named = nft_kube_name(name, chain);

	is_str(is_named ? name : NULL, wanted, chain);
}

int
main(void)
{
	named("service-ULMVA6XW-ns1/svc1/tcp/p80", "ns1.svc1.p80");
	named("external-42NFTM6N-ns2/svc2/udp/dns", "ns2.svc2.dns");
	named("endpoint-SGOXE6O3-ns2/svc2/tcp/p80__10.180.0.2/80", "ns2.svc2.p80");
	named("endpoint-SGOXE6O3-ns2/svc2/tcp/p80__fd00.1..2/80", "ns2.svc2.p80");
	named("service-ULMVA6XW-ns1/svc1/tcp/", "ns1.svc1");
	/* Others, and names that are cut. */
	named("firewall-ULMVA6XW-ns1/svc1/tcp/p80", NULL);
	named("service-ulmva6xw-ns1/svc1/tcp/p80", NULL);
	named("service-ULMVA6XWX-ns1/svc1/tcp/p80", NULL);
	named("service-ULMVA6XW-ns1/svc1/tcp", NULL);
	named("service-ULMVA6XW-ns1/svc1/tcp/p80/more", NULL);
	named("service-ULMVA6XW-/svc1/tcp/p80", NULL);
	named("service-ULMVA6XW-ns1/a-name-that-is-too-long-for-a-chain...", NULL);
	named("services", NULL);
	named("service-", NULL);
	named("", NULL);
	return done_testing();
}
