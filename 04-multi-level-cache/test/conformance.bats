#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Who tests the tests of stage 4? What is right passes them; what is wrong does not.

load ../../01-file-change-detection/test/conformance/tester
MAIN=build.py

@test "the demo of this stage passes every tier" {
    passes "$(typed "$bin/demo-04")"
}

@test "the program in Python passes the tiers required and later" {
    python_passes
}

@test "the demo of the stage before fails" {
    fails "$(typed "$bin/demo-03")" required
}

@test "a program that does nothing fails" {
    nothing_fails required
}

@test "each planted mistake is caught by the test that names it" {
    catches_mistakes
}

@test "each exercise is passed by its solution, and not by the program without it" {
    exercises_are_exercises
}
