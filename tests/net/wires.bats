#!/usr/bin/env bats
# Configurations of HAProxy and nginx, imported and on the wire: see wires.bash.
# shellcheck disable=SC2016,SC2034 # a variable of nginx; what wires.bash reads

bats_require_minimum_version 1.5.0
load ../until
load wires

# Break: lib/import/haproxy_route.c s/bind = haproxy_sockets_find(.*/bind = NULL;/
# bats test_tags=slow
@test "wires: HAProxy, frontends behind frontends, by sockets, addresses and names in TLS" {
	haproxy_with chains.cfg
	through edge-one 'page 192.0.2.170:443' 'page 192.0.2.170:443/slow' 'tls 192.0.2.170:443 x.raw.example.org'
	grep -q '^10.36.1.1:443' wanted
	grep -q '^10.36.0.[12]:8080' wanted
}

# Break: lib/import/haproxy_names.c s/map.text = drafts->read(drafts->context, full, &why);/;/
# bats test_tags=slow
@test "wires: HAProxy, a router whose backends maps name" {
	haproxy_with router.cfg
	through public 'page 192.0.2.60:80 -H Host:web.example.org'
	grep -q '^10.20.0.[12]:8080' wanted
	through public_ssl 'page 192.0.2.60:443' 'tls 192.0.2.60:443 mail.example.org'
	[ "$(uniq wanted | tr '\n' ' ')" = '10.20.1.1:8443 10.20.3.1:8080 ' ]
}

# Break: lib/import/haproxy_names.c s/VARIABLES_MAX 100/VARIABLES_MAX 0/
# bats test_tags=slow
@test "wires: HAProxy, a controller's variables and maps" {
	haproxy_with controller.cfg
	through http 'page 192.0.2.130:8080 -H Host:shop.example.org' 'page 192.0.2.130:8080 -H Host:other.example.org'
	grep -q '^10.32.1.1[12]:8080' wanted
	grep -q '^10.32.9.11:8080' wanted
	through ssl 'page 192.0.2.130:8443' 'tls 192.0.2.130:8443 mail.example.org'
	[ "$(uniq wanted | tr '\n' ' ')" = '10.32.3.11:8443 10.32.9.11:8080 ' ]
}

# Break: lib/import/haproxy_names.c s/VARIABLES_MAX 100/VARIABLES_MAX 0/
# bats test_tags=slow
@test "wires: HAProxy, an ingress controller's, whose expressions name backends" {
	haproxy_with ingress.cfg
	through http 'page 192.0.2.61:80 -H Host:example.org'
	through by_name 'page 192.0.2.61:81'
	through by_prefix 'page 192.0.2.61:82/w'
	[ "$(uniq wanted | tr '\n' ' ')" = '10.21.0.1:8080 10.21.0.2:8080 ' ]
}

# Break: lib/import/haproxy_route.c s/haproxy_section_setting(section, "default_backend", NULL)/NULL/
# bats test_tags=slow
@test "wires: HAProxy, sections that choose among defaults" {
	haproxy_with tiers.cfg
	through api 'page 198.51.100.1:80'
	through ldap 'page 198.51.100.1:389'
	through gopher 'page 198.51.100.1:70'
}

# Break: lib/import/haproxy.c s/!haproxy_line_has(line, "v6only")/false/
# bats test_tags=slow
@test "wires: HAProxy, every way to write where to listen, of both families" {
	local v4=198.18.1.1 v6='[2001:2:0:1::1]'

	haproxy_with addresses.cfg
	through wildcard "page $v4:80" "page $v4:81" "page $v4:82" "page $v6:83" "page $v4:84" "page $v6:84" "page $v4:85" "page $v6:85"
	[ "$(uniq wanted | wc -l)" -eq 4 ]
	through several 'page 192.0.2.3:80' 'page 192.0.2.1:8010' 'page [2001:db8::4]:80' 'page [2001:db8::5]:80' 'page [2001:db8::6]:80'
	through wildcard6 "page $v4:8443" "page $v6:8444"
}

# Break: lib/import/haproxy_sections.c s/set_variables(&variables, &line);/;/
# bats test_tags=slow
@test "wires: HAProxy, Debian's own file, and one of quotes and conditions" {
	haproxy_with debian.cfg
	through shop 'page 192.0.2.10:80'
	# What the environment has is not imported, which is said.
	haproxy_with quoting.cfg
	[ "$(grep -c environment said)" -ge 2 ]
	among='not ip.dst in { 10.3.0.3, 10.3.0.9 }'
	through main 'page 198.51.100.2:80' 'page 198.51.100.3:8080'
}

# Break: lib/import/haproxy.c s/for_each_server(&front, add_server);/;/
# bats test_tags=slow
@test "wires: HAProxy, what a cloud writes for its images" {
	haproxy_with amphora.cfg
	through 8a1c0b52-5d0e-4f6e-9d2e-2f7c1b6a0001 'page 192.0.2.110:80' 'page 192.0.2.110:80/api'
	[ "$(uniq wanted | tr '\n' ' ')" = '10.30.1.12:8000 10.30.2.11:82 ' ]
	through 8a1c0b52-5d0e-4f6e-9d2e-2f7c1b6a0006 'page 192.0.2.110:3306' 'page [2001:db8:110::6]:3306'
}

# Break: lib/import/haproxy.c s/for_each_server(&front, add_server);/;/
# bats test_tags=slow
@test "wires: HAProxy, a firewall's package, whose servers see their clients" {
	haproxy_with appliance.cfg
	divert
	through web-merged 'page 192.0.2.120:80 -H Host:shop.example.org' 'page 198.51.100.120:80 -H Host:wiki.example.org'
	[ "$(uniq wanted | wc -l)" -eq 3 ]
	through vpn 'page 192.0.2.120:1194'
	[ "$(uniq wanted)" = 10.31.0.4:1194 ]
}

# Some checks begin as clients do.
# Break: lib/import/haproxy.c s/for_each_server(&front, add_server);/;/
# bats test_tags=slow
@test "wires: HAProxy, all kinds of checks beside the requests" {
	haproxy_with checks.cfg
	among='not ip.dst in { 10.5.4.0/24, 10.5.5.2, 10.9.9.0/24 }'
	through ports 'page 192.0.2.21:80' 'page 192.0.2.21:80'
	through connects 'page 192.0.2.22:80'
	through agents 'page 192.0.2.23:80'
	through local 'page 192.0.2.25:80'
	through unchecked 'page 192.0.2.26:80'
	haproxy_with probes.cfg 15
	through inherits 'page 192.0.2.50:80'
	through elsewhere 'page 192.0.2.61:80' 'page 192.0.2.61:80'
	through empty 'page 192.0.2.65:80'
}

# Break: lib/import/haproxy.c s/for_each_server(&front, add_server);/;/
# bats test_tags=slow
@test "wires: HAProxy, databases, reached from addresses of their own" {
	haproxy_with databases.cfg
	divert
	ip addr add 10.20.0.6/32 dev lo
	ip addr add 10.20.0.7/32 dev lo
	through postgres 'page 10.20.0.5:5000'
	through redis 'page 10.20.0.5:6379'
	through memcached 'page 10.20.0.5:11211'
	through rabbit 'page 10.20.0.5:5672'
	[ "$(uniq wanted | wc -l)" -eq 2 ]
}

# Break: lib/import/draft_endpoint.c s/return has_letter \&\& .*/return false;/
# bats test_tags=slow
@test "wires: HAProxy, servers that a name server knows" {
	servers_behind to-servers
	names_at 192.0.2.53 app.example.net=10.8.0.1 app.example.net=10.8.0.2 old.example.net=10.8.0.9 both.example.net=10.8.0.5
	haproxy_with discovery.cfg
	serves() { page 192.0.2.80:80 -f "$@"; }
	until_true serves
	until_true serves -H Host:old.example.net
	through web 'page 192.0.2.80:80' 'page 192.0.2.80:80' 'page 192.0.2.80:80 -H Host:old.example.net'
	[ "$(uniq wanted | wc -l)" -ge 3 ]
}

# Break: lib/import/haproxy.c s/for_each_server(&front, add_server);/;/
# bats test_tags=slow
@test "wires: HAProxy, sockets that nobody serves beside a server" {
	haproxy_with edges.cfg 3
	through web-public.1 'page 192.0.2.40:80'
	[ "$(uniq wanted)" = 10.7.0.1:80 ]
}

# What the environment has is not imported, which is said.
# Break: lib/import/haproxy.c s/add_server_by_offset(draft, line, &addr, comment);/;/
# bats test_tags=slow
@test "wires: HAProxy, a mail host, and names in TLS that are passed through" {
	haproxy_with mail.cfg
	grep -qF MAIL_NET said
	among='not ip.dst == 10.34.0.3'
	through smtp 'page 192.0.2.150:25' 'page 192.0.2.150:587'
	through imap 'page 192.0.2.150:143' 'page 192.0.2.150:993'
	[ "$(uniq wanted | wc -l)" -ge 2 ]
	haproxy_with passthrough.cfg
	# Checks have neither a name nor a client.
	among='(not ip.dst == 10.1.0.5 or tcp.payload contains "mail.example.org" or tcp.payload contains "198.18.1.2")'
	through tls 'tls 203.0.113.7:443 mail.example.org' 'tls 203.0.113.7:443 a.example.org' 'tls [2001:db8:7::7]:443 b.example.org'
	[ "$(uniq wanted | wc -l)" -eq 4 ]
	through smtp 'page 203.0.113.7:587'
}

# Break: lib/import/haproxy.c s/ports\[i\].first + addr->offset/ports[i].first/
# bats test_tags=slow
@test "wires: HAProxy, servers at the client's port, beside it and behind it" {
	haproxy_with ports.cfg
	divert
	through passive-ftp 'page 192.0.2.30:21' 'page 192.0.2.30:10007'
	through shifted 'page 192.0.2.31:80' 'page 192.0.2.31:443' 'page 192.0.2.31:80'
	[ "$(uniq wanted | wc -l)" -ge 4 ]
	through relay 'page 192.0.2.32:25'
	through wherever 'page 192.0.2.33:80' 'page 192.0.2.33:80'
}

# The address is there by VRRP alone.
# Break: lib/import/haproxy.c s/for_each_server(&front, add_server);/;/
# bats test_tags=slow
@test "wires: HAProxy and keepalived, whose address moves" {
	haproxy_with pair.cfg
	ip addr del 192.0.2.140/32 dev lo
	cat >keepalived.conf <<-END
		global_defs {
			router_id lb1
		}
		vrrp_instance edge {
			interface to-client
			virtual_router_id 7
			priority 100
			advert_int 0.1
			virtual_ipaddress {
				192.0.2.140/32 dev to-client
			}
		}
	END
	in_background keepalived -n -P -l -f "$PWD/keepalived.conf" -p "$PWD/keepalived.pid" -r "$PWD/vrrp.pid"
	is_master() { ip addr show dev to-client | grep -q 192.0.2.140; }
	until_true is_master
	# The checks of others begin TLS, too.
	among='tcp.port == 80'
	through ingress-http 'page 192.0.2.140:80'
	grep -q '^10.33.1.[12]:80' wanted
	among='tcp.port == 22623'
	through machine-config 'page 192.0.2.140:22623'
	grep -q '^10.33.0.1[12]:22623' wanted
}

# Break: lib/import/nginx_listen.c s/draft_endpoint_is_loopback(to->host)/false/
# bats test_tags=slow
@test "wires: nginx, streams by names in TLS, and its own servers behind them" {
	nginx_files "$inputs/nginx/preread.dump"
	nginx_with root/etc/nginx/nginx.conf 192.0.2.200:10100
	through stream-443 'tls 192.0.2.200:443 a.mail.example.org' 'tls [2001:db8::200]:443 vpn.example.org' \
		'tls 192.0.2.200:443 shop.example.org' 'tls 192.0.2.200:443 wiki.example.org' 'tls 192.0.2.200:443 other.example.org'
	for server in '10.62.1.[12]:993' 10.62.0.9:8443 10.62.4.1:8080 10.62.4.2:8080 '\(10.62.2.[12]\|\[2001:db8:62::1\]\):443'; do
		grep -q "^$server" wanted || { echo "no $server"; cat wanted; false; }
	done
	through stream-10000 'page 192.0.2.200:10007'
	[ "$(uniq wanted)" = 10.62.3.1:10007 ]
}

# Break: lib/import/nginx_pass.c s/add_replaced(server, pass, authority, at, end, name);/;/
# bats test_tags=slow
@test "wires: nginx, servers of http and streams, of both families" {
	nginx_files "$inputs/nginx/sites.dump"
	nginx_with root/etc/nginx/nginx.conf 192.0.2.52:443
	divert
	ip addr add 10.0.4.1/32 dev lo
	through lab.example.org 'page 198.18.1.1:8000/b'
	[ "$(uniq wanted)" = 10.0.3.7:70 ]
	through http-80 'page 192.0.2.51:80'
	through plain.example.org 'page 198.18.1.1:80 -H Host:plain.example.org'
	through shop.example.org 'page 192.0.2.50:443' 'page [2001:db8::50]:443' 'page 192.0.2.50:443/secure'
	[ "$(uniq wanted | tr '\n' ' ')" = '10.0.1.11:8080 10.0.1.30:443 ' ]
	through stream-443 'tls 192.0.2.52:443 mail.example.org' 'tls 192.0.2.52:443 other.example.org'
	through dns 'datagram 192.0.2.52 53' 'page 192.0.2.52:53'
}

# Break: lib/import/nginx_pass.c s/add_replaced(server, pass, authority, at, end, name);/;/
# bats test_tags=slow
@test "wires: nginx, one server for each container, named by variables" {
	nginx_files "$inputs/nginx/apps.dump" '/set_by_lua_block/d; s/[$]code/10.63.9.9/'
	names_at 127.0.0.11 app.example.net=10.8.0.1 app.example.net=10.8.0.2
	nginx_with root/config/nginx/nginx.conf 192.0.2.210:443
	through books.example.org 'tls 192.0.2.210:443 books.example.org' 'tls 192.0.2.210:443 books.example.org/books/opds'
	grep -q '^10.8.0.[12]:8083' wanted
	grep -q '^10.63.0.3:8084' wanted
	through films.example.org 'tls 192.0.2.210:443 films.example.org' 'tls 192.0.2.210:443 films.example.org/live'
	[ "$(uniq wanted | tr '\n' ' ')" = '10.63.0.4:8920 10.63.0.5:443 ' ]
	through pools.example.org 'page 192.0.2.210:80 -H X-Pool:blue' 'page 192.0.2.210:80 -H X-Pool:green'
	[ "$(uniq wanted | tr '\n' ' ')" = '10.63.1.1:8080 10.63.1.2:8080 ' ]
	through behind.example.org 'page 192.0.2.210:8080'
}

# Break: lib/import/nginx_tree.c s/strcmp(words\[0\], "include") == 0/false/
# bats test_tags=slow
@test "wires: nginx, a product's own" {
	nginx_files "$inputs/nginx/gitlab.dump" '/hide_server_tokens|log_format/d'
	nginx_with root/var/opt/gitlab/nginx/conf/nginx.conf 0.0.0.0:5050
	through registry.example.org 'tls 198.18.1.1:5050 registry.example.org'
	[ "$(uniq wanted)" = 10.61.0.5:5000 ]
	through http-80 'page 198.18.1.1:80 -H Host:a.pages.example.org'
	[ "$(uniq wanted)" = 10.61.0.6:8090 ]
}

# Debian's nginx has no code to choose servers: upstreams of the backends do, by the same variable.
# Break: lib/import/nginx_ingress.c s/"alternativeBackends"/"none"/
# bats test_tags=slow
@test "wires: nginx, what ingress-nginx writes, without its code" {
	servers_behind to-servers
	nginx_files "$inputs/nginx/ingress.dump" '
		s/content_by_lua_block \{[^}]*\}/return 200;/
		s/(balancer|preread|ssl_certificate)_by_lua_block \{[^}]*\}//
		/_by_lua_block \{$/,/^[[:blank:]]*\}$/d
		/lua_package_path|geoip_country/d
		s|(proxy_pass http://)upstream_balancer|\1$proxy_upstream_name|'
	jq -r 'map({key: .name, value: .endpoints}) as $all | ($all | from_entries) as $of | .[] | "upstream \(.name) {",
		([.name, .alternativeBackends[]?] | map($of[.][]) | .[] | "server " + (.address | if contains(":") then "[\(.)]" else . end) + ":\(.port);"), "}"' \
		"$inputs/nginx/ingress.backends" >upstreams
	sed -i "s|^http {|&include $PWD/upstreams;|" root/etc/nginx/nginx.conf
	vcap import -b "$inputs/nginx/ingress.backends" -w nginx "$inputs/nginx/ingress.dump" >written 2>said || [ $? -eq 3 ]
	nginx_runs root/etc/nginx/nginx.conf 0.0.0.0:443
	through shop.example.org 'page 192.0.2.220:80/api -H Host:shop.example.org' 'page 192.0.2.220:80/api -H Host:shop.example.org' \
		'tls 192.0.2.220:443 shop.example.org' 'tls 192.0.2.220:443 shop.example.org'
	[ "$(uniq wanted | wc -l)" -ge 3 ]
}
