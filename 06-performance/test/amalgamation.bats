#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What make amalgamation makes: that it compiles everywhere, exports nothing without its prefix, and
# does all that the single files do. Of the stages these are 3 and 6; `make test-long` has the rest.

bats_require_minimum_version 1.5.0
load copied_project
load amalgamation

setup() {
    tests_no_c
    cd "$BATS_TEST_TMPDIR"
}

@test "it compiles without a warning as C11 and C17, and C++17 includes it" {
    compiles_without_a_warning 3
    compiles_without_a_warning 6
}

@test "it exports what the libraries do, with the prefix, and nothing else" {
    exports_the_prefix_alone 3
    exports_the_prefix_alone 6
}

@test "a program may have the same names, and stb_ds and xxHash for itself" {
    lives_beside_other_names 3
    lives_beside_other_names 6
}

@test "the programs to take home run on it" {
    programs_run 6
}

@test "the example in its head compiles and runs" {
    local home
    home=$(pair 3)
    sed -n '/^ \* A program:/,/^ \*\//s/^ \* \{5\}//p' "$home/ic.h" >example.c
    [ "$(wc -l <example.c)" -ge 8 ]
    gcc -std=c11 "${strict[@]}" "${warnings[@]}" -I "$home" -o example example.c "$home/ic.o"
    [ "$(./example | grep -cE '^[0-9a-f]{32}$')" = 1 ]
}

@test "its head names the one macro without a prefix, which switches the guard on" {
    local home
    home=$(pair 3)
    grep -F 'cc -std=c11 -DGUARD_LOOKUPS -c ic.c' "$home/ic.h"
    gcc -std=c11 "${warnings[@]}" -DGUARD_LOOKUPS -c "$home/ic.c" -o guarded.o
    grep -q 'lookup guard: ' guarded.o
    run -1 grep -q 'lookup guard: ' "$home/ic.o"
    amalgamate 2 ic "$PWD/stage 2"
    run -1 grep GUARD_LOOKUPS "stage 2/ic.h"
}

@test "strict C without POSIX is shown what it lacks" {
    echo '#include "ic.h"' >strict.c
    run -1 gcc -std=c11 -fsyntax-only -I "$(pair 3)" strict.c
    [[ $output == *'#error "ic.h needs POSIX 2008: '* ]]
}

@test "the READMEs name the files that define _GNU_SOURCE themselves" {
    local file home count=0
    home=$(pair 6)
    cd "$root"
    for file in $(parts_of "$home"); do
        grep -q '^#define _GNU_SOURCE' "$file" || continue
        count=$((count + 1))
        grep -qE "\`${file##*/}\`.* defines? \`_GNU_SOURCE\`" "${file%%/*}/README.md" || { echo "$file" && return 1; }
    done
    [ "$count" -ge 3 ]
}

@test "make amalgamation writes the pair below build/, the same wherever it runs" {
    copy_project "$BATS_TEST_TMPDIR/my project (1)"
    LC_ALL=C.UTF-8 make amalgamation STAGE=3 PREFIX=ic
    cmp build/amalgamation/ic.h "$(pair 3)/ic.h"
    cmp build/amalgamation/ic.c "$(pair 3)/ic.c"
    [ "$(ls build/amalgamation | xargs)" = "ic.c ic.h" ]
}

@test "no such stage, and a prefix that is none: one line, and exit status 2" {
    copy_project "$BATS_TEST_TMPDIR/project"
    for stage in '' 0 7 12 three '3 4'; do
        run -2 --separate-stderr make -s amalgamation STAGE="$stage" PREFIX=ic
        [ "${stderr_lines[0]}" = "amalgamate: STAGE must be the number of a stage: 1 2 3 4 5 6" ]
    done
    for prefix in '' 3c a-b 'a b' _x x_ 'x;touch oops' /usr/local; do
        run -2 --separate-stderr make -s amalgamation STAGE=3 PREFIX="$prefix"
        [[ ${stderr_lines[0]} == "amalgamate: PREFIX must be letters, digits and _, "*"'$prefix'" ]]
    done
    run -2 --separate-stderr make -s amalgamation STAGE=3
    [[ ${stderr_lines[0]} == *": ''" ]]
    run -2 .ci/amalgamate 7 ic build/amalgamation
    [ "${#lines[@]}" = 1 ]
    run -2 .ci/amalgamate 3 i-c build/amalgamation
    [ "${#lines[@]}" = 1 ]
    [ ! -e build/amalgamation ] && [ ! -e oops ]
}

# ---- what becomes of which name, in a project of two files ------------------------------------------

# small FILE [STAGE]: a file of the small project, from standard input.
small() {
    mkdir -p 01-small/room
    [ -e .ci ] || cp -r "$root/.ci" .
    cat >"01-small/$1"
}

# code FILE: without comments, blank lines and what stands in every file.
code() { gcc -fpreprocessed -E -P "$1" 2>/dev/null | grep -v '^#'; }

@test "members, parameters and a function's own names stay as they are" {
    small room/shape.h <<-'END'
	#ifndef SHAPE_H
	#define SHAPE_H
	#define SIDES 4
	typedef struct Shape { int area, Shape; struct Shape *move; int (*grow)(int area); } Shape;
	int area(const Shape *shape, int move);
	int move(Shape *Shape, int area);
	int (*grow(int move))(int SIDE);
	#endif
	END
    small room/shape.c <<-'END'
	#include "shape.h"
	#include <stddef.h>
	int area(const Shape *shape, int move) { return shape->area + move + (int)offsetof(Shape, move); }
	int move(Shape *Shape, int area)
	{
	    for (int move = 0; move < SIDES; move++)
	        area += move;
	    { struct Shape *grow = Shape; Shape->area = grow->area; }
	    *Shape = (struct Shape){.area = area, .grow = grow(area)};
	    return (move)(Shape->move, area) + (int)sizeof "area SIDES";
	}
	int (*grow(int move))(int SIDE) { return move ? NULL : 0; }
	END
    .ci/amalgamate 1 my_lib made
    gcc -Wall -Wextra -Werror -Wno-infinite-recursion -c made/my_lib.c -I /usr/include -o small.o
    [ "$(nm -g --defined-only small.o | awk '{ print $3 }' | xargs)" = "my_lib_area my_lib_grow my_lib_move" ]
    code made/my_lib.h >header
    grep -F 'typedef struct MyLibShape { int area, Shape; struct MyLibShape *move; int (*grow)(int area); } MyLibShape;' header
    grep -F 'int my_lib_area(const MyLibShape *shape, int move);' header
    grep -F 'int my_lib_move(MyLibShape *Shape, int area);' header
    grep -qF '#define MY_LIB_SIDES 4' made/my_lib.h
    code made/my_lib.c >source
    grep -F 'return shape->area + move + (int)offsetof(MyLibShape, move);' source
    grep -F 'for (int move = 0; move < MY_LIB_SIDES; move++)' source
    grep -F '{ struct MyLibShape *grow = Shape; Shape->area = grow->area; }' source
    grep -F '*Shape = (struct MyLibShape){.area = area, .grow = my_lib_grow(area)};' source
    grep -F 'return (my_lib_move)(Shape->move, area) + (int)sizeof "area SIDES";' source
}

@test "what two files have for themselves gets their names, and what is not public becomes static" {
    small a.h <<<'int use_a(void);'
    small b.h <<<'int use_b(void);'
    small b_internal.h <<<'int shared(void);'
    small a.c <<-'END'
	#include "a.h"
	#include "b_internal.h"
	#define LIMIT 1
	enum { FIRST = LIMIT };
	struct Cell { int first; };
	static int put(struct Cell cell) { return cell.first + FIRST; }
	int use_a(void) { return put((struct Cell){LIMIT}) + shared(); }
	END
    small b.c <<-'END'
	#include "b.h"
	#include "b_internal.h"
	#define LIMIT 2
	enum { FIRST = LIMIT, ONLY };
	struct Cell { char first, second; };
	static int put(struct Cell cell) { return cell.second + FIRST + ONLY; }
	int shared(void) { return 1; }
	int use_b(void) { return put((struct Cell){LIMIT, 2}) + shared(); }
	END
    .ci/amalgamate 1 x made
    gcc -Wall -Wextra -Werror -c made/x.c -o small.o
    [ "$(nm -g --defined-only small.o | awk '{ print $3 }' | xargs)" = "x_use_a x_use_b" ]
    code made/x.c >source
    grep -F 'static int x_shared(void);' source
    grep -F 'static int x_a_put(struct XACell cell) { return cell.first + X_A_FIRST; }' source
    grep -F 'return cell.second + X_B_FIRST + X_ONLY; }' source
}

@test "a header that says it is private goes into the .c file, unless a public one includes it" {
    small a.h <<<'#include "needed.h"
	int a(Needed needed);'
    printf '/* licence */\n/* Private to a. */\n#include "its_own.h"\ntypedef Own Needed;\n' | small needed.h
    printf '/* licence */\n/* Private to a. */\ntypedef int Own;\nint own(void);\n' | small its_own.h
    printf '/* licence */\n/* Private to a. */\n#include "deep.h"\nDeep b(void);\n' | small hidden.h
    printf '/* licence */\n/* Deep. Private to a. */\ntypedef int Deep;\n' | small deep.h
    printf '/* licence */\n/* Public. */\n/* Private to nobody. */\nint c(void);\n' | small later.h
    small a.c <<-'END'
	#include "a.h"
	#include "hidden.h"
	#include "later.h"
	int a(Needed needed) { return needed + b(); }
	Deep b(void) { return 1; }
	int c(void) { return 2; }
	int own(void) { return 3; }
	END
    .ci/amalgamate 1 x made
    gcc -Wall -Wextra -Werror -c made/x.c -o small.o
    [ "$(nm -g --defined-only small.o | awk '{ print $3 }' | xargs)" = "x_a x_c x_own" ]
    [ "$(sed -n 's,^/\* ==== 01-small/\([^ ]*\) .*,\1,p' made/x.h | xargs)" = "its_own.h needed.h a.h later.h" ]
    grep -F 'typedef int XDeep;' made/x.c
}

@test "comments speak of the new names, where they mean them" {
    small a.h <<-'END'
	/* A Look is a look at look.h. Look twice: look() gives a Look, or LOOK_NONE; look_at, see look.
	 *
	 *     Look look = look_at("Look");
	 */
	enum { LOOK_NONE };
	typedef int Look;
	Look look(void), look_at(void);
	END
    small a.c <<<'#include "a.h"'
    .ci/amalgamate 1 ic made
    grep -F "/* An IcLook is a look at look.h. Look twice: ic_look() gives an IcLook, or IC_LOOK_NONE; ic_look_at, see look." made/ic.h
    grep -F ' *     IcLook look = ic_look_at("IcLook");' made/ic.h
}

@test "what stood below each other still does" {
    small a.h <<-'END'
	typedef struct Look {
	    struct Look *next; /* of the
	                        * list */
	    int number;        /* from 0 */
	} Look;
	int put_looks(Look *first,
	              Look *second);
	END
    small a.c <<<'#include "a.h"'
    .ci/amalgamate 1 ic made
    sed -n '/^typedef/,/second/p' made/ic.h >header
    diff header - <<-'END'
	typedef struct IcLook {
	    struct IcLook *next; /* of the
	                          * list */
	    int number;          /* from 0 */
	} IcLook;
	int ic_put_looks(IcLook *first,
	                 IcLook *second);
	END
}

@test "what cannot be resolved is said, and nothing is written" {
    small a.h <<<'int a(void);'
    small a.c <<<'#include "other.h"'
    run -1 .ci/amalgamate 1 ic made
    [ "$output" = "amalgamate: 01-small/a.c includes other.h, which is not part of stages 1 to 1" ]
    small a.c <<<'#define JOIN(x) a_##x'
    run -1 .ci/amalgamate 1 ic made
    [ "$output" = "amalgamate: 01-small/a.c: ## makes names that cannot be found in the text" ]
    small a.c <<<'int ic_a;'
    run -1 .ci/amalgamate 1 ic made
    [[ $output == "amalgamate: 01-small/a.h: 'a' would become 'ic_a', which is taken; "* ]]
    printf '\nint a(void) { return 0;\n' | small a.c
    run -1 .ci/amalgamate 1 ic made
    [ "$output" = "amalgamate: 01-small/a.c:2: cannot be read as C near ''" ]
    small b_internal.h <<<'extern int number;'
    printf '#include "b_internal.h"\nint number;\n' | small a.c
    run -1 .ci/amalgamate 1 ic made
    [[ $output == "amalgamate: 01-small/b_internal.h: 'number' cannot be made static: "* ]]
    rm 01-small/b_internal.h
    small room/a.h <<<'int b(void);'
    small a.c <<<'#include "a.h"'
    run -1 .ci/amalgamate 1 ic made
    [ "$output" = "amalgamate: two headers are called a.h" ]
    [ "$(ls made)" = "" ]
}
