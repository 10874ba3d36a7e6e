# SPDX-License-Identifier: MIT
#
# A copy of the project in a directory of its own, for tests of its Makefile.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
built=${BUILD:-$root/build}
again=(TESTING=1 BUILD=build SANITIZE="${SANITIZE:-}" CC="${CC:-cc}") # makes what $built has

# copy_project DIRECTORY: what the project is made of, as it stands here; and goes there.
copy_project() {
    mkdir -p "$1"
    (cd "$root" && cp -a .ci 0[1-6]-* LICENSE Makefile README.md bench "$1")
    cd "$1" || return
    PATH=${PATH//"$BATS_LIBEXEC":/} # a bats inside of make is to begin like any other
    unset BUILD ONLY CASE LESSON MAKEFLAGS MAKELEVEL TESTING
}

# In a copy: what was built for the tests, as its build/. Results are its own.
borrow_build() {
    mkdir build
    ln -s "$built"/* build
    rm -rf build/{results,bench,try,test,clang,release}
}

# For tests that run nothing that a sanitizer could look at.
tests_no_c() { [ -z "${SANITIZE:-}" ] || skip "tests no C, so there is nothing to sanitize"; }
