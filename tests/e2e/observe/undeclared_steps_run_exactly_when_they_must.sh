# Steps that declare nothing: what they read decides, and what they write is recorded.
traced_or_skip
mkdir src data
echo 1 > data/in.csv
cat > src/helper.sh <<'SH'
value() { tr -d '\n' < "$1"; }
SH
pipeline <<'YAML'
provrun: 1
steps:
  a: {run: ". src/helper.sh; value data/in.csv > a.txt"}
  b: {needs: a, run: "cat a.txt a.txt > b.txt"}
YAML
js run
expect_steps 'a executed' 'b executed'
js run
expect_summary up_to_date=2
touch data/in.csv
echo unrelated > data/other.csv
js run
expect_summary up_to_date=2
echo '# a comment' >> src/helper.sh
ok provrun why a
has "$out" 'src/helper.sh, which it reads, changed'
js run
expect_steps 'a executed'
echo 2 > data/in.csv
js run
expect_steps 'a executed' 'b executed'
expect_file b.txt 22
rm b.txt
js run
expect_steps 'b reused'
expect_file b.txt 22
js lineage up b.txt
expect_json 'any(.[]; .path=="a.txt" and .relation=="used" and .evidence=="observed")'
expect_json 'any(.[]; .path=="data/in.csv" and .relation=="used")'
