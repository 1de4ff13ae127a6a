# vcap: `make`, `make demo`, `make check`. See CONTRIBUTING.md for the rest.

VERSION   := 0.1.0
PREFIX    ?= /usr/local
BINDIR    ?= $(PREFIX)/bin
MANDIR    ?= $(PREFIX)/share/man
CC        ?= cc
CFLAGS    ?= -O2 -g
PKGCONFIG ?= pkg-config

# A sanitized build has objects of its own, so that it never mixes with the plain one.
ifdef SANITIZE
B := build-$(subst $(comma),-,$(subst undefined,ubsan,$(subst address,asan,$(SANITIZE))))
override CFLAGS  += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
override LDFLAGS += -fsanitize=$(SANITIZE)
else
B := build
endif
comma := ,

override CFLAGS += -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wno-missing-field-initializers -D_GNU_SOURCE -DVCAP_VERSION='"$(VERSION)"' -Ilib -pthread
ifdef DEV
override CFLAGS += -Werror
endif
ifndef V
Q := @
endif

LIB_OBJ   := $(patsubst %.c,$(B)/%.o,$(wildcard lib/*.c))
C_COMMANDS  := $(patsubst cmd/%.c,$(B)/bin/%,$(wildcard cmd/vcap-*.c))
SH_COMMANDS := $(patsubst cmd/%.sh,$(B)/bin/%,$(wildcard cmd/vcap*.sh))
UNIT      := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))
HELPERS   := $(patsubst tests/lab/%.c,$(B)/tests/lab/%,$(wildcard tests/lab/*.c))

all: commands

commands: $(C_COMMANDS) $(SH_COMMANDS)

# What each command needs beyond libvcap.a; those that run on engines stay free of libpcap.
LIBS_vcap-filter = -lpcap
LIBS_vcap-run    = -lcap -lseccomp
LIBS_vcap-merge  = -lcap -lseccomp
LIBS_vcap-ls     = -lsmartcols

$(B)/bin/%: $(B)/cmd/%.o $(B)/cmd/cli.o $(B)/libvcap.a
	@mkdir -p $(@D)
	@$(if $(Q),echo "  LD   $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_$*) $(LDLIBS)

$(B)/bin/%: cmd/%.sh
	@mkdir -p $(@D)
	$(Q)sed 's/@VERSION@/$(VERSION)/' $< > $@.new && chmod 755 $@.new && mv $@.new $@

$(B)/libvcap.a: $(LIB_OBJ)
	@$(if $(Q),echo "  AR   $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(Q),echo "  CC   $<")
	$(Q)$(CC) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libvcap.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_test) $(LDLIBS)
LIBS_test = -lpcap -lcap -lseccomp

# Programs the tests use: senders of packets, makers of files.
TOOLS := $(patsubst tests/tools/%.c,$(B)/tests/tools/%,$(wildcard tests/tools/*.c))
$(B)/tests/tools/%: $(B)/tests/tools/%.o $(B)/libvcap.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_test) $(LDLIBS)

tools: $(TOOLS)

-include $(patsubst %.o,%.d,$(LIB_OBJ)) $(wildcard $(B)/cmd/*.d $(B)/tests/*/*.d)

clean:
	rm -rf build build-*

.PHONY: all commands tools clean
.SECONDARY:
