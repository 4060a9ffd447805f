# A module of the step's own environment that is upgraded makes it run again; an unused one does not.
traced_or_skip
command -v python3 > /dev/null || skip 'no python3'
site=$HOME/lib/python/site-packages
mkdir -p "$site/used-1.0.dist-info" "$site/spare-1.0.dist-info"
package() {
  echo "VALUE = '$2'" > "$site/$1.py"
  printf 'Name: %s\nVersion: %s\n' "$1" "$2" > "$site/$1-1.0.dist-info/METADATA"
}
package used 1.0
package spare 1.0
pipeline <<'YAML'
provrun: 1
env: {pass: [PYTHONPATH]}
steps:
  fit: {run: "python3 -B -c 'import used; print(used.VALUE)' > fit.txt"}
YAML
export PYTHONPATH=$site
ok provrun run
js run
expect_summary up_to_date=1
package spare 2.0
js run
expect_summary up_to_date=1
package used 2.0
ok provrun why fit
has "$out" 'used.py, which it uses, was replaced: used 1.0 → used 2.0'
js run
expect_steps 'fit executed'
expect_file fit.txt 2.0
js env diff latest~1 latest
expect_json 'any(.[]; .type=="software_change" and .name=="used" and .before=="1.0" and .after=="2.0")'
expect_json 'all(.[]; .name!="spare")'
