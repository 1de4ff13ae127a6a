/* What `kubectl ingress-nginx backends` prints, beside a configuration that leads to backends. */
#include "drafts.h"
#include "import/nginx.h"

static const char configuration[] =
    "http { upstream all { server 0.0.0.1; balancer_by_lua_block { } }\n"
    "server { listen 80; location / { set $proxy_upstream_name a; proxy_pass http://all; }\n"
    "location /b { set $proxy_upstream_name b; proxy_pass http://all; } } }\n";

/* The file of backends: the context, a text. */
static char *
read_backends(void *context, const char *path, struct failure *why)
{
	(void)path;
	(void)why;
	return strdup(context);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct drafts drafts = {
	    .resolve = resolve_any, .read = read_backends, .backends = "backends", .context = text};

	check_drafts(&drafts, nginx_import, configuration);
	free(text);
	return 0;
}
