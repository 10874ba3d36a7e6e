# SPDX-License-Identifier: MIT
#
# What a table says about its own measurement, where there is something to say: include "beside";
include "common";

# busy(PART): if the machine did something else for a tenth of its time or more while PART was measured.
# Results of a time when this was not recorded say nothing.
def busy(part):
    (.other_work // {})[part] // empty | select(.programs + .machines >= 0.1) |
    def percent: "\(. * 100 | round) %";
    "The machine was busy: \(.programs | percent) of its processors' time went to other programs, "
    + "\(.machines | percent) to other virtual machines.";

# A case that is measured again for another table has other milliseconds there: the machine drifts.
# again(WHERE; THERE; HERE; WHY) says what WHERE shows for the cases that do not read the same HERE, and
# why this table has its own. THERE is an array of cases, HERE yields them; each has name and median_ms.
def again(where; there; here; why):
    . as $results | [ there[] as $case | here | select(.name == $case.name)
      | ($case.median_ms | duration) as $ms | select($ms != (.median_ms | duration)) | "\($case.title) \($ms)" ]
    | if length > 0 then "In \(where): \(join(", ")). \($results | why)" else empty end;

# The cases of the headline, if its program is the one of CORPUS.
def headline_of(corpus):
    [.corpus // {}, corpus // {} | [.files, .functions, .seed, .shape]] as [$headline, $other]
    | if $headline == $other then .cases // [] else [] end;

def runs: map(.runs // (.times_ms | length)) | if min == max then "\(min)" else "\(min) to \(max)" end | "\(.) runs";
def walks(here): "a stat of every file took \(here | walked) ms, in the headline \(.cases | walked) ms";

def phases_again:
    .cases as $cases |
    again("the headline"; $cases // []; $cases[]? | { name, median_ms: (.stats.seconds.total * 1000) }
              | select(.name == ("cold", "one_body", "warm"));
        "Here it is one other run of each case, as the build itself measures it.");

def threads_again:
    [.techniques[]? | select(.name | startswith("threads_"))] as $pairs |
    (if .corpus and $pairs[0].unit == "\(.corpus.files | grouped) files" then .cases // [] else [] end) as $cases |
    again("the headline"; $cases; $pairs[] | { name: (.name | sub("threads_"; "")), median_ms: .ours_ms };
        "Here one thread and two take turns\($pairs[0].runs | if . then ", \(.) times" else "" end).");

def scale_again:
    (.scale // [])[] as $size | headline_of($size) as $cases |
    again("the headline"; $cases; $size.cases[] | select(.name == ("cold", "warm", "one_body"));
        "This part measured the program of \($size.files | grouped) files again, in \($size.cases | runs) of each case; "
        + walks($size.cases) + ".");

def large_again:
    .large.sizes[0] as $small |
    (((.scale // [])[] | select(.files == $small.files and .functions == $small.functions) | .cases) // []) as $cases |
    again("the table of sizes"; $cases; ("cold", "warm", "one_body") | { name: ., median_ms: $small[. + "_ms"] };
        "Here both programs take turns.");

def peers_again:
    [.peers.peers[]? | select(.cases and (.name | test("^minic"))) | .cases] as [$ours] |
    headline_of(.peers.corpus) as $cases |
    again("the headline"; $cases; $ours[]? | .name |= ({ few: "one_body", many: "popular_body" }[.] // .);
        "Here minic was measured among the others, in \($ours | runs) of each case; " + walks($ours) + ".");

# A sentence as lines below a table for terminals.
def below:
    reduce (split(" ")[]) as $word ([""];
        if (.[-1] | length) + ($word | length) < 100 then .[-1] += " " + $word else . + [" " + $word] end)
    | "", (.[] | .[1:]);
