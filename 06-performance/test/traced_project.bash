# SPDX-License-Identifier: MIT
#
# The project whose builds are traced, to see in which order they write.

# In setup: the project is the working directory. It has so many files that edits go into journals.
make_project() {
    export ASAN_OPTIONS=detect_leaks=0 # looking for leaks is tracing, and strace does that already
    unset MINIC_VERBOSE MINIC_TARGET
    cd "$BATS_TEST_TMPDIR"
    strace -f -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
    body 'a + b'
    echo 'fn more(n: i32) i32 { return n; }' >more.mini
    for i in {10..79}; do
        echo "fn f(n: i32) i32 { return n + $i; }" >"part$i.mini"
        echo "import \"part$i.mini\" as part$i;"
    done >main.mini
    printf 'import "math.mini" as math;\nfn main() i32 { return math.add(2, 3); }\n' >>main.mini
}

body() { echo "fn add(a: i32, b: i32) i32 { return $1; }" >math.mini; }
