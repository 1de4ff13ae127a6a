# vcap: `make`, `make demo`, `make check`. See CONTRIBUTING.md for the rest.

VERSION   := 0.2.0
PREFIX    ?= /usr/local
BINDIR    ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec
MANDIR    ?= $(PREFIX)/share/man
BASHDIR   ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR    ?= $(PREFIX)/share/zsh/site-functions
FISHDIR   ?= $(PREFIX)/share/fish/vendor_completions.d
COCKPITDIR ?= $(PREFIX)/share/cockpit
WIRESHARKDIR ?= $(PREFIX)/share/wireshark
DOCDIR    ?= $(PREFIX)/share/doc/vcap
CC        ?= cc
CFLAGS    ?= -O2 -g

comma := ,
# A sanitized build has objects of its own, so that it never mixes with the plain one.
ifdef FUZZING
B := build-fuzz
CC := clang
FUZZ_MAIN :=
override CFLAGS  += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
override LDFLAGS += -fsanitize=fuzzer
else ifdef SANITIZE
B := build-$(subst $(comma),-,$(subst undefined,ubsan,$(subst address,asan,$(SANITIZE))))
override CFLAGS  += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
override LDFLAGS += -fsanitize=$(SANITIZE)
else
B := build
endif
# For another architecture, as `uname -m` calls it, by Debian's cross compiler: make static ARCH=aarch64.
# It has a directory of its own, too; its static programs join those for this machine.
MACHINE := $(shell uname -m)
ifneq ($(origin ARCH),command line)
ARCH := $(MACHINE)
endif
STATIC := $(B)/libexec/vcap/$(ARCH)
ifneq ($(ARCH),$(MACHINE))
B := build-$(ARCH)
CC := $(ARCH)-linux-gnu-gcc
AR := $(ARCH)-linux-gnu-ar
endif
ifndef FUZZING
FUZZ_MAIN = $(B)/tests/fuzz/main.o
endif

override CFLAGS += -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wno-missing-field-initializers -D_GNU_SOURCE -DVCAP_VERSION='"$(VERSION)"' -iquote lib -iquote tests/unit -pthread
ifdef DEV
override CFLAGS += -Werror
endif
ifndef V
Q := @
endif

# vcap-drops takes clang and libbpf, and is left out without them.
DROPS := $(if $(filter $(MACHINE),$(ARCH)),$(shell tools/can-drops $(CC)))

# conntracktool is conntrack without its library: one of them, and the archive has the other.
LIB_OBJ     := $(filter-out $(B)/lib/flows/conntrack_tool.o $(if $(DROPS),,$(B)/lib/drops/dropprobe.o),$(patsubst %.c,$(B)/%.o,$(wildcard lib/*/*.c)))
C_COMMANDS  := $(filter-out $(if $(DROPS),,$(B)/bin/vcap-drops),$(patsubst cmd/%.c,$(B)/bin/%,$(wildcard cmd/vcap-*.c)))
SH_COMMANDS := $(patsubst cmd/%.sh,$(B)/bin/%,$(wildcard cmd/vcap*.sh))
SCRIPTS     := $(patsubst libexec/%,$(B)/libexec/vcap/%,$(wildcard libexec/*))
SHARED      := $(patsubst share/%,$(B)/share/%,$(shell find share -type f))
SUBCOMMANDS  = $(filter-out vcap,$(notdir $(C_COMMANDS) $(SH_COMMANDS)))
UNIT        := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/*/test_*.c))
HELPERS     := $(patsubst %.c,$(B)/%,$(wildcard tests/tools/*.c))
PRELOADS    := $(patsubst %.c,$(B)/%.so,$(wildcard tests/preload/*.c))
FUZZ        := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))

all: commands

commands: $(C_COMMANDS) $(SH_COMMANDS) $(SCRIPTS) $(SHARED)
ifndef DROPS
	@echo "  vcap-drops is left out: it takes clang and libbpf-dev (tools/install-deps drops)"
endif

# Each command is linked with those of these that it uses. Those that run on engines need no libpcap,
# and as static programs find only what ENGINE_LIBS names.
LIBS        := -lcrypto -lpcap -lcap -lseccomp -lzstd -lz -lsmartcols -ljansson -ledit -lnetfilter_conntrack -lnfnetlink -lnghttp2 -lpcre2-8
ENGINE_LIBS := -lcap -lseccomp -lzstd -lz -lnghttp2 -lpcre2-8
override LDFLAGS += -Wl,--as-needed

$(B)/bin/%: $(B)/cmd/%.o $(B)/cmd/cli.o $(B)/libvcap.a
	@mkdir -p $(@D)
	@$(if $(Q),echo "  LD   $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(LDLIBS)

# The program that vcap-drops has in the kernel, which is part of its own.
$(B)/bin/vcap-drops: LIBS += -lbpf
$(B)/lib/drops/dropprobe.o: override CPPFLAGS += -DDROPPROBE_OBJECT='"$(B)/bpf/dropprobe.o"'
$(B)/lib/drops/dropprobe.o: $(B)/bpf/dropprobe.o
$(B)/bpf/%.o: bpf/%.bpf.c lib/drops/dropevent.h Makefile
	@mkdir -p $(@D)
	@$(if $(Q),echo "  BPF  $<")
	$(Q)clang -target bpf -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -iquote lib \
		-I/usr/include/$(shell $(CC) -print-multiarch) -c -o $@ $<

$(B)/bin/%: cmd/%.sh Makefile
	@mkdir -p $(@D)
	$(Q)sed 's/@VERSION@/$(VERSION)/' $< > $@.new && chmod 755 $@.new && mv $@.new $@

# Parts of commands that the shell of an engine or awk runs.
$(B)/libexec/vcap/%: libexec/%
	@mkdir -p $(@D)
	$(Q)sed 's/@VERSION@/$(VERSION)/' $< > $@.new && chmod 755 $@.new && mv $@.new $@

# Wireshark's profile and script.
$(B)/share/%: share/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(B)/libvcap.a: $(LIB_OBJ)
	@$(if $(Q),echo "  AR   $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Whether there is a compiler with the libraries. What a fresh machine lacks is installed (as root) or
# named. Only a compiler is asked: it finds what no package of the system's has brought, too.
HEADERS := stdlib.h pcap/pcap.h sys/capability.h seccomp.h zstd.h zlib.h libsmartcols/libsmartcols.h jansson.h \
	histedit.h libnetfilter_conntrack/libnetfilter_conntrack.h nghttp2/nghttp2.h openssl/evp.h pcre2posix.h
$(B)/can-build:
	@mkdir -p $(@D)
	@printf '#include <%s>\n' $(HEADERS) | $(CC) $(CPPFLAGS) $(LINKS) -x c - >/dev/null 2>&1 || \
		tools/install-deps $(if $(LINKS:-E=),$(ARCH),build)
	@touch $@
# Headers may be those of this machine's packages; libraries may not.
LINKS := -E
ifneq ($(ARCH),$(MACHINE))
LINKS = -shared -o $(B)/linked $(LIBS)
endif

$(B)/%.o: %.c Makefile | $(B)/can-build
	@mkdir -p $(@D)
	@$(if $(Q),echo "  CC   $<")
	$(Q)$(CC) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/%: $(B)/tests/%.o $(B)/libvcap.a
	@$(if $(Q),echo "  LD   $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(LDLIBS)

# Stands before each command for an engine of bench-many.
$(B)/tests/tools/within: override LDFLAGS += -static
$(B)/tests/tools/within: LIBS :=

# With a main that reads files; `make fuzz` links clang's instead.
$(FUZZ): $(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(FUZZ_MAIN) $(B)/libvcap.a
	@$(if $(Q),echo "  LD   $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(LDLIBS)

$(B)/tests/preload/%.so: tests/preload/%.c
	@mkdir -p $(@D)
	@$(if $(Q),echo "  LD   $@")
	$(Q)$(CC) $(CFLAGS) -shared -fPIC -o $@ $< $(PRELOAD_LIBS)

$(B)/tests/preload/noseccomp.so: PRELOAD_LIBS := -lseccomp

# What an engine needs, without a library or a package there: `vcap push` brings these. They lie
# beside bin, here and when installed, in a directory that is called as `uname -m` calls this machine.
ENGINE_COMMANDS := vcap-run vcap-host vcap-merge vcap-join vcap-gate vcap-flows vcap-keys
STATIC_COMMANDS := $(addprefix $(STATIC)/,$(ENGINE_COMMANDS))

static: $(STATIC_COMMANDS)

# Debian has no static libnetfilter_conntrack.
$(STATIC)/vcap-flows $(STATIC)/vcap-keys: $(B)/lib/flows/conntrack_tool.o

$(STATIC)/%: $(B)/cmd/%.o $(B)/cmd/cli.o $(B)/libvcap.a
	@mkdir -p $(@D)
	@$(if $(Q),echo "  LD   $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -static -s -o $@.new $(filter %.o,$^) $(filter %.a,$^) \
		$(ENGINE_LIBS) $(LDLIBS) && mv $@.new $@

-include $(patsubst %.o,%.d,$(LIB_OBJ) $(B)/lib/flows/conntrack_tool.o) $(wildcard $(B)/cmd/*.d $(B)/tests/*/*.d $(B)/tests/*/*/*.d)

# What a fresh machine lacks is installed (as root) or named, as $(B)/can-build has it; then make starts
# over to build, on all processors unless -j was given.
MAKE_ALL = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
check:
	@tools/install-deps build demo check $(if $(EMULATE),emulate)
	@$(MAKE_ALL) all tests
	@VCAP_BUILD=$(B) $(EMULATE) tests/run $(TESTS)

# Of another architecture: by emulation, without the namespaces and kernel's parts that there are not:
# seccomp above all.
ifneq ($(ARCH),$(MACHINE))
EMULATE := tests/emulate $(B)
TESTS   ?= $(filter-out %/test_sandbox.c %/test_count.c,$(wildcard tests/unit/*/test_*.c)) \
	$(addprefix tests/pipe/,$(EMULATED:%=%.bats))
endif
EMULATED := merge mergerelations filter join cut packed malformed stat print period gate anonymize

# A capture of a service on two load balancers, from start to end, in private namespaces.
demo:
	@tools/install-deps build demo
	@$(MAKE_ALL) commands
	@VCAP_BUILD=$(B) tests/lab/lab tests/lab/demo

check-slow: deb rpm
	@tools/install-deps build demo check slow
	@$(MAKE_ALL) all tests
	@VCAP_BUILD=$(B) VCAP_SLOW=1 tests/run
	@VCAP_LIVE_MINUTES=$${VCAP_LIVE_MINUTES-30} VCAP_TEST_TIMEOUT=$${VCAP_TEST_TIMEOUT-3600} prove --timer -e tests/tap-run tests/slow
	@prove --timer -e tests/break $(BREAKABLE)

# The page for Cockpit, with PatternFly from the npm registry; and its tests in a browser.
cockpit:
	@tools/install-deps cockpit
	@tools/cockpit

check-web:
	@tools/install-deps build web
	@$(MAKE_ALL) commands helpers cockpit
	@tools/npm-ci tests/web build/npm/web
	@tests/lab/lab tests/web/run

# Pictures of the page for README.md, taken in the lab.
screenshots:
	@tools/install-deps build demo web
	@$(MAKE_ALL) commands helpers cockpit
	@tools/npm-ci tests/web build/npm/web
	@tests/lab/lab node tests/web/screenshots.js docs

# Tests that say what to break, and have to fail then.
BREAKABLE = $(shell grep -l '^. Break:' tests/*/*.bats)

tests: $(UNIT) $(HELPERS) $(PRELOADS) $(FUZZ)
ifeq ($(B),build)
tests: static
endif

# Every fuzz target for FUZZ_S seconds, FUZZ_JOBS (2) at a time, under sanitizers; FUZZ_TARGETS names some of
# them.
FUZZ_S ?= 60
fuzz:
	@tools/install-deps build fuzz
	@$(MAKE) --no-print-directory helpers
	@$(MAKE) --no-print-directory FUZZING=1 fuzzers
	@PATH="$$PWD/build/tests/tools:$$PATH" tests/fuzz/run build-fuzz $(FUZZ_S) $(FUZZ_TARGETS)

helpers: $(HELPERS) ; @:
fuzzers: $(FUZZ) ; @:

# Figures and method: tests/bench/README.md. Leave the machine alone while they run. BENCH_ARGS are the
# benchmark's: make bench-many BENCH_ARGS='--ssh 40 30'
BENCH := $(addprefix bench-,filter merge copy join transactions timers capture drops many fleet import)
bench: $(BENCH)

bench-filter: $(B)/tests/bench/programs
$(BENCH): bench-%: commands tests
	@tools/install-deps build bench
	@VCAP_BUILD=$(B) tests/bench/$* $(BENCH_ARGS)

# What a capture costs a real HAProxy, as docs/impact.md. Four minutes; leave the machine alone meanwhile.
impact: commands $(HELPERS) $(B)/tests/bench/ringmemory
	@tools/install-deps build bench
	@VCAP_BUILD=$(B) tests/bench/impact $(BENCH_ARGS)

lint:
	@tools/install-deps lint
	@tools/lint

# The packages in $(B)/deb, with their sources; vcap-engine in $(B)/rpm, with static programs, since
# other systems have other libraries.
deb:
	@tools/install-deps build deb
	@tools/deb $(B)/deb $(VERSION)

rpm: static
	@tools/install-deps rpm
	@tools/rpm $(B)/rpm $(VERSION) $(STATIC)

# An image of the static programs for the nodes of a cluster (docs/kubernetes.md).
$(B)/vcap-pause: contrib/kubernetes/vcap-pause.c
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -static -s -o $@ $<

image: static $(B)/vcap-pause
	@tools/image $(B) $(VERSION) $(STATIC_COMMANDS) $(B)/vcap-pause

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
		$(DESTDIR)$(MANDIR)/man7
	install -m 755 $(C_COMMANDS) $(SH_COMMANDS) $(DESTDIR)$(BINDIR)
	for section in 1 5 7; do \
		install -m 644 man/*.$$section $(DESTDIR)$(MANDIR)/man$$section || exit; \
	done
	install -d $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR)
	install -m 644 completions/vcap.bash $(DESTDIR)$(BASHDIR)/vcap
	install -m 644 completions/_vcap $(DESTDIR)$(ZSHDIR)
	install -m 644 completions/vcap.fish $(DESTDIR)$(FISHDIR)
	install -d $(DESTDIR)$(LIBEXECDIR)/vcap
	install -m 755 $(filter-out %.awk,$(SCRIPTS)) $(DESTDIR)$(LIBEXECDIR)/vcap
	install -m 644 $(filter %.awk,$(SCRIPTS)) $(DESTDIR)$(LIBEXECDIR)/vcap
	install -d $(DESTDIR)$(DOCDIR)/docs
	install -m 644 docs/*.md $(DESTDIR)$(DOCDIR)/docs
	cp -R contrib $(DESTDIR)$(DOCDIR) && chmod -R u=rwX,go=rX $(DESTDIR)$(DOCDIR)/contrib
	for machine in $(notdir $(patsubst %/,%,$(wildcard $(B)/libexec/vcap/*/))); do \
		install -d $(DESTDIR)$(LIBEXECDIR)/vcap/$$machine && \
		install -m 755 $(B)/libexec/vcap/$$machine/* $(DESTDIR)$(LIBEXECDIR)/vcap/$$machine || exit; \
	done
	install -d $(DESTDIR)$(WIRESHARKDIR)/profiles/vcap
	install -m 644 share/wireshark/vcap.lua $(DESTDIR)$(WIRESHARKDIR)
	install -m 755 share/wireshark/vcap-extcap.sh $(DESTDIR)$(WIRESHARKDIR)
	install -m 644 share/wireshark/profiles/vcap/* $(DESTDIR)$(WIRESHARKDIR)/profiles/vcap
	if [ -d build/cockpit/vcap ]; then \
		install -d $(DESTDIR)$(COCKPITDIR) && cp -R build/cockpit/vcap $(DESTDIR)$(COCKPITDIR) && \
		chmod -R u=rwX,go=rX $(DESTDIR)$(COCKPITDIR)/vcap; \
	fi
	for command in $(SUBCOMMANDS); do \
		ln -sf vcap $(DESTDIR)$(BASHDIR)/$$command && \
		ln -sf vcap.fish $(DESTDIR)$(FISHDIR)/$$command.fish || exit; \
	done

uninstall:
	cd $(DESTDIR)$(BINDIR) && rm -f $(notdir $(C_COMMANDS) $(SH_COMMANDS))
	rm -rf $(DESTDIR)$(LIBEXECDIR)/vcap $(DESTDIR)$(COCKPITDIR)/vcap $(DESTDIR)$(DOCDIR) \
		$(DESTDIR)$(WIRESHARKDIR)/profiles/vcap
	rm -f $(DESTDIR)$(WIRESHARKDIR)/vcap.lua $(DESTDIR)$(WIRESHARKDIR)/vcap-extcap.sh
	rm -f $(DESTDIR)$(ZSHDIR)/_vcap
	cd $(DESTDIR)$(BASHDIR) && rm -f vcap $(SUBCOMMANDS)
	cd $(DESTDIR)$(FISHDIR) && rm -f vcap.fish $(addsuffix .fish,$(SUBCOMMANDS))
	cd $(DESTDIR)$(MANDIR) && rm -f $(foreach p,$(wildcard man/*),man$(subst .,,$(suffix $(p)))/$(notdir $(p)))

clean:
	rm -rf build build-*

.PHONY: all commands static tests demo check check-slow check-web cockpit screenshots fuzz helpers fuzzers bench $(BENCH) impact lint deb rpm image install uninstall clean
.SECONDARY:
