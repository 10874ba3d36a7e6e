# SPDX-License-Identifier: MIT
#
# What the figures of the READMEs share. How numbers are written stands in ../report/common.jq,
# for the page and the READMEs show the same ones: include "common"; include "table";
include "common";
include "beside";

def line: "| \(map(tostring) | join(" | ")) |";

# markdown([HEAD...]; [[CELL...]...]): a column of numbers stands on the right. `-` is no number.
def markdown(heads; rows):
    (rows | transpose | map(if .[0] != null and numbers then "---:" else "---" end)) as $sides |
    (heads | line), ($sides | line), (rows[] | line);

# measured(PART; COMMAND; BODY): BODY, if the results have that part.
def measured(part; command; body):
    if part then body else "Not measured yet: `\(command)` measures it." end;

# Below a table: a sentence of its own; how the table is made. Of PART, which measures times: and whether the machine was busy.
def apart: "", .;
def noted(part): busy(part) | apart;
def by(command): "", "(`\(command)`)";
def by(command; part): by(command), noted(part);

# one_case(NAME): a case of the headline. technique(NAME): one of the techniques, or nothing.
def one_case(name): [.cases[]? | select(.name == name)][0];
def technique(name): [.techniques[]? | select(.name == name)][0];
