# What was withheld is known again after the catalog was built anew, from the files themselves.
token=gh''p_Zq8Kd03vTnB5xLw7RfYh2mCsJp9GeVu4AbDg
printf 'password: %s\n' "$token" > x.txt
echo 0 > ip.txt
printf 'password: %s\n' "$token" > own.txt
pipeline <<'YAML'
provrun: 1
params: {n: 1}
steps:
  in_place: {inputs: [x.txt, ip.txt], outputs: [ip.txt], run: "cat x.txt >> ip.txt"}
  own: {inputs: [own.txt], outputs: [own.txt], run: "echo more >> own.txt"}
  not_kept: {inputs: [x.txt], outputs: [{path: nc.txt, cache: false}], run: "cp x.txt nc.txt"}
  goes_on: {inputs: [x.txt], outputs: [{path: e.txt, persist: true}], run: "cat x.txt >> e.txt"}
  with_n: {inputs: [x.txt], outputs: [n.txt], run: "cat x.txt > n.txt; echo {params.n} >> n.txt"}
YAML
ok provrun run
ok provrun repair --catalog
ok provrun run
has "$err" 'nothing to do'
[ "$(wc -l < ip.txt)" = 2 ] || fail 'a step ran twice on what it had made'
ok provrun repair --catalog
ok provrun run --set n=2
has "$err" '1 executed'
lacks "$err" 'was not made by a recorded run'

# Another workspace that has the same repository is another one.
for w in sa sb; do
  mkdir "$w"
  (
    cd "$w"
    echo $w > x.txt
    echo 0 > ip.txt
    pipeline <<'YAML'
provrun: 1
steps:
  in_place: {inputs: [x.txt, ip.txt], outputs: [ip.txt], run: "cat x.txt >> ip.txt"}
  not_kept: {inputs: [x.txt], outputs: [{path: nc.txt, cache: false}], run: "cp x.txt nc.txt"}
YAML
  )
done
ok provrun init --repo "$PWD/shared"
for w in sa sb; do cd $w; ok provrun run --repo ../shared; cd ..; done
cd sa
ok provrun repair --catalog --repo ../shared
ok provrun run --repo ../shared
has "$err" 'nothing to do'
expect_file ip.txt '0
sa'
cd ..

# From elsewhere nobody can say whether an output with a secret is the same.
mkdir made elsewhere
cd made
pipeline <<'YAML'
provrun: 1
steps:
  a: {outputs: [o.txt], run: "printf 'x=%s%s\\n' gh p_Zq8Kd03vTnB5xLw7RfYh2mCsJp9GeVu4AbDg > o.txt"}
  b: {outputs: [p.txt], run: "echo 1 > p.txt"}
YAML
ok provrun run
ok provrun reproduce latest
has "$out" 'identical   o.txt'
cd ../elsewhere
fails 3 provrun reproduce latest --repo ../made/.provrun/repository
has "$out" 'withheld    o.txt'
has "$out" 'identical   p.txt'
has "$err" 'only the workspace that it was made in can compare it'
js_code=0
provrun reproduce latest --json --repo ../made/.provrun/repository > "$out" 2> "$err" || js_code=$?
[ $js_code = 3 ] || fail "exit $js_code"
expect_json 'any(.[]; .path=="o.txt" and .verdict=="withheld" and (has("reproduced")|not))'
