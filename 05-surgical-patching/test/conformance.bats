#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Who tests the tests of stage 5? What is right passes them; what is wrong does not.

load ../../01-file-change-detection/test/conformance/tester
MAIN=patch.py

@test "the demo of this stage passes every tier" {
    passes "$bin/demo-05"
}

@test "the program in Python passes what is required, and what comes later" {
    tests_no_c
    passes "python3 $python/patch.py" required later
}

@test "the demo of the stage before fails" {
    fails "$bin/demo-04"
}

@test "a program that does nothing fails" {
    tests_no_c
    fails /bin/true
}

@test "each planted mistake is caught by the test that names it" {
    tests_no_c
    catches_mistakes
}

@test "each exercise is passed by its solution, and not by the program without it" {
    tests_no_c
    exercises_are_exercises
}

@test "the solutions still meet the contract" {
    tests_no_c
    passes "python3 $python/exercises.py" required
}
