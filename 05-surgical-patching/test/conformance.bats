#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Who tests the tests of stage 5? What is right passes them; what is wrong does not.

load ../../01-file-change-detection/test/conformance/tester
MAIN=patch.py

@test "the demo of this stage passes every tier" {
    passes "$(typed "$bin/demo-05")"
}

@test "the program in Python passes what is required, and what comes later" {
    python_passes
}

# What stage 4 asks for, stage 5 asks for as well. What a learner may lose on the way has tests of its
# own in stage 5; all of it is tested with make test-long, and without it one lesson.
@test "the demo and the program in Python pass the tests of stage 4" {
    local tiers=(required)
    [ -z "${LONG:-}" ] && export LESSON=4.3 || tiers=(required later extra)
    stage=4 passes "$(typed "$bin/demo-05")" "${tiers[@]}"
    [ -z "${LONG:-}" ] || tiers=(required later)
    [ -n "${SANITIZE:-}" ] || stage=4 passes "$(typed python3 "$python/patch.py")" "${tiers[@]}"
}

@test "the demo of the stage before fails" {
    fails "$(typed "$bin/demo-04")"
}

@test "a program that does nothing fails" {
    nothing_fails
}

@test "each planted mistake is caught by the test that names it" {
    catches_mistakes
}

@test "each exercise is passed by its solution, and not by the program without it" {
    exercises_are_exercises
}

@test "the solutions still meet the contract" {
    solutions_meet_the_contract
}
