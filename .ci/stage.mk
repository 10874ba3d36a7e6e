# SPDX-License-Identifier: MIT
#
# The rules of one stage. The Makefile includes this once for each FLOOR, from the lowest up: a floor
# sees the headers of the floors up to its own, and links with their libraries.
#
# FLOOR is another one when a recipe runs, so recipes use what a target knows of itself alone.

NUMBER := $(firstword $(subst -, ,$(FLOOR)))
FLOORS += $(FLOOR)

# The floor is its directory and its rooms. Its demo is demo/demo.c, with what the demo_*.c of this
# floor and of those below do for it.
HEADERS_$(FLOOR)  := $(filter-out $(FLOOR)/test/% $(FLOOR)/demo/%,\
                       $(call files,$(addsuffix /*.h,$(FLOOR) $(FLOOR)/* $(FLOOR)/*/*)))
SOURCES_$(FLOOR)  := $(filter-out $(FLOOR)/test/% $(FLOOR)/demo/%,\
                       $(call files,$(addsuffix /*.c,$(FLOOR) $(FLOOR)/* $(FLOOR)/*/*)))
OBJECTS_$(FLOOR)  := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %/minic.c,$(SOURCES_$(FLOOR))))
INCLUDES_$(FLOOR) := $(patsubst %/,-I%,$(sort $(foreach f,$(FLOORS),$(dir $(HEADERS_$(f))) $(f)/demo/)))
LIBRARIES         := $(BUILD)/stage-$(NUMBER).a $(LIBRARIES)
DEMO_$(FLOOR)     := $(BUILD)/demo-$(NUMBER)

FUZZERS_$(FLOOR) := $(patsubst $(FLOOR)/test/fuzz/%.c,$(BUILD)/test-$(NUMBER)/%,\
                      $(call files,$(FLOOR)/test/fuzz/fuzz_*.c))
TESTS_$(FLOOR)   := $(patsubst $(FLOOR)/test/%.c,$(BUILD)/test-$(NUMBER)/%,\
                      $(call files,$(FLOOR)/test/test_*.c)) $(FUZZERS_$(FLOOR))
# What the tests of this floor and of those below have in common.
SUPPORT := $(patsubst %.c,$(BUILD)/obj/%.o,\
             $(foreach f,$(FLOORS),$(filter-out $(f)/test/test_%,$(call files,$(f)/test/*.c))))

# ---- objects, the library, the demo -------------------------------------------------------------

$(BUILD)/obj/$(FLOOR)/%.o: INCLUDES := $(INCLUDES_$(FLOOR))
$(BUILD)/obj/$(FLOOR)/test/%.o: INCLUDES := $(INCLUDES_$(FLOOR)) \
    $(patsubst %/,-I%,$(call files,$(FLOORS:%=%/test/)))
$(BUILD)/obj/$(FLOOR)/%.o: $(FLOOR)/%.c $(PROFILE) $(BUILD)/flags
	@mkdir -p $(@D)
	@echo 'cc   $<'
	$(Q)$(call compile,$(INCLUDES)) -MMD -MP -c $< -o $@

$(BUILD)/stage-$(NUMBER).a: $(OBJECTS_$(FLOOR))
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

all: $(DEMO_$(FLOOR))
$(DEMO_$(FLOOR)): $(patsubst %.c,$(BUILD)/obj/%.o,$(FLOOR)/demo/demo.c $(call files,$(FLOORS:%=%/demo/demo_*.c))) $(LIBRARIES)
	@echo 'link $@'
	$(Q)$(LINK) -o $@

.PHONY: stage-$(NUMBER) demo-$(NUMBER)
stage-$(NUMBER): $(LIBRARIES) $(foreach f,$(FLOORS),$(DEMO_$(f)))
demo-$(NUMBER): $(DEMO_$(FLOOR))
	@$<

# ---- tests --------------------------------------------------------------------------------------

$(BUILD)/test-$(NUMBER)/%: $(BUILD)/obj/$(FLOOR)/test/%.o $(SUPPORT) $(LIBRARIES)
	@mkdir -p $(@D)
	@echo 'link $@'
	$(Q)$(LINK) -lcmocka -o $@

$(BUILD)/test-$(NUMBER)/fuzz_%: $(BUILD)/obj/$(FLOOR)/test/fuzz/fuzz_%.o $(FUZZ_MAIN) $(SUPPORT) $(LIBRARIES)
	@mkdir -p $(@D)
	@echo 'link $@'
	$(Q)$(LINK) $(FUZZ_LINK) -lcmocka -o $@

# make test-03 builds all of it once more, with guards that shipped code does not have.
.PHONY: test-$(NUMBER) run-tests-$(NUMBER)
NEEDS_test-$(NUMBER) := build test
test-$(NUMBER): | build-tools
	@$(MAKE) --no-print-directory TESTING=1 BUILD=$(TEST_BUILD) run-$(@:test-%=tests-%)

run-tests-$(NUMBER): TESTED := $(FLOORS)
run-tests-$(NUMBER): TESTS := $(CHECKS) $(foreach f,$(FLOORS),$(TESTS_$(f)) $(call files,$(f)/test/*.bats))
run-tests-$(NUMBER): $(foreach f,$(FLOORS),$(TESTS_$(f)) $(DEMO_$(f)))
	@$(RUN_TESTS) $(TESTS)
