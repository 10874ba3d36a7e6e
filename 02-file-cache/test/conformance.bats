#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Who tests the tests of stage 2? What is right passes them; what is wrong does not.

load ../../01-file-change-detection/test/conformance/tester
MAIN=lower.py

@test "the demo of this stage passes every tier" {
    passes "$(typed "$bin/demo-02")"
}

@test "the program in Python passes" {
    python_passes
}

@test "the demo of the stage before fails" {
    fails "$(typed "$bin/demo-01")"
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
