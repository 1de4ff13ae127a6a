/*
 * A process counts by its name, and only in the network namespace of whoever asks: what serves in
 * another one is behind addresses that mean nothing here. Its files are read where it sees them, which
 * may be a container. Any user can have a process of that name, with whatever arguments and mounts: so one's
 * own comes first, and a program is executed only if it is the one that one's own process runs, also by its
 * file, since sudo under another name has the ids of root; of others, and in containers, files are read, and
 * nothing but files. Rules count if they translate something, but not as those of nftables if
 * iptables has made them; yet which rules of any table hide clients counts for all. Those of IPVS count
 * only where keepalived has not written them, whose configuration says more.
 */
#include "import/serving.h"

#include <string.h>

static const char mark[] = "# vcap import ";

char serving_script[] =
    "LC_ALL=C\n"
    "PATH=$PATH:/usr/sbin:/sbin\n"
    "here=$(readlink /proc/self/ns/net) mine=$(readlink /proc/self/ns/mnt) me=$(id -u)\n"
    "line='\n'\n"
    "begin() { printf '\\n# vcap import %s\\n' \"$1\"; }\n"
    "process() {\n"
    "  for whose in own other; do\n"
    "    for comm in $(grep -lxs \"$1\" /proc/[0-9]*/comm); do\n"
    "      pid=${comm#/proc/} pid=${pid%/comm} root= ids=\"Uid:\t$me\t$me\t$me\t$me\"\n"
    "      net=$(readlink \"/proc/$pid/ns/net\") mount=$(readlink \"/proc/$pid/ns/mnt\")\n"
    "      [ \"${net:-$here}\" = \"$here\" ] || continue\n"
    "      [ \"${mount:-$mine}\" = \"$mine\" ] || root=/proc/$pid/root\n"
    "      if grep -qxs \"$ids\" \"/proc/$pid/status\"; then user=own; else user=other; fi\n"
    "      [ \"$user\" != \"$whose\" ] || return 0\n"
    "    done\n"
    "  done\n"
    "  return 1\n"
    "}\n"
    "runs() { [ \"$whose$root\" = own ] && [ \"/proc/$pid/exe\" -ef \"$(command -v \"$1\")\" ]; }\n"
    "place() {\n"
    "  case $1 in /*) printf '%s%s\\n' \"$root\" \"$1\" ;; *) printf '/proc/%s/cwd/%s\\n' \"$pid\" "
    "\"$1\" ;; esac\n"
    "}\n"
    "say() {\n"
    "  [ -f \"$1\" ] || return 0\n"
    "  printf '# configuration file %s:\\n' \"${1#\"$root\"}\"\n"
    "  cat -- \"$1\"\n"
    "  echo\n"
    "}\n"
    "files() {\n"
    "  default=$1 before=\n"
    "  tr '\\0' '\\n' <\"/proc/$pid/cmdline\" | while IFS= read -r word; do\n"
    "    [ \"$before\" != -f ] || place \"$word\"\n"
    "    before=$word\n"
    "  done | grep . || place \"$default\"\n"
    "}\n"
    /* As nginx -T prints them: its file, and those that it includes, each once. */
    "tree() {\n"
    "  folder=${1%/*} seen=$line IFS=$line\n"
    "  set -- \"$root$1\"\n"
    "  while [ $# -gt 0 ] && [ ${#seen} -lt 65536 ]; do\n"
    "    file=$1\n"
    "    shift\n"
    "    case $seen in *\"$line$file$line\"*) continue ;; esac\n"
    "    seen=$seen$file$line\n"
    "    [ -f \"$file\" ] || continue\n"
    "    say \"$file\"\n"
    "    set -- \"$@\" $(sed -n "
    "'s/^[[:blank:]]*include[[:blank:]]\\{1,\\}[\"'\\'']*\\([^;\"'\\'']*\\).*/\\1/p' \\\n"
    "      \"$file\" | sed \"s|^[^/]|$folder/&|; s|^|$root|\")\n"
    "  done\n"
    "}\n"
    "if process haproxy; then\n"
    "  begin haproxy\n"
    "  files /etc/haproxy/haproxy.cfg | while IFS= read -r f; do\n"
    "    [ -d \"$f\" ] || { say \"$f\"; continue; }\n"
    "    for g in \"${f%/}\"/*.cfg; do say \"$g\"; done\n"
    "  done\n"
    "fi\n"
    "if process nginx; then\n"
    "  begin nginx\n"
    "  c=$(tr '\\0' ' ' <\"/proc/$pid/cmdline\" | sed -n 's/.* -c  "
    "*\\([A-Za-z0-9._\\/-]*\\).*/\\1/p')\n"
    "  if runs nginx; then\n"
    "    nginx -T -q ${c:+-c \"$c\"}\n"
    "  else\n"
    "    case $c in '' | [!/]*) c=/etc/nginx/${c:-nginx.conf} ;; esac\n"
    "    (ulimit -t 20; ulimit -v 1000000; tree \"$c\")\n"
    "  fi\n"
    "fi\n"
    "if process envoy; then\n"
    "  begin envoy\n"
    "  curl -sSf 'http://127.0.0.1:9901/config_dump?include_eds' ||\n"
    "    curl -sSf 'http://127.0.0.1:15000/config_dump?include_eds'\n"
    "fi\n"
    "written=\n"
    "if process keepalived; then\n"
    "  f=$(files /etc/keepalived/keepalived.conf | head -n 1)\n"
    "  if [ -f \"$f\" ] && grep -q '^[[:blank:]]*virtual_server' \"$f\"; then\n"
    "    written=yes\n"
    "    begin keepalived\n"
    "    cat -- \"$f\"\n"
    "  fi\n"
    "fi\n"
    "if [ ! \"$written\" ] && grep -qsE '^(TCP|UDP|SCTP|FWM)' /proc/net/ip_vs; then\n"
    "  begin ipvs\n"
    "  ipvsadm -Sn\n"
    "  iptables-save 2>/dev/null\n"
    "fi\n"
    "rules=$({ iptables-save; ip6tables-save; ipset save; } 2>/dev/null)\n"
    "case $rules in *'-j DNAT'*) begin iptables; printf '%s\\n' \"$rules\" ;; esac\n"
    "own=$(nft list tables 2>/dev/null | while read -r word family name; do\n"
    "  rules=$(nft -j list table \"$family\" \"$name\")\n"
    "  case $rules in *'\"xt\"'*) ;; *'\"dnat\"'*) echo \"$word\" ;; esac\n"
    "done)\n"
    "if [ \"$own\" ]; then\n"
    "  begin nft\n"
    "  nft -j list ruleset\n"
    "fi\n"
    "true";

bool
serving_next(const char **text, char kind[SERVING_KIND_MAX], char **configuration)
{
	const size_t before = strlen(mark);
	const char *at = *text, *end;
	size_t length;

	while (*at && strncmp(at, mark, before) != 0) {
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	length = *at ? strcspn(at + before, "\n") : 0;
	if (length == 0 || length >= SERVING_KIND_MAX)
		return false;
	memcpy(kind, at + before, length);
	kind[length] = '\0';
	at += before + length;
	at += *at == '\n';
	for (end = at; *end && strncmp(end, mark, before) != 0; end += *end == '\n')
		end += strcspn(end, "\n");
	*configuration = strndup(at, (size_t)(end - at));
	*text = end;
	return true;
}
