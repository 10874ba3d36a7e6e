# SPDX-License-Identifier: MIT
#
# results.json → part 4 of the page.
include "common";
include "beside";

def how: "make bench PARTS=scale";
def median: sort | .[length / 2 | floor];
def sizes:
    .scale as $scale | .growth as $growth |
    paragraph("The same program in \($scale | length) sizes. "
        + (if $growth.from and $growth.to then
             "From \($growth.from | grouped) to \($growth.to | grouped) files "
           else "From one size to the next, the last two, " end)
        + "a build in which nothing changed takes \($growth.warm | times) as long, one changed function "
        + "\($growth.one_body | times)"
        + (if $growth.stat_walk then ", and one thread that asks for every timestamp "
             + "\($growth.stat_walk | times)." else "." end)),
    made_by(how),
    (busy("scale"), scale_again | paragraph(.)),
    picture("scale"; "Time of a build by number of files";
        ([$scale[] | "\(.files | grouped) files: "
          + ([.cases[] | "\(.title) \(.median_ms | duration)"] | join(", "))] | join("; "))
        + ". Logarithmic scales."; .machine | machine_facts),
    table("Medians, n of each, and multiples of the ceiling"; ["files, case", "median, ms", "range, ms", "n",
          "its ceiling, ms", "times ceiling"];
        [$scale[] | .files as $files | .cases[] | ["\($files | grouped), \(.title)", (.median_ms | ms),
          span(.min_ms; .max_ms), (.times_ms | length | if . > 0 then . else "-" end),
          (.ceiling_ms // .stat_walk_ms | ms), (.ceiling_ratio | times)]]);
def shapes:
    "<h3>Extreme shapes</h3>",
    paragraph("Programs as deep or as wide as their size allows: does a file cost more when there are ten times as many? Cold, "
        + ([.shapes[] | "in a \(.shape), \(.per_file_us | short) µs a file, and "
            + "\(.per_file_us_tenth | short) µs in a program of a tenth of the size"] | join("; ")) + "."),
    picture("shapes"; "Cost of a file in programs of extreme shapes";
        ([.shapes[] | "\(.shape): \(.per_file_us | short) µs"] | join("; ")); .machine | machine_facts),
    table("Shapes; medians"; ["shape", "files", "cold, ms", "nothing changed, ms", "1 body, ms",
          "cold, µs a file", "a tenth of it", "declarations visited"];
        [.shapes[] | [.shape, (.files | grouped), (.cold_ms | ms), (.warm_ms | ms), (.one_body_ms | ms),
          (.per_file_us | short), (.per_file_us_tenth | short), (.declarations_visited | grouped)]]);
def mutants:
    .mutants as $m |
    "<h3>\($m.mutants | grouped) mutants</h3>",
    paragraph("Mutation testing changes one function, builds, and takes the change back. With the caches "
        + "\($m.mutants | grouped) mutants of a program of \($m.files | grouped) files lower \($m.files_lowered | grouped) "
        + "files, without them \($m.files_lowered_without_cache | grouped): \($m.factor | times). The times of whole processes "
        + "differ by \($m.time_factor | times)."),
    table("\($m.mutants | grouped) mutants, each built once"; ["work", "with the caches", "without", "factor"];
        [["files lowered", ($m.files_lowered | grouped), ($m.files_lowered_without_cache | grouped),
          ($m.factor | times)],
         ["seconds", ($m.seconds | short), ($m.seconds_without_cache | short), ($m.time_factor | times)]]);

if (.scale | length // 0) == 0 then absent("Programs of other sizes are"; how) else sizes end,
if (.shapes | length // 0) == 0 then absent("Programs of extreme shapes are"; how) else shapes end,
if .mutants.mutants == null then absent("Mutants are"; how) else mutants end
