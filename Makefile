# SPDX-License-Identifier: MIT
#
# An incremental compiler in C, in six steps.
#
# Everything generated goes to build/. Each object remembers the headers it was made from, so a
# change of one header rebuilds what includes it and nothing else.

STAGES := 01-file-change-detection 02-file-cache 03-function-cache \
          04-multi-level-cache 05-surgical-patching 06-performance

# Fuzzing needs clang: make fuzz takes the newest.
ifdef FUZZING
CC := $(lastword clang $(sort $(notdir $(wildcard /usr/bin/clang-[1-9][0-9]))))
endif

# RELEASE=1 takes longer to build and runs faster: it is what the benchmark measures. With gcc the
# program is optimised as a whole, and twice: one that counts which way its branches go (TRAINING)
# builds a small corpus, and by these counts the other is made.
LTO      := $(if $(RELEASE),$(if $(findstring Free Software,$(shell LC_ALL=C $(CC) --version)),-flto=auto))
AR       := $(if $(LTO),gcc-ar,$(AR))
CFLAGS   ?= $(if $(RELEASE),-O3,-O2) -g $(LTO)
WERROR   ?=
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(WERROR:%=-Werror)
STANDARD := -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE
LDLIBS   := -lm -pthread

# Each configuration has a directory of its own, so that changing between them rebuilds nothing:
# build/, build/clang/, build/address-undefined/, build/release/, and test/ in each of them, whose
# objects have guards that shipped code does not have.
comma  := ,
CONFIG := $(filter-out cc gcc,$(notdir $(CC))) $(subst $(comma),-,$(SANITIZE)) $(RELEASE:%=release) $(TESTING:%=test)
BUILD  := $(subst $() ,/,$(strip build $(CONFIG)))
PROFILE := $(if $(LTO),$(if $(TRAINING)$(SANITIZE),,$(BUILD)/training/profile))
EXTRA  := $(if $(TESTING),-DGUARD_LOOKUPS) $(if $(FUZZING),-fsanitize=fuzzer-no-link) \
          $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
          $(if $(TRAINING),-fprofile-generate -fprofile-update=prefer-atomic) \
          $(if $(PROFILE),-fprofile-use -fprofile-correction -fprofile-partial-training -Wno-missing-profile)

# No object holds the path of the project: built in two directories it is the same compiler, and
# two checkouts can share a cache.
# $(call compile,INCLUDES): the project's own directories come before those of the user.
compile = $(CC) $(STANDARD) $(WARNINGS) $(1) $(CPPFLAGS) $(CFLAGS) $(EXTRA) -ffile-prefix-map="$$PWD"=.
LINK    = $(CC) $(CFLAGS) $(EXTRA) $(LDFLAGS) -Wl,--build-id$(IDENTITY) $^ $(LDLIBS)

# $(call files,PATTERNS): in one order, in whatever locale.
files = $(sort $(wildcard $(1)))

# $(call in_full,PATH), for a recipe: PATH below the root where make works, as one word of the shell.
# Functions of make split at spaces, and the path of the project may have some: it stays out of them.
in_full = "$(if $(filter /%,$(1)),,$$PWD/)$(1)"
# $(call quoted,TEXT): as one word of the shell.
quoted = '$(subst ','\'',$(1))'

# One short line for each command; V=1 shows the commands whole.
Q := $(if $(V),,@)

# What minic keeps for its user, the key of the caches, is in build/ when make runs it.
export XDG_STATE_HOME := $(CURDIR)/build/state

# As many jobs as there are CPUs; make -j1 has one.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell getconf _NPROCESSORS_ONLN)
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

##: make                  build minic, the demos and the corpus generator
##: make RELEASE=1        ... more slowly, for speed, in build/release/: what make bench measures
.PHONY: all
all: $(BUILD)/minic

# What objects are made with, but for what has a directory of its own. The file that records it is
# older than nothing until one of these flags, the compiler or this Makefile is another; then every
# object is made again.
VERSION = $(wordlist 2,12,$(shell LC_ALL=C $(CC) --version 2>/dev/null))
FLAGS   = $(VERSION): $(STANDARD) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS) $(AR)
ifneq ($(FLAGS),$(file <$(BUILD)/flags))
.PHONY: $(BUILD)/flags
endif
$(BUILD)/flags: Makefile .ci/stage.mk $(BUILD)/tools
	@printf '%s\n' $(call quoted,$(FLAGS)) >$@

# Which compiler is this? The build id, by which minic names itself in every key, is a hash of all
# that was linked. That is right but for RELEASE=1: no two trainings count the same, and what they
# count decides how the code is laid out, never what it computes. So there the identity is a hash of
# what decides that, compiler, flags and every line of the sources, and no count is part of it.
SOURCES  = $(foreach s,$(STAGES),$(SOURCES_$(s)))
IDENTIFY = { printf '%s\n' $(call quoted,$(VERSION): $(STANDARD) $(CPPFLAGS) $(CFLAGS)); \
             $(call compile,$(INCLUDES_06-performance)) -E -P $(SOURCES); } | sha1sum | cut -c 1-40
.PHONY: identity
identity:
	@$(IDENTIFY)

# What holds for every stage: headers compile alone, READMEs tell the truth, lists to copy suffice,
# and a fresh machine gets what it lacks.
CHECKS := $(addprefix .ci/test/,check-headers check-readmes take-home) \
          $(wildcard .ci/test/*.bats)

# ---- the stages -------------------------------------------------------------------------------------

FUZZ_MAIN := $(patsubst %,$(BUILD)/obj/01-file-change-detection/test/fuzz/%.o,\
               $(if $(FUZZING),arena_guard coarse_stamps,replay))
FUZZ_WRAP := arena_allocate arena_copy buffer_grow fstat fstatat
FUZZ_LINK := $(if $(FUZZING),-fsanitize=fuzzer $(FUZZ_WRAP:%=-Wl$(comma)--wrap=%))

# From the lowest floor up: each adds itself to these two.
FLOORS    :=
LIBRARIES :=
$(foreach s,$(STAGES),$(eval FLOOR := $(s))$(eval include .ci/stage.mk))

# The counts of an object's branches stand beside it, and are for an object of just that name. The
# file keeps the identity, and the time, of the sources that the training began with.
$(BUILD)/training/profile: $(foreach s,$(STAGES),$(SOURCES_$(s)) $(HEADERS_$(s))) $(BUILD)/flags
	@rm -rf $(BUILD)/obj $(@D) && mkdir -p $(@D)
	@$(IDENTIFY) >$@.begun
	@$(MAKE) --no-print-directory TRAINING=1 BUILD=$(BUILD) $(BUILD)/minic $(BUILD)/generate-corpus
	@echo 'train $(BUILD)/minic'
	@$(BUILD)/generate-corpus $(@D)/corpus --files 300 --seed 7
	@for build in cold warm; do \
	    $(BUILD)/minic build $(@D)/corpus/main.mini -q -j2 -o $(@D)/corpus.ll --cache-dir $(@D)/cache; done
	@find $(BUILD)/obj -name '*.o' -exec rm {} +
	@mv $@.begun $@

# stb_ds shifts into the sign bit on purpose.
$(BUILD)/obj/01-file-change-detection/base/collections.o: EXTRA += $(if $(SANITIZE),-fno-sanitize=shift)

# ---- what stands on all six floors: minic, and the programs of bench/ ------------------------------

# The commit, which `minic --version` prints, is appended to the executable: the linker does not
# know it, so that the build id, and with it every key of the caches, is of the code alone.
COMMIT := build/commit
$(shell .ci/note-commit $(COMMIT))
$(BUILD)/minic: IDENTITY = $(if $(PROFILE),=0x$(file <$(PROFILE)))
$(BUILD)/minic: $(BUILD)/obj/06-performance/minic/minic.o $(LIBRARIES) $(COMMIT)
	@echo 'link $@'
	$(Q)$(subst $(COMMIT),,$(LINK)) -o $@
	$(if $(PROFILE),@[ "$$($(IDENTIFY))" = $(file <$(PROFILE)) ] || { rm -f $@; \
	    echo 'the sources were edited while they were compiled: make again' >&2; exit 1; })
	$(Q)cat $(COMMIT) >>$@
run-tests-06: TESTS += .ci/test/check-figures \
                       $(if $(SANITIZE),,.ci/test/check-consoles)
stage-06 run-tests-06: $(BUILD)/minic

# bench/edit_corpus.c is the program build/edit-corpus, and so in bench/peers/. PARTS_x are further
# objects of program x; a program with NEEDS_x, a library that not everybody has, is built when it
# is measured or tested.
PARTS_generate_corpus := $(BUILD)/obj/bench/corpus/corpus_graph.o
NAIVE            := $(patsubst %.c,$(BUILD)/obj/%.o,\
                      $(filter-out bench/naive/test_%,$(call files,bench/naive/*.c)))
PARTS_techniques := $(NAIVE)
NEEDS_techniques := -ljansson
# $(call program,SOURCE): what it is linked to.
program = $(BUILD)/$(subst _,-,$(basename $(notdir $(1))))
BENCH_SOURCES  := $(call files,bench/*.c bench/peers/*.c)
BENCH_PROGRAMS := $(foreach s,$(BENCH_SOURCES),$(call program,$(s)))
$(foreach s,$(BENCH_SOURCES),$(eval $(call program,$(s)): \
    $(s:%.c=$(BUILD)/obj/%.o) $(PARTS_$(basename $(notdir $(s)))) $(LIBRARIES)))
$(BENCH_PROGRAMS):
	@echo 'link $@'
	$(Q)$(LINK) $(NEEDS_$(subst -,_,$(@F))) -o $@
all: $(filter-out $(BUILD)/techniques,$(BENCH_PROGRAMS))
run-tests-06 programs: $(BENCH_PROGRAMS)

$(BUILD)/obj/bench/%.o: bench/%.c $(PROFILE) $(BUILD)/flags
	@mkdir -p $(@D)
	@echo 'cc   $<'
	$(Q)$(call compile,$(INCLUDES_06-performance)) -MMD -MP -c $< -o $@

# What the techniques are measured against is held right by tests of its own.
$(BUILD)/obj/bench/naive/%.o: INCLUDES_06-performance += -I01-file-change-detection/test
$(BUILD)/obj/bench/naive/json_state.o: | json-tools
$(BUILD)/test-bench/test_naive: $(BUILD)/obj/bench/naive/test_naive.o $(NAIVE) \
                                $(BUILD)/obj/01-file-change-detection/test/scratch.o $(LIBRARIES)
	@mkdir -p $(@D)
	@echo 'link $@'
	$(Q)$(LINK) $(NEEDS_techniques) -lcmocka -o $@
run-tests-06: TESTS += $(BUILD)/test-bench/test_naive bench/naive/techniques.bats
run-tests-06: $(BUILD)/test-bench/test_naive

# ---- what is taken into other programs -------------------------------------------------------------

# All that knows no language, as one library. A release's objects hold what only the compiler that
# made them can link: they are linked to one object first.
LIBRARY_FLOORS  := $(filter-out 06-%,$(STAGES))
LIBRARY_OBJECTS := $(filter-out %/minic.o $(foreach s,$(LIBRARY_FLOORS),$(BUILD)/obj/$(s)/mini/%),\
                     $(foreach s,$(LIBRARY_FLOORS),$(OBJECTS_$(s)))) \
                   $(filter $(BUILD)/obj/06-performance/pool/%,$(OBJECTS_06-performance))
HEADERS         := $(filter-out %_internal.h %/collections.h %/program_begin.h $(LIBRARY_FLOORS:%=%/mini/%),\
                     $(foreach s,$(LIBRARY_FLOORS),$(HEADERS_$(s))) \
                   $(call files,06-performance/pool/*.h))
$(BUILD)/obj/library.o: $(LIBRARY_OBJECTS)
	@echo 'link $@'
	$(Q)$(CC) $(CFLAGS) $(EXTRA) -r -flinker-output=nolto-rel $^ -o $@
$(BUILD)/libincremental-compiler.a: $(if $(LTO),$(BUILD)/obj/library.o,$(LIBRARY_OBJECTS))
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

##: make install          minic, its man page and completions, and the library of what knows no language
##: make uninstall        ... remove them;  PREFIX=/usr/local  DESTDIR=  with each of these
.PHONY: install uninstall
PREFIX ?= /usr/local
INSTALL = BUILD=$(BUILD) PREFIX=$(call quoted,$(PREFIX)) DESTDIR=$(call quoted,$(DESTDIR)) \
          HEADERS='$(HEADERS)' 06-performance/install/install
install: $(BUILD)/minic $(BUILD)/libincremental-compiler.a
	@$(INSTALL)
uninstall:
	@$(INSTALL) --uninstall

##: make amalgamation STAGE=3 PREFIX=ic    stages 1 to 3, what knows no language, as one pair of
##:                       files: build/amalgamation/ic.h and ic.c, every name with that prefix
.PHONY: amalgamation
amalgamation: | build-tools
	@CC='$(CC)' CPPFLAGS=$(call quoted,$(CPPFLAGS)) .ci/amalgamate $(call quoted,$(STAGE)) \
	    $(call quoted,$(if $(filter file,$(origin PREFIX)),,$(PREFIX))) $(call quoted,$(BUILD)/amalgamation)

# ---- for people ------------------------------------------------------------------------------------

##: make demo             run the six demos, one after another
.PHONY: demo
demo: $(foreach s,$(STAGES),$(DEMO_$(s)))
	@for demo in $^; do echo "== $$demo"; $$demo || exit; done

##: make test             build and run all tests
##: make test ONLY=NAME   ... only those whose path contains NAME; with CASE=NAME, one case
##:                       SANITIZE=address,undefined  SANITIZE=thread  CC=clang  with each of these
.PHONY: test
NEEDS_test := build test
test: test-06

# Tests drive the programs from outside too: BUILD tells them where these are.
TEST_BUILD = $(patsubst %/test/test,%/test,$(BUILD)/test)
AGAIN     := make test$(if $(LONG),-long)$(SANITIZE:%= SANITIZE=%)$(patsubst %, CC=%,$(filter-out cc gcc,$(CC)))
RUN_TESTS  = BUILD=$(call in_full,$(BUILD)) STAGES='$(TESTED)' CC='$(CC)' SANITIZE='$(SANITIZE)' \
             ONLY='$(ONLY)' CASE='$(CASE)' AGAIN='$(AGAIN)' \
             .ci/test/run-tests $(BUILD)/results

##: make test-long        ... and releases, real mounts, and many more random edits: an hour or so
.PHONY: test-long
test-long: export RANDOM_EDITS_SEEDS ?= 100
test-long: export NATIVE_PROGRAMS ?= 400
test-long: export IMAGE_EDITS_SEEDS ?= 200
test-long: export STEPS ?= 1000
NEEDS_test-long := build test
test-long:
	@.ci/install-missing mounts || true
	@$(MAKE) --no-print-directory LONG=1 test
run-tests-06: TESTS += $(if $(LONG),$(call files,06-performance/test/long/*.bats))

##: make fuzz SECONDS=60  look for inputs that break what reads them, so long each; ONLY=NAME: one
.PHONY: fuzz run-fuzz
SECONDS = 60
NEEDS_fuzz := build test fuzz
fuzz: | build-tools
	@$(MAKE) --no-print-directory TESTING=1 FUZZING=1 SANITIZE=address,undefined \
	    BUILD=$(BUILD)/fuzz run-fuzz
run-fuzz: $(foreach s,$(STAGES),$(FUZZERS_$(s)))
	@ONLY='$(ONLY)' 01-file-change-detection/test/fuzz/run-fuzz $(SECONDS) $(BUILD)/found $^

##: make test-faults      builds that are killed, run out of memory or disk, or crowd: thousands
##: make test-faults ONLY=kill CASE=body_edit    LONG=1: at each call, in each way
.PHONY: test-faults run-test-faults
FAULT_TESTS := $(filter-out %.sh %.c,$(call files,06-performance/test/faults/*))
NEEDS_test-faults := build test faults
test-faults: | build-tools
	@.ci/install-missing model || true
	@$(MAKE) --no-print-directory TESTING=1 BUILD=$(TEST_BUILD) run-test-faults
run-test-faults: AGAIN := $(subst make test,make test-faults,$(AGAIN))
run-test-faults: $(BUILD)/minic $(patsubst %,$(BUILD)/test-06/test_%,random_edits damage moving_sources \
                     power_cuts include_faults)
	@$(RUN_TESTS)-of-faults $(FAULT_TESTS)

##: make bench            the corpus of 10,000 files and the numbers of the README; QUICK=1: smaller
##: make bench PARTS=scale FILES=1000000    a million files: 20 GB of disk, 6 GB of memory
.PHONY: bench measured programs
bench: measured
	@BUILD=$(BUILD) BIN=$(BUILD)/release QUICK='$(QUICK)' PARTS='$(PARTS)' FILES='$(FILES)' bench/run-bench

NEEDS_bench := build bench
measured: | build-tools
	@$(MAKE) --no-print-directory RELEASE=1 BUILD=$(BUILD)/release programs
programs: $(BUILD)/minic

##: make bench-report     the page of the figures that were measured: build/bench/report.html
.PHONY: bench-report
NEEDS_bench-report := report
bench-report: | build-tools
	@BUILD=$(BUILD) PARTS=none bench/run-bench

##: make bench-pictures   the pictures of the READMEs, bench/pictures/, of the published figures or
##:                       RESULTS=build/bench/results.json
.PHONY: bench-pictures
RESULTS = $(firstword $(wildcard bench/published/results.json) $(BUILD)/bench/results.json)
NEEDS_bench-pictures := report
bench-pictures: | build-tools
	@mkdir -p $(BUILD)/published/bench
	@cp $(RESULTS) $(BUILD)/published/bench/results.json
	@BUILD=$(BUILD)/published bench/report/make-report --pictures bench/pictures

##: make bench-peers      the same corpus in C, TypeScript and Go, built by tcc, gcc, tsc, Go ...
##:                       QUICK=1  FILES=10000  RUNS=9  PEERS='minic tcc'  with each of these
.PHONY: bench-peers
NEEDS_bench-peers := build bench
bench-peers: measured
	@.ci/install-missing peers || true
	@BUILD=$(BUILD) BIN=$(BUILD)/release QUICK='$(QUICK)' FILES='$(FILES)' RUNS='$(RUNS)' PEERS='$(PEERS)' \
	    bench/peers/run-peers

##: make bench-publish    the figures of the last make bench become those of the READMEs
.PHONY: bench-publish
NEEDS_bench-publish := report
bench-publish: | build-tools
	@$(MAKE) --no-print-directory bench-pictures RESULTS=$(BUILD)/bench/results.json
	@mkdir -p bench/published
	@cp $(BUILD)/bench/results.json bench/published/results.json
	@bench/figures/update

##: make -C 03-function-cache [demo|test]    stages 1 to 3 and nothing else
##: make deps             install what building, testing and measuring need
.PHONY: deps
NEEDS_deps := build test faults model fuzz bench report
deps: | build-tools

##: make check-mine STAGE=1 CMD='python3 my_detect.py'    test a program of yours, in any language
##: make check-mine ... LESSON=1.2       only what tests that lesson; TIER=exercises: the exercises
.PHONY: check-mine
NEEDS_check-mine := mine
check-mine: $(BUILD)/coarse-stamps.so $(BUILD)/other-disk.so | build-tools
	@BUILD=$(call in_full,$(BUILD)) 01-file-change-detection/test/check-mine \
	    $(call quoted,$(STAGE)) $(call quoted,$(CMD)) $(TIER)

##: make bench-mine STAGE=5 CMD='python3 my_patch.py'    its builds of 100, 1,000 and 10,000 files,
##:                       beside those of the stage's programs in C and in Python;  SIZES='10 100'
.PHONY: bench-mine
NEEDS_bench-mine := build report
bench-mine: $(BUILD)/generate-corpus $(BUILD)/edit-corpus \
            $(foreach s,$(filter 0$(STAGE)-%,$(STAGES)),$(DEMO_$(s))) | build-tools
	@BUILD=$(call in_full,$(BUILD)) $(if $(SIZES),SIZES=$(call quoted,$(SIZES))) $(if $(RUNS),RUNS=$(call quoted,$(RUNS))) \
	    bench/mine $(call quoted,$(STAGE)) $(call quoted,$(CMD))

# Preloaded into a program under test: a file system whose clock stands still when the test says so,
# and one of another kind than that of the caches.
$(BUILD)/coarse-stamps.so: 01-file-change-detection/test/conformance/coarse_stamps.c
$(BUILD)/other-disk.so: 01-file-change-detection/test/conformance/other_disk.c
$(BUILD)/coarse-stamps.so $(BUILD)/other-disk.so: 01-file-change-detection/test/conformance/preloaded.h
$(BUILD)/coarse-stamps.so $(BUILD)/other-disk.so: | build-tools
	@mkdir -p $(@D)
	@echo 'link $@'
	$(Q)$(CC) -std=gnu11 $(filter-out -Wpedantic,$(WARNINGS)) $(CPPFLAGS) -O2 -fPIC -shared $< -o $@
run-tests-01 run-tests-02 run-tests-03 run-tests-04 run-tests-05 run-tests-06: \
    $(BUILD)/coarse-stamps.so $(BUILD)/other-disk.so

##: make test-bare        what must work on a fresh machine, on one: a bare Debian 12 in build/bare/;
##:                       needs root. CMD='make fuzz SECONDS=5' tries that on it
.PHONY: test-bare
NEEDS_test-bare := bare
test-bare: | build-tools
	@.ci/test/bare

##: make clean            remove build/
.PHONY: clean
clean:
	rm -rf build

##: make help             this list; V=1 with any target shows the commands
.PHONY: help
help:
	@sed -n 's/^##: //p' Makefile

# What the goals need is installed, or said, in one step before all others. A goal has a line
# NEEDS_goal with the purposes of .ci/install-missing, or needs what is needed to build: that it is
# there is remembered.
NEEDS = $(sort $(foreach g,$(or $(MAKECMDGOALS),all),$(or $(NEEDS_$(g)),build)))
.PHONY: build-tools json-tools
build-tools: $(if $(filter-out build,$(NEEDS)),,$(BUILD)/tools)
	$(if $(filter-out build,$(NEEDS)),@CC='$(CC)' SANITIZE='$(SANITIZE)' .ci/install-missing $(NEEDS))
$(BUILD)/tools: .ci/install-missing | $(if $(filter-out build,$(NEEDS)),build-tools)
	@CC='$(CC)' SANITIZE='$(SANITIZE)' .ci/install-missing build
	@mkdir -p $(@D) && touch $@
json-tools: | build-tools
	@CC='$(CC)' .ci/install-missing json

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
