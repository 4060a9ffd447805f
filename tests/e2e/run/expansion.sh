# foreach over a list, a range, a glob and a CSV file; matrix with exclude; collect.
mkdir raw
printf 'A\n' > raw/a.in
printf 'B\n' > raw/b.in
printf 'id,label\nx,"ex, why"\ny,zed\n' > samples.csv
pipeline <<'YAML'
provrun: 1
name: expansion
steps:
  bylist: {foreach: {v: [one, two]}, outputs: "list/{v}", run: "echo {v} > {outputs}"}
  byrange: {foreach: {range: [1, 3]}, outputs: "range/{value}", run: "echo {value} > {outputs}"}
  byglob: {foreach: {glob: "raw/{id}.in"}, inputs: "raw/{id}.in", outputs: "glob/{id}", run: "cp {inputs} {outputs}"}
  bycsv: {foreach: {csv: samples.csv}, outputs: "csv/{id}", run: "echo {label} > {outputs}"}
  bymatrix:
    matrix: {m: [p, q], n: ["1", "2"], exclude: [{m: q, n: "2"}]}
    outputs: "matrix/{m}{n}"
    run: echo {m}{n} > {outputs}
  all:
    inputs: {g: {collect: byglob}, m: {collect: bymatrix}}
    outputs: all.txt
    run: cat {inputs.g} {inputs.m} > {outputs}
YAML
ok provrun run
expect_file all.txt 'A
B
p1
p2
q1'
expect_file csv/x 'ex, why'
[ "$(ls range | tr '\n' ' ')" = '1 2 3 ' ] || fail "range made: $(ls range)"
[ ! -e matrix/q2 ] || fail 'the excluded pair ran'
echo C > raw/c.in
js run
expect_steps 'byglob@c executed' 'all executed'
