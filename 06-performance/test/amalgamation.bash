# SPDX-License-Identifier: MIT
#
# One pair of files of several stages, as somebody uses it who has nothing else of the project. Loaded
# after copied_project, which knows where things are.

strict=(-D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE)
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Werror)

# newest COMMAND: LLVM's, which need not have its plain name, and may have an old one's.
newest() {
    local version
    for version in {40..15}; do
        command -v "$1-$version" && return
    done
    command -v "$1"
}

# amalgamate STAGE PREFIX DIRECTORY [PROGRAM...]
amalgamate() { (cd "$root" && .ci/amalgamate "$1" "$2" "$3" ${@:4}); }

# pair STAGE: the directory of its ic.h and ic.c, made once, and of ic.o as gcc makes it.
pair() {
    local made="$BATS_FILE_TMPDIR/stage $1"
    if [ ! -e "$made/ic.o" ]; then
        amalgamate "$1" ic "$made" >&2 && gcc -std=c11 -c "$made/ic.c" -o "$made/ic.o" || return
    fi
    echo "$made"
}

# gcc sees more when it optimises.
compiles_without_a_warning() {
    local clang home
    home=$(pair "$1")
    clang=$(newest clang)
    gcc -std=c11 "${warnings[@]}" -c "$home/ic.c" -o one.o
    gcc -std=gnu17 -O3 "${warnings[@]}" -c "$home/ic.c" -o one.o
    "$clang" -std=c11 "${warnings[@]}" -c "$home/ic.c" -o one.o
    "$clang" -std=gnu17 "${warnings[@]}" -c "$home/ic.c" -o one.o
    printf '#include "ic.h"\n#include "ic.h"\n' >two.cc
    clang=$(newest clang++)
    g++ -std=c++17 "${warnings[@]}" -I "$home" -fsyntax-only two.cc
    "$clang" -std=c++17 "${warnings[@]}" -I "$home" -fsyntax-only two.cc
}

# What it exports are functions and objects of the stages' libraries, with the prefix, and its header
# speaks of all of them.
exports_the_prefix_alone() {
    local home
    home=$(pair "$1")
    nm -g --defined-only "$home/ic.o" | awk '{ print $3 }' | sort >exported
    [ "$(wc -l <exported)" -gt 50 ]
    [ "$(grep -vc '^ic_' exported)" = 0 ]
    nm -g --defined-only "$built"/stage-0[1-"$1"].a | awk 'NF == 3 { print "ic_" $3 }' | sort >libraries
    [ "$(comm -23 exported libraries)" = "" ]
    gcc -fpreprocessed -E -P "$home/ic.h" | grep -ow 'ic_[a-z0-9_]*' | sort -u >declared
    [ "$(comm -23 exported declared)" = "" ]
    nm --defined-only "$home/ic.o" | awk '$3 !~ /^(ic_|IC_|XXH)|[.]/' >others
    [ ! -s others ]
}

# own_names PATH: a program with names that the project has too, and stb_ds and xxHash for itself.
own_names() {
    cat >"$1" <<-'END'
	#ifdef UNITY
	#include "ic.c"
	#endif
	#define STB_DS_IMPLEMENTATION
	#include <stb/stb_ds.h>
	#include <xxhash.h>

	#include "ic.h"

	#define FILE_NONE 7
	typedef struct Slice { int begin; } Slice;
	typedef enum Arena { SLICE, ARENA } Arena;
	typedef union Program { Slice slice; Arena arena; } Program;
	struct Declaration { Program program; };
	typedef struct { struct Declaration declaration; } Unit, Build;
	int slice_from(Build build);
	int hash_bytes(int number);
	double memory_allocate(void);
	void *arena_allocate;

	int slice_from(Build build) { return build.declaration.program.slice.begin; }
	int hash_bytes(int number) { return number; }
	double memory_allocate(void) { return FILE_NONE; }

	int main(void)
	{
	    Build build = {{{{FILE_NONE}}}};
	    Unit *units = NULL;
	    IcSlice text = ic_slice_from("text");
	    arrput(units, build);
	    int begin = slice_from(units[0]);
	    arrfree(units);
	    XXH128_hash_t hash = XXH3_128bits(text.data, text.size);
	    return !(begin == FILE_NONE && hash_bytes(ARENA) == 1 && memory_allocate() > 6 &&
	             hash.low64 == ic_hash_bytes(text).low);
	}
	END
}

lives_beside_other_names() {
    local clang compiler standard xxhash home
    home=$(pair "$1")
    clang=$(newest clang)
    own_names own.c
    for compiler in gcc "$clang"; do
        for standard in c11 gnu17; do
            for xxhash in INLINE_ALL IMPLEMENTATION; do
                "$compiler" -std=$standard "${strict[@]}" "${warnings[@]}" -DXXH_$xxhash \
                    -DXXH_STATIC_LINKING_ONLY -I "$home" -o own own.c "$home/ic.o" -pthread
                ./own
            done
        done
        "$compiler" -std=c11 "${warnings[@]}" -DUNITY -I "$home" -o own own.c -pthread
        ./own
    done
}

# parts_of DIRECTORY: the files that a pair was made from.
parts_of() { sed -n 's,^/\* ==== \([^ ]*\) .*,\1,p' "$1"/ic.[ch] | sort -u; }

# The programs to take home, changed to include the pair in place of the files that their lists
# name; their own files stay. What they look at when they run are the files of the stages.
programs_run() {
    local home program parts part ran=0
    home=$(pair "$1")
    amalgamate "$1" ic "$PWD/changed" 0[1-"$1"]-*/test/take_home/*.[ch]
    cmp changed/ic.h "$home/ic.h"
    for program in $(cd changed && grep -l '^int main' ./*.c); do
        rm -rf running && mkdir running
        (cd "$root" && cp $(parts_of "$home") "$OLDPWD/running")
        parts=("changed/$program")
        for part in $(sed -n 's/^#include "\(.*\)\.h"/\1/p' "changed/$program"); do
            [ "$part" = ic ] || parts+=("changed/$part.c")
        done
        gcc -Wall -Wextra -Werror -o running/program "${parts[@]}" "$home/ic.o" -pthread
        (cd running && ./program) || { echo "$program failed" && return 1; }
        ran=$((ran + 1))
    done
    [ "$ran" = "$(cd "$root" && cat 0[1-"$1"]-*/README.md | grep -c '^```copy$')" ]
}
