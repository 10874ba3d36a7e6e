# SPDX-License-Identifier: MIT
#
# What a terminal shows while minic works. A build is made slow by strace, which holds up each open,
# and clang by a program that stands in for it.

bats_require_minimum_version 1.5.0

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    MINIC=${MINIC:-${BUILD:-$ROOT/build}/minic}
    cd "$BATS_TEST_TMPDIR" || return 1
    unset MINIC_VERBOSE MINIC_TARGET MINIC_CLANG MINIC_LLI COLUMNS
    export TERM=xterm MINIC ASAN_OPTIONS=detect_leaks=0
}

# many_files COUNT
many_files() {
    for ((i = 1; i <= $1; i++)); do
        echo "fn f() i32 { return $i; }" >f$i.mini
        echo "import \"f$i.mini\" as file$i;" >>main.mini
    done
    echo 'fn main() i32 { return file1.f(); }' >>main.mini
}

# shown COLUMNS COMMAND...: runs it on a terminal of that width; `shown` is what it wrote there.
shown() {
    cat >terminal.py <<-'PYTHON'
	import fcntl, os, pty, struct, sys, termios
	pid, fd = pty.fork()
	if pid == 0:
	    fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
	    os.execvp(sys.argv[2], sys.argv[2:])
	with open("shown", "wb", buffering=0) as shown:
	    while True:
	        try:
	            data = os.read(fd, 65536)
	        except OSError:
	            break
	        if not data:
	            break
	        shown.write(data)
	sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	PYTHON
    run python3 terminal.py "$@"
}

# Each open takes 5 ms longer.
slowly() {
    strace -f -qq -o /dev/null -e trace=openat -e inject=openat:delay_enter=5000 "$@"
}
export -f slowly

# Returns when some frames were drawn: what takes its time depends on no clock. Not for ever, if
# none comes.
until_frames() {
    for ((i = 0; i < 400; i++)); do
        [ "$(tr -cd '\033' <shown | wc -c)" -lt 5 ] || return 0
        sleep 0.05
    done
}
export -f until_frames

# frames COLUMNS [PHASE...]: what was drawn is right: each frame replaces the one before, the time
# of each is later, none fills the line, the last one is erased, and these phases are among them.
frames() {
    python3 - "$@" <<-'PYTHON'
	import re, sys
	columns, wanted = int(sys.argv[1]), sys.argv[2:]
	text = open("shown", "rb").read().decode()
	frames = re.findall(r"\r\x1b\[K([^\r\n\x1b]+)(?=\r\x1b\[K)", text)
	assert len(frames) >= 3, text
	phases, before = [], 0.0
	for frame in frames:
	    assert len(frame) < columns, frame
	    match = re.fullmatch(r"([a-z ]+?)(?: (\d+)/(\d+))?, (\d+\.\d) s", frame)
	    if match is None:
	        assert len(frame) == columns - 1, frame
	        phases.append(frame)
	        continue
	    phase, done, total, seconds = match.groups()
	    assert float(seconds) >= max(before, 0.2), frames
	    before = float(seconds)
	    assert done is None or int(done) <= int(total), frame
	    phases.append(phase + (" n/n" if done else ""))
	rest = re.sub(r"(\r\x1b\[K[^\r\n\x1b]+)+\r\x1b\[K", "", text)
	assert "\x1b" not in rest, repr(rest)
	for phase in wanted:
	    assert any(seen.startswith(phase) for seen in phases), (phase, phases)
	PYTHON
}

@test "progress: phase, done and total, time; erased before the result" {
    many_files 150
    shown 80 bash -c 'slowly "$MINIC" build -j 1 main.mini'
    [ "$status" = 0 ]
    frames 80 'finding files n/n'
    [[ $(<shown) == *$'\r\e[Kmain.ll: full, 151 of 151 functions emitted, '*$' ms\r' ]]
}

@test "a line of progress never fills the line of the terminal" {
    many_files 150
    for columns in 20 12; do
        rm -rf .mini_cache main.ll
        shown $columns bash -c 'slowly "$MINIC" build -j 2 main.mini'
        frames $columns 'finding fil'
    done
}

@test "a build that is over soon shows no progress" {
    many_files 1
    for ((i = 0; i < 100; i++)); do # on a busy machine some last longer
        shown 80 "$MINIC" build main.mini
        milliseconds=$(sed 's/.*, \([0-9]*\)\.[0-9] ms.*/\1/' shown)
        [ "$milliseconds" -ge 180 ] || break
    done
    ! grep -q $'\e' shown
}

@test "with -v every decision has a line of its own" {
    many_files 150
    shown 80 bash -c 'slowly "$MINIC" build -v -j 1 main.mini'
    frames 80
    sed 's/\r$//; s/.*\r\x1b\[K//' shown >lines
    [ "$(grep -cE '^(added        |emitted      )' lines)" = 302 ]
    ! grep -vE '^(added  |emitted  |first build|output  |main.ll: full)' lines
}

@test "errors stand on lines of their own" {
    many_files 150
    sed -i '$d' main.mini
    echo 'fn main() i32 { return x; }' >>main.mini
    shown 80 bash -c 'slowly "$MINIC" build -j 1 main.mini'
    [ "$status" = 1 ]
    frames 80
    grep -qF $'\r\e[Kmain.mini:151:24: error: undefined name' shown
}

@test "a dumb terminal, a pipe and -q get plain lines" {
    many_files 150
    for how in 'TERM=dumb' 'TERM=' '-u TERM'; do
        rm -rf .mini_cache main.ll
        shown 80 bash -c "export -f slowly; slowly env $how '$MINIC' build main.mini"
        ! grep -q $'\e' shown
        [ "$(wc -l <shown)" = 1 ]
        grep -q '^main.ll: full, 151 of 151 functions emitted, ' shown
    done
    rm -rf .mini_cache main.ll
    slowly "$MINIC" build main.mini 2>err
    [ "$(wc -l <err)" = 1 ]
    ! grep -q $'[\e\r]' err
    rm -rf .mini_cache main.ll
    shown 80 bash -c 'slowly "$MINIC" build -q main.mini'
    [ ! -s shown ]
}

@test "progress while clang works, erased before the program says something" {
    many_files 1
    cat >clang <<-'SH'
	#!/bin/bash
	case $1 in --version) echo 'clang version 19.0.0'; exit ;; esac
	[ -z "$SLOW" ] || until_frames
	while [ "$1" != -o ]; do shift; done
	cp /bin/echo "$2"
	SH
    chmod +x clang
    export MINIC_CLANG=$PWD/clang
    : >shown
    SLOW=yes shown 80 "$MINIC" run main.mini what the program says
    [ "$status" = 0 ]
    frames 80 'compiling with clang'
    [[ $(<shown) == *$'\r\e[Kwhat the program says\r' ]]
    shown 80 "$MINIC" run -q main.mini what the program says
    [[ $(<shown) == 'what the program says'$'\r' ]]
    MINIC_CLANG=$PWD/clang "$MINIC" run main.mini 2>err >out
    [ ! -s err ]
}

@test "progress while another build holds the cache" {
    many_files 1
    "$MINIC" build -q main.mini
    exec 7<.mini_cache/lock
    flock 7
    : >shown
    (until_frames; flock -u 7) &
    shown 80 "$MINIC" build main.mini 7<&-
    wait
    exec 7<&-
    grep -q 'minic: waiting for another build that uses .mini_cache' shown
    frames 80 'waiting for another build'
}
