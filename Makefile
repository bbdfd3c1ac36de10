# The one build file. Rooms come from src/MAP, their files from the tree: a new room is a folder and
# a line of the MAP; nothing is listed by hand (tests, fuzzers and benches included).
#
#   make            build/sunkeeper            make SAN=1     the same into build/san, sanitized
#   make tests      every unit test program    make check     run them
#   make fuzzers    libFuzzer programs         make bench     the performance table
CC      := gcc
B       := build$(if $(SAN),/san)$(if $(TSAN),/tsan)
ROOMS   := $(shell sed -n 's/^\([a-z]*\) *:.*/\1/p' src/MAP)
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
HARD    := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -fstack-clash-protection
OPT     := -O2 -g
ifdef SAN
OPT     := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
HARD    := -fPIE
endif
ifdef TSAN
OPT     := -O1 -g -fsanitize=thread
HARD    := -fPIE
endif
PQ_INC  := $(shell pkg-config --cflags libpq 2>/dev/null || echo -I/usr/include/postgresql)
XML_INC := $(shell pkg-config --cflags libxml-2.0 2>/dev/null || echo -I/usr/include/libxml2)
CFLAGS  += -std=gnu11 $(OPT) $(WARN) $(HARD) -D_GNU_SOURCE -DSK_VERSION='"0.1.0"' -Isrc -Itests $(PQ_INC) $(XML_INC) \
           -include base/banned.h
LDFLAGS += -pie -Wl,-z,relro,-z,now
LDLIBS  += -lsqlite3 -lpq -lcrypto -ljansson -lxml2 -lz -lzstd -largon2 -lpthread
TESTLIBS := -lcmocka -lgmp

SRC     := $(foreach r,$(ROOMS),$(wildcard src/$(r)/*.c) $(wildcard src/$(r)/*/*.c))
SQL     := $(foreach r,$(ROOMS),$(wildcard src/$(r)/*.sql))
TEST    := $(filter %_test.c,$(SRC))
FUZZ    := $(filter %_fuzz.c,$(SRC))
CMD     := $(filter src/cmd/%,$(filter-out %_test.c %_fuzz.c %_bench.c,$(SRC)))
LIB     := $(filter-out $(CMD) %_test.c %_fuzz.c %_bench.c,$(SRC))
TESTS   := $(TEST:src/%.c=$(B)/test/%)
XTEST   := $(wildcard tests/*/*.c)
XTESTS  := $(patsubst tests/%.c,$(B)/tests/%,$(filter %_test.c,$(XTEST)))
XHELP   := $(filter-out %_test.c %_bench.c tests/bench/%,$(XTEST))
BHELP   := $(filter-out %_bench.c,$(wildcard tests/bench/*.c)) $(wildcard tests/support/*.c)
SUPPORT := $(wildcard tests/support/*.c)
FUZZERS := $(FUZZ:src/%.c=build/fuzz/%)
BENCH   := $(filter %_bench.c,$(SRC) $(XTEST))
BENCHES := $(BENCH:%.c=$(B)/bench/%)
OBJ      = $(1:%.c=$(B)/%.o)

.PHONY: all tests check fuzzers bench soak clean tidy
.SECONDARY:
all: $(if $(CMD),$(B)/sunkeeper,$(B)/libsunkeeper.a)
$(B)/libsunkeeper.a: $(call OBJ,$(LIB))
	@mkdir -p $(@D) && rm -f $@ && ar rcs $@ $^
$(B)/sunkeeper: $(call OBJ,$(CMD)) $(B)/libsunkeeper.a
	@echo "  $@"; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(call OBJ,$(CMD)) $(B)/libsunkeeper.a $(LDLIBS)
# A room embeds its migrations with EMBED() (base/embed.h): the object depends on the .sql beside it.
$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  $@"; $(CC) $(CFLAGS) -MMD -MP -c -o $@ $<
$(foreach s,$(SQL),$(eval $(patsubst %.c,$(B)/%.o,$(filter $(dir $(s))%,$(SRC))): $(s)))
$(B)/src/reading/vee_rules.o: data/validation.json
tests: $(TESTS) $(XTESTS)
# tests/support is for every test, unit tests included (a PostgreSQL, temporary directories).
$(B)/test/%: $(B)/src/%.o $(call OBJ,$(SUPPORT)) $(B)/libsunkeeper.a
	@mkdir -p $(@D)
	@echo "  $@"; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(call OBJ,$(SUPPORT)) $(B)/libsunkeeper.a $(LDLIBS) $(TESTLIBS)
# Programs under tests/ may share helpers: every other C file of tests/ is linked into each of them.
$(B)/tests/%_test: $(B)/tests/%_test.o $(call OBJ,$(XHELP)) $(B)/libsunkeeper.a
	@mkdir -p $(@D)
	@echo "  $@"; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(call OBJ,$(XHELP)) $(B)/libsunkeeper.a $(LDLIBS) $(TESTLIBS)
# Programs named *_bench print the table; tools/bench/run adds the peers.
$(B)/bench/%: $(B)/%.o $(B)/libsunkeeper.a
	@mkdir -p $(@D)
	@echo "  $@"; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(B)/libsunkeeper.a $(LDLIBS) $(TESTLIBS)
$(B)/bench/tests/bench/%: $(B)/tests/bench/%.o $(call OBJ,$(BHELP)) $(B)/libsunkeeper.a
	@mkdir -p $(@D)
	@echo "  $@"; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(call OBJ,$(BHELP)) $(B)/libsunkeeper.a $(LDLIBS) $(TESTLIBS)
bench: all $(BENCHES)
	tools/bench/run
# The long forms: ten minutes a fuzzer, a million random programs, thousands of kills.
soak: all tests fuzzers
	SK_FUZZ_SECONDS=600 SK_RANDOM=1000000 SK_KILLS=2000 SK_CUTS=100000 SK_CASES=100000 SK_PROPERTY=200000 SK_URDB_RATES=500 SK_URDB_MUTATED=5000 \
	  SK_TEST_SECONDS=36000 tests/run
check: tests all
	tests/run unit
fuzzers: $(FUZZERS)
FUZZCC  := clang-14 -std=gnu11 -O1 -g -D_GNU_SOURCE -DSK_VERSION='"0.1.0"' -Isrc $(PQ_INC) $(XML_INC) -include base/banned.h \
           -fno-sanitize-recover=all
build/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  $@"; $(FUZZCC) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c -o $@ $<
build/fuzz/libsunkeeper.a: $(LIB:%.c=build/fuzz/obj/%.o)
	@rm -f $@ && ar rcs $@ $^
build/fuzz/%: build/fuzz/obj/src/%.o build/fuzz/libsunkeeper.a
	@mkdir -p $(@D)
	@echo "  $@"; $(FUZZCC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LDLIBS)
tidy:
	tools/tidy
clean:
	rm -rf build
-include $(patsubst %.c,$(B)/%.d,$(SRC) $(XTEST)) $(patsubst %.c,build/fuzz/obj/%.d,$(LIB) $(FUZZ))
